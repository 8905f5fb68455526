#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace noonmark::crypto {

/// The octets of hexadecimal digits; spaces between them are skipped.
inline std::vector<std::uint8_t> from_hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::uint8_t> octets;
  bool high = true;
  for (const char c : digits) {
    if (c == ' ') continue;
    if (high) octets.push_back(0);
    octets.back() = static_cast<std::uint8_t>(octets.back() << 4 | value(c));
    high = !high;
  }
  return octets;
}

inline std::vector<std::uint8_t> from_text(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace noonmark::crypto
