#include "core/estimator/delay_statistics.h"

#include <algorithm>

namespace noonmark::core::estimator {

void DelayStatistics::restart(std::span<const double> delays) {
  next_ = count_ = 0;
  for (const double delay : delays) push(delay);
  evaluate();
}

void DelayStatistics::expect(double min_delay, double typical_excess) {
  next_ = count_ = 0;
  push(min_delay);
  while (count_ < kYoungWindow) push(min_delay + typical_excess);
  evaluate();
}

void DelayStatistics::add(double delay) {
  push(delay);
  evaluate();
}

void DelayStatistics::push(double delay) {
  window_[next_] = delay;
  next_ = (next_ + 1) % kDelayWindow;
  count_ = std::min(count_ + 1, kDelayWindow);
}

void DelayStatistics::evaluate() {
  min_ = *std::min_element(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(count_));
  std::array<double, kExcessWindow> recent;
  const std::size_t size = std::min(count_, kExcessWindow);
  for (std::size_t i = 0; i < size; ++i) recent[i] = window_[(next_ + kDelayWindow - 1 - i) % kDelayWindow];
  const double quantile = size < kYoungWindow ? kYoungExcessQuantile : kExcessQuantile;
  const auto place = recent.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(size) * quantile);
  std::nth_element(recent.begin(), place, recent.begin() + static_cast<std::ptrdiff_t>(size));
  typical_ = std::max(*place - min_, kLeastExcess);
}

}  // namespace noonmark::core::estimator
