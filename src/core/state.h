#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

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

/// What the kernel tells of a request that left.
struct Departure {
  std::optional<IpAddress> address;   // its source address
  std::uint32_t interface_index = 0;  // it left through; 0: not told
};

/// What became of one request.
struct Outcome {
  enum class Kind : std::uint8_t { none, accepted, dropped, timed_out, send_failed };
  Kind kind = Kind::none;
  DropReason drop{};  // dropped: the test that the reply failed
  Reason reason{};    // send_failed
  Timestamp when;     // served scale
  double offset = 0;  // accepted: s, server minus our corrected clock at that time
  double delay = 0;   // accepted: s
  bool operator==(const Outcome&) const = default;
};
inline constexpr std::size_t kOutcomes = 8;

/// One session, as displays and `explain` see it. Peer variables have RFC 5905's meaning (section 9.1).
struct AssociationState {
  AssociationId id{};
  ServerConfig config;
  Reason reason = Reason::waiting_for_reply;
  std::optional<GroupMember> group;  // whose packets mobilized it

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
  double root_distance = 16;            // synchronization distance now, s: true time is within offset +- it
  double likely_error = 16;             // s, by which the offset is hardly ever wrong
  std::array<FilterStage, 8> filter{};  // newest first
  std::optional<Timestamp> last_heard;  // time of the last valid packet
  bool interleaved = false;             // the last sample came in the interleaved mode, RFC 9769

  // verdicts
  bool may_be_followed = true;  // by ntp-service access
  bool sane = false;            // passed the packet tests and is fit (RFC 5905, A.5.5.3)
  bool selectable = false;      // took part in the intersection
  bool selected = false;        // survived intersection
  bool candidate = false;       // feeds the clock (RFC 5905: survived clustering)
  bool system_peer = false;

  // facts for `explain`
  std::uint32_t sent = 0;            // requests sent since the association (re)started
  std::uint32_t unanswered = 0;      // requests since the last valid reply
  std::optional<Endpoint> impostor;  // who answered instead (reply_from_other_address)
  std::string impostor_vpn;
  std::uint32_t received_key_id = 0;  // of the last MAC that did not verify
  int send_errno = 0;
  std::uint32_t replies = 0;  // valid replies since then
  std::optional<Timestamp> last_sent;
  std::optional<IpAddress> sent_from;  // the address that the last request left from, by the kernel's word
  std::uint32_t sent_through = 0;      // the interface it left through; 0: not known
  std::array<Outcome, kOutcomes> outcomes{};  // of the last requests, newest first

  bool operator==(const AssociationState&) const = default;
};

/// What the clock can be trusted for.
enum class ClockState : std::uint8_t {
  unsynchronized,
  holdover,  // no source is left; the clock runs on with what was learned, its error bound grows
  synchronized,
};

/// The clock is not brought to what the servers say, until the reason is gone or Engine::release_hold().
struct Hold {
  Reason reason{};    // offset_limit, before_build_date, step_refused or stepping_soon
  double offset = 0;  // s, what the servers say minus our clock
  bool operator==(const Hold&) const = default;
};

/// A correction that is on its way.
struct Slew {
  double left = 0;  // s, true time by our estimate minus our clock
  double time = 0;  // s, that it takes at the rate in force
  bool operator==(const Slew&) const = default;
};

/// The contract with other software: how good the clock is at one moment.
struct Quality {
  ClockState state = ClockState::unsynchronized;
  double error_bound = 16;      // s: true time is this near, if the sources are honest
  double error_growth = 0;      // s/s: how fast the bound grows without news
  double estimated_error = 16;  // s, standard deviation
  double frequency = 0;         // s/s, correction in force without slews
  double frequency_error = 0;   // s/s, standard deviation
  std::string source;           // "192.0.2.1", "LOCAL(0)"; in holdover the one that was lost; or empty
  std::string vpn;
  std::uint8_t stratum = wire::kMaxStratum;
  wire::Leap leap = wire::Leap::unknown;
  std::optional<std::int64_t> leap_at;             // s since 1970: the second after the announced leap second
  std::optional<int> tai_offset;                   // s, TAI minus UTC
  std::optional<std::int64_t> leap_table_expires;  // s since 1970
  std::optional<Hold> hold;
  std::optional<Slew> slew;
  bool budget_exceeded = false;
  std::optional<Timestamp> last_update;  // served time of the last sample that counted
  bool operator==(const Quality&) const = default;
};

enum class SyncState : std::uint8_t {
  not_set,
  frequency_from_configuration,
  set,
  set_frequency_unknown,
  synchronized,
  spike
};

/// What the last selection found (RFC 5905 section 11.2.1). Seconds; intervals are offsets to the corrected
/// clock.
struct Agreement {
  std::size_t voters = 0;    // sources that were fit to take part
  std::size_t agreeing = 0;  // the most of them that have a time in common
  bool majority = false;     // these are more than half
  double low = 0, high = 0;  // what they have in common, from the first to the last such time
  bool operator==(const Agreement&) const = default;
};

/// A loss of synchronization.
struct UnsyncEvent {
  std::string source;  // "192.0.2.1" or "LOCAL(0)"
  std::string vpn;
  std::optional<AssociationMode> mode;  // none: the local clock
  std::string interface;                // whose line mobilized the session; else empty
  UnsyncReason reason{};
  Timestamp when;
  bool operator==(const UnsyncEvent&) const = default;
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
  double offset = 0;    // what was left to slew at the last update
  double jitter = 0;
  double root_delay = 0;
  double root_dispersion = 0;  // at `updated`
  double dispersion_rate = 0;  // s/s, by which it grows since
  double peer_dispersion = 0;  // of the peer's offset, three standard deviations
  double frequency = 0;        // correction in force without slews, s/s: positive speeds the clock up
  SyncState sync = SyncState::not_set;
  double spike_remaining = 0;  // s until a step, in SyncState::spike
  bool clock_settable = true;  // false once the clock driver refused
  Agreement agreement;
  ClockState clock_state = ClockState::unsynchronized;
  std::optional<Hold> hold;
  bool operator==(const SystemState&) const = default;

  /// Root dispersion as it is published at `now`, which is not before the last update.
  double dispersion_at(RawTime now) const {
    return root_dispersion + dispersion_rate * std::max(0.0, (now - updated).seconds());
  }
  /// Follows a source, or the local clock, or is in holdover.
  bool is_synchronized() const { return stratum < wire::kMaxStratum; }
};

}  // namespace noonmark::core
