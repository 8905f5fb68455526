#pragma once

#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <span>
#include <sys/socket.h>

#include "core/outbox.h"
#include "io/control_message.h"
#include "io/udp_socket.h"

namespace noonmark::io {

/// Datagrams that are taken from a socket together and answered together out of the buffers they came in:
/// one call of the kernel for many (recvmmsg, sendmmsg), where it has these. Nothing is allocated.
class DatagramBatch {
 public:
  static constexpr std::size_t kCapacity = 64;

  DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  /// Takes what is there, which stays until the next call; one datagram at most where the socket says so.
  /// What has no sender of the socket's family is left out.
  std::span<const Datagram> receive(const UdpSocket& socket);
  /// Whether receive() found as many as it can take.
  bool is_full() const { return size_ == kCapacity; }
  /// core::kMaxDatagram octets that begin with datagram `i`.
  std::span<std::uint8_t> buffer(std::size_t i) { return slots_[i].data; }

  /// The first `size` octets of buffer `i` shall go back to where its datagram came from.
  void reply(std::size_t i, std::size_t size, const Departing& departing);
  /// Sends what reply() was told of, in that order. What the kernel refuses is lost.
  void send_replies(const UdpSocket& socket);

 private:
  struct Slot {
    alignas(cmsghdr) std::array<std::uint8_t, kControlRoom> control;
    alignas(cmsghdr) std::array<std::uint8_t, kDepartingRoom> departing;
    union {
      sockaddr any;
      sockaddr_in6 v6;  // the larger one
    } name;
    iovec whole;
    iovec reply;
    std::array<std::uint8_t, core::kMaxDatagram> data;
  };

  std::size_t receive_many(int fd);
  std::size_t receive_one(int fd);
  std::size_t send_many(int fd, std::span<mmsghdr> messages);

  bool calls_missing_ = false;  // recvmmsg() or sendmmsg()
  std::size_t size_ = 0;
  std::size_t used_ = kCapacity;  // headers that the kernel has written to
  std::array<Slot, kCapacity> slots_;
  std::array<mmsghdr, kCapacity> incoming_{};
  std::array<mmsghdr, kCapacity> replies_{};
  std::size_t reply_count_ = 0;
  std::array<Datagram, kCapacity> datagrams_;
};

}  // namespace noonmark::io
