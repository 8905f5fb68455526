#include "sim/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <span>
#include <fmt/format.h>

#include "base/net_address.h"

namespace noonmark::sim {
namespace {

constexpr double kDay = 86400;            // s
constexpr double kLongest = 3650 * kDay;  // s
constexpr double kFarthest = 1e9;         // s, of a wrong clock: within half an era (68 years)
constexpr double kFastest = 0.01;         // s/s
constexpr std::size_t kMaxName = 31;

constexpr std::array kUnits{
    UnitInfo{Unit::time, "time", "a span of time: `250us`, `10ms`, `64s`, `30m`, `48h`, `2d`; plain: seconds",
             0, kLongest, "0s to 3650d"},
    UnitInfo{Unit::moment, "moment", "a moment, as the time since the world began: `90m`, `24h`", 0, kLongest,
             "0s to 3650d"},
    UnitInfo{Unit::offset, "offset", "a time that may be negative: `-20ms`", -kFarthest, kFarthest,
             "-1e9s to 1e9s"},
    UnitInfo{Unit::rate, "rate", "a relative frequency that may be negative: `12ppm`, `-3ppb`, `1e-9`",
             -kFastest, kFastest, "-10000ppm to 10000ppm"},
    UnitInfo{Unit::level, "level", "a relative frequency, not negative: `0.1ppm`, `1e-9`", 0, kFastest,
             "0ppm to 10000ppm"},
    UnitInfo{Unit::ratio, "ratio", "a share of the whole: `2%`, `0.02`", 0, 1, "0% to 100%"},
    UnitInfo{Unit::number, "number", "a number: `1.5`", 1e-3, 1e3, "0.001 to 1000"},
    UnitInfo{Unit::count, "count", "a whole number from 1 to 100000", 1, 1e5, "1 to 100000"},
    UnitInfo{Unit::stratum, "stratum", "a stratum from 1 to 16", 1, 16, "1 to 16"},
    UnitInfo{Unit::date, "date", "a date and time in UTC: `2026-06-01T00:00:00`", 0, 4e9, "1970 to 2096"},
    UnitInfo{Unit::name, "name", "a name of letters, digits, `-` and `_`, at most 31", 0, 0, ""},
    UnitInfo{Unit::address, "address", "an IPv4 or IPv6 address", 0, 0, ""},
    UnitInfo{Unit::text, "text", "the rest of the line", 0, 0, ""},
};
static_assert(kUnits.size() == static_cast<std::size_t>(Unit::text) + 1);

struct Suffix {
  std::string_view text;
  double factor;
};
constexpr std::array kTimes{Suffix{"ns", 1e-9}, Suffix{"us", 1e-6}, Suffix{"ms", 1e-3}, Suffix{"s", 1},
                            Suffix{"m", 60},    Suffix{"h", 3600},  Suffix{"d", kDay},  Suffix{"", 1}};
constexpr std::array kRates{Suffix{"ppm", 1e-6}, Suffix{"ppb", 1e-9}, Suffix{"", 1}};
constexpr std::array kRatios{Suffix{"%", 0.01}, Suffix{"", 1}};
constexpr std::array kPlain{Suffix{"", 1}};

std::span<const Suffix> suffixes(Unit unit) {
  switch (unit) {
    case Unit::time:
    case Unit::moment:
    case Unit::offset: return kTimes;
    case Unit::rate:
    case Unit::level: return kRates;
    case Unit::ratio: return kRatios;
    default: return kPlain;
  }
}

std::optional<double> parse_number(Unit unit, std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  const std::string_view rest(end, text.data() + text.size());
  const auto all = suffixes(unit);
  const auto suffix = std::ranges::find(all, rest, &Suffix::text);
  if (suffix == all.end()) return std::nullopt;
  if ((unit == Unit::count || unit == Unit::stratum) && value != std::floor(value)) return std::nullopt;
  return value * suffix->factor;
}

/// "; with a unit: 12ppm", where a unit alone makes the number right.
std::string with_unit(const UnitInfo& of, std::string_view text) {
  const auto& suffix = suffixes(of.unit).front();
  if (suffix.text.empty() || text.empty() || text.back() < '0' || text.back() > '9') return "";
  auto completed = fmt::format("{}{}", text, suffix.text);
  const auto value = parse_number(of.unit, completed);
  if (!value || *value < of.low || *value > of.high) return "";
  return "; with a unit: " + completed;
}

/// Two or four digits at `at`.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  if (at + count > text.size()) return std::nullopt;
  const auto* end = text.data() + at + count;
  const auto [stop, error] = std::from_chars(text.data() + at, end, value);
  if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
  return value;
}

std::optional<double> parse_date(std::string_view text) {
  if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (*year < 1970 || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return kDay * static_cast<double>(days) + *hour * 3600 + *minute * 60 + *second;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

const UnitInfo& info(Unit unit) { return kUnits[static_cast<std::size_t>(unit)]; }

Unit unit_named(std::string_view name) {
  const auto it = std::ranges::find(kUnits, name, &UnitInfo::name);
  return it == kUnits.end() ? Unit::text : it->unit;
}

base::Result<double> parse_value(Unit unit, std::string_view text) {
  const auto& of = info(unit);
  bool right = true;
  std::optional<double> value = 0;
  switch (unit) {
    case Unit::text: break;
    case Unit::name: right = is_name(text); break;
    case Unit::address: right = base::IpAddress::parse(text).has_value(); break;
    case Unit::date: value = parse_date(text); break;
    default: value = parse_number(unit, text);
  }
  if (!right || !value) return base::fail(fmt::format("{} is not {}", text, of.help));
  if (*value < of.low || *value > of.high)
    return base::fail(fmt::format("{} is out of range: {}{}", text, of.range, with_unit(of, text)));
  return *value;
}

bool is_suffix(std::string_view text) {
  const auto has = [&](std::span<const Suffix> all) {
    return !text.empty() && std::ranges::find(all, text, &Suffix::text) != all.end();
  };
  return has(kTimes) || has(kRates) || has(kRatios);
}

std::string format_time(double seconds) {
  constexpr std::array kShown{Suffix{"s", 1}, Suffix{"ms", 1e-3}, Suffix{"us", 1e-6}, Suffix{"ns", 1e-9}};
  const double size = std::abs(seconds);
  for (const auto& unit : kShown)
    if (size >= unit.factor) return fmt::format("{:.3g} {}", seconds / unit.factor, unit.text);
  return size == 0 ? "0 s" : fmt::format("{:.3g} ns", seconds * 1e9);
}

std::string format_rate(double rate) { return fmt::format("{:.3g} ppm", rate * 1e6); }

}  // namespace noonmark::sim
