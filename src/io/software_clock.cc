#include "io/software_clock.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "io/raw_scale.h"

namespace noonmark::io {

using core::Duration;
using core::RawTime;

SoftwareClock::SoftwareClock(KernelClock& kernel, Duration offset, double oscillator_frequency,
                             bool knows_truth)
    : SoftwareClock(kernel, sample(kernel), offset, oscillator_frequency, knows_truth) {}

SoftwareClock::SoftwareClock(KernelClock& kernel, ClockSample start, Duration offset,
                             double oscillator_frequency, bool knows_truth)
    : kernel_(kernel),
      start_raw_ns_(start.raw_ns),
      oscillator_frequency_(oscillator_frequency),
      knows_truth_(knows_truth),
      precision_(measure_precision(kernel)),
      served_(RawTime(), timestamp_of_unix_ns(start.real_ns) + offset) {}

RawTime SoftwareClock::raw_time(std::int64_t kernel_raw_ns) const {
  const Duration elapsed = Duration::from_nanoseconds(kernel_raw_ns - start_raw_ns_);
  return RawTime(elapsed + elapsed * oscillator_frequency_);
}

core::Instant SoftwareClock::instant(std::int64_t kernel_raw_ns) const {
  const RawTime raw = raw_time(kernel_raw_ns);
  return {raw, served_.at(raw)};
}

core::Instant SoftwareClock::now() { return instant(kernel_.read_ns(CLOCK_MONOTONIC_RAW)); }

core::Instant SoftwareClock::at_kernel_time(std::int64_t unix_nanoseconds) {
  // The real-time clock's own rate correction is left out: 100 ppm of the milliseconds that a stamp is old.
  const ClockSample now = sample(kernel_);
  return instant(std::min(now.raw_ns, now.raw_ns - (now.real_ns - unix_nanoseconds)));
}

core::ServedLine SoftwareClock::served_line() {
  const auto& [from, served, frequency] = served_.newest();
  const Duration since_start = from.since_start();
  return {.of_real_time = false,
          .from_ns = start_raw_ns_ + uncorrected_ns(since_start.nanoseconds(), oscillator_frequency_),
          .served = served,
          .frequency = (1 + oscillator_frequency_) * (1 + frequency) - 1};
}

base::Result<void> SoftwareClock::apply(const core::ClockCommand& command) {
  if (!(std::abs(command.frequency) <= kMaxClockFrequency))
    return base::fail(fmt::format("the clock cannot run at {:+.0f} ppm", command.frequency * 1e6));
  served_.correct(raw_time(kernel_.read_ns(CLOCK_MONOTONIC_RAW)), command.step, command.frequency);
  return {};
}

std::optional<Duration> SoftwareClock::true_offset() {
  if (!knows_truth_) return std::nullopt;
  const ClockSample now = sample(kernel_);
  return instant(now.raw_ns).served - timestamp_of_unix_ns(now.real_ns);
}

}  // namespace noonmark::io
