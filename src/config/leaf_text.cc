#include "config/leaf_text.h"

#include <algorithm>
#include <array>

namespace noonmark::config {
namespace {

constexpr std::string_view kClockPrefix = "127.127.1.";

/// By core::StepPolicy::When.
constexpr std::array<std::string_view, 4> kStepPolicies{"at-start", "always", "never", "forward-only"};

/// By core::AccessLevel, in the order in which they are tried.
constexpr std::array<std::string_view, core::kAccessLevels> kAccessLevels{"peer", "server", "synchronization",
                                                                          "query", "limited"};
constexpr std::array<std::string_view, 2> kMatchOrders{"config", "auto"};  // by MatchOrder

template <class Enumeration, class Names>
bool find_name(std::string_view text, const Names& names, Enumeration& value) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return false;
  value = static_cast<Enumeration>(found - names.begin());
  return true;
}

template <class T>
bool assign(T& value, const std::optional<T>& parsed) {
  if (parsed) value = *parsed;
  return parsed.has_value();
}

}  // namespace

bool from_text(std::string_view text, IpAddress& value) { return assign(value, IpAddress::parse(text)); }
std::string to_text(const IpAddress& value) { return value.to_string(); }

bool from_text(std::string_view text, ClockUnit& value) {
  std::uint8_t unit = 0;
  if (!text.starts_with(kClockPrefix) || !from_text(text.substr(kClockPrefix.size()), unit)) return false;
  value = ClockUnit{unit};
  return true;
}
std::string to_text(ClockUnit value) {
  return std::string(kClockPrefix) + std::to_string(static_cast<unsigned>(value));
}

bool from_text(std::string_view text, crypto::MacAlgorithm& value) {
  return assign(value, crypto::parse_mac_algorithm(text));
}
std::string to_text(crypto::MacAlgorithm value) { return std::string(crypto::to_string(value)); }

bool from_text(std::string_view text, core::ListenAll& value) {
  if (text == "enable")
    value = core::ListenAll::enable;
  else if (text == "disable")
    value = core::ListenAll::disable;
  else
    return false;
  return true;
}
std::string to_text(core::ListenAll value) { return value == core::ListenAll::enable ? "enable" : "disable"; }

bool from_text(std::string_view text, core::StepPolicy::When& value) {
  return find_name(text, kStepPolicies, value);
}
std::string to_text(core::StepPolicy::When value) {
  return std::string(kStepPolicies[static_cast<std::size_t>(value)]);
}

bool from_text(std::string_view text, core::AccessLevel& value) {
  return find_name(text, kAccessLevels, value);
}
std::string to_text(core::AccessLevel value) {
  return std::string(kAccessLevels[static_cast<std::size_t>(value)]);
}

bool from_text(std::string_view text, MatchOrder& value) { return find_name(text, kMatchOrders, value); }
std::string to_text(MatchOrder value) { return std::string(kMatchOrders[static_cast<std::size_t>(value)]); }

}  // namespace noonmark::config
