#include "config/base64.h"

namespace noonmark::config {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(base::Bytes octets) {
  std::string text;
  std::uint32_t bits = 0;
  int pending = 0;
  for (const auto octet : octets) {
    bits = bits << 8 | octet;
    for (pending += 8; pending >= 6; pending -= 6) text += kAlphabet[bits >> (pending - 6) & 0x3F];
  }
  if (pending > 0) text += kAlphabet[bits << (6 - pending) & 0x3F];
  return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  std::vector<std::uint8_t> octets;
  std::uint32_t bits = 0;
  int pending = 0;
  for (const char c : text) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    octets.push_back(static_cast<std::uint8_t>(bits >> pending));
  }
  const bool leftover = (bits & ((1u << pending) - 1)) != 0 || pending >= 6;
  if (leftover) return std::nullopt;
  return octets;
}

}  // namespace noonmark::config
