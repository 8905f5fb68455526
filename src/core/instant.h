#pragma once

#include <compare>
#include <cstdint>

#include "wire/time.h"

namespace noonmark::core {

using wire::Duration;
using wire::ShortDuration;
using wire::Timestamp;

/// A reading of the uncorrected oscillator: time since the driver was made. Monotonic, never stepped or
/// slewed, so it has an order. Samples and deadlines live in this scale.
class RawTime {
 public:
  constexpr RawTime() = default;
  constexpr explicit RawTime(Duration since_start) : since_start_(since_start) {}
  constexpr Duration since_start() const { return since_start_; }
  friend constexpr auto operator<=>(RawTime, RawTime) = default;
  friend constexpr Duration operator-(RawTime a, RawTime b) { return a.since_start_ - b.since_start_; }
  friend constexpr RawTime operator+(RawTime t, Duration d) { return RawTime(t.since_start_ + d); }
  friend constexpr RawTime operator-(RawTime t, Duration d) { return RawTime(t.since_start_ - d); }

 private:
  Duration since_start_;
};

inline constexpr RawTime kNever = RawTime(Duration::from_raw(INT64_MAX));

/// One moment on both scales: `raw` is the oscillator, `served` the corrected clock that the world sees.
struct Instant {
  RawTime raw;
  Timestamp served;
};

/// Where a time stamp was taken.
enum class StampSource : std::uint8_t { daemon, kernel, hardware };
struct Stamp {
  Instant at;
  StampSource source = StampSource::daemon;
};

}  // namespace noonmark::core
