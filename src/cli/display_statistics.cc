#include "cli/display_statistics.h"

#include <array>
#include <fmt/format.h>
#include <ranges>

#include "base/net_address.h"
#include "cli/server_filter.h"
#include "core/reason.h"

namespace noonmark::cli {
namespace {

using core::DropClass;
using core::PacketStatistics;

struct DropRow {
  std::string_view title;
  std::string_view json_name;
  DropClass row;
};
/// The rows under "Validity test failures", which has a sub-count of its own.
constexpr std::array<DropRow, 9> kDropRows{{
    {"Invalid packets", "invalid", DropClass::invalid},
    {"Access denied", "access_denied", DropClass::access},
    {"Rate-limited", "rate_limited", DropClass::rate},
    {"Processing delay", "processing_delay", DropClass::delay},
    {"Interface disabled", "interface_disabled", DropClass::interface},
    {"Max dynamic association reached", "max_dynamic_association_reached", DropClass::dynamic},
    {"Server disabled", "server_disabled", DropClass::server},
    {"Offset limit", "offset_limit", DropClass::offset_limit},
    {"Others", "others", DropClass::other},
}};
static_assert(kDropRows.size() + 2 == static_cast<std::size_t>(DropClass::kCount),
              "every class of drops has its row");

std::uint64_t validity_failures(const PacketStatistics& s) {
  return s.dropped(DropClass::validity) + s.dropped(DropClass::authentication);
}

std::string row(int indent, std::string_view title, std::uint64_t value) {
  return fmt::format(" {:38}:          {}\n", fmt::format("{:{}}{}", "", indent, title), value);
}

/// Which key the packet named; empty where it does not matter.
std::string key_text(const core::DropRecord& drop) {
  if (core::drop_class(drop.reason) != DropClass::authentication) return {};
  return drop.key_id == 0 ? ", without MAC" : fmt::format(", key {}", drop.key_id);
}

std::string drop_line(const core::DropRecord& drop, const core::NetworkView& network,
                      std::int64_t build_date) {
  const auto* vpn = network.find_vpn(drop.vpn);
  const auto place =
      vpn == nullptr || vpn->name.empty() ? std::string{} : fmt::format(" (VPN {})", vpn->name);
  return fmt::format("  [{}] {} from {}{}{}\n", short_time(drop.when, build_date), core::code(drop.reason),
                     base::to_string(drop.from), place, key_text(drop));
}

std::string last_drops_text(const PacketStatistics& s, const core::NetworkView& network,
                            std::int64_t build_date) {
  if (s.last_drops.empty()) return {};
  const auto count = s.last_drops.size();
  std::string text = count == 1 ? std::string("Last 1 packet drop reason:\n")
                                : fmt::format("Last {} packets drop reasons:\n", count);
  for (const auto& drop : s.last_drops | std::views::reverse) text += drop_line(drop, network, build_date);
  return text;
}

nlohmann::json last_drops_json(const PacketStatistics& s, const core::NetworkView& network,
                               std::int64_t build_date) {
  auto json = nlohmann::json::array();
  for (const auto& drop : s.last_drops | std::views::reverse) {
    const auto* vpn = network.find_vpn(drop.vpn);
    json.push_back({{"time", json_time(drop.when, build_date)},
                    {"code", core::code(drop.reason)},
                    {"source", drop.from.address.to_string()},
                    {"port", drop.from.port},
                    {"vpn_instance", vpn == nullptr ? "" : vpn->name}});
    if (core::drop_class(drop.reason) == DropClass::authentication) json.back()["key_id"] = drop.key_id;
  }
  return json;
}

nlohmann::json drops_json(const PacketStatistics& s) {
  nlohmann::json json{{"validity_test_failures", validity_failures(s)},
                      {"authentication_failures", s.dropped(DropClass::authentication)}};
  for (const auto& r : kDropRows) json[std::string(r.json_name)] = s.dropped(r.row);
  return json;
}

nlohmann::json reasons_json(const PacketStatistics& s) {
  auto json = nlohmann::json::object();
  for (std::size_t i = 0; i < s.drops.size(); ++i)
    if (s.drops[i] != 0) json[std::string(core::code(static_cast<core::DropReason>(i)))] = s.drops[i];
  return json;
}

std::string counters_text(const PacketStatistics& s, const core::NetworkView& network,
                          std::int64_t build_date) {
  std::string text = row(0, "Sent", s.sent) + row(3, "Send failures", s.send_failures) +
                     row(0, "Received", s.received) + row(3, "Processed", s.processed) +
                     row(3, "Dropped", s.dropped()) + row(6, "Validity test failures", validity_failures(s)) +
                     row(9, "Authentication failures", s.dropped(DropClass::authentication));
  for (const auto& r : kDropRows) text += row(6, r.title, s.dropped(r.row));
  return text + last_drops_text(s, network, build_date);
}

nlohmann::json counters_json(const PacketStatistics& s, const core::NetworkView& network,
                             std::int64_t build_date) {
  return {{"sent", s.sent},
          {"send_failures", s.send_failures},
          {"received", s.received},
          {"processed", s.processed},
          {"dropped", s.dropped()},
          {"drops", drops_json(s)},
          {"drop_reasons", reasons_json(s)},
          {"last_drops", last_drops_json(s, network, build_date)}};
}

std::string title(core::Family family) {
  return fmt::format(" NTP {} Packet Statistical Information\n", base::to_string(family));
}

std::string rule() { return fmt::format(" {:-<50}\n", ""); }

}  // namespace

DisplayOutput render_statistics(const PacketStatistics& s, core::Family family,
                                const core::NetworkView& network, std::int64_t build_date) {
  auto json = counters_json(s, network, build_date);
  json["schema"] = kJsonSchema;
  json["family"] = base::to_string(family);
  return {title(family) + rule() + counters_text(s, network, build_date), json};
}

DisplayOutput render_statistics(std::span<const NamedStatistics> named, StatisticsOf of, core::Family family,
                                const core::NetworkView& network, std::int64_t build_date) {
  const bool peers = of == StatisticsOf::peers;
  DisplayOutput output{"",
                       {{"schema", kJsonSchema},
                        {"family", base::to_string(family)},
                        {peers ? "peers" : "interfaces", nlohmann::json::array()}}};
  for (const auto& one : named) {
    if (!output.text.empty()) output.text += '\n';
    output.text += title(family);
    output.text += fmt::format(" {}: {}\n", peers ? "Peer" : "Interface", source_name(one.name, one.vpn));
    output.text += rule() + counters_text(one.statistics, network, build_date);
    auto json = counters_json(one.statistics, network, build_date);
    json[peers ? "source" : "interface"] = one.name;
    json["vpn_instance"] = one.vpn;
    if (peers) json["local_mode"] = one.local_mode;
    output.json[peers ? "peers" : "interfaces"].push_back(std::move(json));
  }
  if (named.empty())
    output.text =
        peers ? "Info: There is no such NTP session.\n" : "Info: No NTP packet was seen on an interface.\n";
  return output;
}

namespace {

core::Family family_of(const Arguments& arguments) {
  return arguments.has("ipv6") ? core::Family::ipv6 : core::Family::ipv4;
}

/// The interfaces that are meant; fails when there is none of that name.
base::Result<std::vector<const core::Interface*>> interfaces_of(const Services& services,
                                                                const Arguments& arguments) {
  const auto name = arguments.value("<interface-name>");
  std::vector<const core::Interface*> found;
  for (const auto& interface : services.network.interfaces)
    if (!name || interface.is_called(*name)) found.push_back(&interface);
  if (name && found.empty())
    return base::fail(fmt::format("Interface {} does not exist; see display interface brief.", *name));
  return found;
}

std::vector<NamedStatistics> statistics_of_interfaces(const Services& services,
                                                      std::span<const core::Interface* const> interfaces,
                                                      core::Family family, bool also_unused) {
  std::vector<NamedStatistics> named;
  for (const auto* interface : interfaces) {
    const auto counters = services.interface_statistics(*interface, family);
    if (!counters && !also_unused) continue;
    const auto* vpn = services.network.find_vpn(interface->vpn);
    named.push_back(
        {interface->name, vpn == nullptr ? "" : vpn->name, counters.value_or(PacketStatistics{})});
  }
  return named;
}

bool is_meant(const ServerFilter& filter, core::Family family, const core::ServerKey& server) {
  return server.address.family() == family && filter.admits(server);
}

std::vector<NamedStatistics> statistics_of_peers(const Services& services, const Arguments& arguments) {
  const ServerFilter filter(arguments);
  std::vector<NamedStatistics> named;
  const auto counters = services.engine.session_statistics();
  const auto sessions = services.engine.sessions();
  for (std::size_t i = 0; i < sessions.size(); ++i)
    if (is_meant(filter, family_of(arguments), sessions[i]))
      named.push_back(
          {sessions[i].address.to_string(), sessions[i].vpn, *counters[i], mode_text(sessions[i].mode)});
  return named;
}

}  // namespace

base::Result<DisplayOutput> display_statistics(const Services& services, const Arguments& arguments) {
  const auto family = family_of(arguments);
  if (arguments.has("peer"))
    return render_statistics(statistics_of_peers(services, arguments), StatisticsOf::peers, family,
                             services.network, services.build_date);
  if (!arguments.has("interface"))
    return render_statistics(services.statistics(family), family, services.network, services.build_date);
  const auto interfaces = interfaces_of(services, arguments);
  if (!interfaces) return tl::unexpected(interfaces.error());
  return render_statistics(
      statistics_of_interfaces(services, *interfaces, family, arguments.has("<interface-name>")),
      StatisticsOf::interfaces, family, services.network, services.build_date);
}

base::Result<void> reset_statistics(const Services& services, const Arguments& arguments) {
  core::StatisticsScope scope{.family = family_of(arguments)};
  if (arguments.has("peer")) {
    scope.of = core::StatisticsScope::Of::peers;
    const ServerFilter filter(arguments);
    for (const auto& session : services.engine.sessions()) {
      if (!is_meant(filter, scope.family, session)) continue;
      scope.peer = session;
      services.reset_statistics(scope);
    }
    if (!filter.is_empty() && !scope.peer) return base::fail("There is no such NTP session.");
    return {};
  }
  if (!arguments.has("interface")) {
    services.reset_statistics(scope);
    return {};
  }
  scope.of = core::StatisticsScope::Of::interfaces;
  const auto interfaces = interfaces_of(services, arguments);
  if (!interfaces) return tl::unexpected(interfaces.error());
  for (const auto* interface : *interfaces) {
    scope.interface = *interface;
    services.reset_statistics(scope);
  }
  return {};
}

}  // namespace noonmark::cli
