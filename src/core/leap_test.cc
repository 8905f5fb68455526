#include "core/leap.h"

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

using wire::Leap;

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kEndOf2016 = 1'483'228'800;    // 2017-01-01, after the leap second of 2016
constexpr std::int64_t kJuly2017 = 1'498'867'200;     // 2017-07-01
constexpr std::int64_t kOctober2017 = 1'506'816'000;  // 2017-10-01

LeapTable table(std::int64_t expires) {
  return {.entries = {{1'341'100'800, 35}, {1'435'708'800, 36}, {kEndOf2016, 37}}, .expires = expires};
}

TEST(Leap, AMonthEndsWithTheFirstSecondOfTheNext) {
  EXPECT_EQ(end_of_month(kEndOf2016 - 1), kEndOf2016);
  EXPECT_EQ(end_of_month(kEndOf2016 - 31 * kDay), kEndOf2016);
  EXPECT_EQ(end_of_month(kEndOf2016), kEndOf2016 + 31 * kDay);
  EXPECT_EQ(end_of_month(951'782'400), 951'868'800) << "29 February 2000";
}

TEST(Leap, AYearHasTheRightDaysFor400Years) {
  std::int64_t now = 946'684'800;  // 2000-01-01
  int months = 0;
  for (; months < 4800; ++months) now = end_of_month(now);
  EXPECT_EQ(now, 946'684'800 + 146'097 * kDay);
}

TEST(Leap, TheTableAnnouncesForTheMonthAndTellsTheKernelOnTheLastDay) {
  LeapSeconds leap;
  leap.set_table(table(kJuly2017));
  EXPECT_FALSE(leap.ahead(kEndOf2016 - 32 * kDay));
  EXPECT_EQ(leap.ahead(kEndOf2016 - 31 * kDay), (LeapSecond{Leap::insert, kEndOf2016}));
  EXPECT_FALSE(leap.today(kEndOf2016 - kDay - 1));
  EXPECT_EQ(leap.today(kEndOf2016 - kDay), (LeapSecond{Leap::insert, kEndOf2016}));
  EXPECT_EQ(leap.tai_offset(kEndOf2016 - 1), 36);
  EXPECT_FALSE(leap.ahead(kEndOf2016));
  EXPECT_EQ(leap.tai_offset(kEndOf2016), 37);
}

TEST(Leap, InTheRepeatedSecondItIsNotAheadAgain) {
  LeapSeconds leap;
  leap.set_table(table(kJuly2017));
  leap.pass({Leap::insert, kEndOf2016});
  EXPECT_FALSE(leap.ahead(kEndOf2016 - 1));
  EXPECT_EQ(leap.tai_offset(kEndOf2016 - 1), 37);
}

TEST(Leap, ATableThatReachesBeyondTheMonthOverrulesTheSources) {
  LeapSeconds leap;
  leap.set_table(table(kJuly2017));
  leap.take_votes({.voters = 3, .inserts = 3, .deletes = 0}, kJuly2017 - kDay);
  EXPECT_FALSE(leap.ahead(kJuly2017 - kDay));
  leap.set_table(table(kJuly2017 - 1));
  EXPECT_TRUE(leap.ahead(kJuly2017 - kDay));
}

struct Vote {
  LeapVotes votes;
  std::int64_t now;
  Leap expected;
};

class Votes : public testing::TestWithParam<Vote> {};

TEST_P(Votes, NeedAMajorityAndTheRightMonth) {
  LeapSeconds leap;
  leap.take_votes(GetParam().votes, GetParam().now);
  EXPECT_EQ(leap.ahead(GetParam().now).value_or(LeapSecond{}).leap, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Leap, Votes,
                         testing::Values(Vote{{3, 2, 0}, kJuly2017 - 1, Leap::insert},
                                         Vote{{3, 0, 2}, kJuly2017 - 1, Leap::remove},
                                         Vote{{3, 1, 2}, kJuly2017 - 1, Leap::remove},
                                         Vote{{2, 1, 0}, kJuly2017 - 1, Leap::none},
                                         Vote{{2, 1, 1}, kJuly2017 - 1, Leap::none},
                                         Vote{{1, 1, 0}, kJuly2017 - 29 * kDay, Leap::insert},
                                         Vote{{1, 1, 0}, kJuly2017 - 31 * kDay, Leap::none},
                                         Vote{{1, 1, 0}, kOctober2017 - 1, Leap::none},
                                         Vote{{0, 0, 0}, kJuly2017 - 1, Leap::none}));

TEST(Leap, VotesHoldToTheEndOfTheirMonth) {
  LeapSeconds leap;
  leap.take_votes({1, 1, 0}, kJuly2017 - 10 * kDay);
  EXPECT_TRUE(leap.today(kJuly2017 - 5));
  EXPECT_FALSE(leap.ahead(kJuly2017));
  leap.take_votes({1, 0, 0}, kJuly2017 - 5);
  EXPECT_FALSE(leap.ahead(kJuly2017 - 5)) << "they changed their minds";
}

TEST(Leap, WithoutATableNothingIsKnownOfTai) {
  const LeapSeconds none;
  EXPECT_FALSE(none.tai_offset(kJuly2017));
  EXPECT_FALSE(none.table_expires());
  LeapSeconds old;
  old.set_table(table(kEndOf2016 + 1));
  EXPECT_FALSE(old.tai_offset(kJuly2017)) << "an expired one is no longer trusted";
}

}  // namespace
}  // namespace noonmark::core
