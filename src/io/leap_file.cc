#include "io/leap_file.h"

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>

#include "wire/time.h"

namespace noonmark::io {
namespace {

using core::LeapTable;

constexpr std::size_t kMaxEntries = 1000;      // 28 in the first 45 years
constexpr std::int64_t kMaxTime = 0xFFFFFFFF;  // s since 1900: the format has 32 bits
constexpr int kMaxTaiOffset = 1000;            // s
constexpr std::string_view kBlanks = " \t\r";

/// Takes the number that `text` begins with, and the blanks around it.
std::optional<std::int64_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && kBlanks.find(text.front()) == std::string_view::npos && text.front() != '#')
    return std::nullopt;
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return value;
}

/// NTP seconds as seconds since 1970.
std::optional<std::int64_t> take_time(std::string_view& text) {
  const auto seconds = take_number(text);
  if (!seconds || *seconds < 0 || *seconds > kMaxTime) return std::nullopt;
  return *seconds - wire::Timestamp::kUnixEpoch;
}

std::optional<LeapTable::Entry> entry_of(std::string_view line) {
  const auto from = take_time(line);
  if (!from) return std::nullopt;
  const auto offset = take_number(line);
  if (!offset || std::abs(*offset) > kMaxTaiOffset || (!line.empty() && line.front() != '#'))
    return std::nullopt;
  return LeapTable::Entry{*from, static_cast<int>(*offset)};
}

/// One row behind another: later, and by a leap second more or less.
bool follows(const LeapTable::Entry& next, const LeapTable& table) {
  if (table.entries.empty()) return true;
  const auto& last = table.entries.back();
  return next.from > last.from && std::abs(next.tai_offset - last.tai_offset) == 1;
}

/// False if the line is none that such a file has.
bool take_line(std::string_view line, LeapTable& table) {
  if (line.starts_with("#@")) {
    line.remove_prefix(2);
    const auto expires = take_time(line);
    table.expires = expires.value_or(0);
    return expires.has_value();
  }
  if (line.find_first_not_of(kBlanks) == std::string_view::npos || line.starts_with('#')) return true;
  const auto entry = entry_of(line);
  if (!entry || !follows(*entry, table) || table.entries.size() == kMaxEntries) return false;
  table.entries.push_back(*entry);
  return true;
}

}  // namespace

base::Result<LeapTable> parse_leap_file(std::string_view text) {
  LeapTable table;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!take_line(line, table)) return base::fail(fmt::format("line {} is no line of such a file", number));
  }
  if (table.entries.empty()) return base::fail("it has no leap seconds");
  if (table.expires == 0) return base::fail("it does not say when it expires");
  return table;
}

}  // namespace noonmark::io
