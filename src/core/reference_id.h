#pragma once

#include <cstdint>

#include "base/net_address.h"

namespace noonmark::core {

inline constexpr std::uint32_t kLocalReferenceId = 0x4C4F434C;  // "LOCL", RFC 5905 figure 12

/// The reference ID that names a server: its IPv4 address, or the first four octets of the MD5 of its IPv6
/// address (RFC 5905 section 7.3).
std::uint32_t reference_id_of(const base::IpAddress& address);

/// What a local clock 127.127.1.`unit` of `stratum` advertises: LOCL at stratum 1, else its address.
std::uint32_t local_reference_id(std::uint8_t unit, std::uint8_t stratum);

}  // namespace noonmark::core
