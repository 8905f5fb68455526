#include "core/estimator/estimator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <vector>

#include "base/random.h"

namespace {
std::size_t allocations = 0;
}  // namespace

// Not inlined: g++ would see free() take what a new-expression gave.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace noonmark::core {
namespace {

constexpr double kInterval = 64;  // s

AssociationId id_of(std::size_t source) { return static_cast<AssociationId>(source); }
RawTime raw(double t) { return RawTime(Duration::from_seconds(t)); }

/// A path with exponential queues both ways.
struct Path {
  double base = 10e-3;   // s, each way
  double jitter = 1e-3;  // s, mean of each queue
  double error = 0;      // s, of the server
  double extra = 0;      // s, on the way to the server
};

/// Sources around a clock of known offset and frequency, asked in turn.
class EstimatorTest : public ::testing::Test {
 protected:
  explicit EstimatorTest(std::size_t sources = 1) : paths(sources) { feed_all(); }

  void feed_all() {
    feeding.clear();
    for (std::size_t i = 0; i < paths.size(); ++i) feeding.push_back(id_of(i));
  }
  double truth(double t) const { return offset + frequency * t; }

  Sample sample(const Path& path, double t) {
    const double to = path.base + path.extra - path.jitter * std::log(1 - random.uniform());
    const double back = path.base - path.jitter * std::log(1 - random.uniform());
    return {.at = raw(t), .offset = truth(t) + path.error + (to - back) / 2, .delay = to + back};
  }
  void poll(std::size_t source) {
    estimator.learn(id_of(source), sample(paths[source], now), kInterval);
    estimator.absorb(feeding);
  }
  void run(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (std::size_t source = 0; source < paths.size(); ++source, now += 1) poll(source);
      now += kInterval - static_cast<double>(paths.size());
    }
  }
  double error() const { return std::abs(estimator.estimate(raw(now))->offset - truth(now)); }
  double worst_error(int rounds) {
    double worst = 0;
    for (int i = 0; i < rounds; ++i) {
      run(1);
      worst = std::max(worst, error());
    }
    return worst;
  }

  std::vector<Path> paths;
  std::vector<AssociationId> feeding;
  ClockEstimator estimator{ClockEstimator::Prior{}};
  base::SeededRandom random{11};
  double now = 1;
  double offset = 0.02, frequency = 12e-6;
};

struct ThreeSources : EstimatorTest {
  ThreeSources() : EstimatorTest(3) {}
};

TEST_F(EstimatorTest, FindsOffsetAndFrequencyFarBelowTheJitter) {
  run(300);
  EXPECT_LT(error(), 100e-6);
  EXPECT_NEAR(estimator.estimate(raw(now))->frequency, frequency, 20e-9);
  EXPECT_FALSE(estimator.is_starting());
}

TEST_F(EstimatorTest, AFrequencyFarFromWhatIsExpectedIsFoundInTheFirstPollsAfterABurst) {
  frequency = 400e-6;
  for (int i = 0; i < 4; ++i, now += 2) poll(0);
  run(3);
  EXPECT_NEAR(estimator.estimate(raw(now))->frequency, frequency, 30e-6);
}

TEST_F(ThreeSources, AFrequencyFarFromWhatIsExpectedIsFoundInTheFirstPolls) {
  frequency = -300e-6;
  run(4);
  EXPECT_LT(error(), 5e-3);
}

TEST_F(EstimatorTest, WhatDelaysExplainIsNoUnexpectedFrequency) {
  paths[0].jitter = 50e-3;
  for (int i = 0; i < 12; ++i) {
    run(1);
    EXPECT_LT(estimator.estimate(raw(now))->frequency_deviation, 31e-6) << i;
  }
}

TEST_F(EstimatorTest, RareDelaysOfManyThousandTimesTheUsualDoNotMoveTheClock) {
  paths[0] = {.base = 100e-6, .jitter = 5e-6};
  for (int i = 0; i < 2000; ++i, now += kInterval) {
    Sample s = sample(paths[0], now);
    if (random.uniform() < 0.05) {
      const double queue = 0.5 * random.uniform();
      s.delay += queue;
      s.offset += random.uniform() < 0.5 ? queue / 2 : -queue / 2;
    }
    estimator.learn(id_of(0), s, kInterval);
    estimator.absorb(feeding);
    if (i >= 30) {
      ASSERT_LT(error(), 50e-6) << i;
    }
  }
}

TEST_F(EstimatorTest, KnowsHowWrongItIs) {
  int within = 0;
  for (int i = 0; i < 300; ++i) {
    run(1);
    if (i >= 50 && error() <= 2 * estimator.estimate(raw(now))->offset_deviation) ++within;
  }
  EXPECT_GT(within, 235) << "of 250 should be within two standard deviations";
  EXPECT_LT(estimator.estimate(raw(now))->offset_deviation, paths[0].base);
}

TEST_F(EstimatorTest, HasNothingToSayBeforeTheFirstAbsorbedSample) {
  EXPECT_FALSE(estimator.estimate(raw(now)));
  EXPECT_FALSE(estimator.source(id_of(0), raw(now)));
  EXPECT_FALSE(estimator.save(id_of(0)));
  feeding.clear();
  run(3);
  EXPECT_FALSE(estimator.estimate(raw(now))) << "nothing feeds";
  EXPECT_EQ(estimator.source(id_of(0), raw(now))->samples, 3);
  EXPECT_TRUE(estimator.is_starting());
}

TEST_F(EstimatorTest, RefusesSamplesThatCannotBe) {
  run(1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  const auto learns = [&](double at, double sample_offset, double delay) {
    return estimator.learn(id_of(0), {.at = raw(at), .offset = sample_offset, .delay = delay}, kInterval);
  };
  EXPECT_FALSE(learns(now, nan, 0.01));
  EXPECT_FALSE(learns(now, infinite, 0.01));
  EXPECT_FALSE(learns(now, 0, nan));
  EXPECT_FALSE(learns(now, 0, 0));
  EXPECT_FALSE(learns(now, 0, -0.01));
  EXPECT_FALSE(learns(now, 0, infinite));
  EXPECT_FALSE(learns(1, 0, 0.01)) << "the time of the last one";
  EXPECT_FALSE(learns(0.5, 0, 0.01)) << "older";
  EXPECT_TRUE(learns(now, 0, 0.01));
}

TEST_F(EstimatorTest, ASampleCostsNoMemory) {
  run(100);
  const std::size_t before = allocations;
  run(2000);
  EXPECT_EQ(allocations, before);
}

TEST_F(ThreeSources, SamplesOfSeveralSourcesCostNoMemory) {
  run(100);
  const std::size_t before = allocations;
  run(500);
  EXPECT_EQ(allocations, before);
}

TEST_F(EstimatorTest, ALongerRouteOneWayDoesNotMoveTheClock) {
  run(200);
  paths[0].extra = 20e-3;  // would show 10 ms
  EXPECT_LT(worst_error(200) - 10e-3, 0) << "the first samples may be believed";
  EXPECT_LT(error(), 0.5e-3);
  paths[0].extra = 0;
  EXPECT_LT(worst_error(100), 0.5e-3) << "and the way back is known";
}

TEST_F(EstimatorTest, AJumpOfTheClockIsFollowedAfterAFewSamples) {
  run(200);
  offset += 0.3;
  run(1);
  EXPECT_TRUE(estimator.needs_confirmation());
  EXPECT_GT(estimator.surprise(), 12);
  run(5);
  EXPECT_LT(error(), 5e-3);
}

TEST_F(EstimatorTest, AnAnnouncedJumpIsFollowedAtOnce) {
  run(200);
  offset += 0.3;
  estimator.disturb(1, 1e-6);
  EXPECT_GT(estimator.estimate(raw(now))->offset_deviation, 0.9);
  run(1);
  EXPECT_LT(error(), 5e-3);
  EXPECT_LT(estimator.source(id_of(0), raw(now))->noise, 2e-3) << "the path's noise is still known";
}

TEST_F(EstimatorTest, AJumpInTheStartPhaseBeginsItAnew) {
  run(5);
  offset += 5;
  estimator.disturb(10, 1e-6);
  run(1);
  EXPECT_LT(error(), 5e-3);
  EXPECT_TRUE(estimator.is_starting());
  run(12);
  EXPECT_FALSE(estimator.is_starting());
  EXPECT_LT(error(), 3e-3);
}

TEST_F(ThreeSources, OnlyFeedingSourcesMoveTheClock) {
  paths[2].error = 1;
  feeding = {id_of(0), id_of(1)};
  run(100);
  EXPECT_LT(error(), 0.5e-3);
  EXPECT_NEAR(estimator.source(id_of(2), raw(now))->offset - truth(now), 1, 1e-3)
      << "it is watched all the same";
}

TEST_F(ThreeSources, MoreSourcesAreBetterThanOne) {
  const auto squares = [&](std::vector<AssociationId> use) {
    feeding = std::move(use);
    double sum = 0;
    for (int i = 0; i < 200; ++i) {
      run(1);
      sum += error() * error();
    }
    return sum;
  };
  run(100);
  const double one = squares({id_of(0)});
  run(50);
  EXPECT_LT(squares({id_of(0), id_of(1), id_of(2)}), 0.8 * one);
}

TEST_F(ThreeSources, TheStartPhaseEndsWithTwelveSamplesOfEachSourceThatFeeds) {
  feeding = {id_of(1)};
  run(11);
  EXPECT_TRUE(estimator.is_starting());
  run(1);
  EXPECT_FALSE(estimator.is_starting());
  feed_all();
  run(50);
  EXPECT_LT(error(), 0.7e-3);
}

TEST_F(ThreeSources, SourcesMayComeAndGo) {
  run(60);
  feeding = {id_of(2)};
  run(60);
  estimator.forget(id_of(0));
  EXPECT_FALSE(estimator.source(id_of(0), raw(now)));
  feed_all();
  EXPECT_LT(worst_error(100), 1.5e-3);
  feeding.clear();
  const auto before = *estimator.estimate(raw(now));
  run(1);
  EXPECT_EQ(estimator.estimate(raw(now))->offset_deviation > before.offset_deviation, true)
      << "without feeding sources the clock runs on";
}

TEST_F(ThreeSources, WhatALiarMadeOfTheClockIsTakenBack) {
  for (auto& path : paths) path.jitter = 100e-6;
  run(20);
  for (int i = 0; i < 300; ++i, paths[0].error += 0.1e-6 * kInterval) run(1);
  const double misled = error();
  EXPECT_GT(misled, 200e-6);
  feeding = {id_of(1), id_of(2)};
  run(20);
  EXPECT_GT(error(), misled / 2) << "held by what was learned of the honest paths";
  estimator.distrust(id_of(0));
  EXPECT_LT(error(), 50e-6) << "at once";
  EXPECT_LT(worst_error(100), 50e-6);
  EXPECT_TRUE(estimator.is_sound());
}

TEST_F(ThreeSources, DistrustOfASourceThatNeverFedChangesNothing) {
  feeding = {id_of(1), id_of(2)};
  run(60);
  const double before = estimator.estimate(raw(now))->offset;
  estimator.distrust(id_of(0));
  estimator.distrust(id_of(7));
  EXPECT_EQ(estimator.estimate(raw(now))->offset, before);
  feeding.clear();
  estimator.absorb(feeding);
  estimator.distrust(id_of(1));  // nobody else is there to tell the time
  EXPECT_EQ(estimator.estimate(raw(now))->offset, before);
}

TEST_F(EstimatorTest, MoreSourcesThanThereArePlacesTakeTurns) {
  paths.resize(20);
  for (int turn = 0; turn < 30; ++turn) {
    feeding.clear();
    for (std::size_t i = 0; i < 10; ++i)
      feeding.push_back(id_of((static_cast<std::size_t>(turn) * 3 + i) % 20));
    run(2);
    ASSERT_TRUE(estimator.is_sound());
  }
  EXPECT_LT(error(), 0.5e-3);
}

TEST_F(EstimatorTest, TheErrorGrowsSlowlyWhileNoiseDominates) {
  run(300);
  EXPECT_NEAR(estimator.growth(id_of(0), 64), 1, 0.3);
  EXPECT_GT(estimator.growth(id_of(0), 86400), 10);
  EXPECT_EQ(estimator.growth(id_of(5), 64), 1) << "nothing is known";
  EXPECT_LT(estimator.tracking_deviation(id_of(0)), estimator.estimate(raw(now))->offset_deviation)
      << "the path's asymmetry is left aside";
}

TEST_F(EstimatorTest, WhatWasLearnedMakesTheNextStartBetter) {
  double learned = 0;
  double fresh = 0;
  paths[0] = {.base = 10e-3, .jitter = 2e-3};
  run(400);
  const SavedClock clock = estimator.save(raw(now));
  const SavedSource source = *estimator.save(id_of(0));
  for (int trial = 0; trial < 8; ++trial) {
    for (const bool knows : {true, false}) {
      estimator = ClockEstimator(
          knows ? ClockEstimator::Prior{clock.frequency, clock.frequency_deviation, clock.wander}
                : ClockEstimator::Prior{});
      if (knows) estimator.expect(id_of(0), source);
      for (int i = 0; i < 50; ++i) {
        run(1);
        (knows ? learned : fresh) += error() * error();
      }
    }
  }
  EXPECT_LT(std::sqrt(learned / fresh), 0.6);
}

TEST_F(EstimatorTest, ASavedPathThatIsAnotherOneNowDoesNoHarm) {
  run(200);
  const SavedSource source = *estimator.save(id_of(0));
  for (const double base : {80e-3, 1e-3}) {
    estimator = ClockEstimator(ClockEstimator::Prior{});
    estimator.expect(id_of(0), source);
    paths[0].base = base;
    run(100);
    EXPECT_LT(error(), 1e-3) << base;
    EXPECT_NEAR(estimator.source(id_of(0), raw(now))->min_delay, 2 * base, 1e-3);
  }
}

TEST_F(EstimatorTest, WhatIsSavedButNotPlausibleIsIgnored) {
  run(100);
  const SavedSource good = *estimator.save(id_of(0));
  std::vector<SavedSource> all(6, good);
  all[0].min_delay = -1;
  all[1].typical_excess = std::numeric_limits<double>::quiet_NaN();
  all[2].law_variances[3] = std::numeric_limits<double>::infinity();
  all[3].law_weights.fill(0);
  all[4].bias = 5;
  all[5].law_weights[2] = -0.1;
  for (const SavedSource& saved : all) {
    estimator = ClockEstimator({.frequency = std::numeric_limits<double>::quiet_NaN()});
    estimator.expect(id_of(0), saved);
    run(1);
    EXPECT_EQ(estimator.source(id_of(0), raw(now))->samples, 1) << "a fresh start";
    EXPECT_TRUE(estimator.is_sound());
  }
}

/// Values that arithmetic does not like, and ordinary ones.
double hostile(base::Random& random, double usual) {
  static constexpr double kEdges[] = {0,
                                      1e-300,
                                      1e-20,
                                      1e-9,
                                      1,
                                      1e3,
                                      4e9,
                                      1e300,
                                      std::numeric_limits<double>::infinity(),
                                      std::numeric_limits<double>::quiet_NaN()};
  const double sign = random.uniform() < 0.5 ? -1 : 1;
  if (random.uniform() < 0.2)
    return sign * kEdges[static_cast<std::size_t>(random.uniform() * std::size(kEdges))];
  return sign * usual * std::pow(10, 12 * random.uniform() - 8);
}

TEST_F(EstimatorTest, HostileSamplesLeaveEveryStateFiniteAndPositiveDefinite) {
  constexpr int kSamples = 100'000;
  constexpr int kLife = 2000;  // samples of one estimator
  std::vector<AssociationId> some;
  for (int i = 0; i < kSamples; ++i) {
    if (i % kLife == 0) {
      estimator =
          ClockEstimator({.frequency = hostile(random, 1e-5), .frequency_deviation = hostile(random, 1e-5)});
      now = 0;
    }
    const auto count = static_cast<std::size_t>(1 + i / kLife % 8);
    now += std::abs(random.uniform() < 0.9 ? kInterval * random.uniform() : 1e6 * random.uniform());
    const double at = random.uniform() < 0.1 ? now - 100 * random.uniform() : now;
    const auto source = id_of(static_cast<std::size_t>(random.uniform() * static_cast<double>(count)));
    const bool is_hostile = random.uniform() < 0.3;
    const Sample usual = sample({}, at);
    estimator.learn(source,
                    {.at = raw(at),
                     .offset = is_hostile ? hostile(random, 1) : usual.offset,
                     .delay = is_hostile ? std::abs(hostile(random, 1)) : usual.delay},
                    random.uniform() < 0.5 ? kInterval : hostile(random, 100));
    some.clear();
    for (std::size_t k = 0; k < count; ++k) {
      if (random.uniform() < 0.9) some.push_back(id_of(k));
    }
    estimator.absorb(some);
    if (random.uniform() < 0.005) estimator.disturb(hostile(random, 1), hostile(random, 1e-6));
    if (random.uniform() < 0.005) estimator.forget(source);
    if (random.uniform() < 0.02) estimator.distrust(source);
    if (i % 50 == 0) {
      ASSERT_TRUE(estimator.is_sound()) << "sample " << i;
    }
    if (const auto estimate = estimator.estimate(raw(now)); estimate && i % 10 == 0) {
      ASSERT_TRUE(std::isfinite(estimate->offset) && std::isfinite(estimate->frequency)) << "sample " << i;
      ASSERT_GT(estimate->offset_deviation, 0) << "sample " << i;
    }
  }
}

}  // namespace
}  // namespace noonmark::core
