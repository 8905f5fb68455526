#pragma once

#include <array>
#include <span>

#include "core/estimator/filter_bank.h"
#include "core/estimator/gaussian.h"
#include "core/estimator/history.h"

namespace noonmark::core::estimator {

/// Section 5: one clock seen by up to kSlots sources. Each source has two states of its own in its slot: the
/// constant bias of its path, and that of a path epoch. Filters differ by the wander that they assume.
class ClockModel {
 public:
  static constexpr std::size_t kSlots = 8;

  /// A sample that counts, or what became of a path.
  struct Input {
    enum class Kind { sample, epoch_opened, epoch_closed };
    Kind kind = Kind::sample;
    std::size_t slot = 0;
    RawTime at{};
    double offset = 0;
    double delay = 0;
    Noise noise{};  // epoch opened: of the bias that it adds
  };

  /// Forgets everything. `offset_variance` is diffuse (section 5.2).
  void start(RawTime at, double offset, double offset_variance, const FrequencyPrior& prior);
  void join(std::size_t slot, double bias, double bias_variance, double epoch_variance);
  void leave(std::size_t slot);
  /// What the sources in `kept` show stays as it is; which part of it is time and which is bias is open
  /// again.
  struct Kept {
    std::size_t slot = 0;
    double bias = 0;
    double bias_variance = 0;
  };
  void reopen(std::span<const Kept> kept);
  void add(const Input& input);
  void disturb(double offset, double frequency);

  RawTime at() const { return at_; }
  const Mixture& mixture() const { return mixture_; }
  double variance_after(double dt) const;  // of the offset
  double frequency_variance_after(double dt) const;
  double wander() const;  // likeliest, s/s per sqrt(s)
  double surprise() const { return last_.score; }
  /// The last sample contradicts the estimate beyond what any honest path explains.
  bool is_contradicted() const { return is_contradicted_; }
  /// Standard deviation of what the source of `slot` shows, s, after `seconds`: mean over the filters.
  double shown_deviation(std::size_t slot, double seconds) const;
  double bias(std::size_t slot, double& variance) const;  // mean over the filters
  bool is_sound() const;

 private:
  static constexpr std::size_t kStates = 2 + 2 * kSlots;
  using Gauss = Gaussian<kStates>;
  struct Filter {
    Gauss state;
    double log_weight = 0;
    double likelihood = 0;  // log, of the last sample
    double standing = 0;    // how it does in the long run: log likelihood per sample beside the best
    double share = 1;
  };
  static constexpr std::size_t bias_of(std::size_t slot) { return 2 + 2 * slot; }
  static constexpr std::size_t epoch_of(std::size_t slot) { return 3 + 2 * slot; }
  static Gauss::View view_of(std::size_t slot) { return {{{0, 1}, {bias_of(slot), 1}, {epoch_of(slot), 1}}}; }

  void advance(RawTime to);
  void observe(const Input& input);
  void reopen(Gauss& state, std::span<const Kept> kept) const;
  void guard(Gauss& state) const;
  Innovation observe(Filter& filter, const Gauss::View& view, const Input& input) const;
  static Innovation compare(const Filter& filter, const Gauss::View& view, const Gauss::Vector& projection,
                            const Input& input);
  void look_for_step(const Gauss::View& view, const Input& input);
  void weigh();
  void change_epoch(const Input& input);
  void mix();
  void normalize();
  void summarize();
  void reseed();
  double average_wander() const;

  std::array<Filter, kClockFilters> filters_;
  Mixture mixture_;
  Innovation last_;  // of the likeliest filter
  RawTime at_;
  std::size_t size_ = 2;  // states in use
  std::size_t best_ = 0;
  int updates_ = 0;
  StepDetector steps_;
  bool is_contradicted_ = false;
};

}  // namespace noonmark::core::estimator
