#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "accuracy/world.h"
#include "core/estimator/estimator.h"
#include "core/poll.h"
#include "core/selection.h"
#include "core/steering.h"

namespace noonmark::bench {

/// What is added to the raw clock.
class Correction {
 public:
  double at(double t) const;
  void set(double t, double frequency);  // from t on
  void step(double t, double by);

 private:
  double since_ = 0, offset_ = 0, frequency_ = 0;
};

/// One client: the product's estimator, selection, steering and poll rule without packets. Times are true
/// times, which serve as the raw scale: the worlds' offsets are relative to them.
class Pilot {
 public:
  Pilot(std::size_t sources, int poll, bool is_adaptive);

  void on_sample(std::size_t source, const Exchange& exchange);
  void on_jump();  // the system said that the clock jumped
  /// The daemon starts anew, with what it had learned or with nothing; the clock has lost 20 ms.
  void restart(double now, bool keeps_learned);

  double correction(double t);  // t never goes back
  int poll() const { return poll_.host_poll(); }
  bool asks_again() const { return asks_again_; }

 private:
  static constexpr std::int64_t kNoBuildDate = INT64_MIN;
  void learn(std::size_t source, const Exchange& exchange);
  /// Sets who feeds; the falsetickers.
  std::vector<core::AssociationId> select(double now);
  void adapt_poll(std::size_t source, double now);
  void steer(double now);
  void continue_slew(double until);

  std::unique_ptr<core::ClockEstimator> estimator_;
  core::Steering steering_{kNoBuildDate};
  core::PollProcess poll_;
  Correction correction_;
  std::vector<core::AssociationId> feeding_;
  std::size_t sources_;
  std::size_t leader_ = 0;  // whose sample came last
  double interval_;
  bool asks_again_ = false;
};

}  // namespace noonmark::bench
