#pragma once

#include <cstdint>
#include <functional>
#include <libmnl/libmnl.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/network_view.h"

namespace noonmark::io {

/// A network interface as rtnetlink describes it.
struct Link {
  core::Interface interface;  // without VPN instance and addresses
  std::uint32_t master = 0;   // index of the bridge, bond or VRF device that it belongs to
  bool is_vrf = false;
};

struct LinkAddress {
  std::uint32_t link = 0;
  core::InterfaceAddress address;
};

/// nullopt: another message, or one that is not understood.
std::optional<Link> parse_link(const nlmsghdr* message);
std::optional<LinkAddress> parse_address(const nlmsghdr* message);

/// The interfaces of one network namespace with their addresses. `vpn_of_vrf` gives the id of a VRF device's
/// VPN instance; interfaces outside of VRFs are in `rest`.
std::vector<core::Interface> assemble_interfaces(
    const std::vector<Link>& links, const std::vector<LinkAddress>& addresses, core::VpnId rest,
    const std::function<core::VpnId(const std::string&)>& vpn_of_vrf);

/// What rtnetlink tells about the namespace in which the object was made.
class RouteSocket {
 public:
  /// nullopt with errno set where there is no rtnetlink.
  static std::optional<RouteSocket> open();

  /// Becomes readable when links or addresses change.
  int event_fd() const { return mnl_socket_get_fd(events_.get()); }
  /// Takes the notices that have come. What changed is for a new dump to tell.
  void drain_events();

  std::optional<std::vector<Link>> links();
  std::optional<std::vector<LinkAddress>> addresses();

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  using Socket = std::unique_ptr<mnl_socket, Close>;
  static Socket open_socket(unsigned groups);
  RouteSocket(Socket events, Socket requests) : events_(std::move(events)), requests_(std::move(requests)) {}
  bool dump(std::uint16_t type, const std::function<void(const nlmsghdr*)>& take);
  bool send_dump_request(std::uint16_t type);

  Socket events_;
  Socket requests_;
  std::uint32_t sequence_ = 0;
};

/// The interfaces as getifaddrs() tells them, without alternative names and aliases: for systems without
/// rtnetlink.
std::vector<core::Interface> interfaces_of_getifaddrs();

}  // namespace noonmark::io
