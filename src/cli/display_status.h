#pragma once

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// `display ntp-service status`.
DisplayOutput render_status(const Snapshot& snapshot);

}  // namespace noonmark::cli
