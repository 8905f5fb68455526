#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/net_address.h"

namespace noonmark::core {

/// For the path that each request takes: one instruction where a loop over octets costs ten. The caller has
/// checked the bounds.
inline std::uint64_t in_network_order(std::uint64_t v) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(v) : v;
}
inline std::uint32_t in_network_order(std::uint32_t v) {
  return std::endian::native == std::endian::little ? __builtin_bswap32(v) : v;
}

template <class T>
T load(const std::uint8_t* from) {
  T value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
void store_network_order(std::uint8_t* to, T value) {
  value = in_network_order(value);
  std::memcpy(to, &value, sizeof value);
}

/// a == b. Octets beyond an IPv4 address's four are zero.
inline bool is_same(const base::IpAddress& a, const base::IpAddress& b) {
  const auto *x = a.bytes().data(), *y = b.bytes().data();
  return a.family() == b.family() && ((load<std::uint64_t>(x) ^ load<std::uint64_t>(y)) |
                                      (load<std::uint64_t>(x + 8) ^ load<std::uint64_t>(y + 8))) == 0;
}

}  // namespace noonmark::core
