#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/clock_filter.h"
#include "core/saved_clock.h"
#include "core/state.h"

namespace noonmark::core {

inline constexpr double kDeviations = 3;  // that count as the largest error of an estimate

/// What is known of true time against the raw scale at one moment. Seconds and s/s; deviations are standard
/// deviations.
struct ClockEstimate {
  RawTime at;
  double offset = 0;             // true time minus raw scale (relative to the engine's origin, as in Sample)
  double frequency = 0;          // its rate
  double offset_deviation = 16;  // includes what is unknown of the paths' asymmetry
  double frequency_deviation = 0;
};

/// What one source by itself says. Its correctness interval is
/// offset +- (min_delay / 2 + k * offset_deviation + the server's own root delay / 2 and dispersion).
struct SourceEstimate : ClockEstimate {
  double min_delay = 0;  // least round trip of the path in use
  double noise = 0;      // standard deviation that a sample of typical delay has
  double asymmetry = 0;  // standard deviation that its path's constant asymmetry is expected to have
  int samples = 0;
};

/// One clock, many sources: learns each source's law of delay and noise, and feeds one filter for the clock
/// with the samples of those that the selection accepts. Knows nothing of packets, selection and steering.
///
/// For each new sample: learn(), then the selection by source(), then absorb(), then distrust()
/// for each falseticker.
///
/// Everything is in the raw scale, so corrections of the clock never disturb it. Deterministic; allocates
/// when a source appears, not for its samples. Not more than 64 KiB for each source.
class ClockEstimator {
 public:
  /// `frequency`: of true against raw time, s/s, with its standard deviation: from the run before, or what
  /// the kernel corrects already, or 0 with the deviation of an unknown oscillator.
  struct Prior {
    double frequency = 0;
    double frequency_deviation = 30e-6;
    double wander = 0;  // s/s per sqrt(s); 0: unknown
  };
  static constexpr std::size_t kMaxFeeding = 8;

  explicit ClockEstimator(const Prior& prior);
  ~ClockEstimator();
  ClockEstimator(ClockEstimator&&) noexcept;
  ClockEstimator& operator=(ClockEstimator&&) noexcept;

  /// A sample for its source's model. `interval`: s, the nominal poll interval; that of the first sample is
  /// the model's unit for good. Ignores (false) what is not finite or beyond the span of NTP timestamps, not
  /// newer than the source's last sample, or has no positive delay.
  bool learn(AssociationId source, const Sample& sample, double interval);
  /// The clock's filter takes the samples that learn() got since the last call, as far as their sources are
  /// in `feeding` (at most kMaxFeeding count). `feeding` is the selection's result; an empty one changes
  /// nothing.
  void absorb(std::span<const AssociationId> feeding);
  /// A source that fed turned out to be wrong: what it made of the clock is taken back. After absorb(), which
  /// tells who feeds now; changes nothing for a source that is distrusted already.
  void distrust(AssociationId source);
  void forget(AssociationId source);
  /// What an earlier run learned of a source that has no sample yet.
  void expect(AssociationId source, const SavedSource& saved);
  /// The raw scale or the server's time may have jumped: what is known of the offset is lost (by `offset`,
  /// s), that of the frequency a little (s/s); noise models and biases stay.
  void disturb(double offset, double frequency);

  /// Brought forward to `at`; none before the first absorbed sample.
  std::optional<ClockEstimate> estimate(RawTime at) const;
  /// None before the source's first sample.
  std::optional<SourceEstimate> source(AssociationId source, RawTime at) const;
  /// By how much the standard deviation of what `source` shows grows in `seconds` without a sample: about 1
  /// when noise dominates, large when the oscillator's wander does. For the choice of the poll interval.
  double growth(AssociationId source, double seconds) const;
  /// How well the clock is known as `source` shows it, asymmetry of its path left aside: standard deviation,
  /// s. The size of corrections that are noise, for steering.
  double tracking_deviation(AssociationId source) const;
  /// The last absorbed sample against the prediction, squared, in variances. Beyond 12: a surprise.
  double surprise() const;
  /// The last sample of the source contradicts the estimate beyond what any honest path can explain: one more
  /// sample soon (a burst) tells whether the clock jumped.
  bool needs_confirmation() const;
  /// Still in the phase in which the first samples are evaluated together: large corrections are welcome.
  bool is_starting() const;

  SavedClock save(RawTime at) const;  // without `saved_at` and without the sources' names
  std::optional<SavedSource> save(AssociationId source) const;
  /// Every state is finite, every covariance positive definite.
  bool is_sound() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace noonmark::core
