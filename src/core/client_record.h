#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/net_address.h"
#include "core/config.h"
#include "core/network_view.h"
#include "core/reason.h"
#include "wire/time.h"

namespace noonmark::core {

using wire::Duration;
using wire::Timestamp;

/// What the server remembers of one address in one VPN instance. Times are on the served clock, which may
/// have been stepped between two requests. All zero octets are a valid record: of a client not seen before.
struct alignas(64) ClientRecord {
  static constexpr std::uint8_t kDenied = 0xFF;
  static constexpr int kTicks = 256;        // of last_seen, in a second
  static constexpr int kBacklogTicks = 16;  // of the backlogs, in a second

  Timestamp receive;             // of our last reply that told the time; zero: none yet
  std::uint32_t transmit_after;  // when that left, 2^-32 s after `receive`; 0: not known
  VpnId vpn;
  std::uint32_t requests;
  std::uint32_t drops;
  std::uint32_t key_id;          // of the last request with a valid MAC
  std::uint32_t last_seen;       // 1/256 s, modulo 2^32: 194 days
  std::uint16_t average;         // interval between requests, s: the upper half of an IEEE single
  std::uint16_t backlog;         // 1/16 s of its average interval that its requests have used up
  std::uint16_t proven_backlog;  // the same, counting only those that proved to hear us
  std::uint16_t kissed_at;       // s, modulo 2^16
  std::uint16_t decision;        // the access lists that `access` was decided by; 0: none
  IpAddress address;
  std::uint8_t access;  // AccessLevel, or kDenied
  DropReason last_drop;
  std::uint8_t version;
  bool kissed : 1;
  bool stamped : 1;      // transmit_after is the kernel's
  bool interleaves : 1;  // it asked for interleaved replies

  /// A request of it came in.
  void see(Timestamp received);
  /// In the era of ticks that is nearest to `now`.
  Timestamp last_seen_near(Timestamp now) const {
    const auto ticks = static_cast<std::uint32_t>(now.raw() >> 24);
    return now - Duration::from_raw(std::int64_t{static_cast<std::int32_t>(ticks - last_seen)} << 24);
  }
  float average_interval() const { return std::bit_cast<float>(std::uint32_t{average} << 16); }

  bool was_answered() const { return !receive.is_zero(); }
  bool has_transmit() const { return transmit_after != 0; }
  Timestamp transmit() const { return receive + Duration::from_raw(transmit_after); }
  /// Of the reply that said `receive`. A stamp that is not within the second after it is none.
  void set_transmit(Timestamp when, bool by_kernel);
  /// Whether `origin` repeats what only a receiver of our last reply can know.
  bool proves_to_hear_us(Timestamp origin) const {
    return was_answered() && (origin == receive || (has_transmit() && origin == transmit()));
  }

 private:
  void note_interval(std::uint32_t ticks);
};
static_assert(sizeof(ClientRecord) == 64);

inline void ClientRecord::set_transmit(Timestamp when, bool by_kernel) {
  const auto after = (when - receive).raw();
  const bool is_valid = after > 0 && after <= std::int64_t{0xFFFFFFFF};
  transmit_after = is_valid ? static_cast<std::uint32_t>(after) : 0;
  stamped = is_valid && by_kernel;
}

inline void ClientRecord::see(Timestamp received) {
  const auto now = static_cast<std::uint32_t>(received.raw() >> 24);
  const auto elapsed = static_cast<std::int32_t>(now - last_seen);
  if (requests != 0 && elapsed >= 0) {  // else it is new, or the clock was set back
    note_interval(static_cast<std::uint32_t>(elapsed));
    // The difference of two roundings, not the rounded difference: many small steps add up to the whole.
    constexpr int kShift = 4;
    const auto passed = static_cast<std::uint32_t>((now >> kShift) - (last_seen >> kShift));
    backlog = static_cast<std::uint16_t>(backlog - std::min<std::uint32_t>(backlog, passed));
    proven_backlog =
        static_cast<std::uint16_t>(proven_backlog - std::min<std::uint32_t>(proven_backlog, passed));
  }
  last_seen = now;
  ++requests;
}

inline void ClientRecord::note_interval(std::uint32_t ticks) {
  const float interval = static_cast<float>(ticks) * (1.0F / kTicks);
  const float before = average_interval();
  const float next = requests == 1 ? interval : before + (interval - before) * 0.125F;
  average = static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(next) + 0x8000) >> 16);
}

}  // namespace noonmark::core
