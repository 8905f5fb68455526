#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/config.h"

namespace noonmark::core {

inline constexpr std::size_t kNoiseLaws = 10;  // see estimator/source_model.h

/// What was learned of one source, for the next start. Seconds.
struct SavedSource {
  ServerKey server;
  double min_delay = 0;
  double typical_excess = 0;                       // of the delay over its minimum (sbar)
  std::array<double, kNoiseLaws> law_weights{};    // how well each noise law explains it, their sum is 1
  std::array<double, kNoiseLaws> law_variances{};  // s^2, scale of each law
  double bias = 0;                                 // of the path's asymmetry, and its variance
  double bias_variance = 0;
  bool operator==(const SavedSource&) const = default;
};

/// What was learned of the clock. Kept across restarts; whatever is not plausible is ignored.
struct SavedClock {
  std::int64_t saved_at = 0;       // served time, s since 1970
  double frequency = 0;            // rate of true against raw time, s/s
  double frequency_deviation = 0;  // s/s
  double wander = 0;               // random walk of the frequency, s/s per sqrt(s)
  std::vector<SavedSource> sources;
  bool operator==(const SavedClock&) const = default;
};

}  // namespace noonmark::core
