#pragma once

#include <memory>
#include <vector>

#include "accuracy/world.h"
#include "core/estimator/estimator.h"

namespace noonmark::bench {

/// What is added to the raw clock: a line, and a slew that ends.
class Correction {
 public:
  double at(double t) const;
  /// From t on: this frequency, and `rest` within `duration`.
  void set(double t, double frequency, double rest, double duration);
  void step(double t, double by);

 private:
  double since_ = 0, offset_ = 0, frequency_ = 0;
  double slew_rate_ = 0, slew_end_ = 0;
};

/// One client: the estimator, and the least that it needs around it. Times are true times, which serve as the
/// raw scale: the worlds' offsets are relative to them.
class Pilot {
 public:
  Pilot(std::size_t sources, int poll, bool is_adaptive);

  void on_sample(std::size_t source, const Exchange& exchange);
  void on_jump();  // the system said that the clock jumped
  /// The daemon starts anew, with what it had learned or with nothing; the clock has lost 20 ms.
  void restart(double now, bool keeps_learned);

  double correction(double t) const { return correction_.at(t); }
  int poll() const { return poll_; }
  bool needs_confirmation() const { return estimator_->needs_confirmation(); }

 private:
  void learn(std::size_t source, const Exchange& exchange);
  void select(double now);
  void adapt_poll(std::size_t source);
  void steer(std::size_t source, double now);

  std::unique_ptr<core::ClockEstimator> estimator_;
  Correction correction_;
  std::vector<core::AssociationId> feeding_;
  std::size_t sources_;
  double interval_;
  int poll_;
  bool is_adaptive_;
  double score_ = 0;  // of the poll rule
};

}  // namespace noonmark::bench
