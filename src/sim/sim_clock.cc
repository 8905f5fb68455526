#include "sim/sim_clock.h"

#include <algorithm>
#include <cmath>

namespace noonmark::sim {
namespace {

constexpr std::int64_t kDay = 86400;  // s

}  // namespace

SimClock::SimClock(const OscillatorConfig& config, std::uint64_t seed, double grid, double granularity,
                   const TrueTime& truth)
    : oscillator_(config, seed, grid), truth_(truth), granularity_(granularity) {
  const double initial = oscillator_.error_at(0);  // the raw scale begins at 0, whatever the clock shows
  stepped_ = Duration::from_seconds(initial);
  raw_error_ = initial;
}

void SimClock::advance(double time) {
  const double elapsed = time - time_;
  const double error = oscillator_.error_at(time);
  const double raw = std::max(0.0, elapsed + (error - raw_error_));
  raw_error_ = error;
  raw_elapsed_error_ += raw - elapsed;
  served_error_ += raw - elapsed + raw * frequency_;
  time_ = time;
  if (leap_ == wire::Leap::insert || leap_ == wire::Leap::remove) insert_leap_second();
}

void SimClock::insert_leap_second() {
  const bool insert = leap_ == wire::Leap::insert;
  const auto served =
      truth_.epoch + static_cast<std::int64_t>(std::floor(time_ + served_error_ + stepped_.seconds()));
  if (served < (leap_day_ + 1) * kDay - (insert ? 0 : 1)) return;
  stepped_ += Duration::from_seconds(insert ? -1 : 1);
  leap_ = wire::Leap::none;
}

Instant SimClock::now() const {
  return {core::RawTime(Duration::from_seconds(time_) + Duration::from_seconds(raw_elapsed_error_)),
          Timestamp::from_unix(truth_.epoch, 0) + Duration::from_seconds(time_) +
              Duration::from_seconds(served_error_) + stepped_};
}

Instant SimClock::later(double by) const {
  const Instant at = now();
  return {at.raw + Duration::from_seconds(by), at.served + Duration::from_seconds(by * (1 + frequency_))};
}

void SimClock::apply(const core::ClockCommand& command) {
  if (command.step) stepped_ += *command.step;
  frequency_ =
      granularity_ > 0 ? std::round(command.frequency / granularity_) * granularity_ : command.frequency;
  const auto wanted = command.status.leap;
  if (wanted == armed_) return;  // told again: a second that was inserted is not inserted once more
  armed_ = leap_ = wanted;
  const double served = static_cast<double>(truth_.epoch) + time_ + served_error_ + stepped_.seconds();
  leap_day_ = static_cast<std::int64_t>(std::floor(served)) / kDay;
}

double SimClock::error() const { return served_error_ + (stepped_.seconds() - truth_.leap_offset(time_)); }

double SimClock::until(core::RawTime deadline) const {
  const double rate = std::max(0.5, 1 + oscillator_.frequency());
  return (deadline - now().raw).seconds() / rate;
}

}  // namespace noonmark::sim
