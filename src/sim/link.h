#pragma once

#include <cstdint>
#include <optional>

#include "sim/draws.h"
#include "sim/scenario.h"

namespace noonmark::sim {

/// One direction of a path between two machines. Asked in the order of time. The configuration outlives it.
class Link {
 public:
  Link(const DirectionConfig& config, std::uint64_t seed);
  /// The delay of a packet that is sent at `time`, s; none: it is lost.
  std::optional<double> carry(double time, std::uint16_t port);

 private:
  double base_delay(double time) const;
  double parallel(std::uint16_t port);
  double load(double time);
  double queue(double time);

  const DirectionConfig* config_;
  Draws packets_, load_draws_, queue_draws_;
  std::uint64_t flow_seed_;
  double load_level_ = 0, load_until_ = 0;
  bool loaded_ = true;  // so that it begins unloaded
  double queue_state_ = 0, queue_time_ = 0;
};

/// Both directions of a path. The configuration outlives it.
class LinkPair {
 public:
  LinkPair(const PathConfig& config, std::uint64_t seed);
  std::optional<double> carry(bool backward, double time, std::uint16_t port);

 private:
  const PathConfig* config_;
  Link forward_, backward_;
};

}  // namespace noonmark::sim
