#include "core/estimator/clock_model.h"

#include <algorithm>
#include <cmath>

namespace noonmark::core::estimator {
namespace {

template <std::size_t Size>
constexpr std::array<double, Size> bounds(double offset, double frequency, double others) {
  std::array<double, Size> result{};
  result.fill(others);
  result[0] = offset;
  result[1] = frequency;
  return result;
}

double square(double value) { return value * value; }

/// (s/s)^2/s: kLeastWander * kWanderStep^level, squared.
double wander_variance(std::size_t level) {
  return square(kLeastWander * std::pow(kWanderStep, static_cast<double>(level)));
}

}  // namespace

void ClockModel::start(RawTime at, double offset, double offset_variance, const FrequencyPrior& prior) {
  *this = {};
  at_ = at;
  for (std::size_t i = 0; i < kClockFilters; ++i) {
    filters_[i].state.isolate(0, offset, offset_variance);
    filters_[i].state.isolate(1, prior.frequency, square(prior.deviation));
    if (prior.wander <= 0) continue;
    const double levels = 0.5 * std::log(wander_variance(i) / square(prior.wander)) / std::log(kWanderStep);
    filters_[i].log_weight = -0.5 * square(levels / kSavedWanderSpread);
  }
  mix();
}

void ClockModel::join(std::size_t slot, double bias, double bias_variance, double epoch_variance) {
  size_ = std::max(size_, epoch_of(slot) + 1);
  for (Filter& filter : filters_) {
    filter.state.isolate(bias_of(slot), bias, bias_variance);
    filter.state.isolate(epoch_of(slot), 0, epoch_variance);
  }
}

void ClockModel::leave(std::size_t slot) { join(slot, 0, 0, 0); }

void ClockModel::add(const Input& input) {
  if (input.kind != Input::Kind::sample) return change_epoch(input);
  advance(input.at);
  observe(input);
}

/// Section 5.5.
void ClockModel::reopen(std::span<const Kept> kept) {
  for (Filter& filter : filters_) reopen(filter.state, kept);
  steps_ = {};
  is_contradicted_ = false;
  summarize();
}

void ClockModel::reopen(Gauss& state, std::span<const Kept> kept) const {
  const Gauss before = state;
  for (std::size_t k = bias_of(0); k < size_; ++k) state.isolate(k, 0, 0);
  double diffuse = kDiffuseVariance;
  for (const auto& [slot, bias, bias_variance] : kept) {
    const std::size_t epoch = epoch_of(slot);
    state.isolate(bias_of(slot), bias, bias_variance);
    state.isolate(epoch, before.mean[epoch], before.covariance(epoch, epoch));
    diffuse = std::max(diffuse, square(kDiffuseDelays / kAsymmetry) * bias_variance);
  }
  state.isolate(0, before.mean[0], diffuse);
  for (const Kept& one : kept) {
    const Gauss::View view = view_of(one.slot);
    const Gauss::Vector projection = state.project(view, size_);
    const Innovation shown = state.compare(view, projection, before.sum(view), before.variance(view));
    state.correct(projection, shown.value, shown.variance, size_);
  }
  guard(state);
}

/// Section 6: one that is over is marginalised out; the constant bias is left alone.
void ClockModel::change_epoch(const Input& input) {
  const std::size_t k = epoch_of(input.slot);
  for (Filter& filter : filters_) {
    if (input.kind == Input::Kind::epoch_opened) {
      filter.state.covariance(k, k) += input.noise.variance;
    } else {
      filter.state.isolate(k, 0, 0);
    }
  }
}

void ClockModel::advance(RawTime to) {
  const double dt = std::min((to - at_).seconds(), kMaxGap);
  if (dt <= 0) return;
  at_ = to;
  for (std::size_t i = 0; i < kClockFilters; ++i) filters_[i].state.advance(dt, wander_variance(i), size_);
}

void ClockModel::observe(const Input& input) {
  ++updates_;
  const Gauss::View view = view_of(input.slot);
  look_for_step(view, input);
  for (std::size_t i = 0; i < kClockFilters; ++i) {
    const Innovation innovation = observe(filters_[i], view, input);
    if (i == best_) last_ = innovation;
  }
  weigh();
  mix();
}

Innovation ClockModel::compare(const Filter& filter, const Gauss::View& view, const Gauss::Vector& projection,
                               const Input& input) {
  return filter.state.compare(view, projection, input.offset - input.noise.mean, input.noise.variance);
}

/// Section 8.
void ClockModel::guard(Gauss& state) const {
  static constexpr auto kLeast = bounds<kStates>(kLeastOffsetVariance, kLeastFrequencyVariance, 0);
  static constexpr auto kMost = bounds<kStates>(kMaxVariance, kMaxFrequencyVariance, kMaxVariance);
  state.guard(kLeast, kMost, size_);
}

/// Section 5.1, one filter.
Innovation ClockModel::observe(Filter& filter, const Gauss::View& view, const Input& input) const {
  Gauss& state = filter.state;
  const Gauss::Vector projection = state.project(view, size_);
  const Innovation innovation = compare(filter, view, projection, input);
  state.correct(projection, innovation.value,
                updates_ > kClockLearning ? robust_variance(innovation) : innovation.variance, size_);
  guard(state);
  filter.likelihood = log_likelihood(innovation);
  return innovation;
}

/// Section 5.4: a short memory, and the standing of a long one.
void ClockModel::weigh() {
  const double reference = filters_[best_].likelihood;
  const double memory = std::min<double>(kStandingMemory, updates_);
  for (Filter& filter : filters_) {
    const double score = std::clamp(filter.likelihood - reference, -kStandingClip, kStandingClip);
    filter.standing += (score - filter.standing) / memory;
  }
  const double standing = filters_[best_].standing;
  for (Filter& filter : filters_) {
    if (updates_ >= kClockLearning) filter.log_weight *= kClockForget;
    filter.log_weight +=
        filter.likelihood + (1 - kClockForget) * kStandingWeight * (filter.standing - standing);
  }
}

/// Section 7: before the update, so that the sample which proves the step counts in full.
void ClockModel::look_for_step(const Gauss::View& view, const Input& input) {
  is_contradicted_ = false;
  if (updates_ <= kStepLearning) {
    steps_ = {};
    return;
  }
  const Filter& best = filters_[best_];
  const Innovation innovation = compare(best, view, best.state.project(view, size_), input);
  const bool is_hard = is_beyond_any_path(innovation, input.delay);
  if (steps_.note(innovation, is_hard)) {
    for (Filter& filter : filters_) filter.state.covariance(0, 0) += square(innovation.value);
  } else {
    is_contradicted_ = is_hard && innovation.score > kStepScore;
  }
}

void ClockModel::disturb(double offset, double frequency) {
  for (Filter& filter : filters_) {
    filter.state.covariance(0, 0) += square(offset);
    filter.state.covariance(1, 1) += square(frequency);
  }
  steps_ = {};
  is_contradicted_ = false;
  summarize();
}

void ClockModel::mix() {
  normalize();
  summarize();
  if (updates_ > kClockLearning) reseed();
}

void ClockModel::normalize() {
  best_ = 0;
  for (std::size_t i = 1; i < kClockFilters; ++i) {
    if (filters_[i].log_weight > filters_[best_].log_weight) best_ = i;
  }
  const double most = filters_[best_].log_weight;
  double sum = 0;
  for (Filter& filter : filters_) {
    filter.log_weight = std::max(filter.log_weight - most, kClockFloor);
    filter.share = std::exp(filter.log_weight);
    sum += filter.share;
  }
  for (Filter& filter : filters_) filter.share /= sum;
}

/// Section 4.5. Sums are relative to the best filter, so that large offsets cost no digits.
void ClockModel::summarize() {
  const auto& origin = filters_[best_].state.mean;
  mixture_ = {.offset = origin[0], .frequency = origin[1]};
  for (const Filter& filter : filters_) {
    mixture_.offset += filter.share * (filter.state.mean[0] - origin[0]);
    mixture_.frequency += filter.share * (filter.state.mean[1] - origin[1]);
  }
  for (const Filter& filter : filters_) {
    const double a = filter.state.mean[0] - mixture_.offset;
    const double b = filter.state.mean[1] - mixture_.frequency;
    mixture_.offset_variance += filter.share * (filter.state.covariance(0, 0) + a * a);
    mixture_.frequency_variance += filter.share * (filter.state.covariance(1, 1) + b * b);
    mixture_.covariance += filter.share * (filter.state.covariance(1, 0) + a * b);
  }
}

/// Section 5.4: an unlikely filter that lost the clock goes on from the best one, as the hypothesis that the
/// frequency has just changed and wanders no more than before.
void ClockModel::reseed() {
  for (Filter& filter : filters_) {
    if (filter.log_weight >= kClockReseed) continue;
    const Gauss& state = filter.state;
    if (square(state.mean[0] - mixture_.offset) >
            kStray * (state.covariance(0, 0) + mixture_.offset_variance) ||
        square(state.mean[1] - mixture_.frequency) >
            kStray * (state.covariance(1, 1) + mixture_.frequency_variance)) {
      filter.state = filters_[best_].state;
      filter.log_weight = kClockReseeded;
    }
  }
}

double ClockModel::average_wander() const {
  double sum = 0;
  for (std::size_t i = 0; i < kClockFilters; ++i) sum += filters_[i].share * wander_variance(i);
  return sum;
}

double ClockModel::variance_after(double dt) const {
  return mixture_.variance_after(dt) + average_wander() * dt * dt * dt / 3;
}

double ClockModel::frequency_variance_after(double dt) const {
  return mixture_.frequency_variance + average_wander() * dt;
}

double ClockModel::wander() const { return std::sqrt(wander_variance(best_)); }

double ClockModel::shown_deviation(std::size_t slot, double seconds) const {
  double sum = 0;
  for (std::size_t i = 0; i < kClockFilters; ++i) {
    const Filter& filter = filters_[i];
    sum += filter.share * filter.state.variance(view_of(slot), seconds, wander_variance(i));
  }
  return std::sqrt(std::max(0.0, sum));
}

double ClockModel::bias(std::size_t slot, double& variance) const {
  const std::size_t k = bias_of(slot);
  double mean = 0;
  for (const Filter& filter : filters_) mean += filter.share * filter.state.mean[k];
  variance = 0;
  for (const Filter& filter : filters_) {
    variance += filter.share * (filter.state.covariance(k, k) + square(filter.state.mean[k] - mean));
  }
  return mean;
}

bool ClockModel::is_sound() const {
  return std::all_of(filters_.begin(), filters_.end(), [](const Filter& filter) {
    return filter.state.is_finite() && filter.state.is_positive_definite(0) &&
           std::isfinite(filter.log_weight) && std::isfinite(filter.share);
  });
}

}  // namespace noonmark::core::estimator
