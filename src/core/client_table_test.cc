#include "core/client_table.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <set>

#include "core/responder_for_test.h"

namespace noonmark::core {
namespace {

using namespace testing;

IpAddress client(std::uint32_t number) { return IpAddress::v4(0x0A000000 + number); }

// The first octets of the message 00 01 02 ... under the key 00 01 ... 0f; low halves of published values.
TEST(KeyedHash, IsSipHash13) {
  const KeyedHash hash(0x0706050403020100, 0x0F0E0D0C0B0A0908);
  EXPECT_EQ(hash.of(), 0xABAC0158050FC4DCu);
  EXPECT_EQ(hash.of(std::uint64_t{0x0706050403020100}) & 0xFFFFFFFF, 0x8D299A8Eu);
}

struct ClientTableTest : ::testing::Test {
  base::SeededRandom random{5};
  ClientTable table{random};
};

TEST_F(ClientTableTest, AClientIsFoundAgainByAddressAndVpn) {
  table.resize(1024);
  table.find_or_add(client(1), VpnId{0}).requests = 7;
  table.find_or_add(client(1), VpnId{1}).requests = 8;
  std::array<std::uint8_t, 16> octets{10, 0, 0, 1};
  table.find_or_add(IpAddress::v6(octets), VpnId{0}).requests = 9;
  EXPECT_EQ(table.find(client(1), VpnId{0})->requests, 7u);
  EXPECT_EQ(table.find(client(1), VpnId{1})->requests, 8u);
  EXPECT_EQ(table.find(IpAddress::v6(octets), VpnId{0})->requests, 9u);
  EXPECT_EQ(table.find(client(2), VpnId{0}), nullptr);
  EXPECT_EQ(table.size(), 3u);
}

TEST_F(ClientTableTest, OfASetTheOneNotSeenForLongestIsReplaced) {
  table.resize(ClientTable::kWays);
  for (std::uint32_t i = 0; i < ClientTable::kWays; ++i) table.find_or_add(client(i), VpnId{0});
  std::vector<std::uint32_t> order;  // the least recently seen first
  for (std::uint32_t i = 0; i < ClientTable::kWays; ++i) order.push_back(i);
  base::SeededRandom draw(9);
  std::uint32_t next = ClientTable::kWays;
  for (int i = 0; i < 2000; ++i) {
    if (draw.next() % 3 == 0) {
      ASSERT_NE(table.find(client(order.front()), VpnId{0}), nullptr);
      table.find_or_add(client(next), VpnId{0});
      ASSERT_EQ(table.find(client(order.front()), VpnId{0}), nullptr);
      order.erase(order.begin());
      order.push_back(next++);
    } else {
      const auto at = static_cast<std::ptrdiff_t>(draw.next() % order.size());
      const auto again = order[static_cast<std::size_t>(at)];
      table.find_or_add(client(again), VpnId{0});
      order.erase(order.begin() + at);
      order.push_back(again);
    }
  }
  EXPECT_EQ(table.size(), ClientTable::kWays);
  EXPECT_EQ(table.replaced(), next - ClientTable::kWays);
}

TEST_F(ClientTableTest, SlotsNameRecords) {
  table.resize(100);
  std::set<ClientTable::Slot> slots;
  for (std::uint32_t i = 0; i < 60; ++i) {
    auto& record = table.find_or_add(client(i), VpnId{0});
    const auto slot = table.slot_of(record);
    EXPECT_LT(slot, table.capacity());
    EXPECT_EQ(&table.at(slot), &record);
    slots.insert(slot);
  }
  EXPECT_GT(slots.size(), 50u);
}

TEST_F(ClientTableTest, AnotherCapacityForgetsAllAndTheSameNobody) {
  table.resize(1000);
  EXPECT_GE(table.capacity(), 1000u);
  table.find_or_add(client(1), VpnId{0});
  table.resize(1000);
  EXPECT_EQ(table.size(), 1u);
  table.resize(2000);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.find(client(1), VpnId{0}), nullptr);
  table.resize(0);
  EXPECT_EQ(table.find(client(1), VpnId{0}), nullptr);
}

TEST_F(ClientTableTest, HalfAsManyClientsAsRecordsDisplaceHardlyAnybody) {
  table.resize(kDefaultClients);
  for (std::uint32_t i = 0; i < kDefaultClients / 2; ++i) table.find_or_add(client(i), VpnId{0});
  EXPECT_LT(table.replaced(), kDefaultClients / 2 / 100);
}

TEST(ClientRecord, TheAverageIntervalFollowsTheLastOnes) {
  ClientRecord record{};
  auto now = kStart;
  for (int i = 0; i < 50; ++i) record.see(now = now + seconds(64));
  EXPECT_NEAR(record.average_interval(), 64, 1);
  for (int i = 0; i < 50; ++i) record.see(now = now + Duration::from_milliseconds(500));
  EXPECT_NEAR(record.average_interval(), 0.5, 0.2);
  record.see(now = now - seconds(86'400));
  EXPECT_NEAR(record.average_interval(), 0.5, 0.2) << "a step back is no interval";
  EXPECT_LT(std::abs((record.last_seen_near(now + seconds(3600)) - now).seconds()), 1.0 / 256);
}

struct FloodTest : ResponderTest {
  /// As many sources as the loop counts ask once each.
  void flood(std::uint32_t from, std::uint32_t count, Timestamp at) {
    const auto datagram = request(4);
    std::array<std::uint8_t, kMaxPacket> buffer{};
    auto path = path_from("192.0.2.9");
    for (std::uint32_t i = from; i < from + count; ++i) {
      std::ranges::copy(datagram, buffer.begin());
      path.remote.address = IpAddress::v4(0x40000000 + i);
      const ServiceRequest request{.buffer = buffer, .size = datagram.size(), .path = path, .received = at};
      if (const auto plan = responder.examine(request); plan.size != 0) responder.complete(request, plan, at);
    }
  }
};

TEST_F(FloodTest, AMillionSourcesTakeNoMoreMemoryAndARealClientIsServed) {
  config.max_clients = 1 << 14;
  config.kod_enabled = true;
  limit_everyone();
  flood(0, 100, kStart);
  const auto heap = mallinfo2().uordblks;
  for (std::uint32_t i = 0; i < 100; ++i) {
    flood(i * 10'000, 10'000, kStart + seconds(i));
    EXPECT_TRUE(i % 40 != 0 || !ask(request(4), kStart + seconds(i)).drop);
  }
  EXPECT_NEAR(static_cast<double>(mallinfo2().uordblks), static_cast<double>(heap), 4096);
  const auto totals = responder.client_totals();
  EXPECT_LE(totals.records, totals.capacity);
  EXPECT_EQ(totals.capacity, std::size_t{1} << 14);
  EXPECT_GT(totals.replaced, 900'000u);
}

struct ClientViewTest : ResponderTest {};

TEST_F(ClientViewTest, TheBusiestClientsAreShownWithWhatIsKnownOfThem) {
  for (int i = 0; i < 5; ++i) ask(request(3), path_from("192.0.2.20"), kStart + seconds(64 * i));
  for (int i = 0; i < 9; ++i)
    ask(sign(request(4), 6, 16), path_from("2001:db8::9", "2001:db8::1"), kStart + seconds(16 * i));
  ask(request(4), path_from("192.0.2.21"), kStart);
  auto wrong = sign(request(4), 5, 20);
  wrong.back() ^= 1;
  ask(wrong, path_from("192.0.2.20"), kStart + seconds(256));
  const auto busiest = responder.clients({.count = 2});
  ASSERT_EQ(busiest.size(), 2u);
  EXPECT_EQ(busiest[0].address.to_string(), "2001:db8::9");
  EXPECT_EQ(busiest[0].requests, 9u);
  EXPECT_EQ(busiest[0].drops, 0u);
  EXPECT_EQ(busiest[0].last_drop, std::nullopt);
  EXPECT_EQ(busiest[0].key_id, 6u);
  EXPECT_EQ(busiest[0].version, 4);
  EXPECT_NEAR(busiest[0].average_interval, 16, 0.2);
  EXPECT_EQ(busiest[0].last_seen, kStart + seconds(128));
  EXPECT_EQ(busiest[0].access, AccessLevel::peer);
  EXPECT_EQ(busiest[1].address.to_string(), "192.0.2.20");
  EXPECT_EQ(busiest[1].requests, 6u);
  EXPECT_EQ(busiest[1].drops, 1u);
  EXPECT_EQ(busiest[1].last_drop, DropReason::authentication);
  EXPECT_EQ(responder.clients({.count = 9}).size(), 3u);
  EXPECT_TRUE(responder.clients({.count = 0}).empty());
}

TEST_F(ClientViewTest, WhoAsksMoreOftenThanDiscardAllowsIsFoundOnceItsStartIsForgotten) {
  const auto poll = [&](const char* client, int burst, int polls, double interval) {
    auto at = kStart;
    for (int i = 0; i < burst; ++i) ask(request(4), path_from(client), at = at + seconds(2));
    for (int i = 0; i < polls; ++i) ask(request(4), path_from(client), at = at + seconds(interval));
  };
  poll("192.0.2.20", 8, 30, 64);  // iburst, then as usual
  poll("192.0.2.21", 0, 40, 32);  // exactly what is allowed
  poll("192.0.2.22", 0, 20, 8);
  poll("192.0.2.23", 0, 20, 1);
  poll("192.0.2.24", 0, 15, 1);  // too few to tell
  const auto found = responder.clients({.count = 20, .too_often = true});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].address.to_string(), "192.0.2.23") << "the most frequent first";
  EXPECT_EQ(found[1].address.to_string(), "192.0.2.22");
  config.rate_limits.avg_interval = 3;
  commit();
  EXPECT_EQ(responder.clients({.count = 20, .too_often = true}).size(), 1u);
}

TEST_F(ClientViewTest, AClientIsFoundByItsAddressAndVpnInstance) {
  ask(request(4), path_from("192.0.2.20"), kStart);
  ASSERT_TRUE(responder.find_client(*IpAddress::parse("192.0.2.20"), VpnId::public_instance));
  EXPECT_EQ(responder.find_client(*IpAddress::parse("192.0.2.20"), VpnId::public_instance)->requests, 1u);
  EXPECT_FALSE(responder.find_client(*IpAddress::parse("192.0.2.20"), VpnId{1}));
  EXPECT_FALSE(responder.find_client(*IpAddress::parse("192.0.2.21"), VpnId::public_instance));
}

TEST(ClientSummary, AClientOfTwoThreadsIsOne) {
  ClientSummary symmetric;
  symmetric.address = IpAddress::v4(1);
  symmetric.requests = 3;
  symmetric.drops = 1;
  symmetric.last_drop = DropReason::rate_limited;
  symmetric.average_interval = 16;
  symmetric.last_seen = Timestamp::from_raw(1000ULL << 32);
  symmetric.key_id = 7;
  symmetric.version = 3;
  auto client = symmetric;
  client.requests = 20;
  client.drops = 0;
  client.last_drop.reset();
  client.average_interval = 48;
  client.last_seen = symmetric.last_seen + Duration::from_seconds(10);
  client.key_id = 0;
  client.version = 4;
  const auto merged = [](std::vector<ClientSummary> clients, const ClientSummary& other) {
    merge(clients, {other}, {.count = 9});
    return clients;
  };
  for (const auto& both : {merged({symmetric}, client), merged({client}, symmetric)}) {
    ASSERT_EQ(both.size(), 1u);
    EXPECT_EQ(both[0].requests, 23u);
    EXPECT_EQ(both[0].drops, 1u);
    EXPECT_EQ(both[0].last_drop, DropReason::rate_limited);
    EXPECT_EQ(both[0].last_seen, client.last_seen);
    EXPECT_EQ(both[0].average_interval, 12) << "four times in 48 s";
    EXPECT_EQ(both[0].key_id, 7u);
    EXPECT_EQ(both[0].version, 4);
  }
  client.last_seen = symmetric.last_seen + Duration::from_seconds(86410);
  EXPECT_GT(merged({symmetric}, client)[0].average_interval, 47.9F) << "those of yesterday have ended";
  client.requests = 1;
  client.average_interval = 0;
  EXPECT_EQ(merged({symmetric}, client)[0].average_interval, 86410);
  client.vpn = VpnId{1};
  EXPECT_EQ(merged({symmetric}, client).size(), 2u) << "the same address elsewhere is another client";
}

TEST(ClientSummary, WhatThreadsTellIsPutTogether) {
  const auto client = [](std::uint32_t n, std::uint32_t requests, float interval) {
    ClientSummary summary;
    summary.address = IpAddress::v4(n);
    summary.requests = requests;
    summary.average_interval = interval;
    return summary;
  };
  const auto addresses = [](const std::vector<ClientSummary>& clients) {
    std::vector<std::uint32_t> found;
    for (const auto& c : clients) found.push_back(c.address.v4_value());
    return found;
  };
  std::vector<ClientSummary> clients{client(1, 90, 4), client(2, 50, 1)};
  merge(clients, {client(3, 70, 2), client(4, 50, 8)}, {.count = 3});
  EXPECT_EQ(addresses(clients), (std::vector<std::uint32_t>{1, 3, 2}));
  merge(clients, {client(4, 50, 8)}, {.count = 9, .too_often = true});
  EXPECT_EQ(addresses(clients), (std::vector<std::uint32_t>{2, 3, 1, 4}));

  merge(clients, {client(2, 60, 4)}, {.count = 9});
  EXPECT_EQ(addresses(clients), (std::vector<std::uint32_t>{2, 1, 3, 4})) << "2 has asked 110 times";

  ClientTotals totals{.records = 2, .capacity = 16, .by_key = {{5, 1}, {7, 2}}};
  totals += {.records = 3,
             .capacity = 16,
             .replaced = 4,
             .kisses = 5,
             .by_version = {0, 0, 0, 0, 9},
             .by_key = {{6, 3}, {7, 4}}};
  EXPECT_EQ(totals.records, 5u);
  EXPECT_EQ(totals.capacity, 32u);
  EXPECT_EQ(totals.replaced, 4u);
  EXPECT_EQ(totals.kisses, 5u);
  EXPECT_EQ(totals.by_version[4], 9u);
  EXPECT_EQ(totals.by_key, (std::vector<ClientTotals::OfKey>{{5, 1}, {6, 3}, {7, 6}}));
}

TEST_F(ClientViewTest, TotalsAreByVersionKeyAndReason) {
  for (int i = 0; i < 3; ++i) ask(request(3));
  ask(sign(request(4), 6, 16));
  ask(request(0));
  auto unknown = request(3);
  unknown.resize(48 + 20);
  ask(unknown);
  const auto totals = responder.client_totals();
  EXPECT_EQ(totals.by_version, (std::array<std::uint64_t, 5>{0, 0, 0, 4, 1}));
  EXPECT_EQ(totals.by_key, (std::vector<ClientTotals::OfKey>{{5, 0}, {6, 1}}));
  EXPECT_EQ(drops(DropReason::bad_version), 1u);
  EXPECT_EQ(drops(DropReason::unknown_key), 1u);
  EXPECT_EQ(totals.records, 1u);
  responder.forget_clients();
  EXPECT_EQ(responder.client_totals().records, 0u);
  EXPECT_EQ(responder.client_totals().by_key.size(), 2u);
}

}  // namespace
}  // namespace noonmark::core
