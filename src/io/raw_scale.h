#pragma once

#include <cstdint>

#include "io/kernel_clock.h"

namespace noonmark::io {

/// What the oscillator counts while a clock that is corrected by `frequency` (s/s) counts `ns`.
std::int64_t uncorrected_ns(std::int64_t ns, double frequency);

/// The oscillator under the kernel's clock, as if adjtimex() had never corrected it, in ns since this object
/// was made. It never runs backwards.
///
/// On Linux that is what CLOCK_MONOTONIC_RAW shows. Other systems, and simulators that stand in for libc,
/// give CLOCK_MONOTONIC by that name, or lack it: then it runs with our corrections, each would be taken for
/// the oscillator's own and made twice, and the steering would swing for ever. So the clock is watched
/// against CLOCK_REALTIME while a correction is in force. If it lags by the correction, it is free of
/// corrections, and that is settled. If it goes along, the corrections are taken out of it; should it turn
/// out free later (they took effect late, or another program undid them), they are left in from then on.
/// Before the first verdict CLOCK_MONOTONIC_RAW is believed to be free, and CLOCK_MONOTONIC, used where there
/// is no other, not.
class RawScale {
 public:
  /// `frequency`: what the kernel corrects already, s/s. `kernel` must outlive the scale.
  RawScale(KernelClock& kernel, double frequency);
  /// One moment on this scale and on CLOCK_REALTIME.
  ClockSample sample();
  /// To be called right after the kernel was told, with what it was told: tick and frequency as rounded.
  void rate_changed(double frequency);

  /// What a correction has to amount to before the clocks are compared: ten steps of a clock of microseconds.
  static constexpr double kLeastEvidence = 10'000;  // ns
  /// And how many times what the readings may be wrong by.
  static constexpr double kEvidencePerDoubt = 8;
  /// How near to none, or to all of the correction must be seen; between them nothing is decided.
  static constexpr double kTolerance = 0.25;

 private:
  enum class Verdict { none, corrected, free };
  ClockSample read() { return io::sample(kernel_, clock_); }
  void judge(const ClockSample& reading);
  std::int64_t on_scale(const ClockSample& reading) const;

  KernelClock& kernel_;
  clockid_t clock_;
  Verdict verdict_;
  double frequency_;             // in force since `anchor_`, s/s
  ClockSample anchor_;           // on the kernel's clocks
  std::int64_t anchor_ns_ = 0;   // on this scale
  std::int64_t largest_ns_ = 0;  // told so far
};

}  // namespace noonmark::io
