#pragma once

#include <array>
#include <optional>

#include "core/clock_filter.h"
#include "core/estimator/delay_statistics.h"
#include "core/estimator/filter_bank.h"
#include "core/estimator/history.h"

namespace noonmark::core::estimator {

/// What a sample told of the path (section 6).
struct PathEvent {
  enum class Kind { none, epoch_opened, epoch_closed };
  Kind kind = Kind::none;
  double variance = 0;   // opened: of the new path's bias
  std::size_t back = 0;  // opened: so many samples before this one had it already
};

/// All that is learned from one source alone: its path's delays, its noise, its own estimate of the clock.
class SourceModel {
 public:
  SourceModel(double interval, const FrequencyPrior& prior, const SavedSource* saved);

  bool has_samples() const { return batch_size_ > 0; }
  /// A plausible sample, later than at().
  PathEvent add(const Sample& sample);
  void disturb(double offset, double frequency);

  /// As given, or as wide as the first samples make it.
  const FrequencyPrior& prior() const { return prior_; }
  const FilterBank& bank() const { return bank_; }
  RawTime at() const { return bank_.at(); }
  double min_delay() const { return delays_.min_delay(); }
  /// Of a sample with this delay.
  Noise noise(double delay) const;
  double typical_noise() const;  // standard deviation of a sample of typical delay, s
  /// Of the bias of a path epoch; 0: there is none.
  double epoch_variance() const;
  void save(SavedSource& saved) const;
  bool is_sound() const { return bank_.is_sound(); }

 private:
  struct Shift {
    std::size_t samples;  // that show it, with the newest
    double min_delay;     // of them
  };
  using Bank = History<FilterBank, Reading, kSpan>;

  Excess excess(double delay) const;
  Reading reading(const Sample& sample) const;
  bool is_old_path_back(double delay) const;
  std::optional<Shift> find_shift(double delay) const;
  bool is_shift(std::size_t samples, double delay, double& min_delay) const;
  PathEvent open_epoch(const Shift& shift, double delay);
  PathEvent close_epoch();
  void learn_delay(double delay);
  void start(const Sample& sample);
  void check_prior();
  void check_saved();

  double interval_;
  FrequencyPrior prior_;
  std::optional<SavedSource> saved_;  // until the batch is full, or proves it wrong
  DelayStatistics delays_;
  double slow_excess_ = 0;  // typical excess, smoothed
  FilterBank bank_;
  Bank history_;
  std::array<Sample, kBatch> batch_{};  // the first samples
  std::size_t batch_size_ = 0;
  double base_delay_ = -1;  // in an epoch: least delay of the path before it
  double base_shift_ = 0;   // by which it is exceeded
};

/// docs/estimator.md, section 9.
static_assert(sizeof(SourceModel) <= 64 * 1024);

}  // namespace noonmark::core::estimator
