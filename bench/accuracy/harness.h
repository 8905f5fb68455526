#pragma once

#include <cstdint>
#include <vector>

#include "accuracy/world.h"

namespace noonmark::bench {

/// The corrected clock's error over true time, on a regular grid. Seconds.
class Trace {
 public:
  explicit Trace(double grid) : grid_(grid) {}
  double next() const { return kFirst + grid_ * static_cast<double>(errors_.size()); }
  void add(double error) { errors_.push_back(error); }

  double rms(double from, double until) const;
  double quantile(double share, double from, double until) const;  // of the absolute value; 1: the largest
  /// How long after `from` the error was beyond `band` for the last time, up to `until`.
  double settling(double band, double from, double until) const;

 private:
  static constexpr double kFirst = 1;
  std::vector<double> part(double from, double until) const;  // absolute values, from <= t < until
  double grid_;
  std::vector<double> errors_;
};

struct RunOptions {
  bool is_adaptive = false;     // polls 6 to 10, else fixed
  bool announces_jump = false;  // the system tells of a clock jump
  double restart_at = 0;        // s, 0: never
  bool keeps_learned = false;   // at the restart
};

struct Run {
  Trace trace;
  long packets = 0;
};

/// Bursts of 4 packets 2 s apart at the start, then the world's poll.
Run run(const World& world, const RunOptions& options = {});

}  // namespace noonmark::bench
