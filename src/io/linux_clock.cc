#include "io/linux_clock.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fmt/format.h>
#include <cstdlib>
#include <unistd.h>
#include <utility>

#include "io/errno_text.h"

namespace noonmark::io {
namespace {

using base::ErrorCode;
using core::KernelClockStatus;

constexpr double kFrequencyUnit = 65536e6;       // timex.freq is in 2^-16 ppm
constexpr std::int64_t kSecond = 1'000'000'000;  // ns
constexpr double kPllRange = 500e-6;             // of timex.freq; beyond it the tick has to help

/// A mode bit that names nothing to change. The kernel demands the capability for any mode at all.
constexpr unsigned kNoChange = 0x0800;

/// Microseconds per tick when nothing is corrected: 10000.
long nominal_tick() { return 1'000'000 / sysconf(_SC_CLK_TCK); }

/// None, where adjtimex() is there for show and fills in nothing.
double frequency_of(const timex& state) {
  if (state.tick == 0) return 0;
  const auto nominal = static_cast<double>(nominal_tick());
  return (static_cast<double>(state.tick) - nominal) / nominal +
         static_cast<double>(state.freq) / kFrequencyUnit;
}

void set_frequency(timex& request, double frequency) {
  const auto nominal = static_cast<double>(nominal_tick());
  const double ticks = std::abs(frequency) > kPllRange ? std::round(frequency * nominal) : 0.0;
  request.modes |= ADJ_FREQUENCY | ADJ_TICK;
  request.tick = static_cast<long>(nominal + ticks);
  request.freq = std::lround((frequency - ticks / nominal) * kFrequencyUnit);
}

void set_step(timex& request, std::int64_t by_ns) {
  std::int64_t seconds = by_ns / kSecond;
  std::int64_t nanoseconds = by_ns % kSecond;
  if (nanoseconds < 0) {  // the kernel takes no negative fraction
    nanoseconds += kSecond;
    --seconds;
  }
  request.modes |= ADJ_SETOFFSET | ADJ_NANO;
  request.time.tv_sec = seconds;
  request.time.tv_usec = nanoseconds;
}

core::RawTime raw_time(std::int64_t ns) { return core::RawTime(core::Duration::from_nanoseconds(ns)); }

long microseconds(double seconds) {
  constexpr double kPhaseLimit = 16e6;  // the kernel's NTP_PHASE_LIMIT
  return std::lround(std::clamp(seconds * 1e6, 0.0, kPhaseLimit));
}

void set_status(timex& request, const KernelClockStatus& status, int leap_bits) {
  request.modes |= ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR;
  request.status = (status.synchronized ? 0 : STA_UNSYNC) | leap_bits;
  request.maxerror = microseconds(status.max_error);
  request.esterror = microseconds(status.estimated_error);
}

}  // namespace

base::Result<std::unique_ptr<LinuxClock>> LinuxClock::create(KernelClock& kernel) {
  // A simulator that interposes adjtimex() lends us its clock without any capability, so ask it too. The
  // order matters: the kernel is asked only when it is sure to refuse.
  timex probe{};
  probe.modes = kNoChange;
  const bool capable = kernel.has_time_capability();
  if (!capable && kernel.adjust(probe) != 0)
    return base::fail(
        "steering the system clock needs the capability CAP_SYS_TIME (run as root); --clock observe only "
        "watches the "
        "clock, --clock virtual:offset=S,frequency=PPM runs a software clock",
        ErrorCode::io);
  timex found{};
  if (const int error = kernel.adjust(found); error != 0)
    return base::fail(fmt::format("cannot read the state of the system clock: {}", errno_text(error)),
                      ErrorCode::io);
  return std::unique_ptr<LinuxClock>(new LinuxClock(kernel, found, !capable));
}

LinuxClock::LinuxClock(KernelClock& kernel, const timex& found, bool simulated)
    : kernel_(kernel),
      simulated_(simulated),
      initial_frequency_(frequency_of(found)),
      frequency_(initial_frequency_),
      scale_(kernel, frequency_),
      precision_(measure_precision(kernel)),
      tai_offset_(found.tai) {}

core::Instant LinuxClock::now() {
  const ClockSample now = scale_.sample();
  return {raw_time(now.raw_ns), timestamp_of_unix_ns(now.real_ns)};
}

std::int64_t LinuxClock::raw_ns_of_age(std::int64_t now_raw_ns, std::int64_t age_ns) const {
  return now_raw_ns - uncorrected_ns(age_ns, frequency_);
}

core::Instant LinuxClock::at_kernel_time(std::int64_t unix_nanoseconds) {
  const ClockSample now = scale_.sample();
  const std::int64_t age = now.real_ns - unix_nanoseconds;
  std::int64_t raw_ns = raw_ns_of_age(now.raw_ns, age);
  if (last_step_ && (raw_ns < last_step_->raw_ns || raw_ns > now.raw_ns)) {
    // Not after our last step, if the stamp was taken after it: so it may have been taken before.
    const std::int64_t before_step = raw_ns_of_age(now.raw_ns, age - last_step_->by_ns);
    if (before_step <= last_step_->raw_ns) raw_ns = before_step;
  }
  return {raw_time(std::min(raw_ns, now.raw_ns)), timestamp_of_unix_ns(unix_nanoseconds)};
}

/// What another program left in the kernel's phase-locked loop and in adjtime() would go on beside our
/// frequency.
int LinuxClock::end_earlier_slew() {
  timex loop{};
  loop.modes = ADJ_STATUS | ADJ_OFFSET;
  loop.status = STA_PLL | STA_FREQHOLD | STA_UNSYNC;
  if (const int error = kernel_.adjust(loop); error != 0) return error;
  timex single_shot{};
  single_shot.modes = ADJ_OFFSET_SINGLESHOT;
  return kernel_.adjust(single_shot);
}

/// Taking the bits away, or setting them once more, a second before the leap or within it would lose the leap
/// second, or do it twice.
int LinuxClock::leap_bits(wire::Leap leap) {
  constexpr std::int64_t kDay = 86400LL * kSecond;
  constexpr std::int64_t kNear = 2 * kSecond;  // before the end of the day
  const int wanted = leap == wire::Leap::insert ? STA_INS : leap == wire::Leap::remove ? STA_DEL : 0;
  if (wanted == leap_bits_ || leap_bits_ == 0) return wanted;
  const int state = kernel_.leap_state();
  const bool pending = state == TIME_INS || state == TIME_DEL;
  const bool near = kDay - kernel_.read_ns(CLOCK_REALTIME) % kDay < kNear;
  return state == TIME_OOP || (pending && near) ? leap_bits_ : wanted;
}

/// The kernel counts a leap second by TAI minus UTC; it is one that we asked for.
void LinuxClock::count_leap_seconds(int kernel_tai_offset) {
  const int leaps = kernel_tai_offset - std::exchange(tai_offset_, kernel_tai_offset);
  if (leap_bits_ != 0 && std::abs(leaps) == 1) stepped_ns_ -= leaps * kSecond;
}

/// Within a leap second the kernel is ahead of the table.
void LinuxClock::set_tai_offset(int wanted) {
  if (wanted == tai_offset_ || kernel_.leap_state() == TIME_OOP) return;
  timex request{};
  request.modes = ADJ_TAI;
  request.constant = wanted;
  if (kernel_.adjust(request) == 0) tai_offset_ = wanted;
}

core::Duration LinuxClock::stepped() {
  timex state{};
  if (kernel_.adjust(state) == 0) count_leap_seconds(state.tai);
  return core::Duration::from_nanoseconds(stepped_ns_);
}

base::Result<void> LinuxClock::reassert() {
  if (!last_command_) return {};
  taken_over_ = kernel_.leap_state() == TIME_OOP;  // ending a slew would end the leap second, too
  return apply(*last_command_);
}

base::Result<void> LinuxClock::apply(const ClockCommand& command) {
  if (!(std::abs(command.frequency) <= kMaxClockFrequency))
    return base::fail(fmt::format("the system clock cannot run at {:+.0f} ppm", command.frequency * 1e6));
  int error = taken_over_ ? 0 : end_earlier_slew();
  taken_over_ = error == 0;
  // One call: the kernel checks all of it before it changes anything.
  timex request{};
  set_frequency(request, command.frequency);
  const double rounded = frequency_of(request);
  const int bits = leap_bits(command.status.leap);
  set_status(request, command.status, bits);
  if (command.step) set_step(request, command.step->nanoseconds());
  if (error == 0) error = kernel_.adjust(request);
  if (error != 0)
    return base::fail(fmt::format("the kernel refuses to adjust the clock: {}", errno_text(error)),
                      ErrorCode::io);
  scale_.rate_changed(rounded);
  frequency_ = rounded;
  count_leap_seconds(request.tai);
  leap_bits_ = bits;
  if (command.status.tai_offset) set_tai_offset(*command.status.tai_offset);
  if (command.step) {
    last_step_ = {scale_.sample().raw_ns, command.step->nanoseconds()};
    stepped_ns_ += command.step->nanoseconds();
  }
  last_command_ = command;
  last_command_->step.reset();
  return {};
}

}  // namespace noonmark::io
