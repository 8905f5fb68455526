#include "core/authenticator.h"

#include <algorithm>
#include <utility>
#include <fmt/format.h>

namespace noonmark::core {
namespace {

constexpr std::size_t kShortDigest = 20;

}  // namespace

Key::Key(const KeyConfig& config, crypto::MacKey mac)
    : id_(config.id), reliable_(config.reliable), mac_length_(config.mac_length), mac_(std::move(mac)) {}

base::Result<Key> Key::create(const KeyConfig& config) {
  auto mac = crypto::MacKey::create(config.algorithm, config.secret);
  if (!mac) return base::fail(fmt::format("Key {}: {}", config.id, mac.error().message), mac.error().code);
  return Key(config, std::move(*mac));
}

std::size_t Key::sent_length(std::uint8_t version) const {
  const std::size_t whole = crypto::digest_size(mac_.algorithm());
  if (whole <= kShortDigest) return whole;
  if (mac_length_ != 0) return mac_length_;
  return version < 4 ? whole : kShortDigest;
}

bool Key::accepts_length(std::uint8_t version, std::size_t length) const {
  const std::size_t whole = crypto::digest_size(mac_.algorithm());
  if (whole <= kShortDigest) return length == whole;
  if (length == kShortDigest) return true;
  return length == whole && (version < 4 || mac_.algorithm() == crypto::MacAlgorithm::hmac_sha256);
}

std::size_t Key::sign(std::span<std::uint8_t> packet, std::size_t size, std::size_t length) {
  const auto mac = mac_.compute(packet.first(size));
  return wire::append_mac(packet, size, id_, mac.view().first(length));
}

base::Result<KeyTable> KeyTable::create(std::span<const KeyConfig> keys) {
  KeyTable table;
  for (const auto& config : keys) {
    auto key = Key::create(config);
    if (!key) return tl::unexpected(key.error());
    table.keys_.push_back(std::move(*key));
  }
  std::ranges::sort(table.keys_, {}, &Key::id);
  return table;
}

const Key* KeyTable::find(std::uint32_t id) const {
  const auto it = std::ranges::lower_bound(keys_, id, {}, &Key::id);
  return it != keys_.end() && it->id() == id ? &*it : nullptr;
}

Key* KeyTable::find(std::uint32_t id) { return const_cast<Key*>(std::as_const(*this).find(id)); }

bool KeyTable::is_mac_of_key(const void* table, std::uint32_t key_id, std::size_t mac_octets) {
  const Key* key = static_cast<const KeyTable*>(table)->find(key_id);
  return key != nullptr && key->accepts_length(4, mac_octets - wire::kKeyIdSize);
}

Authenticity authenticate(Key& key, base::Bytes datagram, const wire::Packet& packet) {
  if (!packet.mac) return Authenticity::missing;
  if (packet.is_crypto_nak()) return Authenticity::crypto_nak;
  if (packet.mac->key_id != key.id()) return Authenticity::wrong_key;
  return key.verify(packet.header.version, datagram.first(packet.mac->covered), packet.mac->digest)
             ? Authenticity::verified
             : Authenticity::wrong_digest;
}

}  // namespace noonmark::core
