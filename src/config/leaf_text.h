#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "config/model.h"

namespace noonmark::config {

/// Text <-> value, once per type. from_text() is false, and the value unchanged, if the text is none of that
/// type.

template <std::integral Number>
bool from_text(std::string_view text, Number& value) {
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  value = parsed;
  return true;
}
template <std::integral Number>
std::string to_text(Number value) {
  return std::to_string(value);
}

/// A flag is given or not: any text, the empty one too, sets it.
inline bool from_text(std::string_view, bool& value) { return value = true; }
inline std::string to_text(bool) { return {}; }

inline bool from_text(std::string_view text, std::string& value) {
  value = text;
  return true;
}
inline std::string to_text(const std::string& value) { return value; }

/// The flag `ipv6`.
inline bool from_text(std::string_view, Family& value) {
  value = Family::ipv6;
  return true;
}
inline std::string to_text(Family) { return {}; }

bool from_text(std::string_view text, IpAddress& value);
std::string to_text(const IpAddress& value);
bool from_text(std::string_view text, ClockUnit& value);
std::string to_text(ClockUnit value);
bool from_text(std::string_view text, crypto::MacAlgorithm& value);
std::string to_text(crypto::MacAlgorithm value);
bool from_text(std::string_view text, core::ListenAll& value);
std::string to_text(core::ListenAll value);
bool from_text(std::string_view text, core::StepPolicy::When& value);
std::string to_text(core::StepPolicy::When value);
bool from_text(std::string_view text, core::AccessLevel& value);
std::string to_text(core::AccessLevel value);
bool from_text(std::string_view text, MatchOrder& value);
std::string to_text(MatchOrder value);

}  // namespace noonmark::config
