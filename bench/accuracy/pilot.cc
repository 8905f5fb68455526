#include "accuracy/pilot.h"

#include <algorithm>
#include <cmath>
#include <ranges>

namespace noonmark::bench {
namespace {

using core::AssociationId;
using core::ClockEstimator;

constexpr double kStepThreshold = 1e-3;    // s, while starting
constexpr double kLeastSlew = 2;           // s
constexpr double kSlewSeconds = 12;        // for each second of offset: 8.3 %
constexpr double kIntervalDeviations = 3;  // of a correctness interval
constexpr double kLeastInterval = 1e-6;    // s, added to it
constexpr int kLeastPoll = 6, kMostPoll = 10;
constexpr double kQuiet = 1.3, kRestless = 1.7;     // growth of the deviation within a poll
constexpr double kSurprise = 12;                    // variances
constexpr double kLostAtRestart = 0.02;             // s
constexpr double kJump = 1, kJumpFrequency = 1e-6;  // deviations that a jump leaves, s and s/s

AssociationId id_of(std::size_t source) { return static_cast<AssociationId>(source); }

core::RawTime raw(double t) { return core::RawTime(core::Duration::from_seconds(t)); }

struct Edge {
  double at;
  int change;  // +1: an interval begins
};

}  // namespace

double Correction::at(double t) const {
  return offset_ + frequency_ * (t - since_) + slew_rate_ * std::max(0.0, std::min(t, slew_end_) - since_);
}

void Correction::set(double t, double frequency, double rest, double duration) {
  offset_ = at(t);
  since_ = t;
  frequency_ = frequency;
  slew_rate_ = rest / duration;
  slew_end_ = t + duration;
}

void Correction::step(double t, double by) {
  offset_ = at(t) + by;
  since_ = slew_end_ = t;
  slew_rate_ = 0;
}

Pilot::Pilot(std::size_t sources, int poll, bool is_adaptive)
    : estimator_(std::make_unique<ClockEstimator>(ClockEstimator::Prior{})),
      sources_(sources),
      interval_(std::ldexp(1.0, poll)),
      poll_(poll),
      is_adaptive_(is_adaptive) {}

void Pilot::on_sample(std::size_t source, const Exchange& exchange) {
  learn(source, exchange);
  if (is_adaptive_ && !estimator_->is_starting()) adapt_poll(source);
  steer(source, exchange.received);
}

void Pilot::learn(std::size_t source, const Exchange& exchange) {
  estimator_->learn(id_of(source),
                    {.at = raw(exchange.midpoint), .offset = exchange.offset, .delay = exchange.delay},
                    interval_);
  select(exchange.received);
  estimator_->absorb(feeding_);
}

/// The largest set of sources whose correctness intervals have a point in common, if it is a majority.
void Pilot::select(double now) {
  struct Interval {
    AssociationId id;
    double low, high;
  };
  std::vector<Interval> intervals;
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < sources_; ++i) {
    const auto estimate = estimator_->source(id_of(i), raw(now));
    if (!estimate) continue;
    const double radius =
        estimate->min_delay / 2 + kIntervalDeviations * estimate->offset_deviation + kLeastInterval;
    intervals.push_back({id_of(i), estimate->offset - radius, estimate->offset + radius});
    edges.push_back({intervals.back().low, 1});
    edges.push_back({intervals.back().high, -1});
  }
  std::ranges::sort(
      edges, [](const Edge& a, const Edge& b) { return a.at != b.at ? a.at < b.at : a.change > b.change; });
  std::size_t depth = 0;
  std::size_t most = 0;
  double low = 0;
  double high = 0;
  for (const Edge& edge : edges) {
    if (edge.change > 0 && ++depth > most) {
      most = depth;
      low = edge.at;
    } else if (edge.change < 0) {
      if (depth == most) high = edge.at;
      --depth;
    }
  }
  if (most * 2 <= intervals.size()) return;
  feeding_.clear();
  for (const Interval& i : intervals) {
    if (i.low <= high && i.high >= low) feeding_.push_back(i.id);
  }
}

/// Slower while noise dominates the error, faster while the oscillator does.
void Pilot::adapt_poll(std::size_t source) {
  const double count = static_cast<double>(sources_);
  const double growth = estimator_->growth(id_of(source), std::ldexp(1.0, poll_) / count);
  if (estimator_->surprise() > kSurprise) {
    poll_ -= 2;
    score_ = 0;
  }
  if (growth < kQuiet) {
    score_ += 0.25 / count;
  } else if (growth > kRestless) {
    score_ -= 0.5 / count;
  } else {
    score_ *= 0.9;
  }
  if (std::abs(score_) >= 1) {
    poll_ += score_ > 0 ? 1 : -1;
    score_ = 0;
  }
  poll_ = std::clamp(poll_, kLeastPoll, kMostPoll);
}

/// Corrections of the size of the estimate's own noise take a poll interval, significant ones less.
void Pilot::steer(std::size_t source, double now) {
  const auto estimate = estimator_->estimate(raw(now));
  if (!estimate) return;
  double rest = estimate->offset - correction_.at(now);
  if (estimator_->is_starting() && std::abs(rest) > kStepThreshold) {
    correction_.step(now, rest);
    rest = 0;
  }
  const double noise = estimator_->tracking_deviation(id_of(source));
  const double share = std::min(1.0, noise / (std::abs(rest) + 1e-12));
  const double usual =
      estimator_->is_starting() ? kLeastSlew : interval_ / static_cast<double>(sources_) * share;
  correction_.set(now, estimate->frequency, rest,
                  std::max({kLeastSlew, usual, std::abs(rest) * kSlewSeconds}));
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
  correction_.set(now, prior.frequency, 0, 1);
  feeding_.clear();
}

}  // namespace noonmark::bench
