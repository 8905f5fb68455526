#include "io/linux_clock.h"

#include <gtest/gtest.h>

#include "io/test_support.h"

namespace noonmark::io {
namespace {

using core::ClockCommand;
using core::Duration;
using testing::FakeKernel;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

std::unique_ptr<LinuxClock> made(FakeKernel& kernel) {
  auto clock = LinuxClock::create(kernel);
  EXPECT_TRUE(clock);
  return std::move(*clock);
}

ClockCommand frequency(double f) {
  ClockCommand command;
  command.frequency = f;
  return command;
}

double rate_of(const timex& t) {
  return (static_cast<double>(t.tick) - 10000) / 10000 + static_cast<double>(t.freq) / 65536e6;
}

TEST(LinuxClock, WithoutTheCapabilityItIsRefusedAndTheAlternativesAreNamed) {
  FakeKernel kernel;
  kernel.capable = false;
  const auto clock = LinuxClock::create(kernel);
  ASSERT_FALSE(clock);
  for (const char* word : {"CAP_SYS_TIME", "--clock observe", "--clock virtual"})
    EXPECT_NE(std::string::npos, clock.error().message.find(word)) << word;
}

TEST(LinuxClock, AClockThatWithoutTheCapabilityLetsItselfBeSetIsASimulators) {
  FakeKernel kernel;
  EXPECT_FALSE(made(kernel)->is_simulated());
  kernel.capable = false;
  kernel.simulated = true;
  EXPECT_TRUE(made(kernel)->is_simulated());
}

TEST(LinuxClock, MakingItAsksTheKernelForNoChange) {
  FakeKernel kernel;
  made(kernel);
  EXPECT_TRUE(kernel.requests.empty());
  kernel.capable = false;
  EXPECT_FALSE(LinuxClock::create(kernel));
  constexpr unsigned kEveryChange = ADJ_OFFSET | ADJ_FREQUENCY | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_STATUS |
                                    ADJ_TIMECONST | ADJ_TAI | ADJ_SETOFFSET | ADJ_MICRO | ADJ_NANO |
                                    ADJ_TICK | 0x8000;
  for (const timex& request : kernel.requests) EXPECT_EQ(0u, request.modes & kEveryChange);
}

TEST(LinuxClock, ReadsBothScalesAndWhatTheKernelCorrectsAlready) {
  FakeKernel kernel;
  kernel.state.tick = 10001;
  kernel.state.freq = -20 * 65536;
  const auto clock = made(kernel);
  EXPECT_NEAR(80e-6, clock->initial_frequency(), 1e-12);
  const auto before = clock->now();
  kernel.run(kSecond);
  const auto after = clock->now();
  EXPECT_EQ(Duration::from_nanoseconds(kSecond), after.raw - before.raw);
  EXPECT_EQ(kSecond + 80'000, (after.served - before.served).nanoseconds() + 1);  // nanoseconds() rounds down
}

TEST(LinuxClock, AKernelThatDoesNotTellItsFrequencyCorrectsNothing) {
  FakeKernel kernel;
  kernel.state.tick = 0;
  EXPECT_EQ(0, made(kernel)->initial_frequency());
}

TEST(LinuxClock, SetsTheFrequencyWithTheTickBeyond500Ppm) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  for (const double f : {0.0, 37.5e-6, -500e-6, 501e-6, -0.0123, 0.1, -0.1}) {
    ASSERT_TRUE(clock->apply(frequency(f)));
    const timex& request = kernel.requests.back();
    EXPECT_NEAR(f, rate_of(request), 1e-11) << f;
    EXPECT_EQ(std::abs(f) > 500e-6, request.tick != 10000) << f;
    EXPECT_LE(std::abs(request.freq), 500 * 65536) << f;
    EXPECT_TRUE(request.tick >= 9000 && request.tick <= 11000) << f;
  }
}

TEST(LinuxClock, StepsInBothDirectionsTogetherWithTheRest) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  for (const std::int64_t step : {1'500 * kMillisecond, -250 * kMillisecond, -2 * kSecond}) {
    const std::int64_t before = kernel.real_ns;
    ClockCommand command = frequency(10e-6);
    command.step = Duration::from_nanoseconds(step);
    ASSERT_TRUE(clock->apply(command));
    EXPECT_NEAR(static_cast<double>(step), static_cast<double>(kernel.real_ns - before), 1);
    const timex& request = kernel.requests.back();
    EXPECT_TRUE(request.time.tv_usec >= 0 && request.time.tv_usec < kSecond);
    EXPECT_EQ(static_cast<unsigned>(ADJ_SETOFFSET | ADJ_NANO | ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS |
                                    ADJ_MAXERROR | ADJ_ESTERROR),
              request.modes);
  }
}

TEST(LinuxClock, TellsTheKernelItsStatusForOtherPrograms) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  ClockCommand command;
  command.status = {
      .synchronized = true, .leap = wire::Leap::insert, .max_error = 0.0125, .estimated_error = 0.00025};
  ASSERT_TRUE(clock->apply(command));
  EXPECT_EQ(STA_INS, kernel.requests.back().status);
  EXPECT_EQ(12500, kernel.requests.back().maxerror);
  EXPECT_EQ(250, kernel.requests.back().esterror);
  command.status = {.leap = wire::Leap::remove, .max_error = 1e9, .estimated_error = -1};
  ASSERT_TRUE(clock->apply(command));
  EXPECT_EQ(STA_UNSYNC | STA_DEL, kernel.requests.back().status);
  EXPECT_EQ(16'000'000, kernel.requests.back().maxerror);
  EXPECT_EQ(0, kernel.requests.back().esterror);
}

ClockCommand leap_command(wire::Leap leap, int tai_offset) {
  ClockCommand command;
  command.status = {.tai_offset = tai_offset, .synchronized = true, .leap = leap};
  return command;
}

TEST(LinuxClock, WhileSynchronizedTheKernelCopiesItsTimeToTheHardwareClock) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  ClockCommand command;
  for (const bool synchronized : {true, false}) {
    command.status.synchronized = synchronized;
    ASSERT_TRUE(clock->apply(command));
    EXPECT_EQ(synchronized ? 0 : STA_UNSYNC, kernel.requests.back().status & STA_UNSYNC);
  }
}

TEST(LinuxClock, TellsTheKernelTaiMinusUtcWhenItHasAnother) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::none, 37)));
  EXPECT_EQ(37, kernel.state.tai);
  EXPECT_EQ(static_cast<unsigned>(ADJ_TAI), kernel.requests.back().modes);
  const auto requests = kernel.requests.size();
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::none, 37)));
  EXPECT_EQ(requests + 1, kernel.requests.size());
  EXPECT_NE(static_cast<unsigned>(ADJ_TAI), kernel.requests.back().modes);
}

TEST(LinuxClock, ALeapSecondInFlightIsNeitherLostNorDoneTwice) {
  constexpr std::int64_t kMidnight = 1'483'228'800 * kSecond;
  FakeKernel kernel;
  kernel.state.tai = 36;
  kernel.real_ns = kMidnight - 10 * kSecond;
  const auto clock = made(kernel);
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::insert, 36)));
  kernel.leap = TIME_INS;
  kernel.pass(9 * kSecond, 9 * kSecond);
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::none, 36)));
  EXPECT_EQ(STA_INS, kernel.requests.back().status) << "a second before it";
  kernel.pass(kSecond, 0);
  kernel.leap = TIME_OOP;
  kernel.state.tai = 37;
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::none, 36)));
  EXPECT_EQ(STA_INS, kernel.requests.back().status) << "within it";
  EXPECT_EQ(37, kernel.state.tai);
  kernel.pass(kSecond, kSecond);
  kernel.leap = TIME_WAIT;
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::none, 37)));
  EXPECT_EQ(0, kernel.requests.back().status) << "after it";
  EXPECT_NEAR(-1, clock->stepped().seconds(), 1e-9);
}

TEST(LinuxClock, ALeapSecondCanBeCalledOffInTime) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::insert, 36)));
  kernel.leap = TIME_INS;
  ASSERT_TRUE(clock->apply(leap_command(wire::Leap::none, 36)));
  EXPECT_EQ(0, kernel.requests.back().status);
}

TEST(LinuxClock, PutsItsFrequencyBackAfterAnotherProgramWithoutAnotherStep) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  ASSERT_TRUE(clock->reassert());
  EXPECT_TRUE(kernel.requests.empty()) << "nothing was in force";
  auto command = frequency(25e-6);
  command.step = Duration::from_seconds(2);
  ASSERT_TRUE(clock->apply(command));
  kernel.requests.clear();
  const auto real = kernel.real_ns;
  ASSERT_TRUE(clock->reassert());
  ASSERT_EQ(3u, kernel.requests.size()) << "what the other left is ended first";
  EXPECT_NEAR(25e-6, rate_of(kernel.requests.back()), 1e-11);
  EXPECT_EQ(real, kernel.real_ns);
}

TEST(LinuxClock, EndsWhatAnotherProgramLeftOnlyOnceAndAtTheFirstCommand) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  ASSERT_TRUE(clock->apply(frequency(0)));
  ASSERT_EQ(3u, kernel.requests.size());
  EXPECT_EQ(static_cast<unsigned>(ADJ_STATUS | ADJ_OFFSET), kernel.requests[0].modes);
  EXPECT_EQ(static_cast<unsigned>(ADJ_OFFSET_SINGLESHOT), kernel.requests[1].modes);
  ASSERT_TRUE(clock->apply(frequency(1e-6)));
  EXPECT_EQ(4u, kernel.requests.size());
}

TEST(LinuxClock, ACommandThatIsRefusedIsAnErrorAndChangesNothing) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  EXPECT_FALSE(clock->apply(frequency(0.11)));
  EXPECT_TRUE(kernel.requests.empty());
  kernel.capable = false;
  const auto refused = clock->apply(frequency(1e-6));
  ASSERT_FALSE(refused);
  EXPECT_EQ(base::ErrorCode::io, refused.error().code);
}

TEST(LinuxClock, AKernelStampIsFoundOnTheRawScaleWithTheRateInForce) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  ASSERT_TRUE(clock->apply(frequency(0.01)));
  const std::int64_t stamp = kernel.real_ns;
  const auto then = clock->now();
  kernel.pass(100 * kMillisecond, 101 * kMillisecond);
  const auto found = clock->at_kernel_time(stamp);
  EXPECT_NEAR(0, (found.raw - then.raw).seconds(), 2e-9);
  EXPECT_EQ(then.served, found.served);
}

TEST(LinuxClock, AStampFromBeforeAStepIsPlacedBeforeIt) {
  for (const std::int64_t step : {10 * kSecond, -10 * kSecond, 20 * kMillisecond, -200 * kMillisecond}) {
    FakeKernel kernel;
    const auto clock = made(kernel);
    const std::int64_t stamp = kernel.real_ns;
    const auto then = clock->now();
    kernel.pass(30 * kMillisecond, 30 * kMillisecond);
    ClockCommand command;
    command.step = Duration::from_nanoseconds(step);
    ASSERT_TRUE(clock->apply(command));
    const std::int64_t late_stamp = kernel.real_ns + kMillisecond;
    kernel.pass(5 * kMillisecond, 5 * kMillisecond);
    EXPECT_NEAR(0, (clock->at_kernel_time(stamp).raw - then.raw).seconds(), 2e-9) << step;
    EXPECT_NEAR(0.031, (clock->at_kernel_time(late_stamp).raw - then.raw).seconds(), 2e-9) << step;
  }
}

/// Raw time minus the oscillator, ns.
double raw_error(const core::Instant& at, std::int64_t oscillator_ns) {
  return static_cast<double>(at.raw.since_start().nanoseconds() - oscillator_ns);
}

TEST(LinuxClock, WhereTheRawClockIsCorrectedTooRawTimeIsTheOscillatorAllTheSame) {
  for (const auto raw_clock : {FakeKernel::RawClock::corrected, FakeKernel::RawClock::missing}) {
    FakeKernel kernel;
    kernel.raw_clock = raw_clock;
    kernel.state.freq = 30 * 65536;  // as the last run left it
    const auto clock = made(kernel);
    kernel.run(kSecond);
    EXPECT_NEAR(0, raw_error(clock->now(), kernel.oscillator_ns), 1);
    int changes = 1;
    for (const double f : {12.345e-6, 0.083, -31.4159e-6, -0.083, 1e-9, 499.9999e-6}) {
      auto command = frequency(f);
      command.step = Duration::from_seconds(f > 0 ? -3 : 7);
      ASSERT_TRUE(clock->apply(command));
      ++changes;
      kernel.run(1000 * kSecond);
      EXPECT_NEAR(0, raw_error(clock->now(), kernel.oscillator_ns), changes) << f;
      const std::int64_t stamp = kernel.real_ns;
      const std::int64_t then = kernel.oscillator_ns;
      kernel.run(100 * kMillisecond);
      EXPECT_NEAR(0, raw_error(clock->at_kernel_time(stamp), then), changes + 1) << f;
    }
  }
}

TEST(LinuxClock, AStampIsNeverLaterThanNow) {
  FakeKernel kernel;
  const auto clock = made(kernel);
  EXPECT_EQ(clock->now().raw, clock->at_kernel_time(kernel.real_ns + kSecond).raw);
}

}  // namespace
}  // namespace noonmark::io
