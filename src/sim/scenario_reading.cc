#include "sim/scenario_reading.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_names.h"

namespace noonmark::sim {
namespace {

constexpr std::size_t kMaxProblems = 10;  // shown

}  // namespace

void Problems::add(std::size_t line, const std::string& message) {
  auto text = place(line) + message;
  if (std::ranges::find(shown_, text) != shown_.end()) return;
  if (shown_.size() < kMaxProblems)
    shown_.push_back(std::move(text));
  else
    ++more_;
}

std::vector<std::string> Problems::sentences() const {
  auto all = shown_;
  if (more_ > 0) all.push_back(fmt::format("and {} more", more_));
  return all;
}

base::Error Problems::error() const {
  return {base::ErrorCode::invalid, fmt::format("{}", fmt::join(sentences(), "\n"))};
}

std::string Problems::place(std::size_t line) const {
  if (line >= kFirstCommand) return fmt::format("{}:{}: ", variation_.commands_name, line - kFirstCommand);
  if (line >= kFirstSetting) return variation_.settings[line - kFirstSetting].origin + ": ";
  return fmt::format("{}:{}: ", file_, std::max<std::size_t>(1, line));
}

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

std::string span(double seconds) {
  return seconds >= 3600 ? fmt::format("{:.6g}h", seconds / 3600) : fmt::format("{:.6g}s", seconds);
}

std::string suggestion(std::string_view word, std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto nearest = base::nearest_names(word, names, 1);
  return nearest.empty() ? fmt::format("one of {}", fmt::join(names, ", "))
                         : fmt::format("perhaps {}", fmt::join(nearest, " or "));
}

}  // namespace noonmark::sim
