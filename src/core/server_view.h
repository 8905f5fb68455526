#pragma once

#include <algorithm>
#include <cstdint>

#include "core/instant.h"
#include "wire/header.h"

namespace noonmark::core {

/// What those who ask are told of the system: its variables at one moment, flat, so that it can be published
/// to other threads as a whole.
struct ServerView {
  wire::Leap leap = wire::Leap::unknown;
  std::uint8_t stratum = wire::kMaxStratum;
  std::int8_t precision = -20;
  std::uint32_t reference_id = 0;
  Timestamp reference;
  bool local_clock = false;    // the reference time is renewed with each answer
  double root_delay = 0;       // s
  double root_dispersion = 0;  // s, at `at`
  double dispersion_rate = 0;  // s/s, by which it grows since
  Timestamp at;                // served clock
  bool operator==(const ServerView&) const = default;

  bool is_synchronized() const { return stratum < wire::kMaxStratum; }
  double dispersion_at(Timestamp now) const {
    return root_dispersion + dispersion_rate * std::max(0.0, (now - at).seconds());
  }
  /// Whether `earlier` says the same from `at` on, but for less than what a header can express.
  bool continues(const ServerView& earlier) const;
};

/// The fields of a header that tell about the system; mode, version, poll and the other timestamps stay with
/// the caller.
void describe_system(const ServerView& view, Timestamp received, Timestamp now, wire::Header& header);

}  // namespace noonmark::core
