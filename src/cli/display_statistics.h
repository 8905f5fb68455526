#pragma once

#include <span>
#include <string>

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// `display ntp-service statistics packet [ ipv6 ]`.
DisplayOutput render_statistics(const core::PacketStatistics& statistics, core::Family family,
                                const core::NetworkView& network, std::int64_t build_date);

enum class StatisticsOf { peers, interfaces };

struct NamedStatistics {
  std::string name;  // address of the server, or name of the interface
  std::string vpn;
  core::PacketStatistics statistics;
  std::string_view local_mode{};  // of a session
};

/// One block for each, an empty line between two.
DisplayOutput render_statistics(std::span<const NamedStatistics> named, StatisticsOf of, core::Family family,
                                const core::NetworkView& network, std::int64_t build_date);

/// The same of what `arguments` select: `[ ipv6 ]`; `[ ipv6 ] interface { <interface-name> | all }`;
/// `peer [ ADDRESS [ vpn-instance <vpn-name> ] | ipv6 [ ADDRESS [ vpn-instance <vpn-name> ] ] ]`.
base::Result<DisplayOutput> display_statistics(const Services& services, const Arguments& arguments);
/// Sets the counters that display_statistics() would show to zero.
base::Result<void> reset_statistics(const Services& services, const Arguments& arguments);

}  // namespace noonmark::cli
