#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace noonmark::base {

enum class Family : std::uint8_t { ipv4, ipv6 };
std::string_view to_string(Family family);  // "IPv4", "IPv6"

/// An IPv4 or IPv6 address without port and scope. Default: IPv4 0.0.0.0.
class IpAddress {
 public:
  IpAddress() = default;
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v6(std::span<const std::uint8_t, 16> bytes);
  static IpAddress any(Family family);
  static IpAddress loopback(Family family);
  /// Strict dotted quad: four decimal octets 0..255 without leading zeros.
  static std::optional<IpAddress> parse_v4(std::string_view text);
  /// RFC 4291 text, no scope.
  static std::optional<IpAddress> parse_v6(std::string_view text);
  static std::optional<IpAddress> parse(std::string_view text);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::ipv4; }
  /// Network order: 4 or 16 bytes.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4u : 16u}; }
  std::uint32_t v4_value() const;  // host order; 0 for IPv6
  std::string to_string() const;   // canonical (RFC 5952)

  bool is_unspecified() const;
  bool is_loopback() const;    // 127/8, ::1
  bool is_multicast() const;   // 224/4, ff00::/8
  bool is_link_local() const;  // fe80::/10; IPv4: never
  bool is_v4_mapped() const;   // ::ffff:0:0/96

  auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
};

/// Address and UDP port; `scope` is the interface index of a link-local IPv6 address, else 0.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;
  auto operator<=>(const Endpoint&) const = default;
};
std::string to_string(const Endpoint& endpoint);  // 192.0.2.1:123, [2001:db8::1]:123

}  // namespace noonmark::base
