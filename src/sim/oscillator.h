#pragma once

#include <array>
#include <cstdint>

#include "sim/draws.h"
#include "sim/scenario.h"

namespace noonmark::sim {

/// An oscillator's time minus true time, s. Its frequency is constant from one point of the grid to the next,
/// so its course depends on the seed alone and not on when it is looked at.
class Oscillator {
 public:
  Oscillator(const OscillatorConfig& config, std::uint64_t seed, double grid);

  /// At `time`, which is not before that of the last call.
  double error_at(double time);
  /// Error of the frequency now, s/s.
  double frequency() const { return frequency_; }
  /// Stands still from `from` for `length`; not in the past.
  void pause(double from, double length) { pauses_.push_back({from, from + length}); }

 private:
  void next_segment();
  double temperature(double time) const;
  double flicker();

  // Octaves of the flicker noise: time constants 10 s times 4^k, up to 45 hours.
  static constexpr std::size_t kFlickerTerms = 8;

  OscillatorConfig config_;
  Draws draws_;
  double grid_;
  double start_ = 0, error_ = 0, frequency_ = 0;  // of the segment at work
  double initial_ = 0, walk_ = 0;
  std::array<double, kFlickerTerms> terms_{};
  std::vector<Span> pauses_;
};

}  // namespace noonmark::sim
