// Any datagram is taken apart or refused; what comes out lies within it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "wire/packet.h"

namespace {

using namespace noonmark;

/// Keys 1..3 have MACs of 20, 24 and 36 octets; the id of the last reads as an extension field of 36 octets.
bool is_mac_of_key(const void*, std::uint32_t key_id, std::size_t mac_octets) {
  switch (key_id) {
    case 1: return mac_octets == 20;
    case 2: return mac_octets == 24;
    case 3:
    case 0x01040024: return mac_octets == 24 || mac_octets == 36;
    default: return false;
  }
}

void check_header(base::Bytes datagram, const wire::Header& header) {
  std::array<std::uint8_t, wire::kHeaderSize> octets{};
  wire::encode(header, octets);
  CHECK(std::ranges::equal(octets, datagram.first(wire::kHeaderSize)));
  CHECK(header.version == wire::version_of(datagram) && header.mode == wire::mode_of(datagram));
}

void check_mac(base::Bytes datagram, const wire::MacField& mac) {
  CHECK(mac.covered + wire::kKeyIdSize + mac.digest.size() == datagram.size());
  const auto digest = datagram.last(mac.digest.size());
  CHECK(mac.digest.empty() || mac.digest.data() == digest.data());
  constexpr std::array<std::size_t, 6> kSizes{0, 16, 20, 32, 48, 64};
  CHECK(std::ranges::find(kSizes, mac.digest.size()) != kSizes.end());
}

/// Whole fields only: their lengths add up to the view's.
void check_fields(base::Bytes fields) {
  while (!fields.empty()) {
    base::ByteReader in(fields);
    in.read<std::uint16_t>();
    const std::size_t size = in.read<std::uint16_t>();
    CHECK(size >= 16 && size % 4 == 0 && size <= fields.size());
    fields = fields.subspan(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Bytes datagram(data, size);
  const auto packet = wire::decode(datagram, is_mac_of_key, nullptr);
  if (!packet) return 0;
  check_header(datagram, packet->header);
  CHECK(packet->extensions.empty() ||
        (packet->header.version == 4 && packet->extensions.data() == data + wire::kHeaderSize));
  check_fields(packet->extensions);
  const std::size_t covered = wire::kHeaderSize + packet->extensions.size();
  CHECK(covered == (packet->mac ? packet->mac->covered : size));
  if (packet->mac) check_mac(datagram, *packet->mac);
  return 0;
}
