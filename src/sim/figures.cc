#include "sim/figures.h"

#include <algorithm>
#include <cmath>

namespace noonmark::sim {
namespace {

// The first hour without the initial burst.
constexpr double kFirstHourFrom = 15, kFirstHourUntil = 3600;  // s

double quantile(std::vector<float>& values, double share) {
  if (values.empty()) return Figures::kNone;
  const auto at =
      std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())));
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(at);
  std::ranges::nth_element(values, nth);
  return static_cast<double>(*nth);
}

double root_mean(double squares, std::uint64_t count) {
  return count == 0 ? Figures::kNone : std::sqrt(squares / static_cast<double>(count));
}

}  // namespace

void Meter::add(double since_start, double error, std::optional<double> bound, core::ClockState state) {
  ++samples_;
  synchronized_ += state == core::ClockState::synchronized ? 1 : 0;
  holdover_ += state == core::ClockState::holdover ? 1 : 0;
  add_bound(error, bound);
  const double since_restart = since_start - restarted_;
  if (since_restart > kFirstHourFrom && since_restart < kFirstHourUntil) {
    early_squares_ += error * error;
    ++early_;
  }
  if (since_start >= warm_up_) {
    errors_.push_back(static_cast<float>(std::abs(error)));
    squares_ += error * error;
    add_frequency(since_start, error);
  }
  last_error_ = error;
  last_at_ = since_start;
  has_last_ = true;
}

void Meter::add_bound(double error, std::optional<double> bound) {
  if (!bound) return;
  ++bounded_;
  bounds_ += *bound;
  if (std::abs(error) > *bound) ++violations_;
  if (*bound > 0) bound_use_ = std::max(bound_use_, std::abs(error) / *bound);
}

void Meter::add_frequency(double since_start, double error) {
  if (!has_last_ || since_start <= last_at_) return;
  const double rate = (error - last_error_) / (since_start - last_at_);
  frequency_squares_ += rate * rate;
  ++frequencies_;
}

Figures pooled(std::span<const Meter* const> meters) {
  Figures f;
  f.members = meters.size();
  std::vector<float> errors;
  double squares = 0, early = 0, frequency = 0, bounds = 0;
  std::uint64_t earlies = 0, frequencies = 0, samples = 0, synchronized = 0, holdover = 0, bounded = 0;
  double bound_use = 0;
  for (const auto* m : meters) {
    errors.insert(errors.end(), m->errors_.begin(), m->errors_.end());
    squares += m->squares_;
    early += m->early_squares_;
    earlies += m->early_;
    frequency += m->frequency_squares_;
    frequencies += m->frequencies_;
    samples += m->samples_;
    synchronized += m->synchronized_;
    holdover += m->holdover_;
    f.never_synchronized += m->was_synchronized() ? 0 : 1;
    bounds += m->bounds_;
    bounded += m->bounded_;
    bound_use = std::max(bound_use, m->bound_use_);
    f.violations += m->violations_;
    f.sent += m->sent;
    f.received += m->received;
    f.steps += m->steps;
    f.losses += m->losses;
  }
  f.rms = root_mean(squares, errors.size());
  f.first_hour = root_mean(early, earlies);
  f.frequency = root_mean(frequency, frequencies);
  if (samples > 0) {
    f.synchronized = static_cast<double>(synchronized) / static_cast<double>(samples);
    f.holdover = static_cast<double>(holdover) / static_cast<double>(samples);
  }
  if (bounded > 0) {
    f.mean_bound = bounds / static_cast<double>(bounded);
    f.bound_use = bound_use;
  }
  if (!errors.empty()) f.max = static_cast<double>(*std::ranges::max_element(errors));
  f.p50 = quantile(errors, 0.5);
  f.p99 = quantile(errors, 0.99);
  return f;
}

}  // namespace noonmark::sim
