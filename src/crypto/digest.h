#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace noonmark::crypto {

/// MD5 (RFC 1321) where the protocol wants a checksum, not security: the reference id of an IPv6 source is
/// the first four octets of its address's MD5 (RFC 5905 section 7.3).
std::array<std::uint8_t, 16> md5(base::Bytes data);

}  // namespace noonmark::crypto
