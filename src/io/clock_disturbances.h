#pragma once

#include <functional>

#include "core/clock_driver.h"
#include "core/engine.h"
#include "io/kernel_clock.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace noonmark::io {

/// What of the kernel's clocks moved that is not the driver's doing: CLOCK_REALTIME and CLOCK_MONOTONIC are
/// slewed alike, so they part only by steps and while the machine is suspended; CLOCK_BOOTTIME counts the
/// latter.
class DisturbanceMeter {
 public:
  /// Both outlive the meter.
  DisturbanceMeter(KernelClock& kernel, core::ClockDriver& driver);
  /// Since the last call, or since the meter was made. Less than kNoise is none.
  std::vector<core::ClockDisturbance> look();

  static constexpr std::int64_t kNoise = 100'000;  // ns, of readings one after the other

 private:
  struct Reading {
    std::int64_t wall_ns = 0;       // CLOCK_REALTIME minus CLOCK_MONOTONIC
    std::int64_t suspended_ns = 0;  // CLOCK_BOOTTIME minus CLOCK_MONOTONIC
    std::int64_t own_ns = 0;        // by which the driver stepped the clock
  };
  Reading read();

  KernelClock& kernel_;
  core::ClockDriver& driver_;
  Reading last_;
};

/// Calls `disturbed` when the kernel says that its clock was set or its machine suspended: a timer that is
/// cancelled by that (timerfd_settime()). Costs nothing until then. Where CLOCK_BOOTTIME or such timers do
/// not exist (old kernels, simulators that interpose libc), nothing is watched.
class ClockDisturbances {
 public:
  using Callback = std::function<void(const core::ClockDisturbance&)>;
  /// All outlive the object.
  ClockDisturbances(Loop& loop, KernelClock& kernel, core::ClockDriver& driver, Callback disturbed);
  ~ClockDisturbances();
  bool is_watching() const { return static_cast<bool>(timer_); }

 private:
  bool arm();
  void on_ready();

  Loop& loop_;
  DisturbanceMeter meter_;
  Callback disturbed_;
  UniqueFd timer_;
};

}  // namespace noonmark::io
