#include "io/transmit_frame.h"

#include "core/outbox.h"
#include "wire/header.h"

namespace noonmark::io {
namespace {

using base::ByteReader;
using base::Family;
using base::IpAddress;

constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kReceiveAt = 32;  // octets in front of the receive timestamp

std::size_t address_size(Family family) { return IpAddress::any(family).bytes().size(); }

IpAddress read_address(ByteReader& reader, Family family) {
  if (family == Family::ipv4) return IpAddress::v4(reader.read<std::uint32_t>());
  return IpAddress::v6(reader.read_bytes(16).first<16>());
}

}  // namespace

core::Departure departure_of(base::Bytes frame, std::uint32_t interface_index, Family family,
                             std::size_t size) {
  const std::size_t from_end =
      size + kUdpHeader + 2 * address_size(family);  // both addresses end the IP header
  core::Departure departure{std::nullopt, interface_index};
  if (frame.size() < from_end) return departure;
  ByteReader reader(frame.last(from_end));
  departure.address = read_address(reader, family);
  return departure;
}

std::optional<SentReply> sent_reply(base::Bytes frame, Family family, std::uint16_t port) {
  for (std::size_t size = wire::kHeaderSize; size <= core::kMaxPacket; size += 4) {
    const std::size_t from_end = size + kUdpHeader + 2 * address_size(family);
    if (frame.size() < from_end) break;
    ByteReader reader(frame.last(from_end));
    SentReply reply;
    reply.local.address = read_address(reader, family);
    reply.remote.address = read_address(reader, family);
    reply.local.port = reader.read<std::uint16_t>();
    reply.remote.port = reader.read<std::uint16_t>();
    if (reader.read<std::uint16_t>() != size + kUdpHeader || reply.local.port != port) continue;
    ByteReader packet(frame.last(size).subspan(kReceiveAt));
    reply.receive = core::Timestamp::from_raw(packet.read<std::uint64_t>());
    return reply;
  }
  return std::nullopt;
}

}  // namespace noonmark::io
