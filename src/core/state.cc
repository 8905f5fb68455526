#include "core/state.h"

#include <numeric>

namespace noonmark::core {

std::uint64_t PacketStatistics::dropped() const {
  return std::accumulate(drops.begin(), drops.end(), std::uint64_t{0});
}

std::uint64_t PacketStatistics::dropped(DropClass row) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < drops.size(); ++i)
    if (drop_class(static_cast<DropReason>(i)) == row) sum += drops[i];
  return sum;
}

}  // namespace noonmark::core
