#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/served_line.h"

namespace noonmark::core {

/// What a clock driver does with its commands.
enum class ClockKind : std::uint8_t {
  system,        // steers the kernel's clock
  observe,       // keeps a corrected time of its own
  virtual_clock  // the same of a clock that is wrong on purpose
};
std::string_view code(ClockKind kind);  // "system", "observe", "virtual"

/// A clock that can be read on both scales and steered. Used by one thread.
class ClockDriver {
 public:
  virtual ~ClockDriver() = default;
  virtual ClockKind kind() const { return ClockKind::system; }
  virtual Instant now() = 0;
  /// The instant at which the kernel's real-time clock showed `unix_nanoseconds` (a packet's time stamp, at
  /// most some seconds ago).
  virtual Instant at_kernel_time(std::int64_t unix_nanoseconds) = 0;
  /// The served clock from now until the next apply(): by default CLOCK_REALTIME.
  virtual ServedLine served_line() { return {}; }
  /// Steps and sets the frequency. An error means that nothing was changed; its message says what is missing.
  virtual base::Result<void> apply(const ClockCommand& command) = 0;
  /// The largest |frequency| that apply() takes, s/s.
  virtual double max_frequency() const = 0;
  /// log2 of the resolution and reading time, s (RFC 5905 section 7.3), e.g. -24.
  virtual std::int8_t precision() const = 0;
  /// What the clock already corrects when the daemon starts, s/s.
  virtual double initial_frequency() const { return 0; }
  /// By how much apply() has stepped the kernel's real-time clock in all, leap seconds that it was told of
  /// included: what goes beyond is another program's doing.
  virtual Duration stepped() { return {}; }
  /// Another program has set the kernel's clock: puts the frequency and status of the last command in force
  /// again.
  virtual base::Result<void> reassert() { return {}; }
  /// Lent by a simulator, so that its time may be of any date.
  virtual bool is_simulated() const { return false; }
  /// The virtual clock knows how wrong it is: corrected clock minus the kernel's real-time clock.
  virtual std::optional<Duration> true_offset() { return std::nullopt; }
};

}  // namespace noonmark::core
