#include "core/selection.h"

#include <algorithm>
#include <cmath>

namespace noonmark::core {
namespace {

using Indices = std::vector<std::size_t>;

constexpr std::size_t kMinSurvivors = 3;  // NMIN
constexpr double kMeritPerStratum =
    1;  // s, MAXDIST: a stratum counts as much as this distance (section 11.2.2)
constexpr double kMinDistance = 1e-9;           // s, keeps the combination's weights finite
constexpr double kMaxMagnitude = 4294967296.0;  // s, the span of NTP timestamps

struct Interval {
  double low, high;
};

struct Edge {
  double at;
  bool is_high;
};

bool has_interval(const Contender& c) {  // false for NaN
  return std::abs(c.offset) <= kMaxMagnitude && c.root_distance >= 0 && c.root_distance <= kMaxMagnitude;
}

Interval correctness_interval(const Contender& c) {
  return {c.offset - c.root_distance, c.offset + c.root_distance};
}

double jitter_of(const Contender& c) { return std::isfinite(c.jitter) ? std::max(0.0, c.jitter) : 0.0; }

double distance_of(const Contender& c) { return std::max(kMinDistance, c.root_distance); }

std::vector<Edge> sorted_edges(std::span<const Contender> contenders, const Indices& voters) {
  std::vector<Edge> edges;
  edges.reserve(2 * voters.size());
  for (const std::size_t i : voters) {
    const Interval interval = correctness_interval(contenders[i]);
    edges.push_back({interval.low, false});
    edges.push_back({interval.high, true});
  }
  // Intervals are closed: of equal edges the low ones come first.
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return a.at != b.at ? a.at < b.at : !a.is_high && b.is_high;
  });
  return edges;
}

/// From the first to the last point that as many correctness intervals as possible contain (RFC 5905 section
/// 11.2.1, for the least f).
Agreement agreement_of(std::span<const Contender> contenders, const Indices& voters) {
  std::size_t open = 0;
  std::size_t most = 0;
  Agreement result{.voters = voters.size()};
  for (const Edge& edge : sorted_edges(contenders, voters)) {
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

/// The truechimer that differs most from the others, with its selection jitter squared (section 11.2.2).
struct Farthest {
  std::size_t position = 0;
  double squared_jitter = -1;
};

Farthest farthest(std::span<const Contender> contenders, const Indices& chimers) {
  const auto n = static_cast<double>(chimers.size());
  double mean = 0;
  for (const std::size_t i : chimers) mean += contenders[i].offset / n;
  double variance = 0;
  for (const std::size_t i : chimers)
    variance += (contenders[i].offset - mean) * (contenders[i].offset - mean) / n;
  Farthest result;
  for (std::size_t position = 0; position < chimers.size(); ++position) {
    const double deviation = contenders[chimers[position]].offset - mean;
    // The sum over all j of (theta - theta_j)^2 is n ((theta - mean)^2 + variance): linear instead of
    // quadratic.
    const double squared_jitter = n / (n - 1) * (deviation * deviation + variance);
    if (squared_jitter >= result.squared_jitter)
      result = {position, squared_jitter};  // of equals the least merit
  }
  return result;
}

double least_jitter(std::span<const Contender> contenders, const Indices& chimers) {
  double least = jitter_of(contenders[chimers.front()]);
  for (const std::size_t i : chimers) least = std::min(least, jitter_of(contenders[i]));
  return least;
}

/// Takes outliers away, one a round, until no better jitter can come of it. What is left is sorted by merit.
void cluster(std::span<const Contender> contenders, Indices& chimers, std::vector<Cut>& cuts) {
  const auto merit = [&](std::size_t i) {
    return contenders[i].stratum * kMeritPerStratum + contenders[i].root_distance;
  };
  std::sort(chimers.begin(), chimers.end(),
            [&](std::size_t a, std::size_t b) { return merit(a) != merit(b) ? merit(a) < merit(b) : a < b; });
  while (chimers.size() > kMinSurvivors) {
    const Farthest worst = farthest(contenders, chimers);
    const double jitter = std::sqrt(worst.squared_jitter), least = least_jitter(contenders, chimers);
    if (jitter < least) break;
    cuts.push_back({chimers[worst.position], jitter, least});
    chimers.erase(chimers.begin() + static_cast<std::ptrdiff_t>(worst.position));
  }
}

std::size_t choose_system_peer(std::span<const Contender> contenders, const Indices& survivors,
                               std::optional<std::size_t> current) {
  // Least stratum first, then preference, then the present one, then the least distance.
  const auto is_better = [&](std::size_t a, std::size_t b) {
    const Contender& x = contenders[a];
    const Contender& y = contenders[b];
    if (x.stratum != y.stratum) return x.stratum < y.stratum;
    if (x.preference != y.preference) return x.preference;
    if ((a == current) != (b == current)) return a == current;
    return x.root_distance < y.root_distance;
  };
  return *std::min_element(survivors.begin(), survivors.end(), is_better);
}

/// RFC 5905 section 11.2.3 and A.5.5.5.
void combine(std::span<const Contender> contenders, const Indices& survivors, Selection& selection) {
  const Contender& peer = contenders[*selection.system_peer];
  selection.offset = peer.offset;
  if (peer.preference) return;
  double weights = 0;
  double shift = 0;  // of the weighted mean against the system peer
  double squares = 0;
  for (const std::size_t i : survivors) {
    const double weight = 1 / distance_of(contenders[i]);
    const double difference = contenders[i].offset - peer.offset;
    weights += weight;
    shift += weight * difference;
    squares += weight * difference * difference;
  }
  selection.offset += shift / weights;
  selection.jitter = std::sqrt(squares / weights);
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
  selection.agreement = agreement_of(contenders, chimers);
  if (!selection.agreement.majority) {
    for (const std::size_t i : chimers) selection.verdicts[i] = Verdict::no_majority;
    return selection;
  }
  std::erase_if(chimers, [&](std::size_t i) {
    const Interval interval = correctness_interval(contenders[i]);
    return interval.high < selection.agreement.low || interval.low > selection.agreement.high;
  });
  for (const std::size_t i : chimers) selection.verdicts[i] = Verdict::outlier;
  cluster(contenders, chimers, selection.cuts);
  for (const std::size_t i : chimers) selection.verdicts[i] = Verdict::survivor;
  selection.system_peer = choose_system_peer(contenders, chimers, current);
  selection.verdicts[*selection.system_peer] = Verdict::system_peer;
  combine(contenders, chimers, selection);
  return selection;
}

}  // namespace noonmark::core
