#include "io/server_workers.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "io/serving_for_test.h"
#include "io/system_random.h"
#include "io/test_support.h"

namespace noonmark::io {
namespace {

using base::Endpoint;
using base::Family;
using base::IpAddress;
using testing::Client;
using testing::request_with;

constexpr std::size_t kWorkers = 3;
constexpr std::uint64_t kRequests = 5;  // of each client

std::vector<std::uint8_t> of_mode(std::uint8_t mode) {
  auto octets = request_with(1);
  octets[0] = static_cast<std::uint8_t>(4 << 3 | mode);
  return octets;
}

class ServerWorkersTest : public ::testing::TestWithParam<Family> {
 protected:
  ServerWorkersTest() {
    workers.use(testing::open_policy());
    workers.publish(testing::synchronized_view());
    workers.start();
    EXPECT_EQ(0, listen());
  }
  int listen() { return workers.listen(key, {}, *main); }

  static UdpSocket open(const Endpoint& at) { return *UdpSocket::open({}, at, UdpSocket::PortUse::group); }
  /// IPv4 has many loopback addresses, IPv6 one.
  std::vector<Client> clients(std::size_t count) const {
    std::vector<Client> made;
    for (std::uint32_t i = 0; i < (family == Family::ipv4 ? count : 1); ++i)
      made.emplace_back(family == Family::ipv4 ? IpAddress::v4(0x7F010001 + i) : IpAddress::loopback(family));
    return made;
  }
  static bool wait_for(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, 5000) == 1;
  }
  static std::optional<wire::Header> reply_to(Client& client) {
    EXPECT_TRUE(wait_for(client.fd()));
    return client.receive_header();
  }
  /// What each worker has answered.
  std::vector<std::uint64_t> answered() {
    std::vector<std::uint64_t> counts;
    workers.visit([&](core::Responder& r) { counts.push_back(r.statistics(family).processed); });
    return counts;
  }
  void ask_all(std::vector<Client>& all) {
    for (std::uint64_t i = 1; i <= kRequests; ++i)
      for (Client& client : all) {
        client.send(request_with(i), service);
        const auto reply = reply_to(client);
        ASSERT_TRUE(reply);
        EXPECT_EQ(i, reply->origin.raw());
      }
  }

  const Family family = GetParam();
  SystemRandom random;
  ServerWorkers workers{kWorkers, random};
  std::optional<UdpSocket> main = open({IpAddress::any(family), 0, 0});
  const PortKey key{core::VpnId::public_instance, family, main->port()};
  const Endpoint service{IpAddress::loopback(family), key.port, 0};
};

INSTANTIATE_TEST_SUITE_P(Families, ServerWorkersTest, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(ServerWorkersTest, AClientStaysWithOneWorkerAndAllWork) {
  auto all = clients(64);
  ask_all(all);
  const auto counts = answered();
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) {
    EXPECT_EQ(0u, count % kRequests) << "a client was answered by several";
    EXPECT_TRUE(count != 0 || family == Family::ipv6);
    sum += count;
  }
  EXPECT_EQ(all.size() * kRequests, sum);
}

TEST_P(ServerWorkersTest, WhatIsNoRequestIsTheMainThreads) {
  std::array<std::uint8_t, core::kMaxDatagram> buffer;
  for (Client& client : clients(16))
    for (const std::uint8_t mode : std::array<std::uint8_t, 7>{0, 1, 2, 4, 5, 6, 7}) {
      client.send(of_mode(mode), service);
      ASSERT_TRUE(wait_for(main->fd())) << int{mode};
      EXPECT_EQ(mode, main->receive(buffer)->data[0] & 7);
    }
  for (const std::uint64_t count : answered()) EXPECT_EQ(0u, count);
}

TEST_P(ServerWorkersTest, AGroupThatIsMadeAnewHasItsOrderAgain) {
  auto all = clients(16);
  std::array<std::uint8_t, core::kMaxDatagram> buffer;
  for (int i = 0; i < 3; ++i) {
    workers.close(key);
    if (i == 1) {  // the main thread's socket as well
      main.reset();
      EXPECT_TRUE(UdpSocket::open({}, {IpAddress::any(family), key.port, 0})) << "all are closed";
      main = open({IpAddress::any(family), key.port, 0});
    }
    ASSERT_EQ(0, listen());
    ask_all(all);
    all[0].send(of_mode(1), service);
    ASSERT_TRUE(wait_for(main->fd()));
    EXPECT_TRUE(main->receive(buffer));
  }
}

TEST_P(ServerWorkersTest, WhatIsToldReachesAllOfThem) {
  auto all = clients(32);
  auto view = testing::synchronized_view();
  view.stratum = 7;
  workers.publish(view);
  const auto at = core::Timestamp::from_unix(2'000'000'000, 0);
  workers.follow({.of_real_time = false,
                  .from_ns = SystemKernelClock().read_ns(CLOCK_MONOTONIC_RAW),
                  .served = at,
                  .frequency = 0});
  for (Client& client : all) {
    client.send(request_with(1), service);
    const auto reply = reply_to(client);
    ASSERT_TRUE(reply);
    EXPECT_EQ(7, reply->stratum);
    EXPECT_NEAR(0, (reply->transmit - at).seconds(), 60);
  }
  workers.use(core::make_policy({}, {}));  // nobody is served
  for (Client& client : all) client.send(request_with(2), service);
  const auto dropped = [&] {
    std::uint64_t sum = 0;
    workers.visit([&](core::Responder& r) { sum += r.statistics(family).dropped(); });
    return sum;
  };
  for (int i = 0; i < 5000 && dropped() < all.size(); ++i) usleep(1000);
  EXPECT_EQ(all.size(), dropped());
  for (Client& client : all) EXPECT_FALSE(client.receive());
}

TEST_P(ServerWorkersTest, ANewcomerThatDoesNotShareCannotHaveThePort) {
  EXPECT_EQ(EADDRINUSE, UdpSocket::open({}, {IpAddress::any(family), key.port, 0}).error());
  EXPECT_EQ(EADDRINUSE,
            UdpSocket::open({}, {IpAddress::any(family), key.port, 0}, UdpSocket::PortUse::shared).error());
}

TEST_P(ServerWorkersTest, APortThatIsNotSharedIsRefused) {
  const auto alone = *UdpSocket::open({}, {IpAddress::any(family), 0, 0});
  EXPECT_NE(0, workers.listen({core::VpnId::public_instance, family, alone.port()}, {}, alone));
}

/// Publishing, visiting, and answering at the same time: for the thread sanitizer.
TEST_P(ServerWorkersTest, TellingAndAskingDoNotDisturbTheAnswers) {
  auto all = clients(8);
  std::uint64_t answers = 0;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    auto view = testing::synchronized_view();
    view.stratum = static_cast<std::uint8_t>(1 + i % 15);
    for (Client& client : all) client.send(request_with(i), service);
    workers.publish(view);
    workers.use(testing::open_policy());
    workers.visit([&](core::Responder& r) { r.reset_statistics(family); });
    for (Client& client : all) answers += reply_to(client).has_value() ? 1 : 0;
  }
  EXPECT_EQ(200 * all.size(), answers);
}

TEST(ServerWorkers, BeforeTheStartTasksAreDoneAtOnceAndNoneMeansNone) {
  SystemRandom random;
  ServerWorkers waiting(2, random), none(0, random);
  const auto view = testing::synchronized_view();
  waiting.publish(view);
  int visits = 0;
  waiting.visit([&](core::Responder&) { ++visits; });
  none.visit([&](core::Responder&) { ++visits; });
  EXPECT_EQ(2, visits);
  const auto socket = *UdpSocket::open({}, {IpAddress::any(Family::ipv4), 0, 0});
  EXPECT_EQ(0, none.listen({core::VpnId::public_instance, Family::ipv4, socket.port()}, {}, socket));
}

}  // namespace
}  // namespace noonmark::io
