#pragma once

#include <memory>
#include <optional>

#include "core/clock_driver.h"
#include "io/kernel_clock.h"
#include "io/raw_scale.h"

namespace noonmark::io {

using core::ClockCommand;

/// Steers the kernel's clock with adjtimex(). Raw scale: CLOCK_MONOTONIC_RAW, made one by RawScale where it
/// is none; served: CLOCK_REALTIME. Nothing is changed before the first apply(), which also ends what is left
/// of another program's slew.
///
/// While the status is `synchronized`, STA_UNSYNC is off, and the kernel copies its time to the real-time
/// clock of the hardware every 11 minutes. Leap seconds are the kernel's to insert (STA_INS, STA_DEL), and
/// while it is at one neither these bits nor TAI minus UTC, which it counts on by itself, are changed.
class LinuxClock final : public core::ClockDriver {
 public:
  /// Fails without CAP_SYS_TIME. `kernel` must outlive the driver.
  static base::Result<std::unique_ptr<LinuxClock>> create(KernelClock& kernel);

  core::Instant now() override;
  core::Instant at_kernel_time(std::int64_t unix_nanoseconds) override;
  base::Result<void> apply(const ClockCommand& command) override;
  double max_frequency() const override { return kMaxClockFrequency; }
  std::int8_t precision() const override { return precision_; }
  bool is_simulated() const override { return simulated_; }
  double initial_frequency() const override { return initial_frequency_; }
  core::Duration stepped() override;
  base::Result<void> reassert() override;

 private:
  struct Step {
    std::int64_t raw_ns;
    std::int64_t by_ns;
  };
  LinuxClock(KernelClock& kernel, const timex& found, bool simulated);
  std::int64_t raw_ns_of_age(std::int64_t now_raw_ns, std::int64_t age_ns) const;
  int end_earlier_slew();
  int leap_bits(wire::Leap leap);
  void count_leap_seconds(int kernel_tai_offset);
  void set_tai_offset(int wanted);

  KernelClock& kernel_;
  bool simulated_;
  double initial_frequency_;
  double frequency_;  // in force now, as the kernel rounds it, s/s
  RawScale scale_;
  std::int8_t precision_;
  std::optional<Step> last_step_;             // ours
  std::int64_t stepped_ns_ = 0;               // by all of ours, and by leap seconds
  int leap_bits_ = 0;                         // STA_INS, STA_DEL as we set them last
  int tai_offset_;                            // as the kernel had it last, s
  std::optional<ClockCommand> last_command_;  // without its step
  bool taken_over_ = false;
};

}  // namespace noonmark::io
