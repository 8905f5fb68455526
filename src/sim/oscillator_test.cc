#include "sim/oscillator.h"

#include <cmath>
#include <vector>
#include <gtest/gtest.h>

namespace noonmark::sim {
namespace {

/// Mean of the square of the frequency's change over `span` s, from many seeds.
double frequency_change(const OscillatorConfig& config, double span) {
  constexpr int kSeeds = 400;
  double sum = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Oscillator oscillator(config, static_cast<std::uint64_t>(seed), 1);
    (void)oscillator.error_at(0);
    const double before = oscillator.frequency();
    (void)oscillator.error_at(span);
    sum += std::pow(oscillator.frequency() - before, 2);
  }
  return sum / kSeeds;
}

/// Allan variance of one long run at the averaging time `tau`, s.
double allan_variance(const OscillatorConfig& config, double tau, int count) {
  Oscillator oscillator(config, 3, 1);
  double sum = 0, last = 0, before = 0;
  for (int i = 0; i < count; ++i) {
    const double x = oscillator.error_at(tau * i);
    if (i >= 2) sum += std::pow(x - 2 * last + before, 2);
    before = last;
    last = x;
  }
  return sum / (2 * tau * tau * (count - 2));
}

TEST(Oscillator, RunsAtItsFrequency) {
  Oscillator oscillator({.offset = 0.02, .frequency = 12e-6}, 1, 1);
  EXPECT_DOUBLE_EQ(oscillator.error_at(0), 0.02);
  EXPECT_NEAR(oscillator.error_at(1000.25), 0.02 + 12e-6 * 1000.25, 1e-12);
}

TEST(Oscillator, ItsCourseDoesNotDependOnWhenItIsLookedAt) {
  const OscillatorConfig config{.wander = 1e-8, .white_fm = 1e-8, .flicker_fm = 1e-8};
  Oscillator often(config, 5, 1), seldom(config, 5, 1);
  for (double t = 0; t < 1000; t += 0.37) (void)often.error_at(t);
  EXPECT_EQ(often.error_at(1000), seldom.error_at(1000));
}

TEST(Oscillator, TheFrequencyWalksAsFarAsTold) {
  EXPECT_NEAR(frequency_change({.wander = 1e-9}, 100), 1e-18 * 100, 0.2e-18 * 100);
}

TEST(Oscillator, WhiteFrequencyNoiseHasItsAllanDeviation) {
  EXPECT_NEAR(std::sqrt(allan_variance({.white_fm = 1e-8}, 1, 100'000)), 1e-8, 2e-10);
  EXPECT_NEAR(std::sqrt(allan_variance({.white_fm = 1e-8}, 100, 2000)), 1e-9, 1e-10);
}

TEST(Oscillator, FlickerNoiseHasAFlatAllanDeviation) {
  for (const double tau : {64.0, 512.0, 4096.0})
    EXPECT_NEAR(std::sqrt(allan_variance({.flicker_fm = 1e-9}, tau, 400)), 1e-9, 2.5e-10) << tau;
}

TEST(Oscillator, FollowsTheTemperature) {
  Oscillator sine({.sine = {1e-6, 4000}}, 1, 1);
  EXPECT_NEAR(sine.error_at(2000), 1e-6 * 4000 / 3.14159265, 2e-6);  // the integral of half a period
  Oscillator square({.square = {1e-6, 2000, 1}}, 1, 1);
  EXPECT_NEAR(square.error_at(2000) - 0, 1e-6 * 999, 3e-6);
  EXPECT_NEAR(square.error_at(3000), 1e-6 * 1000, 3e-6);
  Oscillator step({.steps = {{.at = 100, .by = 1e-6, .constant = 10}}}, 1, 1);
  EXPECT_NEAR(step.error_at(100), 0, 1e-12);
  EXPECT_NEAR(step.error_at(200), 1e-6 * 90, 1e-6);
}

TEST(Oscillator, JumpsAndPauses) {
  Oscillator oscillator({.phase_jumps = {{100, 0.3}, {200, -0.2}}, .frequency_jumps = {{300, 2e-6}}}, 1, 1);
  EXPECT_NEAR(oscillator.error_at(99.9), 0, 1e-12);
  EXPECT_NEAR(oscillator.error_at(100), 0.3, 1e-12);
  EXPECT_NEAR(oscillator.error_at(200.1), 0.2, 1e-12) << "half of the pause has gone by";
  EXPECT_NEAR(oscillator.error_at(250), 0.1, 1e-12);
  EXPECT_NEAR(oscillator.error_at(400), 0.1 + 2e-4, 1e-9);
}

}  // namespace
}  // namespace noonmark::sim
