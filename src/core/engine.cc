#include "core/engine.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "core/association.h"
#include "core/authenticator.h"
#include "core/probe.h"
#include "core/responder.h"
#include "core/system_process.h"

namespace noonmark::core {
namespace {

constexpr Duration kPatience = Duration::from_milliseconds(5000);  // of a session's request for its reply
constexpr Duration kStartSpread =
    Duration::from_milliseconds(2);      // per configured server, so that many do not start at once
constexpr double kMaxStartSpread = 2.0;  // s

DropReason drop_reason_of(wire::DecodeError error) {
  switch (error) {
    case wire::DecodeError::too_short: return DropReason::too_short;
    case wire::DecodeError::bad_length: return DropReason::bad_length;
    case wire::DecodeError::bad_version: return DropReason::bad_version;
    case wire::DecodeError::bad_extension: return DropReason::bad_extension;
  }
  return DropReason::bad_length;
}

Reason reason_of(Authenticity authenticity) {
  switch (authenticity) {
    case Authenticity::missing: return Reason::reply_without_mac;
    case Authenticity::crypto_nak: return Reason::crypto_nak;
    default: return Reason::reply_mac_wrong;
  }
}

Reason reason_of(SendError error) {
  switch (error) {
    case SendError::no_route: return Reason::no_route;
    case SendError::host_unreachable: return Reason::host_unreachable;
    case SendError::port_unreachable: return Reason::port_unreachable;
    case SendError::source_address_gone: return Reason::source_address_gone;
    default: return Reason::send_failed;
  }
}

Reason reason_of_unfit(DropReason drop) {
  return drop == DropReason::unsynchronized ? Reason::server_unsynchronized : Reason::reply_invalid;
}

/// A change of these keeps nothing: another path or another identity of the server.
bool needs_restart(const ServerConfig& a, const ServerConfig& b) {
  return a.key_id != b.key_id || a.source_interface != b.source_interface || a.version != b.version ||
         a.port != b.port;
}

const KeyConfig* find_key(const NtpConfig& config, std::uint32_t id) {
  const auto it = std::ranges::find(config.keys, id, &KeyConfig::id);
  return it == config.keys.end() ? nullptr : &*it;
}

/// Whether packets made with that key changed; its reliability alone is judged at each selection.
bool same_secret(const KeyConfig* a, const KeyConfig* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->algorithm == b->algorithm && a->mac_length == b->mac_length && a->secret == b->secret;
}

}  // namespace

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
  Responder responder;
  std::vector<std::unique_ptr<Association>> associations;       // in configuration order
  std::unordered_map<std::uint64_t, Association*> outstanding;  // by origin timestamp of the request
  std::unordered_map<TransmitId, Association*> transmits;       // requests whose socket is open
  SystemProcess system;
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
  static bool is_server_of(const Association& a, const Path& path) {
    const auto& c = a.config();
    return c.key.address == path.remote.address && c.port == path.remote.port && a.state().vpn == path.vpn &&
           (a.state().scope == 0 || a.state().scope == path.remote.scope);
  }
  // --- receiving
  void on_datagram(const Received& r, Instant now, Outbox& out);
  void on_reply(const Received& r, const wire::Packet& packet, Instant now, Outbox& out);
  void accept_reply(Association& a, const Request& request, const Received& r, const wire::Packet& packet,
                    Instant now, Outbox& out);
  void on_request(const Received& r, Instant now, Outbox& out);
  bool is_myself(const Path& path) const;

  // --- sending
  void send_request(Association& a, Duration patience, Instant now, Outbox& out);
  void forget(const Request& request, Outbox& out);
  void forget(const std::vector<Request>& requests, Outbox& out) {
    for (const auto& r : requests) forget(r, out);
  }
  void take_samples(Association& a, Instant now, Outbox& out);
  void close_answered(Association& a, Outbox& out);

  // --- probes
  void on_deadline(Probe& probe, Instant now, Outbox& out);
  /// Something became known: the end, or one more outcome.
  void tell(Probe& probe, Outbox& out);
  void finish(Probe& probe, std::optional<Reason> refusal, Outbox& out);

  // --- configuration
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
  void apply(const NtpConfig& next, Instant now, Outbox& out);
  void make_policy();
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
  void hasten(Instant now) {
    for (const auto& a : associations) a->hasten(now.raw);
  }
};

void Engine::Impl::on_datagram(const Received& r, Instant now, Outbox& out) {
  if (r.service && Responder::is_request(r.data, r.path.remote.port)) return on_request(r, now, out);
  Association* const source = owner_of(r);
  count(r.path, source, [](PacketStatistics& s) { ++s.received; });
  if (const auto refusal = policy->refuses(r.path)) return drop(*refusal, r, source);
  if (r.data.empty()) return drop(DropReason::too_short, r, source);
  if (wire::mode_of(r.data) != wire::Mode::server) return drop(DropReason::bad_mode, r, source);
  const auto packet = wire::decode(r.data, &KeyTable::is_mac_of_key, &keys);
  if (!packet) return drop(drop_reason_of(packet.error()), r, source);
  on_reply(r, *packet, now, out);
}

/// For those who have no sockets of their own for it: virtual worlds.
void Engine::Impl::on_request(const Received& r, Instant now, Outbox& out) {
  responder.publish(system.server_view(now));
  Transmit reply;
  std::array<std::uint8_t, kMaxDatagram> buffer;
  const ServiceRequest request{.buffer = buffer,
                               .size = std::min(r.data.size(), buffer.size()),
                               .path = r.path,
                               .received = r.when.at.served};
  std::ranges::copy(r.data.first(request.size), buffer.begin());
  const auto plan = responder.examine(request);
  if (plan.size == 0) return;
  reply.purpose = Transmit::Purpose::reply;
  reply.vpn = r.path.vpn;
  reply.local = r.path.local;
  reply.local.address = plan.source;
  reply.remote = r.path.remote;
  reply.interface_index = r.path.interface_index;
  reply.id = static_cast<TransmitId>(next_transmit++);
  reply.size = static_cast<std::uint8_t>(responder.complete(request, plan, now.served));
  std::copy_n(buffer.begin(), reply.size, reply.data.begin());
  out.transmits.push_back(reply);
}

/// Whether our own service answered: an address of this machine, the service's port, and we listen there.
bool Engine::Impl::is_myself(const Path& path) const {
  const Family family = path.remote.address.family();
  if (path.remote.port != config.port || !policy->family(family).serves) return false;
  const auto* place = policy->find_place(family, path.vpn);
  if (place == nullptr || !(place->any_address || place->addresses.contains(path.remote.address)))
    return false;
  return view.is_own_address(path.remote.address, path.vpn);
}

void Engine::Impl::on_reply(const Received& r, const wire::Packet& packet, Instant now, Outbox& out) {
  Association* const source = owner_of(r);
  const auto& header = packet.header;
  if (source != nullptr && source->is_duplicate(header))
    return drop(DropReason::duplicate, r, source);  // test 1
  const auto match = header.origin.is_zero() ? outstanding.end() : outstanding.find(header.origin.raw());
  if (match == outstanding.end())  // test 2; a packet that fails it changes no state (RFC 5905's text would)
    return drop(source != nullptr ? DropReason::bogus : DropReason::no_association, r, source);
  Association& a = *match->second;
  const auto request = a.find_request(header.origin);
  CHECK(request);
  if (!is_server_of(a, r.path) || (r.request && *r.request != request->id)) {
    if (source != &a) ++a.statistics().received;
    drop_reply(DropReason::wrong_source, r, a, request->id);
    if (request->settled) return;
    a.note_problem(Reason::reply_from_other_address);
    a.state().impostor = r.path.remote;
    const Vpn* vpn = view.find_vpn(r.path.vpn);
    a.state().impostor_vpn = vpn != nullptr ? vpn->name : std::string{};
    return judge(a, now, out);
  }
  if (is_myself(r.path)) {
    drop_reply(DropReason::myself, r, a, request->id);
    if (request->settled) return;
    a.note_problem(Reason::myself);
    return judge(a, now, out);
  }
  if (a.config().key_id != 0) {  // test 5: a key on the line always authenticates
    Key* key = keys.find(a.config().key_id);
    CHECK(key != nullptr);
    const auto authenticity = authenticate(*key, r.data, packet);
    if (authenticity != Authenticity::verified) {
      const auto received_key_id = packet.mac ? packet.mac->key_id : 0;
      drop_reply(DropReason::authentication, r, a, request->id, received_key_id);
      if (request->settled) return;
      a.state().received_key_id = received_key_id;
      a.note_problem(reason_of(authenticity));
      return judge(a, now, out);
    }
  }
  // One key for both directions: our own reply to our own request, sent back by whoever saw it, is well
  // signed.
  if (system.is_own_reference(header.reference)) return drop_reply(DropReason::myself, r, a, request->id);
  accept_reply(a, *request, r, packet, now, out);
}

void Engine::Impl::accept_reply(Association& a, const Request& request, const Received& r,
                                const wire::Packet& packet, Instant now, Outbox& out) {
  const auto& header = packet.header;
  const auto before = a.requests().size();
  if (is_kiss(header)) {
    drop_reply(DropReason::kiss, r, a, request.id);
    a.on_kiss(request, header, now.raw);
  } else if (const auto fault = judge_reply(header)) {
    drop_reply(*fault, r, a, request.id);
    if (*fault == DropReason::unsynchronized || *fault == DropReason::bad_header)
      a.on_unfit_reply(request, header, r.when.at, reason_of_unfit(*fault));
    else if (!request.settled)
      a.note_problem(Reason::reply_invalid);
    else
      return;
  } else {
    a.on_reply(request, header, r.when.at, now.raw);
    a.state().last_local = r.path.local.address;
    const auto* interface = policy->interface_of(r.path);
    a.state().last_interface = interface != nullptr ? interface->name : std::string{};
    count(r.path, &a, [](PacketStatistics& s) { ++s.processed; });
    outstanding.erase(
        request.origin.raw());  // its first match clears it; the socket stays for the transmit stamp
    take_samples(a, now, out);
    return;
  }
  if (a.requests().size() < before) forget(request, out);
  judge(a, now, out);
}

void Engine::Impl::close_answered(Association& a, Outbox& out) {
  for (const TransmitId id : a.take_answered()) {
    transmits.erase(id);
    out.closed.push_back(id);
  }
}

void Engine::Impl::take_samples(Association& a, Instant now, Outbox& out) {
  if (a.awaits_stamp(now.raw)) return;
  close_answered(a, out);
  if (auto* probe = probe_of(a)) {
    a.take_sample(system.origin(), system.rate().frequency, system.correction(now), now.raw);
    return tell(*probe, out);
  }
  if (const auto placed = a.held_true_time()) system.place_origin(placed->first, placed->second);
  const auto sample =
      a.take_sample(system.origin(), system.rate().frequency, system.correction(now), now.raw);
  if (sample && system.raise_to_build_date(now, out)) return;
  if (!sample) return update(nullptr, std::nullopt, now, out);
  update(&a, sample, now, out);
  if (a.state().reason == Reason::offset_limit) {
    for (auto* s : {&stats(a.config().key.address.family()), &a.statistics()})
      ++s->drops[static_cast<std::size_t>(DropReason::offset_limit)];
  }
}

void Engine::Impl::send_request(Association& a, Duration patience, Instant now, Outbox& out) {
  const auto& c = a.config();
  const auto* place = a.source();
  CHECK(place != nullptr);
  Transmit t;
  t.id = static_cast<TransmitId>(next_transmit++);
  t.vpn = place->vpn;
  t.local = {.address = place->address.value_or(IpAddress::any(c.key.address.family())),
             .port = config.source_port,
             .scope = place->scope};
  t.remote = {.address = c.key.address, .port = c.port, .scope = place->scope};

  // Nothing of our clock goes out: the transmit timestamp is a random number that only the server's reply
  // repeats.
  wire::Header header;
  header.leap = wire::Leap::none;
  header.version = c.version;
  header.poll = a.state().host_poll;
  do header.transmit = Timestamp::from_raw(random.next());
  while (header.transmit.is_zero() || outstanding.contains(header.transmit.raw()));
  wire::encode(header, std::span(t.data).first<wire::kHeaderSize>());
  std::size_t size = wire::kHeaderSize;
  if (Key* key = c.key_id != 0 ? keys.find(c.key_id) : nullptr)
    size = key->sign(t.data, size, key->sent_length(c.version));
  t.size = static_cast<std::uint8_t>(size);

  a.on_sent({.id = t.id, .origin = header.transmit, .sent = now, .expires = now.raw + patience}, now, random);
  outstanding.emplace(header.transmit.raw(), &a);
  transmits.emplace(t.id, &a);
  ++stats(c.key.address.family()).sent;
  ++a.statistics().sent;
  out.transmits.push_back(t);
}

void Engine::Impl::on_deadline(Probe& probe, Instant now, Outbox& out) {
  Association& a = probe.association();
  const auto expired = a.take_expired(now);
  forget(expired, out);
  if (a.has_held_reply()) take_samples(a, now, out);
  if (probe.is_due(now.raw)) {
    send_request(a, probe.patience(), now, out);
    probe.on_sent(now.raw);
  }
  if (!expired.empty()) tell(probe, out);
}

void Engine::Impl::tell(Probe& probe, Outbox& out) {
  if (probe.is_done()) return;
  if (probe.is_exhausted()) return finish(probe, std::nullopt, out);
  out.probes.push_back(probe.id());
}

void Engine::Impl::finish(Probe& probe, std::optional<Reason> refusal, Outbox& out) {
  if (probe.is_done()) return;
  probe.finish(refusal);
  for (const auto& request : probe.association().requests()) forget(request, out);
  close_answered(probe.association(), out);
  out.probes.push_back(probe.id());
}

void Engine::Impl::resolve(Probe& probe, Instant now, Outbox& out) {
  if (probe.is_done()) return;
  const auto place = place_of(probe.association().config());
  if (const auto* refusal = std::get_if<Reason>(&place)) return finish(probe, *refusal, out);
  probe.association().set_source(place, now.raw);
}

void Engine::Impl::forget(const Request& request, Outbox& out) {
  outstanding.erase(request.origin.raw());
  if (transmits.erase(request.id) > 0) out.closed.push_back(request.id);
}

void Engine::Impl::update(Association* fresh, const std::optional<Sample>& sample, Instant now, Outbox& out) {
  system.update(associations, config, keys, fresh, sample, now, out);
  for (const auto& a : associations) tell_change(*a, out);
}

void Engine::Impl::apply(const NtpConfig& next, Instant now, Outbox& out) {
  auto table = KeyTable::create(next.keys);
  CHECK(table);
  if (config.local_clock && !next.local_clock)
    system.blame(UnsyncReason::reference_clock_configuration_removed);
  for (const auto family : {Family::ipv4, Family::ipv6})
    if (!config.family(family).disabled && next.family(family).disabled)
      system.blame(family == Family::ipv4 ? UnsyncReason::ipv4_service_disabled
                                          : UnsyncReason::ipv6_service_disabled);
  const NtpConfig previous = std::exchange(config, next);
  keys = std::move(*table);
  make_policy();

  std::vector<std::unique_ptr<Association>> kept = std::exchange(associations, {});
  for (const auto& server : config.servers) {
    const auto it =
        std::ranges::find_if(kept, [&](const auto& a) { return a && a->config().key == server.key; });
    if (it == kept.end()) {
      associations.push_back(
          std::make_unique<Association>(static_cast<AssociationId>(next_association++), server, precision));
      system.expect(*associations.back());
      continue;
    }
    Association& a = **it;
    const bool denied = a.is_denied() && a.config() != server;  // the line was entered anew
    const bool restart = denied || needs_restart(a.config(), server) ||
                         !same_secret(find_key(previous, server.key_id), find_key(config, server.key_id));
    if (restart && a.id() == system.state().system_peer)
      system.blame(a.config().key_id != server.key_id ? UnsyncReason::authentication_configuration_changed
                                                      : UnsyncReason::configuration_changed);
    a.reconfigure(server);
    if (restart) forget(a.restart(start_time(now)), out);
    associations.push_back(std::move(*it));
  }
  for (auto& a : kept) {
    if (!a) continue;
    if (a->id() == system.state().system_peer)
      system.blame(UnsyncReason::unicast_server_configuration_removed);
    forget(a->restart(kNever), out);
    close_answered(*a, out);
    system.forget(a->id());
  }
  resolve_all(now, out);
  update(nullptr, std::nullopt, now, out);
}

void Engine::Impl::make_policy() {
  policy = core::make_policy(config, view);
  responder.use(policy);
}

Engine::Engine(const Environment& environment, base::Random& random, Instant now)
    : impl_(std::make_unique<Impl>(environment, random, now)) {}
Engine::~Engine() = default;

void Engine::on_datagram(const Received& received, Instant now, Outbox& out) {
  impl_->on_datagram(received, now, out);
}

void Engine::on_deadline(Instant now, Outbox& out) {
  impl_->system.on_deadline(now, out);
  bool changed = false;
  for (const auto& a : impl_->associations) {
    if (a->next_deadline() > now.raw) continue;
    impl_->forget(a->take_expired(now), out);
    if (a->has_held_reply()) impl_->take_samples(*a, now, out);
    if (!a->is_due(now.raw)) continue;
    const auto verdict = a->own_verdict();
    const bool was_answered = (a->state().reach & 1) != 0;
    impl_->send_request(*a, kPatience, now, out);
    changed = changed || a->own_verdict() != verdict || (a->state().reach != 0 && !was_answered);
  }
  for (const auto& probe : impl_->probes)
    if (probe->next_deadline() <= now.raw) impl_->on_deadline(*probe, now, out);
  // Once for all: with thousands of silent servers a selection for each would cost their square.
  if (changed) impl_->update(nullptr, std::nullopt, now, out);
}

void Engine::on_transmitted(TransmitId id, const Stamp& stamp, const Departure& departure, Instant now,
                            Outbox& out) {
  const auto it = impl_->transmits.find(id);
  if (it == impl_->transmits.end()) return;
  Association& a = *it->second;
  a.on_transmitted(id, stamp, departure);
  if (auto* counters = impl_->interface_counters.find_or_add(
          impl_->view, a.state().vpn, departure.interface_index, a.config().key.address.family()))
    ++counters->sent;
  if (a.has_held_reply()) impl_->take_samples(a, now, out);
}

void Engine::on_send_error(TransmitId id, SendError error, int error_number, Instant now, Outbox& out) {
  const auto it = impl_->transmits.find(id);
  if (it == impl_->transmits.end()) return;  // a reply's, or a request given up
  Association& a = *it->second;
  const bool is_first = a.on_send_error(id, reason_of(error), error_number, now.served);
  if (error != SendError::port_unreachable)
    for (auto* s : {&impl_->stats(a.config().key.address.family()), &a.statistics()}) ++s->send_failures;
  if (is_first) impl_->judge(a, now, out);
}

void Engine::on_clock_applied(CommandId, const base::Result<void>& result, Instant, Outbox&) {
  impl_->system.on_clock_applied(result);
}

void Engine::on_network_change(const NetworkView& view, Instant now, Outbox& out) {
  impl_->view = view;
  impl_->make_policy();
  impl_->system.set_network(view);
  impl_->interface_counters.forget_missing(view);
  impl_->resolve_all(now, out);
  impl_->update(nullptr, std::nullopt, now, out);
}

base::Result<void> Engine::prepare(const NtpConfig& config) const {
  if (config.servers.size() > kMaxServers) return base::fail("There are more than 4096 NTP servers.");
  const auto table = KeyTable::create(config.keys);
  if (!table) return tl::unexpected(table.error());
  return {};
}

void Engine::apply(const NtpConfig& config, Instant now, Outbox& out) { impl_->apply(config, now, out); }

void Engine::on_clock_disturbed(const ClockDisturbance& disturbance, Instant now, Outbox& out) {
  impl_->system.on_clock_disturbed(disturbance, now, out);
  if (disturbance.how == ClockDisturbed::How::suspended) impl_->hasten(now);
  impl_->update(nullptr, std::nullopt, now, out);
}

void Engine::set_leap_table(LeapTable table, Instant now, Outbox& out) {
  impl_->system.set_leap_table(std::move(table));
  impl_->update(nullptr, std::nullopt, now, out);
}

void Engine::release_hold(Instant now, Outbox& out) {
  if (!impl_->system.release_hold()) return;
  impl_->hasten(now);
  impl_->update(nullptr, std::nullopt, now, out);
}

Quality Engine::quality(Instant now) const { return impl_->system.quality(now); }

std::optional<SavedClock> Engine::saved_clock(Instant now) const {
  auto saved = impl_->system.saved_clock(now);
  if (!saved) return std::nullopt;
  for (const auto& a : impl_->associations) {
    auto source = impl_->system.saved_source(a->id());
    if (!source) continue;
    source->server = a->config().key;
    saved->sources.push_back(std::move(*source));
  }
  return saved;
}

void Engine::reset_sessions(Instant now, Outbox& out) {
  for (auto& a : impl_->associations) {
    impl_->forget(a->restart(impl_->start_time(now)), out);
  }
  impl_->update(nullptr, std::nullopt, now, out);
}

base::Result<ProbeId> Engine::start_probe(const ProbeRequest& request, Instant now, Outbox& out) {
  CHECK(request.requests >= 1 && request.requests <= kOutcomes);
  auto& probes = impl_->probes;
  if (probes.size() >= kMaxProbes)
    return base::fail("Too many servers are tested at the moment; try again in some seconds.");
  const ProbeId id{impl_->next_probe++};
  probes.push_back(std::make_unique<Probe>(id, static_cast<AssociationId>(impl_->next_association++), request,
                                           impl_->precision, now.raw));
  impl_->resolve(*probes.back(), now, out);
  return id;
}

void Engine::cancel_probe(ProbeId id, Outbox& out) {
  auto* probe = impl_->find_probe(id);
  if (probe == nullptr) return;
  impl_->finish(*probe, std::nullopt, out);
  std::erase(out.probes, id);
  std::erase_if(impl_->probes, [&](const auto& p) { return p.get() == probe; });
}

std::optional<ProbeState> Engine::probe(ProbeId id, Instant now) const {
  auto* probe = impl_->find_probe(id);
  if (probe == nullptr) return std::nullopt;
  auto& a = probe->association();
  a.refresh(now.raw, impl_->system.rate(), impl_->system.correction(now));
  ProbeState state{.done = probe->is_done(), .session = a.state()};
  auto& verdict = state.session.reason;
  verdict =
      probe->refusal() ? *probe->refusal() : impl_->system.judge_probe(a, impl_->config, impl_->keys, now);
  if (state.done && verdict == Reason::waiting_for_reply) verdict = a.why_silent();
  return state;
}

void Engine::reset_statistics(const StatisticsScope& scope) {
  switch (scope.of) {
    case StatisticsScope::Of::family:
      impl_->stats(scope.family) = {};
      impl_->responder.reset_statistics(scope.family);
      return;
    case StatisticsScope::Of::peers:
      for (auto& a : impl_->associations)
        if (scope.peer ? a->config().key == *scope.peer : a->config().key.address.family() == scope.family)
          a->statistics() = {};
      return;
    case StatisticsScope::Of::interfaces:
      for (auto* counters : {&impl_->interface_counters, &impl_->responder.interface_counters()}) {
        if (scope.interface)
          counters->reset(impl_->view, *scope.interface, scope.family);
        else
          counters->reset(scope.family);
      }
      return;
  }
}

RawTime Engine::next_deadline() const {
  RawTime next = impl_->system.next_deadline();
  for (const auto& a : impl_->associations) next = std::min(next, a->next_deadline());
  for (const auto& p : impl_->probes) next = std::min(next, p->next_deadline());
  return next;
}

const NtpConfig& Engine::config() const { return impl_->config; }
const SystemState& Engine::state() const { return impl_->system.state(); }

std::vector<AssociationState> Engine::associations(Instant now) const {
  std::vector<AssociationState> all;
  all.reserve(impl_->associations.size());
  for (const auto& a : impl_->associations) {
    a->refresh(now.raw, impl_->system.rate(), impl_->system.correction(now));
    impl_->system.measure(*a, now);
    all.push_back(a->state());
  }
  return all;
}

PacketStatistics Engine::statistics(Family family) const {
  return impl_->statistics[static_cast<std::size_t>(family)] + impl_->responder.statistics(family);
}
std::vector<const PacketStatistics*> Engine::session_statistics() const {
  std::vector<const PacketStatistics*> all;
  all.reserve(impl_->associations.size());
  for (const auto& a : impl_->associations) all.push_back(&a->statistics());
  return all;
}
std::optional<PacketStatistics> Engine::statistics(const Interface& interface, Family family) const {
  const auto* own = impl_->interface_counters.find(impl_->view, interface, family);
  const auto* served = impl_->responder.interface_counters().find(impl_->view, interface, family);
  if (own == nullptr && served == nullptr) return std::nullopt;
  return (own != nullptr ? *own : PacketStatistics{}) + (served != nullptr ? *served : PacketStatistics{});
}
const std::deque<UnsyncEvent>& Engine::unsync_events() const { return impl_->system.unsync_events(); }
const NetworkView& Engine::network() const { return impl_->view; }
Responder& Engine::responder() { return impl_->responder; }
ServerView Engine::server_view(Instant now) const { return impl_->system.server_view(now); }
std::shared_ptr<const ServerPolicy> Engine::server_policy() const { return impl_->policy; }
bool Engine::serves(Family family) const { return impl_->policy->family(family).serves; }

std::vector<VpnId> Engine::listening_vpns(Family family) const {
  std::vector<VpnId> vpns;
  if (!serves(family)) return vpns;
  for (const auto& place : impl_->policy->family(family).places) vpns.push_back(place.vpn);
  return vpns;
}

}  // namespace noonmark::core
