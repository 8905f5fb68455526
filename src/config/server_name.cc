#include "config/server_name.h"

#include <fmt/format.h>

namespace noonmark::config {

std::string name_of(const Server& server) {
  return server.vpn.empty() ? server.address.to_string()
                            : fmt::format("{} (vpn-instance {})", server.address.to_string(), server.vpn);
}

}  // namespace noonmark::config
