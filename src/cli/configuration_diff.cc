#include "cli/configuration_diff.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace noonmark::cli {
namespace {

using Lines = std::vector<ConfigurationLine>;
using Key = std::pair<std::string_view, std::string_view>;

Key key_of(const ConfigurationLine& line) { return {line.section, line.line}; }

std::set<Key> keys_of(std::span<const ConfigurationLine> lines) {
  std::set<Key> keys;
  for (const auto& line : lines) keys.insert(key_of(line));
  return keys;
}

/// What undoes the line: the same for two values of one row.
std::string row_of(const ConfigurationLine& line) {
  const auto match = parser().parse(line.line, line.view);
  if (!match || match->command->schema == nullptr) return line.line;
  return parser().undo_line_of(*match->command, {match->values, match->undo});
}

/// The section that a line `acl ...` begins, and its view.
ConfigurationLine acl_header(const ConfigurationLine& line) {
  const auto match = parser().parse(line.line, View::system);
  if (!match || match->undo || match->command->leads_to == View::user) return {line.line, {}, {}, View::acl4};
  const auto view = match->command->leads_to;
  return {section_of(view, thing_of(*match)), {}, {}, view};
}

/// Lines that stand between two common ones. The new value of a row follows its old one.
void append_run(Lines removed, Lines added, std::vector<LineChange>& result) {
  std::vector<std::pair<std::string, ConfigurationLine>> news;
  for (auto& line : added) news.emplace_back(line.section + '\n' + row_of(line), std::move(line));
  for (auto& line : removed) {
    const auto row = line.section + '\n' + row_of(line);
    result.push_back({false, std::move(line)});
    const auto same = std::ranges::find(news, row, &std::pair<std::string, ConfigurationLine>::first);
    if (same == news.end()) continue;
    result.push_back({true, std::move(same->second)});
    news.erase(same);
  }
  for (auto& [row, line] : news) result.push_back({true, std::move(line)});
}

/// Sections stay together, in the order in which they come first.
std::vector<LineChange> grouped_by_section(std::vector<LineChange> changes) {
  std::map<std::string, std::size_t> position;
  std::vector<std::vector<LineChange>> sections;
  for (auto& change : changes) {
    const auto [at, is_new] = position.emplace(change.line.section, sections.size());
    if (is_new) sections.emplace_back();
    sections[at->second].push_back(std::move(change));
  }
  std::vector<LineChange> result;
  for (auto& section : sections) std::ranges::move(section, std::back_inserter(result));
  return result;
}

void append_section(const std::vector<LineChange>& changes, std::string& text) {
  const auto& first = changes.front().line;
  text += "  #\n";
  if (first.is_indented()) text += "  " + first.section + '\n';
  for (const auto& change : changes) {
    text += change.added ? "+ " : "- ";
    if (change.line.is_indented()) text += ' ';
    text += change.line.line + '\n';
  }
}

}  // namespace

Lines lines_of_text(std::string_view text) {
  Lines lines;
  ConfigurationLine header;  // of the lines that are indented
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#' || line == "return") continue;
    if (line.starts_with("interface ")) {
      header = {std::string(line), {}, {}, View::interface};
    } else if (line.front() == ' ') {
      lines.push_back({header.section, std::string(line.substr(1)), {}, header.view});
    } else {
      lines.push_back({std::string(line.substr(0, line.find(' '))), std::string(line), {}});
      if (line.starts_with("acl ")) {
        header = acl_header(lines.back());
        lines.back().section = header.section;
      }
    }
  }
  return lines;
}

/// Both are in canonical order, so that common lines follow each other in the same way.
std::vector<LineChange> changes(const Lines& from, const Lines& to) {
  const auto same = [](const auto& a, const auto& b) { return key_of(a) == key_of(b); };
  auto [old_line, new_line] = std::ranges::mismatch(from, to, same);
  auto old_end = from.end();
  auto new_end = to.end();
  while (old_end != old_line && new_end != new_line && same(*std::prev(old_end), *std::prev(new_end)))
    --old_end, --new_end;
  const auto before = keys_of({old_line, old_end}), after = keys_of({new_line, new_end});
  std::vector<LineChange> result;
  while (old_line != old_end || new_line != new_end) {
    Lines removed, added;
    while (old_line != old_end && !after.contains(key_of(*old_line))) removed.push_back(*old_line++);
    while (new_line != new_end && !before.contains(key_of(*new_line))) added.push_back(*new_line++);
    append_run(std::move(removed), std::move(added), result);
    if (old_line != old_end) ++old_line;
    if (new_line != new_end) ++new_line;
  }
  return grouped_by_section(std::move(result));
}

std::string render_changes(const std::vector<LineChange>& changes) {
  std::string text;
  for (auto from = changes.begin(); from != changes.end();) {
    const auto to = std::find_if(from, changes.end(),
                                 [&](const LineChange& c) { return c.line.section != from->line.section; });
    append_section({from, to}, text);
    from = to;
  }
  return text.empty() ? text : text + "  #\n";
}

nlohmann::json changes_json(const std::vector<LineChange>& changes) {
  auto rows = nlohmann::json::array();
  for (const auto& change : changes)
    rows.push_back({{"change", change.added ? "added" : "removed"},
                    {"section", change.line.section},
                    {"line", change.line.line}});
  return rows;
}

}  // namespace noonmark::cli
