#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "core/instant.h"

namespace noonmark::core {

inline constexpr double kMaxDispersion = 16;      // s, MAXDISP
inline constexpr double kDispersionRate = 15e-6;  // s/s, PHI

/// One exchange with a server in the raw scale: `offset` is true time minus the raw scale (seconds, relative
/// to the engine's origin), measured at `at` (midpoint of sending and receiving). All seconds.
struct Sample {
  RawTime at;
  double offset = 0;
  double delay = 0;
  double dispersion = 0;  // at `at`; grows by kDispersionRate
};

/// What the filter makes of its samples. `offset` belongs to the moment `at`, raw scale.
struct FilterOutput {
  RawTime at;
  double offset = 0;
  double delay = 0;
  double dispersion = kMaxDispersion;  // at the `now` it was asked for
  double jitter = 0;                   // >= precision
};

/// The clock filter of RFC 5905 section 10: the last eight samples, the one of least delay speaks for all.
/// Lost replies age it by a dummy sample. Samples stay in the raw scale, so no correction of the clock ever
/// shifts them.
class ClockFilter {
 public:
  static constexpr std::size_t kStages = 8;
  /// `precision`: of the system clock, s; the least jitter.
  explicit ClockFilter(double precision) : precision_(precision) {}

  /// Ignores a sample that is not later than the newest one, and one that is not finite or beyond the span of
  /// NTP timestamps.
  void add(const Sample& sample);
  void add_missing();  // RFC 5905 section 13: nothing heard
  void clear();
  bool is_empty() const;
  /// Newest first; empty stages have dispersion kMaxDispersion.
  std::optional<Sample> stage(std::size_t index) const;
  /// None while there is no sample. `frequency` is the known rate of true against raw time (s/s): stages are
  /// compared after being moved to one moment with it. `frequency_error` is how wrong it may be: age counts
  /// against a stage as much, and differences that it explains are no jitter (three
  /// standard deviations). Use an output only if its `at` is later than that of the last one used:
  /// a sample counts once.
  std::optional<FilterOutput> output(RawTime now, double frequency, double frequency_error = 0) const;

 private:
  void shift(const std::optional<Sample>& stage);

  std::array<std::optional<Sample>, kStages> stages_;  // newest first
  std::optional<RawTime> newest_;                      // outlives its stage
  double precision_;
};

}  // namespace noonmark::core
