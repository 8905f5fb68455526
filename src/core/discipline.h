#pragma once

#include <cstdint>
#include <optional>

#include "core/instant.h"
#include "core/outbox.h"

namespace noonmark::core {

inline constexpr double kStepThreshold = 0.128;   // s, RFC 5905 appendix A (STEPT)
inline constexpr double kStepOut = 900;           // s a later large offset must persist (WATCH)
inline constexpr double kMaxSlewRate = 1.0 / 12;  // s/s, on top of the frequency

/// One combined measurement for the discipline, in the raw scale.
struct Measurement {
  RawTime at;              // the moment it belongs to
  double offset = 0;       // true time minus raw scale at `at`, s
  double uncertainty = 0;  // standard deviation of its noise, s (jitter, precision)
  double bound = 0;        // largest possible error, s: root distance
};

struct DisciplineLimits {
  double offset_limit = 0;        // s; 0: none
  double max_frequency = 500e-6;  // s/s, of the clock driver: slews keep to it too
};

enum class DisciplineResult : std::uint8_t {
  adjusted,      // command gives the new frequency (and perhaps a step)
  spike,         // beyond the step threshold: waits for it to persist
  over_limit,    // beyond offset_limit: nothing done
  before_build,  // a step would end before the build date: nothing done
  ignored,       // not finite, from the future, or not newer than the last one: nothing done
};

/// Steers one clock from measurements in the raw scale. Keeps an estimate of phase and frequency of true
/// against raw time (a Kalman filter with two states, so it need not know which corrections were made) and
/// turns it into a frequency with a finite slew. A slew ends by itself through next_deadline()/on_deadline().
///
/// A command's `id` and `status` are the caller's to fill. Nothing is assumed about what became of a command:
/// every call starts from the `correction` passed in, so late, refused or partly done commands are simply
/// made up for. Deterministic, no allocation, one thread.
class Discipline {
 public:
  /// `initial_frequency`: what the clock corrects at the start, s/s. `build_date`: s since 1970.
  Discipline(double initial_frequency, std::int64_t build_date);

  /// `correction` is what the clock corrects now: served minus raw scale, s. `served_unix` is the corrected
  /// clock's time, s since 1970. A command is given for `adjusted` only.
  DisciplineResult update(const Measurement& measurement, RawTime now, double correction,
                          std::int64_t served_unix, const DisciplineLimits& limits,
                          std::optional<ClockCommand>& command);
  /// Ends or continues a slew; before the deadline it does nothing.
  void on_deadline(RawTime now, double correction, const DisciplineLimits& limits,
                   std::optional<ClockCommand>& command);
  RawTime next_deadline() const { return slew_end_; }

  /// Rate of true against raw time, the correction without slews, s/s.
  double frequency() const;
  /// How wrong frequency() may be (three standard deviations), s/s.
  double frequency_error() const;
  bool has_frequency() const;                     // measured, not only assumed
  bool has_been_set() const { return was_set_; }  // a measurement was accepted: later steps need to persist
  double spike_remaining(RawTime now) const;      // s until a persisting offset is stepped, 0 if none
  /// Predicted true time minus raw scale at `at`, s, and its standard deviation; 0 and kMaxDispersion before
  /// the first measurement.
  double predicted_offset(RawTime at) const;
  double deviation(RawTime at) const;

 private:
  struct Estimate {
    RawTime at;
    double offset = 0, frequency = 0;
    double p_offset = 0, p_cross = 0, p_frequency = 0;  // covariance
  };
  struct Spike {
    RawTime since;
    bool is_ahead;  // true time is ahead of the clock
  };
  struct Innovation {
    double value;     // s
    double elapsed;   // s since the last measurement
    double variance;  // expected, s^2
  };

  Estimate predicted(const Estimate& from, RawTime to) const;
  void start_phase(const Measurement& measurement, double p_frequency);
  double p_frequency_after(double step, RawTime now) const;
  void correct(const Measurement& measurement);
  void learn(const Innovation& innovation);
  void open_up(const Innovation& innovation);
  void apply(double innovation);
  bool has_persisted(double error, RawTime now);
  void note_update(RawTime now);
  ClockCommand plan_step(RawTime now, double correction, const DisciplineLimits& limits);
  ClockCommand plan_slew(RawTime now, double correction, const DisciplineLimits& limits);

  std::optional<Estimate> estimate_;
  double initial_frequency_;    // in force before the first measurement
  double initial_p_frequency_;  // its variance
  std::int64_t build_date_;
  std::optional<Spike> spike_;
  std::optional<RawTime> newest_;   // measurement seen, accepted or not: none counts twice
  std::optional<RawTime> updated_;  // when the last measurement was accepted
  double interval_;                 // s between accepted measurements, smoothed
  RawTime slew_end_ = kNever;
  bool was_set_ = false;
  int updates_ = 0;        // of this phase
  double noise_ = 0;       // learned variance of measurements, s^2
  double wander_;          // learned random walk of the frequency, s/s per sqrt(s)
  double last_score_ = 0;  // the last innovation in standard deviations
  double trend_ = 0;       // smoothed scores: near 0 while the model holds
};

}  // namespace noonmark::core
