#pragma once

#include <deque>
#include <optional>

#include "core/instant.h"

namespace noonmark::io {

/// A corrected clock that exists in this process only: a piecewise linear function of a raw scale.
class SoftwareTime {
 public:
  struct Segment {
    core::RawTime from;
    core::Timestamp served;
    double frequency;
  };
  /// Shows `served` at `start` and runs as fast as the raw scale.
  SoftwareTime(core::RawTime start, core::Timestamp served) : segments_{{start, served, 0}} {}

  /// What it shows, or showed, at `raw`: exact as far back as the last kHistory corrections.
  core::Timestamp at(core::RawTime raw) const;
  /// From `now` on: steps, then runs at 1 + frequency. `now` is not earlier than in the calls before.
  void correct(core::RawTime now, std::optional<core::Duration> step, double frequency);
  /// What holds since the last correction.
  const Segment& newest() const { return segments_.back(); }

 private:
  static constexpr std::size_t kHistory = 16;
  std::deque<Segment> segments_;  // newest last, never empty
};

}  // namespace noonmark::io
