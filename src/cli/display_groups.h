#pragma once

#include <array>

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// How requests are answered: by Family whether at all, and whether with a time.
struct ServingState {
  std::array<bool, 2> serves{};
  bool synchronized = false;
};

/// `display ntp-service groups`: each line of an interface that sends to a group or listens to one, and what
/// keeps it from that.
DisplayOutput render_groups(const Snapshot& snapshot, const ServingState& serving);

}  // namespace noonmark::cli
