#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace noonmark::crypto {

/// Authenticated encryption of passwords at rest: AES-256-GCM (NIST SP 800-38D) with a full tag.
inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;
using AeadNonce = std::array<std::uint8_t, kAeadNonceSize>;

/// Ciphertext and tag: plaintext.size() + kAeadTagSize octets. The nonce is random, used once, and kept
/// beside it; `associated_data` is not encrypted, but open() fails if it differs. `key` has kAeadKeySize
/// octets.
std::vector<std::uint8_t> seal(const Secret& key, const AeadNonce& nonce, base::Bytes plaintext,
                               base::Bytes associated_data);

/// The plaintext of what seal() gave with the same key, nonce and associated data; fails on anything else.
base::Result<Secret> open(const Secret& key, const AeadNonce& nonce, base::Bytes sealed,
                          base::Bytes associated_data);

}  // namespace noonmark::crypto
