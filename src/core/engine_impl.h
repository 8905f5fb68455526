#pragma once

// What the parts of the engine share. Nobody else includes it.

#include <initializer_list>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/association.h"
#include "core/authenticator.h"
#include "core/control.h"
#include "core/dynamic_session_log.h"
#include "core/engine.h"
#include "core/groups.h"
#include "core/probe.h"
#include "core/responder.h"
#include "core/server_policy.h"
#include "core/source_address.h"
#include "core/system_process.h"

namespace noonmark::core {

inline constexpr Duration kPatience =
    Duration::from_milliseconds(5000);  // of a session's request for its reply
inline constexpr Duration kStartSpread =
    Duration::from_milliseconds(2);             // per configured server, so that many do not start at once
inline constexpr double kMaxStartSpread = 2.0;  // s

struct Engine::Impl {
  Impl(const Environment& environment, base::Random& random_source, Instant now)
      : random(random_source), precision(environment.precision), system(environment, now) {
    view.vpns.push_back({});
  }

  base::Random& random;
  std::int8_t precision;
  NtpConfig config;
  NetworkView view;
  KeyTable keys;
  std::shared_ptr<const ServerPolicy> policy = core::make_policy({}, {});
  std::optional<Responder> existing_responder;
  ControlGate control_gate;
  DynamicSessionLog dynamic_session_log;
  std::vector<std::unique_ptr<Association>> associations;       // in configuration order
  std::unordered_map<std::uint64_t, Association*> outstanding;  // by origin timestamp of the request
  std::unordered_map<TransmitId, Association*> transmits;       // requests whose socket is open
  SystemProcess system;
  std::vector<GroupTimer> group_servers;  // as config.group_servers
  std::vector<ManycastSearch> manycast;   // as config.manycast_clients
  std::vector<std::unique_ptr<Probe>> probes;
  std::array<PacketStatistics, 2> statistics;
  InterfaceCounters interface_counters;
  std::uint64_t next_transmit = 1;
  std::uint32_t next_association = 1;
  std::uint32_t next_probe = 1;

  PacketStatistics& stats(Family f) { return statistics[static_cast<std::size_t>(f)]; }

  // --- counting
  /// Calls `add` with the counters of the family, of the interface if it is known, and of the session if
  /// there is one.
  template <class Add>
  void count(Family family, VpnId vpn, std::uint32_t interface_index, Association* session, Add add) {
    add(stats(family));
    if (auto* of = interface_counters.find_or_add(view, vpn, interface_index, family)) add(*of);
    if (session != nullptr) add(session->statistics());
  }
  template <class Add>
  void count(const Path& path, Association* session, Add add) {
    count(path.remote.address.family(), path.vpn, path.interface_index, session, add);
  }
  void drop(DropReason reason, const Received& r, Association* session, std::uint32_t key_id = 0) {
    const DropRecord record{r.when.at.served, reason, r.path.remote, r.path.vpn, key_id};
    count(r.path, session, [&](PacketStatistics& s) { s.add_drop(record); });
  }
  /// The drop of a packet that answers an outstanding request of `a`. Of several the first one is what became
  /// of the request: who can send them must not make the state of the session, or the log, change with each.
  void drop_reply(DropReason reason, const Received& r, Association& a, TransmitId request,
                  std::uint32_t key_id = 0) {
    drop(reason, r, &a, key_id);
    a.settle(request, {.kind = Outcome::Kind::dropped, .drop = reason, .when = r.when.at.served});
  }

  // --- finding
  Association* by_remote(const Path& path) {
    const auto it = std::ranges::find_if(associations, [&](const auto& a) { return is_server_of(*a, path); });
    if (it != associations.end()) return it->get();
    const auto probe =
        std::ranges::find_if(probes, [&](const auto& p) { return is_server_of(p->association(), path); });
    return probe == probes.end() ? nullptr : &(*probe)->association();
  }
  /// Whose packet it is by where it came in, else by where it came from.
  Association* owner_of(const Received& r) {
    if (const auto it = r.request ? transmits.find(*r.request) : transmits.end();
        it != transmits.end() && is_server_of(*it->second, r.path))
      return it->second;
    return by_remote(r.path);
  }
  Probe* probe_of(const Association& a) {
    const auto it = std::ranges::find_if(probes, [&](const auto& p) { return &p->association() == &a; });
    return it == probes.end() ? nullptr : it->get();
  }
  Probe* find_probe(ProbeId id) {
    const auto it = std::ranges::find_if(probes, [&](const auto& p) { return p->id() == id; });
    return it == probes.end() ? nullptr : it->get();
  }
  /// The session that a symmetric peer's packet or a broadcast belongs to.
  Association* session_of(const Path& path, std::initializer_list<AssociationMode> modes);
  Association* peer_of(const Path& path) {
    return session_of(path, {AssociationMode::active, AssociationMode::passive});
  }
  /// Empty: the public instance, or one that is gone.
  std::string name_of(VpnId vpn) const {
    const Vpn* known = view.find_vpn(vpn);
    return known != nullptr ? known->name : std::string{};
  }
  static bool is_server_of(const Association& a, const Path& path) {
    const auto& c = a.config();
    return c.key.address == path.remote.address && c.port == path.remote.port && a.state().vpn == path.vpn &&
           (a.state().scope == 0 || a.state().scope == path.remote.scope);
  }

  // --- receiving (engine_receive.cc)
  void on_datagram(const Received& r, Instant now, Outbox& out);
  void on_reply(const Received& r, const wire::Packet& packet, Instant now, Outbox& out);
  void accept_reply(Association& a, const Match& match, const Received& r, const wire::Packet& packet,
                    Instant now, Outbox& out);
  /// Test 5; told and counted when it fails. A key on the line always authenticates.
  bool is_authentic(Association& a, const Received& r, const wire::Packet& packet,
                    const std::optional<Match>& match, Instant now, Outbox& out);
  /// Counts the drop; the first one of a request is the session's problem, too.
  static bool tells_of_the_server(const Association& a, const std::optional<Match>& match);
  void refuse(Association& a, DropReason drop, Reason reason, const Received& r,
              const std::optional<Match>& match, Instant now, Outbox& out, std::uint32_t key_id = 0);
  void note_arrival(Association& a, const Received& r);
  bool may_follow(const IpAddress& address, const std::string& vpn) const;
  bool may_follow(const Path& path) const { return may_follow(path.remote.address, name_of(path.vpn)); }
  void on_request(const Received& r, Instant now, Outbox& out);
  bool is_myself(const Path& path) const;
  bool is_query(const Received& r) const {
    return config.queries_enabled && r.service && !r.data.empty() &&
           wire::mode_of(r.data) == wire::Mode::control;
  }
  void on_query(const Received& r, Instant now, Outbox& out);

  // --- symmetric peers, broadcasts, manycast (engine_groups.cc)
  /// A peer that has no session here asks.
  bool is_stranger(const Received& r) {
    return r.service && !r.data.empty() && wire::mode_of(r.data) == wire::Mode::symmetric_active &&
           peer_of(r.path) == nullptr;
  }
  void on_stranger(const Received& r, Instant now, Outbox& out);
  void on_peer_packet(Association& a, const Received& r, const wire::Packet& packet, Instant now,
                      Outbox& out);
  void on_broadcast(const Received& r, const wire::Packet& packet, Instant now, Outbox& out);
  /// Whether the reply answers a manycast request.
  bool on_manycast_reply(const Received& r, const wire::Packet& packet, Instant now, Outbox& out);
  /// The key of a packet that may mobilize a session: right, and reliable where that is demanded. None: it
  /// may not. 0: it has no MAC and needs none.
  std::optional<std::uint32_t> mobilizing_key(const Received& r, const wire::Packet& packet,
                                              bool must_have_key);
  Association* mobilize(ServerConfig server, const std::optional<GroupMember>& group, const Received& r,
                        Instant now, Outbox& out);
  /// True: a session was given up.
  bool demobilize_lost(Instant now, Outbox& out);
  void tell_dynamic(const Association& a, bool mobilized, Instant now, Outbox& out);
  bool is_still_wanted(const Association& a, const NtpConfig& previous) const;
  void use_groups(Instant now);
  void run_groups(Instant now, Outbox& out);
  void send_broadcast(GroupTimer& timer, Instant now, Outbox& out);
  void send_manycast(ManycastSearch& search, Instant now, Outbox& out);
  std::optional<Transmit> group_packet(const std::string& interface_name, const IpAddress& group,
                                       std::uint16_t port, std::uint8_t ttl, std::uint32_t key_id);
  void send_to_group(const Transmit& t, bool wants_stamp, Outbox& out);
  /// The kernel's stamp of a broadcast.
  void note_departure(TransmitId id, const Stamp& stamp, Outbox& out);
  std::vector<VpnId> listening_vpns(Family family) const;
  std::vector<Membership> memberships() const;
  const Interface* find_group_interface(const std::string& name) const;

  // --- sending (engine_send.cc)
  void send_request(Association& a, Duration patience, Instant now, Outbox& out);
  void forget(const Request& request, Outbox& out);
  void forget_origins(const Request& request);
  void forget(const std::vector<Request>& requests, Outbox& out) {
    for (const auto& r : requests) forget(r, out);
  }
  void take_samples(Association& a, Instant now, Outbox& out);
  void feed(Association& a, const Sample& sample, Instant now, Outbox& out);
  void finish(Transmit& t, const wire::Header& header, std::uint32_t key_id);
  void close_answered(Association& a, Outbox& out);

  // --- probes
  void on_deadline(Probe& probe, Instant now, Outbox& out);
  /// Something became known: the end, or one more outcome.
  void tell(Probe& probe, Outbox& out);
  void finish(Probe& probe, std::optional<Reason> refusal, Outbox& out);

  // --- configuration (engine_configure.cc)
  RawTime start_time(Instant now) {
    const double spread =
        std::min(kMaxStartSpread, kStartSpread.seconds() * static_cast<double>(associations.size()));
    return now.raw + Duration::from_seconds(spread * random.uniform());
  }
  std::variant<SourceChoice, Reason> place_of(const ServerConfig& server) const {
    if (server.key_id != 0 && keys.find(server.key_id) == nullptr) return Reason::key_unusable;
    return choose_source(config, server, view);
  }
  void resolve(Association& a, Instant now, Outbox& out) {
    forget(a.set_source(place_of(a.config()), start_time(now)), out);
  }
  void resolve(Probe& probe, Instant now, Outbox& out);
  void resolve_all(Instant now, Outbox& out) {
    for (auto& a : associations) resolve(*a, now, out);
    for (auto& p : probes) resolve(*p, now, out);
  }
  void dismiss(Association& a, Outbox& out);
  void apply(const NtpConfig& next, Instant now, Outbox& out);
  void make_policy();
  /// Made when it is needed first: it draws keys from `random`, and who serves nobody draws as without it.
  Responder& responder();
  /// Something other than a sample became known of `a`. Thousands of servers that fail must not cost a
  /// selection each: one that took no part in the last selection and takes none now changes nothing for the
  /// others.
  void judge(Association& a, Instant now, Outbox& out) {
    if (auto* probe = probe_of(a)) return tell(*probe, out);
    const auto verdict = a.own_verdict();
    if (!verdict || a.state().selectable) return update(nullptr, std::nullopt, now, out);
    a.state().sane = false;
    a.state().reason = *verdict;
    tell_change(a, out);
  }
  static void tell_change(Association& a, Outbox& out) {
    const auto& server = a.config().key;
    if (const auto told = a.take_change())
      out.events.emplace_back(SessionChanged{
          .source = server.address.to_string(), .vpn = server.vpn, .from = *told, .to = a.state().reason});
  }
  void update(Association* fresh, const std::optional<Sample>& sample, Instant now, Outbox& out);
  /// Brings its offset, distances and filter dispersions up to `now`.
  void refresh(Association& a, Instant now) const {
    a.refresh(now.raw, system.rate(), system.correction(now));
    system.measure(a, now);
  }
  void hasten(Instant now) {
    for (const auto& a : associations) a->hasten(now.raw);
  }
};

}  // namespace noonmark::core
