#include "cli/display_groups.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>
#include <variant>
#include <vector>

#include "core/groups.h"
#include "core/source_address.h"

namespace noonmark::cli {
namespace {

using core::Reason;

enum class Role : std::uint8_t { group_server, group_client, manycast_server, manycast_client };

struct Line {
  Role role;
  std::string interface;
  core::IpAddress group;
  std::uint16_t port = 0;  // to which it sends, or on which it listens
  std::uint32_t key_id = 0;
  std::optional<std::uint8_t> ttl{};
  std::optional<std::uint8_t> version{};
};

/// A stable word and what it means.
struct State {
  std::string code;
  std::string sentence;
};

std::vector<Line> lines_of(const core::NtpConfig& config) {
  std::vector<Line> lines;
  for (const auto& x : config.group_servers) {
    const auto ttl = core::is_broadcast_group(x.group) ? std::nullopt : std::optional(x.ttl);
    lines.push_back({Role::group_server, x.interface_name, x.group, x.port, x.key_id, ttl, x.version});
  }
  for (const auto& x : config.broadcast_clients)
    lines.push_back({Role::group_client, x.interface_name, x.group, config.port});
  for (const auto& x : config.manycast_servers)
    lines.push_back({Role::manycast_server, x.interface_name, x.group, config.port});
  for (const auto& x : config.manycast_clients)
    lines.push_back({Role::manycast_client, x.interface_name, x.group, x.port, x.key_id, x.ttl});
  std::ranges::sort(lines, {},
                    [](const Line& line) { return std::tuple(line.interface, line.role, line.group); });
  return lines;
}

/// As the command is called.
std::string_view command_of(const Line& line) {
  const bool broadcast = core::is_broadcast_group(line.group);
  switch (line.role) {
    case Role::group_server: return broadcast ? "broadcast-server" : "multicast-server";
    case Role::group_client: return broadcast ? "broadcast-client" : "multicast-client";
    case Role::manycast_server: return "manycast-server";
    case Role::manycast_client: return "manycast-client";
  }
  return {};
}

State state_of(Reason reason, std::string_view sentence) {
  return {std::string(core::code(reason)), std::string(sentence)};
}

/// What its interface keeps it from; none: it is usable.
std::optional<State> fault_of_interface(const Line& line, const Snapshot& s) {
  const auto choice = core::choose_group_interface(s.network, line.interface);
  if (const auto* reason = std::get_if<Reason>(&choice)) {
    if (*reason == Reason::interface_down) return state_of(*reason, "the interface is down");
    if (*reason == Reason::interface_unknown) return state_of(*reason, "the interface does not exist");
    return state_of(*reason, "several interfaces have this name");
  }
  const auto* interface = std::get<const core::Interface*>(choice);
  const bool asks_or_tells = line.role == Role::group_server || line.role == Role::manycast_client;
  if (asks_or_tells && !core::has_address(*interface, line.group.family()))
    return state_of(Reason::interface_without_address,
                    fmt::format("the interface has no {} address", base::to_string(line.group.family())));
  const auto& closed = s.config.family(line.group.family()).receive_disabled;
  if (line.role != Role::group_server &&
      std::ranges::any_of(closed, [&](const auto& name) { return interface->is_called(name); }))
    return State{"interface-disabled", "ntp-service in-interface disable is configured"};
  return std::nullopt;
}

State state_of(const Line& line, const Snapshot& s, const ServingState& serving) {
  const auto family = line.group.family();
  if (s.config.family(family).disabled)
    return state_of(Reason::family_disabled,
                    fmt::format("the NTP service for {} is disabled", base::to_string(family)));
  if (auto fault = fault_of_interface(line, s)) return *fault;
  if (line.key_id != 0 &&
      std::ranges::find(s.config.keys, line.key_id, &core::KeyConfig::id) == s.config.keys.end())
    return state_of(Reason::key_unusable, fmt::format("key {} is not configured", line.key_id));
  if (line.role == Role::manycast_server && !serving.serves[static_cast<std::size_t>(family)])
    return {"server-disabled", "requests are not served"};
  const bool tells_time = line.role == Role::group_server || line.role == Role::manycast_server;
  if (tells_time && !serving.synchronized) return {"unsynchronized", "silent: the clock is not synchronized"};
  switch (line.role) {
    case Role::group_server:
      return {"sending", fmt::format("sends every {} s", poll_seconds(core::kGroupPoll))};
    case Role::group_client: return {"listening", "listens"};
    case Role::manycast_server: return {"answering", "answers"};
    case Role::manycast_client: break;
  }
  return {"searching", "looks for servers"};
}

std::size_t sessions_of(const Line& line, const Snapshot& s) {
  const auto mode = line.role == Role::group_client      ? core::AssociationMode::broadcast_client
                    : line.role == Role::manycast_client ? core::AssociationMode::manycast_client
                                                         : core::AssociationMode::client;
  const core::GroupMember group{line.interface, line.group};
  return static_cast<std::size_t>(std::ranges::count_if(
      s.associations, [&](const auto& a) { return a.group == group && a.config.key.mode == mode; }));
}

nlohmann::json number_json(const std::optional<std::uint8_t>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json();
}

}  // namespace

DisplayOutput render_groups(const Snapshot& s, const ServingState& serving) {
  DisplayOutput output{"", {{"schema", kJsonSchema}, {"groups", nlohmann::json::array()}}};
  std::vector<std::vector<std::string>> rows{{"Interface", "Line", "Group", "Sessions", "State"}};
  for (const auto& line : lines_of(s.config)) {
    const auto state = state_of(line, s, serving);
    const auto sessions = sessions_of(line, s);
    rows.push_back({line.interface, std::string(command_of(line)), line.group.to_string(),
                    std::to_string(sessions), state.sentence});
    output.json["groups"].push_back(
        {{"interface", line.interface},
         {"line", command_of(line)},
         {"group", line.group.to_string()},
         {"port", line.port},
         {"key_id", line.key_id == 0 ? nlohmann::json() : nlohmann::json(line.key_id)},
         {"ttl", number_json(line.ttl)},
         {"version", number_json(line.version)},
         {"sessions", sessions},
         {"code", state.code},
         {"reason", state.sentence}});
  }
  output.text = rows.size() == 1 ? "Info: No line of an interface has to do with a group.\n" : table(rows);
  return output;
}

}  // namespace noonmark::cli
