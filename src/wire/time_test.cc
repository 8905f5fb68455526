#include "wire/time.h"

#include <gtest/gtest.h>
#include <limits>

namespace noonmark::wire {
namespace {

TEST(Timestamp, DifferencesAreRightAcrossTheEraChangeOf2036) {
  const auto before = Timestamp::from_raw(0xFFFFFFFFull << 32);
  const auto after = Timestamp::from_raw(1ull << 32);
  EXPECT_DOUBLE_EQ((after - before).seconds(), 2.0);
  EXPECT_DOUBLE_EQ((before - after).seconds(), -2.0);
}

TEST(Timestamp, TheEraIsTheOneNearestToThePivot) {
  constexpr std::int64_t kBuild = 1'790'000'000;   // 2026
  constexpr std::int64_t kIn2037 = 2'114'380'800;  // 2037-01-01, era 1
  const auto t = Timestamp::from_unix(kIn2037, 0);
  EXPECT_EQ(t.unix_seconds_near(kBuild), kIn2037);
  EXPECT_EQ(Timestamp::from_unix(0, 0).unix_seconds_near(kBuild), 0);
}

TEST(Timestamp, ARealTimeIsNeverTheValueZero) {
  constexpr std::int64_t kEraOne = (std::int64_t{1} << 32) - Timestamp::kUnixEpoch;
  EXPECT_FALSE(Timestamp::from_unix(kEraOne, 0).is_zero());
}

TEST(Duration, ConvertsWithoutOverflow) {
  EXPECT_EQ(Duration::from_seconds(86400.0).nanoseconds(), 86'400'000'000'000);
  EXPECT_EQ(Duration::from_nanoseconds(86'400'000'000'000).seconds(), 86400.0);
  EXPECT_EQ(Duration::from_nanoseconds(-1'500'000'000), Duration::from_raw(-0x1'8000'0000));
  EXPECT_EQ(Duration::from_nanoseconds(-1), Duration::from_raw(-4)) << "towards zero";
  EXPECT_GT(Duration::from_seconds(1e300).seconds(), 2e9);
  EXPECT_LT(Duration::from_seconds(-1e300).seconds(), -2e9);
  EXPECT_EQ(Duration::from_seconds(std::numeric_limits<double>::quiet_NaN()), Duration{});
}

TEST(ShortDuration, RoundsUpAndSaturates) {
  EXPECT_EQ(ShortDuration::from_seconds(1e-9).raw(), 1u);
  EXPECT_EQ(ShortDuration::from_seconds(1.0).raw(), 65536u);
  EXPECT_EQ(ShortDuration::from_seconds(1e9).raw(), 0xFFFFFFFFu);
  EXPECT_EQ(ShortDuration::from_seconds(-1).raw(), 0u);
}

}  // namespace
}  // namespace noonmark::wire
