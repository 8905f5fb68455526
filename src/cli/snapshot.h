#pragma once

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// Calls `render` with the engine as it is now, and gives what it gives.
template <class Render>
auto with_snapshot(const Services& services, Render render) {
  const auto now = services.clock.now();
  const auto associations = services.engine.associations(now);
  const auto statistics = services.engine.session_statistics();
  return render(Snapshot{services.engine.state(), services.engine.config(), services.network, associations,
                         now, services.build_date, services.clock.true_offset(), services.clock.kind(),
                         statistics, services.engine.quality(now)});
}

}  // namespace noonmark::cli
