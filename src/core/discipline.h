#pragma once

#include <cstdint>
#include <optional>

#include "core/instant.h"
#include "core/outbox.h"
#include "core/state.h"

namespace noonmark::core {

inline constexpr double kStepThreshold = 0.128;  // s, RFC 5905 appendix A (STEPT)
inline constexpr double kStepOut = 900;          // s a later large offset must persist (WATCH)

/// One combined measurement for the discipline, in the raw scale.
struct Measurement {
  RawTime at;                // the moment it belongs to
  double offset = 0;         // true time minus raw scale at `at`, s
  double uncertainty = 0;    // standard deviation of its noise, s (jitter, precision)
  double bound = 0;          // largest possible error, s: root distance
};

struct DisciplineLimits {
  double offset_limit = 0;         // s; 0: none
  double max_frequency = 500e-6;   // s/s
};

enum class DisciplineResult : std::uint8_t {
  adjusted,        // command gives the new frequency (and perhaps a step)
  spike,           // beyond the step threshold: waits for it to persist
  over_limit,      // beyond offset_limit: nothing done
  before_build,    // a step would end before the build date: nothing done
  ignored,         // not finite, or not newer than the last one: nothing done
};

/// Steers one clock from measurements in the raw scale. Keeps an estimate of phase and frequency of true against raw
/// time (so it need not know which corrections were made) and turns it into a frequency with a finite slew.
/// A slew ends by itself through next_deadline()/on_deadline().
class Discipline {
 public:
  /// `initial_frequency`: what the clock corrects at the start, s/s.
  Discipline(double initial_frequency, std::int64_t build_date);

  /// `correction` is what the clock corrects now: served minus raw scale, s. `served_unix` is the corrected clock's
  /// time, s since 1970.
  DisciplineResult update(const Measurement& measurement, RawTime now, double correction, std::int64_t served_unix,
                          const DisciplineLimits& limits, std::optional<ClockCommand>& command);
  /// Ends or continues a slew.
  void on_deadline(RawTime now, double correction, const DisciplineLimits& limits, std::optional<ClockCommand>& command);
  RawTime next_deadline() const;

  /// Rate of true against raw time, the correction without slews, s/s.
  double frequency() const;
  double frequency_error() const; // how wrong frequency() may be (three standard deviations), s/s
  bool has_frequency() const;     // measured, not only assumed
  bool has_been_set() const;      // at least one measurement was accepted: later steps need to persist
  double spike_remaining(RawTime now) const;  // s until a persisting offset is stepped, 0 if none
  /// Predicted true time minus raw scale at `at`, s, and its standard deviation.
  double predicted_offset(RawTime at) const;
  double deviation(RawTime at) const;
  /// Forget the phase (source changed by configuration); the frequency stays.
  void restart_phase();

 private:
  struct Estimate {
    RawTime at;
    double offset = 0, frequency = 0;
    double p_offset = 0, p_cross = 0, p_frequency = 0;  // covariance
  };
  std::optional<Estimate> estimate_;
  double initial_frequency_;
  std::int64_t build_date_;
  std::optional<RawTime> spike_since_;
  RawTime slew_end_ = kNever;
  bool was_set_ = false;
  int updates_ = 0;
  int surprises_ = 0;
};

}  // namespace noonmark::core
