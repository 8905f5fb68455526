#include "core/clock_filter.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

constexpr double kPrecision = 1e-7;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

RawTime at(double seconds) { return RawTime(Duration::from_seconds(seconds)); }

Sample sample(double when, double offset, double delay, double dispersion = 0) {
  return {at(when), offset, delay, dispersion};
}

TEST(ClockFilter, SaysNothingWithoutSamples) {
  ClockFilter filter(kPrecision);
  EXPECT_TRUE(filter.is_empty());
  EXPECT_FALSE(filter.output(at(1), 0));
  filter.add_missing();
  EXPECT_TRUE(filter.is_empty());
  EXPECT_FALSE(filter.output(at(1), 0));
}

TEST(ClockFilter, TheSampleOfLeastDelaySpeaks) {
  ClockFilter filter(kPrecision);
  filter.add(sample(1, 0.010, 0.030));
  filter.add(sample(2, 0.002, 0.010));
  filter.add(sample(3, 0.020, 0.050));
  const auto output = filter.output(at(4), 0);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->at, at(2));
  EXPECT_EQ(output->offset, 0.002);
  EXPECT_EQ(output->delay, 0.010);
}

TEST(ClockFilter, OfEqualDelaysTheNewestSpeaks) {
  ClockFilter filter(kPrecision);
  for (int i = 1; i <= 3; ++i) filter.add(sample(i, i, 0.010));
  EXPECT_EQ(filter.output(at(4), 0)->at, at(3));
}

TEST(ClockFilter, AgeCountsAsMuchAsTheFrequencyMayBeWrong) {
  ClockFilter filter(kPrecision);
  filter.add(sample(0, 0, 0.010));
  filter.add(sample(100, 0, 0.014));  // 2 ms more to hide, 100 s younger
  EXPECT_EQ(filter.output(at(100), 0, 15e-6)->at, at(0));
  EXPECT_EQ(filter.output(at(100), 0, 25e-6)->at, at(100));
}

TEST(ClockFilter, KeepsTheLastEight) {
  ClockFilter filter(kPrecision);
  for (int i = 1; i <= 9; ++i) filter.add(sample(i, i, 0.001 * i));
  EXPECT_EQ(filter.stage(0)->offset, 9);
  EXPECT_EQ(filter.stage(7)->offset, 2);
  EXPECT_FALSE(filter.stage(8));
  EXPECT_EQ(filter.output(at(10), 0)->offset, 2);
}

TEST(ClockFilter, DispersionIsTheWeightedSumOfAgedStages) {
  ClockFilter filter(kPrecision);
  filter.add(sample(0, 0, 0.010, 0.001));
  filter.add(sample(10, 0, 0.020, 0.003));
  const double first = 0.001 + 20 * kDispersionRate;
  const double second = 0.003 + 10 * kDispersionRate;
  const double empty = kMaxDispersion * (0.25 - 1.0 / 256);
  EXPECT_NEAR(filter.output(at(20), 0)->dispersion, first / 2 + second / 4 + empty, 1e-12);
}

TEST(ClockFilter, FallsBelowASecondOfDispersionWithTheFifthSample) {
  ClockFilter filter(kPrecision);
  for (int i = 1; i <= 4; ++i) filter.add(sample(i, 0, 0.010));
  EXPECT_GT(filter.output(at(5), 0)->dispersion, 0.9);
  filter.add(sample(5, 0, 0.010));
  EXPECT_LT(filter.output(at(5), 0)->dispersion, 0.5);
}

TEST(ClockFilter, LostRepliesAgeItUntilNothingIsLeft) {
  ClockFilter filter(kPrecision);
  for (int i = 1; i <= 8; ++i) filter.add(sample(i, 0, 0.010));
  double before = filter.output(at(10), 0)->dispersion;
  for (int i = 0; i < 7; ++i) {
    filter.add_missing();
    const double after = filter.output(at(10), 0)->dispersion;
    EXPECT_GT(after, before);
    before = after;
  }
  EXPECT_EQ(filter.stage(7)->at, at(8));
  filter.add_missing();
  EXPECT_TRUE(filter.is_empty());
}

TEST(ClockFilter, JitterIsTheRmsAgainstTheBest) {
  ClockFilter filter(kPrecision);
  filter.add(sample(1, 0.001, 0.010));
  filter.add(sample(2, 0.004, 0.020));
  filter.add(sample(3, 0.005, 0.030));
  EXPECT_NEAR(filter.output(at(4), 0)->jitter, std::sqrt((9e-6 + 16e-6) / 2), 1e-12);
}

TEST(ClockFilter, JitterIsNeverLessThanThePrecision) {
  ClockFilter filter(kPrecision);
  filter.add(sample(1, 0.001, 0.010));
  EXPECT_EQ(filter.output(at(4), 0)->jitter, kPrecision);
  filter.add(sample(2, 0.001, 0.010));
  EXPECT_EQ(filter.output(at(4), 0)->jitter, kPrecision);
}

TEST(ClockFilter, AKnownFrequencyIsNoJitter) {
  ClockFilter filter(kPrecision);
  for (int i = 0; i < 8; ++i) filter.add(sample(64 * i, 100e-6 * 64 * i, 0.010 + 1e-4 * i));
  EXPECT_GT(filter.output(at(500), 0)->jitter, 0.01);
  EXPECT_EQ(filter.output(at(500), 100e-6)->jitter, kPrecision);
}

TEST(ClockFilter, AFrequencyThatIsPossibleIsNoJitterButOneBeyondIs) {
  ClockFilter filter(kPrecision);
  for (int i = 0; i < 8; ++i) filter.add(sample(64 * i, 100e-6 * 64 * i, 0.010));
  EXPECT_EQ(filter.output(at(500), 0, 150e-6)->jitter, kPrecision);
  EXPECT_GT(filter.output(at(500), 0, 50e-6)->jitter, 0.005);
}

TEST(ClockFilter, WhatTheDelaysShowStaysJitter) {
  ClockFilter filter(kPrecision);
  for (int i = 0; i < 3; ++i) filter.add(sample(64 * i, 0, 0.010 + 0.002 * (2 - i)));
  EXPECT_NEAR(filter.output(at(130), 0, 1e-6)->jitter, std::sqrt((1e-6 + 4e-6) / 2), 1e-12);
}

TEST(ClockFilter, IgnoresASampleThatIsNotNewer) {
  ClockFilter filter(kPrecision);
  filter.add(sample(5, 1, 0.010));
  filter.add(sample(5, 2, 0.001));
  filter.add(sample(4, 3, 0.001));
  EXPECT_FALSE(filter.stage(1));
  EXPECT_EQ(filter.output(at(6), 0)->offset, 1);
  for (std::size_t i = 0; i < ClockFilter::kStages; ++i) filter.add_missing();
  filter.add(sample(5, 4, 0.001));
  EXPECT_TRUE(filter.is_empty());
}

TEST(ClockFilter, IgnoresWhatIsNotFiniteOrAbsurd) {
  ClockFilter filter(kPrecision);
  for (const double bad : {kNan, kInfinity, -kInfinity, 1e300}) {
    filter.add(sample(1, bad, 0.010));
    filter.add(sample(1, 0, bad));
    filter.add(sample(1, 0, 0.010, bad));
  }
  EXPECT_TRUE(filter.is_empty());
}

TEST(ClockFilter, StartsAnewWhenCleared) {
  ClockFilter filter(kPrecision);
  filter.add(sample(5, 1, 0.010));
  filter.clear();
  EXPECT_TRUE(filter.is_empty());
  filter.add(sample(5, 1, 0.010));
  EXPECT_FALSE(filter.is_empty());
}

}  // namespace
}  // namespace noonmark::core
