#include "core/reference_id.h"

#include "base/bytes.h"
#include "crypto/digest.h"

namespace noonmark::core {

std::uint32_t reference_id_of(const base::IpAddress& address) {
  if (address.is_v4()) return address.v4_value();
  const auto digest = crypto::md5(address.bytes());
  return base::ByteReader(digest).read<std::uint32_t>();
}

std::uint32_t local_reference_id(std::uint8_t unit, std::uint8_t stratum) {
  return stratum == 1 ? kLocalReferenceId : 0x7F7F0100u + unit;
}

}  // namespace noonmark::core
