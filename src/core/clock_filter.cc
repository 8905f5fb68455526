#include "core/clock_filter.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace noonmark::core {
namespace {

constexpr double kTimestampSpan = 4294967296.0;  // s, 2^32

bool is_plausible(double seconds) { return std::abs(seconds) < kTimestampSpan; }  // false for NaN

double aged_dispersion(const Sample& sample, RawTime now) {
  const double age = std::max(0.0, (now - sample.at).seconds());
  return std::min(kMaxDispersion, sample.dispersion + kDispersionRate * age);
}

/// The samples in a filter in order of trust, best first.
class Ranking {
 public:
  Ranking(const std::array<std::optional<Sample>, ClockFilter::kStages>& stages, RawTime now,
          double frequency_error) {
    for (const auto& stage : stages) {
      if (stage) samples_[count_++] = &*stage;
    }
    std::sort(begin(), end(), [&](const Sample* a, const Sample* b) {
      const double x = largest_error(*a, now, frequency_error);
      const double y = largest_error(*b, now, frequency_error);
      return x != y ? x < y : a->at > b->at;
    });
  }

  bool is_empty() const { return count_ == 0; }
  const Sample& best() const { return *samples_[0]; }

  /// RFC 5905 section 10, epsilon.
  double dispersion(RawTime now) const {
    double sum = 0;
    double weight = 0.5;
    for (std::size_t i = 0; i < ClockFilter::kStages; ++i, weight /= 2) {
      sum += weight * (i < count_ ? aged_dispersion(*samples_[i], now) : kMaxDispersion);
    }
    return sum;
  }

  /// RFC 5905 section 10, psi. With three or more samples a line through the best one, no steeper than
  /// `frequency_error`, is taken out: it is the oscillator's, not the network's.
  double jitter(double frequency, double frequency_error) const {
    if (count_ < 2) return 0;
    const bool is_fitted = frequency_error > 0 && count_ >= 3;
    const double slope =
        is_fitted ? std::clamp(fitted_slope(frequency), -frequency_error, frequency_error) : 0;
    double sum = 0;
    double queues = 0;  // a lower bound of the noise that the fit cannot take away
    for (std::size_t i = 1; i < count_; ++i) {
      const double residual = difference(i, frequency) - slope * distance(i);
      const double queue = (samples_[i]->delay - best().delay) / 2;
      sum += residual * residual;
      queues += queue * queue;
    }
    if (!is_fitted) return std::sqrt(sum / static_cast<double>(count_ - 1));
    return std::sqrt(
        std::max(sum / static_cast<double>(count_ - 2), queues / static_cast<double>(count_ - 1)));
  }

 private:
  using Samples = std::array<const Sample*, ClockFilter::kStages>;
  Samples::iterator begin() { return samples_.begin(); }
  Samples::iterator end() { return samples_.begin() + static_cast<std::ptrdiff_t>(count_); }

  /// Half the delay is what the path may hide (section 8); what happened since comes on top.
  static double largest_error(const Sample& sample, RawTime now, double frequency_error) {
    return sample.delay / 2 + frequency_error * (now - sample.at).seconds();
  }

  double distance(std::size_t i) const { return (best().at - samples_[i]->at).seconds(); }
  double difference(std::size_t i, double frequency) const {
    return best().offset - samples_[i]->offset - frequency * distance(i);
  }
  double fitted_slope(double frequency) const {
    double numerator = 0;
    double denominator = 0;
    for (std::size_t i = 1; i < count_; ++i) {
      numerator += difference(i, frequency) * distance(i);
      denominator += distance(i) * distance(i);
    }
    return denominator > 0 ? numerator / denominator : 0;
  }

  Samples samples_{};
  std::size_t count_ = 0;
};

}  // namespace

void ClockFilter::add(const Sample& sample) {
  if (!is_plausible(sample.offset) || !is_plausible(sample.delay) || !is_plausible(sample.dispersion)) return;
  if (newest_ && sample.at <= *newest_) return;
  newest_ = sample.at;
  shift(sample);
}

void ClockFilter::add_missing() { shift(std::nullopt); }

void ClockFilter::clear() {
  stages_ = {};
  newest_.reset();
}

bool ClockFilter::is_empty() const {
  return std::none_of(stages_.begin(), stages_.end(), [](const auto& stage) { return stage.has_value(); });
}

std::optional<Sample> ClockFilter::stage(std::size_t index) const {
  return index < kStages ? stages_[index] : std::nullopt;
}

std::optional<FilterOutput> ClockFilter::output(RawTime now, double frequency, double frequency_error) const {
  const Ranking ranking(stages_, now, frequency_error);
  if (ranking.is_empty()) return std::nullopt;
  return FilterOutput{
      .at = ranking.best().at,
      .offset = ranking.best().offset,
      .delay = ranking.best().delay,
      .dispersion = ranking.dispersion(now),
      .jitter = std::max(precision_, ranking.jitter(frequency, frequency_error)),
  };
}

void ClockFilter::shift(const std::optional<Sample>& stage) {
  std::shift_right(stages_.begin(), stages_.end(), 1);
  stages_.front() = stage;
}

}  // namespace noonmark::core
