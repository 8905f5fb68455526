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

  const msghdr& header() const { return header_; }
  ControlData control() const { return read_control(header_); }

 private:
  sockaddr_storage name_{};
  iovec data_;
  alignas(cmsghdr) std::array<std::uint8_t, 512> control_;
  msghdr header_{};
  std::size_t size_ = 0;
};

}  // namespace

UdpSocket::UdpSocket(Family family)
    : fd_(::socket(domain_of(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), family_(family) {
  if (fd_ || errno != EINVAL) return;
  fd_.reset(::socket(domain_of(family), SOCK_DGRAM, 0));
  if (!fd_) return;
  takes_one_at_a_time_ = true;
  ::fcntl(fd_.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
}

tl::expected<UdpSocket, int> UdpSocket::open(const VpnPlace& place, const Endpoint& local, PortUse use) {
  const NamespaceScope scope(place.net_namespace.get());
  if (scope.error() != 0) return tl::unexpected(scope.error());
  UdpSocket socket(local.address.family());
  if (!socket.fd_) return tl::unexpected(errno);
  if (const int error = socket.configure(place); error != 0) return tl::unexpected(error);
  if (use == PortUse::shared) socket.share_port(true);
  if (use == PortUse::group && !socket.set_option(SOL_SOCKET, SO_REUSEPORT, 1)) return tl::unexpected(errno);
  if (const int error = socket.bind(local); error != 0) return tl::unexpected(error);
  return socket;
}

UniqueFd UdpSocket::keep_stamping(Family family) {
  UdpSocket socket(family);
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
  report_errors(true);
}

void UdpSocket::report_errors(bool on) {
  const bool done = family_ == Family::ipv4 ? set_option(IPPROTO_IP, IP_RECVERR, on ? 1 : 0)
                                            : set_option(IPPROTO_IPV6, IPV6_RECVERR, on ? 1 : 0);
  reports_errors_ = on && done;
}

void UdpSocket::prepare_to_serve() {
  // A burst of a thousand requests; the system's limit may be less. A larger one would only keep requests
  // until their answers are worth nothing.
  constexpr int kReceiveBuffer = 1 << 19;
  set_option(SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  set_option(SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1);
  stamps_transmits_ = set_option(SOL_SOCKET, SO_TIMESTAMPING, kReceiveStamps | SOF_TIMESTAMPING_OPT_CMSG);
  set_option(SOL_SOCKET, SO_BROADCAST, 1);
  // Only groups that this socket has joined itself.
  if (family_ == Family::ipv4)
    set_option(IPPROTO_IP, IP_MULTICAST_ALL, 0);
  else
    set_option(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
}

int UdpSocket::join(const IpAddress& group, std::uint32_t interface_index) const {
  return change_membership(group, interface_index, true);
}

int UdpSocket::leave(const IpAddress& group, std::uint32_t interface_index) const {
  return change_membership(group, interface_index, false);
}

int UdpSocket::change_membership(const IpAddress& group, std::uint32_t interface_index, bool joins) const {
  group_req request{};
  request.gr_interface = interface_index;
  SocketAddress address({group, 0, 0});
  std::memcpy(&request.gr_group, address.data(), address.size());
  const int level = family_ == Family::ipv4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6};
  const int option = joins ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
  return ::setsockopt(fd_.get(), level, option, &request, sizeof request) == 0 ? 0 : errno;
}

void UdpSocket::share_port(bool on) { set_option(SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0); }

int UdpSocket::send(base::Bytes data, const Endpoint& remote, const Departing& departing) const {
  SocketAddress to(remote);
  iovec payload{const_cast<std::uint8_t*>(data.data()), data.size()};  // sendmsg() does not write to it
  alignas(cmsghdr) std::array<std::uint8_t, kDepartingRoom> control;
  msghdr message{};
  message.msg_name = to.data();
  message.msg_namelen = to.size();
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = put_departing(control, family_, departing);
  // The error of an earlier datagram may be reported instead of sending this one: it is then cleared, so try
  // again.
  for (int tries = 0; tries < 2; ++tries) {
    if (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) >= 0) return 0;
  }
  return errno;
}

Datagram UdpSocket::datagram_of(const msghdr& message, base::Bytes data) const {
  const auto control = read_control(message);
  Datagram datagram{data,
                    {},
                    control.local.value_or(IpAddress::any(family_)),
                    control.interface_index,
                    control.stamp_ns,
                    control.to_group};
  if (const auto remote = endpoint_of(static_cast<const sockaddr*>(message.msg_name)))
    datagram.remote = *remote;
  return datagram;
}

std::optional<Datagram> UdpSocket::receive(std::span<std::uint8_t> buffer) const {
  Message message(buffer);
  if (!message.receive(fd_.get(), 0)) return std::nullopt;
  return datagram_of(message.header(), message.data());
}

std::optional<std::variant<TransmitStamp, DeliveryFailure>> UdpSocket::receive_report(
    std::span<std::uint8_t> buffer) const {
  Message message(buffer);
  if (!message.receive(fd_.get(), MSG_ERRQUEUE)) return std::nullopt;
  const auto control = message.control();
  if (control.error && control.error->ee_origin != SO_EE_ORIGIN_TIMESTAMPING) {
    const auto remote = message.name();
    if (!remote) return std::nullopt;
    return DeliveryFailure{*remote, static_cast<int>(control.error->ee_errno)};
  }
  if (!control.stamp_ns) return std::nullopt;
  return TransmitStamp{message.data(), *control.stamp_ns, control.interface_index};
}

int UdpSocket::take_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace noonmark::io
