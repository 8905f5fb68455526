#include "core/poll.h"

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

struct PollTest : ::testing::Test {
  PollTest() {
    config.minpoll = 6;
    config.maxpoll = 10;
  }
  void start() {
    poll.configure(config);
    poll.start(now);
  }
  /// Sends what is due; gives the seconds until the next request.
  double send(bool reachable = true, bool became_unreachable = false) {
    now = poll.next();
    poll.on_sent(now, reachable, true, became_unreachable, random);
    return (poll.next() - now).seconds();
  }
  ServerConfig config;
  PollProcess poll;
  base::SeededRandom random{5};
  RawTime now;
};

TEST_F(PollTest, WithoutBurstsRequestsAreAPollIntervalApartGiveOrTakeAThirtySecond) {
  start();
  for (int i = 0; i < 100; ++i) EXPECT_NEAR(send(), 64, 2.01);
}

TEST_F(PollTest, IburstSendsEightPacketsTwoSecondsApartOnceWhileUnreachable) {
  config.iburst = true;
  start();
  EXPECT_TRUE(poll.begins_poll());
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(send(false), 2);
    EXPECT_FALSE(poll.begins_poll());
  }
  EXPECT_NEAR(send(false), 64, 2.01);
  EXPECT_NEAR(send(false), 64, 2.01) << "single polls from now on";
  EXPECT_EQ(send(false, true), 2) << "until it was reachable and is lost again";
}

TEST_F(PollTest, BurstSendsABurstAtEachPollOfAReachableServer) {
  config.burst = true;
  start();
  EXPECT_NEAR(send(false), 64, 2.01);
  for (int poll_number = 0; poll_number < 3; ++poll_number) {
    for (int i = 0; i < 7; ++i) EXPECT_EQ(send(), 2);
    EXPECT_NEAR(send(), 64, 2.01);
  }
}

TEST_F(PollTest, AnUnreachableServerIsAskedLessAndLessOften) {
  start();
  for (int i = 0; i < 12; ++i) EXPECT_NEAR(send(false), 64, 2.01);
  EXPECT_NEAR(send(false), 128, 4.01);
  for (int i = 0; i < 10; ++i) send(false);
  EXPECT_EQ(poll.host_poll(), 10);
  poll.on_reply(true, now);
  EXPECT_EQ(poll.host_poll(), 6);
}

TEST_F(PollTest, IburstBeginsABurstWhenASilentServerAnswers) {
  config.iburst = true;
  start();
  for (int i = 0; i < 7; ++i) EXPECT_EQ(send(false), 2);
  EXPECT_NEAR(send(false), 64, 2.01) << "its burst was in vain";
  EXPECT_NEAR(send(false), 64, 2.01);
  poll.on_reply(true, now);
  EXPECT_EQ((poll.next() - now).seconds(), 2);
  for (int i = 0; i < 3; ++i) poll.on_reply(false, now);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(send(), 2);
  EXPECT_NEAR(send(), 64, 2.01) << "one burst";
}

TEST_F(PollTest, AnIburstOfWhichFewAreAnsweredIsTwiceAsLong) {
  config.iburst = true;
  start();
  for (int i = 0; i < 5; ++i) send(false);
  poll.on_reply(true, now);
  for (int i = 5; i < 15; ++i) EXPECT_EQ(send(), 2);
  EXPECT_NEAR(send(), 64, 2.01);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(send(), 64, 2.01);
}

TEST_F(PollTest, RateGoesUpByOneAtLeastAndToThirteenAtMost) {
  config.burst = true;
  start();
  send();
  poll.on_rate(3, now);
  EXPECT_EQ(poll.host_poll(), 7);
  EXPECT_GE((poll.next() - now).seconds(), 128) << "at once";
  EXPECT_NEAR(send(), 128, 4.01) << "and no burst any more";
  poll.on_rate(17, now);
  EXPECT_EQ(poll.host_poll(), 13) << "beyond maxpoll, but no further";
  poll.on_rate(17, now);
  EXPECT_EQ(poll.host_poll(), 13);
  for (int i = 0; i < 50; ++i) poll.adapt(9, 20, now);
  EXPECT_EQ(poll.host_poll(), 13) << "never faster than RATE allows";
  poll.start(now);
  EXPECT_EQ(poll.host_poll(), 6) << "until a reset";
}

TEST_F(PollTest, SlowGrowthOfTheErrorLengthensTheIntervalAndFastGrowthShortensIt) {
  start();
  for (int i = 0; i < 3; ++i) poll.adapt(1.1, 1, now);
  EXPECT_EQ(poll.host_poll(), 6);
  poll.adapt(1.1, 1, now);
  EXPECT_EQ(poll.host_poll(), 7);
  for (int i = 0; i < 40; ++i) poll.adapt(1.1, 1, now);
  EXPECT_EQ(poll.host_poll(), 10);
  for (int i = 0; i < 40; ++i) poll.adapt(1.3, 1, now);
  EXPECT_EQ(poll.host_poll(), 10);
  for (int i = 0; i < 20; ++i) poll.adapt(2, 1, now);
  EXPECT_EQ(poll.host_poll(), 6);
}

TEST_F(PollTest, ASurpriseShortensTheIntervalAtOnce) {
  start();
  for (int i = 0; i < 40; ++i) poll.adapt(1.1, 1, now);
  for (int i = 0; i < 3; ++i) send();
  ASSERT_GT((poll.next() - now).seconds(), 900);
  poll.adapt(1.1, 13, now);
  EXPECT_EQ(poll.host_poll(), 8);
  EXPECT_EQ((poll.next() - now).seconds(), 256);
}

TEST_F(PollTest, AConfirmationIsAskedForThreeTimesInARowAndThenNotForEightPolls) {
  start();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_GT(send(), 60);
      poll.confirm(now);
      EXPECT_EQ((poll.next() - now).seconds(), 2);
    }
    for (int i = 0; i < 7; ++i) {
      EXPECT_GT(send(), 60);
      poll.confirm(now);
      EXPECT_GT((poll.next() - now).seconds(), 60) << i;
    }
  }
}

TEST_F(PollTest, RateForbidsConfirmationsAndHaste) {
  start();
  send();
  poll.on_rate(3, now);
  poll.confirm(now);
  poll.hasten(now);
  EXPECT_GE((poll.next() - now).seconds(), 128);
}

TEST_F(PollTest, HasteIsABurstAtOnceEvenWithoutTheOption) {
  start();
  send();
  poll.hasten(now);
  EXPECT_EQ(poll.next(), now);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(send(), 2);
  EXPECT_NEAR(send(), 64, 2.01);
  poll.stop();
  poll.hasten(now);
  EXPECT_EQ(poll.next(), kNever) << "a session that was stopped stays so";
}

}  // namespace
}  // namespace noonmark::core
