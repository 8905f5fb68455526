#include "core/access.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "core/access_table.h"

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

TEST_F(Access, AListGrantsControlQueriesAndThisMachineNeedsNone) {
  const auto may = [&](const char* source) { return may_query(*IpAddress::parse(source), decide(source)); };
  EXPECT_TRUE(may("127.9.9.9") && may("::1"));
  EXPECT_FALSE(may("192.0.2.1")) << "a peer, as there is no list";
  set(AccessLevel::query, Family::ipv4, {rule(5, true, "192.0.2.1", "255.255.255.255")});
  set(AccessLevel::limited, Family::ipv4, {rule(5, true, "192.0.2.2", "255.255.255.255")});
  EXPECT_TRUE(may("192.0.2.1") && may("127.0.0.1") && may("::1"));
  EXPECT_FALSE(may("192.0.2.2") || may("192.0.2.3") || may("2001:db8::1"));
}

/// Few addresses, masks and VPN instances, so that rules overlap and repeat each other.
TEST(AccessTable, ALevelIsTheOneOfTheDecision) {
  base::SeededRandom draw(4);
  const auto address = [&](Family family) {
    if (family == Family::ipv4)
      return IpAddress::v4(0x0A000000 + static_cast<std::uint32_t>(draw.next() % 16));
    std::array<std::uint8_t, 16> octets{0x20, 0x01};
    octets[15] = static_cast<std::uint8_t>(draw.next() % 16);
    return IpAddress::v6(octets);
  };
  const auto mask = [&](Family family) {
    if (family == Family::ipv4)
      return IpAddress::v4(0xFFFFFFF0 + static_cast<std::uint32_t>(draw.next() % 4) * 5);
    std::array<std::uint8_t, 16> octets{0xFF, 0xFF};
    octets[15] = static_cast<std::uint8_t>(draw.next() % 4 * 5);
    return IpAddress::v6(octets);
  };
  std::array<int, kAccessLevels + 1> seen{};
  for (int i = 0; i < 1000; ++i) {
    AccessConfig access;
    for (auto& of_level : access.lists)
      for (const auto family : {Family::ipv4, Family::ipv6}) {
        if (draw.next() % 2 == 0) continue;
        auto& list = of_level[static_cast<std::size_t>(family)].emplace();
        for (auto rules = draw.next() % 6; rules > 0; --rules) {
          AclRule made{.id = 1,
                       .permit = draw.next() % 3 == 0,
                       .source = address(family),
                       .mask = mask(family),
                       .vpn = {}};
          if (draw.next() % 4 == 0) made.vpn = "RED";
          list.rules.push_back(made);
        }
      }
    const AccessTable table(access);
    for (int j = 0; j < 40; ++j) {
      const auto source = address(j % 2 == 0 ? Family::ipv4 : Family::ipv6);
      const auto* vpn = draw.next() % 2 == 0 ? "RED" : "";
      const auto level = decide_access(access, source, vpn).level;
      EXPECT_EQ(table.level_of(source, vpn), level);
      ++seen[level ? static_cast<std::size_t>(*level) : kAccessLevels];
    }
  }
  for (const int count : seen) EXPECT_GT(count, 500);
  EXPECT_TRUE(AccessTable({}).is_open());
  EXPECT_EQ(AccessTable({}).level_of(IpAddress::v4(1), ""), AccessLevel::peer);
}

TEST(AccessTable, AMappedAddressCountsAsIPv4) {
  AccessConfig access;
  access.lists[0][1] = AccessList{"2000", {rule(5, true, "::", "::")}};
  EXPECT_EQ(AccessTable(access).level_of(*IpAddress::parse("::ffff:192.0.2.1"), ""), std::nullopt);
  EXPECT_EQ(AccessTable(access).level_of(*IpAddress::parse("2001:db8::1"), ""), AccessLevel::peer);
}

}  // namespace
}  // namespace noonmark::core
