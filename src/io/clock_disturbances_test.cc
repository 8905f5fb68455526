#include "io/clock_disturbances.h"

#include <gtest/gtest.h>

#include "io/linux_clock.h"
#include "io/software_clock.h"
#include "io/test_support.h"

namespace noonmark::io {
namespace {

using core::Duration;
using How = core::ClockDisturbed::How;
using testing::FakeKernel;

constexpr std::int64_t kSecond = 1'000'000'000;

struct DisturbancesTest : ::testing::Test {
  FakeKernel kernel;
  std::unique_ptr<LinuxClock> clock = std::move(*LinuxClock::create(kernel));
  DisturbanceMeter meter{kernel, *clock};

  void step(double seconds) {
    core::ClockCommand command;
    command.step = Duration::from_seconds(seconds);
    ASSERT_TRUE(clock->apply(command));
  }
};

TEST_F(DisturbancesTest, TimeThatPassesAndOurOwnStepsAreNone) {
  kernel.pass(100 * kSecond, 100 * kSecond);
  step(3600);
  kernel.pass(kSecond, kSecond);
  step(-0.25);
  EXPECT_TRUE(meter.look().empty());
}

TEST_F(DisturbancesTest, AStepOfAnotherProgramIsToldApartFromOurs) {
  kernel.pass(10 * kSecond, 12 * kSecond);
  step(-5);
  const auto found = meter.look();
  ASSERT_EQ(1u, found.size());
  EXPECT_EQ(How::stepped, found[0].how);
  EXPECT_NEAR(2, found[0].by.seconds(), 1e-6);
  EXPECT_TRUE(meter.look().empty()) << "it is told once";
}

TEST_F(DisturbancesTest, ASuspendedMachineIsNoStep) {
  kernel.suspended_ns = 3600 * kSecond;
  kernel.real_ns += 3600 * kSecond;
  const auto found = meter.look();
  ASSERT_EQ(1u, found.size());
  EXPECT_EQ(How::suspended, found[0].how);
  EXPECT_NEAR(3600, found[0].by.seconds(), 1e-6);
}

TEST_F(DisturbancesTest, ASecondByWhichTheClockLagsAfterSuspensionIsBoth) {
  kernel.suspended_ns = 3600 * kSecond;
  kernel.real_ns += 3599 * kSecond;
  const auto found = meter.look();
  ASSERT_EQ(2u, found.size());
  EXPECT_NEAR(-1, found[1].by.seconds(), 1e-6);
}

TEST_F(DisturbancesTest, ALeapSecondThatWeAskedForIsNone) {
  core::ClockCommand command;
  command.status = {.synchronized = true, .leap = wire::Leap::insert};
  ASSERT_TRUE(clock->apply(command));
  kernel.pass(kSecond, 0);
  ++kernel.state.tai;
  EXPECT_TRUE(meter.look().empty());
  kernel.pass(kSecond, 0);
  ++kernel.state.tai;
  command.status.leap = wire::Leap::none;
  ASSERT_TRUE(clock->apply(command));
  EXPECT_TRUE(meter.look().empty()) << "counted when the next command came first";
  kernel.pass(kSecond, 0);
  ++kernel.state.tai;
  EXPECT_EQ(1u, meter.look().size()) << "this one is another program's";
}

TEST(Disturbances, AClockOfOurOwnDoesNotFollowTheKernels) {
  FakeKernel kernel;
  auto clock = SoftwareClock::observing(kernel);
  DisturbanceMeter meter(kernel, clock);
  kernel.pass(0, 7 * kSecond);
  EXPECT_TRUE(meter.look().empty());
  kernel.suspended_ns = 7 * kSecond;
  EXPECT_EQ(1u, meter.look().size());
}

TEST(Disturbances, NothingIsWatchedWhereThereIsNoBootTime) {
  FakeKernel kernel;
  kernel.has_boot_time = false;
  auto clock = SoftwareClock::observing(kernel);
  Loop loop;
  EXPECT_FALSE(ClockDisturbances(loop, kernel, clock, [](const auto&) {}).is_watching());
}

TEST(Disturbances, TheKernelsNewsAreWatchedWithoutWakingTheLoop) {
  FakeKernel kernel;
  auto clock = SoftwareClock::observing(kernel);
  Loop loop;
  int told = 0;
  const ClockDisturbances disturbances(loop, kernel, clock, [&told](const auto&) { ++told; });
  EXPECT_TRUE(disturbances.is_watching());
  kernel.suspended_ns = kSecond;
  loop.run_once(std::chrono::milliseconds(1));
  EXPECT_EQ(0, told);
}

}  // namespace
}  // namespace noonmark::io
