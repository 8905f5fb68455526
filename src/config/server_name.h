#pragma once

#include <string>

#include "config/model.h"

namespace noonmark::config {

/// How sentences name a server line: its address, and its VPN instance if it has one.
std::string name_of(const Server& server);
/// "broadcast on eth0", "group 224.0.1.1 on eth0".
std::string group_name(const std::string& interface_name, const IpAddress& group);
/// "ACL 2000", "IPv6 ACL office".
std::string acl_name(Family family, const std::string& name);

}  // namespace noonmark::config
