#include "core/server.h"

#include <algorithm>

namespace noonmark::core {
namespace {

constexpr std::uint16_t kNtpPort = 123;

Answer dropped(DropReason reason) { return {.drop = reason}; }

wire::Header reply_header(const wire::Header& request, const ServerView& view, const Instant& received,
                          const Instant& now) {
  const bool synchronized = view.stratum < wire::kMaxStratum;
  wire::Header reply;
  reply.leap = view.leap;
  reply.version = request.version;
  reply.mode = wire::Mode::server;
  reply.stratum = synchronized ? view.stratum : std::uint8_t{0};  // 16 is 0 on the wire, RFC 5905 section 7.3
  reply.poll = request.poll;
  reply.precision = view.precision;
  if (synchronized) {
    const double age = std::max(0.0, (now.raw - view.updated).seconds());
    reply.root_delay = ShortDuration::from_seconds(view.root_delay);
    reply.root_dispersion = ShortDuration::from_seconds(view.root_dispersion + view.dispersion_rate * age);
    reply.reference_id = view.reference_id;
    reply.reference = view.local_clock ? received.served : view.reference;
  }
  reply.origin = request.transmit;
  reply.receive = received.served;
  reply.transmit = now.served;
  return reply;
}

}  // namespace

bool is_client_request(base::Bytes datagram, std::uint16_t remote_port) {
  const auto mode = wire::mode_of(datagram);
  return mode == wire::Mode::client ||
         (mode == wire::Mode::reserved && wire::version_of(datagram) == 1 && remote_port != kNtpPort);
}

Answer answer(base::Bytes datagram, const wire::Packet& request, const ServerView& view, KeyTable& keys,
              const Instant& received, const Instant& now) {
  Key* key = nullptr;
  if (request.mac) {
    key = keys.find(request.mac->key_id);
    if (key == nullptr) return dropped(DropReason::unknown_key);
    if (authenticate(*key, datagram, request) != Authenticity::verified)
      return dropped(DropReason::authentication);
  }
  Answer reply;
  std::span<std::uint8_t> out(reply.data);
  wire::encode(reply_header(request.header, view, received, now), out.first<wire::kHeaderSize>());
  reply.size = wire::kHeaderSize;
  if (key != nullptr) reply.size = key->sign(out, reply.size, request.mac->digest.size());
  return reply;
}

}  // namespace noonmark::core
