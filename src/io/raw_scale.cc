#include "io/raw_scale.h"

#include <algorithm>
#include <cmath>

namespace noonmark::io {

std::int64_t uncorrected_ns(std::int64_t ns, double frequency) {
  return ns - std::llround(static_cast<double>(ns) * (frequency / (1 + frequency)));
}

RawScale::RawScale(KernelClock& kernel, double frequency)
    : kernel_(kernel),
      clock_(kernel.has_clock(CLOCK_MONOTONIC_RAW) ? CLOCK_MONOTONIC_RAW : CLOCK_MONOTONIC),
      verdict_(clock_ == CLOCK_MONOTONIC_RAW ? Verdict::none : Verdict::corrected),
      frequency_(frequency),
      anchor_(read()) {}

void RawScale::judge(const ClockSample& reading) {
  if (verdict_ == Verdict::free) return;
  const std::int64_t passed = reading.raw_ns - anchor_.raw_ns;
  const double expected = static_cast<double>(passed) * frequency_;
  const double doubt = static_cast<double>(reading.window_ns + anchor_.window_ns) / 2;
  if (std::abs(expected) < std::max(kLeastEvidence, kEvidencePerDoubt * doubt)) return;
  const double seen = static_cast<double>(reading.real_ns - anchor_.real_ns - passed) / expected;
  if (std::abs(seen) < kTolerance) verdict_ = Verdict::corrected;
  if (std::abs(seen - 1) < kTolerance) verdict_ = Verdict::free;
}

std::int64_t RawScale::on_scale(const ClockSample& reading) const {
  const std::int64_t passed = reading.raw_ns - anchor_.raw_ns;
  return anchor_ns_ + (verdict_ == Verdict::corrected ? uncorrected_ns(passed, frequency_) : passed);
}

ClockSample RawScale::sample() {
  ClockSample reading = read();
  judge(reading);
  largest_ns_ = std::max(largest_ns_, on_scale(reading));
  reading.raw_ns = largest_ns_;
  return reading;
}

void RawScale::rate_changed(double frequency) {
  const ClockSample reading = read();
  anchor_ns_ = on_scale(reading);
  anchor_ = reading;
  frequency_ = frequency;
}

}  // namespace noonmark::io
