#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/net_address.h"
#include "core/config.h"
#include "core/instant.h"
#include "core/network_view.h"
#include "core/reason.h"
#include "wire/header.h"

namespace noonmark::core {

using base::Endpoint;

enum class AssociationId : std::uint32_t {};

/// A stage of the clock filter as displays show it. Times in seconds; offset is server minus our corrected
/// clock.
struct FilterStage {
  double offset = 0;
  double delay = 0;
  double dispersion = 16;
  bool operator==(const FilterStage&) const = default;
};

/// One session, as displays and `explain` see it. Peer variables have RFC 5905's meaning (section 9.1).
struct AssociationState {
  AssociationId id{};
  ServerConfig config;
  Reason reason = Reason::waiting_for_reply;

  // where requests go from
  VpnId vpn = VpnId::public_instance;
  std::optional<IpAddress> source;  // the address that the source interface gives; none: the kernel chooses
  std::string source_interface;     // the interface in force (Linux name), empty: the kernel's choice
  std::uint32_t scope = 0;          // interface index for a link-local server
  std::optional<IpAddress> last_local;  // the address that the last reply came to
  std::string last_interface;           // the interface that the last reply came in on

  // peer variables
  bool answered = false;                     // `last` holds a reply
  wire::Header last;                         // the last valid reply
  Timestamp destination;                     // our time when it came (T4, served scale)
  std::uint8_t stratum = wire::kMaxStratum;  // of the server, 16: unsynchronized
  std::uint8_t reach = 0;
  std::int8_t host_poll = 6;  // our poll exponent
  double offset = 0, delay = 0, dispersion = 16,
         jitter = 0;  // s, clock filter's output; offset is to our corrected clock now
  double root_delay = 0, root_dispersion = 0;  // the server's, s
  double root_distance = 16;                   // synchronization distance now, s
  std::array<FilterStage, 8> filter{};         // newest first
  std::optional<Timestamp> last_heard;         // time of the last valid packet

  // verdicts
  bool sane = false;        // passed the packet tests and is fit (RFC 5905, A.5.5.3)
  bool selectable = false;  // took part in the intersection
  bool selected = false;    // survived intersection
  bool candidate = false;   // survived clustering
  bool system_peer = false;

  // facts for `explain`
  std::uint32_t sent = 0;            // requests sent since the association (re)started
  std::uint32_t unanswered = 0;      // requests since the last valid reply
  std::optional<Endpoint> impostor;  // who answered instead (reply_from_other_address)
  std::string impostor_vpn;
  std::uint32_t received_key_id = 0;  // of the last MAC that did not verify
  int send_errno = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kCount)> drops{};
  std::uint64_t received = 0;

  bool operator==(const AssociationState&) const = default;
};

enum class SyncState : std::uint8_t {
  not_set,
  frequency_from_configuration,
  set,
  set_frequency_unknown,
  synchronized,
  spike
};

/// System variables, RFC 5905 section 11.1; times in seconds.
struct SystemState {
  wire::Leap leap = wire::Leap::unknown;
  std::uint8_t stratum = wire::kMaxStratum;
  std::int8_t precision = -20;
  std::uint32_t reference_id = 0;  // as on the wire
  std::optional<AssociationId> system_peer;
  bool local_clock_in_use = false;
  Timestamp reference;  // served time of the last update
  RawTime updated;      // the same moment, raw
  double offset = 0;    // last combined offset to the corrected clock
  double jitter = 0;
  double root_delay = 0;
  double root_dispersion = 0;  // at `updated`; it grows by kDispersionRate
  double peer_dispersion = 0;
  double frequency = 0;  // correction in force without slews, s/s: positive speeds the clock up
  SyncState sync = SyncState::not_set;
  double spike_remaining = 0;  // s until a step, in SyncState::spike
  bool clock_settable = true;  // false once the clock driver refused
  bool operator==(const SystemState&) const = default;

  bool is_synchronized() const { return stratum < wire::kMaxStratum; }
};

struct DropRecord {
  Timestamp when;
  DropReason reason{};
  Endpoint from;
  VpnId vpn = VpnId::public_instance;
  bool operator==(const DropRecord&) const = default;
};

/// Counters of one address family; `last_drops` newest last, at most 10.
struct PacketStatistics {
  std::uint64_t sent = 0;
  std::uint64_t send_failures = 0;
  std::uint64_t received = 0;
  std::uint64_t processed = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kCount)> drops{};
  std::deque<DropRecord> last_drops;
  std::uint64_t dropped() const;
  std::uint64_t dropped(DropClass row) const;
};

}  // namespace noonmark::core
