#pragma once

#include <compare>
#include <cstdint>

#include "core/network_view.h"

namespace noonmark::io {

/// A UDP port of all addresses of a family in a VPN instance.
struct PortKey {
  core::VpnId vpn = core::VpnId::public_instance;
  base::Family family = base::Family::ipv4;
  std::uint16_t port = 0;
  auto operator<=>(const PortKey&) const = default;
};

}  // namespace noonmark::io
