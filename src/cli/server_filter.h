#pragma once

#include <optional>
#include <string>

#include "cli/display.h"

namespace noonmark::cli {

/// Which sessions a display is about: `[ <ipv4-address> | ipv6 <ipv6-address> ] [ vpn-instance <vpn-name> ]`.
/// Without vpn-instance those in every VPN instance.
struct ServerFilter {
  std::optional<core::IpAddress> address;
  std::optional<std::string> vpn;

  explicit ServerFilter(const Arguments& arguments);
  bool is_empty() const { return !address && !vpn; }
  bool admits(const core::ServerKey& server) const;
};

}  // namespace noonmark::cli
