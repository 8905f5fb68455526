#include "base/net_address.h"

#include <gtest/gtest.h>

namespace noonmark::base {
namespace {

TEST(IpAddress, ParsesStrictDottedQuads) {
  EXPECT_EQ(IpAddress::parse_v4("192.0.2.1")->v4_value(), 0xC0000201u);
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1..2.3",
                          "+1.2.3.4", "1.2.3.-4"})
    EXPECT_FALSE(IpAddress::parse_v4(bad)) << bad;
  EXPECT_TRUE(IpAddress::parse_v4("0.0.0.0"));
}

TEST(IpAddress, PrintsWhatItParses) {
  for (const char* text : {"192.0.2.1", "::1", "2001:db8::1", "fe80::1:2", "::ffff:1.2.3.4"})
    EXPECT_EQ(IpAddress::parse(text)->to_string(), text);
}

TEST(IpAddress, ClassifiesAddresses) {
  EXPECT_TRUE(IpAddress::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("239.1.1.1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("ff0e::101")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("febf::1")->is_link_local());
  EXPECT_FALSE(IpAddress::parse("fec0::1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("::ffff:10.0.0.1")->is_v4_mapped());
  EXPECT_TRUE(IpAddress::parse("::")->is_unspecified());
}

}  // namespace
}  // namespace noonmark::base
