#include "io/raw_scale.h"

#include <gtest/gtest.h>
#include <utility>

#include "io/test_support.h"

namespace noonmark::io {
namespace {

using testing::FakeKernel;
using RawClock = FakeKernel::RawClock;

constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;

struct RawScaleTest : ::testing::Test {
  static FakeKernel kernel_of(RawClock raw_clock) {
    FakeKernel kernel;
    kernel.raw_clock = raw_clock;
    return kernel;
  }
  /// Whole ticks and 2^-16 ppm, so that the kernel runs at exactly this.
  static void correct(FakeKernel& kernel, long ticks, long ppm) {
    kernel.state.tick = 10000 + ticks;
    kernel.state.freq = ppm * 65536;
  }
  static void correct(FakeKernel& kernel, RawScale& scale, long ticks, long ppm) {
    correct(kernel, ticks, ppm);
    scale.rate_changed(kernel.frequency());
  }
  /// The scale minus the oscillator, ns.
  static double error(FakeKernel& kernel, RawScale& scale) {
    const std::int64_t shown = scale.sample().raw_ns;
    return static_cast<double>(shown - kernel.oscillator_ns);
  }
};

TEST_F(RawScaleTest, AFreeClockIsRecognizedByTheFirstCorrectionOf10MicrosecondsAndForGood) {
  for (const int ppm : {100, -100}) {
    auto kernel = kernel_of(RawClock::oscillator);
    RawScale scale(kernel, 0);
    correct(kernel, scale, 0, ppm);
    kernel.run(101 * kMillisecond);
    EXPECT_EQ(0, error(kernel, scale));
    correct(kernel, 0, 0);  // by another program: now both clocks run alike
    kernel.run(kHour);
    EXPECT_EQ(0, error(kernel, scale)) << ppm;
    correct(kernel, scale, -800, ppm);
    kernel.run(kHour);
    EXPECT_EQ(0, error(kernel, scale)) << ppm;
  }
}

TEST_F(RawScaleTest, ACorrectedClockIsRecognizedByTheFirstCorrectionOf10Microseconds) {
  for (const int ppm : {100, -100}) {
    auto kernel = kernel_of(RawClock::corrected);
    RawScale scale(kernel, 0);
    correct(kernel, scale, 0, ppm);
    kernel.run(99 * kMillisecond);
    EXPECT_NEAR(99 * ppm, error(kernel, scale), 1) << "9.9 us";
    kernel.run(2 * kMillisecond);
    EXPECT_NEAR(0, error(kernel, scale), 1) << ppm;
  }
}

TEST_F(RawScaleTest, TheCorrectionsAreTakenOutOfACorrectedClockWithinANanosecondEach) {
  auto kernel = kernel_of(RawClock::corrected);
  RawScale scale(kernel, 0);
  int changes = 0;
  for (const auto& [ticks, ppm] : {std::pair{0L, 37L}, {800, 0}, {-800, 41}, {0, -500}, {831, -17}, {0, 0}}) {
    correct(kernel, scale, ticks, ppm);
    ++changes;
    kernel.real_ns += ticks * kSecond;  // steps do not show in it
    for (const std::int64_t ns : {kSecond, 17 * kSecond, 30 * 24 * kHour}) {
      kernel.run(ns);
      EXPECT_NEAR(0, error(kernel, scale), changes) << ticks << ' ' << ppm;
    }
  }
}

TEST_F(RawScaleTest, WhatTheKernelCorrectsAlreadyTellsTheClocksApartToo) {
  auto kernel = kernel_of(RawClock::corrected);
  correct(kernel, 0, 30);
  RawScale scale(kernel, kernel.frequency());
  kernel.run(kSecond);
  EXPECT_NEAR(0, error(kernel, scale), 1);
}

TEST_F(RawScaleTest, WithoutARawClockTheCorrectionsAreTakenOutOfTheMonotonicClockFromTheStart) {
  auto kernel = kernel_of(RawClock::missing);
  correct(kernel, 0, 100);
  RawScale scale(kernel, kernel.frequency());
  kernel.run(50 * kMillisecond);  // 5 us
  EXPECT_NEAR(0, error(kernel, scale), 1);
  correct(kernel, scale, -800, 0);
  kernel.run(kHour);
  EXPECT_NEAR(0, error(kernel, scale), 2);
}

TEST_F(RawScaleTest, ReadingsThatWerePulledApartDecideNothing) {
  auto kernel = kernel_of(RawClock::corrected);
  RawScale scale(kernel, 0);
  correct(kernel, scale, 0, 500);
  kernel.run(80 * kMillisecond);
  kernel.pause_ns = 80 * kMicrosecond;  // CLOCK_REALTIME seems to gain 40 us, as it would on a free clock
  scale.sample();
  kernel.pause_ns = 0;
  EXPECT_NEAR(0, error(kernel, scale), 1);
}

TEST_F(RawScaleTest, ACorrectionThatIsPulledApartWhenItBeginsIsDecidedLater) {
  auto kernel = kernel_of(RawClock::corrected);
  RawScale scale(kernel, 0);
  kernel.pause_ns = 80 * kMicrosecond;
  correct(kernel, scale, 0, -500);
  kernel.pause_ns = 0;
  kernel.run(80 * kMillisecond);
  scale.sample();
  kernel.run(kSecond);
  EXPECT_NEAR(0, error(kernel, scale), 20) << "40 us of 500 ppm";
}

TEST_F(RawScaleTest, NothingIsDecidedWhileNothingIsCorrected) {
  auto kernel = kernel_of(RawClock::corrected);
  RawScale scale(kernel, 0);
  for (int hour = 0; hour < 10; ++hour) {
    kernel.run(kHour);
    kernel.real_ns += 30 * kMicrosecond;  // somebody else's small steps
    EXPECT_EQ(0, error(kernel, scale));
  }
  correct(kernel, scale, 0, 100);
  kernel.run(kSecond);
  EXPECT_NEAR(0, error(kernel, scale), 1);
}

TEST_F(RawScaleTest, AStepByAnotherProgramDecidesNothing) {
  for (const std::int64_t step : {kSecond, -kSecond}) {
    auto kernel = kernel_of(RawClock::corrected);
    RawScale scale(kernel, 0);
    correct(kernel, scale, 0, 100);
    kernel.run(kSecond / 2);
    kernel.real_ns += step;
    EXPECT_EQ(50 * kMicrosecond, error(kernel, scale)) << "taken as it is until it is known";
    correct(kernel, scale, 0, 200);
    kernel.run(kSecond);
    EXPECT_NEAR(50 * kMicrosecond, error(kernel, scale), 1);
  }
}

TEST_F(RawScaleTest, AFreeClockThatWasMistakenIsRecognizedLater) {
  auto kernel = kernel_of(RawClock::oscillator);
  RawScale scale(kernel, 100e-6);  // which does not take effect yet
  kernel.run(kSecond);
  EXPECT_NEAR(-100 * kMicrosecond, error(kernel, scale), 11);
  correct(kernel, scale, 0, 100);
  const double before = error(kernel, scale);
  kernel.run(kSecond);
  EXPECT_EQ(before, error(kernel, scale));
  correct(kernel, scale, 0, 300);
  kernel.run(kHour);
  EXPECT_EQ(before, error(kernel, scale));
}

TEST_F(RawScaleTest, TheVerdictNeverTurnsItBack) {
  auto kernel = kernel_of(RawClock::corrected);
  RawScale scale(kernel, 0);
  correct(kernel, scale, 800, 0);
  kernel.run(900 * kMicrosecond);
  kernel.pause_ns = 20 * kMicrosecond;
  const std::int64_t ahead = scale.sample().raw_ns;
  EXPECT_GT(ahead, kernel.oscillator_ns + 10 * kMicrosecond) << "not decided, not corrected";
  kernel.pause_ns = 0;
  EXPECT_EQ(ahead, scale.sample().raw_ns) << "it waits";
  kernel.run(kMillisecond);
  EXPECT_NEAR(0, error(kernel, scale), 1) << "and goes on as the oscillator";
}

}  // namespace
}  // namespace noonmark::io
