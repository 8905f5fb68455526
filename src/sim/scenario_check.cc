#include "sim/scenario_check.h"

#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/configuration_text.h"
#include "config/translate.h"
#include "config/validate.h"
#include "core/authenticator.h"

namespace noonmark::sim {
namespace {

constexpr std::size_t kMaxMachines = 100'000;  // clients, and servers
constexpr double kMaxSamples = 2e8;            // comparisons of clocks with the truth: they are kept
constexpr double kMaxSteps = 2e10;             // of oscillators
constexpr double kMinGrid = 1e-3;              // s
constexpr double kMinSampleInterval = 1e-2;    // s
constexpr std::size_t kShownNeighbours = 8;    // groups of machines that a message lists

template <class Rows>
bool has(const Rows& rows, const std::string& name) {
  return std::ranges::any_of(rows, [&](const auto& row) { return row.name == name; });
}
template <class Rows>
std::vector<std::string> names_of(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}
template <class Rows>
void demand(const Rows& rows, const std::string& what, const std::string& name, std::size_t line,
            Problems& problems) {
  if (name.empty() || has(rows, name)) return;
  problems.add(line, rows.empty() ? fmt::format("there is no {0} {1}; add a section `{0} {1}`", what, name)
                                  : fmt::format("there is no {} {}; {}", what, name,
                                                suggestion(name, names_of(rows))));
}

const config::KeyRing& keyring() {
  static base::SeededRandom random(1);
  static const config::KeyRing ring(crypto::Secret(std::string_view("noonmark-sim keeps no passwords ")),
                                    random);
  return ring;
}

/// The commands of a client: those of the variation in front.
std::vector<Line> commands_of(const Variation& variation, const ClientConfig& client) {
  std::vector<Line> all;
  if (variation.commands) {
    std::string_view rest = *variation.commands;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      all.push_back({std::string(rest.substr(0, end)), kFirstCommand + all.size() + 1});
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    all.push_back({"#", kFirstCommand + all.size() + 1});
  }
  all.insert(all.end(), client.commands.begin(), client.commands.end());
  return all;
}

void translate_commands(const std::vector<Line>& commands, ClientConfig& client, Problems& problems) {
  std::string text;
  for (const auto& line : commands) text += line.text + '\n';
  const auto loaded = cli::load_configuration(text, keyring(), cli::Judgement::file);
  for (const auto& refused : loaded.refused)
    problems.add(commands[std::min(refused.number, commands.size()) - 1].number, refused.message);
  for (const auto& sentence : config::validate(loaded.configuration, {})) problems.add(client.line, sentence);
  auto translation = config::to_ntp_config(loaded.configuration, keyring());
  for (const auto& sentence : translation.problems) problems.add(client.line, sentence);
  client.ntp = std::move(translation.config);
}

void translate_follow(FollowConfig& follow, Problems& problems) {
  const auto line = fmt::format("ntp-service unicast-{} 192.0.2.1{}{}",
                                follow.mode == core::AssociationMode::active ? "peer" : "server",
                                follow.options.empty() ? "" : " ", follow.options);
  const auto loaded = cli::load_configuration(line, keyring(), cli::Judgement::file);
  if (!loaded.refused.empty())
    return problems.add(follow.line, fmt::format("`{}`: {}", line, loaded.refused.front().message));
  const auto servers = config::to_ntp_config(loaded.configuration, keyring()).config.servers;
  if (!servers.empty()) follow.server = servers.front();
}

/// Who has which address.
using Inhabitants = std::map<IpAddress, std::string>;

/// "far 192.0.2.1, honest 192.0.2.2 to 192.0.2.4"
std::string listed_addresses(const Scenario& s) {
  std::vector<std::string> all;
  const auto add = [&](const auto& config, std::size_t group) {
    const auto first = member_address(s, static_cast<std::uint32_t>(group), 0);
    const auto last = member_address(s, static_cast<std::uint32_t>(group), config.count - 1);
    all.push_back(fmt::format("{} {}{}", config.name, first.to_string(),
                              config.count > 1 ? " to " + last.to_string() : ""));
  };
  for (std::size_t i = 0; i < s.servers.size(); ++i) add(s.servers[i], i);
  for (std::size_t i = 0; i < s.clients.size(); ++i) add(s.clients[i], s.servers.size() + i);
  const auto more =
      all.size() > kShownNeighbours ? fmt::format(" and {} more", all.size() - kShownNeighbours) : "";
  all.resize(std::min(all.size(), kShownNeighbours));
  return fmt::format("{}{}", fmt::join(all, ", "), more);
}

/// The command that names an address.
std::size_t line_of(const IpAddress& address, const std::vector<Line>& commands, const ClientConfig& client) {
  std::size_t place = client.line;
  for (const auto& line : commands)
    for (const auto word : words_of(line.text))
      if (IpAddress::parse(word) == address) place = line.number;
  return place;
}

void check_asked(const std::string& group, std::size_t line, const ClientConfig& client, Problems& problems) {
  const auto leads_there = [&](const PathUse& use) { return use.group.empty() || use.group == group; };
  if (client.paths.empty() || std::ranges::any_of(client.paths, leads_there)) return;
  problems.add(line,
               fmt::format("client {} has no path to {}: add `path <name> to {}`, or `path <name>` for all",
                           client.name, group, group));
}

void check_servers(const Inhabitants& inhabitants, const std::vector<Line>& commands,
                   const ClientConfig& client, Reading& r) {
  for (const auto& server : client.ntp.servers) {
    const auto line = line_of(server.key.address, commands, client);
    const auto owner = inhabitants.find(server.key.address);
    if (owner != inhabitants.end()) {
      check_asked(owner->second, line, client, r.problems);
      continue;
    }
    r.problems.add(line,
                   fmt::format("nobody in this world has the address {}; there are {}. A section `server "
                               "<name>` with a line `address {}` adds it",
                               server.key.address.to_string(), listed_addresses(r.draft.scenario),
                               server.key.address.to_string()));
  }
}

void check_follow(const Scenario& s, FollowConfig& follow, const ClientConfig& client, Problems& problems) {
  auto others = names_of(s.servers);
  for (const auto& c : s.clients) others.push_back(c.name);
  const auto size = [&](const auto& rows) {
    const auto it = std::ranges::find(rows, follow.group, [](const auto& row) { return row.name; });
    return it == rows.end() ? 0u : it->count;
  };
  const auto available = std::max(size(s.servers), size(s.clients));
  if (available == 0)
    return problems.add(follow.line, fmt::format("there is no server or client {}; {}", follow.group,
                                                 suggestion(follow.group, others)));
  if (follow.count > available)
    problems.add(follow.line, fmt::format("{} has {} members only; `count {}` there raises that",
                                          follow.group, available, follow.count));
  if (follow.mode == core::AssociationMode::active && follow.group == client.name)
    problems.add(follow.line,
                 fmt::format("{} is not its own peer; give the other one a section of its own", client.name));
  check_asked(follow.group, follow.line, client, problems);
  translate_follow(follow, problems);
}

void check_client(const Inhabitants& inhabitants, const Variation& variation, ClientConfig& client,
                  Reading& r) {
  const auto& s = r.draft.scenario;
  demand(s.oscillators, "oscillator", client.oscillator, client.oscillator_line, r.problems);
  demand(s.clients, "client", client.twin, r.place_of(client.name, "twin"), r.problems);
  auto others = names_of(s.servers);
  for (const auto& c : s.clients) others.push_back(c.name);
  for (const auto& use : client.paths) {
    demand(s.paths, "path", use.path, use.line, r.problems);
    if (!use.group.empty() && std::ranges::find(others, use.group) == others.end())
      r.problems.add(use.line, fmt::format("there is no server or client {}; {}", use.group,
                                           suggestion(use.group, others)));
  }
  if (client.paths.empty())
    r.problems.add(client.line,
                   fmt::format("client {} has no path: add the line `path <name>`", client.name));
  for (auto& follow : client.follows) check_follow(s, follow, client, r.problems);
  const auto commands = commands_of(variation, client);
  translate_commands(commands, client, r.problems);
  check_servers(inhabitants, commands, client, r);
  for (const auto& follow : client.follows)
    if (const auto id = follow.server.key_id;
        id != 0 && std::ranges::find(client.ntp.keys, id, &core::KeyConfig::id) == client.ntp.keys.end())
      r.problems.add(follow.line, fmt::format("client {} has no authentication key {}: add `ntp-service "
                                              "authentication-keyid {} ...`",
                                              client.name, id, id));
  auto servers = client.ntp.servers.size();
  for (const auto& follow : client.follows) servers += follow.count;
  if (servers > core::kMaxServers)
    r.problems.add(client.line,
                   fmt::format("client {} has more than {} servers", client.name, core::kMaxServers));
  if (const auto keys = core::KeyTable::create(client.ntp.keys); !keys)
    r.problems.add(client.line, keys.error().message);
}

Inhabitants check_addresses(Reading& r) {
  const auto& s = r.draft.scenario;
  Inhabitants all;
  const auto take_group = [&](const auto& config, std::size_t group) {
    for (std::uint32_t member = 0; member < config.count; ++member) {
      const auto address = member_address(s, static_cast<std::uint32_t>(group), member);
      const auto [owner, is_new] = all.emplace(address, config.name);
      if (is_new) continue;
      return r.problems.add(
          r.place_of(config.name, "address"),
          fmt::format("{} has the address {}, which {} has too; give it another with `address`", config.name,
                      address.to_string(), owner->second));
    }
  };
  for (std::size_t i = 0; i < s.servers.size(); ++i) take_group(s.servers[i], i);
  for (std::size_t i = 0; i < s.clients.size(); ++i) take_group(s.clients[i], s.servers.size() + i);
  return all;
}

/// Whether the machines can be counted and numbered.
bool check_size(Reading& r) {
  const auto& s = r.draft.scenario;
  if (s.clients.empty()) r.problems.add(1, "a scenario needs a client: add a section `client <name>`");
  if (client_count(s) > kMaxMachines || server_count(s) > kMaxMachines)
    r.problems.add(
        1, fmt::format("there are more than {} clients, or servers; lower their `count`", kMaxMachines));
  if (s.clients.size() > kMaxClientGroups)
    r.problems.add(1, fmt::format("there are more than {} sections of clients; `count` makes many of one",
                                  kMaxClientGroups));
  return r.problems.empty();
}

void check_world(Reading& r) {
  const auto& world = r.draft.scenario.world;
  const auto fail = [&](std::string_view word, const std::string& message, std::string_view or_word = "") {
    r.problems.add(std::max(r.place_of("world", word), r.place_of("world", or_word)), message);
  };
  if (!(world.duration > 0)) return fail("duration", "a world's duration is above 0s");
  if (!(world.grid >= kMinGrid)) return fail("grid", "a world's grid is at least 1ms");
  if (!(world.sample_interval >= kMinSampleInterval))
    return fail("sample-interval", "a world's sample-interval is at least 10ms");
  const auto clients = static_cast<double>(client_count(r.draft.scenario));
  if (world.duration / world.sample_interval * clients > kMaxSamples ||
      world.duration / world.grid * clients > kMaxSteps)
    fail(
        "duration",
        "this is too much work: raise sample-interval and grid, or take fewer clients or a shorter duration");
  if (world.warm_up >= world.duration)
    fail("duration",
         fmt::format(
             "nothing is left of the duration of {} after the warm-up of {}; set both in the section world",
             span(world.duration), span(world.warm_up)),
         "warm-up");
  if (world.leap && std::fmod(world.leap->at, 86400) != 0)
    fail("leap", "a leap second is in front of a midnight: leap insert at 2027-01-01T00:00:00");
}

// --- what can never happen

void warn_of_late_starts(const ClientConfig& client, Reading& r) {
  if (client.start < r.draft.scenario.world.duration &&
      client.start + client.start_spread >= r.draft.scenario.world.duration)
    r.warnings.add(r.place_of(client.name, "start-spread"),
                   fmt::format("some of {} may not start before the world ends", client.name));
  for (const auto& event : client.events)
    if (event.at < client.start)
      r.warnings.add(event.line,
                     fmt::format("this never happens: the daemon starts only {} after the world began",
                                 span(client.start)));
}

/// Lines about groups: the simulated network carries packets from one machine to one other.
void warn_of_groups(const ClientConfig& client, Reading& r) {
  const auto& ntp = client.ntp;
  if (!ntp.group_servers.empty() || !ntp.broadcast_clients.empty() || !ntp.manycast_servers.empty() ||
      !ntp.manycast_clients.empty())
    r.warnings.add(client.line, fmt::format("broadcast, multicast and manycast are not simulated: these "
                                            "commands of client {} have no effect",
                                            client.name));
}

bool serves(const ClientConfig& client) {
  const auto answers = [&](const core::FamilyConfig& family) {
    return !family.disabled && (family.serving == core::Serving::always ||
                                (family.serving == core::Serving::automatic && client.ntp.local_clock));
  };
  return std::ranges::any_of(client.ntp.families, answers);
}

/// The groups that somebody asks; those that answer nobody get a warning.
std::set<std::string> asked_groups(const Inhabitants& inhabitants, Reading& r) {
  const auto& s = r.draft.scenario;
  std::set<std::string> asked, peers;
  for (const auto& client : s.clients) {
    const auto ask = [&](core::AssociationMode mode, const std::string& group) {
      (mode == core::AssociationMode::client ? asked : peers).insert(group);
    };
    for (const auto& follow : client.follows) ask(follow.mode, follow.group);
    for (const auto& server : client.ntp.servers) {
      const auto owner = inhabitants.find(server.key.address);
      if (owner != inhabitants.end()) ask(server.key.mode, owner->second);
    }
  }
  for (const auto& client : s.clients)
    if (asked.contains(client.name) && !serves(client))
      r.warnings.add(client.line,
                     fmt::format("others ask client {}, but it answers nobody: add `undo ntp-service "
                                 "server disable`",
                                 client.name));
  asked.merge(peers);
  return asked;
}

void warn_of_unused(const Inhabitants& inhabitants, Reading& r) {
  auto used = asked_groups(inhabitants, r);
  for (const auto& client : r.draft.scenario.clients) {
    used.insert({client.name, client.oscillator});  // a client is there for itself
    for (const auto& use : client.paths) used.insert(use.path);
  }
  for (const auto& section : r.sections)
    if (section.kind != SectionKind::world && !used.contains(section.name()))
      r.warnings.add(section.arguments.line,
                     fmt::format("no client uses {} {}: its lines have no effect",
                                 words_of(sections()[static_cast<std::size_t>(section.kind)].syntax).front(),
                                 section.name()));
}

void warn(const Inhabitants& inhabitants, Reading& r) {
  const auto& world = r.draft.scenario.world;
  for (const auto& moment : r.moments)
    if (moment.at >= world.duration)
      r.warnings.add(moment.line,
                     fmt::format("this never happens: the world ends after {}", span(world.duration)));
  if (world.leap && (world.leap->at <= world.start || world.leap->at >= world.start + world.duration))
    r.warnings.add(r.place_of("world", "leap"),
                   fmt::format("this never happens: the world begins at its `start` and ends {} later",
                               span(world.duration)));
  for (const auto& client : r.draft.scenario.clients) {
    warn_of_late_starts(client, r);
    warn_of_groups(client, r);
  }
  warn_of_unused(inhabitants, r);
}

}  // namespace

void check(const Variation& variation, Reading& r) {
  auto& s = r.draft.scenario;
  if (!check_size(r)) return;
  check_world(r);
  const auto inhabitants = check_addresses(r);
  for (const auto& path : s.paths)
    for (const auto* direction : {&path.forward, &path.backward})
      if (!std::ranges::is_sorted(direction->routes, {}, &DirectionConfig::Route::at))
        r.problems.add(r.place_of(path.name, "route"),
                       fmt::format("the routes of path {} are not in ascending order", path.name));
  for (auto& client : s.clients) check_client(inhabitants, variation, client, r);
  if (r.problems.empty()) warn(inhabitants, r);
  s.warnings = r.warnings.sentences();
}

}  // namespace noonmark::sim
