#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <sys/socket.h>
#include <tl/expected.hpp>
#include <variant>

#include "base/bytes.h"
#include "base/net_address.h"
#include "io/control_message.h"
#include "io/unique_fd.h"
#include "io/vpn_place.h"

namespace noonmark::io {

/// A datagram as it came in. `data` lies in the buffer given to receive().
struct Datagram {
  base::Bytes data;  // what fits into the buffer
  base::Endpoint remote;
  base::IpAddress local;              // the address it was sent to; unspecified if the kernel did not tell
  std::uint32_t interface_index = 0;  // 0 if the kernel did not tell
  std::optional<std::int64_t> kernel_ns;  // receive time stamp: CLOCK_REALTIME, ns since 1970
  bool to_group = false;                  // `local` is a multicast or broadcast address
};

/// From the error queue: when a datagram left. `frame` ends with the datagram; headers are in front of it.
struct TransmitStamp {
  base::Bytes frame;
  std::int64_t kernel_ns = 0;
  std::uint32_t interface_index = 0;  // it left through; 0 if the kernel did not tell
};

/// From the error queue: a datagram did not arrive, or could not leave.
struct DeliveryFailure {
  base::Endpoint remote;  // where it was sent to
  int error_number = 0;   // as the kernel translates the ICMP message
};

/// An unconnected UDP socket in a VPN instance, never blocking. Errors are errno values. At most one message
/// is taken from the kernel in each call, and the error queue must be read only after poll() said POLLERR or
/// POLLPRI: a simulator's socket has no other way to know what is wanted.
class UdpSocket {
 public:
  enum class PortUse : std::uint8_t {
    exclusive,
    shared,  // the port may already belong to another socket that is sharing it, too (see share_port)
    group,   // to others of the same user that say so as well: a SO_REUSEPORT group
  };
  /// Bound to `local`, of `family`; port 0: a random one.
  static tl::expected<UdpSocket, int> open(const VpnPlace& place, const base::Endpoint& local,
                                           PortUse use = PortUse::exclusive);

  /// A socket without a port that is there to be open. The kernel stamps datagrams only while somebody wants
  /// it, and begins some time after it is asked: too late for the answer to the first request of a fresh
  /// socket.
  static UniqueFd keep_stamping(base::Family family);

  int fd() const { return fd_.get(); }
  std::uint16_t port() const { return port_; }
  base::Family family() const { return family_; }
  /// Of a system that lacks SOCK_NONBLOCK, and so recvmmsg(), which came later: a very old one, or a
  /// simulator's, where a second message may not be taken before poll() has told of it.
  bool takes_one_at_a_time() const { return takes_one_at_a_time_; }

  /// Asks for transmit time stamps and ICMP errors through the error queue.
  void report_deliveries();
  /// Of these, the ICMP errors. While one is pending, other calls report it as well.
  void report_errors(bool on);
  /// Whether ICMP errors come through the queue: take_error() then only repeats one.
  bool reports_errors() const { return reports_errors_; }
  /// Makes it a server's: room for a burst, and transmit time stamps only of messages sent with `stamped`.
  void prepare_to_serve();
  /// Enters a multicast group on an interface, or leaves it. 0 or an errno value.
  int join(const base::IpAddress& group, std::uint32_t interface_index) const;
  int leave(const base::IpAddress& group, std::uint32_t interface_index) const;
  /// Whether transmit time stamps were granted.
  bool stamps_transmits() const { return stamps_transmits_; }

  /// SO_REUSEADDR, for the moment in which another socket is bound to the same port.
  void share_port(bool on);

  /// 0 or an errno value.
  int send(base::Bytes data, const base::Endpoint& remote, const Departing& departing) const;
  /// nullopt: nothing there after all.
  std::optional<Datagram> receive(std::span<std::uint8_t> buffer) const;
  std::optional<std::variant<TransmitStamp, DeliveryFailure>> receive_report(
      std::span<std::uint8_t> buffer) const;
  /// What recvmsg() and the like told of a datagram.
  Datagram datagram_of(const msghdr& message, base::Bytes data) const;
  /// SO_ERROR: the pending error, which is cleared; 0: none.
  int take_error() const;

 private:
  explicit UdpSocket(base::Family family);
  int configure(const VpnPlace& place);
  int bind(const base::Endpoint& local);
  bool set_option(int level, int name, int value) const;
  int change_membership(const base::IpAddress& group, std::uint32_t interface_index, bool joins) const;

  UniqueFd fd_;
  base::Family family_;
  std::uint16_t port_ = 0;
  bool takes_one_at_a_time_ = false;
  bool stamps_transmits_ = false;
  bool reports_errors_ = false;
};

}  // namespace noonmark::io
