#pragma once

#include <functional>
#include <string_view>

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// `display interface brief`: every interface of the daemon's namespace and of the namespaces in use.
DisplayOutput render_interfaces(const core::NetworkView& network);
/// `display ip vpn-instance`: those that exist, and those that the configuration names but that do not.
DisplayOutput render_vpn_instances(const core::NetworkView& network, const core::NtpConfig& config);
/// `display clock`: the corrected clock's time, UTC.
DisplayOutput render_clock(core::Timestamp served, std::int64_t build_date);
/// `display version`.
DisplayOutput render_version(std::string_view version);

}  // namespace noonmark::cli
