#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace noonmark::crypto {

/// The algorithms of `authentication-mode`. Names are the CLI's keywords: "md5", "digest-sha256", ....
enum class MacAlgorithm : std::uint8_t {
  md5,
  hmac_sha256,
  aes_128_cmac,
  aes_256_cmac,
  digest_sha1,
  digest_sha256,
  digest_sha384,
  digest_sha512,
};
std::string_view to_string(MacAlgorithm algorithm);
std::optional<MacAlgorithm> parse_mac_algorithm(std::string_view name);

inline constexpr std::size_t kMaxMacSize = 64;

struct Mac {
  std::array<std::uint8_t, kMaxMacSize> octets;
  std::size_t size = 0;
  base::Bytes view() const { return {octets.data(), size}; }
};

/// Full digest size in octets: 16 of md5 and the CMACs, 20, 32, 48 or 64 of the others.
std::size_t digest_size(MacAlgorithm algorithm);
/// Of md5 and digest-sha1: collisions of their hashes are cheap.
bool is_weak(MacAlgorithm algorithm);

/// A key ready for use: it is expanded once, and overwritten when it goes; compute() allocates nothing and
/// cannot fail. Not thread-safe. Only assignment and destruction are allowed on one that was moved from.
///   md5, digest-*   HASH(key || message)           RFC 5905 section 7.3
///   hmac-sha256     HMAC-SHA256(key, message)      RFC 2104, RFC 4231
///   aes-*-cmac      AES-CMAC(key, message)         RFC 4493, RFC 8573
class MacKey {
 public:
  /// Fails on a key of the wrong length (aes-128-cmac: 16 octets, aes-256-cmac: 32, others: 1..255).
  static base::Result<MacKey> create(MacAlgorithm algorithm, const Secret& secret);
  MacKey(MacKey&&) noexcept;
  MacKey& operator=(MacKey&&) noexcept;
  ~MacKey();

  MacAlgorithm algorithm() const;
  /// The full digest over `message`; callers truncate.
  Mac compute(base::Bytes message);
  /// True if `digest` (digest.size() octets, a truncation is allowed by the caller's rules) is right;
  /// constant time. An empty digest (a crypto-NAK) and one longer than digest_size() never are.
  bool verify(base::Bytes message, base::Bytes digest);

 private:
  struct State;
  explicit MacKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace noonmark::crypto
