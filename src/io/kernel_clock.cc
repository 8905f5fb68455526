#include "io/kernel_clock.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cap-ng.h>

#include "base/check.h"

namespace noonmark::io {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::int64_t SystemKernelClock::read_ns(clockid_t id) {
  timespec time{};
  CHECK(clock_gettime(id, &time) == 0);
  return nanoseconds(time);
}

bool SystemKernelClock::has_clock(clockid_t id) {
  timespec time{};
  return clock_gettime(id, &time) == 0;
}

std::optional<std::int64_t> SystemKernelClock::boot_ns() {
  timespec time{};
  if (clock_gettime(CLOCK_BOOTTIME, &time) != 0) return std::nullopt;
  return nanoseconds(time);
}

int SystemKernelClock::leap_state() {
  timex nothing{};
  return adjtimex(&nothing);
}

int SystemKernelClock::adjust(timex& request) { return adjtimex(&request) < 0 ? errno : 0; }

bool SystemKernelClock::has_time_capability() {
  capng_get_caps_process();
  return capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_TIME) == 1;
}

ClockSample sample(KernelClock& clock, clockid_t raw_clock) {
  constexpr int kTries = 3;
  constexpr std::int64_t kNear = 500;
  ClockSample best{.window_ns = INT64_MAX};
  for (int i = 0; i < kTries && best.window_ns > kNear; ++i) {
    const std::int64_t before = clock.read_ns(raw_clock);
    const std::int64_t real = clock.read_ns(CLOCK_REALTIME);
    const std::int64_t window = clock.read_ns(raw_clock) - before;
    if (window < best.window_ns) best = {before + window / 2, real, window};
  }
  return best;
}

std::int8_t measure_precision(KernelClock& clock) {
  constexpr int kReadings = 100;
  constexpr int kMostReadings = 1'000'000;  // until one differs: more than a tick of 10 ms takes
  constexpr std::int64_t kNone = INT64_MAX, kStandingStill = 1'000;
  std::int64_t smallest = kNone;
  std::int64_t last = clock.read_ns(CLOCK_REALTIME);
  for (int i = 0; i < (smallest == kNone ? kMostReadings : kReadings); ++i) {
    const std::int64_t now = clock.read_ns(CLOCK_REALTIME);
    if (now > last) smallest = std::min(smallest, now - last);
    last = now;
  }
  if (smallest == kNone) smallest = kStandingStill;
  const double exponent = std::ceil(std::log2(static_cast<double>(smallest) * 1e-9));
  return static_cast<std::int8_t>(std::clamp(exponent, -30.0, 0.0));
}

wire::Timestamp timestamp_of_unix_ns(std::int64_t unix_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::int64_t seconds = unix_ns / kSecond;
  std::int64_t nanoseconds = unix_ns % kSecond;
  if (nanoseconds < 0) {
    nanoseconds += kSecond;
    --seconds;
  }
  return wire::Timestamp::from_unix(seconds, nanoseconds);
}

}  // namespace noonmark::io
