#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/state.h"

namespace noonmark::core {

/// A server that may take part in the selection, judged at one moment. Its correctness interval is `offset`
/// +- `bound`: offset to the corrected clock, seconds.
struct Contender {
  double offset = 0;
  double bound = 0;
  double likely = 0;         // s, by which the offset is hardly ever wrong; not above `bound`
  std::uint8_t stratum = 0;  // the server's, 1..14
  bool preference = false;
  bool is_feeding = false;  // by the last selection
};

enum class Verdict : std::uint8_t {
  falseticker,  // its correctness interval misses the majority's
  no_majority,  // there is no majority: nobody is selected
  outlier,      // a truechimer that is far from what a majority of them is likely to mean
  survivor,
  system_peer,
};

struct Selection {
  std::vector<Verdict> verdicts;  // one for each contender
  Agreement agreement;
  std::optional<std::size_t> system_peer;
  std::vector<std::size_t> feeding;  // whose samples make the clock, at most kMaxFeeding
};

inline constexpr std::size_t kMaxFeeding = 8;

/// Intersection and choice of the system peer (RFC 5905 section 11.2). `current` is the index of the present
/// system peer, which is kept when it survives at equal stratum (anti-clockhop).
///  - A majority is more than half of the contenders. It is found by the intervals alone, without the RFC's
///    second condition on their midpoints: a majority of overlapping intervals always wins.
///  - Clustering: if more than half of the truechimers agree within their likely errors as well, those that
///    do not are outliers. A server that drifts is found long before it leaves the bounds.
///  - preference wins among the survivors of least stratum; then that source alone feeds the clock. Otherwise
///    all survivors do, of many those of least bound; one that feeds already is exchanged only for a clearly
///    better one.
///  - A contender whose numbers are not finite, or negative where they are sizes, is a falseticker and has no
///    vote.
/// O(n log n).
Selection select(std::span<const Contender> contenders, std::optional<std::size_t> current);

}  // namespace noonmark::core
