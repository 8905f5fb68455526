#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/state.h"

namespace noonmark::sim {

/// What came out for some clients of one world, taken together. Seconds; errors are corrected minus true
/// time, after the warm-up unless told otherwise. NaN: there was nothing to take it from.
struct Figures {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  std::size_t members = 0;
  double rms = kNone, p50 = kNone, p99 = kNone, max = kNone;  // of the error; p50, p99 of its absolute value
  double first_hour = kNone;                                  // rms from 15 s to an hour after the last start
  double frequency = kNone;              // rms of the corrected clock's frequency error, s/s
  double synchronized = 0;               // share of the time after the start: a source is followed
  double holdover = 0;                   // the same: none is left
  double bound_use = kNone;              // largest error relative to the published bound: at most 1
  double mean_bound = kNone;             // of the published bound
  std::uint64_t violations = 0;          // samples with an error beyond the published bound
  std::uint64_t never_synchronized = 0;  // members
  std::uint64_t sent = 0, received = 0;  // requests: as a client, and as a server
  std::uint64_t steps = 0, losses = 0;   // of the clock; of synchronization
};

/// Watches one clock.
class Meter {
 public:
  explicit Meter(double warm_up) : warm_up_(warm_up) {}
  /// `since_start`: s since the daemon's start, ascending. `bound`: as published, if there is one.
  void add(double since_start, double error, std::optional<double> bound, core::ClockState state);
  /// The daemon starts anew: the first hour is that after the last start.
  void restart(double since_start) {
    restarted_ = since_start;
    early_squares_ = 0;
    early_ = 0;
  }
  /// The clock jumps now: no frequency is taken over the jump.
  void forget_last() { has_last_ = false; }
  bool was_synchronized() const { return synchronized_ > 0; }

  std::uint64_t sent = 0, received = 0, steps = 0, losses = 0;

 private:
  friend Figures pooled(std::span<const Meter* const> meters);
  void add_bound(double error, std::optional<double> bound);
  void add_frequency(double since_start, double error);

  double warm_up_, restarted_ = 0;
  std::vector<float> errors_;  // absolute
  double squares_ = 0, early_squares_ = 0, frequency_squares_ = 0;
  std::uint64_t early_ = 0, frequencies_ = 0, samples_ = 0, synchronized_ = 0, holdover_ = 0, bounded_ = 0,
                violations_ = 0;
  double bounds_ = 0, bound_use_ = 0;
  double last_error_ = 0, last_at_ = 0;
  bool has_last_ = false;
};

Figures pooled(std::span<const Meter* const> meters);

/// A client at one moment, for traces and plots.
struct TracePoint {
  double time = 0;
  std::uint32_t client = 0;
  double error = 0;
  std::optional<double> bound;
  double frequency = 0;  // correction in force, s/s
  std::uint8_t stratum = 16;
  core::ClockState state{};
};

/// A client that never was synchronized.
struct Unsynchronized {
  std::size_t group = 0;
  std::string why;  // of each server, or of the client
};

/// What came out of one world.
struct RunResult {
  std::uint64_t seed = 0;
  bool complete = false;        // false: interrupted
  std::vector<Figures> groups;  // of the scenario's clients
  struct Stratum {
    unsigned stratum = 0;     // 16: not synchronized at the end
    std::size_t servers = 0;  // outside of the program under test
    Figures figures;          // `received` includes those servers' requests
  };
  std::vector<Stratum> strata;                 // ascending
  std::vector<Unsynchronized> unsynchronized;  // in the order of the clients
  std::vector<TracePoint> trace;
};

}  // namespace noonmark::sim
