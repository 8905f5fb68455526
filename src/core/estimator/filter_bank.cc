#include "core/estimator/filter_bank.h"

#include <algorithm>
#include <cmath>

namespace noonmark::core::estimator {
namespace {

constexpr std::array<double, 4> kLeast{kLeastOffsetVariance, kLeastFrequencyVariance, 0, 0};
constexpr std::array<double, 4> kMost{kMaxVariance, kMaxFrequencyVariance, kMaxSlopeVariance, kMaxVariance};

double square(double value) { return value * value; }

/// Ratios rise from level to level: kLeastWanderRatio * kWanderRatioStep^level.
double wander_ratio(std::size_t level) {
  return kLeastWanderRatio * std::pow(kWanderRatioStep, static_cast<double>(level));
}

/// The first guess of a law's scale, from the spread of delays (section 4).
double first_scale(const NoiseLaw& law, const Excess& excess) {
  const double shape = is_directional(law) ? 1 : law.shape;
  return std::max(kLeastFirstScale, square(excess.typical) / (8 * (1 + shape)));
}

}  // namespace

template <class Initial>
void FilterBank::start(const Reading& first, double interval, const FrequencyPrior& prior, int samples,
                       Initial initial) {
  interval_ = interval;
  at_ = first.at;
  samples_ = samples;
  steps_ = {};
  for (std::size_t i = 0; i < kFilters; ++i) {
    const NoiseLaw& law = kLaws[law_of(i)];
    Filter filter;
    filter.log_weight = prior_weight(law);
    filter.state.mean = {first.offset - mean_error(law, first.excess), prior.frequency, 0, 0};
    filter.state.covariance(0, 0) = initial(filter, law_of(i));
    filter.state.covariance(1, 1) = square(prior.deviation);
    filter.state.covariance(kSlope, kSlope) = has_slope(law) ? square(kSlopeDeviation) : 0;
    filter.trusted_scale = filter.scale;
    filter.state.guard(kLeast, kMost);
    filters_[i] = filter;
    if (prior.wander > 0) filters_[i].log_weight += wander_prior(i, prior.wander);
  }
  mix();
}

void FilterBank::start(const Reading& first, double interval, const FrequencyPrior& prior, bool is_only) {
  const double queue = is_only ? first.delay / 2 : std::max(first.excess.value, first.excess.typical);
  start(first, interval, prior, 1, [&](Filter& filter, std::size_t law) {
    const double scale =
        is_only ? kFirstScaleOfDelay * square(first.delay) : first_scale(kLaws[law], first.excess);
    filter.scale = std::clamp(scale, kLeastScale, kMaxScale);
    return filter.scale + square(queue) / 8;
  });
}

void FilterBank::start(const Reading& first, double interval, const FrequencyPrior& prior,
                       const SavedSource& saved) {
  start(first, interval, prior, kSavedWeight, [&](Filter& filter, std::size_t law) {
    filter.scale = std::clamp(saved.law_variances[law], kLeastScale, kMaxScale);
    filter.log_weight = std::max(kBankFloor, std::log(saved.law_weights[law]));
    return filter.scale * relative_variance(kLaws[law], first.excess);
  });
}

/// Section 4.1: q^2 in units of the scale.
double FilterBank::relative_wander(std::size_t level) const {
  return square(wander_ratio(level)) / (interval_ * interval_ * interval_);
}

/// Section 10: log weight of a filter whose wander is levels away from the known one.
double FilterBank::wander_prior(std::size_t filter, double wander) const {
  const double own = relative_wander(level_of(filter)) * filters_[filter].scale;
  const double levels = 0.5 * std::log(own / square(wander)) / std::log(kWanderRatioStep);
  return -0.5 * square(levels / kSavedWanderSpread);
}

FilterBank::LawTable FilterBank::laws_at(const Excess& excess) {
  LawTable table{};
  for (std::size_t i = 0; i < kNoiseLaws; ++i) {
    table[i] = {mean_error(kLaws[i], excess), relative_variance(kLaws[i], excess)};
  }
  return table;
}

void FilterBank::step(const Reading& reading) {
  const double dt = std::min((reading.at - at_).seconds(), kMaxGap);
  if (dt <= 0) return;
  at_ = reading.at;
  ++samples_;
  const LawTable laws = laws_at(reading.excess);
  advance(dt);
  look_for_step(reading, laws[law_of(best_)]);
  for (std::size_t i = 0; i < kFilters; ++i) observe(filters_[i], kLaws[law_of(i)], laws[law_of(i)], reading);
  if (steps_.run == 0) {
    for (Filter& filter : filters_) filter.trusted_scale = filter.scale;
  }
  mix();
}

/// Section 4.1.
void FilterBank::advance(double dt) {
  const double slope_decay = std::exp(-dt / (kSlopeMemory * interval_));
  for (std::size_t i = 0; i < kFilters; ++i) {
    Filter& filter = filters_[i];
    filter.state.advance(dt, relative_wander(level_of(i)) * filter.scale);
    if (has_slope(kLaws[law_of(i)])) filter.state.relax(kSlope, slope_decay, square(kSlopeDeviation));
  }
}

FilterBank::Gauss::View FilterBank::view_of(const Excess& excess) {
  return {{{0, 1}, {kSlope, excess.value}, {kEpoch, 1}}};
}

/// Sections 4.2 to 4.4, one filter.
void FilterBank::observe(Filter& filter, const NoiseLaw& kind, const Law& law, const Reading& reading) {
  Gauss& state = filter.state;
  const Gauss::View view = view_of(reading.excess);
  const double noise = filter.scale * law.relative_variance;
  const Gauss::Vector projection = state.project(view);
  const Innovation innovation = state.compare(view, projection, reading.offset - law.mean_error, noise);
  state.correct(projection, innovation.value,
                samples_ > kBankRobust ? robust_variance(innovation) : innovation.variance);
  state.guard(kLeast, kMost);

  if (samples_ >= kBankLearning) {
    filter.log_weight = kBankForget * filter.log_weight + (1 - kBankForget) * prior_weight(kind);
  }
  filter.log_weight += log_likelihood(innovation);
  learn_scale(filter, innovation, noise);
}

/// Section 4.4: the scale follows the squared innovations.
void FilterBank::learn_scale(Filter& filter, const Innovation& innovation, double noise) const {
  const double gain = 1 / std::min(samples_ < 4 ? 3.0 : samples_ - 1.0, kScaleMemory);
  const double share = samples_ < kCautiousScale ? noise / innovation.variance : 1;
  const double excess = kScaleBias * std::min(innovation.score, kHuber * kHuber) - 1;
  filter.scale *= std::clamp(1 + gain * share * excess, 1 / kMaxScaleStep, kMaxScaleStep);
  filter.scale = std::clamp(filter.scale, kLeastScale, kMaxScale);
}

/// Section 7: the likeliest filter speaks for all. Before the update, so that the sample which proves the
/// step counts in full.
void FilterBank::look_for_step(const Reading& reading, const Law& law) {
  if (samples_ <= kStepLearning) {
    steps_ = {};
    return;
  }
  const Filter& best = filters_[best_];
  const Gauss::View view = view_of(reading.excess);
  const Innovation innovation = best.state.compare(
      view, best.state.project(view), reading.offset - law.mean_error, best.scale * law.relative_variance);
  if (!steps_.note(innovation, is_beyond_any_path(innovation, reading.delay))) return;
  for (Filter& filter : filters_) {
    filter.state.covariance(0, 0) += square(innovation.value);
    filter.scale = std::min(filter.scale, kStepScaleGrowth * filter.trusted_scale);
  }
}

void FilterBank::set_epoch(double variance) {
  for (Filter& filter : filters_) filter.state.isolate(kEpoch, 0, variance);
}

void FilterBank::disturb(double offset, double frequency) {
  for (Filter& filter : filters_) {
    filter.state.covariance(0, 0) += square(offset);
    filter.state.covariance(1, 1) += square(frequency);
    filter.state.guard(kLeast, kMost);
  }
  steps_ = {};
  summarize();
}

void FilterBank::mix() {
  normalize();
  summarize();
  if (samples_ > kBankLearning) reseed();
}

void FilterBank::normalize() {
  best_ = 0;
  for (std::size_t i = 1; i < kFilters; ++i) {
    if (filters_[i].log_weight > filters_[best_].log_weight) best_ = i;
  }
  const double most = filters_[best_].log_weight;
  for (Filter& filter : filters_) {
    filter.log_weight = std::max(filter.log_weight - most, kBankFloor);
    filter.share = std::exp(filter.log_weight);
  }
}

/// Section 4.5. Sums are relative to the best filter, so that large offsets cost no digits.
void FilterBank::summarize() {
  const auto& origin = filters_[best_].state.mean;
  double sum = 0;
  double offset = 0;
  double frequency = 0;
  for (const Filter& filter : filters_) {
    if (filter.share < kNegligibleWeight) continue;
    sum += filter.share;
    offset += filter.share * (filter.state.mean[0] - origin[0]);
    frequency += filter.share * (filter.state.mean[1] - origin[1]);
  }
  mixture_ = {.offset = origin[0] + offset / sum, .frequency = origin[1] + frequency / sum};
  for (const Filter& filter : filters_) {
    if (filter.share < kNegligibleWeight * sum) continue;
    const double weight = filter.share / sum;
    const double a = filter.state.mean[0] - mixture_.offset;
    const double b = filter.state.mean[1] - mixture_.frequency;
    mixture_.offset_variance += weight * (filter.state.covariance(0, 0) + a * a);
    mixture_.frequency_variance += weight * (filter.state.covariance(1, 1) + b * b);
    mixture_.covariance += weight * (filter.state.covariance(1, 0) + a * b);
  }
}

/// Section 4.5: an unlikely filter that lost the clock goes on from the best one.
void FilterBank::reseed() {
  const Filter best = filters_[best_];
  for (std::size_t i = 0; i < kFilters; ++i) {
    Filter& filter = filters_[i];
    if (filter.log_weight >= kBankReseed) continue;
    if (has_slope(kLaws[law_of(i)]) != has_slope(kLaws[law_of(best_)])) continue;
    const Gauss& state = filter.state;
    if (square(state.mean[0] - mixture_.offset) <=
            kStray * (state.covariance(0, 0) + mixture_.offset_variance) &&
        square(state.mean[1] - mixture_.frequency) <=
            kStray * (state.covariance(1, 1) + mixture_.frequency_variance)) {
      continue;
    }
    filter.state = best.state;
    filter.scale = best.scale;
  }
}

Noise FilterBank::noise(const Excess& excess) const {
  const LawTable laws = laws_at(excess);
  double sum = 0;
  double mean = 0;
  double square_mean = 0;
  double variance = 0;
  for (std::size_t i = 0; i < kFilters; ++i) {
    const Filter& filter = filters_[i];
    if (filter.share < kNegligibleLaw) continue;
    const Law& law = laws[law_of(i)];
    const double error = law.mean_error + excess.value * filter.state.mean[kSlope];
    sum += filter.share;
    mean += filter.share * error;
    square_mean += filter.share * square(error);
    variance += filter.share * (filter.scale * law.relative_variance +
                                square(excess.value) * filter.state.covariance(kSlope, kSlope));
  }
  mean /= sum;
  return {mean, variance / sum + std::max(0.0, square_mean / sum - square(mean))};
}

double FilterBank::growth(double seconds) const {
  const Filter& best = filters_[best_];
  const Gauss::View view{{{0, 1}, {kEpoch, 1}, {kSlope, 0}}};
  const double wander = relative_wander(level_of(best_)) * best.scale;
  return std::sqrt(best.state.variance(view, seconds, wander) / best.state.variance(view));
}

void FilterBank::save(SavedSource& saved) const {
  double sum = 0;
  saved.law_weights.fill(0);
  saved.law_variances.fill(0);
  for (std::size_t i = 0; i < kFilters; ++i) {
    saved.law_weights[law_of(i)] += filters_[i].share;
    saved.law_variances[law_of(i)] += filters_[i].share * filters_[i].scale;
    sum += filters_[i].share;
  }
  for (std::size_t law = 0; law < kNoiseLaws; ++law) {
    saved.law_variances[law] /= saved.law_weights[law];
    saved.law_weights[law] /= sum;
  }
}

bool FilterBank::is_sound() const {
  return std::all_of(filters_.begin(), filters_.end(), [](const Filter& filter) {
    return filter.state.is_finite() && filter.state.is_positive_definite(0) && std::isfinite(filter.scale) &&
           filter.scale > 0 && std::isfinite(filter.log_weight) && std::isfinite(filter.share);
  });
}

}  // namespace noonmark::core::estimator
