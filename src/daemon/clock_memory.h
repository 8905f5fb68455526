#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "core/saved_clock.h"
#include "daemon/options.h"
#include "daemon/time_service.h"
#include "io/loop.h"

namespace noonmark::daemon {

/// The text of STATE_DIR/clock.json. `oscillator` names what was learned about: see oscillator_name().
std::string encode(const core::SavedClock& clock, std::string_view oscillator);
/// Fails for a text that encode() does not write, for numbers out of all bounds, and for another oscillator.
base::Result<core::SavedClock> decode(std::string_view text, std::string_view oscillator);

/// "system", "observe", "virtual 40 ppm": what is learned of one is not true for another.
std::string oscillator_name(const ClockOption& option);

/// Keeps what was learned of the clock across restarts.
class ClockMemory {
 public:
  /// `log` outlives the object.
  ClockMemory(std::string path, std::string oscillator, base::LogSink& log);

  /// Of the run before; a file that is damaged is logged and passed over.
  std::optional<core::SavedClock> recall() const;
  /// Writes it at once, if anything was learned.
  void keep(const TimeService& service);
  /// From now on writes it by itself: soon after the start, then every hour.
  void keep_regularly(io::Loop& loop, const TimeService& service);

 private:
  std::string path_;
  std::string oscillator_;
  base::LogSink& log_;
  bool failing_ = false;
};

}  // namespace noonmark::daemon
