// RFC 9769 section 2, the server's side.

#include "core/responder_for_test.h"

namespace noonmark::core {
namespace {

using namespace testing;

constexpr Duration kLate =
    Duration::from_nanoseconds(7'000);  // from the transmit timestamp to the kernel's stamp

struct InterleavedTest : ResponderTest {
  Path path = path_from("192.0.2.9");
  Timestamp now = kStart;

  Answer ask_for(Timestamp origin, Timestamp receive, wire::Mode mode = wire::Mode::client) {
    now = now + seconds(16);
    auto header = request_header(4, mode);
    header.origin = origin;
    header.receive = receive;
    return ask(octets(header), path, now);
  }
  void stamp(const Answer& answer) {
    responder.on_transmitted(path, answer.header.receive, answer.header.receive + kTurnaround + kLate);
  }
  /// Of the reply to the last request.
  bool is_basic(const Answer& answer) const {
    return answer.header.origin == kTransmit && answer.header.transmit == now + kTurnaround;
  }
  const Timestamp mine = Timestamp::from_raw(0xAAAABBBBCCCCDDDD);  // the client's receive timestamps
};

TEST_F(InterleavedTest, AClientThatAsksForItGetsTheStampOfTheReplyBefore) {
  const auto first = ask_for({}, {});
  EXPECT_TRUE(is_basic(first));
  EXPECT_FALSE(first.plan.wants_stamp) << "nobody asked for it yet";
  const auto second = ask_for(first.header.receive, mine);
  EXPECT_TRUE(is_basic(second)) << "there was no stamp";
  ASSERT_TRUE(second.plan.wants_stamp);
  stamp(second);
  const auto third = ask_for(second.header.receive, mine);
  EXPECT_EQ(third.header.origin, mine);
  EXPECT_EQ(third.header.receive, now);
  EXPECT_EQ(third.header.transmit, second.header.receive + kTurnaround + kLate);
  EXPECT_TRUE(third.plan.wants_stamp);
}

TEST_F(InterleavedTest, WithoutAStampOfTheLastReplyTheNextOneIsBasic) {
  auto reply = ask_for({}, {});
  for (int i = 0; i < 5; ++i) {
    reply = ask_for(reply.header.receive, mine);
    EXPECT_TRUE(is_basic(reply));
    EXPECT_EQ(reply.header.transmit, now + kTurnaround);
  }
  stamp(reply);
  EXPECT_FALSE(is_basic(ask_for(reply.header.receive, mine)));
}

struct WithStamp : InterleavedTest {
  WithStamp() {
    last = ask_for(ask_for({}, {}).header.receive, mine);
    stamp(last);
  }
  Answer last;
};

TEST_F(WithStamp, AReceiveTimestampIsGoodForOneReply) {
  EXPECT_FALSE(is_basic(ask_for(last.header.receive, mine)));
  EXPECT_TRUE(is_basic(ask_for(last.header.receive, mine)));
}

TEST_F(WithStamp, ARequestWhoseReceiveAndTransmitAreEqualIsBasic) {
  EXPECT_TRUE(is_basic(ask_for(last.header.receive, kTransmit)));
}

TEST_F(WithStamp, TheTimestampsOfOneAddressAreNotAnothers) {
  path = path_from("192.0.2.10");
  EXPECT_TRUE(is_basic(ask_for(last.header.receive, mine)));
  path = path_from("192.0.2.9");
  path.remote.port = 9;
  EXPECT_FALSE(is_basic(ask_for(last.header.receive, mine))) << "ports may change: RFC 9109";
}

TEST_F(WithStamp, AnotherVpnIsAnotherClient) {
  path.vpn = VpnId{1};
  EXPECT_TRUE(is_basic(ask_for(last.header.receive, mine)));
}

TEST_F(WithStamp, SymmetricRequestsWithoutAssociationAreInterleavedAlike) {
  const auto reply = ask_for(last.header.receive, mine, wire::Mode::symmetric_active);
  EXPECT_EQ(reply.header.origin, mine);
  EXPECT_EQ(reply.header.mode, wire::Mode::symmetric_passive);
}

TEST_F(WithStamp, AClientThatGoesBackToBasicCostsNoMoreStamps) {
  const auto reply = ask_for({}, {});
  EXPECT_TRUE(is_basic(reply));
  EXPECT_FALSE(reply.plan.wants_stamp);
}

TEST_F(WithStamp, AfterALostReplyTheModeIsFoundAgain) {
  const auto lost = ask_for(last.header.receive, mine);
  stamp(lost);
  const auto again = ask_for(last.header.receive, mine);
  EXPECT_TRUE(is_basic(again));
  EXPECT_TRUE(again.plan.wants_stamp);
  stamp(again);
  EXPECT_FALSE(is_basic(ask_for(again.header.receive, mine)));
}

TEST_F(WithStamp, SwitchedOffEveryReplyIsBasic) {
  config.interleaved = false;
  commit();
  const auto reply = ask_for(last.header.receive, mine);
  EXPECT_TRUE(is_basic(reply));
  EXPECT_FALSE(reply.plan.wants_stamp);
}

TEST_F(WithStamp, WhatIsDroppedUsesNothingUp) {
  auto wrong = request_header(4);
  wrong.origin = last.header.receive;
  wrong.receive = mine;
  auto datagram = sign(octets(wrong), 6, 16);
  datagram.back() ^= 1;
  EXPECT_EQ(ask(datagram, path, now).drop, DropReason::authentication);
  EXPECT_FALSE(is_basic(ask_for(last.header.receive, mine)));
}

TEST_F(WithStamp, AStampForAnotherReplyOrOutOfReasonIsIgnored) {
  const auto next = ask_for(last.header.receive, mine);
  responder.on_transmitted(path, last.header.receive, now);
  EXPECT_TRUE(is_basic(ask_for(next.header.receive, mine)));
  const auto after = ask_for({}, {});
  responder.on_transmitted(path, after.header.receive, after.header.receive - seconds(1));
  EXPECT_TRUE(is_basic(ask_for(after.header.receive, mine)));
  responder.on_transmitted(path_from("192.0.2.77"), kStart, kStart);  // nobody we know
}

TEST_F(InterleavedTest, ReceiveTimestampsAreUniqueAndNoTransmitTimestampEqualsOne) {
  Octets datagram = request(4);
  std::vector<Timestamp> seen;
  for (int i = 0; i < 3; ++i) seen.push_back(ask(datagram, path, kStart).header.receive);
  EXPECT_NE(seen[0], seen[1]);
  EXPECT_NE(seen[1], seen[2]);
  const auto transmit = ask(datagram, path, kStart).header.transmit;
  EXPECT_NE(ask(datagram, path, transmit).header.receive, transmit);
  Octets buffer = datagram;
  buffer.resize(kMaxPacket);
  const ServiceRequest request{
      .buffer = buffer, .size = datagram.size(), .path = path, .received = kStart + seconds(1)};
  const auto plan = responder.examine(request);
  responder.complete(request, plan, kStart + seconds(1));
  const auto header = wire::decode(base::Bytes(buffer).first(plan.size), nullptr, nullptr)->header;
  EXPECT_EQ((header.transmit - header.receive).raw(), 1);
}

TEST_F(InterleavedTest, InABatchEachReplyOfAClientGetsItsOwnTransmitTimestamp) {
  std::array<Octets, 2> buffers;
  std::array<ServiceRequest, 2> batch;
  std::array<ReplyPlan, 2> plans;
  for (std::size_t i = 0; i < 2; ++i) {
    buffers[i] = request(4);
    buffers[i].resize(kMaxPacket);
    batch[i] = {.buffer = buffers[i], .size = 48, .path = path, .received = kStart};
  }
  responder.prefetch(batch);
  for (std::size_t i = 0; i < 2; ++i) plans[i] = responder.examine(batch[i]);
  for (const std::size_t i : {1U, 0U})
    responder.complete(batch[i], plans[i], kStart + kTurnaround * static_cast<double>(i + 1));
  const auto second = wire::decode(base::Bytes(buffers[1]).first(48), nullptr, nullptr)->header;
  limit_everyone();
  config.kod_enabled = true;
  commit();
  now = kStart;
  auto header = request_header(4);
  header.origin = second.transmit;
  EXPECT_TRUE(ask(octets(header), path, kStart + kTurnaround).is_kiss(0x52415445))
      << "the client's record is of the second reply";
}

}  // namespace
}  // namespace noonmark::core
