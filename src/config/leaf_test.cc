#include "config/leaf.h"

#include <gtest/gtest.h>

#include "config/schema_tables.h"

namespace noonmark::config {
namespace {

LeafInfo of(LeafType type, std::uint32_t low = 0, std::uint32_t high = 0) {
  return {"leaf", type, LeafRole::option, "help", low, high};
}

TEST(Leaf, NumbersAreDecimalAndWithinTheirRange) {
  const auto leaf = of(LeafType::number, 1, 4294967295);
  EXPECT_TRUE(accepts(leaf, "1"));
  EXPECT_TRUE(accepts(leaf, "4294967295"));
  for (const auto* wrong : {"0", "4294967296", "-1", "+1", "1x", "", "0x1", "1.0"})
    EXPECT_FALSE(accepts(leaf, wrong)) << wrong;
}

TEST(Leaf, PortsAre123OrFrom1025) {
  const auto leaf = of(LeafType::port);
  for (const auto* right : {"123", "1025", "65535"}) EXPECT_TRUE(accepts(leaf, right)) << right;
  for (const auto* wrong : {"0", "122", "124", "1024", "65536"}) EXPECT_FALSE(accepts(leaf, wrong)) << wrong;
}

TEST(Leaf, Ipv4AddressesAreDottedQuads) {
  const auto leaf = of(LeafType::ipv4_address);
  for (const auto* right : {"10.1.1.1", "255.255.255.255", "010.1.1.1"})
    EXPECT_TRUE(accepts(leaf, right)) << right;
  for (const auto* wrong :
       {"10.1.1", "10.1.1.300", "10.1.1.1.1", "10.1.1.", "ipv6", "10.1.1.0001", "1.2.3.4 "})
    EXPECT_FALSE(accepts(leaf, wrong)) << wrong;
}

TEST(Leaf, Ipv6AddressesMayHaveAZoneThatTheEntryRefuses) {
  const auto leaf = of(LeafType::ipv6_address);
  for (const auto* right : {"2001:db8::1", "::1", "fe80::1%eth0"}) EXPECT_TRUE(accepts(leaf, right)) << right;
  for (const auto* wrong : {"10.1.1.1", "2001:db8:::1", "1:2", ""})
    EXPECT_FALSE(accepts(leaf, wrong)) << wrong;
}

TEST(Leaf, NamesOfAccessListsBeginWithALetterOrDigitAndAreNoNumbers) {
  const auto leaf = of(LeafType::acl_name, 1, 32);
  for (const auto* right : {"a", "2nd", "site-A_1"}) EXPECT_TRUE(accepts(leaf, right)) << right;
  for (const auto* wrong : {"", "2000", "-a", "two words"}) EXPECT_FALSE(accepts(leaf, wrong)) << wrong;
}

TEST(Leaf, PrefixesHaveALength) {
  const auto leaf = of(LeafType::ipv6_prefix);
  for (const auto* right : {"::/0", "2001:db8::/32", "::1/128"}) EXPECT_TRUE(accepts(leaf, right)) << right;
  for (const auto* wrong : {"2001:db8::", "::/129", "::/", "10.0.0.0/8", "::/-1", "::%1/64"})
    EXPECT_FALSE(accepts(leaf, wrong)) << wrong;
}

TEST(Leaf, TheLocalClockHasFourUnits) {
  const auto leaf = of(LeafType::refclock_address);
  EXPECT_TRUE(accepts(leaf, "127.127.1.0"));
  EXPECT_TRUE(accepts(leaf, "127.127.1.3"));
  for (const auto* wrong : {"127.127.1.4", "127.127.2.0", "127.127.1.", "127.127.1.00"})
    EXPECT_FALSE(accepts(leaf, wrong)) << wrong;
}

TEST(Leaf, TextsAreBoundedAndPrintable) {
  const auto name = of(LeafType::interface_name, 1, 4);
  EXPECT_TRUE(accepts(name, "eth0"));
  EXPECT_FALSE(accepts(name, "eth10"));
  EXPECT_FALSE(accepts(name, "e 0"));
  EXPECT_FALSE(accepts(name, "\xC3\xA4"));
  const auto vpn = of(LeafType::vpn_name, 1, 31);
  EXPECT_TRUE(accepts(vpn, "two words"));
  EXPECT_FALSE(accepts(vpn, "_public_"));
  const auto password = of(LeafType::password, 1, 255);
  EXPECT_TRUE(accepts(password, std::string(255, 'x')));
  EXPECT_FALSE(accepts(password, std::string(256, 'x')));
  EXPECT_FALSE(accepts(password, ""));
  EXPECT_FALSE(accepts(password, "tab\there"));
}

TEST(Leaf, PlaceholdersShowTypeAndRange) {
  EXPECT_EQ(placeholder(of(LeafType::number, 1, 4)), "INTEGER<1-4>");
  EXPECT_EQ(placeholder(of(LeafType::vpn_name, 1, 31)), "STRING<1-31>");
  EXPECT_EQ(placeholder(of(LeafType::ipv4_address)), "X.X.X.X<unicast>");
}

TEST(Schema, ARowReadsBackAsItWasEntered) {
  Configuration configuration;
  Values values(schemas::ipv4_server.leaves.size());
  values[leaves::server_address] = "10.1.1.1";
  values[leaves::server_vpn] = "red";
  values[leaves::server_minpoll] = "4";
  values[leaves::server_iburst] = "";
  ASSERT_TRUE(schemas::ipv4_server.enter(configuration, values));
  const auto rows = schemas::ipv4_server.rows(configuration);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].values, values);
  EXPECT_TRUE(schemas::ipv6_server.rows(configuration).empty());
}

TEST(Schema, AValueThatHasItsDefaultIsNoRow) {
  Configuration configuration;
  ASSERT_TRUE(schemas::max_distance.enter(configuration, {"1"}));
  EXPECT_TRUE(schemas::max_distance.rows(configuration).empty());
  ASSERT_TRUE(schemas::max_distance.enter(configuration, {"4"}));
  EXPECT_EQ(schemas::max_distance.rows(configuration).size(), 1u);
  EXPECT_TRUE(schemas::max_distance.undo(configuration, {std::nullopt}));
  EXPECT_EQ(configuration, Configuration{});
}

TEST(Schema, AServerAndAPeerOfOneAddressAreTwoRows) {
  Configuration configuration;
  Values values(schemas::ipv4_peer.leaves.size());
  values[leaves::server_address] = "10.1.1.1";
  ASSERT_TRUE(schemas::ipv4_server.enter(configuration, values));
  values[leaves::server_interleaved] = "";
  ASSERT_TRUE(schemas::ipv4_peer.enter(configuration, values));
  EXPECT_EQ(configuration.servers.size(), 2u);
  ASSERT_EQ(schemas::ipv4_peer.rows(configuration).size(), 1u);
  EXPECT_EQ(schemas::ipv4_peer.rows(configuration)[0].values, values);
  EXPECT_TRUE(schemas::ipv4_server.undo(configuration, values));
  EXPECT_EQ(configuration.servers.size(), 1u);
  EXPECT_TRUE(configuration.servers.begin()->is_peer());
}

TEST(Schema, UndoingAKeyTakesItsReliableLineAlong) {
  Configuration configuration;
  configuration.keys.put({.id = 5, .cipher = "x"});
  configuration.reliable_keys.put({5});
  Values values(schemas::key.leaves.size());
  values[leaves::key_id] = "5";
  EXPECT_TRUE(schemas::key.undo(configuration, values));
  EXPECT_EQ(configuration, Configuration{});
}

TEST(Schema, TheGateHasThreeStates) {
  Configuration configuration;
  EXPECT_TRUE(schemas::weak_algorithms.rows(configuration).empty());
  schemas::weak_algorithms.undo(configuration, {});
  ASSERT_EQ(schemas::weak_algorithms.rows(configuration).size(), 1u);
  EXPECT_TRUE(schemas::weak_algorithms.rows(configuration)[0].negated);
  ASSERT_TRUE(schemas::weak_algorithms.enter(configuration, {}));
  EXPECT_FALSE(schemas::weak_algorithms.rows(configuration)[0].negated);
}

TEST(PollRange, OneBeyondTheOthersDefaultTakesItAlong) {
  const auto range = [](std::int8_t minpoll, std::int8_t maxpoll) {
    Server server;
    server.minpoll = minpoll;
    server.maxpoll = maxpoll;
    const auto r = poll_range(server);
    return std::pair<int, int>(r.minimum, r.maximum);
  };
  EXPECT_EQ(range(6, 10), std::pair(6, 10));
  EXPECT_EQ(range(12, 10), std::pair(12, 12));
  EXPECT_EQ(range(6, 4), std::pair(4, 4));
  EXPECT_EQ(range(12, 11), std::pair(12, 11));
}

}  // namespace
}  // namespace noonmark::config
