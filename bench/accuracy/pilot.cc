#include "accuracy/pilot.h"

#include <algorithm>
#include <cmath>
#include <ranges>

namespace noonmark::bench {
namespace {

using core::AssociationId;
using core::ClockEstimator;

constexpr double kStartThreshold = 1e-3;  // s, of steps while starting: what chronyd was given
constexpr double kPrecision = 1e-6;       // s, part of each correctness interval
constexpr double kMaxFrequency = 0.1;     // s/s, of the clock
constexpr std::int8_t kMostPoll = 10;
constexpr double kLostAtRestart = 0.02;             // s
constexpr double kJump = 1, kJumpFrequency = 1e-6;  // deviations that a jump leaves, s and s/s

AssociationId id_of(std::size_t source) { return static_cast<AssociationId>(source); }

core::RawTime raw(double t) { return core::RawTime(core::Duration::from_seconds(t)); }

core::PollProcess poll_process(int poll, bool is_adaptive) {
  core::ServerConfig line;
  line.minpoll = static_cast<std::int8_t>(poll);
  line.maxpoll = is_adaptive ? kMostPoll : line.minpoll;
  core::PollProcess process;
  process.configure(line);
  process.start({});
  return process;
}

}  // namespace

double Correction::at(double t) const { return offset_ + frequency_ * (t - since_); }

void Correction::set(double t, double frequency) {
  offset_ = at(t);
  since_ = t;
  frequency_ = frequency;
}

void Correction::step(double t, double by) {
  offset_ = at(t) + by;
  since_ = t;
}

Pilot::Pilot(std::size_t sources, int poll, bool is_adaptive)
    : estimator_(std::make_unique<ClockEstimator>(ClockEstimator::Prior{})),
      poll_(poll_process(poll, is_adaptive)),
      sources_(sources),
      interval_(std::ldexp(1.0, poll)) {}

void Pilot::on_sample(std::size_t source, const Exchange& exchange) {
  const double now = exchange.received;
  continue_slew(now);
  learn(source, exchange);
  asks_again_ = estimator_->needs_confirmation() && poll_.confirm(raw(now));
  if (!estimator_->is_starting()) adapt_poll(source, now);
  leader_ = source;
  steer(now);
}

double Pilot::correction(double t) {
  continue_slew(t);
  return correction_.at(t);
}

/// A slew ends, or goes on with what it left, at the time that steering asked for.
void Pilot::continue_slew(double until) {
  while (steering_.next_deadline() <= raw(until)) steer(steering_.next_deadline().since_start().seconds());
}

void Pilot::learn(std::size_t source, const Exchange& exchange) {
  estimator_->learn(id_of(source),
                    {.at = raw(exchange.midpoint), .offset = exchange.offset, .delay = exchange.delay},
                    interval_);
  const auto falsetickers = select(exchange.received);
  estimator_->absorb(feeding_);
  for (const AssociationId id : falsetickers) estimator_->distrust(id);
}

/// The servers are perfect: only paths and noise make the intervals (SystemProcess::measure).
std::vector<AssociationId> Pilot::select(double now) {
  std::vector<AssociationId> ids;
  std::vector<core::Contender> contenders;
  for (std::size_t i = 0; i < sources_; ++i) {
    const auto estimate = estimator_->source(id_of(i), raw(now));
    if (!estimate) continue;
    const double noise = core::kDeviations * estimate->offset_deviation;
    const double likely = core::kDeviations * std::hypot(estimate->offset_deviation, estimate->asymmetry);
    const double bound = estimate->min_delay / 2 + noise + kPrecision;
    ids.push_back(id_of(i));
    contenders.push_back({.offset = estimate->offset,
                          .bound = bound,
                          .likely = std::min(bound, likely + kPrecision),
                          .stratum = 1,
                          .is_feeding = std::ranges::find(feeding_, id_of(i)) != feeding_.end()});
  }
  const auto selection = core::select(contenders, std::nullopt);
  feeding_.clear();
  for (const std::size_t i : selection.feeding) feeding_.push_back(ids[i]);
  std::vector<AssociationId> falsetickers;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (selection.verdicts[i] == core::Verdict::falseticker) falsetickers.push_back(ids[i]);
  return falsetickers;
}

void Pilot::adapt_poll(std::size_t source, double now) {
  const double share =
      std::exp2(poll_.host_poll()) / static_cast<double>(std::max<std::size_t>(1, feeding_.size()));
  poll_.adapt(estimator_->growth(id_of(source), share), estimator_->surprise(), raw(now));
}

/// The worlds' chronyd was allowed to step beyond 1 ms while it started.
void Pilot::steer(double now) {
  const auto estimate = estimator_->estimate(raw(now));
  if (!estimate) return;
  const bool is_starting = estimator_->is_starting();
  core::ClockCommand command;
  core::SteeringLimits limits{.policy = {}, .max_frequency = kMaxFrequency};
  if (is_starting) limits.policy = {.when = core::StepPolicy::When::always, .threshold = kStartThreshold};
  const double horizon = is_starting ? core::kMinSlewTime : interval_ / static_cast<double>(feeding_.size());
  steering_.steer({.offset = estimate->offset,
                   .frequency = estimate->frequency,
                   .deviation = estimator_->tracking_deviation(id_of(leader_)),
                   .correction = correction_.at(now)},
                  raw(now), horizon, limits, command);
  if (command.step) correction_.step(now, command.step->seconds());
  correction_.set(now, command.frequency);
}

void Pilot::on_jump() { estimator_->disturb(kJump, kJumpFrequency); }

void Pilot::restart(double now, bool keeps_learned) {
  const auto old = std::move(estimator_);
  ClockEstimator::Prior prior;
  if (keeps_learned) {
    const core::SavedClock saved = old->save(raw(now));
    prior = {saved.frequency, saved.frequency_deviation, saved.wander};
  }
  estimator_ = std::make_unique<ClockEstimator>(prior);
  for (std::size_t i = 0; keeps_learned && i < sources_; ++i) {
    if (const auto saved = old->save(id_of(i))) estimator_->expect(id_of(i), *saved);
  }
  correction_.step(now, kLostAtRestart);
  correction_.set(now, prior.frequency);
  steering_ = core::Steering(kNoBuildDate);
  feeding_.clear();
}

}  // namespace noonmark::bench
