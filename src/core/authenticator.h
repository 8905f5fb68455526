#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "core/config.h"
#include "crypto/mac.h"
#include "wire/packet.h"

namespace noonmark::core {

/// A symmetric key ready for use.
class Key {
 public:
  static base::Result<Key> create(const KeyConfig& config);

  std::uint32_t id() const { return id_; }
  bool is_reliable() const { return reliable_; }
  /// Octets of digest that we send in a packet of `version`: all of it, but in version 4 its first 20 (more
  /// would be longer than RFC 7822 section 7.5.1.3 allows without extension fields), unless the key says
  /// otherwise.
  std::size_t sent_length(std::uint8_t version) const;
  /// Whether a digest of `length` octets can be this key's: the whole of it or, where it is longer, its first
  /// 20. In version 4 only hmac-sha256 is also accepted whole.
  bool accepts_length(std::uint8_t version, std::size_t length) const;
  bool verify(std::uint8_t version, base::Bytes message, base::Bytes digest) {
    return accepts_length(version, digest.size()) && mac_.verify(message, digest);
  }
  /// Appends key id and the first `length` octets of the digest over the `size` octets in `packet`; gives the
  /// new size.
  std::size_t sign(std::span<std::uint8_t> packet, std::size_t size, std::size_t length);

 private:
  Key(const KeyConfig& config, crypto::MacKey mac);
  std::uint32_t id_;
  bool reliable_;
  std::uint8_t mac_length_;
  crypto::MacKey mac_;
};

/// The configured keys, found by id.
class KeyTable {
 public:
  /// Fails on a key of the wrong length; the message names it.
  static base::Result<KeyTable> create(std::span<const KeyConfig> keys);
  Key* find(std::uint32_t id);
  const Key* find(std::uint32_t id) const;
  /// For wire::decode.
  static bool is_mac_of_key(const void* table, std::uint32_t key_id, std::size_t mac_octets);

 private:
  std::vector<Key> keys_;  // by id
};

/// What a MAC (or its absence) says about a packet of which `key` is expected.
enum class Authenticity : std::uint8_t { verified, missing, wrong_key, wrong_digest, crypto_nak };
Authenticity authenticate(Key& key, base::Bytes datagram, const wire::Packet& packet);

}  // namespace noonmark::core
