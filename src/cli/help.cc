#include "cli/help.h"

#include <algorithm>
#include <tuple>
#include <fmt/format.h>

#include "cli/existing.h"
#include "cli/parser.h"
#include "cli/pipeline.h"

namespace noonmark::cli {
namespace {

constexpr std::size_t kMinWidth = 40;
constexpr std::size_t kMaxWidth = 512;
constexpr std::size_t kColumn = 40;     // of partial help
constexpr std::size_t kMaxListed = 32;  // values below one parameter
constexpr std::size_t kMaxCompletions = 512;

struct Item {
  std::string text;
  std::string help;
};

/// The word that is being typed: what stands behind the last blank.
std::string_view last_word(std::string_view line) {
  const auto blank = line.find_last_of(" \t");
  return blank == std::string_view::npos ? line : line.substr(blank + 1);
}

tl::expected<Expectations, SyntaxError> expected(const HelpContext& context, std::string_view line) {
  if (auto in_pipeline = expected_in_pipeline(line)) return std::move(*in_pipeline);
  const auto place = command_place(line, context.view);
  auto words = parser().expected_next(place.command, place.view, context.privileged);
  if (!words && is_of_one_thing(place.view)) {
    auto upper = parser().expected_next(place.command, View::system, context.privileged);
    if (upper || upper.error().offset > words.error().offset) words = std::move(upper);
  }
  if (!words) {
    words.error().offset += place.offset;
    return words;
  }
  if (words->complete && words->displays)
    words->words.insert(words->words.end(), pipeline_openers().begin(), pipeline_openers().end());
  return words;
}

/// Names and numbers in the place of a parameter, as far as `prefix` fits.
std::vector<ExistingValue> existing_values(const HelpContext& context, const Expectations& words,
                                           std::string_view prefix) {
  std::vector<ExistingValue> values;
  for (const auto& word : words.parameters)
    for (auto& value : existing(*word, context.services, context.candidate))
      if (value.text.starts_with(prefix)) values.push_back(std::move(value));
  std::ranges::sort(values, {}, &ExistingValue::text);
  values.erase(std::ranges::unique(values, {}, &ExistingValue::text).begin(), values.end());
  return values;
}

/// Breaks `text` into lines of at most `width` columns.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    auto end = text.rfind(' ', width);
    if (end == std::string_view::npos || end == 0) end = std::min(text.find(' '), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  lines.emplace_back(text);
  return lines;
}

std::string listing(const std::vector<Item>& items, std::size_t width) {
  std::size_t column = 0;
  for (const auto& item : items) column = std::max(column, item.text.size());
  column += 4;  // two blanks before and behind
  const auto room = width > column + 20 ? width - column - 1 : width;
  std::string text;
  for (const auto& item : items) {
    auto first = fmt::format("  {}", item.text);
    for (const auto& line : wrapped(item.help, room)) {
      text += line.empty() ? first + "\n" : fmt::format("{:{}}{}\n", first, column, line);
      first.clear();
    }
  }
  return text;
}

/// Parameters first, then keywords in alphabetical order, then the pipe, and <cr> as the last.
std::vector<Item> full_list(const HelpContext& context, Expectations words) {
  const auto rank = [](const Expectation& word) {
    const auto opener = std::string_view("|>").find(word.text.front());
    return std::tuple(!word.is_keyword ? 0 : opener == std::string_view::npos ? 1 : 2 + opener, word.text);
  };
  std::ranges::sort(words.words, {}, rank);
  std::vector<Item> items;
  for (const auto& word : words.words) {
    items.push_back({word.text, std::string(word.help)});
    if (word.leaf == nullptr) continue;
    Expectations of_this;
    of_this.parameters.push_back(word.leaf);
    auto values = existing_values(context, of_this, "");
    const auto left_out = values.size() - std::min(values.size(), kMaxListed);
    values.resize(values.size() - left_out);
    for (auto& value : values) items.push_back({"  " + value.text, std::move(value.help)});
    if (left_out != 0) items.push_back({"  ...", fmt::format("{} more", left_out)});
  }
  if (words.complete) items.push_back({"<cr>", ""});
  return items;
}

std::string in_columns(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool ends_line = i % 2 == 1 || i + 1 == words.size() || words[i].size() + 2 >= kColumn;
    text += ends_line ? fmt::format("  {}\n", words[i]) : fmt::format("  {:{}}", words[i], kColumn - 2);
  }
  return text;
}

}  // namespace

std::string help_text(const HelpContext& context, std::string_view line, std::size_t width) {
  const auto words = expected(context, line);
  if (!words) return render(words.error(), context.prompt);
  width = std::clamp(width, kMinWidth, kMaxWidth);
  const auto prefix = last_word(line);
  if (!prefix.empty()) {
    const auto candidates = completions(context, line);
    if (!candidates.empty()) return in_columns(candidates) + "\n";
    std::vector<Item> parameters;
    for (const auto* leaf : words->parameters)
      parameters.push_back({config::placeholder(*leaf), std::string(leaf->help)});
    if (!parameters.empty()) return listing(parameters, width) + "\n";
    return render(SyntaxError{SyntaxError::Kind::unrecognized, line.size() - prefix.size()}, context.prompt);
  }
  const bool is_start = line.find_first_not_of(" \t") == std::string_view::npos;
  const auto items = full_list(context, *words);
  return (is_start ? "Current view commands:\n" : "") + listing(items, width) + "\n";
}

std::vector<std::string> completions(const HelpContext& context, std::string_view line) {
  const auto words = expected(context, line);
  if (!words) return {};
  std::vector<std::string> found;
  for (const auto& word : words->words)
    if (word.is_keyword && word.text.find_first_of("|>") == std::string::npos) found.push_back(word.text);
  for (auto& value : existing_values(context, *words, last_word(line)))
    found.push_back(std::move(value.text));
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  if (found.size() > kMaxCompletions) found.resize(kMaxCompletions);
  return found;
}

}  // namespace noonmark::cli
