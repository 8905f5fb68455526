#include "io/software_clock.h"

#include <gtest/gtest.h>

#include "io/test_support.h"

namespace noonmark::io {
namespace {

using core::ClockCommand;
using core::Duration;
using testing::FakeKernel;

constexpr std::int64_t kSecond = 1'000'000'000;

double offset_of(SoftwareClock& clock, FakeKernel& kernel) {
  return (clock.now().served - timestamp_of_unix_ns(kernel.real_ns)).seconds();
}

TEST(ObserveClock, RunsWithTheRawClockAndNeverTouchesTheKernel) {
  FakeKernel kernel;
  auto clock = SoftwareClock::observing(kernel);
  EXPECT_NEAR(0, offset_of(clock, kernel), 1e-9);
  kernel.pass(10 * kSecond, 11 * kSecond);  // somebody else makes the real-time clock fast
  EXPECT_NEAR(-1, offset_of(clock, kernel), 1e-9);
  ClockCommand command;
  command.step = Duration::from_seconds(1);
  command.frequency = 0.1;
  ASSERT_TRUE(clock.apply(command));
  EXPECT_NEAR(0, offset_of(clock, kernel), 1e-9);
  kernel.pass(10 * kSecond, 11 * kSecond);
  EXPECT_NEAR(0, offset_of(clock, kernel), 1e-8);
  EXPECT_TRUE(kernel.requests.empty());
  EXPECT_FALSE(clock.true_offset());
}

TEST(VirtualClock, StartsAheadAndGainsAgainstTheRawClock) {
  FakeKernel kernel;
  auto clock = SoftwareClock::wrong_by(kernel, Duration::from_seconds(1.5), 40e-6);
  EXPECT_NEAR(1.5, clock.true_offset()->seconds(), 1e-9);
  kernel.pass(1000 * kSecond, 1000 * kSecond);
  EXPECT_NEAR(1.54, clock.true_offset()->seconds(), 1e-9);
  EXPECT_NEAR(1000.04, clock.now().raw.since_start().seconds(), 1e-9);
}

TEST(VirtualClock, IsDisciplinedByStepAndFrequency) {
  FakeKernel kernel;
  auto clock = SoftwareClock::wrong_by(kernel, Duration::from_seconds(-3), 100e-6);
  ClockCommand command;
  command.step = Duration::from_seconds(3);
  command.frequency = 1 / 1.0001 - 1;
  ASSERT_TRUE(clock.apply(command));
  kernel.pass(5000 * kSecond, 5000 * kSecond);
  EXPECT_NEAR(0, clock.true_offset()->seconds(), 1e-7);
  command.frequency = 0.2;
  EXPECT_FALSE(clock.apply(command));
}

TEST(VirtualClock, AKernelStampGivesWhatTheClockShowedThenAlsoBeforeACorrection) {
  FakeKernel kernel;
  auto clock = SoftwareClock::wrong_by(kernel, Duration::from_seconds(2), 1e-3);
  kernel.pass(7 * kSecond, 7 * kSecond);
  const auto then = clock.now();
  const std::int64_t stamp = kernel.real_ns;
  kernel.pass(kSecond / 2, kSecond / 2);
  ClockCommand command;
  command.step = Duration::from_seconds(-2);
  command.frequency = -0.05;
  ASSERT_TRUE(clock.apply(command));
  kernel.pass(kSecond / 2, kSecond / 2);
  const auto found = clock.at_kernel_time(stamp);
  EXPECT_NEAR(0, (found.raw - then.raw).seconds(), 2e-9);
  EXPECT_NEAR(0, (found.served - then.served).seconds(), 2e-9);
}

TEST(SoftwareTime, ForgetsOldCorrectionsAndStaysExactAfterThem) {
  using core::RawTime;
  SoftwareTime time(RawTime(), core::Timestamp::from_unix(0, 0));
  for (int i = 1; i <= 100; ++i)
    time.correct(RawTime(Duration::from_seconds(i)), Duration::from_seconds(1), 0);
  EXPECT_EQ(core::Timestamp::from_unix(200, 0), time.at(RawTime(Duration::from_seconds(100))));
  EXPECT_EQ(core::Timestamp::from_unix(190, 0) + Duration::from_seconds(0.5),
            time.at(RawTime(Duration::from_seconds(95.5))));
}

}  // namespace
}  // namespace noonmark::io
