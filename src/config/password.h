#pragma once

#include "base/result.h"
#include "config/keyring.h"
#include "crypto/mac.h"

namespace noonmark::config {

/// The octets of hexadecimal digits; fails on an odd number of them.
base::Result<crypto::Secret> secret_from_hex(std::string_view digits);

/// aes-128-cmac takes exactly 16 octets and aes-256-cmac 32 (RFC 8573, RFC 4493); the others 1..255.
base::Result<void> check_length(crypto::MacAlgorithm algorithm, const Password& password);

/// 12 characters at least and all of lower case, upper case, digits and special characters (a blank is one);
/// for hexadecimal digits 16 octets.
base::Result<void> check_complexity(const Password& password);

}  // namespace noonmark::config
