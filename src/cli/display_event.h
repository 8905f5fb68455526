#pragma once

#include <deque>

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// `display ntp-service event clock-unsync`: newest first. `events` newest last.
DisplayOutput render_unsync_events(const std::deque<core::UnsyncEvent>& events, std::int64_t build_date);

}  // namespace noonmark::cli
