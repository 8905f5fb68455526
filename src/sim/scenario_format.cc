#include "sim/scenario_format.h"

#include <algorithm>
#include <cmath>
#include <map>
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
constexpr std::size_t kMaxProblems = 10;       // shown
constexpr std::size_t kMaxMachines = 100'000;  // clients, and servers
constexpr double kMaxSamples = 2e8;            // comparisons of clocks with the truth: they are kept
constexpr double kMaxSteps = 2e10;             // of oscillators
constexpr double kMinGrid = 1e-3;              // s
constexpr double kMinSampleInterval = 1e-2;    // s
constexpr std::size_t kShownNeighbours = 8;    // groups of machines that a message lists
// Line numbers of what is not in the file: settings, and the lines of other commands.
constexpr std::size_t kFirstSetting = 1'000'000'000;
constexpr std::size_t kFirstCommand = 2'000'000'000;

struct Section {
  SectionKind kind{};
  Arguments arguments;
  std::vector<Line> lines;
  std::string name() const { return kind == SectionKind::world ? "world" : arguments.text(0); }
};

/// Sentences about lines. The same one for many clients stands once.
class Problems {
 public:
  Problems(std::string_view file, const Variation& variation) : file_(file), variation_(variation) {}
  void add(std::size_t line, const std::string& message) {
    auto text = place(line) + message;
    if (std::ranges::find(shown_, text) != shown_.end()) return;
    if (shown_.size() < kMaxProblems)
      shown_.push_back(std::move(text));
    else
      ++more_;
  }
  bool empty() const { return shown_.empty(); }
  std::vector<std::string> sentences() const {
    auto all = shown_;
    if (more_ > 0) all.push_back(fmt::format("and {} more", more_));
    return all;
  }
  base::Error error() const {
    return {base::ErrorCode::invalid, fmt::format("{}", fmt::join(sentences(), "\n"))};
  }

 private:
  std::string place(std::size_t line) const {
    if (line >= kFirstCommand) return fmt::format("{}:{}: ", variation_.commands_name, line - kFirstCommand);
    if (line >= kFirstSetting) return variation_.settings[line - kFirstSetting].origin + ": ";
    return fmt::format("{}:{}: ", file_, std::max<std::size_t>(1, line));
  }

  std::string file_;
  const Variation& variation_;
  std::vector<std::string> shown_;
  std::size_t more_ = 0;
};

/// When a line takes effect.
struct Moment {
  double at = 0;
  std::size_t line = 0;
};

/// A file on its way to a scenario.
struct Reading {
  std::vector<Section> sections{};
  Draft draft{};
  std::vector<Moment> moments{};
  std::map<std::string, std::size_t> set_in{};  // of the section at work: what its lines set, and where
  Problems problems, warnings;

  /// The last line of a section that begins with this word, or has it after its direction; else its first.
  std::size_t place_of(std::string_view section, std::string_view word) const;
};

std::size_t Reading::place_of(std::string_view section, std::string_view word) const {
  const auto found = std::ranges::find(sections, section, &Section::name);
  if (found == sections.end()) return 1;
  auto place = found->arguments.line;
  for (const auto& line : found->lines) {
    const auto words = words_of(line.text);
    if (words.front() == word || (words.size() > 1 && words[1] == word)) place = line.number;
  }
  return place;
}

/// "6h", or "90s".
std::string span(double seconds) {
  return seconds >= 3600 ? fmt::format("{:.6g}h", seconds / 3600) : fmt::format("{:.6g}s", seconds);
}

/// How far the words follow a syntax, and with what values.
struct Match {
  std::size_t matched = 0;
  bool complete = false;
  std::string_view expected;  // the keyword that is not there, if that is the fault
  std::string fault;
  bool has_alternatives = false;  // the fault names several syntaxes
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
        if (!token.value) m.expected = token.word;
        m.fault = token.value ? fmt::format("<{}> is missing", token.word)
                              : fmt::format("{} is missing", token.word);
        return m;
      }
      if (!token.value) {
        if (words[at] != token.word) {
          m.expected = token.word;
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
  if (m.complete) return m;
  m.fault = at > 0 && is_suffix(words[at])
                ? fmt::format("a unit stands right behind its number: {}{}", words[at - 1], words[at])
                : fmt::format("{} is too much", words[at]);
  return m;
}

std::string suggestion(std::string_view word, std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto nearest = base::nearest_names(word, names, 1);
  return nearest.empty() ? fmt::format("one of {}", fmt::join(names, ", "))
                         : fmt::format("perhaps {}", fmt::join(nearest, " or "));
}

/// Of several syntaxes, one that fits wholly, else the one that fits best.
template <class Rows>
std::pair<const typename Rows::value_type*, Match> best_match(const Rows& rows,
                                                              std::span<const std::string_view> words) {
  std::pair<const typename Rows::value_type*, Match> best{nullptr, {}};
  std::vector<std::string> expected;  // where the best ones end
  for (const auto& row : rows) {
    auto m = match(row.syntax, words);
    if (m.complete) return {&row, std::move(m)};
    if (m.matched < std::max<std::size_t>(1, best.second.matched)) continue;
    if (m.matched > best.second.matched) expected.clear();
    if (!m.expected.empty()) expected.emplace_back(m.expected);
    if (m.matched > best.second.matched) best = {&row, std::move(m)};
  }
  auto& m = best.second;
  m.has_alternatives = expected.size() > 1 && !m.expected.empty();
  if (m.has_alternatives)
    m.fault = m.matched < words.size() ? fmt::format("{} is unknown here; {}", words[m.matched],
                                                     suggestion(words[m.matched], expected))
                                       : fmt::format("one of {} is missing", fmt::join(expected, ", "));
  return best;
}

std::vector<Row> rows_of(SectionKind kind) {
  std::vector<Row> found;
  std::ranges::copy_if(rows(), std::back_inserter(found), [&](const Row& r) { return r.section == kind; });
  return found;
}

template <class Rows>
std::vector<std::string> first_words(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(tokens_of(row.syntax).front().word);
  return names;
}

// --- the file as sections

void add_header(std::string_view text, std::size_t number, Reading& r) {
  auto [info, m] = best_match(sections(), words_of(text));
  if (info == nullptr)
    return r.problems.add(number, fmt::format("{} begins no section; {}", words_of(text).front(),
                                              suggestion(words_of(text).front(), first_words(sections()))));
  if (!m.complete)
    return r.problems.add(number, fmt::format("{}. The line is: {}", m.fault, plain(info->syntax)));
  m.arguments.line = number;
  Section section{.kind = info->kind, .arguments = std::move(m.arguments), .lines = {}};
  const auto same = std::ranges::find(r.sections, section.name(), &Section::name);
  if (same != r.sections.end())
    return r.problems.add(number,
                          fmt::format("a section is called {} already, in line {}; each name stands once",
                                      section.name(), same->arguments.line));
  r.sections.push_back(std::move(section));
}

void split(std::string_view text, Reading& r) {
  bool skipping = false;  // the lines of a section whose header was wrong
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (++number > kMaxLines) {
      r.problems.add(number, fmt::format("a scenario has at most {} lines", kMaxLines));
      break;
    }
    const auto words = words_of(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    if (line.size() > kMaxLine) {
      r.problems.add(number, fmt::format("a line has at most {} characters", kMaxLine));
    } else if (line.front() != ' ' && line.front() != '\t') {
      const auto before = r.sections.size();
      add_header(line, number, r);
      skipping = r.sections.size() == before;
    } else if (skipping) {
      continue;
    } else if (r.sections.empty()) {
      r.problems.add(number, "a section begins with a line that is not indented: world, path wan, ...");
    } else {
      r.sections.back().lines.push_back({std::string(line), number});
    }
  }
}

bool is_command(std::string_view line) {
  const auto words = words_of(line);
  return !words.empty() && (words.front() == "ntp-service" || words.front() == "undo");
}

void vary(const Variation& variation, Reading& r) {
  if (!variation.settings.empty() &&
      std::ranges::find(r.sections, "world", &Section::name) == r.sections.end())
    r.sections.insert(r.sections.begin(), Section{.kind = SectionKind::world, .arguments = {}, .lines = {}});
  if (variation.commands) {
    for (auto& s : r.sections) {
      if (s.kind != SectionKind::client) continue;
      std::erase_if(s.lines, [](const Line& l) { return is_command(l.text); });
    }
  }
  for (std::size_t i = 0; i < variation.settings.size(); ++i) {
    const auto& [name, line, origin] = variation.settings[i];
    const auto section = std::ranges::find(r.sections, name, &Section::name);
    if (section != r.sections.end()) {
      section->lines.push_back({line, kFirstSetting + i});
      continue;
    }
    std::vector<std::string> names;
    for (const auto& s : r.sections) names.push_back(s.name());
    r.problems.add(kFirstSetting + i,
                   fmt::format("no section is called {}; {}", name, suggestion(name, names)));
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

/// What is wrong with a word that begins no line of this section.
std::string unknown_word(std::string_view word, const std::vector<Row>& known) {
  const auto text = fmt::format("{} is unknown here; ", word);
  for (const auto& section : sections()) {
    const auto names = first_words(rows_of(section.kind));
    if (std::ranges::find(names, word) != names.end())
      return text + fmt::format("it belongs into a section {}", words_of(section.syntax).front());
  }
  return text + suggestion(word, first_words(known));
}

/// Values that belong together: `from` is before `until`, `low` not above `high`.
std::string disorder(std::string_view syntax, const Arguments& a) {
  std::size_t at = 0;
  double low = 0;
  for (const auto& token : tokens_of(syntax)) {
    if (!token.value || token.repeated || token.unit == Unit::name || token.unit == Unit::text) continue;
    const double value = token.unit == Unit::address ? 0 : a.number(at++);
    if (token.word == "from" || token.word == "low") low = value;
    if (token.word == "until" && value <= low) return "<until> has to be later than <from>";
    if (token.word == "high" && value < low) return "<high> has to be at least <low>";
  }
  return "";
}

void note_moments(const Row& row, const Arguments& a, Reading& r) {
  std::size_t at = 0;
  for (const auto& token : tokens_of(row.syntax)) {
    if (!token.value || token.repeated || token.unit == Unit::name || token.unit == Unit::text) continue;
    if (token.unit == Unit::moment && token.word != "until") r.moments.push_back({a.number(at), a.line});
    if (token.unit != Unit::address) ++at;
  }
}

/// What a line sets, for its section: the next one of the same name replaces it. Empty: lines add up.
std::string slot_of(const Row& row, std::span<const std::string_view> all) {
  const auto tokens = tokens_of(row.syntax);
  const bool is_client_path = row.section == SectionKind::client && tokens.front().word == "path";
  if (is_client_path || row.help.find("may be repeated") != std::string_view::npos) return "";
  const bool is_two_words = tokens.front().word == "temperature";
  return fmt::format("{} {}{}", all.front(), tokens.front().word, is_two_words ? tokens[1].word : "");
}

void note_replacement(const Row& row, std::span<const std::string_view> all, std::size_t line, Reading& r) {
  const auto slot = slot_of(row, all);
  if (slot.empty() || line >= kFirstSetting) return;  // settings are there to replace lines
  const auto [first, is_new] = r.set_in.try_emplace(slot, line);
  if (!is_new)
    r.warnings.add(line, fmt::format("this replaces line {}; the two do not add up",
                                     std::exchange(first->second, line)));
}

void interpret(SectionKind kind, const Line& line, Reading& r) {
  if (kind == SectionKind::client && is_command(line.text)) {
    r.draft.scenario.clients.back().commands.push_back(line);
    return;
  }
  const auto fail = [&](const std::string& message) { r.problems.add(line.number, message); };
  const auto all = words_of(line.text);
  const auto words = without_direction(kind, all, r.draft);
  if (words.empty())
    return fail(fmt::format("what holds {0} is missing, as in `{0} delay 10ms`", all.front()));
  const auto known = rows_of(kind);
  auto [row, m] = best_match(known, words);
  if (row == nullptr) return fail(unknown_word(words.front(), known));
  if (m.has_alternatives) return fail(m.fault);
  if (!m.complete) return fail(fmt::format("{}. The line is: {}", m.fault, plain(row->syntax)));
  m.arguments.line = line.number;
  if (const auto fault = disorder(row->syntax, m.arguments); !fault.empty()) return fail(fault);
  note_moments(*row, m.arguments, r);
  note_replacement(*row, all, line.number, r);
  row->apply(r.draft, m.arguments);
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
  const auto line = "ntp-service unicast-server 192.0.2.1 " + follow.options;
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
  std::set<std::string> asked;
  for (const auto& client : s.clients) {
    for (const auto& follow : client.follows) asked.insert(follow.group);
    for (const auto& server : client.ntp.servers) {
      const auto owner = inhabitants.find(server.key.address);
      if (owner != inhabitants.end()) asked.insert(owner->second);
    }
  }
  for (const auto& client : s.clients)
    if (asked.contains(client.name) && !serves(client))
      r.warnings.add(client.line,
                     fmt::format("others ask client {}, but it answers nobody: add `undo ntp-service "
                                 "server disable`",
                                 client.name));
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
  for (const auto& client : r.draft.scenario.clients) warn_of_late_starts(client, r);
  warn_of_unused(inhabitants, r);
}

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

base::Result<Variation::Setting> parse_setting(std::string_view option, std::string_view text) {
  const auto dot = text.find('.'), equals = text.find('=');
  if (dot == std::string_view::npos || equals == std::string_view::npos || dot > equals || dot == 0 ||
      equals == dot + 1)
    return base::fail(fmt::format(
        "{} {}: a setting is NAME.KEY=VALUE, for example wan.loss=10% or world.duration=6h", option, text));
  return Variation::Setting{
      .section = std::string(text.substr(0, dot)),
      .line = fmt::format("{} {}", text.substr(dot + 1, equals - dot - 1), text.substr(equals + 1)),
      .origin = fmt::format("{} {}", option, text)};
}

base::Result<Scenario> parse_scenario(std::string_view text, std::string_view name,
                                      const Variation& variation) {
  if (text.size() > kMaxScenarioFile)
    return base::fail(fmt::format("{} is larger than {} octets", name, kMaxScenarioFile));
  Reading r{.problems = Problems(name, variation), .warnings = Problems(name, variation)};
  split(text, r);
  vary(variation, r);
  for (const auto& section : r.sections) {
    open_section(section.kind, section.arguments, r.draft);
    r.set_in.clear();
    for (const auto& line : section.lines) interpret(section.kind, line, r);
  }
  if (r.problems.empty()) check(variation, r);
  if (!r.problems.empty()) return tl::unexpected(r.problems.error());
  return std::move(r.draft.scenario);
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
