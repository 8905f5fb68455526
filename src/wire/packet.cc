#include "wire/packet.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace noonmark::wire {
namespace {

using base::Bytes;
using tl::make_unexpected;

constexpr std::size_t kWord = 4;
constexpr std::size_t kMinFieldSize = 16;      // RFC 7822, 7.5
constexpr std::size_t kMinLastFieldSize = 28;  // without a MAC after it: RFC 7822, 7.5.1.4
constexpr std::size_t kMac128Size = kKeyIdSize + 16;
constexpr std::size_t kMac160Size =
    kKeyIdSize + 20;  // also the longest that RFC 7822, 7.5.1.3 allows unasked
constexpr std::size_t kMac256Size = kKeyIdSize + 32;
constexpr std::array kLegacyMacSizes{kKeyIdSize,  kMac128Size,     kMac160Size,
                                     kMac256Size, kKeyIdSize + 48, kKeyIdSize + 64};

struct Keys {
  IsMacOfKey is_mac_of_key;
  const void* context;
  bool have(std::uint32_t key_id, std::size_t mac_octets) const {
    return is_mac_of_key != nullptr && is_mac_of_key(context, key_id, mac_octets);
  }
};

Header read_header(base::ByteReader& in) {
  Header header;
  const auto first = in.read<std::uint8_t>();
  header.leap = static_cast<Leap>(first >> 6);
  header.version = (first >> 3) & 7;
  header.mode = static_cast<Mode>(first & 7);
  header.stratum = in.read<std::uint8_t>();
  header.poll = static_cast<std::int8_t>(in.read<std::uint8_t>());
  header.precision = static_cast<std::int8_t>(in.read<std::uint8_t>());
  header.root_delay = ShortDuration::from_raw(in.read<std::uint32_t>());
  header.root_dispersion = ShortDuration::from_raw(in.read<std::uint32_t>());
  header.reference_id = in.read<std::uint32_t>();
  header.reference = Timestamp::from_raw(in.read<std::uint64_t>());
  header.origin = Timestamp::from_raw(in.read<std::uint64_t>());
  header.receive = Timestamp::from_raw(in.read<std::uint64_t>());
  header.transmit = Timestamp::from_raw(in.read<std::uint64_t>());
  return header;
}

MacField read_mac(Bytes datagram, std::size_t at) {
  base::ByteReader in(datagram.subspan(at));
  MacField mac;
  mac.key_id = in.read<std::uint32_t>();
  mac.digest = in.read_bytes(in.remaining());
  mac.covered = at;
  return mac;
}

bool is_legacy_mac_size(std::size_t size) {
  return std::ranges::find(kLegacyMacSizes, size) != kLegacyMacSizes.end();
}

/// Whether all octets after header and fields are a MAC. Without a key, only lengths below that of a last
/// field can be; with one, a 256-bit digest is told from a field of the same length by its key id.
bool is_mac(Bytes rest, const Keys& keys) {
  if (rest.size() == kKeyIdSize || rest.size() == kMac128Size || rest.size() == kMac160Size) return true;
  return rest.size() == kMac256Size && keys.have(base::ByteReader(rest).read<std::uint32_t>(), rest.size());
}

/// The length of the extension field at the beginning of `rest`, 0 if there is none.
std::size_t field_size(Bytes rest) {
  base::ByteReader in(rest);
  in.read<std::uint16_t>();  // the type: fields of any type are accepted
  const std::size_t size = in.read<std::uint16_t>();
  return in.ok() && size >= kMinFieldSize && size % kWord == 0 && size <= rest.size() ? size : 0;
}

/// Sets the extension fields and the MAC of a version 4 packet.
tl::expected<Packet, DecodeError> split_rest(Packet packet, Bytes datagram, const Keys& keys) {
  std::size_t at = kHeaderSize;
  while (at < datagram.size()) {
    const Bytes rest = datagram.subspan(at);
    if (is_mac(rest, keys)) {
      packet.mac = read_mac(datagram, at);
      break;
    }
    if (rest.size() < kMinLastFieldSize) return make_unexpected(DecodeError::bad_length);
    const std::size_t size = field_size(rest);
    if (size == 0) return make_unexpected(DecodeError::bad_extension);
    at += size;
  }
  packet.extensions = datagram.subspan(kHeaderSize, at - kHeaderSize);
  return packet;
}

}  // namespace

tl::expected<Packet, DecodeError> decode(Bytes datagram, IsMacOfKey is_mac_of_key, const void* keys) {
  if (datagram.size() < kHeaderSize) return make_unexpected(DecodeError::too_short);
  base::ByteReader in(datagram);
  Packet packet;
  packet.header = read_header(in);
  if (packet.header.version < 1 || packet.header.version > 4)
    return make_unexpected(DecodeError::bad_version);
  if (datagram.size() % kWord != 0) return make_unexpected(DecodeError::bad_length);
  if (packet.header.version == 4) return split_rest(packet, datagram, Keys{is_mac_of_key, keys});
  if (in.remaining() == 0) return packet;
  if (!is_legacy_mac_size(in.remaining())) return make_unexpected(DecodeError::bad_length);
  packet.mac = read_mac(datagram, kHeaderSize);
  return packet;
}

void encode(const Header& header, std::span<std::uint8_t, kHeaderSize> out) {
  CHECK(header.version <= 7);
  base::ByteWriter writer(out);
  const auto leap = static_cast<unsigned>(header.leap);
  const auto mode = static_cast<unsigned>(header.mode);
  writer.write(static_cast<std::uint8_t>(leap << 6 | unsigned{header.version} << 3 | mode));
  writer.write(header.stratum);
  writer.write(static_cast<std::uint8_t>(header.poll));
  writer.write(static_cast<std::uint8_t>(header.precision));
  writer.write(header.root_delay.raw());
  writer.write(header.root_dispersion.raw());
  writer.write(header.reference_id);
  writer.write(header.reference.raw());
  writer.write(header.origin.raw());
  writer.write(header.receive.raw());
  writer.write(header.transmit.raw());
}

std::size_t append_mac(std::span<std::uint8_t> buffer, std::size_t packet_size, std::uint32_t key_id,
                       Bytes digest) {
  CHECK(packet_size <= buffer.size());
  base::ByteWriter writer(buffer.subspan(packet_size));
  writer.write(key_id);
  writer.write_bytes(digest);
  CHECK(writer.ok());
  return packet_size + writer.size();
}

std::uint8_t version_of(Bytes datagram) { return (datagram.front() >> 3) & 7; }
Mode mode_of(Bytes datagram) { return static_cast<Mode>(datagram.front() & 7); }

}  // namespace noonmark::wire
