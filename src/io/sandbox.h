#pragma once

#include <string>
#include <vector>

namespace noonmark::io {

/// Raises the limit of open descriptors to what the system allows (4,096 servers have a socket each while
/// they wait for an answer).
void raise_descriptor_limit();

/// Keeps secrets out of core dumps and away from ptrace by the same user. Comes before the first secret is
/// read. Each of these steps returns what did not work, a sentence each; the daemon goes on without it.
std::vector<std::string> forbid_core_dumps();

/// Drops every capability that the daemon does not need and the way to gain any. Kept, as far as the process
/// has them:
///   CAP_NET_BIND_SERVICE  port 123
///   CAP_NET_RAW           SO_BINDTODEVICE before Linux 5.7 (VRF)
///   CAP_SYS_ADMIN         setns() into the named network namespaces
///   CAP_SYS_TIME          only with `steers_system_clock`
/// Comes after everything that is opened with more rights: state directory, control socket.
std::vector<std::string> drop_capabilities(bool steers_system_clock);

}  // namespace noonmark::io
