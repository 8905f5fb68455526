#include "config/server_name.h"

#include <fmt/format.h>

namespace noonmark::config {

std::string name_of(const Server& server) {
  return server.vpn.empty() ? server.address.to_string()
                            : fmt::format("{} (vpn-instance {})", server.address.to_string(), server.vpn);
}

std::string group_name(const std::string& interface_name, const IpAddress& group) {
  return group == broadcast_group() ? fmt::format("broadcast on {}", interface_name)
                                    : fmt::format("group {} on {}", group.to_string(), interface_name);
}

std::string acl_name(Family family, const std::string& name) {
  return fmt::format("{}ACL {}", family == Family::ipv4 ? "" : "IPv6 ", name);
}

}  // namespace noonmark::config
