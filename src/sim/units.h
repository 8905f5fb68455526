#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace noonmark::sim {

/// The kinds of values in a scenario. Each has one range, wherever it stands.
enum class Unit : std::uint8_t {
  time,
  moment,
  offset,
  rate,
  level,
  ratio,
  number,
  count,
  stratum,
  date,
  name,
  address,
  text
};

struct UnitInfo {
  Unit unit;
  std::string_view name;
  std::string_view help;
  double low, high;        // of the number
  std::string_view range;  // the same for people
};
/// By the enumeration's order.
const UnitInfo& info(Unit unit);
/// None of that name: Unit::text.
Unit unit_named(std::string_view name);

/// A value as a number: seconds, s/s, a share of 1, a count, or seconds since 1970. Names, addresses and
/// texts give 0. The error says what would be right.
base::Result<double> parse_value(Unit unit, std::string_view text);

/// "ms", "ppm", "%": what stands behind a number, without a blank.
bool is_suffix(std::string_view text);

/// "12.3 us": three digits and a unit.
std::string format_time(double seconds);
/// "0.0123 ppm".
std::string format_rate(double rate);

}  // namespace noonmark::sim
