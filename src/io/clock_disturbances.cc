#include "io/clock_disturbances.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace noonmark::io {
namespace {

constexpr time_t kNeverReached = 8'000'000'000;  // s since 1970: the timer is there to be cancelled

}  // namespace

DisturbanceMeter::DisturbanceMeter(KernelClock& kernel, core::ClockDriver& driver)
    : kernel_(kernel), driver_(driver), last_(read()) {}

/// The quickest of some readings: one that was interrupted is off by that.
DisturbanceMeter::Reading DisturbanceMeter::read() {
  constexpr int kTries = 5;
  Reading best;
  std::int64_t smallest_window = INT64_MAX;
  for (int i = 0; i < kTries; ++i) {
    const std::int64_t before = kernel_.read_ns(CLOCK_MONOTONIC);
    const std::int64_t real = kernel_.read_ns(CLOCK_REALTIME);
    const std::int64_t boot = kernel_.boot_ns().value_or(before);
    const std::int64_t window = kernel_.read_ns(CLOCK_MONOTONIC) - before;
    if (window >= smallest_window) continue;
    smallest_window = window;
    const std::int64_t middle = before + window / 2;
    best.wall_ns = real - middle;
    best.suspended_ns = boot - middle;
  }
  best.own_ns = driver_.stepped().nanoseconds();
  return best;
}

std::vector<core::ClockDisturbance> DisturbanceMeter::look() {
  using How = core::ClockDisturbed::How;
  const Reading now = read();
  const Reading before = std::exchange(last_, now);
  const std::int64_t slept = now.suspended_ns - before.suspended_ns;
  const std::int64_t set =
      now.wall_ns - before.wall_ns - (now.own_ns - before.own_ns) - (slept > kNoise ? slept : 0);
  std::vector<core::ClockDisturbance> found;
  if (slept > kNoise) found.push_back({How::suspended, core::Duration::from_nanoseconds(slept)});
  // A clock of the driver's own does not follow the kernel's.
  if (std::abs(set) > kNoise && driver_.kind() == core::ClockKind::system)
    found.push_back({How::stepped, core::Duration::from_nanoseconds(set)});
  return found;
}

ClockDisturbances::ClockDisturbances(Loop& loop, KernelClock& kernel, core::ClockDriver& driver,
                                     Callback disturbed)
    : loop_(loop), meter_(kernel, driver), disturbed_(std::move(disturbed)) {
  if (!kernel.boot_ns()) return;
  UniqueFd timer(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
  if (!timer) return;
  ::fcntl(timer.get(), F_SETFD, FD_CLOEXEC);
  timer_ = std::move(timer);
  if (!arm()) {
    timer_ = UniqueFd{};
    return;
  }
  loop_.watch(timer_.get(), POLLIN, [this](short) { on_ready(); });
}

ClockDisturbances::~ClockDisturbances() {
  if (timer_) loop_.unwatch(timer_.get());
}

bool ClockDisturbances::arm() {
  itimerspec never{};
  never.it_value.tv_sec = kNeverReached;
  return ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) == 0;
}

/// Once cancelled, the timer is ready at once, and stays so until it is read or set anew. It is set anew
/// before the clocks are read: what comes in between is told by both.
void ClockDisturbances::on_ready() {
  std::uint64_t expirations = 0;
  const auto got = ::read(timer_.get(), &expirations, sizeof expirations);
  if (got < 0 && errno == EAGAIN) return;
  arm();
  for (const auto& disturbance : meter_.look()) disturbed_(disturbance);
}

}  // namespace noonmark::io
