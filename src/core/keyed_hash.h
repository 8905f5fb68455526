#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include "base/random.h"

namespace noonmark::core {

/// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF") over whole 64-bit words: who does
/// not know the key can neither choose nor predict values.
class KeyedHash {
 public:
  KeyedHash(std::uint64_t k0, std::uint64_t k1) : k0_(k0), k1_(k1) {}
  explicit KeyedHash(base::Random& random) : k0_(random.next()), k1_(random.next()) {}

  /// Words are the message's octets in little-endian order.
  template <std::same_as<std::uint64_t>... Word>
  std::uint64_t of(Word... words) const {
    State s{k0_ ^ 0x736F6D6570736575, k1_ ^ 0x646F72616E646F6D, k0_ ^ 0x6C7967656E657261,
            k1_ ^ 0x7465646279746573};
    (s.absorb(words), ...);
    s.absorb(std::uint64_t{8 * sizeof...(words)} << 56);
    return s.finish();
  }

 private:
  struct State {
    std::uint64_t v0, v1, v2, v3;
    void round() {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32) + v3;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
    void absorb(std::uint64_t word) {
      v3 ^= word;
      round();
      v0 ^= word;
    }
    std::uint64_t finish() {
      v2 ^= 0xFF;
      round();
      round();
      round();
      return v0 ^ v1 ^ v2 ^ v3;
    }
  };
  std::uint64_t k0_;
  std::uint64_t k1_;
};

}  // namespace noonmark::core
