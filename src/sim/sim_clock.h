#pragma once

#include <optional>

#include "core/instant.h"
#include "core/outbox.h"
#include "sim/oscillator.h"

namespace noonmark::sim {

using core::Duration;
using core::Instant;
using core::Timestamp;

/// What true time is: a world second and the POSIX time it has.
struct TrueTime {
  std::int64_t epoch = 0;  // s since 1970 of the world's start
  std::optional<WorldConfig::Leap> leap;
  /// POSIX time minus world time minus epoch, s.
  double leap_offset(double time) const {
    return leap && static_cast<double>(epoch) + time >= leap->at ? leap->change : 0;
  }
  Timestamp at(double time) const {
    return Timestamp::from_unix(epoch, 0) + Duration::from_seconds(time) +
           Duration::from_seconds(leap_offset(time));
  }
};

/// An oscillator and the kernel's clock made of it, with the kernel's way of inserting leap seconds: at the
/// end of any UTC day, when it was told to.
class SimClock {
 public:
  SimClock(const OscillatorConfig& config, std::uint64_t seed, double grid, double granularity,
           const TrueTime& truth);

  /// Moves on to `time`, s of the world, and not before the last one.
  void advance(double time);
  Instant now() const;
  Instant later(double by) const;  // a little later, at the frequency of now
  void apply(const core::ClockCommand& command);
  /// Another program sets the clock.
  void set_ahead(Duration by) { stepped_ += by; }
  void pause(double from, double length) { oscillator_.pause(from, length); }
  /// Corrected clock minus true time, s.
  double error() const;
  double correction() const { return frequency_; }
  /// World time that has to go by until the raw scale is there.
  double until(core::RawTime deadline) const;

 private:
  void insert_leap_second();

  Oscillator oscillator_;
  TrueTime truth_;
  double granularity_;
  double time_ = 0;
  double raw_error_ = 0;          // the oscillator's error, its first included
  double raw_elapsed_error_ = 0;  // raw scale minus world time
  double served_error_ = 0;       // what rates have made of the corrected clock, minus world time
  double frequency_ = 0;
  Duration stepped_;                     // exact, as far as decades
  wire::Leap armed_ = wire::Leap::none;  // as it was told last
  wire::Leap leap_ = wire::Leap::none;   // still to be done
  std::int64_t leap_day_ = 0;            // the day since 1970 at whose end the leap second is
};

}  // namespace noonmark::sim
