#pragma once

#include <algorithm>
#include <array>

#include "core/estimator/constants.h"
#include "core/saved_clock.h"

namespace noonmark::core::estimator {

/// How a path's queues falsify offsets, as a function of the delay's excess over its minimum (section 3).
struct NoiseLaw {
  enum class Kind {
    symmetric,   // no error on average
    free_slope,  // an error in proportion to the excess, with a slope that is learned
    ahead,       // all long queues on the way to the server: +excess / 2
    behind,      // all on the way back: -excess / 2
  };
  Kind kind;
  double
      shape;  // symmetric: growth of the variance; directional: the other direction's queue, typical excesses
};

inline constexpr std::array<NoiseLaw, kNoiseLaws> kLaws{{
    {NoiseLaw::Kind::symmetric, 0},
    {NoiseLaw::Kind::symmetric, 4},
    {NoiseLaw::Kind::symmetric, 64},
    {NoiseLaw::Kind::free_slope, 4},
    {NoiseLaw::Kind::ahead, 1.0 / 64},
    {NoiseLaw::Kind::ahead, 1.0 / 8},
    {NoiseLaw::Kind::ahead, 1},
    {NoiseLaw::Kind::behind, 1.0 / 64},
    {NoiseLaw::Kind::behind, 1.0 / 8},
    {NoiseLaw::Kind::behind, 1},
}};

constexpr bool is_directional(const NoiseLaw& law) {
  return law.kind == NoiseLaw::Kind::ahead || law.kind == NoiseLaw::Kind::behind;
}

constexpr bool has_slope(const NoiseLaw& law) { return law.kind == NoiseLaw::Kind::free_slope; }

/// Standing log odds: asymmetry has to be proved, all the time.
constexpr double prior_weight(const NoiseLaw& law) {
  return law.kind == NoiseLaw::Kind::symmetric ? 0 : kAsymmetryPrior;
}

/// The excess of a sample's delay and the typical one of its path, s.
struct Excess {
  double value = 0;
  double typical = kLeastExcess;
};

/// Known mean of the offset's error, s (a free slope's share is a state of the filter).
constexpr double mean_error(const NoiseLaw& law, const Excess& excess) {
  if (!is_directional(law)) return 0;
  const double error = 0.5 * std::max(0.0, excess.value - law.shape * excess.typical);
  return law.kind == NoiseLaw::Kind::ahead ? error : -error;
}

/// Variance of the error in units of the law's scale.
constexpr double relative_variance(const NoiseLaw& law, const Excess& excess) {
  if (is_directional(law)) {
    const double ratio = std::min(1.0, excess.value / (law.shape * excess.typical));
    return kHingeFloor + ratio * ratio;
  }
  const double ratio = std::min(excess.value / excess.typical, kMaxRelativeExcess);
  return 1 + law.shape * ratio * ratio;
}

}  // namespace noonmark::core::estimator
