#include "io/rtnetlink.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/ioctl.h>

#include "io/socket_address.h"
#include "io/unique_fd.h"

namespace noonmark::io {
namespace {

using core::Interface;
using core::InterfaceAddress;
using core::VpnId;

// linux/if.h has these as an enumeration without a name of its own
constexpr std::uint8_t kOperationalDown = IF_OPER_DOWN;
constexpr std::uint8_t kOperationalLowerDown = IF_OPER_LOWERLAYERDOWN;

template <class Visit>
void for_each_attribute(const nlattr* first, const void* end, Visit visit) {
  const auto left = [end](const nlattr* at) {
    return static_cast<int>(static_cast<const char*>(end) - reinterpret_cast<const char*>(at));
  };
  for (const nlattr* at = first; mnl_attr_ok(at, left(at)); at = mnl_attr_next(at)) visit(at);
}

template <class Visit>
void for_each_attribute_of(const nlmsghdr* message, std::size_t header_size, Visit visit) {
  if (mnl_nlmsg_get_payload_len(message) < header_size) return;
  for_each_attribute(static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, header_size)),
                     mnl_nlmsg_get_payload_tail(message), visit);
}

template <class Visit>
void for_each_nested(const nlattr* parent, Visit visit) {
  const auto* const payload = static_cast<const char*>(mnl_attr_get_payload(parent));
  for_each_attribute(reinterpret_cast<const nlattr*>(payload), payload + mnl_attr_get_payload_len(parent),
                     visit);
}

std::string text_of(const nlattr* attribute) {
  const auto* const text = static_cast<const char*>(mnl_attr_get_payload(attribute));
  return {text, strnlen(text, mnl_attr_get_payload_len(attribute))};
}

template <class T>
T value_of(const nlattr* attribute) {
  T value{};
  std::memcpy(&value, mnl_attr_get_payload(attribute),
              std::min<std::size_t>(sizeof value, mnl_attr_get_payload_len(attribute)));
  return value;
}

void read_flags(Interface& interface, unsigned flags) {
  interface.loopback = (flags & IFF_LOOPBACK) != 0;
  interface.broadcast = (flags & IFF_BROADCAST) != 0;
}

void read_link_attribute(const nlattr* attribute, Link& link, std::uint8_t& operational) {
  switch (mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME: link.interface.name = text_of(attribute); break;
    case IFLA_IFALIAS: link.interface.alias = text_of(attribute); break;
    case IFLA_MASTER: link.master = value_of<std::uint32_t>(attribute); break;
    case IFLA_OPERSTATE: operational = value_of<std::uint8_t>(attribute); break;
    case IFLA_PROP_LIST:
      for_each_nested(attribute, [&](const nlattr* property) {
        if (mnl_attr_get_type(property) == IFLA_ALT_IFNAME)
          link.interface.alternative_names.push_back(text_of(property));
      });
      break;
    case IFLA_LINKINFO:
      for_each_nested(attribute, [&](const nlattr* info) {
        if (mnl_attr_get_type(info) == IFLA_INFO_KIND) link.is_vrf = text_of(info) == "vrf";
      });
      break;
    default: break;
  }
}

std::optional<core::IpAddress> read_address(const nlattr* attribute, int family) {
  const std::size_t size = mnl_attr_get_payload_len(attribute);
  if (family == AF_INET && size == sizeof(in_addr)) return address_of(value_of<in_addr>(attribute));
  if (family == AF_INET6 && size == sizeof(in6_addr)) return address_of(value_of<in6_addr>(attribute));
  return std::nullopt;
}

/// The VRF device that a link belongs to, also through bridges and bonds.
const Link* vrf_of(const std::vector<Link>& links, const Link& link) {
  constexpr int kDeepest = 8;
  const Link* at = &link;
  for (int depth = 0; depth < kDeepest; ++depth) {
    if (at->is_vrf) return at;
    const auto master = std::ranges::find(links, at->master, [](const Link& l) { return l.interface.index; });
    if (at->master == 0 || master == links.end()) return nullptr;
    at = &*master;
  }
  return nullptr;
}

std::uint8_t prefix_length_of(const sockaddr* mask) {
  const auto bits = [](const auto& bytes) {
    int count = 0;
    for (const auto byte : bytes) count += std::popcount(static_cast<unsigned char>(byte));
    return static_cast<std::uint8_t>(count);
  };
  if (mask == nullptr) return 0;
  std::array<unsigned char, 16> bytes{};
  if (mask->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, mask, sizeof in);
    std::memcpy(bytes.data(), &in.sin6_addr, sizeof in.sin6_addr);
  } else {
    sockaddr_in in{};
    std::memcpy(&in, mask, sizeof in);
    std::memcpy(bytes.data(), &in.sin_addr, sizeof in.sin_addr);
  }
  return bits(bytes);
}

/// By ioctl(), not if_nametoindex(): simulators that interpose libc know the former only.
std::uint32_t index_of(const char* name) {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  if (!fd || ::ioctl(fd.get(), SIOCGIFINDEX, &request) != 0) return 0;
  return static_cast<std::uint32_t>(request.ifr_ifindex);
}

}  // namespace

std::optional<Link> parse_link(const nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof(ifinfomsg))
    return std::nullopt;
  const auto* const info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  Link link;
  std::uint8_t operational = IF_OPER_UNKNOWN;
  for_each_attribute_of(message, sizeof *info,
                        [&](const nlattr* attribute) { read_link_attribute(attribute, link, operational); });
  link.interface.index = static_cast<std::uint32_t>(info->ifi_index);
  link.interface.up = (info->ifi_flags & IFF_UP) != 0 && operational != kOperationalDown &&
                      operational != kOperationalLowerDown;
  read_flags(link.interface, info->ifi_flags);
  return link;
}

std::optional<LinkAddress> parse_address(const nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(message) < sizeof(ifaddrmsg))
    return std::nullopt;
  const auto* const info = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  std::uint32_t flags = info->ifa_flags;
  std::optional<core::IpAddress> local, address;
  for_each_attribute_of(message, sizeof *info, [&](const nlattr* attribute) {
    switch (mnl_attr_get_type(attribute)) {
      case IFA_LOCAL: local = read_address(attribute, info->ifa_family); break;
      case IFA_ADDRESS: address = read_address(attribute, info->ifa_family); break;
      case IFA_FLAGS: flags = value_of<std::uint32_t>(attribute); break;
      default: break;
    }
  });
  if (!local) local = address;  // they differ on point-to-point links: there IFA_ADDRESS is the peer's
  if (!local) return std::nullopt;
  return LinkAddress{info->ifa_index,
                     {.address = *local,
                      .prefix_length = info->ifa_prefixlen,
                      .secondary = (flags & IFA_F_SECONDARY) != 0,
                      .tentative = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0,
                      .deprecated = (flags & IFA_F_DEPRECATED) != 0}};
}

std::vector<Interface> assemble_interfaces(const std::vector<Link>& links,
                                           const std::vector<LinkAddress>& addresses, VpnId rest,
                                           const std::function<VpnId(const std::string&)>& vpn_of_vrf) {
  std::vector<Interface> interfaces;
  for (const Link& link : links) {
    Interface& interface = interfaces.emplace_back(link.interface);
    const Link* const vrf = vrf_of(links, link);
    interface.vpn = vrf != nullptr ? vpn_of_vrf(vrf->interface.name) : rest;
    for (const LinkAddress& a : addresses)
      if (a.link == interface.index) interface.addresses.push_back(a.address);
  }
  return interfaces;
}

RouteSocket::Socket RouteSocket::open_socket(unsigned groups) {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | (groups != 0 ? SOCK_NONBLOCK : 0)));
  if (!socket || mnl_socket_bind(socket.get(), groups, MNL_SOCKET_AUTOPID) != 0) return nullptr;
  return socket;
}

std::optional<RouteSocket> RouteSocket::open() {
  Socket events = open_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
  if (!events) return std::nullopt;
  Socket requests = open_socket(0);
  if (!requests) return std::nullopt;
  return RouteSocket(std::move(events), std::move(requests));
}

void RouteSocket::drain_events() {
  std::array<char, 8192> buffer;
  // An overrun (ENOBUFS) is one notice more: something has changed.
  while (mnl_socket_recvfrom(events_.get(), buffer.data(), buffer.size()) >= 0 || errno == ENOBUFS ||
         errno == EINTR) {
  }
}

bool RouteSocket::send_dump_request(std::uint16_t type) {
  alignas(nlmsghdr) std::array<char, 256> buffer{};
  nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = type;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request->nlmsg_seq = ++sequence_;
  if (type == RTM_GETLINK) {
    mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
    mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  } else {
    mnl_nlmsg_put_extra_header(request, sizeof(ifaddrmsg));
  }
  return mnl_socket_sendto(requests_.get(), request, request->nlmsg_len) >= 0;
}

/// False if it failed, or if the kernel says that the tables changed under it.
bool RouteSocket::dump(std::uint16_t type, const std::function<void(const nlmsghdr*)>& take) {
  if (!send_dump_request(type)) return false;
  std::vector<char> buffer(32768);  // the kernel's own size for dumps
  bool consistent = true;
  for (;;) {
    const ssize_t size = mnl_socket_recvfrom(requests_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence_) continue;  // the rest of a dump that was given up
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      if (message->nlmsg_type == NLMSG_DONE) return consistent;
      if (message->nlmsg_type == NLMSG_ERROR) return false;
      take(message);
    }
  }
}

std::optional<std::vector<Link>> RouteSocket::links() {
  std::vector<Link> links;
  const bool complete = dump(RTM_GETLINK, [&](const nlmsghdr* message) {
    if (auto link = parse_link(message)) links.push_back(std::move(*link));
  });
  if (!complete) return std::nullopt;
  return links;
}

std::optional<std::vector<LinkAddress>> RouteSocket::addresses() {
  std::vector<LinkAddress> addresses;
  const bool complete = dump(RTM_GETADDR, [&](const nlmsghdr* message) {
    if (auto address = parse_address(message)) addresses.push_back(*address);
  });
  if (!complete) return std::nullopt;
  return addresses;
}

std::vector<Interface> interfaces_of_getifaddrs() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  std::vector<Interface> interfaces;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    auto found = std::ranges::find(interfaces, at->ifa_name, &Interface::name);
    if (found == interfaces.end()) {
      found = interfaces.emplace(found);
      found->name = at->ifa_name;
      found->index = index_of(at->ifa_name);
      found->up = (at->ifa_flags & IFF_UP) != 0;
      read_flags(*found, at->ifa_flags);
    }
    const auto endpoint = at->ifa_addr != nullptr ? endpoint_of(at->ifa_addr) : std::nullopt;
    if (endpoint) found->addresses.push_back({endpoint->address, prefix_length_of(at->ifa_netmask)});
  }
  ::freeifaddrs(list);
  return interfaces;
}

}  // namespace noonmark::io
