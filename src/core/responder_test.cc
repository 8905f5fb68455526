#include "core/responder.h"

#include "core/responder_for_test.h"

namespace noonmark::core {
namespace {

using namespace testing;

TEST_F(ResponderTest, ARequestIsAnsweredInItsVersionWithItsPollAndItsTransmitAsOrigin) {
  for (std::uint8_t version = 1; version <= 4; ++version) {
    const auto reply = ask(request(version), kStart + seconds(version)).header;
    EXPECT_EQ(reply.leap, wire::Leap::none);
    EXPECT_EQ(reply.version, version);
    EXPECT_EQ(reply.mode, wire::Mode::server);
    EXPECT_EQ(reply.poll, 7);
    EXPECT_EQ(reply.precision, -24);
    EXPECT_EQ(reply.origin, kTransmit);
    EXPECT_EQ(reply.receive, kStart + seconds(version));
    EXPECT_EQ(reply.transmit, kStart + seconds(version) + kTurnaround);
    EXPECT_EQ(reply.reference, kStart - seconds(10));
    EXPECT_EQ(reply.stratum, 3);
    EXPECT_EQ(reply.reference_id, 0xC0000201u);
    EXPECT_NEAR(reply.root_delay.seconds(), 0.004, 2e-5);
  }
}

TEST_F(ResponderTest, TheRootDispersionIsAgedToTheMomentOfTheRequest) {
  EXPECT_NEAR(ask(request(4), kStart + seconds(90)).header.root_dispersion.seconds(), 0.002 + 15e-6 * 100,
              2e-5);
}

TEST_F(ResponderTest, AnUnsynchronizedServerSaysSo) {
  responder.publish({});
  const auto reply = ask(request(4)).header;
  EXPECT_EQ(reply.leap, wire::Leap::unknown);
  EXPECT_EQ(reply.stratum, 0);
  EXPECT_EQ(reply.reference_id, 0u);
  EXPECT_EQ(reply.root_dispersion, ShortDuration{});
}

TEST_F(ResponderTest, ALocalClockRenewsItsReferenceTimeButNeverBeyondTheTransmitTime) {
  auto view = synchronized_view();
  view.local_clock = true;
  responder.publish(view);
  const auto reply = ask(request(4)).header;
  EXPECT_EQ(reply.reference, kStart);
  EXPECT_GE((reply.transmit - reply.reference), Duration{});
}

TEST_F(ResponderTest, AKeyedRequestGetsAMacOfItsKeyAndLength) {
  for (const auto& [id, length] :
       std::vector<std::pair<std::uint32_t, std::size_t>>{{5, 20}, {5, 32}, {6, 16}}) {
    const auto datagram = sign(request(4), id, length);
    const auto reply = ask(datagram);
    ASSERT_FALSE(reply.drop);
    EXPECT_EQ(reply.data.size(), datagram.size());
    EXPECT_TRUE(is_signed_by(reply, id));
  }
}

TEST_F(ResponderTest, AWrongMacAnUnknownKeyAndACryptoNakGetSilence) {
  auto wrong = sign(request(4), 6, 16);
  wrong.back() ^= 1;
  EXPECT_EQ(ask(wrong).drop, DropReason::authentication);
  auto unknown = request(3);
  unknown.resize(48 + 20);
  unknown[51] = 99;
  EXPECT_EQ(ask(unknown).drop, DropReason::unknown_key);
  auto nak = request(4);
  nak.resize(52);
  EXPECT_EQ(ask(nak).drop, DropReason::unknown_key);
  EXPECT_EQ(responder.statistics(Family::ipv4).last_drops[1].key_id, 99u);
}

TEST_F(ResponderTest, KeysThatChangeAreTheNewOnesFromThenOn) {
  const auto datagram = sign(request(4), 6, 16);
  EXPECT_FALSE(ask(datagram).drop);
  config.keys.pop_back();
  commit();
  EXPECT_EQ(ask(datagram).drop, DropReason::unknown_key);
}

TEST_F(ResponderTest, AnUnknownExtensionFieldIsIgnoredAndNotEchoed) {
  auto bytes = request(4);
  bytes.resize(48 + 28);
  bytes[48] = 0x77;
  bytes[51] = 28;
  const auto reply = ask(bytes);
  EXPECT_FALSE(reply.drop);
  EXPECT_EQ(reply.data.size(), 48u);
}

TEST_F(ResponderTest, OtherModesAndMalformedPacketsAreNamed) {
  for (const auto mode : {wire::Mode::symmetric_passive, wire::Mode::server, wire::Mode::broadcast,
                          wire::Mode::control, wire::Mode::private_use})
    EXPECT_EQ(ask(request(4, mode)).drop, DropReason::bad_mode);
  EXPECT_EQ(ask(request(2, wire::Mode::reserved)).drop, DropReason::bad_mode);
  EXPECT_FALSE(ask(request(1, wire::Mode::reserved)).drop);
  EXPECT_EQ(ask(request(0)).drop, DropReason::bad_version);
  EXPECT_EQ(ask(request(5)).drop, DropReason::bad_version);
  EXPECT_EQ(ask(Octets{}).drop, DropReason::too_short);
  EXPECT_EQ(ask(Octets(47, 0x23)).drop, DropReason::too_short);
  auto odd = request(4);
  odd.resize(50);
  EXPECT_EQ(ask(odd).drop, DropReason::bad_length);
}

TEST_F(ResponderTest, ASymmetricActiveRequestWithoutAssociationGetsAPassiveReply) {
  const auto reply = ask(request(4, wire::Mode::symmetric_active));
  EXPECT_EQ(reply.header.mode, wire::Mode::symmetric_passive);
  EXPECT_EQ(reply.header.origin, kTransmit);
  EXPECT_EQ(responder.client_totals().records, 1u);
}

TEST_F(ResponderTest, ABroadcastAddressIsNotListenedOn) {
  for (const auto* address : {"192.0.2.255", "255.255.255.255", "224.0.1.1"})
    EXPECT_EQ(ask(request(4), path_from("192.0.2.9", address), kStart).drop, DropReason::not_listening);
  EXPECT_FALSE(ask(request(4), path_from("192.0.2.9", "192.0.2.254"), kStart).drop);
}

TEST_F(ResponderTest, AManycastServerAnswersItsGroupOnItsInterfaceOnlyAndOnlyWhoKnowsLess) {
  const auto path = path_from("192.0.2.9", "224.0.1.1");
  config.manycast_servers = {{.interface_name = "eth1", .group = path.local.address},
                             {.interface_name = "eth0", .group = *IpAddress::parse("224.0.1.2")}};
  commit();
  EXPECT_EQ(ask(request(4), path, kStart).drop, DropReason::not_listening);
  config.manycast_servers[0].interface_name = "eth0";
  commit();
  const auto with_stratum = [](std::uint8_t stratum) {
    auto header = request_header(4);
    header.stratum = stratum;
    return octets(header);
  };
  const auto reply = ask(request(4), path, kStart);
  EXPECT_EQ(reply.header.stratum, 3);
  EXPECT_TRUE(reply.plan.source.is_unspecified());
  EXPECT_FALSE(ask(with_stratum(4), path, kStart).drop);
  EXPECT_EQ(ask(with_stratum(3), path, kStart).drop, DropReason::unsynchronized);
  responder.publish({});
  EXPECT_EQ(ask(request(4), path, kStart).drop, DropReason::unsynchronized);
}

TEST_F(ResponderTest, NoKissGoesToAManycastRequest) {
  config.manycast_servers = {{.interface_name = "eth0", .group = *IpAddress::parse("224.0.1.1")}};
  config.kod_enabled = true;
  permit(AccessLevel::peer, {});
  commit();
  EXPECT_TRUE(ask(request(4)).is_kiss(0x44454E59));
  const auto reply = ask(request(4), path_from("192.0.2.10", "224.0.1.1"), kStart);
  EXPECT_EQ(reply.drop, DropReason::access_denied);
  EXPECT_TRUE(reply.data.empty());
}

TEST_F(ResponderTest, WhatConfigurationAndNetworkSayOfAPlaceHoldsFromTheNextCommit) {
  EXPECT_FALSE(ask(request(4)).drop);
  config.family(Family::ipv4).receive_disabled = {"eth0"};
  commit();
  EXPECT_EQ(ask(request(4)).drop, DropReason::interface_disabled);
  EXPECT_FALSE(ask(request(4), path_from("2001:db8::9", "2001:db8::1"), kStart).drop);
  config.family(Family::ipv4) = {};
  config.family(Family::ipv4).serving = Serving::never;
  commit();
  EXPECT_EQ(ask(request(4)).drop, DropReason::server_disabled);
}

TEST_F(ResponderTest, PacketsAreCountedForFamilyAndInterface) {
  ask(request(4));
  ask(request(0));
  const auto* of_interface =
      responder.interface_counters().find(network, network.interfaces.front(), Family::ipv4);
  ASSERT_NE(of_interface, nullptr);
  for (const auto* counters : {&responder.statistics(Family::ipv4), of_interface}) {
    EXPECT_EQ(counters->received, 2u);
    EXPECT_EQ(counters->processed, 1u);
    EXPECT_EQ(counters->sent, 1u);
    EXPECT_EQ(counters->dropped(), 1u);
  }
  EXPECT_EQ(responder.statistics(Family::ipv6).received, 0u);
}

TEST_F(ResponderTest, WhateverComesNoReplyIsLongerAndNoOtherModeIsAnswered) {
  config.kod_enabled = true;
  permit(AccessLevel::peer, {rule(true, "192.0.2.9", "255.255.255.255")});
  limit_everyone();
  base::SeededRandom draw(3);
  std::uint64_t replies = 0;
  for (int i = 0; i < 20'000; ++i) {
    Octets datagram(draw.next() % 3 == 0 ? draw.next() % 200 : 48 + 4 * (draw.next() % 12));
    for (auto& octet : datagram) octet = static_cast<std::uint8_t>(draw.next());
    if (!datagram.empty() && draw.next() % 2 == 0)
      datagram[0] = static_cast<std::uint8_t>(0x20 | (datagram[0] & 7));
    if (datagram.size() == 68 && draw.next() % 2 == 0) datagram = sign(datagram, 6, 16);
    const auto from = draw.next() % 2 == 0 ? "192.0.2.9" : "192.0.2.10";
    const auto reply = ask(datagram, path_from(from), kStart + seconds(i));
    if (reply.data.empty()) continue;
    ++replies;
    const auto mode = datagram[0] & 7, version = datagram[0] >> 3 & 7;
    EXPECT_TRUE(mode == 3 || mode == 1 || (mode == 0 && version == 1));
    EXPECT_EQ(static_cast<int>(reply.header.mode), mode == 1 ? 2 : 4);
    EXPECT_EQ(reply.header.version, version);
  }
  EXPECT_GT(replies, 100u);
}

TEST(ClientRequest, IsModeThreeOrTheModelessVersionOneFromAnotherPortThan123) {
  EXPECT_TRUE(Responder::is_request(request(4), 123));
  EXPECT_TRUE(Responder::is_request(request(1, wire::Mode::reserved), 1024));
  EXPECT_FALSE(Responder::is_request(request(1, wire::Mode::reserved), 123));
  EXPECT_FALSE(Responder::is_request(request(2, wire::Mode::reserved), 1024));
  EXPECT_FALSE(Responder::is_request(request(4, wire::Mode::symmetric_active), 123));
  EXPECT_FALSE(Responder::is_request({}, 123));
}

}  // namespace
}  // namespace noonmark::core
