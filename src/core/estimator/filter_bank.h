#pragma once

#include <array>

#include "core/estimator/gaussian.h"
#include "core/estimator/noise_law.h"
#include "core/instant.h"

namespace noonmark::core::estimator {

/// A sample with what was known of its path when it came. Seconds.
struct Reading {
  RawTime at;
  double offset = 0;
  double delay = 0;
  Excess excess;
};

/// What is known of offset and frequency at one moment; variances.
struct Mixture {
  double offset = 0, frequency = 0;
  double offset_variance = 0, frequency_variance = 0, covariance = 0;

  double offset_after(double dt) const { return offset + dt * frequency; }
  double variance_after(double dt) const {
    return std::max(0.0, offset_variance + 2 * dt * covariance + dt * dt * frequency_variance);
  }
};

/// Error of a sample's offset: mean, s, and variance.
struct Noise {
  double mean = 0;
  double variance = 0;
};

/// The frequency's prior, and how much it wanders (s/s per sqrt(s), 0: unknown).
struct FrequencyPrior {
  double frequency = 0;
  double deviation = 0;
  double wander = 0;
};

/// 70 small Kalman filters over the samples of one source: each noise law at each ratio of wander to noise
/// (section 4). Their likelihoods say which are right. A plain value: its copies are its history.
class FilterBank {
 public:
  /// From the first sample. `is_only`: nothing else is known of the path.
  void start(const Reading& first, double interval, const FrequencyPrior& prior, bool is_only);
  /// The same with the noise that an earlier run learned.
  void start(const Reading& first, double interval, const FrequencyPrior& prior, const SavedSource& saved);
  void step(const Reading& reading);

  /// A path epoch begins: an unknown bias with this variance; it ends: none (section 6).
  void set_epoch(double variance);
  void disturb(double offset, double frequency);

  const Mixture& mixture() const { return mixture_; }
  RawTime at() const { return at_; }
  int samples() const { return samples_; }
  /// Over all laws, by their likelihood.
  Noise noise(const Excess& excess) const;
  /// Standard deviation of what the likeliest filter predicts after `seconds`, in present ones.
  double growth(double seconds) const;
  void save(SavedSource& saved) const;  // weights and variances of the laws
  bool is_sound() const;

 private:
  static constexpr std::size_t kStates = 4;
  static constexpr std::size_t kSlope = 2, kEpoch = 3;  // after offset and frequency
  using Gauss = Gaussian<kStates>;

  struct Filter {
    Gauss state;
    double scale = 0;          // s^2: of the law's variance
    double trusted_scale = 0;  // before the present contradictions
    double log_weight = 0;     // the best has 0
    double share = 0;          // its exponential
  };
  struct Law {  // of one sample
    double mean_error;
    double relative_variance;
  };
  using LawTable = std::array<Law, kNoiseLaws>;
  static constexpr std::size_t kFilters = kWanderLevels * kNoiseLaws;
  static std::size_t law_of(std::size_t filter) { return filter % kNoiseLaws; }
  static std::size_t level_of(std::size_t filter) { return filter / kNoiseLaws; }
  static LawTable laws_at(const Excess& excess);

  template <class Initial>
  void start(const Reading& first, double interval, const FrequencyPrior& prior, int samples,
             Initial initial);
  double relative_wander(std::size_t level) const;
  double wander_prior(std::size_t filter, double wander) const;
  static Gauss::View view_of(const Excess& excess);
  void advance(double dt);
  void observe(Filter& filter, const NoiseLaw& kind, const Law& law, const Reading& reading);
  void learn_scale(Filter& filter, const Innovation& innovation, double noise) const;
  void look_for_step(const Reading& reading, const Law& law);
  void mix();
  void normalize();
  void summarize();
  void reseed();

  std::array<Filter, kFilters> filters_;
  Mixture mixture_;
  RawTime at_;
  double interval_ = 64;
  int samples_ = 0;
  std::size_t best_ = 0;
  StepDetector steps_;
};

}  // namespace noonmark::core::estimator
