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

/// The algorithms of `authentication-mode`. Names are the CLI's keywords.
enum class MacAlgorithm : std::uint8_t { md5, hmac_sha256, aes_128_cmac, aes_256_cmac };
std::string_view to_string(MacAlgorithm algorithm);  // "md5", "hmac-sha256", "aes-128-cmac", "aes-256-cmac"
std::optional<MacAlgorithm> parse_mac_algorithm(std::string_view name);

inline constexpr std::size_t kMaxMacSize = 32;

struct Mac {
  std::array<std::uint8_t, kMaxMacSize> octets{};
  std::size_t size = 0;
  base::Bytes view() const { return {octets.data(), size}; }
};

/// Full digest size in octets: md5 16, hmac-sha256 32, CMACs 16.
std::size_t digest_size(MacAlgorithm algorithm);

/// A key ready for use: contexts are set up once; compute() allocates nothing and cannot fail. Not
/// thread-safe. Only assignment and destruction are allowed on one that was moved from. What GnuTLS derives
/// from the key for its contexts lies in its own heap, which is why the daemon as a whole makes no core
/// dumps.
///   md5           MD5(key || message)              RFC 5905 section 7.3
///   hmac-sha256   HMAC-SHA256(key, message)        RFC 2104, RFC 4231
///   aes-*-cmac    AES-CMAC(key, message)           RFC 4493, RFC 8573
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
