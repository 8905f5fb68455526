#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "core/config.h"
#include "core/groups.h"
#include "core/instant.h"
#include "core/leap_table.h"
#include "core/network_view.h"
#include "core/outbox.h"
#include "core/path.h"
#include "core/responder.h"
#include "core/saved_clock.h"
#include "core/state.h"
#include "core/statistics.h"

namespace noonmark::core {

struct Received {
  base::Bytes data;
  Path path;
  Stamp when;                         // receive time
  bool service = false;               // came in on the listening socket
  std::optional<TransmitId> request;  // came in on the socket of this request
};

enum class SendError : std::uint8_t {
  no_route,
  host_unreachable,
  port_unreachable,
  source_address_gone,
  no_resources,
  other
};

/// A question to one server that need not be configured.
struct ProbeRequest {
  ServerConfig server;
  unsigned requests = 4;                                  // 1..kOutcomes
  Duration spacing = Duration::from_milliseconds(1000);   // from one request to the next
  Duration patience = Duration::from_milliseconds(2000);  // how long each waits for its reply
};

/// What is known by now. `session.reason` is the verdict: Reason::usable, or why the server could not be
/// followed; Reason::waiting_for_reply until the first outcome.
struct ProbeState {
  bool done = false;
  AssociationState session;
};

inline constexpr std::size_t kMaxProbes = 64;

/// Which counters: those of a family, of its sessions (all, or one), of its interfaces (all, or one).
struct StatisticsScope {
  enum class Of : std::uint8_t { family, peers, interfaces };
  Family family = Family::ipv4;
  Of of = Of::family;
  std::optional<ServerKey> peer{};       // none: all
  std::optional<Interface> interface{};  // none: all
};

/// Constants of the machine and the build that the engine is told.
struct Environment {
  std::int64_t build_date = 0;        // s since 1970: no clock is set to before this
  std::int8_t precision = -20;        // log2 s
  double max_frequency = 500e-6;      // what the clock driver can correct, s/s
  double initial_frequency = 0;       // what it corrects now, s/s
  std::optional<SavedClock> saved{};  // of the run before
};

/// What the outside noticed of the clock that is not of our doing.
struct ClockDisturbance {
  ClockDisturbed::How how{};
  Duration
      by;  // stepped: how far the served clock was set; suspended: for how long the raw scale may have stood
};

/// The protocol engine: associations, packet tests, selection, steering and serving. Deterministic and
/// without I/O: time, packets and configuration come in as arguments, effects go out through the Outbox. One
/// thread.
class Engine {
 public:
  Engine(const Environment& environment, base::Random& random, Instant now);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// `now` is read after the packet was; it is not earlier than received.when.
  void on_datagram(const Received& received, Instant now, Outbox& out);
  void on_deadline(Instant now, Outbox& out);
  /// The kernel's or card's transmit stamp of a request; may come after the reply.
  void on_transmitted(TransmitId id, const Stamp& stamp, const Departure& departure, Instant now,
                      Outbox& out);
  void on_send_error(TransmitId id, SendError error, int error_number, Instant now, Outbox& out);
  /// Must follow each ClockCommand; `now` is read after the driver is done.
  void on_clock_applied(CommandId id, const base::Result<void>& result, Instant now, Outbox& out);
  void on_network_change(const NetworkView& view, Instant now, Outbox& out);

  /// Whether apply() would accept it (keys of the right length, bounds). Changes nothing.
  base::Result<void> prepare(const NtpConfig& config) const;
  /// Changes only what differs from the configuration in force. `config` has passed prepare().
  void apply(const NtpConfig& config, Instant now, Outbox& out);
  /// Our own steps are not to be told.
  void on_clock_disturbed(const ClockDisturbance& disturbance, Instant now, Outbox& out);
  /// The table of the system; an empty one if there is none.
  void set_leap_table(LeapTable table, Instant now, Outbox& out);
  /// `reset ntp-service hold`: what the servers say is taken over at once, by a step however large, if the
  /// clock is held back.
  void release_hold(Instant now, Outbox& out);
  /// `reset ntp-service session`: every session starts anew; stopped ones too.
  void reset_sessions(Instant now, Outbox& out);

  /// Asks a server some times, by the way that a server line would; steers nothing. Outbox::probes tells the
  /// news. It is kept until cancel_probe(). Fails when too many are kept.
  base::Result<ProbeId> start_probe(const ProbeRequest& request, Instant now, Outbox& out);
  /// Ends and forgets it; nothing happens if it is not there.
  void cancel_probe(ProbeId id, Outbox& out);
  /// None: there is no such probe.
  std::optional<ProbeState> probe(ProbeId id, Instant now) const;

  void reset_statistics(const StatisticsScope& scope);

  /// When on_deadline() wants to be called next; kNever if not at all.
  RawTime next_deadline() const;

  const NtpConfig& config() const;
  const SystemState& state() const;
  Quality quality(Instant now) const;
  /// What is worth keeping for the next start; none before anything was learned.
  std::optional<SavedClock> saved_clock(Instant now) const;
  /// In configuration order, then those that packets mobilized. Offsets, distances and filter dispersions are
  /// brought up to `now`.
  std::vector<AssociationState> associations(Instant now) const;
  PacketStatistics statistics(Family family) const;
  /// Of the sessions, in the order of associations().
  std::vector<const PacketStatistics*> session_statistics() const;
  /// Which sessions these are, in the same order.
  std::vector<ServerKey> sessions() const;
  /// None: no packet was seen there.
  std::optional<PacketStatistics> statistics(const Interface& interface, Family family) const;
  /// The last losses of synchronization, newest last, at most 10.
  const std::deque<UnsyncEvent>& unsync_events() const;
  const NetworkView& network() const;
  /// Answers time requests on this thread: what comes in by on_datagram(), and for those who call it
  /// directly.
  Responder& responder();
  /// What answers say of the system now.
  ServerView server_view(Instant now) const;
  std::shared_ptr<const ServerPolicy> server_policy() const;
  /// Whether requests of this family are answered now, and so whether io listens.
  bool serves(Family family) const;
  /// The VPNs in which the service socket of a family has to be open.
  std::vector<VpnId> listening_vpns(Family family) const;
  /// The multicast groups that the service sockets have to be members of.
  std::vector<Membership> memberships() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace noonmark::core
