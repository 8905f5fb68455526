#include "io/udp_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>

#include "base/check.h"
#include "io/control_message.h"
#include "io/socket_address.h"

namespace noonmark::io {
namespace {

using base::Endpoint;
using base::Family;
using base::IpAddress;

constexpr unsigned kReceiveStamps = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;

UniqueFd new_socket(Family family) {
  UniqueFd fd(::socket(domain_of(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd || errno != EINVAL) return fd;
  fd.reset(::socket(domain_of(family), SOCK_DGRAM, 0));
  if (fd) {
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  }
  return fd;
}

/// A message header with room for every control message that we ask for.
class Message {
 public:
  explicit Message(std::span<std::uint8_t> buffer) : data_{buffer.data(), buffer.size()} {
    header_.msg_name = &name_;
    header_.msg_namelen = sizeof name_;
    header_.msg_iov = &data_;
    header_.msg_iovlen = 1;
    header_.msg_control = control_.data();
    header_.msg_controllen = control_.size();
  }

  bool receive(int fd, int flags) {
    ssize_t got = 0;
    do {
      got = ::recvmsg(fd, &header_, flags);
    } while (got < 0 && errno == EINTR);
    size_ = got < 0 ? 0 : static_cast<std::size_t>(got);
    return got >= 0;
  }

  base::Bytes data() const { return {static_cast<const std::uint8_t*>(data_.iov_base), size_}; }
  std::optional<Endpoint> name() const {
    if (header_.msg_namelen < sizeof(sockaddr_in)) return std::nullopt;
    return endpoint_of(reinterpret_cast<const sockaddr*>(&name_));
  }

  template <class T>
  std::optional<T> control(int level, int type) const {
    auto* const header = const_cast<msghdr*>(&header_);  // CMSG_NXTHDR takes no const
    for (cmsghdr* at = CMSG_FIRSTHDR(header); at != nullptr; at = CMSG_NXTHDR(header, at)) {
      if (at->cmsg_level != level || at->cmsg_type != type || at->cmsg_len < CMSG_LEN(sizeof(T))) continue;
      T value;
      std::memcpy(&value, CMSG_DATA(at), sizeof value);
      return value;
    }
    return std::nullopt;
  }

  std::uint32_t interface_index() const {
    if (const auto v4 = control<in_pktinfo>(IPPROTO_IP, IP_PKTINFO))
      return static_cast<std::uint32_t>(v4->ipi_ifindex);
    const auto v6 = control<in6_pktinfo>(IPPROTO_IPV6, IPV6_PKTINFO);
    return v6 ? v6->ipi6_ifindex : 0;
  }

  std::optional<std::int64_t> stamp_ns() const {
    const auto stamps = control<scm_timestamping>(SOL_SOCKET, SCM_TIMESTAMPING);
    if (!stamps || (stamps->ts[0].tv_sec == 0 && stamps->ts[0].tv_nsec == 0)) return std::nullopt;
    return std::int64_t{stamps->ts[0].tv_sec} * 1'000'000'000 + stamps->ts[0].tv_nsec;
  }

 private:
  sockaddr_storage name_{};
  iovec data_;
  alignas(cmsghdr) std::array<std::uint8_t, 512> control_{};
  msghdr header_{};
  std::size_t size_ = 0;
};

}  // namespace

tl::expected<UdpSocket, int> UdpSocket::open(const VpnPlace& place, const Endpoint& local, bool shared) {
  const Family family = local.address.family();
  const NamespaceScope scope(place.net_namespace.get());
  if (scope.error() != 0) return tl::unexpected(scope.error());
  UniqueFd fd = new_socket(family);
  if (!fd) return tl::unexpected(errno);
  UdpSocket socket(std::move(fd), family);
  if (const int error = socket.configure(place); error != 0) return tl::unexpected(error);
  if (shared) socket.share_port(true);
  if (const int error = socket.bind(local); error != 0) return tl::unexpected(error);
  return socket;
}

UniqueFd UdpSocket::keep_stamping(Family family) {
  UdpSocket socket(new_socket(family), family);
  if (socket.fd_) socket.set_option(SOL_SOCKET, SO_TIMESTAMPING, kReceiveStamps);
  return std::move(socket.fd_);
}

bool UdpSocket::set_option(int level, int name, int value) const {
  return ::setsockopt(fd_.get(), level, name, &value, sizeof value) == 0;
}

int UdpSocket::configure(const VpnPlace& place) {
  if (family_ == Family::ipv6 && !set_option(IPPROTO_IPV6, IPV6_V6ONLY, 1)) return errno;
  const std::string& name = place.vpn.name;
  // Before bind(): one and the same port in several VRFs is no conflict then.
  if (place.vpn.kind == core::Vpn::Kind::vrf &&
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                   static_cast<socklen_t>(name.size() + 1)) != 0)
    return errno;
  const bool told = family_ == Family::ipv4 ? set_option(IPPROTO_IP, IP_PKTINFO, 1)
                                            : set_option(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (!told) return errno;
  set_option(SOL_SOCKET, SO_TIMESTAMPING, kReceiveStamps);  // refused: datagrams come without a stamp
  return 0;
}

int UdpSocket::bind(const Endpoint& local) {
  SocketAddress address(local);
  if (::bind(fd_.get(), address.data(), address.size()) != 0) return errno;
  socklen_t size = address.size();
  if (::getsockname(fd_.get(), address.data(), &size) != 0) return errno;
  port_ = endpoint_of(address.data())->port;
  return 0;
}

void UdpSocket::report_deliveries() {
  // Without SOF_TIMESTAMPING_OPT_ID: what was sent comes back with its stamp, and tells better than a count
  // which datagram it was.
  // OPT_CMSG: with the interface that it left through.
  constexpr unsigned kStamps = kReceiveStamps | SOF_TIMESTAMPING_TX_SOFTWARE;
  stamps_transmits_ =
      set_option(SOL_SOCKET, SO_TIMESTAMPING, static_cast<int>(kStamps | SOF_TIMESTAMPING_OPT_CMSG)) ||
      set_option(SOL_SOCKET, SO_TIMESTAMPING, static_cast<int>(kStamps));
  set_option(SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1);
  if (family_ == Family::ipv4)
    set_option(IPPROTO_IP, IP_RECVERR, 1);
  else
    set_option(IPPROTO_IPV6, IPV6_RECVERR, 1);
}

void UdpSocket::share_port(bool on) { set_option(SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0); }

int UdpSocket::send(base::Bytes data, const Endpoint& remote, const IpAddress& source,
                    std::uint32_t interface_index) const {
  SocketAddress to(remote);
  iovec payload{const_cast<std::uint8_t*>(data.data()), data.size()};  // sendmsg() does not write to it
  alignas(cmsghdr) std::array<std::uint8_t, 256> control{};
  msghdr message{};
  message.msg_name = to.data();
  message.msg_namelen = to.size();
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  if (!source.is_unspecified() || interface_index != 0) {
    message.msg_control = control.data();
    if (family_ == Family::ipv4) {
      in_pktinfo info{};
      info.ipi_ifindex = static_cast<int>(interface_index);
      info.ipi_spec_dst = to_in_addr(source);
      message.msg_controllen = put_control(control, IPPROTO_IP, IP_PKTINFO, info);
    } else {
      in6_pktinfo info{};
      info.ipi6_ifindex = interface_index;
      info.ipi6_addr = to_in6_addr(source);
      message.msg_controllen = put_control(control, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  // The error of an earlier datagram may be reported instead of sending this one: it is then cleared, so try
  // again.
  for (int tries = 0; tries < 2; ++tries) {
    if (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) >= 0) return 0;
  }
  return errno;
}

std::optional<Datagram> UdpSocket::receive(std::span<std::uint8_t> buffer) const {
  Message message(buffer);
  if (!message.receive(fd_.get(), 0)) return std::nullopt;
  const auto remote = message.name();
  if (!remote) return std::nullopt;
  Datagram datagram{message.data(), *remote, IpAddress::any(family_), 0, message.stamp_ns()};
  datagram.interface_index = message.interface_index();
  if (const auto v4 = message.control<in_pktinfo>(IPPROTO_IP, IP_PKTINFO))
    datagram.local = address_of(v4->ipi_addr);
  else if (const auto v6 = message.control<in6_pktinfo>(IPPROTO_IPV6, IPV6_PKTINFO))
    datagram.local = address_of(v6->ipi6_addr);
  return datagram;
}

std::optional<std::variant<TransmitStamp, DeliveryFailure>> UdpSocket::receive_report(
    std::span<std::uint8_t> buffer) const {
  Message message(buffer);
  if (!message.receive(fd_.get(), MSG_ERRQUEUE)) return std::nullopt;
  const auto error = family_ == Family::ipv4 ? message.control<sock_extended_err>(IPPROTO_IP, IP_RECVERR)
                                             : message.control<sock_extended_err>(IPPROTO_IPV6, IPV6_RECVERR);
  const auto stamp = message.stamp_ns();
  if (error && error->ee_origin != SO_EE_ORIGIN_TIMESTAMPING) {
    const auto remote = message.name();
    if (!remote) return std::nullopt;
    return DeliveryFailure{*remote, static_cast<int>(error->ee_errno)};
  }
  if (!stamp) return std::nullopt;
  return TransmitStamp{message.data(), *stamp, message.interface_index()};
}

int UdpSocket::take_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace noonmark::io
