#pragma once

#include <cstddef>
#include <vector>

#include "core/config.h"
#include "core/instant.h"

namespace noonmark::core {

/// Which sessions that come and go by packets are worth a line of the log: who can mobilize them must not
/// fill it. One line of each kind in a minute for an address, and kMost of them for all.
class DynamicSessionLog {
 public:
  static constexpr std::size_t kMost = 100;
  static constexpr Duration kSpacing = Duration::from_milliseconds(60'000);

  /// Whether to tell it; then it counts as told.
  bool admits(const ServerKey& server, bool mobilized, RawTime now);

 private:
  struct Told {
    ServerKey server;
    bool mobilized;
    RawTime when;
  };
  std::vector<Told> told_;  // of the last minute
};

}  // namespace noonmark::core
