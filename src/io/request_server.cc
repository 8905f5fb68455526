#include "io/request_server.h"

#include <algorithm>

#include "io/transmit_frame.h"

namespace noonmark::io {
namespace {

/// Replies sent by one call of the kernel, after one reading of the clock.
constexpr std::size_t kChunk = 16;
/// What one of them takes to leave; more than that is a thread that was held up.
constexpr auto kLongestSending = core::Duration::from_nanoseconds(10'000);

}  // namespace

core::Path path_of(const Datagram& datagram, std::uint16_t port, core::VpnId vpn) {
  const std::uint32_t scope = datagram.local.is_link_local() ? datagram.interface_index : 0;
  return {{datagram.local, port, scope}, datagram.remote, vpn, datagram.interface_index};
}

std::uint32_t interface_towards(const base::Endpoint& remote, std::uint32_t came_by) {
  if (!remote.address.is_link_local()) return 0;
  return remote.scope != 0 ? remote.scope : came_by;
}

bool RequestServer::answer(const UdpSocket& socket, core::VpnId vpn, const core::ServedLine& line,
                           Groups groups) {
  request_count_ = answer_count_ = other_count_ = 0;
  const auto datagrams = batch_.receive(socket);
  if (datagrams.empty()) return false;
  clock_.follow(line);
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    if (!core::Responder::is_request(datagrams[i].data, datagrams[i].remote.port))
      others_[other_count_++] = datagrams[i];
    else if (!datagrams[i].to_group || groups == Groups::answer)
      add_request(i, datagrams[i], vpn, socket.port());
  }
  examine();
  send(socket);
  return batch_.is_full();
}

void RequestServer::add_request(std::size_t i, const Datagram& datagram, core::VpnId vpn,
                                std::uint16_t port) {
  const std::int64_t received_ns = datagram.kernel_ns.value_or(clock_.real_ns());
  core::ServiceRequest& request = requests_[request_count_];
  request = {batch_.buffer(i), datagram.data.size(), path_of(datagram, port, vpn),
             clock_.at_kernel_time(received_ns)};
  if (clock_.real_ns() - received_ns > kPatienceNs) return responder_.drop_late(request);
  places_[request_count_++] = i;
}

void RequestServer::examine() {
  responder_.prefetch(std::span(requests_).first(request_count_));
  for (std::size_t i = 0; i < request_count_; ++i) {
    plans_[answer_count_] = responder_.examine(requests_[i]);
    if (plans_[answer_count_].size == 0) continue;
    places_[answer_count_] = places_[i];
    if (answer_count_ != i) requests_[answer_count_] = requests_[i];
    ++answer_count_;
  }
}

/// All that can be done before is, then the clock is read. A later reply of a chunk leaves later, by what
/// each of the chunks before took.
void RequestServer::send(const UdpSocket& socket) {
  for (std::size_t begin = 0; begin < answer_count_; begin += kChunk) {
    const std::size_t end = std::min(begin + kChunk, answer_count_);
    for (std::size_t i = begin; i < end; ++i) {
      const core::Path& path = requests_[i].path;
      batch_.reply(
          places_[i], plans_[i].size,
          {plans_[i].source, interface_towards(path.remote, path.interface_index), plans_[i].wants_stamp});
    }
    const core::Timestamp now = clock_.now();
    core::Timestamp leaves = now + sending_time_ / 2;
    for (std::size_t i = begin; i < end; ++i, leaves = leaves + sending_time_)
      responder_.complete(requests_[i], plans_[i], leaves);
    batch_.send_replies(socket);
    learn_sending_time((clock_.now() - now) / static_cast<int>(end - begin));
  }
}

void RequestServer::learn_sending_time(core::Duration of_one) {
  if (of_one < core::Duration{} || of_one > kLongestSending) return;
  sending_time_ = of_one < sending_time_ ? of_one : sending_time_ + (of_one - sending_time_) / 16;
}

bool RequestServer::on_stamp(const TransmitStamp& stamp, const UdpSocket& socket, core::VpnId vpn,
                             const core::ServedLine& line) {
  auto reply = sent_reply(stamp.frame, socket.family(), socket.port());
  if (!reply) return false;
  if (reply->remote.address.is_link_local()) reply->remote.scope = stamp.interface_index;
  if (reply->local.address.is_link_local()) reply->local.scope = stamp.interface_index;
  clock_.follow(line);
  responder_.on_transmitted({reply->local, reply->remote, vpn, stamp.interface_index}, reply->receive,
                            clock_.at_kernel_time(stamp.kernel_ns));
  return true;
}

}  // namespace noonmark::io
