#include "base/net_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>

namespace noonmark::base {

std::string_view to_string(Family family) { return family == Family::ipv4 ? "IPv4" : "IPv6"; }

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress a;
  for (int i = 0; i < 4; ++i)
    a.bytes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return a;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress a;
  a.family_ = Family::ipv6;
  std::ranges::copy(bytes, a.bytes_.begin());
  return a;
}

IpAddress IpAddress::any(Family family) {
  IpAddress a;
  a.family_ = family;
  return a;
}

IpAddress IpAddress::loopback(Family family) {
  if (family == Family::ipv4) return v4(0x7F000001);
  IpAddress a = any(family);
  a.bytes_[15] = 1;
  return a;
}

std::optional<IpAddress> IpAddress::parse_v4(std::string_view text) {
  std::uint32_t value = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
    unsigned octet = 0;
    const auto [next, error] = std::from_chars(at, end, octet);
    const bool leading_zero = next - at > 1 && *at == '0';
    if (error != std::errc{} || octet > 255 || leading_zero) return std::nullopt;
    value = value << 8 | octet;
    at = next;
  }
  if (at != end) return std::nullopt;
  return v4(value);
}

std::optional<IpAddress> IpAddress::parse_v6(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  if (text.size() > 45 || inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1)
    return std::nullopt;
  return v6(bytes);
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (auto a = parse_v4(text)) return a;
  return parse_v6(text);
}

std::uint32_t IpAddress::v4_value() const {
  if (!is_v4()) return 0;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes_[i];
  return value;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes_, [](std::uint8_t b) { return b == 0; });
}
bool IpAddress::is_loopback() const { return is_v4() ? bytes_[0] == 127 : *this == loopback(Family::ipv6); }
bool IpAddress::is_multicast() const { return is_v4() ? (bytes_[0] & 0xF0) == 0xE0 : bytes_[0] == 0xFF; }
bool IpAddress::is_link_local() const { return !is_v4() && bytes_[0] == 0xFE && (bytes_[1] & 0xC0) == 0x80; }
bool IpAddress::is_v4_mapped() const {
  return !is_v4() &&
         std::all_of(bytes_.begin(), bytes_.begin() + 10, [](std::uint8_t b) { return b == 0; }) &&
         bytes_[10] == 0xFF && bytes_[11] == 0xFF;
}

std::string to_string(const Endpoint& e) {
  return e.address.is_v4() ? fmt::format("{}:{}", e.address.to_string(), e.port)
                           : fmt::format("[{}]:{}", e.address.to_string(), e.port);
}

}  // namespace noonmark::base
