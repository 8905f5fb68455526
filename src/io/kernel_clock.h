#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <sys/timex.h>

#include "wire/time.h"

namespace noonmark::io {

/// The system calls under the clock drivers; a seam for tests.
class KernelClock {
 public:
  virtual ~KernelClock() = default;
  /// Nanoseconds of a clock that there is; CLOCK_REALTIME counts since 1970.
  virtual std::int64_t read_ns(clockid_t id) = 0;
  virtual bool has_clock(clockid_t id) = 0;
  /// CLOCK_BOOTTIME; none where there is no such clock.
  virtual std::optional<std::int64_t> boot_ns() = 0;
  /// What adjtimex() returns when it changes nothing: TIME_OK, TIME_INS, ...; negative if it fails.
  virtual int leap_state() = 0;
  /// adjtimex(). Returns 0 or an errno value.
  virtual int adjust(timex& request) = 0;
  /// Whether this process has CAP_SYS_TIME.
  virtual bool has_time_capability() = 0;
};

class SystemKernelClock final : public KernelClock {
 public:
  std::int64_t read_ns(clockid_t id) override;
  bool has_clock(clockid_t id) override;
  std::optional<std::int64_t> boot_ns() override;
  int leap_state() override;
  int adjust(timex& request) override;
  bool has_time_capability() override;
};

/// One moment on both clocks of the kernel.
struct ClockSample {
  std::int64_t raw_ns = 0;     // of the raw clock
  std::int64_t real_ns = 0;    // CLOCK_REALTIME
  std::int64_t window_ns = 0;  // within which both were read, on the raw clock
};

/// Reads the real-time clock between two readings of the raw one, several times if a pair lies far apart.
ClockSample sample(KernelClock& clock, clockid_t raw_clock = CLOCK_MONOTONIC_RAW);

/// log2 of the seconds by which successive readings of CLOCK_REALTIME differ, rounded up (RFC 5905
/// section 7.3). A clock that stands still while it is read, as a simulator's, is taken for one of
/// microseconds.
std::int8_t measure_precision(KernelClock& clock);

/// Nanoseconds since 1970, of any sign, as a timestamp of whatever era.
wire::Timestamp timestamp_of_unix_ns(std::int64_t unix_ns);

/// The largest |frequency| that our drivers take, s/s: the range of the kernel's tick.
inline constexpr double kMaxClockFrequency = 0.1;

}  // namespace noonmark::io
