#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "core/estimator/constants.h"

namespace noonmark::core::estimator {

/// What a measurement says of it: a deviation from the prediction.
struct Innovation {
  double value = 0;      // s
  double predicted = 0;  // variance of the prediction
  double variance = 0;   // with the measurement's noise
  double score = 0;      // value^2 / variance
};

/// Discounted weights are sums of these: Student's t is not carried away by an outlier (section 4).
inline double log_likelihood(const Innovation& innovation) {
  return -0.5 * std::log(innovation.variance) -
         0.5 * (kStudentDegrees + 1) * std::log1p(innovation.score / kStudentDegrees);
}

/// Huber's gain as a variance: beyond kHuber deviations a sample moves the state no further (section 4).
inline double robust_variance(const Innovation& innovation) {
  if (innovation.score <= kHuber * kHuber) return innovation.variance;
  return std::abs(innovation.value) * std::sqrt(innovation.variance) / kHuber;
}

/// An honest server's offset is wrong by half the delay at most.
inline bool is_beyond_any_path(const Innovation& innovation, double delay) {
  return std::abs(innovation.value) > 0.5 * delay + kHardDeviations * std::sqrt(innovation.predicted);
}

/// Counts contradictions of the same sign (section 7).
struct StepDetector {
  int run = 0;
  /// `hard`: beyond what any honest path explains. True when the clock or the server must have stepped.
  bool note(const Innovation& innovation, bool hard) {
    if (innovation.score <= kStepScore) {
      run = 0;
      return false;
    }
    const int count = (innovation.value > 0 ? 1 : -1) * (hard ? kHardCount : 1);
    run = (count > 0) == (run > 0) ? run + count : count;
    if (std::abs(run) < kStepCount) return false;
    run = 0;
    return true;
  }
};

/// Mean and covariance of states; the first is an offset (s), the second its rate (s/s). Of the covariance
/// only the lower triangle exists. States that are not in use have variance 0.
template <std::size_t Capacity>
class Gaussian {
 public:
  /// A measurement shows the sum of three states, each with a factor.
  struct Term {
    std::size_t state;
    double factor;
  };
  using View = std::array<Term, 3>;
  using Vector = std::array<double, Capacity>;

  Vector mean{};

  double covariance(std::size_t row, std::size_t column) const { return lower_[index(row, column)]; }
  double& covariance(std::size_t row, std::size_t column) { return lower_[index(row, column)]; }

  /// State `k` knows nothing of the others.
  void isolate(std::size_t k, double value, double variance) {
    for (std::size_t j = 0; j < Capacity; ++j) covariance(k, j) = 0;
    mean[k] = value;
    covariance(k, k) = variance;
  }

  /// `wander`: variance of the frequency's random walk, (s/s)^2/s. `size`: states in use.
  void advance(double dt, double wander, std::size_t size = Capacity) {
    mean[0] += dt * mean[1];
    const double cross = covariance(1, 0);
    for (std::size_t r = 1; r < size; ++r) covariance(r, 0) += dt * covariance(r, 1);
    covariance(0, 0) += dt * (cross + covariance(1, 0)) + wander * dt * dt * dt / 3;
    covariance(1, 0) += wander * dt * dt / 2;
    covariance(1, 1) += wander * dt;
  }

  /// Forgets state `k` exponentially, towards 0 and `variance`.
  void relax(std::size_t k, double decay, double variance) {
    mean[k] *= decay;
    for (std::size_t j = 0; j < Capacity; ++j) covariance(k, j) *= decay;
    covariance(k, k) = decay * covariance(k, k) + (1 - decay * decay) * variance;
  }

  Vector project(const View& view, std::size_t size = Capacity) const {
    Vector result{};
    for (std::size_t r = 0; r < size; ++r) {
      for (const Term& term : view) result[r] += term.factor * covariance(r, term.state);
    }
    return result;
  }

  /// What `view` is expected to show.
  double sum(const View& view) const {
    double result = 0;
    for (const Term& term : view) result += term.factor * mean[term.state];
    return result;
  }
  /// Variance of what `view` shows, from its projection.
  static double variance(const View& view, const Vector& projection) {
    double sum = 0;
    for (const Term& term : view) sum += term.factor * projection[term.state];
    return std::max(0.0, sum);
  }
  double variance(const View& view) const { return variance(view, project(view)); }
  /// The same after `dt` more seconds.
  double variance(const View& view, double dt, double wander) const {
    double cross = 0;
    for (const Term& term : view) cross += term.factor * covariance(1, term.state);
    return variance(view) + 2 * dt * cross + dt * dt * covariance(1, 1) + wander * dt * dt * dt / 3;
  }

  Innovation compare(const View& view, const Vector& projection, double measured, double noise) const {
    Innovation result{.value = measured - sum(view), .predicted = variance(view, projection)};
    result.variance = result.predicted + std::max({noise, kLeastNoise * result.predicted, kLeastVariance});
    result.score = result.value * result.value / result.variance;
    return result;
  }

  /// Kalman's update with `variance` in the place of the innovation's.
  void correct(const Vector& projection, double innovation, double variance, std::size_t size = Capacity) {
    for (std::size_t r = 0; r < size; ++r) {
      const double gain = projection[r] / variance;
      mean[r] += gain * innovation;
      for (std::size_t c = 0; c <= r; ++c) covariance(r, c) -= gain * projection[c];
    }
  }

  /// Section 8: variances within bounds, all of it positive definite.
  void guard(const Vector& least, const Vector& most, std::size_t size = Capacity) {
    for (std::size_t k = 0; k < size; ++k) {
      double& variance = covariance(k, k);
      if (variance < least[k]) isolate(k, mean[k], least[k]);
      if (!std::isfinite(variance)) isolate(k, mean[k], most[k]);
      if (variance > most[k]) scale(k, std::sqrt(most[k] / variance));
    }
    for (double doubt = kLeastPivot; doubt < 8 && !is_positive_definite(kLeastPivot, size); doubt *= 8) {
      loosen(doubt, size);
    }
  }

  /// Every variance that is not 0 is more than `least` of itself given the states before (Cholesky).
  bool is_positive_definite(double least, std::size_t size = Capacity) const {
    std::array<double, kPacked> factor;
    for (std::size_t r = 0; r < size; ++r) {
      const double variance = covariance(r, r);
      double pivot = variance;
      for (std::size_t c = 0; c < r; ++c) {
        double sum = covariance(r, c);
        for (std::size_t j = 0; j < c; ++j) sum -= factor[index(r, j)] * factor[index(c, j)];
        const double root = factor[index(c, c)];
        factor[index(r, c)] = root > 0 ? sum / root : 0;
        pivot -= factor[index(r, c)] * factor[index(r, c)];
      }
      if (variance != 0 && !(pivot > least * variance)) return false;
      factor[index(r, r)] = variance == 0 ? 0 : std::sqrt(pivot);
    }
    return true;
  }

  bool is_finite() const {
    const auto finite = [](double value) { return std::isfinite(value); };
    return std::all_of(mean.begin(), mean.end(), finite) && std::all_of(lower_.begin(), lower_.end(), finite);
  }

 private:
  static constexpr std::size_t kPacked = Capacity * (Capacity + 1) / 2;
  static constexpr std::size_t index(std::size_t row, std::size_t column) {
    return row >= column ? row * (row + 1) / 2 + column : column * (column + 1) / 2 + row;
  }
  void scale(std::size_t k, double factor) {
    for (std::size_t j = 0; j < Capacity; ++j) covariance(k, j) *= factor;
    covariance(k, k) *= factor;
  }
  /// All correlations become less by the share `doubt`.
  void loosen(double doubt, std::size_t size) {
    for (std::size_t r = 1; r < size; ++r) {
      for (std::size_t c = 0; c < r; ++c) covariance(r, c) = doubt < 1 ? covariance(r, c) * (1 - doubt) : 0;
    }
  }

  std::array<double, kPacked> lower_{};
};

}  // namespace noonmark::core::estimator
