#include "core/selection.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace noonmark::core {
namespace {

using Indices = std::vector<std::size_t>;

constexpr double kLoyalty = 0.7;  // a newcomer feeds if its bound is below this share of another's
constexpr double kMaxMagnitude = 4294967296.0;  // s, the span of NTP timestamps

struct Interval {
  double low, high;
};

struct Edge {
  double at;
  bool is_high;
};

bool has_interval(const Contender& c) {  // false for NaN
  return std::abs(c.offset) <= kMaxMagnitude && c.bound >= 0 && c.bound <= kMaxMagnitude && c.likely >= 0 &&
         c.likely <= kMaxMagnitude;
}

using Radius = double Contender::*;

Interval interval_of(const Contender& c, Radius radius) {
  return {c.offset - c.*radius, c.offset + c.*radius};
}

std::vector<Edge> sorted_edges(std::span<const Contender> contenders, const Indices& voters, Radius radius) {
  std::vector<Edge> edges;
  edges.reserve(2 * voters.size());
  for (const std::size_t i : voters) {
    const Interval interval = interval_of(contenders[i], radius);
    edges.push_back({interval.low, false});
    edges.push_back({interval.high, true});
  }
  // Intervals are closed: of equal edges the low ones come first.
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return a.at != b.at ? a.at < b.at : !a.is_high && b.is_high;
  });
  return edges;
}

/// From the first to the last point that as many intervals as possible contain (RFC 5905 section 11.2.1, for
/// the least f).
Agreement agreement_of(std::span<const Contender> contenders, const Indices& voters, Radius radius) {
  std::size_t open = 0;
  std::size_t most = 0;
  Agreement result{.voters = voters.size()};
  for (const Edge& edge : sorted_edges(contenders, voters, radius)) {
    if (edge.is_high) {
      if (open-- == most) result.high = edge.at;
    } else if (++open > most) {
      most = open;
      result.low = edge.at;
    }
  }
  result.agreeing = most;
  result.majority = 2 * most > voters.size();
  return result;
}

std::size_t choose_system_peer(std::span<const Contender> contenders, const Indices& survivors,
                               std::optional<std::size_t> current) {
  // Least stratum first, then preference, then the present one, then the least bound.
  const auto is_better = [&](std::size_t a, std::size_t b) {
    const Contender& x = contenders[a];
    const Contender& y = contenders[b];
    if (x.stratum != y.stratum) return x.stratum < y.stratum;
    if (x.preference != y.preference) return x.preference;
    if ((a == current) != (b == current)) return a == current;
    return x.bound < y.bound;
  };
  return *std::min_element(survivors.begin(), survivors.end(), is_better);
}

Indices choose_feeding(std::span<const Contender> contenders, Indices survivors, std::size_t system_peer) {
  if (contenders[system_peer].preference) return {system_peer};
  if (survivors.size() <= kMaxFeeding) return survivors;
  const auto rank = [&](std::size_t i) {
    if (i == system_peer) return -1.0;
    return contenders[i].bound * (contenders[i].is_feeding ? kLoyalty : 1);
  };
  std::partial_sort(
      survivors.begin(), survivors.begin() + kMaxFeeding, survivors.end(),
      [&](std::size_t a, std::size_t b) { return rank(a) != rank(b) ? rank(a) < rank(b) : a < b; });
  survivors.resize(kMaxFeeding);
  return survivors;
}

/// Takes out of `members` whose interval misses the agreement.
Indices take_dissenters(std::span<const Contender> contenders, Indices& members, const Agreement& agreement,
                        Radius radius) {
  const auto agrees = [&](std::size_t i) {
    const Interval interval = interval_of(contenders[i], radius);
    return interval.high >= agreement.low && interval.low <= agreement.high;
  };
  const auto first = std::partition(members.begin(), members.end(), agrees);
  Indices dissenters(first, members.end());
  members.erase(first, members.end());
  return dissenters;
}

Indices voters_of(std::span<const Contender> contenders) {
  Indices voters;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    if (has_interval(contenders[i])) voters.push_back(i);
  }
  return voters;
}

}  // namespace

Selection select(std::span<const Contender> contenders, std::optional<std::size_t> current) {
  Selection selection;
  selection.verdicts.assign(contenders.size(), Verdict::falseticker);
  Indices chimers = voters_of(contenders);
  selection.agreement = agreement_of(contenders, chimers, &Contender::bound);
  if (!selection.agreement.majority) {
    for (const std::size_t i : chimers) selection.verdicts[i] = Verdict::no_majority;
    return selection;
  }
  take_dissenters(contenders, chimers, selection.agreement, &Contender::bound);
  if (const auto likely = agreement_of(contenders, chimers, &Contender::likely); likely.majority) {
    for (const std::size_t i : take_dissenters(contenders, chimers, likely, &Contender::likely))
      selection.verdicts[i] = Verdict::outlier;
  }
  for (const std::size_t i : chimers) selection.verdicts[i] = Verdict::survivor;
  selection.system_peer = choose_system_peer(contenders, chimers, current);
  selection.verdicts[*selection.system_peer] = Verdict::system_peer;
  selection.feeding = choose_feeding(contenders, std::move(chimers), *selection.system_peer);
  return selection;
}

}  // namespace noonmark::core
