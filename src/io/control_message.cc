#include "io/control_message.h"

#include <linux/net_tstamp.h>
#include <netinet/in.h>

#include "io/socket_address.h"

namespace noonmark::io {
namespace {

template <class Value>
bool read_value(const cmsghdr& message, Value& value) {
  if (message.cmsg_len < CMSG_LEN(sizeof value)) return false;
  std::memcpy(&value, CMSG_DATA(&message), sizeof value);
  return true;
}

void read_socket_level(const cmsghdr& message, ControlData& out) {
  scm_timestamping stamps;
  if (message.cmsg_type != SCM_TIMESTAMPING || !read_value(message, stamps)) return;
  const auto& software = stamps.ts[0];
  if (software.tv_sec != 0 || software.tv_nsec != 0)
    out.stamp_ns = std::int64_t{software.tv_sec} * 1'000'000'000 + software.tv_nsec;
}

void read_error(const cmsghdr& message, ControlData& out) {
  sock_extended_err error;
  if (read_value(message, error)) out.error = error;
}

void read_ipv4_level(const cmsghdr& message, ControlData& out) {
  in_pktinfo info;
  if (message.cmsg_type == IP_RECVERR) return read_error(message, out);
  if (message.cmsg_type != IP_PKTINFO || !read_value(message, info)) return;
  out.local = address_of(info.ipi_addr);
  out.to_group = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
  out.interface_index = static_cast<std::uint32_t>(info.ipi_ifindex);
}

void read_ipv6_level(const cmsghdr& message, ControlData& out) {
  in6_pktinfo info;
  if (message.cmsg_type == IPV6_RECVERR) return read_error(message, out);
  if (message.cmsg_type != IPV6_PKTINFO || !read_value(message, info)) return;
  out.local = address_of(info.ipi6_addr);
  out.to_group = out.local->is_multicast();
  out.interface_index = info.ipi6_ifindex;
}

}  // namespace

ControlData read_control(const msghdr& message) {
  ControlData out;
  auto* const header = const_cast<msghdr*>(&message);  // CMSG_NXTHDR takes no const
  for (cmsghdr* at = CMSG_FIRSTHDR(header); at != nullptr; at = CMSG_NXTHDR(header, at)) {
    switch (at->cmsg_level) {
      case SOL_SOCKET: read_socket_level(*at, out); break;
      case IPPROTO_IP: read_ipv4_level(*at, out); break;
      case IPPROTO_IPV6: read_ipv6_level(*at, out); break;
      default: break;
    }
  }
  return out;
}

std::size_t put_departing(std::span<std::uint8_t> control, base::Family family, const Departing& departing) {
  std::size_t size = 0;
  if (!departing.source.is_unspecified() || departing.interface_index != 0) {
    if (family == base::Family::ipv4) {
      in_pktinfo info{};
      info.ipi_ifindex = static_cast<int>(departing.interface_index);
      info.ipi_spec_dst = to_in_addr(departing.source);
      size = put_control(control, IPPROTO_IP, IP_PKTINFO, info);
    } else {
      in6_pktinfo info{};
      info.ipi6_ifindex = departing.interface_index;
      info.ipi6_addr = to_in6_addr(departing.source);
      size = put_control(control, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  if (departing.stamped) {
    constexpr std::uint32_t kStamp = SOF_TIMESTAMPING_TX_SOFTWARE;
    size += put_control(control.subspan(size), SOL_SOCKET, SO_TIMESTAMPING, kStamp);
  }
  if (departing.ttl != 0) {
    const bool v4 = family == base::Family::ipv4;
    size += put_control(control.subspan(size), v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6},
                        v4 ? IP_TTL : IPV6_HOPLIMIT, int{departing.ttl});
  }
  return size;
}

}  // namespace noonmark::io
