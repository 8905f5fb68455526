#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "core/authenticator.h"
#include "core/outbox.h"
#include "core/reason.h"
#include "core/state.h"
#include "wire/packet.h"

namespace noonmark::core {

/// What the answering path needs to know of the system: a flat snapshot of the system variables.
struct ServerView {
  wire::Leap leap = wire::Leap::unknown;
  std::uint8_t stratum = wire::kMaxStratum;
  std::int8_t precision = -20;
  std::uint32_t reference_id = 0;
  Timestamp reference;
  bool local_clock = false;    // the reference time is renewed with each answer
  double root_delay = 0;       // s
  double root_dispersion = 0;  // s, at `updated`
  double dispersion_rate = 0;  // s/s, by which it grows since
  RawTime updated;
};

struct Answer {
  std::optional<DropReason> drop;  // no answer
  std::array<std::uint8_t, kMaxPacket> data{};
  std::size_t size = 0;  // never more than the request had
};

/// Whether a packet asks for the time: mode 3, or the mode-less version 1 from a port that is not a server's.
bool is_client_request(base::Bytes datagram, std::uint16_t remote_port);

/// Answers one client request (RFC 5905 section 9.1 and figure 31): a request with a valid MAC of a
/// configured key gets a MAC of that key and length, one without MAC none, a wrong one silence. Pure but for
/// the keys' contexts.
Answer answer(base::Bytes datagram, const wire::Packet& request, const ServerView& view, KeyTable& keys,
              const Instant& received, const Instant& now);

}  // namespace noonmark::core
