#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/responder.h"
#include "core/served_line.h"
#include "io/datagram_batch.h"
#include "io/kernel_clock.h"
#include "io/served_clock.h"
#include "io/udp_socket.h"

namespace noonmark::io {

/// Takes what has come to service sockets, as much at once as there is, has a Responder answer the requests,
/// and sends the replies, each with its transmit timestamp taken last. Of one thread, which is the
/// responder's.
class RequestServer {
 public:
  /// A request that waited longer than this is not worth an answer: its client has given up, or will send
  /// another one.
  static constexpr std::int64_t kPatienceNs = 3'000'000'000;

  /// `responder` must outlive it.
  explicit RequestServer(core::Responder& responder) : responder_(responder) {}

  /// To be called when poll() says that there is something. What is no request, which others() has, is left
  /// alone, and `groups` says whether requests to multicast and broadcast addresses are. True: there may be
  /// more.
  enum class Groups : std::uint8_t { answer, leave };
  bool answer(const UdpSocket& socket, core::VpnId vpn, const core::ServedLine& line, Groups groups);
  /// What else came in at the last answer(); valid until the next one.
  std::span<const Datagram> others() const { return {others_.data(), other_count_}; }

  /// Tells the responder of the transmit stamp of a reply; whether it was one.
  bool on_stamp(const TransmitStamp& stamp, const UdpSocket& socket, core::VpnId vpn,
                const core::ServedLine& line);

 private:
  void add_request(std::size_t i, const Datagram& datagram, core::VpnId vpn, std::uint16_t port);
  void examine();
  void send(const UdpSocket& socket);
  void learn_sending_time(core::Duration of_one);

  core::Responder& responder_;
  SystemKernelClock kernel_;
  ServedClock clock_{kernel_};
  DatagramBatch batch_;
  // Of requests, and of those that are answered: parallel arrays, the latter at the front.
  std::array<core::ServiceRequest, DatagramBatch::kCapacity> requests_;
  std::array<core::ReplyPlan, DatagramBatch::kCapacity> plans_;
  std::array<std::size_t, DatagramBatch::kCapacity> places_;  // in the batch
  std::size_t request_count_ = 0;
  std::size_t answer_count_ = 0;
  core::Duration sending_time_;  // of a reply among others
  std::array<Datagram, DatagramBatch::kCapacity> others_;
  std::size_t other_count_ = 0;
};

/// Where a datagram came in: on a socket of `port`. Scopes are those of link-local addresses.
core::Path path_of(const Datagram& datagram, std::uint16_t port, core::VpnId vpn);
/// The interface to send through: only link-local addresses need it. For all others it would override
/// routing, and a reply whose way back is another one than the request's way here would be lost.
std::uint32_t interface_towards(const base::Endpoint& remote, std::uint32_t came_by);

}  // namespace noonmark::io
