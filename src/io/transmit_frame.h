#pragma once

#include <optional>

#include "base/bytes.h"
#include "core/path.h"
#include "core/state.h"

namespace noonmark::io {

/// What can be read of a datagram from the frame that comes back with its transmit stamp: link, IP and UDP
/// headers without options, then the datagram, at the end.

/// The source address and interface of a datagram of `size` octets.
core::Departure departure_of(base::Bytes frame, std::uint32_t interface_index, base::Family family,
                             std::size_t size);

/// A reply of ours as it left.
struct SentReply {
  base::Endpoint local;
  base::Endpoint remote;    // without a scope
  core::Timestamp receive;  // the receive timestamp in it
};
/// None: the frame does not end with an NTP packet of at most core::kMaxPacket octets from `port`.
std::optional<SentReply> sent_reply(base::Bytes frame, base::Family family, std::uint16_t port);

}  // namespace noonmark::io
