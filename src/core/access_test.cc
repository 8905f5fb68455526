#include "core/access.h"

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

AclRule rule(std::uint32_t id, bool permit, const char* source, const char* mask) {
  return {.id = id,
          .permit = permit,
          .source = *IpAddress::parse(source),
          .mask = *IpAddress::parse(mask),
          .vpn = {}};
}

struct Access : ::testing::Test {
  void set(AccessLevel level, Family family, std::vector<AclRule> rules) {
    access.lists[static_cast<std::size_t>(level)][static_cast<std::size_t>(family)] =
        AccessList{"2000", std::move(rules)};
  }
  AccessDecision decide(const char* source, std::string_view vpn = "") {
    return decide_access(access, *IpAddress::parse(source), vpn);
  }
  AccessConfig access;
};

TEST_F(Access, WithoutListsEverySourceIsAPeer) {
  EXPECT_EQ(decide("192.0.2.1").level, AccessLevel::peer);
  EXPECT_EQ(decide("2001:db8::1").level, AccessLevel::peer);
  EXPECT_EQ(decide("192.0.2.1").list, nullptr);
}

TEST_F(Access, TheFirstLevelThatPermitsIsGranted) {
  set(AccessLevel::server, Family::ipv4, {rule(5, true, "192.0.2.0", "255.255.255.0")});
  set(AccessLevel::peer, Family::ipv4,
      {rule(5, false, "192.0.2.9", "255.255.255.255"), rule(10, true, "192.0.2.8", "255.255.255.254")});
  EXPECT_EQ(decide("192.0.2.8").level, AccessLevel::peer);
  EXPECT_EQ(decide("192.0.2.8").rule->id, 10u);
  EXPECT_EQ(decide("192.0.2.9").level, AccessLevel::server) << "denied as a peer, permitted as a client";
  EXPECT_EQ(decide("192.0.2.9").decided_by, AccessLevel::server);
}

TEST_F(Access, DenialNamesTheRuleThatDeniedOrTheListThatHadNone) {
  set(AccessLevel::peer, Family::ipv4, {rule(5, false, "192.0.2.9", "255.255.255.255")});
  set(AccessLevel::limited, Family::ipv4, {});
  EXPECT_FALSE(decide("192.0.2.9").level);
  EXPECT_EQ(decide("192.0.2.9").rule->id, 5u);
  EXPECT_EQ(decide("192.0.2.9").decided_by, AccessLevel::peer);
  EXPECT_EQ(decide("192.0.2.1").rule, nullptr);
  EXPECT_NE(decide("192.0.2.1").list, nullptr);
}

TEST_F(Access, AFamilyWithoutListsIsDeniedOnceTheOtherHasOne) {
  set(AccessLevel::peer, Family::ipv4, {rule(5, true, "0.0.0.0", "0.0.0.0")});
  EXPECT_FALSE(decide("2001:db8::1").level);
  EXPECT_EQ(decide("2001:db8::1").list, nullptr);
}

TEST_F(Access, AMappedAddressCountsAsIPv4) {
  set(AccessLevel::peer, Family::ipv6, {rule(5, true, "::", "::")});
  set(AccessLevel::peer, Family::ipv4, {rule(5, false, "192.0.2.1", "255.255.255.255")});
  EXPECT_FALSE(decide("::ffff:192.0.2.1").level);
  EXPECT_EQ(decide("2001:db8::1").level, AccessLevel::peer);
}

TEST_F(Access, WildcardsNeedNotBeContiguousAndARuleMayMeanOneVpn) {
  auto odd = rule(5, true, "10.0.0.1", "255.0.0.1");
  odd.vpn = "RED";
  set(AccessLevel::peer, Family::ipv4, {odd});
  EXPECT_TRUE(decide("10.77.88.3", "RED").level);
  EXPECT_FALSE(decide("10.77.88.4", "RED").level);
  EXPECT_FALSE(decide("10.77.88.3").level);
}

}  // namespace
}  // namespace noonmark::core
