#pragma once

#include <optional>

#include "core/clock_driver.h"
#include "io/kernel_clock.h"
#include "io/software_time.h"

namespace noonmark::io {

/// The clock drivers that never touch the kernel's clock: what they correct is a time of their own. Under
/// `--clock observe` it starts as the real-time clock and runs with CLOCK_MONOTONIC_RAW; under `--clock
/// virtual` it starts `offset` ahead and its oscillator gains `frequency` against CLOCK_MONOTONIC_RAW.
class SoftwareClock final : public core::ClockDriver {
 public:
  /// `kernel` must outlive the driver.
  static SoftwareClock observing(KernelClock& kernel) { return {kernel, {}, 0, false}; }
  /// `frequency` in s/s.
  static SoftwareClock wrong_by(KernelClock& kernel, core::Duration offset, double frequency) {
    return {kernel, offset, frequency, true};
  }

  core::ClockKind kind() const override {
    return knows_truth_ ? core::ClockKind::virtual_clock : core::ClockKind::observe;
  }
  core::Instant now() override;
  core::Instant at_kernel_time(std::int64_t unix_nanoseconds) override;
  core::ServedLine served_line() override;
  base::Result<void> apply(const core::ClockCommand& command) override;
  double max_frequency() const override { return kMaxClockFrequency; }
  std::int8_t precision() const override { return precision_; }
  std::optional<core::Duration> true_offset() override;

 private:
  SoftwareClock(KernelClock& kernel, core::Duration offset, double oscillator_frequency, bool knows_truth);
  SoftwareClock(KernelClock& kernel, ClockSample start, core::Duration offset, double oscillator_frequency,
                bool knows_truth);
  core::RawTime raw_time(std::int64_t kernel_raw_ns) const;
  core::Instant instant(std::int64_t kernel_raw_ns) const;

  KernelClock& kernel_;
  std::int64_t start_raw_ns_;
  double oscillator_frequency_;
  bool knows_truth_;
  std::int8_t precision_;
  SoftwareTime served_;
};

}  // namespace noonmark::io
