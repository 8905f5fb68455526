#pragma once

#include <cstdint>
#include <optional>

#include "core/config.h"
#include "core/instant.h"
#include "core/outbox.h"

namespace noonmark::core {

inline constexpr double kStepOut = 900;           // s a later large offset must persist (RFC 5905, WATCH)
inline constexpr double kMaxSlewRate = 1.0 / 12;  // s/s, on top of the frequency
inline constexpr double kMinSlewTime = 2;         // s

struct SteeringLimits {
  StepPolicy policy;
  double offset_limit = 0;        // s; 0: none
  double max_frequency = 500e-6;  // s/s, of the clock driver: slews keep to it too
};

/// Where the clock should be now, by the estimator, and where it is.
struct Course {
  double offset = 0;             // true time minus raw scale, s
  double frequency = 0;          // its rate, s/s
  double deviation = 0;          // of the offset without the paths' constant asymmetry, s: what is noise
  double correction = 0;         // in force: served minus raw scale, s
  std::int64_t served_unix = 0;  // served time, s since 1970
};

enum class SteeringResult : std::uint8_t {
  steered,
  // hold() tells why nothing is done
  waiting,  // an offset that is to be stepped has to persist first
  held,
};

/// Turns the course into a frequency with a finite slew, or a step where the policy has one. A slew ends by
/// itself: steer() is to be called again at next_deadline().
///
/// Nothing is assumed about what became of a command: every call starts from the correction that is measured,
/// so late, refused or partly done commands are simply made up for. A command's `id` and `status` are the
/// caller's to fill. Deterministic, no allocation, one thread.
class Steering {
 public:
  /// `build_date`: s since 1970.
  explicit Steering(std::int64_t build_date) : build_date_(build_date) {}

  /// `horizon`: s, until the next measurement; a correction of the size of the noise is spread over half of
  /// it.
  SteeringResult steer(const Course& course, RawTime now, double horizon, const SteeringLimits& limits,
                       ClockCommand& command);
  RawTime next_deadline() const { return slew_end_; }
  /// Ends a slew that is in progress: only the frequency is left.
  ClockCommand coast(double frequency, const SteeringLimits& limits);

  /// The next steer() takes over whatever the course says, by a step if it is beyond the threshold; only the
  /// build date is still kept.
  void release() { is_released_ = true; }
  /// The clock is nobody's again, as at the start: the next setting is a first one.
  void begin_anew() { was_set_ = false; }
  const std::optional<Hold>& hold() const { return hold_; }
  bool has_been_set() const { return was_set_; }
  double step_remaining(RawTime now) const;  // s until a persisting offset is stepped, 0 if none

 private:
  enum class Way : std::uint8_t { slew, step, hold };
  struct Spike {
    RawTime since;
    bool is_ahead;  // true time is ahead of the clock
  };
  struct Decision {
    Way way = Way::slew;
    Reason reason{};  // of a hold
  };

  Decision decide(double error, const Course& course, const SteeringLimits& limits) const;
  bool has_to_wait(double error, RawTime now, const StepPolicy& policy);
  ClockCommand plan_slew(const Course& course, RawTime now, double horizon, const SteeringLimits& limits);

  std::int64_t build_date_;
  std::optional<Spike> spike_;
  std::optional<Hold> hold_;
  RawTime slew_end_ = kNever;
  bool was_set_ = false;
  bool is_released_ = false;
};

}  // namespace noonmark::core
