#include "core/steering.h"

#include <algorithm>
#include <cmath>

namespace noonmark::core {
namespace {

constexpr double kMaxSlewTime = 86400;    // s: what takes longer is no slew any more
constexpr double kPromptSlewTime = 60;    // s: what a slew removes within needs no step
constexpr double kSlewShare = 0.5;        // of the horizon, for a correction of the size of the noise
constexpr double kLateness = 0.25;        // s: so late may a slew be ended without overshooting
constexpr double kInsignificant = 0.125;  // of the deviation: not worth a slew
constexpr double kLeastSlew = 1e-9;       // s

double bounded(double value, double limit) { return std::clamp(value, -limit, limit); }

double frequency_limit(const SteeringLimits& limits) {
  return std::isfinite(limits.max_frequency) ? std::max(0.0, limits.max_frequency) : 0;
}

/// How fast a slew towards `error` may go, s/s.
double slew_rate(double error, double frequency, const SteeringLimits& limits) {
  const double limit = frequency_limit(limits);
  const double base = bounded(frequency, limit);
  return std::clamp(error > 0 ? limit - base : limit + base, 0.0, kMaxSlewRate);
}

double slew_time(double error, double frequency, const SteeringLimits& limits) {
  const double rate = slew_rate(error, frequency, limits);
  return rate > 0 ? std::abs(error) / rate : HUGE_VAL;
}

bool may_step(double error, const StepPolicy& policy) {
  if (policy.when == StepPolicy::When::never) return false;
  if (error > 0) return true;
  const bool is_within = policy.backward_limit <= 0 || -error <= policy.backward_limit;
  return policy.when != StepPolicy::When::forward_only && is_within;
}

}  // namespace

double Steering::step_remaining(RawTime now) const {
  return spike_ ? std::max(0.0, kStepOut - (now - spike_->since).seconds()) : 0;
}

Steering::Decision Steering::decide(double error, const Course& course, const SteeringLimits& limits) const {
  const StepPolicy& policy = limits.policy;
  const bool is_large = std::abs(error) > policy.threshold;
  if (is_large && static_cast<double>(course.served_unix) + error < static_cast<double>(build_date_))
    return {Way::hold, Reason::before_build_date};
  if (is_released_) return {is_large ? Way::step : Way::slew};
  if (limits.offset_limit > 0 && std::abs(error) > limits.offset_limit)
    return {Way::hold, Reason::offset_limit};
  if (!is_large) return {};
  const double time = slew_time(error, course.frequency, limits);
  if (!may_step(error, policy))
    return time <= kMaxSlewTime ? Decision{} : Decision{Way::hold, Reason::step_refused};
  const bool is_prompt = was_set_ && policy.when != StepPolicy::When::always && time <= kPromptSlewTime;
  return {is_prompt ? Way::slew : Way::step};
}

/// Also notes when it began. An offset that changes sides begins anew.
bool Steering::has_to_wait(double error, RawTime now, const StepPolicy& policy) {
  if (is_released_ || !was_set_ || policy.when == StepPolicy::When::always) return false;
  const bool is_ahead = error > 0;
  if (!spike_ || spike_->is_ahead != is_ahead) spike_ = Spike{now, is_ahead};
  return step_remaining(now) > 0;
}

SteeringResult Steering::steer(const Course& course, RawTime now, double horizon,
                               const SteeringLimits& limits, ClockCommand& command) {
  const double error = course.offset - course.correction;
  const Decision decision = decide(error, course, limits);
  hold_.reset();
  if (decision.way == Way::hold) hold_ = Hold{.reason = decision.reason, .offset = error};
  const bool waits = decision.way == Way::step && has_to_wait(error, now, limits.policy);
  if (waits) hold_ = Hold{.reason = Reason::stepping_soon, .offset = error};
  if (!waits) spike_.reset();
  is_released_ = false;
  if (waits || hold_) {
    command = coast(course.frequency, limits);
    return waits ? SteeringResult::waiting : SteeringResult::held;
  }
  was_set_ = true;
  if (decision.way == Way::slew) {
    command = plan_slew(course, now, horizon, limits);
    return SteeringResult::steered;
  }
  const Duration step = Duration::from_seconds(error);
  Course stepped = course;
  stepped.correction += step.seconds();
  command = plan_slew(stepped, now, horizon, limits);
  command.step = step;
  return SteeringResult::steered;
}

ClockCommand Steering::coast(double frequency, const SteeringLimits& limits) {
  slew_end_ = kNever;
  ClockCommand command;
  command.frequency = bounded(frequency, frequency_limit(limits));
  return command;
}

/// A correction of the size of the noise is spread over half the horizon; the more it exceeds the noise, the
/// faster it goes, within the rates allowed. A piece is planned so that being kLateness late does not
/// overshoot; what it leaves is the next piece's.
ClockCommand Steering::plan_slew(const Course& course, RawTime now, double horizon,
                                 const SteeringLimits& limits) {
  ClockCommand command = coast(course.frequency, limits);
  const double remaining = course.offset - course.correction;
  const double distance = std::abs(remaining);
  if (distance <= std::max(kLeastSlew, kInsignificant * course.deviation)) return command;
  const double max_rate = slew_rate(remaining, course.frequency, limits);
  if (max_rate <= 0) return command;
  const double wanted = kSlewShare * horizon * std::min(1.0, course.deviation / distance);
  const double time = std::min(kMaxSlewTime, std::max({kMinSlewTime, wanted, distance / max_rate}));
  const double rate = std::min(max_rate, distance / (time + kLateness));
  command.frequency += remaining > 0 ? rate : -rate;
  slew_end_ = now + Duration::from_seconds(time);
  return command;
}

}  // namespace noonmark::core
