#include "io/ntp_sockets.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/resource.h>

#include "io/kernel_clock.h"
#include "io/socket_address.h"
#include "io/system_random.h"
#include "io/test_support.h"

namespace noonmark::io {
namespace {

using base::Endpoint;
using base::Family;
using base::IpAddress;
using core::SendError;
using core::Transmit;
using core::TransmitId;
using core::VpnId;
using ::testing::HasSubstr;
using testing::run_until;

struct Seen {
  std::vector<std::uint8_t> data;
  Arrival arrival;  // without data
};

struct Recorder final : NtpSockets::Handler {
  void on_datagram(const Arrival& arrival) override {
    seen.push_back({{arrival.data.begin(), arrival.data.end()}, arrival});
    seen.back().arrival.data = {};
    if (then) then();
  }
  core::ServedLine before_answers() override { return {}; }
  void on_transmitted(TransmitId id, std::optional<std::int64_t> ns,
                      const core::Departure& departure) override {
    transmitted.emplace_back(id, ns);
    departures.push_back(departure);
  }
  void on_send_error(TransmitId id, SendError error, int) override {
    errors.emplace_back(id, error);
    if (then) then();
  }
  std::vector<Seen> seen;
  std::vector<std::pair<TransmitId, std::optional<std::int64_t>>> transmitted;
  std::vector<core::Departure> departures;
  std::vector<std::pair<TransmitId, SendError>> errors;
  std::function<void()> then;
};

/// A socket of the world outside.
class Peer {
 public:
  explicit Peer(Family family, std::uint16_t port = 0)
      : socket_(*UdpSocket::open({}, {IpAddress::loopback(family), port, 0})) {}
  Endpoint endpoint(Family family) const { return {IpAddress::loopback(family), socket_.port(), 0}; }
  std::optional<Datagram> receive() { return socket_.receive(buffer_); }
  void send(std::size_t size, const Endpoint& to) {
    const std::vector<std::uint8_t> data(size, 0x24);  // no request: those do not reach the handler
    EXPECT_EQ(0, socket_.send(data, to, {}));
  }
  std::uint16_t port() const { return socket_.port(); }

 private:
  UdpSocket socket_;
  std::array<std::uint8_t, 2048> buffer_;
};

/// A port that was free a moment ago.
std::uint16_t free_port(Family family) { return UdpSocket::open({}, {IpAddress::any(family), 0, 0})->port(); }

class NtpSocketsTest : public ::testing::TestWithParam<Family> {
 protected:
  NtpSocketsTest() { sockets.use_places({VpnPlace{}}); }

  Transmit request(std::uint64_t id, const Endpoint& remote, std::uint16_t source_port = 0) {
    Transmit t;
    t.id = TransmitId{id};
    t.local = {IpAddress::any(remote.address.family()), source_port, 0};
    t.remote = remote;
    t.size = 48;
    t.data[0] = 0x23;
    t.data[47] = static_cast<std::uint8_t>(id);
    return t;
  }
  Transmit reply_to(const Arrival& arrival) {
    Transmit t = request(99, arrival.path.remote);
    t.purpose = Transmit::Purpose::reply;
    t.local = arrival.path.local;
    t.interface_index = arrival.path.interface_index;
    return t;
  }
  bool until(const std::function<bool()>& done) { return run_until(loop, done); }
  Datagram received_by(Peer& peer) {
    std::optional<Datagram> got;
    EXPECT_TRUE(until([&] { return (got = peer.receive()).has_value(); }));
    return got.value_or(Datagram{});
  }

  const Family family = GetParam();
  const IpAddress loopback = IpAddress::loopback(family);
  Loop loop;
  Recorder seen;
  testing::RecordingLog log;
  SystemRandom random;
  core::Responder responder{random};
  ServerWorkers no_workers{0, random};
  NtpSockets sockets{loop, responder, no_workers, seen, log};
};

INSTANTIATE_TEST_SUITE_P(Families, NtpSocketsTest, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(NtpSocketsTest, ARequestIsAnsweredWithTheKernelsStampsOfBothWays) {
  Peer server(family);
  SystemKernelClock clock;
  // The kernel begins to stamp what it receives some time after it is asked.
  ASSERT_TRUE(until([&] {
    sockets.send(request(0, server.endpoint(family)));
    server.send(48, received_by(server).remote);
    loop.run_once(std::chrono::milliseconds(5));
    return !seen.seen.empty() && seen.seen.back().arrival.kernel_ns;
  }));
  sockets.close(TransmitId{0});
  seen.seen.clear();
  seen.transmitted.clear();
  const std::int64_t start = clock.read_ns(CLOCK_REALTIME);
  sockets.send(request(1, server.endpoint(family)));
  const Datagram got = received_by(server);
  EXPECT_EQ(48u, got.data.size());
  server.send(48, got.remote);
  ASSERT_TRUE(until([&] { return !seen.seen.empty() && !seen.transmitted.empty(); }));
  const std::int64_t end = clock.read_ns(CLOCK_REALTIME);

  const Arrival& reply = seen.seen[0].arrival;
  EXPECT_EQ(TransmitId{1}, reply.request);
  EXPECT_FALSE(reply.service);
  EXPECT_EQ(server.endpoint(family), reply.path.remote);
  EXPECT_EQ((Endpoint{loopback, got.remote.port, 0}), reply.path.local);
  EXPECT_EQ(VpnId::public_instance, reply.path.vpn);
  EXPECT_NE(0u, reply.path.interface_index);
  ASSERT_TRUE(reply.kernel_ns);
  EXPECT_EQ(1u, seen.transmitted.size());
  EXPECT_EQ(TransmitId{1}, seen.transmitted[0].first);
  ASSERT_TRUE(seen.transmitted[0].second);
  EXPECT_EQ(IpAddress::loopback(family), seen.departures[0].address);
  EXPECT_EQ(1u, seen.departures[0].interface_index) << "the loopback's index";
  EXPECT_TRUE(start <= *seen.transmitted[0].second && *seen.transmitted[0].second <= *reply.kernel_ns &&
              *reply.kernel_ns <= end);
  EXPECT_TRUE(seen.errors.empty());
}

TEST_P(NtpSocketsTest, EachRequestHasAnotherSourcePort) {
  Peer server(family);
  std::set<std::uint16_t> ports;
  for (std::uint64_t id = 1; id <= 20; ++id) sockets.send(request(id, server.endpoint(family)));
  for (int i = 0; i < 20; ++i) ports.insert(received_by(server).remote.port);
  EXPECT_EQ(20u, ports.size());
}

TEST_P(NtpSocketsTest, AClosedRequestHearsNothingMore) {
  Peer server(family);
  sockets.send(request(1, server.endpoint(family)));
  const Datagram got = received_by(server);
  sockets.close(TransmitId{1});
  sockets.close(TransmitId{1});
  server.send(48, got.remote);
  loop.run_once(std::chrono::milliseconds(5));
  EXPECT_TRUE(seen.seen.empty());
}

TEST_P(NtpSocketsTest, TheHandlerMayCloseTheSocketThatItHearsFrom) {
  Peer server(family);
  seen.then = [this] { sockets.close(TransmitId{1}); };
  sockets.send(request(1, server.endpoint(family)));
  server.send(48, received_by(server).remote);
  EXPECT_TRUE(until([&] { return !seen.seen.empty(); }));
  seen.seen.clear();
  sockets.send(request(1, {loopback, free_port(family), 0}));
  EXPECT_TRUE(until([&] { return !seen.errors.empty(); }));
}

TEST_P(NtpSocketsTest, APortThatIsNotOpenIsReportedForItsRequest) {
  sockets.send(request(7, {loopback, free_port(family), 0}));
  ASSERT_TRUE(until([&] { return !seen.errors.empty(); }));
  EXPECT_EQ((std::pair{TransmitId{7}, SendError::port_unreachable}), seen.errors[0]);
  for (int i = 0; i < 3; ++i) loop.run_once(std::chrono::milliseconds(1));
  EXPECT_EQ(1u, seen.errors.size());
}

TEST_P(NtpSocketsTest, AFailureToSendIsToldFromTheLoop) {
  Transmit gone = request(1, {loopback, 123, 0});
  gone.local.address =
      family == Family::ipv4 ? *IpAddress::parse("192.0.2.77") : *IpAddress::parse("2001:db8::77");
  sockets.send(gone);
  gone.id = TransmitId{2};
  gone.local.port = free_port(family);
  sockets.send(gone);
  Transmit nowhere = request(3, {loopback, 123, 0});
  nowhere.vpn = VpnId{42};
  sockets.send(nowhere);
  EXPECT_TRUE(seen.errors.empty());
  ASSERT_TRUE(until([&] { return seen.errors.size() == 3; }));
  EXPECT_EQ((std::pair{TransmitId{1}, SendError::source_address_gone}), seen.errors[0]);
  EXPECT_EQ((std::pair{TransmitId{2}, SendError::source_address_gone}), seen.errors[1]);
  EXPECT_EQ((std::pair{TransmitId{3}, SendError::no_route}), seen.errors[2]);
}

TEST_P(NtpSocketsTest, RequestsFromAFixedPortShareItAndAreToldApart) {
  Peer one(family), two(family);
  const std::uint16_t port = free_port(family);
  sockets.send(request(1, one.endpoint(family), port));
  Transmit bound = request(2, two.endpoint(family), port);
  bound.local.address = loopback;
  sockets.send(bound);
  sockets.send(request(3, {loopback, free_port(family), 0}, port));
  EXPECT_EQ(port, received_by(one).remote.port);
  EXPECT_EQ(port, received_by(two).remote.port);
  ASSERT_TRUE(until([&] { return seen.transmitted.size() == 3 && !seen.errors.empty(); }));
  std::set<TransmitId> stamped;
  for (const auto& [id, ns] : seen.transmitted) {
    EXPECT_TRUE(ns);
    stamped.insert(id);
  }
  EXPECT_EQ(3u, stamped.size());
  EXPECT_EQ((std::pair{TransmitId{3}, SendError::port_unreachable}), seen.errors[0]);
  two.send(48, {loopback, port, 0});
  ASSERT_TRUE(until([&] { return !seen.seen.empty(); }));
  EXPECT_EQ(two.endpoint(family), seen.seen[0].arrival.path.remote);
  EXPECT_FALSE(seen.seen[0].arrival.request);
  for (const std::uint64_t id : {1u, 2u, 3u}) sockets.close(TransmitId{id});
  EXPECT_TRUE(UdpSocket::open({}, {IpAddress::any(family), port, 0}));  // free again
}

TEST_P(NtpSocketsTest, AServiceAnswersFromTheAddressThatWasAsked) {
  const std::uint16_t port = free_port(family);
  sockets.serve(family, port, {VpnId::public_instance});
  Peer client(family);
  client.send(48, {loopback, port, 0});
  ASSERT_TRUE(until([&] { return !seen.seen.empty(); }));
  const Arrival& got = seen.seen[0].arrival;
  EXPECT_TRUE(got.service);
  EXPECT_FALSE(got.request);
  EXPECT_EQ((Endpoint{loopback, port, 0}), got.path.local);
  sockets.send(reply_to(got));
  EXPECT_EQ((Endpoint{loopback, port, 0}), received_by(client).remote);
  EXPECT_TRUE(seen.transmitted.empty());
}

// 127/8 has many addresses, IPv6 has one loopback address.
struct NtpSocketsIpv4Test : NtpSocketsTest {};
INSTANTIATE_TEST_SUITE_P(Families, NtpSocketsIpv4Test, ::testing::Values(Family::ipv4));

TEST_P(NtpSocketsIpv4Test, AServiceAnswersFromASecondaryAddress) {
  const std::uint16_t port = free_port(family);
  const Endpoint secondary{*IpAddress::parse("127.9.8.7"), port, 0};
  sockets.serve(family, port, {VpnId::public_instance});
  Peer client(family);
  client.send(48, secondary);
  ASSERT_TRUE(until([&] { return !seen.seen.empty(); }));
  sockets.send(reply_to(seen.seen[0].arrival));
  EXPECT_EQ(secondary, received_by(client).remote);
}

TEST_P(NtpSocketsTest, DatagramsOfEverySizeArriveCutToTheBuffer) {
  const std::uint16_t port = free_port(family);
  sockets.serve(family, port, {VpnId::public_instance});
  Peer client(family);
  std::size_t count = 0;
  for (const std::size_t size : {0u, 1u, 47u, 48u, 2047u, 2048u, 2049u, 9000u, 65507u}) {
    client.send(size, {loopback, port, 0});
    ASSERT_TRUE(until([&] { return seen.seen.size() > count; })) << size;
    EXPECT_EQ(std::min(size, core::kMaxDatagram), seen.seen[count++].data.size());
  }
}

TEST_P(NtpSocketsTest, ABusyPortIsReportedOnceAndTakenWhenItIsFree) {
  auto rival = UdpSocket::open({}, {IpAddress::any(family), 0, 0});
  const std::uint16_t port = rival->port();
  sockets.serve(family, port, {VpnId::public_instance});
  const NtpSockets::ServiceProblem problem{"", family, port, EADDRINUSE};
  EXPECT_EQ(std::vector{problem}, sockets.service_problems());
  sockets.serve(family, port, {VpnId::public_instance});
  ASSERT_EQ(1u, log.lines.size());
  EXPECT_THAT(log.lines[0], HasSubstr("cannot listen on UDP port " + std::to_string(port)));
  rival.value() = *UdpSocket::open({}, {IpAddress::any(family), 0, 0});
  sockets.use_places({VpnPlace{}});
  EXPECT_TRUE(sockets.service_problems().empty());
  EXPECT_EQ(2u, log.lines.size());
}

TEST_P(NtpSocketsTest, AProgramThatSharesItsPortsGetsNeitherOursNorHidesIts) {
  const std::uint16_t port = free_port(family);
  {
    const auto sharing = UdpSocket::open({}, {IpAddress::any(family), port, 0}, UdpSocket::PortUse::shared);
    sockets.serve(family, port, {VpnId::public_instance});
    EXPECT_EQ(1u, sockets.service_problems().size());
  }
  sockets.serve(family, port, {VpnId::public_instance});
  EXPECT_TRUE(sockets.service_problems().empty());
  EXPECT_EQ(EADDRINUSE,
            UdpSocket::open({}, {IpAddress::any(family), port, 0}, UdpSocket::PortUse::shared).error());
}

TEST_P(NtpSocketsTest, AnAnswerLongerThanAPacketLeavesFromWhereItWasAsked) {
  const std::uint16_t port = free_port(family);
  sockets.serve(family, port, {VpnId::public_instance});
  Peer client(family);
  client.send(12, {loopback, port, 0});
  ASSERT_TRUE(until([&] { return !seen.seen.empty(); }));
  sockets.answer(seen.seen[0].arrival.path, std::vector<std::uint8_t>(480, 0x16));
  const auto got = received_by(client);
  EXPECT_EQ((Endpoint{loopback, port, 0}), got.remote);
  EXPECT_EQ(480u, got.data.size());
  auto gone = seen.seen[0].arrival.path;
  gone.vpn = VpnId{7};
  sockets.answer(gone, std::vector<std::uint8_t>(480));  // no such socket: nothing
}

TEST_P(NtpSocketsTest, AServiceMovesWithItsPortAndEndsWithItsVpn) {
  const std::uint16_t first = free_port(family);
  sockets.serve(family, first, {VpnId::public_instance});
  const std::uint16_t second = free_port(family);
  sockets.serve(family, second, {VpnId::public_instance});
  EXPECT_TRUE(UdpSocket::open({}, {IpAddress::any(family), first, 0}));
  EXPECT_FALSE(UdpSocket::open({}, {IpAddress::any(family), second, 0}));
  sockets.use_places({});
  EXPECT_TRUE(UdpSocket::open({}, {IpAddress::any(family), second, 0}));
  sockets.use_places({VpnPlace{}});
  EXPECT_FALSE(UdpSocket::open({}, {IpAddress::any(family), second, 0}));
  sockets.serve(family, second, {});
  EXPECT_TRUE(UdpSocket::open({}, {IpAddress::any(family), second, 0}));
}

TEST_P(NtpSocketsTest, OnePortIsServedInAVrfAndOutsideInAnyOrder) {
  // To bind(), a socket bound to a VRF device is as one that is bound to any device.
  const VpnPlace vrf{{VpnId{1}, "lo", core::Vpn::Kind::vrf}, 1, nullptr};
  sockets.use_places({VpnPlace{}, vrf});
  const VpnId outside = VpnId::public_instance;
  for (const auto& order : {std::pair{outside, VpnId{1}}, std::pair{VpnId{1}, outside}}) {
    const std::uint16_t port = free_port(family);
    sockets.serve(family, port, {order.first});
    sockets.serve(family, port, {order.first, order.second});
    EXPECT_TRUE(sockets.service_problems().empty());
    EXPECT_EQ(EADDRINUSE,
              UdpSocket::open({}, {IpAddress::any(family), port, 0}, UdpSocket::PortUse::shared).error());
    seen.seen.clear();
    Peer client(family);
    client.send(48, {loopback, port, 0});
    ASSERT_TRUE(until([&] { return !seen.seen.empty(); }));
    EXPECT_EQ(VpnId{1}, seen.seen[0].arrival.path.vpn);
    sockets.send([&] {
      Transmit reply = reply_to(seen.seen[0].arrival);
      reply.vpn = VpnId{1};
      return reply;
    }());
    EXPECT_EQ((Endpoint{loopback, port, 0}), received_by(client).remote);
  }
  sockets.use_places({VpnPlace{}});
  EXPECT_TRUE(sockets.service_problems().empty());
}

TEST_P(NtpSocketsTest, ASourcePortThatIsAlsoTheServicesIsOneSocketWhicheverComesFirst) {
  Peer server(family);
  const std::uint16_t port = free_port(family);
  sockets.send(request(1, server.endpoint(family), port));
  sockets.serve(family, port, {VpnId::public_instance});
  EXPECT_TRUE(sockets.service_problems().empty());
  EXPECT_EQ(port, received_by(server).remote.port);
  sockets.serve(family, port, {});
  server.send(48, {loopback, port, 0});  // the request still waits
  ASSERT_TRUE(until([&] { return seen.seen.size() == 1; }));
  EXPECT_FALSE(seen.seen[0].arrival.service);
  sockets.serve(family, port, {VpnId::public_instance});
  sockets.send(request(2, server.endpoint(family), port));
  sockets.close(TransmitId{1});
  sockets.close(TransmitId{2});
  server.send(48, {loopback, port, 0});
  ASSERT_TRUE(until([&] { return seen.seen.size() == 2; }));
  EXPECT_TRUE(seen.seen[1].arrival.service);
}

TEST_P(NtpSocketsTest, WithoutFreeDescriptorsARequestFailsForThatReason) {
  rlimit limit{};
  ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
  const rlimit none{3, limit.rlim_max};
  const Transmit transmit = request(1, {loopback, 123, 0});
  NtpSockets& out =
      sockets;  // UBSan needs descriptors to look at objects with virtual functions, as the test is one
  ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
  out.send(transmit);
  ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
  ASSERT_TRUE(until([&] { return !seen.errors.empty(); }));
  EXPECT_EQ((std::pair{TransmitId{1}, SendError::no_resources}), seen.errors[0]);
}

}  // namespace
}  // namespace noonmark::io
