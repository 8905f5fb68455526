#pragma once

#include "cli/display.h"
#include "cli/display_format.h"
#include "cli/server_filter.h"

namespace noonmark::cli {

/// `display ntp-service sessions [ verbose ]`: one block a session, the local clock first if there is one.
DisplayOutput render_sessions(const Snapshot& snapshot, bool verbose);
/// `display ntp-service explain`.
DisplayOutput render_explain(const Snapshot& snapshot, const ServerFilter& filter);

}  // namespace noonmark::cli
