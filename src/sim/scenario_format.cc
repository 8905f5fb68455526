#include "sim/scenario_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/line.h"
#include "sim/scenario_check.h"
#include "sim/scenario_reading.h"

namespace noonmark::sim {
namespace {

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxLines = 20'000;

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

/// Lines may end as on other systems.
bool is_control(char c) { return c != '\r' && cli::is_control(c); }

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
    } else if (std::ranges::any_of(line, is_control)) {
      r.problems.add(number, "a control character is in this line");
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
  constexpr std::array<std::string_view, 5> kFirstWords{"ntp-service", "undo", "acl", "rule", "quit"};
  const auto words = words_of(line);
  return !words.empty() && std::ranges::find(kFirstWords, words.front()) != kFirstWords.end();
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

/// What a line sets, for its section: the next one of the same name replaces it.
std::string slot_of(const Row& row, std::span<const std::string_view> all,
                    std::span<const std::string_view> words) {
  const auto direction = all.size() - words.size();
  return fmt::format("{}", fmt::join(all.first(direction + row.naming), " "));
}

void note_replacement(const Row& row, const std::string& slot, std::size_t line, Reading& r) {
  if (row.naming == 0 || line >= kFirstSetting) return;  // settings are there to replace lines
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
  note_replacement(*row, slot_of(*row, all, words), line.number, r);
  row->apply(r.draft, m.arguments);
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
      text +=
          fmt::format("| `{}` | {} | {} | {}{} |\n", escaped_cell(plain(row.syntax)), units_of(row.syntax),
                      row.by_default, row.help, row.naming == 0 ? "; may be repeated" : "");
  }
  return text;
}

}  // namespace noonmark::sim
