#include "io/datagram_batch.h"

#include <cerrno>

#include "io/socket_address.h"

namespace noonmark::io {

DatagramBatch::DatagramBatch() {
  for (std::size_t i = 0; i < kCapacity; ++i) {
    Slot& slot = slots_[i];
    slot.whole = {slot.data.data(), slot.data.size()};
    slot.reply = {slot.data.data(), 0};
    msghdr& in = incoming_[i].msg_hdr;
    in.msg_name = &slot.name;
    in.msg_iov = &slot.whole;
    in.msg_iovlen = 1;
    in.msg_control = slot.control.data();
  }
}

std::span<const Datagram> DatagramBatch::receive(const UdpSocket& socket) {
  for (std::size_t i = 0; i < used_; ++i) {  // the kernel left what it wrote there
    incoming_[i].msg_hdr.msg_namelen = sizeof slots_[i].name;
    incoming_[i].msg_hdr.msg_controllen = slots_[i].control.size();
  }
  reply_count_ = 0;
  const bool one = calls_missing_ || socket.takes_one_at_a_time();
  size_ = one ? receive_one(socket.fd()) : receive_many(socket.fd());
  used_ = std::max<std::size_t>(size_, 1);
  for (std::size_t i = 0; i < size_; ++i) {
    const base::Bytes data(slots_[i].data.data(), incoming_[i].msg_len);
    datagrams_[i] = socket.datagram_of(incoming_[i].msg_hdr, data);
  }
  return {datagrams_.data(), size_};
}

std::size_t DatagramBatch::receive_many(int fd) {
  int count = 0;
  do {
    count = ::recvmmsg(fd, incoming_.data(), kCapacity, MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == ENOSYS) {
    calls_missing_ = true;
    return receive_one(fd);
  }
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

std::size_t DatagramBatch::receive_one(int fd) {
  ssize_t got = 0;
  do {
    got = ::recvmsg(fd, &incoming_[0].msg_hdr, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return 0;
  incoming_[0].msg_len = static_cast<unsigned>(got);
  return 1;
}

void DatagramBatch::reply(std::size_t i, std::size_t size, const Departing& departing) {
  Slot& slot = slots_[i];
  slot.reply.iov_len = size;
  msghdr& out = replies_[reply_count_++].msg_hdr;
  out.msg_name = &slot.name;
  out.msg_namelen = incoming_[i].msg_hdr.msg_namelen;
  out.msg_iov = &slot.reply;
  out.msg_iovlen = 1;
  out.msg_control = slot.departing.data();
  out.msg_controllen = put_departing(slot.departing, datagrams_[i].remote.address.family(), departing);
}

void DatagramBatch::send_replies(const UdpSocket& socket) {
  const std::span<mmsghdr> messages(replies_.data(), std::exchange(reply_count_, 0));
  std::size_t done = 0;
  bool again = false;
  while (done < messages.size()) {
    const std::size_t sent = send_many(socket.fd(), messages.subspan(done));
    done += sent;
    // The error of an earlier datagram may be reported instead: it is then cleared, so try again.
    again = sent == 0 && !again;
    if (sent == 0 && !again) ++done;
  }
}

std::size_t DatagramBatch::send_many(int fd, std::span<mmsghdr> messages) {
  if (messages.size() > 1 && !calls_missing_) {
    const int sent = ::sendmmsg(fd, messages.data(), static_cast<unsigned>(messages.size()), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != ENOSYS) return 0;
    calls_missing_ = true;
  }
  return ::sendmsg(fd, &messages.front().msg_hdr, MSG_NOSIGNAL) >= 0 ? 1 : 0;
}

}  // namespace noonmark::io
