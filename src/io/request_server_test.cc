#include "io/request_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <set>

#include "io/serving_for_test.h"
#include "io/test_support.h"
#include "io/transmit_frame.h"

namespace noonmark::io {
namespace {

using base::Endpoint;
using base::Family;
using base::IpAddress;
using core::VpnId;
using testing::Client;
using testing::request_with;

constexpr VpnId kPublic = VpnId::public_instance;
constexpr core::ServedLine kKernelsTime;

bool wait_for(const UdpSocket& socket, short events) {
  pollfd entry{socket.fd(), events, 0};
  return poll(&entry, 1, 5000) == 1;
}

class RequestServerTest : public ::testing::TestWithParam<Family> {
 protected:
  RequestServerTest() {
    socket.prepare_to_serve();
    responder.use(testing::open_policy());
    responder.publish(testing::synchronized_view());
  }
  bool answer(RequestServer::Groups groups = RequestServer::Groups::answer) {
    EXPECT_TRUE(wait_for(socket, POLLIN));
    return server.answer(socket, kPublic, kKernelsTime, groups);
  }

  const Family family = GetParam();
  const IpAddress loopback = IpAddress::loopback(family);
  UdpSocket socket = *UdpSocket::open({}, {IpAddress::any(family), 0, 0});
  const Endpoint service{loopback, socket.port(), 0};
  base::SeededRandom seed{1};
  core::Responder responder{seed};
  RequestServer server{responder};
  Client client{loopback};
  SystemKernelClock clock;
};

INSTANTIATE_TEST_SUITE_P(Families, RequestServerTest, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(RequestServerTest, ARequestIsAnsweredWithTheTimesOfItsArrivalAndOfItsReply) {
  const UniqueFd stamping = UdpSocket::keep_stamping(family);
  const auto before = timestamp_of_unix_ns(clock.read_ns(CLOCK_REALTIME));
  client.send(request_with(77), service);
  EXPECT_FALSE(answer());
  const auto after = timestamp_of_unix_ns(clock.read_ns(CLOCK_REALTIME));
  const auto reply = client.receive_header();
  ASSERT_TRUE(reply);
  EXPECT_EQ(77u, reply->origin.raw());
  EXPECT_EQ(3, reply->stratum);
  EXPECT_LE(core::Duration{}, reply->receive - before);
  EXPECT_LE(core::Duration{}, reply->transmit - reply->receive);
  EXPECT_LE(core::Duration{}, after - reply->transmit);
  EXPECT_TRUE(server.others().empty());
}

TEST_P(RequestServerTest, ABurstIsAnsweredInBatchesAndEachClientGetsItsOwnReply) {
  constexpr std::uint64_t kBurst = 2 * DatagramBatch::kCapacity + 5;
  for (std::uint64_t i = 1; i <= kBurst; ++i) client.send(request_with(i), service);
  EXPECT_TRUE(answer());
  EXPECT_TRUE(answer());
  EXPECT_FALSE(answer());
  std::set<std::uint64_t> answered;
  while (const auto reply = client.receive_header()) answered.insert(reply->origin.raw());
  EXPECT_EQ(kBurst, answered.size());
  EXPECT_EQ(kBurst, responder.statistics(family).processed);
}

TEST_P(RequestServerTest, WhatIsNoRequestIsLeftToOthersAmongRequestsThatAreAnswered) {
  std::vector<std::uint8_t> reply = request_with(5);
  reply[0] = 0x24;
  client.send(request_with(1), service);
  client.send(reply, service);
  client.send({}, service);
  client.send(request_with(2), service);
  answer();
  ASSERT_EQ(2u, server.others().size());
  EXPECT_EQ(0x24, server.others()[0].data[0]);
  EXPECT_EQ((Endpoint{loopback, client.port(), 0}), server.others()[0].remote);
  EXPECT_TRUE(server.others()[1].data.empty());
  EXPECT_EQ(1u, client.receive_header()->origin.raw());
  EXPECT_EQ(2u, client.receive_header()->origin.raw());
  EXPECT_FALSE(client.receive_header());
}

TEST_P(RequestServerTest, ALongDatagramIsCutToTheBufferAndHarmsNone) {
  client.send(std::vector<std::uint8_t>(9000, 0x24), service);
  client.send(request_with(1), service);
  answer();
  ASSERT_EQ(1u, server.others().size());
  EXPECT_EQ(core::kMaxDatagram, server.others()[0].data.size());
  EXPECT_EQ(1u, client.receive_header()->origin.raw());
}

TEST_P(RequestServerTest, TheServedClockIsTheOneOfTheLine) {
  const std::int64_t now = clock.read_ns(CLOCK_MONOTONIC_RAW);
  const auto at = core::Timestamp::from_unix(2'000'000'000, 0);
  client.send(request_with(1), service);
  ASSERT_TRUE(wait_for(socket, POLLIN));
  server.answer(socket, kPublic, {.of_real_time = false, .from_ns = now, .served = at, .frequency = 0.1},
                RequestServer::Groups::answer);
  const auto reply = client.receive_header();
  ASSERT_TRUE(reply);
  for (const auto stamp : {reply->receive, reply->transmit}) EXPECT_NEAR(0, (stamp - at).seconds(), 5.0);
}

/// A stamp is asked for in each message that shall have one.
TEST_P(RequestServerTest, TheKernelStampsTheReplyThatAskedAndItIsKnownAgainByItsOctets) {
  DatagramBatch batch;
  client.send(request_with(1), service);
  client.send(request_with(2), service);
  ASSERT_TRUE(wait_for(socket, POLLIN));
  ASSERT_EQ(2u, batch.receive(socket).size());
  std::vector<std::uint8_t> marked = request_with(0);
  marked[32] = 9;  // the receive timestamp's first octet
  std::ranges::copy(marked, batch.buffer(1).begin());
  batch.reply(0, 48, {loopback, 0, false});
  batch.reply(1, 48, {loopback, 0, true});
  batch.send_replies(socket);
  ASSERT_TRUE(wait_for(socket, POLLPRI));
  std::array<std::uint8_t, core::kMaxDatagram> frame;
  const auto report = socket.receive_report(frame);
  ASSERT_TRUE(report);
  const auto& stamp = std::get<TransmitStamp>(*report);
  const auto reply = sent_reply(stamp.frame, family, socket.port());
  ASSERT_TRUE(reply);
  EXPECT_EQ(9ULL << 56, reply->receive.raw());
  EXPECT_EQ((Endpoint{loopback, client.port(), 0}), reply->remote);
  EXPECT_EQ(service, reply->local);
  EXPECT_NEAR(0, static_cast<double>(clock.read_ns(CLOCK_REALTIME) - stamp.kernel_ns), 5e9);
  EXPECT_FALSE(socket.receive_report(frame)) << "the other one did not ask";
  EXPECT_TRUE(server.on_stamp(stamp, socket, kPublic, kKernelsTime));
}

TEST_P(RequestServerTest, ARefusedReplyDoesNotHoldUpTheOthers) {
  DatagramBatch batch;
  for (std::uint64_t i = 1; i <= 3; ++i) client.send(request_with(i), service);
  ASSERT_TRUE(wait_for(socket, POLLIN));
  ASSERT_EQ(3u, batch.receive(socket).size());
  const IpAddress foreign =
      family == Family::ipv4 ? *IpAddress::parse("192.0.2.77") : *IpAddress::parse("2001:db8::77");
  batch.reply(0, 48, {loopback, 0, false});
  batch.reply(1, 48, {foreign, 0, false});
  batch.reply(2, 48, {loopback, 0, false});
  batch.send_replies(socket);
  EXPECT_TRUE(client.receive());
  EXPECT_TRUE(client.receive());
  EXPECT_FALSE(client.receive());
}

TEST(RequestServerGroups, RequestsToAGroupAreLeftAloneByThoseWhoShall) {
  UdpSocket socket = *UdpSocket::open({}, {IpAddress::any(Family::ipv4), 0, 0});
  const in_addr group{htonl(0xEFFF0123)};  // 239.255.1.35
  constexpr int kLoopback = 1;             // the interface of this index in every network namespace
  const ip_mreqn membership{group, {htonl(INADDR_LOOPBACK)}, kLoopback};
  ASSERT_EQ(0, setsockopt(socket.fd(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership));
  base::SeededRandom seed{1};
  core::Responder responder{seed};
  responder.use(testing::open_policy());
  RequestServer server(responder);
  Client client(IpAddress::loopback(Family::ipv4));
  for (const auto groups : {RequestServer::Groups::leave, RequestServer::Groups::answer}) {
    client.send(request_with(1), {*IpAddress::parse_v4("239.255.1.35"), socket.port(), 0},
                {.source = {}, .interface_index = kLoopback});
    ASSERT_TRUE(wait_for(socket, POLLIN));
    server.answer(socket, kPublic, kKernelsTime, groups);
    EXPECT_EQ(groups == RequestServer::Groups::answer ? 1u : 0u, responder.statistics(Family::ipv4).received);
  }
}

}  // namespace
}  // namespace noonmark::io
