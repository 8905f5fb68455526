#include "core/discipline.h"

#include <algorithm>
#include <cmath>

#include "core/clock_filter.h"

namespace noonmark::core {
namespace {

constexpr double square(double x) { return x * x; }

// What is taken from outside. Beyond it a value is refused or bounded; the filter's numbers stay far from
// overflow.
constexpr double kMaxOffset = 4294967296.0;  // s, the span of NTP timestamps
constexpr double kMaxFrequency = 0.01;       // s/s
constexpr double kMaxElapsed = 1e6;          // s
constexpr double kMinUncertainty = 1e-8;     // s
constexpr double kMaxUncertainty = kMaxDispersion;
constexpr double kMinOffsetVariance = 1e-20;
constexpr double kMaxOffsetVariance = 1e9;
constexpr double kMinFrequencyVariance = 1e-24;
constexpr double kMaxFrequencyVariance = square(kMaxFrequency);
constexpr double kMaxCorrelation = 0.9999999;
constexpr double kMinNoiseShare = 1e-12;  // of the prior variance

// The model.
constexpr double kInitialFrequencyDeviation = 100e-6;  // s/s, of an unknown oscillator
constexpr double kKnownFrequencyDeviation = 10e-6;     // s/s, below it the frequency counts as measured
constexpr double kFirstDeviations = 4;                 // the first measurement may be a bad one
constexpr double kFoundedBound = 1;            // s: beyond it the clock filter is too empty to know the noise
constexpr double kUnfoundedDeviation = 10e-3;  // s, then
constexpr double kInitialWander = 3e-9;        // s/s per sqrt(s)
constexpr double kMinWander = 1e-10;
constexpr double kMaxWander = 3e-7;

// Adaptation. Scores are innovations in standard deviations.
constexpr double kOutlierScore = 3;  // beyond it an innovation counts less (Huber)
constexpr int kUpdatesBeforeOutliers = 4;
constexpr int kNoiseMemory = 32;      // updates
constexpr double kLeastNoise = 0.25;  // of the uncertainty that a measurement tells
constexpr double kMostNoise = 2;
constexpr double kOutlierBias = 1.03;  // 1 / mean of squared scores that are cut at kOutlierScore
constexpr double kTrendGain = 0.3;
constexpr double kTrendScore = 4.5;     // so one outlier alone is no surprise, but two are
constexpr double kTrendSurprise = 1.8;  // white scores stay below with more than 4 standard deviations
constexpr double kWanderGain = 0.1;
constexpr double kMaxLikeness = 2;  // of two scores in a row, their product

// Steering.
constexpr double kMinSlewTime = 2;        // s
constexpr double kMaxSlewTime = 86400;    // s
constexpr double kLateness = 1;           // s: so late may a slew be ended without overshooting
constexpr double kInsignificant = 0.125;  // of the deviation: not worth a slew
constexpr double kLeastSlew = 1e-9;       // s
constexpr double kMaxInterval = 131072;   // s, the longest poll

double bounded(double value, double limit) { return std::clamp(value, -limit, limit); }

bool is_usable(const Measurement& m) {  // false for NaN
  return std::abs(m.offset) <= kMaxOffset && m.uncertainty >= 0 && std::isfinite(m.uncertainty) &&
         std::isfinite(m.bound);
}

/// Keeps a covariance finite and positive definite whatever rounding did to it.
void guard(double& p_offset, double& p_cross, double& p_frequency) {
  p_offset = std::clamp(p_offset, kMinOffsetVariance, kMaxOffsetVariance);
  p_frequency = std::clamp(p_frequency, kMinFrequencyVariance, kMaxFrequencyVariance);
  p_cross = bounded(p_cross, kMaxCorrelation * std::sqrt(p_offset * p_frequency));
}

double uncertainty_of(const Measurement& m) {
  return std::clamp(m.uncertainty, kMinUncertainty, kMaxUncertainty);
}

}  // namespace

Discipline::Discipline(double initial_frequency, std::int64_t build_date)
    : initial_frequency_(std::isfinite(initial_frequency) ? bounded(initial_frequency, kMaxFrequency) : 0),
      initial_p_frequency_(square(kInitialFrequencyDeviation)),
      build_date_(build_date),
      interval_(kMinSlewTime),
      wander_(kInitialWander) {}

// --- what is known

double Discipline::frequency() const { return estimate_ ? estimate_->frequency : initial_frequency_; }

double Discipline::frequency_error() const {
  return 3 * std::sqrt(estimate_ ? estimate_->p_frequency : initial_p_frequency_);
}

bool Discipline::has_frequency() const { return frequency_error() < 3 * kKnownFrequencyDeviation; }

double Discipline::predicted_offset(RawTime at) const {
  return estimate_ ? estimate_->offset + estimate_->frequency * (at - estimate_->at).seconds() : 0;
}

double Discipline::deviation(RawTime at) const {
  return estimate_ ? std::sqrt(predicted(*estimate_, at).p_offset) : kMaxDispersion;
}

double Discipline::spike_remaining(RawTime now) const {
  return spike_ ? std::max(0.0, kStepOut - (now - spike_->since).seconds()) : 0;
}

// --- measurements

DisciplineResult Discipline::update(const Measurement& measurement, RawTime now, double correction,
                                    std::int64_t served_unix, const DisciplineLimits& limits,
                                    std::optional<ClockCommand>& command) {
  if (!is_usable(measurement) || !(std::abs(correction) <= kMaxOffset)) return DisciplineResult::ignored;
  if (measurement.at > now || (newest_ && measurement.at <= *newest_)) return DisciplineResult::ignored;
  newest_ = measurement.at;
  const double measured = measurement.offset + frequency() * (now - measurement.at).seconds();
  const double error = measured - correction;
  if (limits.offset_limit > 0 && std::abs(error) > limits.offset_limit) {
    spike_.reset();
    return DisciplineResult::over_limit;
  }
  if (std::abs(error) <= kStepThreshold) {
    spike_.reset();
    estimate_ ? correct(measurement) : start_phase(measurement, initial_p_frequency_);
    note_update(now);
    command = plan_slew(now, correction, limits);
    return DisciplineResult::adjusted;
  }
  if (static_cast<double>(served_unix) + error < static_cast<double>(build_date_)) {
    spike_.reset();
    return DisciplineResult::before_build;
  }
  if (was_set_ && !has_persisted(error, now)) return DisciplineResult::spike;
  spike_.reset();
  start_phase(measurement, p_frequency_after(error, now));
  note_update(now);
  command = plan_step(now, correction, limits);
  return DisciplineResult::adjusted;
}

/// Also notes when it began. One that changes sides begins anew.
bool Discipline::has_persisted(double error, RawTime now) {
  const bool is_ahead = error > 0;
  if (!spike_ || spike_->is_ahead != is_ahead) spike_ = Spike{now, is_ahead};
  return spike_remaining(now) <= 0;
}

void Discipline::note_update(RawTime now) {
  if (updated_) {
    const double elapsed = std::clamp((now - *updated_).seconds(), kMinSlewTime, kMaxInterval);
    interval_ += (elapsed - interval_) / 2;
  }
  updated_ = now;
  was_set_ = true;
}

/// The first measurement, or one that the clock is stepped to: the phase is new, the frequency is kept.
void Discipline::start_phase(const Measurement& measurement, double p_frequency) {
  const double uncertainty = uncertainty_of(measurement);
  const bool is_founded = measurement.bound < kFoundedBound;
  estimate_ = Estimate{
      .at = measurement.at,
      .offset = measurement.offset,
      .frequency = frequency(),
      .p_offset = square(std::max(kFirstDeviations * uncertainty, is_founded ? 0 : kUnfoundedDeviation)),
      .p_cross = 0,
      .p_frequency = p_frequency,
  };
  noise_ = square(uncertainty);
  updates_ = 1;
  last_score_ = 0;
  trend_ = 0;
}

/// A later step can mean that the frequency was wrong: by as much as makes the step since the last good
/// measurement.
double Discipline::p_frequency_after(double step, RawTime now) const {
  const double known = estimate_ ? estimate_->p_frequency : initial_p_frequency_;
  if (!updated_) return known;
  const double rate = step / std::max(1.0, (now - *updated_).seconds());
  return std::max(known, square(bounded(rate, kInitialFrequencyDeviation)));
}

// --- the Kalman filter

Discipline::Estimate Discipline::predicted(const Estimate& from, RawTime to) const {
  const double elapsed = bounded((to - from.at).seconds(), kMaxElapsed);
  const double age = std::abs(elapsed);
  const double q = square(wander_);
  Estimate e = from;
  e.at = to;
  e.offset += from.frequency * elapsed;
  e.p_offset = std::max(0.0, from.p_offset + elapsed * (2 * from.p_cross + elapsed * from.p_frequency)) +
               q * age * age * age / 3;
  e.p_cross += elapsed * from.p_frequency + q * elapsed * age / 2;
  e.p_frequency += q * age;
  return e;
}

void Discipline::correct(const Measurement& measurement) {
  const double elapsed = (measurement.at - estimate_->at).seconds();
  const double uncertainty = uncertainty_of(measurement);
  estimate_ = predicted(*estimate_, measurement.at);
  noise_ = std::clamp(noise_, square(kLeastNoise * uncertainty), square(kMostNoise * uncertainty));
  const double innovation = measurement.offset - estimate_->offset;
  ++updates_;
  learn({innovation, elapsed, estimate_->p_offset + noise_});
  apply(innovation);
}

/// What the innovations tell about the model.
///  - Their size: the noise. It is learned slowly, because the jitter that a measurement tells swells with
///  the very
///    change of frequency that has to be noticed.
///  - Their likeness: how much the frequency wanders. They are independent when the filter follows neither
///  too
///    slowly nor too eagerly.
///  - A trend: that the model broke.
void Discipline::learn(const Innovation& innovation) {
  const double raw_score = innovation.value / std::sqrt(innovation.variance);
  const double score = bounded(raw_score, kOutlierScore);
  const double noise_share = noise_ / innovation.variance;
  noise_ *= 1 + noise_share / std::min(updates_, kNoiseMemory) * (kOutlierBias * square(score) - 1);
  if (updates_ > kUpdatesBeforeOutliers) {
    const double likeness = bounded(score * last_score_, kMaxLikeness);
    wander_ = std::clamp(wander_ * std::exp(kWanderGain * likeness), kMinWander, kMaxWander);
  }
  last_score_ = score;
  trend_ += kTrendGain * (bounded(raw_score, kTrendScore) - trend_);
  if (std::abs(trend_) > kTrendSurprise) open_up(innovation);
}

/// Neither noise nor wander explains the innovations: the phase has changed, or the frequency. The next
/// measurement will tell.
void Discipline::open_up(const Innovation& innovation) {
  estimate_->p_offset += square(innovation.value);
  estimate_->p_frequency += square(innovation.value / std::max(1.0, innovation.elapsed));
  trend_ = 0;
  last_score_ = 0;
}

void Discipline::apply(double innovation) {
  Estimate& e = *estimate_;
  // A tiny noise against a huge prior would cancel all digits.
  const double variance = e.p_offset + std::max(noise_, kMinNoiseShare * e.p_offset);
  const double score = std::abs(innovation) / std::sqrt(variance);
  const bool is_outlier = updates_ > kUpdatesBeforeOutliers && score > kOutlierScore;
  const double weighted_variance = is_outlier ? variance * score / kOutlierScore : variance;
  const double offset_gain = e.p_offset / weighted_variance;
  const double frequency_gain = e.p_cross / weighted_variance;
  e.offset += offset_gain * innovation;
  e.frequency = bounded(e.frequency + frequency_gain * innovation, kMaxFrequency);
  e.p_frequency -= frequency_gain * e.p_cross;
  e.p_cross -= offset_gain * e.p_cross;
  e.p_offset -= offset_gain * e.p_offset;
  guard(e.p_offset, e.p_cross, e.p_frequency);
}

// --- steering

ClockCommand Discipline::plan_step(RawTime now, double correction, const DisciplineLimits& limits) {
  const Duration step = Duration::from_seconds(predicted_offset(now) - correction);
  ClockCommand command = plan_slew(now, correction + step.seconds(), limits);
  command.step = step;
  return command;
}

/// A correction of the size of the noise is spread over an update interval; the more it exceeds the noise,
/// the faster it goes, within the rates allowed. A piece is planned so that being kLateness late does not
/// overshoot; what it leaves is the next piece's.
ClockCommand Discipline::plan_slew(RawTime now, double correction, const DisciplineLimits& limits) {
  const double limit = std::isfinite(limits.max_frequency) ? std::max(0.0, limits.max_frequency) : 0;
  ClockCommand command;
  command.frequency = bounded(frequency(), limit);
  slew_end_ = kNever;
  if (!estimate_) return command;
  const double remaining = predicted_offset(now) - correction;
  const double distance = std::abs(remaining);
  const double sigma = deviation(now);
  if (distance <= std::max(kLeastSlew, kInsignificant * sigma)) return command;
  const double direction = remaining > 0 ? 1 : -1;
  const double max_rate = std::min(kMaxSlewRate, limit - direction * command.frequency);
  if (max_rate <= 0) return command;
  const double wanted = interval_ * std::min(1.0, sigma / distance);
  const double time = std::min(kMaxSlewTime, std::max({kMinSlewTime, wanted, distance / max_rate}));
  command.frequency += direction * std::min(max_rate, distance / (time + kLateness));
  slew_end_ = now + Duration::from_seconds(time);
  return command;
}

void Discipline::on_deadline(RawTime now, double correction, const DisciplineLimits& limits,
                             std::optional<ClockCommand>& command) {
  if (now < slew_end_ || !std::isfinite(correction)) return;
  command = plan_slew(now, correction, limits);
}

}  // namespace noonmark::core
