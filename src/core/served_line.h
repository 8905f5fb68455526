#pragma once

#include <cstdint>

#include "core/instant.h"

namespace noonmark::core {

/// The served clock as a straight line over one of the kernel's clocks: true until the next command to the
/// clock driver. Flat, so that it can be handed to other threads.
struct ServedLine {
  bool of_real_time = true;                       // over CLOCK_REALTIME; else over CLOCK_MONOTONIC_RAW
  std::int64_t from_ns = 0;                       // a reading of that clock
  Timestamp served = Timestamp::from_unix(0, 0);  // at that reading
  double frequency = 0;                           // s/s that the served clock gains on it
  bool operator==(const ServedLine&) const = default;

  /// What the served clock shows when that clock reads `ns`.
  Timestamp at(std::int64_t ns) const {
    const auto passed = Duration::from_nanoseconds(ns - from_ns);
    return frequency == 0 ? served + passed : served + passed + passed * frequency;
  }
};

}  // namespace noonmark::core
