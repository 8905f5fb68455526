#pragma once

#include <cstdint>

#include "core/served_line.h"
#include "io/kernel_clock.h"

namespace noonmark::io {

/// Tells the served time by a line, on any thread and without the clock driver.
class ServedClock {
 public:
  /// `kernel` must outlive it.
  explicit ServedClock(KernelClock& kernel) : kernel_(kernel) {}

  /// The line from now on. To be called before at_kernel_time(), and again after some seconds.
  void follow(const core::ServedLine& line);
  /// CLOCK_REALTIME at the last follow(), ns since 1970.
  std::int64_t real_ns() const { return reading_.real_ns; }

  core::Timestamp now() const;
  /// At the moment of a kernel's stamp (CLOCK_REALTIME, ns since 1970) that is seconds old at most.
  core::Timestamp at_kernel_time(std::int64_t unix_ns) const;

 private:
  KernelClock& kernel_;
  core::ServedLine line_;
  ClockSample reading_;
};

}  // namespace noonmark::io
