#pragma once

#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

#include "base/net_address.h"

namespace noonmark::io {

base::IpAddress address_of(const in_addr& address);
base::IpAddress address_of(const in6_addr& address);
in_addr to_in_addr(const base::IpAddress& address);    // of an IPv4 address
in6_addr to_in6_addr(const base::IpAddress& address);  // of an IPv6 address

/// nullopt if it is neither IPv4 nor IPv6. The scope is kept for link-local addresses only, as Endpoint says.
std::optional<base::Endpoint> endpoint_of(const sockaddr* address);

inline int domain_of(base::Family family) { return family == base::Family::ipv4 ? AF_INET : AF_INET6; }

/// An Endpoint in the form that system calls take.
class SocketAddress {
 public:
  explicit SocketAddress(const base::Endpoint& endpoint);
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_;
};

}  // namespace noonmark::io
