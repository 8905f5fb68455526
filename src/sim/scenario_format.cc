#include "sim/scenario_format.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_names.h"
#include "cli/configuration_text.h"
#include "config/translate.h"
#include "config/validate.h"
#include "core/authenticator.h"
#include "sim/scenario_table.h"

namespace noonmark::sim {
namespace {

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxLines = 20'000;
constexpr std::size_t kMaxProblems = 10;        // shown
constexpr std::size_t kMaxMachines = 100'000;   // clients, and servers
constexpr double kMaxSamples = 2e8;             // comparisons of clocks with the truth: they are kept
constexpr double kMaxSteps = 2e10;              // of oscillators
constexpr std::size_t kSettingLine = SIZE_MAX;  // the line number of what is not in the file

struct Section {
  SectionKind kind{};
  Arguments arguments;
  std::vector<Line> lines;
  std::string name() const { return kind == SectionKind::world ? "world" : arguments.text(0); }
};

class Problems {
 public:
  explicit Problems(std::string_view file) : file_(file) {}
  void add(std::size_t line, const std::string& message) {
    if (++count_ > kMaxProblems) return;
    text_ += count_ == 1 ? "" : "\n";
    text_ += line == kSettingLine ? message : fmt::format("{}:{}: {}", file_, line, message);
  }
  bool empty() const { return count_ == 0; }
  base::Error error() const {
    const auto more = count_ > kMaxProblems ? fmt::format("\nand {} more", count_ - kMaxProblems) : "";
    return {base::ErrorCode::invalid, text_ + more};
  }

 private:
  std::string file_, text_;
  std::size_t count_ = 0;
};

/// How far the words follow a syntax, and with what values.
struct Match {
  std::size_t matched = 0;
  bool complete = false;
  std::string fault;
  Arguments arguments;
};

void take(const Token& token, std::string_view word, double value, Arguments& arguments) {
  if (token.unit == Unit::name || token.unit == Unit::address)
    arguments.texts.emplace_back(word);
  else
    arguments.numbers.push_back(value);
}

Match match(std::string_view syntax, std::span<const std::string_view> words) {
  Match m;
  std::size_t at = 0;
  for (const auto& token : tokens_of(syntax)) {
    if (token.value && token.unit == Unit::text) {
      m.arguments.texts.push_back(fmt::format("{}", fmt::join(words.subspan(at), " ")));
      at = words.size();
      continue;
    }
    do {
      if (at == words.size()) {
        m.fault = fmt::format("<{}> is missing", token.word);
        return m;
      }
      if (!token.value) {
        if (words[at] != token.word) {
          m.fault = fmt::format("{} stands where {} is expected", words[at], token.word);
          return m;
        }
      } else {
        const auto value = parse_value(token.unit, words[at]);
        if (!value) {
          m.fault = fmt::format("<{}>: {}", token.word, value.error().message);
          return m;
        }
        take(token, words[at], *value, m.arguments);
      }
      m.matched = ++at;
    } while (token.repeated && at < words.size());
  }
  m.complete = at == words.size();
  if (!m.complete) m.fault = fmt::format("{} is too much", words[at]);
  return m;
}

/// Of several syntaxes, one that fits wholly, else the one that fits best.
template <class Rows>
std::pair<const typename Rows::value_type*, Match> best_match(const Rows& rows,
                                                              std::span<const std::string_view> words) {
  std::pair<const typename Rows::value_type*, Match> best{nullptr, {}};
  for (const auto& row : rows) {
    auto m = match(row.syntax, words);
    if (m.complete) return {&row, std::move(m)};
    if (m.matched > best.second.matched) best = {&row, std::move(m)};
  }
  return best;
}

std::vector<Row> rows_of(SectionKind kind) {
  std::vector<Row> found;
  std::ranges::copy_if(rows(), std::back_inserter(found), [&](const Row& r) { return r.section == kind; });
  return found;
}

std::string suggestion(std::string_view word, std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto nearest = base::nearest_names(word, names, 1);
  return nearest.empty() ? fmt::format("one of {}", fmt::join(names, ", "))
                         : fmt::format("perhaps {}", fmt::join(nearest, " or "));
}

template <class Rows>
std::vector<std::string> first_words(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(tokens_of(row.syntax).front().word);
  return names;
}

// --- the file as sections

void add_header(std::string_view text, std::size_t number, std::vector<Section>& out, Problems& problems) {
  auto [info, m] = best_match(sections(), words_of(text));
  if (info == nullptr)
    return problems.add(number, fmt::format("{} begins no section; {}", words_of(text).front(),
                                            suggestion(words_of(text).front(), first_words(sections()))));
  if (!m.complete)
    return problems.add(number, fmt::format("{}. The line is: {}", m.fault, plain(info->syntax)));
  m.arguments.line = number;
  Section section{.kind = info->kind, .arguments = std::move(m.arguments), .lines = {}};
  if (std::ranges::any_of(out, [&](const Section& s) { return s.name() == section.name(); }))
    return problems.add(number,
                        fmt::format("a section is called {} already; each name stands once", section.name()));
  out.push_back(std::move(section));
}

std::vector<Section> split(std::string_view text, Problems& problems) {
  std::vector<Section> found;
  bool skipping = false;  // the lines of a section whose header was wrong
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (++number > kMaxLines) {
      problems.add(number, fmt::format("a scenario has at most {} lines", kMaxLines));
      break;
    }
    const auto words = words_of(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    if (line.size() > kMaxLine) {
      problems.add(number, fmt::format("a line has at most {} characters", kMaxLine));
    } else if (line.front() != ' ' && line.front() != '\t') {
      const auto before = found.size();
      add_header(line, number, found, problems);
      skipping = found.size() == before;
    } else if (found.empty()) {
      if (!skipping)
        problems.add(number, "a section begins with a line that is not indented: world, path wan, ...");
    } else if (!skipping) {
      found.back().lines.push_back({std::string(line), number});
    }
  }
  return found;
}

bool is_command(std::string_view line) {
  const auto words = words_of(line);
  return !words.empty() && (words.front() == "ntp-service" || words.front() == "undo");
}

void vary(const Variation& variation, std::vector<Section>& sections, Problems& problems) {
  if (variation.commands) {
    for (auto& s : sections) {
      if (s.kind != SectionKind::client) continue;
      std::erase_if(s.lines, [](const Line& l) { return is_command(l.text); });
    }
  }
  for (const auto& [name, line] : variation.settings) {
    const auto section = std::ranges::find(sections, name, &Section::name);
    if (section != sections.end()) {
      section->lines.push_back({line, kSettingLine});
      continue;
    }
    std::vector<std::string> names;
    for (const auto& s : sections) names.push_back(s.name());
    problems.add(kSettingLine, fmt::format("no section is called {}; {}", name, suggestion(name, names)));
  }
}

// --- a section's lines

/// The line without its direction, which `draft` gets to know.
std::span<const std::string_view> without_direction(SectionKind kind, std::span<const std::string_view> words,
                                                    Draft& draft) {
  draft.directions.clear();
  if (kind != SectionKind::path) return words;
  auto& path = draft.scenario.paths.back();
  const bool forward = words.front() == "forward", backward = words.front() == "backward";
  if (!backward) draft.directions.push_back(&path.forward);
  if (!forward) draft.directions.push_back(&path.backward);
  return forward || backward ? words.subspan(1) : words;
}

void interpret(SectionKind kind, const Line& line, Draft& draft, Problems& problems) {
  if (kind == SectionKind::client && is_command(line.text)) {
    draft.scenario.clients.back().commands.push_back(line);
    return;
  }
  const auto fail = [&](const std::string& message) {
    const bool setting = line.number == kSettingLine;
    problems.add(line.number, setting ? fmt::format("the setting \"{}\": {}", line.text, message) : message);
  };
  const auto all = words_of(line.text);
  const auto words = without_direction(kind, all, draft);
  if (words.empty()) return fail("what holds in this direction is missing");
  const auto known = rows_of(kind);
  auto [row, m] = best_match(known, words);
  if (row == nullptr)
    return fail(
        fmt::format("{} is unknown here; {}", words.front(), suggestion(words.front(), first_words(known))));
  if (!m.complete) return fail(fmt::format("{}. The line is: {}", m.fault, plain(row->syntax)));
  m.arguments.line = line.number;
  row->apply(draft, m.arguments);
}

// --- what the sections say of each other

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
  problems.add(line,
               rows.empty()
                   ? fmt::format("there is no {} {}: no such section is in the file", what, name)
                   : fmt::format("there is no {} {}; {}", what, name, suggestion(name, names_of(rows))));
}

const config::KeyRing& keyring() {
  static base::SeededRandom random(1);
  static const config::KeyRing ring(crypto::Secret(std::string_view("noonmark-sim keeps no passwords ")),
                                    random);
  return ring;
}

void translate_commands(const Variation& variation, ClientConfig& client, Problems& problems) {
  std::string text;
  if (variation.commands) text = *variation.commands + "\n#\n";
  const std::size_t first =
      static_cast<std::size_t>(std::ranges::count(text, '\n'));  // lines of the variation's in front of ours
  for (const auto& line : client.commands) text += line.text + '\n';
  const auto loaded = cli::load_configuration(text, keyring(), cli::Judgement::file);
  for (const auto& refused : loaded.refused)
    problems.add(refused.number > first ? client.commands[refused.number - first - 1].number : kSettingLine,
                 refused.number > first
                     ? refused.message
                     : fmt::format("the configuration's line {}: {}", refused.number, refused.message));
  for (const auto& sentence : config::validate(loaded.configuration, {})) problems.add(client.line, sentence);
  auto translation = config::to_ntp_config(loaded.configuration, keyring());
  for (const auto& sentence : translation.problems) problems.add(client.line, sentence);
  client.ntp = std::move(translation.config);
}

void translate_follow(FollowConfig& follow, Problems& problems) {
  const auto line = "ntp-service unicast-server 192.0.2.1 " + follow.options;
  const auto loaded = cli::load_configuration(line, keyring(), cli::Judgement::file);
  if (!loaded.refused.empty()) return problems.add(follow.line, loaded.refused.front().message);
  const auto servers = config::to_ntp_config(loaded.configuration, keyring()).config.servers;
  if (!servers.empty()) follow.server = servers.front();
}

void check_client(const Scenario& s, const Variation& variation, ClientConfig& client, Problems& problems) {
  demand(s.oscillators, "oscillator", client.oscillator, client.oscillator_line, problems);
  demand(s.clients, "client", client.twin, client.line, problems);
  auto others = names_of(s.servers);
  for (const auto& c : s.clients) others.push_back(c.name);
  for (const auto& use : client.paths) {
    demand(s.paths, "path", use.path, use.line, problems);
    if (!use.group.empty() && std::ranges::find(others, use.group) == others.end())
      problems.add(use.line, fmt::format("there is no server or client {}; {}", use.group,
                                         suggestion(use.group, others)));
  }
  if (client.paths.empty())
    problems.add(client.line, fmt::format("client {} has no path: add the line `path <name>`", client.name));
  for (auto& follow : client.follows) {
    const auto size = [&](const auto& rows) {
      const auto it = std::ranges::find(rows, follow.group, [](const auto& r) { return r.name; });
      return it == rows.end() ? 0u : it->count;
    };
    const auto available = std::max(size(s.servers), size(s.clients));
    if (available == 0)
      problems.add(follow.line, fmt::format("there is no server or client {}; {}", follow.group,
                                            suggestion(follow.group, others)));
    else if (follow.count > available)
      problems.add(follow.line, fmt::format("{} has {} members only; count {} raises that", follow.group,
                                            available, follow.count));
    translate_follow(follow, problems);
  }
  translate_commands(variation, client, problems);
  auto servers = client.ntp.servers.size();
  for (const auto& follow : client.follows) servers += follow.count;
  if (servers > core::kMaxServers)
    problems.add(client.line,
                 fmt::format("client {} has more than {} servers", client.name, core::kMaxServers));
  if (const auto keys = core::KeyTable::create(client.ntp.keys); !keys)
    problems.add(client.line, keys.error().message);
}

void check_addresses(const Scenario& s, Problems& problems) {
  std::set<IpAddress> seen;
  const auto take_group = [&](const auto& config, std::size_t group) {
    for (std::uint32_t member = 0; member < config.count; ++member) {
      const auto address = member_address(s, static_cast<std::uint32_t>(group), member);
      if (seen.insert(address).second) continue;
      return problems.add(
          1, fmt::format("{} has the address {}, which another one has too; give it another with `address`",
                         config.name, address.to_string()));
    }
  };
  for (std::size_t i = 0; i < s.servers.size(); ++i) take_group(s.servers[i], i);
  for (std::size_t i = 0; i < s.clients.size(); ++i) take_group(s.clients[i], s.servers.size() + i);
}

void check_size(const Scenario& s, Problems& problems) {
  const auto clients = client_count(s);
  if (clients > kMaxMachines || server_count(s) > kMaxMachines)
    return problems.add(1, fmt::format("there are more than {} clients, or servers", kMaxMachines));
  if (s.clients.size() > kMaxClientGroups)
    return problems.add(1,
                        fmt::format("there are more than {} sections of clients; `count` makes many of one",
                                    kMaxClientGroups));
  check_addresses(s, problems);
  const auto& world = s.world;
  if (!(world.duration > 0) || !(world.grid >= 1e-3) || !(world.sample_interval >= 1e-2))
    return problems.add(
        1, "the world's duration is above 0, its grid at least 1ms, its sample-interval at least 10ms");
  if (world.duration / world.sample_interval * static_cast<double>(clients) > kMaxSamples ||
      world.duration / world.grid * static_cast<double>(clients) > kMaxSteps)
    problems.add(
        1,
        "this is too much work: raise sample-interval and grid, or take fewer clients or a shorter duration");
}

void check(Scenario& s, const Variation& variation, Problems& problems) {
  if (s.clients.empty()) problems.add(1, "a scenario needs a client: add a section `client <name>`");
  check_size(s, problems);
  const auto& world = s.world;
  if (world.warm_up >= world.duration)
    problems.add(1, "nothing is left of the duration after the warm-up; set both in the section world");
  if (world.leap && std::fmod(world.leap->at, 86400) != 0)
    problems.add(1, "a leap second is in front of a midnight: leap insert at 2027-01-01T00:00:00");
  for (auto& path : s.paths)
    for (const auto* direction : {&path.forward, &path.backward})
      if (!std::ranges::is_sorted(direction->routes, {}, &DirectionConfig::Route::at))
        problems.add(1, fmt::format("the routes of path {} are not in ascending order", path.name));
  for (auto& client : s.clients) check_client(s, variation, client, problems);
}

std::string escaped_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell;
}

std::string units_of(std::string_view syntax) {
  std::vector<std::string> parts;
  for (const auto& token : tokens_of(syntax))
    if (token.value) parts.push_back(fmt::format("{}: {}", token.word, info(token.unit).name));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

base::Result<Variation::Setting> parse_setting(std::string_view text) {
  const auto dot = text.find('.'), equals = text.find('=');
  if (dot == std::string_view::npos || equals == std::string_view::npos || dot > equals || dot == 0 ||
      equals == dot + 1)
    return base::fail(fmt::format(
        "{} is no setting; it is NAME.KEY=VALUE, for example wan.loss=10% or world.duration=6h", text));
  return Variation::Setting{
      std::string(text.substr(0, dot)),
      fmt::format("{} {}", text.substr(dot + 1, equals - dot - 1), text.substr(equals + 1))};
}

base::Result<Scenario> parse_scenario(std::string_view text, std::string_view name,
                                      const Variation& variation) {
  if (text.size() > kMaxScenarioFile)
    return base::fail(fmt::format("{} is larger than {} octets", name, kMaxScenarioFile));
  Problems problems(name);
  auto found = split(text, problems);
  if (!variation.settings.empty() && std::ranges::find(found, "world", &Section::name) == found.end())
    found.insert(found.begin(), Section{.kind = SectionKind::world, .arguments = {}, .lines = {}});
  vary(variation, found, problems);
  Draft draft;
  for (const auto& section : found) {
    open_section(section.kind, section.arguments, draft);
    for (const auto& line : section.lines) interpret(section.kind, line, draft, problems);
  }
  if (problems.empty()) check(draft.scenario, variation, problems);
  if (!problems.empty()) return tl::unexpected(problems.error());
  return std::move(draft.scenario);
}

std::string format_reference() {
  std::string text = "| value | |\n|---|---|\n";
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Unit::text); ++i) {
    const auto& unit = info(static_cast<Unit>(i));
    text += fmt::format("| {} | {} |\n", unit.name, unit.help);
  }
  for (const auto& section : sections()) {
    text += fmt::format("\n### {}\n{}.\n\n| line | values | default | meaning |\n|---|---|---|---|\n",
                        plain(section.syntax), section.help);
    for (const auto& row : rows_of(section.kind))
      text += fmt::format("| `{}` | {} | {} | {} |\n", escaped_cell(plain(row.syntax)), units_of(row.syntax),
                          row.by_default, row.help);
  }
  return text;
}

}  // namespace noonmark::sim
