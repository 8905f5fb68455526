#pragma once

#include <span>

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

inline constexpr std::size_t kShownClients = 20;  // unless another number is given
inline constexpr std::size_t kMostClients = 1000;

/// A row for each; `now` on the served clock.
DisplayOutput render_clients(std::span<const core::ClientSummary> clients, const core::NetworkView& network,
                             core::Timestamp now, std::int64_t build_date);
/// Adds what is known of all clients together.
void add_totals(DisplayOutput& output, const core::ClientTotals& totals);

/// `display ntp-service clients [ too-often ] [ <clients> ]`, and of one ADDRESS [ vpn-instance <vpn-name> ].
base::Result<DisplayOutput> display_clients(const Services& services, const Arguments& arguments);

}  // namespace noonmark::cli
