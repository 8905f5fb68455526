// Access, rate limits and kiss codes.

#include "core/responder_for_test.h"

namespace noonmark::core {
namespace {

using namespace testing;

constexpr std::uint32_t kDeny = 0x44454E59;
constexpr std::uint32_t kRate = 0x52415445;

struct AccessTest : ResponderTest {};
struct LimitTest : ResponderTest {
  LimitTest() { limit_everyone(); }
  /// A request that repeats the transmit timestamp of the last reply.
  Answer ask_proven(Timestamp received, std::uint8_t version = 4) {
    auto header = request_header(version);
    header.origin = last_transmit;
    auto answer = ask(header, received);
    if (!answer.data.empty() && answer.header.stratum != 0) last_transmit = answer.header.transmit;
    return answer;
  }
  Timestamp last_transmit;
};
struct ServerKissTest : LimitTest {
  ServerKissTest() {
    config.kod_enabled = true;
    commit();
  }
};

TEST_F(AccessTest, EveryLevelButQueryAndNoneIsToldTheTime) {
  for (const auto level : {AccessLevel::peer, AccessLevel::server, AccessLevel::synchronization,
                           AccessLevel::query, AccessLevel::limited}) {
    config.access = {};
    permit(level, {rule(true, "192.0.2.9", "255.255.255.255")});
    commit();
    responder.forget_clients();
    const auto expected =
        level == AccessLevel::query ? std::optional(DropReason::access_denied) : std::nullopt;
    EXPECT_EQ(ask(request(4)).drop, expected);
    EXPECT_EQ(ask(request(4), path_from("192.0.2.10"), kStart).drop, DropReason::access_denied);
  }
}

TEST_F(AccessTest, ADecisionIsKeptUntilTheListsChange) {
  for (int i = 0; i < 3; ++i) {
    permit(AccessLevel::peer, {rule(i != 1, "192.0.2.9", "255.255.255.255")});
    commit();
    for (int j = 0; j < 2; ++j) EXPECT_EQ(ask(request(4)).drop.has_value(), i == 1);
  }
}

TEST_F(AccessTest, TheSameAddressInAnotherVpnIsAnotherClient) {
  auto red = rule(true, "192.0.2.9", "255.255.255.255");
  red.vpn = "RED";
  permit(AccessLevel::peer, {red});
  commit();
  auto path = path_from("192.0.2.9");
  EXPECT_EQ(ask(request(4), path, kStart).drop, DropReason::access_denied);
  path.vpn = VpnId{1};
  EXPECT_FALSE(ask(request(4), path, kStart).drop);
  EXPECT_EQ(responder.client_totals().records, 2u);
}

TEST_F(LimitTest, AnInitialBurstOfEightTwoSecondsApartPasses) {
  for (int i = 0; i < 8; ++i)
    EXPECT_FALSE(ask(request(4), kStart + Duration::from_milliseconds(1800 * i)).drop) << i;
}

TEST_F(LimitTest, OnTheAverageNotMoreThanTheLimitIsAnsweredAndAQuarterOfTheRest) {
  int answered = 0;
  constexpr int kRequests = 3200;  // 2 s apart: 200 of 32 s
  for (int i = 0; i < kRequests; ++i)
    answered += ask(request(4), kStart + seconds(2 * i)).data.empty() ? 0 : 1;
  const int expected = 200 + 8 + (kRequests - 208) / 4;
  EXPECT_NEAR(answered, expected, 80);
  EXPECT_EQ(drops(DropReason::rate_limited), static_cast<std::uint64_t>(kRequests - answered));
}

TEST_F(LimitTest, WithinTheMinimumIntervalOnlyTheLeakIsAnswered) {
  int answered = 0;
  for (int i = 0; i < 2000; ++i) {
    ask(request(4), kStart + seconds(400 * i));
    answered +=
        ask(request(4), kStart + seconds(400 * i) + Duration::from_milliseconds(1700)).data.empty() ? 0 : 1;
  }
  EXPECT_NEAR(answered, 500, 80);
}

TEST_F(LimitTest, OthersAreNotLimited) {
  permit(AccessLevel::synchronization, {rule(true, "192.0.2.9", "255.255.255.255")});
  commit();
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(ask(request(4)).drop);
}

TEST_F(LimitTest, AStepOfTheClockInEitherDirectionDoesNotSilenceAClient) {
  auto now = kStart;
  for (const auto step : {seconds(3600), seconds(-7200), seconds(1'000'000'000), seconds(-1'000'000'000)}) {
    now = now + step;
    for (int i = 0; i < 4; ++i, now = now + seconds(64)) EXPECT_FALSE(ask(request(4), now).drop);
  }
}

TEST_F(LimitTest, AStepBackGivesNobodyMoreThanOneRequestOfHisBurst) {
  auto now = kStart;
  for (int i = 0; i < 8; ++i) ask(request(4), now = now + seconds(2));
  int answered = 0;
  for (int i = 0; i < 400; ++i)
    answered += ask(request(4), now - seconds(100'000) - Duration::from_milliseconds(i)).data.empty() ? 0 : 1;
  EXPECT_NEAR(answered, 100, 40);
}

TEST_F(ServerKissTest, DenyIsToldOnceInAMinimumInterval) {
  config.access = {};
  permit(AccessLevel::peer, {});
  commit();
  int kisses = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto answer = ask(request(4), kStart + Duration::from_milliseconds(10 * i));
    EXPECT_EQ(answer.drop, DropReason::access_denied);
    kisses += answer.is_kiss(kDeny) ? 1 : 0;
    EXPECT_EQ(answer.is_kiss(kDeny), !answer.data.empty());
  }
  EXPECT_GE(kisses, 3);
  EXPECT_LE(kisses, 5);
  EXPECT_EQ(responder.client_totals().kisses, static_cast<std::uint64_t>(kisses));
}

TEST_F(ServerKissTest, AKissTellsNoTimeAndPassesATestOfItsOrigin) {
  config.access = {};
  permit(AccessLevel::peer, {});
  commit();
  const auto kiss = ask(request(4, wire::Mode::symmetric_active));
  ASSERT_TRUE(kiss.is_kiss(kDeny));
  EXPECT_EQ(kiss.header.mode, wire::Mode::symmetric_passive);
  EXPECT_EQ(kiss.header.version, 4);
  EXPECT_EQ(kiss.header.origin, kTransmit);
  EXPECT_EQ(kiss.header.reference, Timestamp{});
  for (const auto time : {kiss.header.receive, kiss.header.transmit}) {
    EXPECT_FALSE(time.is_zero());
    EXPECT_GT(std::abs((time - kStart).seconds()), 1e6);
  }
}

TEST_F(ServerKissTest, OtherVersionsAndAServerWithoutKodTellNobody) {
  config.access = {};
  permit(AccessLevel::peer, {});
  commit();
  for (std::uint8_t version = 1; version < 4; ++version) EXPECT_TRUE(ask(request(version)).data.empty());
  config.kod_enabled = false;
  commit();
  EXPECT_TRUE(ask(request(4)).data.empty());
}

TEST_F(ServerKissTest, AKissIsSignedLikeTheRequestAndAWrongMacGetsNone) {
  config.access = {};
  permit(AccessLevel::peer, {});
  commit();
  auto datagram = sign(request(4), 6, 16);
  datagram.back() ^= 1;
  EXPECT_TRUE(ask(datagram).data.empty());
  datagram.back() ^= 1;
  const auto kiss = ask(datagram);
  ASSERT_TRUE(kiss.is_kiss(kDeny));
  EXPECT_TRUE(is_signed_by(kiss, 6));
}

TEST_F(ServerKissTest, AClientThatHearsUsAndAsksTooOftenIsToldOnceInAMinimumInterval) {
  ask_proven(kStart);
  int kisses = 0;
  for (int i = 1; i <= 800; ++i) {
    const auto answer = ask_proven(kStart + Duration::from_milliseconds(10 * i));
    kisses += answer.is_kiss(kRate) ? 1 : 0;
    EXPECT_TRUE(!answer.is_kiss(kRate) || answer.header.poll == 7) << "its own, which is more than 5";
  }
  EXPECT_GE(kisses, 2);
  EXPECT_LE(kisses, 4);
}

TEST_F(ServerKissTest, RateIsToldForTheAverageTooAndAnnouncesItsInterval) {
  config.rate_limits.avg_interval = 8;
  commit();
  auto now = kStart;
  std::optional<Answer> kiss;
  for (int i = 0; i < 10 && !kiss; ++i)
    if (auto answer = ask_proven(now = now + seconds(4)); answer.is_kiss(kRate)) kiss = answer;
  ASSERT_TRUE(kiss);
  EXPECT_EQ(kiss->header.poll, 8);
}

TEST_F(ServerKissTest, WhatIsSentInAClientsNameDoesNotUseUpItsAverage) {
  auto now = kStart;
  for (int i = 0; i < 8; ++i) ask(request(4), now = now + seconds(2));
  do last_transmit = ask(request(4), now = now + seconds(2)).header.transmit;
  while (last_transmit.is_zero());
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(ask_proven(now = now + seconds(2)).drop) << i;
  EXPECT_TRUE(ask_proven(now + seconds(2)).is_kiss(kRate)) << "its own does";
}

TEST_F(ServerKissTest, WhoDoesNotProveToHearUsIsNeverToldRate) {
  for (int i = 0; i < 5000; ++i) {
    auto header = request_header(4);
    header.origin = Timestamp::from_raw(i % 2 == 0 ? 0 : random.next());
    EXPECT_FALSE(ask(header, kStart + Duration::from_milliseconds(i)).is_kiss(kRate));
  }
}

TEST_F(ServerKissTest, RateIsNotToldInVersionThree) {
  ask_proven(kStart, 3);
  for (int i = 1; i < 100; ++i)
    EXPECT_FALSE(ask_proven(kStart + Duration::from_milliseconds(10 * i), 3).is_kiss(kRate));
}

/// A client within its limits, and others that send in its name, at random times and with what they can know:
/// origins of their own choice, and the client's requests of before.
TEST_F(ServerKissTest, RateCannotBeProvokedAgainstAClientAndItIsStillServed) {
  base::SeededRandom draw(11);
  auto now = kStart;
  Timestamp heard;
  std::vector<wire::Header> recorded;
  int served = 0;
  constexpr int kPolls = 4000;
  for (int poll = 0; poll < kPolls; ++poll) {
    for (auto spoofs = draw.next() % 30; spoofs > 0; --spoofs) {
      now = now + Duration::from_seconds(2.0 * draw.uniform());
      auto header = request_header(4);
      header.transmit = Timestamp::from_raw(draw.next());
      if (draw.next() % 2 == 0) header.origin = Timestamp::from_raw(draw.next());
      if (!recorded.empty() && draw.next() % 4 == 0) header = recorded[draw.next() % recorded.size()];
      EXPECT_FALSE(ask(header, now).is_kiss(kRate));
    }
    now = now + seconds(40);
    auto header = request_header(4);
    header.transmit = Timestamp::from_raw(draw.next());
    header.origin = heard;
    recorded.push_back(header);
    const auto answer = ask(header, now);
    EXPECT_FALSE(answer.is_kiss(kRate)) << poll;
    if (answer.data.empty()) continue;
    ++served;
    heard = answer.header.transmit;
  }
  EXPECT_GT(served, kPolls / 2);
}

TEST_F(ServerKissTest, AClientInWhoseNameAFloodComesHearsAQuarterOfItsReplies) {
  int served = 0;
  auto now = kStart;
  for (int poll = 0; poll < 1000; ++poll) {
    for (int i = 0; i < 64; ++i) ask(request(4), now = now + Duration::from_milliseconds(900));
    served += ask(request(4), now).data.empty() ? 0 : 1;
  }
  EXPECT_GT(served, 200);
}

}  // namespace
}  // namespace noonmark::core
