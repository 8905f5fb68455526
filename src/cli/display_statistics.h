#pragma once

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// `display ntp-service statistics packet [ ipv6 ]`.
DisplayOutput render_statistics(const core::PacketStatistics& statistics, core::Family family,
                                const core::NetworkView& network, std::int64_t build_date);

}  // namespace noonmark::cli
