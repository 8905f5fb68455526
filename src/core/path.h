#pragma once

#include <cstdint>

#include "base/net_address.h"
#include "core/network_view.h"

namespace noonmark::core {

using base::Endpoint;

/// Where a packet arrived: `local` is the address and port it was sent to, `remote` who sent it.
struct Path {
  Endpoint local;
  Endpoint remote;
  VpnId vpn = VpnId::public_instance;
  std::uint32_t interface_index = 0;
};

}  // namespace noonmark::core
