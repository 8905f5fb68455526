#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/state.h"

namespace noonmark::core {

/// A server that may take part in the selection, judged at one moment. Offsets are to the corrected clock,
/// seconds.
struct Contender {
  double offset = 0;
  double root_delay = 0;     // server's root delay + our delay to it
  double root_distance = 0;  // synchronization distance: half root delay + dispersions + jitter
  double jitter = 0;
  std::uint8_t stratum = 0;  // the server's, 1..14
  bool preference = false;
};

enum class Verdict : std::uint8_t {
  falseticker,  // its correctness interval misses the majority's
  no_majority,  // there is no majority: nobody is selected
  outlier,      // truechimer, cut by clustering
  survivor,
  system_peer,
};

/// A contender that clustering cut, s: its selection jitter was not below the least peer jitter.
struct Cut {
  std::size_t contender = 0;
  double selection_jitter = 0;
  double least_jitter = 0;
};

struct Selection {
  std::vector<Verdict> verdicts;  // one for each contender
  Agreement agreement;
  std::vector<Cut> cuts;
  std::optional<std::size_t> system_peer;
  double offset = 0;  // combined, RFC 5905 section 11.2.3
  double jitter = 0;  // of the combination
};

/// Intersection, clustering, choice of the system peer and combination (RFC 5905 section 11.2). `current` is
/// the index of the present system peer, which is kept when it survives at equal stratum (anti-clockhop).
///  - A majority is more than half of the contenders. It is found by the intervals alone, without the RFC's
///  second
///    condition on their midpoints: a majority of overlapping intervals always wins.
///  - preference wins among the survivors of least stratum; then it alone makes the combined offset.
///  - A contender whose offset or distance is not finite is a falseticker and has no vote.
Selection select(std::span<const Contender> contenders, std::optional<std::size_t> current);

}  // namespace noonmark::core
