#pragma once

#include <array>
#include <span>

#include "core/estimator/constants.h"

namespace noonmark::core::estimator {

/// Least and typical delay of a path's last samples (section 2). Seconds.
class DelayStatistics {
 public:
  /// Forgets all; `delays` come next.
  void restart(std::span<const double> delays);
  /// Starts with what an earlier run learned, as if a window that is no longer young had shown it.
  void expect(double min_delay, double typical_excess);
  void add(double delay);

  double min_delay() const { return min_; }
  double typical_excess() const { return typical_; }

 private:
  void push(double delay);
  void evaluate();

  std::array<double, kDelayWindow> window_{};  // a ring
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  double min_ = 0;
  double typical_ = kLeastExcess;
};

}  // namespace noonmark::core::estimator
