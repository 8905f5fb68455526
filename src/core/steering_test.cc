#include "core/steering.h"

#include <cmath>
#include <cctype>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

using When = StepPolicy::When;

constexpr std::int64_t kBuildDate = 1'700'000'000;
constexpr double kHorizon = 64;

RawTime at(double seconds) { return RawTime(Duration::from_seconds(seconds)); }

/// One clock steered by hand: the course's offset is what true time is ahead of the raw scale.
class SteeringTest : public testing::Test {
 protected:
  SteeringResult steer(double now, double offset, double correction, double deviation = 20e-6) {
    command_ = {};
    return steering_.steer({.offset = offset,
                            .frequency = frequency_,
                            .deviation = deviation,
                            .correction = correction,
                            .served_unix = served_},
                           at(now), kHorizon, limits_, command_);
  }
  /// The clock was set before: what comes now is no first setting.
  void be_set() { ASSERT_EQ(steer(0, 0, 0), SteeringResult::steered); }
  double deadline() const { return steering_.next_deadline().since_start().seconds(); }
  bool is_slewing() const { return steering_.next_deadline() != kNever; }
  /// Follows all pieces of a slew; gives the time of its end. `late`: s, of each deadline.
  double finish(double now, double offset, double& correction, double late = 0) {
    for (int pieces = 0; is_slewing() && pieces < 60; ++pieces) {
      const double next = deadline() + late;
      correction += (command_.frequency - frequency_) * (next - now);
      now = next;
      steer(now, offset, correction);
    }
    EXPECT_FALSE(is_slewing());
    return now;
  }

  Steering steering_{kBuildDate};
  SteeringLimits limits_{.policy = {}, .offset_limit = 0, .max_frequency = 0.2};
  double frequency_ = 0;
  std::int64_t served_ = kBuildDate + 100'000'000;
  ClockCommand command_;
};

// --- slews

TEST_F(SteeringTest, ASlewIsFiniteAndLeavesTheFrequency) {
  frequency_ = 12e-6;
  be_set();
  double correction = 0;
  steer(1, 0.1, correction);
  EXPECT_GT(command_.frequency, 0.01);
  EXPECT_LT(finish(1, 0.1, correction), 2 * kHorizon);
  EXPECT_NEAR(correction, 0.1, 20e-6 / 8 + 1e-9);
  EXPECT_EQ(command_.frequency, frequency_);
}

TEST_F(SteeringTest, LateEndsNeverOvershoot) {
  be_set();
  double correction = 0;
  steer(1, 0.1, correction);
  finish(1, 0.1, correction, 1);
  EXPECT_LE(correction, 0.1 + 1e-9);
  EXPECT_GT(correction, 0.0999);
}

TEST_F(SteeringTest, ACorrectionOfTheSizeOfTheNoiseTakesHalfTheHorizonAndALargerOneLess) {
  be_set();
  steer(0, 20e-6, 0);
  EXPECT_NEAR(deadline(), kHorizon / 2, 1e-6);
  steer(0, 200e-6, 0);
  EXPECT_NEAR(deadline(), kHorizon / 20, 1e-6);
  steer(0, 20e-3, 0);
  EXPECT_NEAR(deadline(), kMinSlewTime, 1e-6);
}

TEST_F(SteeringTest, WhatIsFarBelowTheNoiseIsNotSlewed) {
  be_set();
  steer(0, 2e-6, 0);
  EXPECT_FALSE(is_slewing());
}

TEST_F(SteeringTest, SlewsKeepToATwelfthAndToTheDriversFrequency) {
  be_set();
  steer(1, 0.128, 0);
  EXPECT_LE(command_.frequency, kMaxSlewRate);
  limits_.max_frequency = 500e-6;
  frequency_ = 300e-6;
  steer(1, 0.1, 0);
  EXPECT_NEAR(command_.frequency, 500e-6, 1e-5);
  EXPECT_LE(command_.frequency, 500e-6);
  steer(1, -0.1, 0);
  EXPECT_NEAR(command_.frequency, -500e-6, 1e-5);
  EXPECT_GE(command_.frequency, -500e-6);
  frequency_ = 700e-6;
  steer(1, 0.1, 0);
  EXPECT_DOUBLE_EQ(command_.frequency, 500e-6) << "an oscillator that is worse gets all that there is";
}

// --- the step policy

struct Case {
  const char* name;
  StepPolicy policy;
  bool was_set;
  double offset;
  SteeringResult result;
  bool steps;
};

class Policy : public SteeringTest, public testing::WithParamInterface<Case> {};

TEST_P(Policy, Decides) {
  const Case& c = GetParam();
  limits_.policy = c.policy;
  if (c.was_set) be_set();
  EXPECT_EQ(steer(10, c.offset, 0), c.result);
  EXPECT_EQ(command_.step.has_value(), c.steps);
  EXPECT_EQ(steering_.hold().has_value(), c.result != SteeringResult::steered);
  if (c.steps) {
    EXPECT_NEAR(command_.step->seconds(), c.offset, 1e-9);
  }
}

constexpr auto kSteered = SteeringResult::steered;
constexpr auto kWaiting = SteeringResult::waiting;
constexpr auto kHeld = SteeringResult::held;

INSTANTIATE_TEST_SUITE_P(
    Steering, Policy,
    testing::Values(Case{"the first setting steps", {}, false, -3600, kSteered, true},
                    Case{"below the threshold it slews", {}, false, 0.1, kSteered, false},
                    Case{"a later one that a slew removes soon", {}, true, 4.9, kSteered, false},
                    Case{"a later large one waits", {}, true, 6, kWaiting, false},
                    Case{"threshold", {.threshold = 10}, false, 6, kSteered, false},
                    Case{"always", {.when = When::always}, true, 0.2, kSteered, true},
                    Case{"always, below the threshold", {.when = When::always}, true, 0.1, kSteered, false},
                    Case{"never", {.when = When::never}, false, 3600, kSteered, false},
                    Case{"never, more than a day", {.when = When::never}, false, 7300, kHeld, false},
                    Case{"forward", {.when = When::forward_only}, false, 1e6, kSteered, true},
                    Case{"forward, later", {.when = When::forward_only}, true, 1e6, kWaiting, false},
                    Case{"not backward", {.when = When::forward_only}, false, -100, kSteered, false},
                    Case{"far backward", {.when = When::forward_only}, false, -1e6, kHeld, false},
                    Case{"backward limit", {.backward_limit = 10}, false, -9, kSteered, true},
                    Case{"beyond it", {.backward_limit = 10}, false, -11, kSteered, false},
                    Case{"far beyond it", {.backward_limit = 10}, false, -1e6, kHeld, false},
                    Case{"it binds no forward step", {.backward_limit = 10}, false, 1e6, kSteered, true}),
    [](const auto& test) {
      std::string name;
      for (const char* c = test.param.name; *c != 0; ++c) name += std::isalnum(*c) != 0 ? *c : '_';
      return name;
    });

TEST_F(SteeringTest, ALaterLargeOffsetIsSteppedWhenItPersists) {
  be_set();
  EXPECT_EQ(steer(10, 100, 0), SteeringResult::waiting);
  EXPECT_DOUBLE_EQ(steering_.step_remaining(at(110)), kStepOut - 100);
  EXPECT_EQ(steer(10 + kStepOut - 1, 100, 0), SteeringResult::waiting);
  EXPECT_EQ(steer(10 + kStepOut, 100, 0), SteeringResult::steered);
  EXPECT_TRUE(command_.step);
  EXPECT_EQ(steering_.step_remaining(at(10 + kStepOut)), 0);
}

TEST_F(SteeringTest, AnOffsetThatChangesSidesOrGoesAwayBeginsAnew) {
  be_set();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(steer(i * 300, i % 2 == 0 ? 100 : -100, 0), SteeringResult::waiting);
  for (int i = 20; i < 40; ++i) EXPECT_EQ(steer(i * 300, i % 3 != 0 ? 100 : 0, 0) == kWaiting, i % 3 != 0);
}

TEST_F(SteeringTest, AStepThatWasRefusedByTheDriverWaitsLikeAnyLaterOne) {
  EXPECT_EQ(steer(1, 50, 0), SteeringResult::steered);
  ASSERT_TRUE(command_.step);
  EXPECT_EQ(steer(3, 50, 0), SteeringResult::waiting);
}

TEST_F(SteeringTest, WhileItWaitsTheClockRunsOn) {
  be_set();
  steer(1, 0.01, 0);
  ASSERT_TRUE(is_slewing());
  frequency_ = 5e-6;
  steer(2, 100, 0);
  EXPECT_FALSE(is_slewing());
  EXPECT_EQ(command_.frequency, 5e-6);
}

// --- holds

TEST_F(SteeringTest, NothingIsDoneBeyondTheOffsetLimitUntilReleased) {
  limits_.offset_limit = 10;
  EXPECT_EQ(steer(1, -100, 0), SteeringResult::held);
  EXPECT_EQ(steering_.hold(), (Hold{Reason::offset_limit, -100}));
  EXPECT_EQ(steer(5000, -100, 0), SteeringResult::held);
  steering_.release();
  EXPECT_EQ(steer(5001, -100, 0), SteeringResult::steered);
  EXPECT_NEAR(command_.step->seconds(), -100, 1e-9);
  EXPECT_FALSE(steering_.hold());
  EXPECT_EQ(steer(5002, -200, -100), SteeringResult::held) << "it was for that time only";
}

TEST_F(SteeringTest, AReleaseStepsAgainstThePolicyAndWithoutWaiting) {
  limits_.policy.when = When::never;
  be_set();
  EXPECT_EQ(steer(1, 1e5, 0), SteeringResult::held);
  EXPECT_EQ(steering_.hold()->reason, Reason::step_refused);
  steering_.release();
  EXPECT_EQ(steer(2, 1e5, 0), SteeringResult::steered);
  EXPECT_TRUE(command_.step);
}

TEST_F(SteeringTest, NothingGoesToBeforeTheBuildDateNotEvenReleased) {
  served_ = kBuildDate + 1000;
  EXPECT_EQ(steer(1, -2000, 0), SteeringResult::held);
  EXPECT_EQ(steering_.hold()->reason, Reason::before_build_date);
  steering_.release();
  EXPECT_EQ(steer(1, -2000, 0), SteeringResult::held);
  EXPECT_EQ(steer(2, -900, 0), SteeringResult::steered);
  EXPECT_NEAR(command_.step->seconds(), -900, 1e-6);
}

TEST_F(SteeringTest, SetsAClockThatStartsIn1970) {
  served_ = 0;
  EXPECT_EQ(steer(1, 1.8e9, 0), SteeringResult::steered);
  EXPECT_NEAR(command_.step->seconds(), 1.8e9, 1e-3);
}

TEST_F(SteeringTest, AnyCourseGivesABoundedCommandAndADeadlineWithinADay) {
  std::mt19937_64 random(5);
  const std::vector<double> values = {0, 1e-9, -1e-6, 1e-3, -0.1, 0.2, 5, -6, 1e4, -1e9, 4e9};
  const auto any = [&] { return values[random() % values.size()]; };
  limits_.max_frequency = 500e-6;
  double now = 0;
  for (int i = 0; i < 100'000; ++i) {
    now += static_cast<double>(random() % 2000);
    limits_.policy.when = static_cast<When>(random() % 4);
    frequency_ = any() * 1e-3;
    steer(now, any(), any(), std::abs(any()));
    ASSERT_LE(std::abs(command_.frequency), limits_.max_frequency);
    if (is_slewing()) {
      ASSERT_LE(deadline() - now, 86401);
    }
  }
}

}  // namespace
}  // namespace noonmark::core
