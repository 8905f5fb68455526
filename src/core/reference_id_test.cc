#include "core/reference_id.h"

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

TEST(ReferenceId, IsTheIpv4AddressOfTheServer) {
  EXPECT_EQ(reference_id_of(*base::IpAddress::parse("192.0.2.1")), 0xC0000201u);
}

TEST(ReferenceId, IsTheFirstWordOfTheMd5OfAnIpv6Address) {
  // python3: hashlib.md5(ipaddress.ip_address("2001:db8::1").packed).hexdigest()[:8]
  EXPECT_EQ(reference_id_of(*base::IpAddress::parse("2001:db8::1")), 0x39ab9b37u);
}

TEST(ReferenceId, NamesALocalClockLoclOnlyAtStratumOne) {
  EXPECT_EQ(local_reference_id(0, 1), kLocalReferenceId);
  EXPECT_EQ(local_reference_id(3, 8), 0x7F7F0103u);
}

}  // namespace
}  // namespace noonmark::core
