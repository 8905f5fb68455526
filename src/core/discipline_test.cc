#include "core/discipline.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/clock_filter.h"

namespace noonmark::core {
namespace {

constexpr std::int64_t kBuildDate = 1'700'000'000;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

RawTime at(double seconds) { return RawTime(Duration::from_seconds(seconds)); }

/// A wandering oscillator with a corrected clock on it, a path and a server, and what the engine does between
/// them: all on the raw scale, in virtual time.
class World {
 public:
  struct Setup {
    std::uint64_t seed = 1;
    double offset = 0;      // true minus served at the start, s
    double frequency = 0;   // of true against raw time, s/s
    double wander = 0;      // random walk of it, s/s per sqrt(s)
    double delay = 100e-6;  // s, least
    double queue = 20e-6;   // s, mean of the exponential queue in each direction
    int poll = 3;
    bool tells_frequency_error = true;
    double max_frequency = 0.1;
    double offset_limit = 0;
    double lateness = 0;  // s, of each deadline
  };

  explicit World(const Setup& setup)
      : setup_(setup),
        discipline_(0, kBuildDate),
        random_(setup.seed),
        offset_(setup.offset),
        frequency_(setup.frequency) {}

  Discipline& discipline() { return discipline_; }
  double error() const { return offset_ - correction_; }  // true minus served
  double now() const { return now_; }
  void change_frequency(double by) { frequency_ += by; }
  void set_server_offset(double offset) { server_offset_ = offset; }
  void set_poll(int poll) { setup_.poll = poll; }
  double frequency() const { return frequency_; }
  double last_step() const { return last_step_; }
  DisciplineResult last_result() const { return last_result_; }
  int steps() const { return steps_; }
  const std::vector<double>& errors() const { return errors_; }  // one a second
  void forget_errors() { errors_.clear(); }

  void run_until(double end) {
    while (now_ < end) {
      const double deadline = discipline_.next_deadline() == kNever
                                  ? kInfinity
                                  : discipline_.next_deadline().since_start().seconds() + setup_.lateness;
      const double next = std::max(now_, std::min({end, next_poll_, next_second_, deadline}));
      advance(next - now_);
      if (next == next_second_) {
        errors_.push_back(error());
        next_second_ += 1;
      }
      if (next == next_poll_) poll();
      if (next == deadline) on_deadline();
    }
  }

 private:
  void advance(double elapsed) {
    offset_ += frequency_ * elapsed;
    frequency_ += setup_.wander * std::sqrt(elapsed) * normal_(random_);
    correction_ += rate_ * elapsed;
    now_ += elapsed;
  }

  void poll() {
    next_poll_ = now_ + (++polls_ < 8 ? 2 : std::exp2(setup_.poll));
    const double there = setup_.queue * queue_(random_);
    const double back = setup_.queue * queue_(random_);
    const Sample sample{at(now_), offset_ + server_offset_ + (there - back) / 2, setup_.delay + there + back,
                        1e-6};
    filter_.add(sample);
    const auto output = filter_.output(at(now_), discipline_.frequency(),
                                       setup_.tells_frequency_error ? discipline_.frequency_error() : 0);
    if (output->dispersion > 1) return;
    const Measurement measurement{sample.at, sample.offset,
                                  std::max(output->jitter, (sample.delay - output->delay) / 2),
                                  output->delay / 2 + output->dispersion};
    std::optional<ClockCommand> command;
    last_result_ =
        discipline_.update(measurement, at(now_), correction_, kBuildDate + 100'000'000, limits(), command);
    obey(command);
  }

  void on_deadline() {
    std::optional<ClockCommand> command;
    discipline_.on_deadline(at(now_), correction_, limits(), command);
    obey(command);
  }

  void obey(const std::optional<ClockCommand>& command) {
    if (!command) return;
    EXPECT_LE(std::abs(command->frequency), setup_.max_frequency);
    if (command->step) {
      last_step_ = command->step->seconds();
      correction_ += last_step_;
      ++steps_;
    }
    rate_ = command->frequency;
  }

  DisciplineLimits limits() const { return {setup_.offset_limit, setup_.max_frequency}; }

  Setup setup_;
  Discipline discipline_;
  ClockFilter filter_{60e-9};
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::exponential_distribution<double> queue_;
  double now_ = 0, next_poll_ = 0, next_second_ = 0;
  double offset_, frequency_;
  double correction_ = 0, rate_ = 0;
  double server_offset_ = 0;
  double last_step_ = 0;
  int polls_ = 0;
  int steps_ = 0;
  DisciplineResult last_result_ = DisciplineResult::ignored;
  std::vector<double> errors_;
};

double rms(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

// --- convergence and holding

struct Start {
  double offset, frequency;
};

class ConvergenceFrom : public testing::TestWithParam<Start> {};

TEST_P(ConvergenceFrom, IsWithinAMillisecondTwentySecondsAfterABurst) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world({.seed = seed, .offset = GetParam().offset, .frequency = GetParam().frequency});
    world.run_until(20);
    EXPECT_LT(std::abs(world.error()), 1e-3) << "seed " << seed;
    world.forget_errors();
    world.run_until(120);
    EXPECT_LT(largest(world.errors()), 0.5e-3) << "seed " << seed;
    EXPECT_NEAR(world.discipline().frequency(), world.frequency(), 1e-6) << "seed " << seed;
    EXPECT_TRUE(world.discipline().has_frequency());
    EXPECT_EQ(world.steps(), std::abs(GetParam().offset) > kStepThreshold ? 1 : 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Discipline, ConvergenceFrom,
                         testing::Values(Start{1.5, 40e-6}, Start{-1.5, 40e-6}, Start{3600, -300e-6},
                                         Start{0.05, 300e-6}, Start{0, 0}));

TEST(Discipline, ConvergesAlsoWhenTheFilterIsNotToldHowSureTheFrequencyIs) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world({.seed = seed, .offset = 1.5, .frequency = 40e-6, .tells_frequency_error = false});
    world.run_until(20);
    EXPECT_LT(std::abs(world.error()), 1e-3) << "seed " << seed;
  }
}

struct Holding {
  int poll;
  double queue, wander;
  double rms;  // s, allowed
};

class HoldsAt : public testing::TestWithParam<Holding> {};

TEST_P(HoldsAt, ErrorsWithinTheNoiseForHours) {
  const Holding& p = GetParam();
  World world({.seed = 7,
               .offset = 1.5,
               .frequency = 12e-6,
               .wander = p.wander,
               .delay = 10 * p.queue,
               .queue = p.queue,
               .poll = 6});
  world.run_until(3600);
  world.set_poll(p.poll);
  const double hour = 3600 * std::exp2(std::max(0, p.poll - 6));
  world.run_until(2 * hour);
  world.forget_errors();
  world.run_until(14 * hour);
  EXPECT_LT(rms(world.errors()), p.rms);
  EXPECT_LT(largest(world.errors()), 6 * p.rms);
  EXPECT_EQ(world.steps(), 1);
}

INSTANTIATE_TEST_SUITE_P(Discipline, HoldsAt,
                         testing::Values(Holding{6, 20e-6, 1e-9, 15e-6}, Holding{6, 1e-3, 1e-9, 400e-6},
                                         Holding{6, 1e-3, 1e-8, 500e-6}, Holding{10, 100e-6, 1e-11, 60e-6},
                                         Holding{6, 100e-6, 1e-7, 150e-6}, Holding{10, 20e-6, 1e-9, 80e-6},
                                         Holding{10, 1e-3, 1e-9, 700e-6}));

TEST(Discipline, FollowsAFrequencyChangeWithinTenPolls) {
  std::uint64_t seed = 1;
  for (const double change : {2e-6, -50e-6}) {
    for (const int poll : {6, 6, 6, 6, 10, 10, 10, 10}) {
      World world(
          {.seed = seed++, .frequency = 12e-6, .wander = 1e-9, .delay = 1e-3, .queue = 50e-6, .poll = 6});
      world.run_until(3600);
      world.set_poll(poll);
      const double interval = std::exp2(poll);
      world.run_until(3600 + 32 * interval);
      world.change_frequency(change);
      world.run_until(3600 + 42 * interval);
      EXPECT_NEAR(world.discipline().frequency(), world.frequency(), std::abs(change) / 4)
          << change << " at " << poll;
      world.forget_errors();
      world.run_until(3600 + 60 * interval);
      EXPECT_LT(rms(world.errors()), 100e-6 + 0.02 * std::abs(change) * interval) << change << " at " << poll;
      EXPECT_EQ(world.steps(), 0);
    }
  }
}

TEST(Discipline, FollowsASmallStepOfTheServerBySlewing) {
  for (const double step : {5e-3, -100e-3}) {
    World world({.frequency = 12e-6, .wander = 1e-9, .delay = 1e-3, .queue = 50e-6, .poll = 6});
    world.run_until(7200);
    world.set_server_offset(step);
    world.run_until(7200 + 10 * 64);
    EXPECT_NEAR(world.error(), -step, std::abs(step) * 0.02 + 100e-6);
    EXPECT_EQ(world.steps(), 0);
  }
}

// --- steps

TEST(Discipline, StepsALaterLargeOffsetOnlyWhenItPersists) {
  World world({.frequency = 12e-6, .wander = 1e-9, .poll = 6});
  world.run_until(7200);
  world.set_server_offset(0.5);
  world.forget_errors();
  world.run_until(7200 + kStepOut);
  EXPECT_EQ(world.last_result(), DisciplineResult::spike);
  EXPECT_EQ(world.steps(), 0);
  EXPECT_LT(largest(world.errors()), 1e-3);
  EXPECT_GT(world.discipline().spike_remaining(at(world.now())), 0);
  world.run_until(7200 + kStepOut + 130);
  EXPECT_EQ(world.steps(), 1);
  EXPECT_NEAR(world.last_step(), 0.5, 1e-3);
  EXPECT_EQ(world.discipline().spike_remaining(at(world.now())), 0);
  world.forget_errors();
  world.run_until(20000);
  EXPECT_EQ(world.steps(), 1);
  EXPECT_LT(std::abs(largest(world.errors()) - 0.5), 1e-3);
}

TEST(Discipline, IgnoresASpikeThatDoesNotPersist) {
  World world({.frequency = 12e-6, .wander = 1e-9, .poll = 6});
  world.run_until(7200);
  world.forget_errors();
  for (int i = 0; i < 5; ++i) {
    world.set_server_offset(0.5);
    world.run_until(world.now() + 800);
    world.set_server_offset(0);
    world.run_until(world.now() + 700);
  }
  EXPECT_EQ(world.steps(), 0);
  EXPECT_LT(largest(world.errors()), 1e-3);
  EXPECT_EQ(world.discipline().spike_remaining(at(world.now())), 0);
}

TEST(Discipline, NeverStepsToAnOffsetThatChangesSides) {
  World world({.frequency = 12e-6, .wander = 1e-9, .poll = 6});
  world.run_until(7200);
  for (int i = 0; i < 20; ++i) {
    world.set_server_offset(i % 2 == 0 ? 0.5 : -0.5);
    world.run_until(world.now() + 300);
  }
  EXPECT_EQ(world.steps(), 0);
}

TEST(Discipline, DoesNothingBeyondTheOffsetLimit) {
  World world({.offset = 100, .frequency = 12e-6, .offset_limit = 10});
  world.run_until(5000);
  EXPECT_EQ(world.last_result(), DisciplineResult::over_limit);
  EXPECT_EQ(world.steps(), 0);
  EXPECT_FALSE(world.discipline().has_been_set());
}

/// One discipline fed by hand.
class Fed : public testing::Test {
 protected:
  DisciplineResult update(double when, double offset, double correction,
                          std::int64_t served = kBuildDate + 1000) {
    command_.reset();
    return discipline_.update({at(when), offset, 20e-6, 1e-3}, at(when), correction, served, limits_,
                              command_);
  }
  void on_deadline(double when, double correction) {
    command_.reset();
    discipline_.on_deadline(at(when), correction, limits_, command_);
  }
  double deadline() const { return discipline_.next_deadline().since_start().seconds(); }

  Discipline discipline_{0, kBuildDate};
  DisciplineLimits limits_{.offset_limit = 0, .max_frequency = 0.2};
  std::optional<ClockCommand> command_;
};

TEST_F(Fed, NeverStepsToBeforeTheBuildDate) {
  EXPECT_EQ(update(1, -2000, 0, kBuildDate + 1000), DisciplineResult::before_build);
  EXPECT_FALSE(command_);
  EXPECT_FALSE(discipline_.has_been_set());
  EXPECT_EQ(update(2, -900, 0, kBuildDate + 1000), DisciplineResult::adjusted);
  EXPECT_NEAR(command_->step->seconds(), -900, 1e-6);
}

TEST_F(Fed, SetsAClockThatStartsIn1970) {
  EXPECT_EQ(update(1, 1.8e9, 0, 0), DisciplineResult::adjusted);
  EXPECT_NEAR(command_->step->seconds(), 1.8e9, 1e-3);
}

TEST_F(Fed, TheUpdateAfterAStepFindsNothingLeft) {
  update(1, 5, 0);
  const double correction = command_->step->seconds();
  EXPECT_EQ(discipline_.next_deadline(), kNever);
  EXPECT_EQ(update(3, 5, correction), DisciplineResult::adjusted);
  EXPECT_FALSE(command_->step);
  EXPECT_NEAR(command_->frequency, 0, 1e-6);
}

TEST_F(Fed, AStepThatWasRefusedWaitsLikeAnyLaterOne) {
  update(1, 5, 0);
  EXPECT_EQ(update(3, 5, 0), DisciplineResult::spike);
  EXPECT_FALSE(command_);
  EXPECT_DOUBLE_EQ(discipline_.spike_remaining(at(103)), kStepOut - 100);
  EXPECT_EQ(update(3 + kStepOut, 5, 0), DisciplineResult::adjusted);
  EXPECT_TRUE(command_->step);
}

TEST_F(Fed, OneMeasurementCountsOnceEvenInASpike) {
  update(1, 0, 0);
  EXPECT_EQ(update(2, 5, 0), DisciplineResult::spike);
  EXPECT_EQ(discipline_.update({at(2), 5, 20e-6, 1e-3}, at(2000), 0, kBuildDate + 1000, limits_, command_),
            DisciplineResult::ignored);
  EXPECT_FALSE(command_);
}

TEST_F(Fed, AMeasurementFromTheFutureIsIgnored) {
  EXPECT_EQ(discipline_.update({at(2), 5, 20e-6, 1e-3}, at(1), 0, kBuildDate + 1000, limits_, command_),
            DisciplineResult::ignored);
}

// --- slews

TEST_F(Fed, ASlewIsFiniteAndLeavesTheFrequency) {
  update(1, 0.1, 0);
  double correction = 0;
  double now = 1;
  int pieces = 0;
  for (; discipline_.next_deadline() != kNever; ++pieces) {
    ASSERT_LT(pieces, 40);
    correction += command_->frequency * (deadline() - now);
    now = deadline();
    on_deadline(now, correction);
    ASSERT_TRUE(command_);
  }
  EXPECT_GT(pieces, 0);
  EXPECT_LT(now, 60);
  EXPECT_NEAR(correction, 0.1, discipline_.deviation(at(now)) / 8);
  EXPECT_EQ(command_->frequency, discipline_.frequency());
}

TEST_F(Fed, LateEndsOfASlewNeverOvershoot) {
  update(1, 0.1, 0);
  double correction = 0;
  double now = 1;
  while (discipline_.next_deadline() != kNever) {
    const double late = deadline() + 1;
    correction += command_->frequency * (late - now);
    ASSERT_LE(correction, 0.1 + 1e-9);
    now = late;
    on_deadline(now, correction);
  }
  EXPECT_GT(correction, 0.099);
}

TEST_F(Fed, WhatIsFarBelowTheNoiseIsNotSlewed) {
  for (int i = 0; i < 60; ++i) update(8 * i, 0, 0);
  const double sigma = discipline_.deviation(at(480));
  update(480, 0, sigma / 100);
  EXPECT_EQ(discipline_.next_deadline(), kNever);
  EXPECT_EQ(command_->frequency, discipline_.frequency());
  update(488, 0, sigma);
  EXPECT_NE(discipline_.next_deadline(), kNever);
}

TEST_F(Fed, ABadFirstMeasurementOfAnEmptyFilterIsSoonForgotten) {
  discipline_.update({at(1), 0.01, 1e-7, 8}, at(1), 0, kBuildDate + 1000, limits_, command_);
  discipline_.update({at(3), 0, 1e-3, 4}, at(3), 0, kBuildDate + 1000, limits_, command_);
  EXPECT_NEAR(discipline_.predicted_offset(at(3)), 0, 0.5e-3);
}

TEST_F(Fed, OneOutlierHardlyMovesTheEstimate) {
  for (int i = 0; i < 60; ++i) update(8 * i, i % 2 == 0 ? 20e-6 : -20e-6, 0);
  update(480, 0.05, 0);
  EXPECT_LT(std::abs(discipline_.predicted_offset(at(480))), 60e-6);
  EXPECT_LT(std::abs(discipline_.frequency()), 1e-6);
}

TEST_F(Fed, NothingHappensBeforeTheDeadline) {
  update(1, 0.1, 0);
  const RawTime end = discipline_.next_deadline();
  on_deadline(deadline() - 0.01, 0.05);
  EXPECT_FALSE(command_);
  EXPECT_EQ(discipline_.next_deadline(), end);
}

TEST_F(Fed, SlewsKeepToTheDriversFrequency) {
  limits_.max_frequency = 500e-6;
  update(1, 0.1, 0);
  EXPECT_NEAR(command_->frequency, 500e-6, 10e-6);
  EXPECT_LE(command_->frequency, 500e-6);
  update(3, -0.1, 0);
  EXPECT_GE(command_->frequency, -500e-6);
}

TEST_F(Fed, AnOscillatorWorseThanTheDriverAllowsGetsAllItAllows) {
  limits_.max_frequency = 100e-6;
  for (int i = 0; i < 60; ++i) update(8 * i, 300e-6 * 8 * i, 300e-6 * 8 * i - 0.01);
  EXPECT_NEAR(discipline_.frequency(), 300e-6, 1e-6);
  EXPECT_DOUBLE_EQ(command_->frequency, 100e-6);
}

TEST_F(Fed, ALargeSlewStaysBelowATwelfth) {
  limits_.max_frequency = 1;
  update(1, kStepThreshold, 0);
  EXPECT_LE(command_->frequency, kMaxSlewRate);
  EXPECT_GT(command_->frequency, 0.01);
}

TEST(Discipline, ALateDeadlineNeverOvershootsVisibly) {
  for (const double offset : {0.12, 0.01, 1e-3, -0.12}) {
    World world({.offset = offset, .delay = 100e-6, .queue = 1e-6, .poll = 6, .lateness = 1});
    world.run_until(600);
    double beyond = 0;
    for (const double error : world.errors()) beyond = std::max(beyond, offset > 0 ? -error : error);
    EXPECT_LT(beyond, 20e-6) << offset;
    EXPECT_LT(std::abs(world.error()), 20e-6) << offset;
  }
}

// --- hostile input

TEST(Discipline, HundredThousandHostileMeasurementsLeaveAFiniteStateAndBoundedCommands) {
  std::mt19937_64 random(11);
  const auto pick = [&](std::initializer_list<double> values) {
    return *(values.begin() + random() % values.size());
  };
  const DisciplineLimits limits{.offset_limit = 0, .max_frequency = 500e-6};
  Discipline discipline(kNan, kBuildDate);
  double now = 0;
  for (int i = 0; i < 100'000; ++i) {
    now += pick({0, 1e-9, 1e-3, 2, 64, 1024, 1e5});
    if (now > 1e9) {
      discipline = Discipline(0, kBuildDate);
      now = 0;
    }
    const double random_offset = static_cast<double>(random() % 2001) - 1000;
    const Measurement measurement{
        .at = at(now - pick({0, 0, 0, 1, -1, 1e6})),
        .offset = pick({random_offset, random_offset * 1e-4, random_offset * 1e-7, 0, kNan, kInfinity, 1e300,
                        -4e9, 1e-300}),
        .uncertainty = pick({1e-6, 1e-3, 0, 16, 1e300, kNan, kInfinity, -1}),
        .bound = pick({0, 1e-3, 16, 1e300, kNan, -1}),
    };
    const double correction =
        pick({0, random_offset, random_offset * 1e-4, discipline.predicted_offset(at(now)), kNan, 1e300});
    std::optional<ClockCommand> command;
    if (i % 3 == 0) {
      discipline.on_deadline(at(now), correction, limits, command);
    } else {
      discipline.update(measurement, at(now), correction,
                        kBuildDate + static_cast<std::int64_t>(random() % 2000), limits, command);
    }
    if (command) {
      ASSERT_LE(std::abs(command->frequency), limits.max_frequency) << i;
    }
    ASSERT_LE(std::abs(discipline.frequency()), 0.01) << i;
    ASSERT_TRUE(std::isfinite(discipline.predicted_offset(at(now)))) << i;
    ASSERT_GE(discipline.deviation(at(now)), 0) << i;
    ASSERT_TRUE(std::isfinite(discipline.deviation(at(now)))) << i;
    ASSERT_GT(discipline.frequency_error(), 0) << i;
    ASSERT_LE(discipline.frequency_error(), 0.03) << i;
    if (discipline.next_deadline() != kNever) {
      ASSERT_LE((discipline.next_deadline() - at(now)).seconds(), 86401) << i;
    }
  }
}

}  // namespace
}  // namespace noonmark::core
