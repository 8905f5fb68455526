#include "io/socket_address.h"

#include <arpa/inet.h>
#include <cstring>

#include "base/check.h"

namespace noonmark::io {

using base::Endpoint;
using base::IpAddress;

IpAddress address_of(const in_addr& address) { return IpAddress::v4(ntohl(address.s_addr)); }

IpAddress address_of(const in6_addr& address) {
  return IpAddress::v6(std::span<const std::uint8_t, 16>(address.s6_addr));
}

in_addr to_in_addr(const IpAddress& address) {
  CHECK(address.is_v4());
  return {htonl(address.v4_value())};
}

in6_addr to_in6_addr(const IpAddress& address) {
  CHECK(!address.is_v4());
  in6_addr out{};
  std::memcpy(out.s6_addr, address.bytes().data(), sizeof out.s6_addr);
  return out;
}

std::optional<Endpoint> endpoint_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return Endpoint{address_of(in.sin_addr), ntohs(in.sin_port), 0};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    const IpAddress ip = address_of(in.sin6_addr);
    return Endpoint{ip, ntohs(in.sin6_port), ip.is_link_local() ? in.sin6_scope_id : 0};
  }
  return std::nullopt;
}

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  if (endpoint.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    in.sin_addr = to_in_addr(endpoint.address);
    std::memcpy(&storage_, &in, size_ = sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    in.sin6_addr = to_in6_addr(endpoint.address);
    in.sin6_scope_id = endpoint.scope;
    std::memcpy(&storage_, &in, size_ = sizeof in);
  }
}

}  // namespace noonmark::io
