#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <tl/expected.hpp>

#include "base/bytes.h"
#include "wire/header.h"

namespace noonmark::wire {

enum class DecodeError : std::uint8_t {
  too_short,      // no whole header
  bad_length,     // not whole words, or the octets after header and fields can be neither a field nor a MAC
  bad_version,    // not 1..4
  bad_extension,  // a field shorter than 16 octets, not of whole words, or longer than the packet
};

inline constexpr std::size_t kKeyIdSize = 4;

/// The trailing message authentication code: 32-bit key id and digest (RFC 5905 section 7.3).
struct MacField {
  std::uint32_t key_id = 0;
  base::Bytes digest;       // empty: crypto-NAK
  std::size_t covered = 0;  // octets of the packet in front of the MAC: what the digest is over
};

/// Views into the datagram: valid as long as it is.
struct Packet {
  Header header;
  base::Bytes extensions;  // whole extension fields, checked for syntax, unknown types included
  std::optional<MacField> mac;
  bool is_crypto_nak() const { return mac && mac->key_id == 0 && mac->digest.empty(); }
};

/// Says whether `mac_octets` (key id + digest, so 20, 24 or 36) is the length of a MAC made with configured
/// key `key_id` in version 4.
using IsMacOfKey = bool (*)(const void* keys, std::uint32_t key_id, std::size_t mac_octets);

/// Takes a datagram apart. Versions 1..4 of every mode but 6 and 7 (those give only the first octets: see
/// bad_mode in core). In version 4, the end of the packet is told apart by the rules of RFC 7822 section 3
/// and 7.5, with one addition: 24 or 36 octets after the last field are a MAC if their first word is the id
/// of a configured key of that MAC length. Versions 1-3 have no extension fields: what follows the header is
/// a MAC (4, 20, 24, 36, 52 or 68 octets). Four octets are a MAC without a digest whatever their key id: only
/// id 0 is a crypto-NAK. `is_mac_of_key` may be null: no keys. Allocates nothing.
tl::expected<Packet, DecodeError> decode(base::Bytes datagram, IsMacOfKey is_mac_of_key, const void* keys);

/// Writes the 48 octets of `header`. Inverse of decode for packets without extension fields and MAC.
void encode(const Header& header, std::span<std::uint8_t, kHeaderSize> out);

/// Appends a MAC field to the first `packet_size` octets of `buffer`; `digest` is over these, empty for a
/// crypto-NAK. Gives the new size of the packet. The buffer must have room.
std::size_t append_mac(std::span<std::uint8_t> buffer, std::size_t packet_size, std::uint32_t key_id,
                       base::Bytes digest);

/// Version and mode of a datagram's first octet (any length >= 1).
std::uint8_t version_of(base::Bytes datagram);
Mode mode_of(base::Bytes datagram);

}  // namespace noonmark::wire
