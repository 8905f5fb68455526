#include "cli/server_filter.h"

namespace noonmark::cli {

ServerFilter::ServerFilter(const Arguments& arguments) : vpn(arguments.value("<vpn-name>")) {
  for (const auto* parameter : {"<ipv4-address>", "<ipv6-address>"})
    if (const auto text = arguments.value(parameter)) address = core::IpAddress::parse(*text);
}

bool ServerFilter::admits(const core::ServerKey& server) const {
  return (!address || server.address == *address) && (!vpn || server.vpn == *vpn);
}

}  // namespace noonmark::cli
