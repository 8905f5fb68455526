#include <algorithm>
#include <utility>

#include "base/check.h"
#include "core/access.h"
#include "core/engine_impl.h"

namespace noonmark::core {
namespace {

Reason reason_of(Authenticity authenticity) {
  switch (authenticity) {
    case Authenticity::missing: return Reason::reply_without_mac;
    case Authenticity::crypto_nak: return Reason::crypto_nak;
    default: return Reason::reply_mac_wrong;
  }
}

Reason reason_of_unfit(DropReason drop) {
  return drop == DropReason::unsynchronized ? Reason::server_unsynchronized : Reason::reply_invalid;
}

}  // namespace

void Engine::Impl::on_datagram(const Received& r, Instant now, Outbox& out) {
  if (r.service && Responder::is_request(r.data, r.path.remote.port)) return on_request(r, now, out);
  if (is_query(r)) return on_query(r, now, out);
  if (is_stranger(r)) return on_stranger(r, now, out);
  Association* const source = owner_of(r);
  count(r.path, source, [](PacketStatistics& s) { ++s.received; });
  if (const auto refusal = policy->refuses(r.path)) return drop(*refusal, r, source);
  if (r.data.empty()) return drop(DropReason::too_short, r, source);
  const auto mode = wire::mode_of(r.data);
  const bool is_taken = mode == wire::Mode::server || mode == wire::Mode::symmetric_active ||
                        mode == wire::Mode::symmetric_passive || mode == wire::Mode::broadcast;
  if (!is_taken) return drop(DropReason::bad_mode, r, source);
  const auto packet = wire::decode(r.data, &KeyTable::is_mac_of_key, &keys);
  if (!packet) return drop(drop_reason_of(packet.error()), r, source);
  if (mode == wire::Mode::server) return on_reply(r, *packet, now, out);
  if (mode == wire::Mode::broadcast) return on_broadcast(r, *packet, now, out);
  Association* const peer = peer_of(r.path);
  if (peer == nullptr) return drop(DropReason::no_association, r, nullptr);
  on_peer_packet(*peer, r, *packet, now, out);
}

/// For those who have no sockets of their own for it: virtual worlds.
void Engine::Impl::on_request(const Received& r, Instant now, Outbox& out) {
  responder().publish(system.server_view(now));
  Transmit reply;
  std::array<std::uint8_t, kMaxDatagram> buffer;
  const ServiceRequest request{.buffer = buffer,
                               .size = std::min(r.data.size(), buffer.size()),
                               .path = r.path,
                               .received = r.when.at.served};
  std::ranges::copy(r.data.first(request.size), buffer.begin());
  const auto plan = responder().examine(request);
  if (plan.size == 0) return;
  reply.purpose = Transmit::Purpose::reply;
  reply.vpn = r.path.vpn;
  reply.local = r.path.local;
  reply.local.address = plan.source;
  reply.remote = r.path.remote;
  reply.interface_index = r.path.interface_index;
  reply.id = static_cast<TransmitId>(next_transmit++);
  reply.size = static_cast<std::uint8_t>(responder().complete(request, plan, now.served));
  std::copy_n(buffer.begin(), reply.size, reply.data.begin());
  out.transmits.push_back(reply);
}

void Engine::Impl::on_query(const Received& r, Instant now, Outbox& out) {
  count(r.path, nullptr, [](PacketStatistics& s) { ++s.received; });
  const auto query = wire::decode_control(r.data);
  if (!query) return drop(DropReason::too_short, r, nullptr);
  if (query->version < 1 || query->version > 4) return drop(DropReason::bad_version, r, nullptr);
  if (query->is_response || query->is_error || query->has_more) return drop(DropReason::bad_mode, r, nullptr);
  if (const auto refusal = control_gate.refuses(*policy, r.path, now.raw)) return drop(*refusal, r, nullptr);
  ControlView answered{
      .now = now, .system = system.state(), .quality = system.quality(now), .associations = {}};
  answered.associations.reserve(associations.size());
  for (const auto& a : associations) {
    if (control_id(a->id()) == query->association) refresh(*a, now);
    answered.associations.push_back(&a->state());
  }
  out.answers.push_back({.query = r.path, .data = answer_control(*query, answered)});
  count(r.path, nullptr, [](PacketStatistics& s) {
    ++s.processed;
    ++s.sent;
  });
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

/// Who only guesses what is outstanding must not speak for a peer that works.
bool Engine::Impl::tells_of_the_server(const Association& a, const std::optional<Match>& match) {
  return match ? !match->request.settled : !a.is_answering();
}

void Engine::Impl::refuse(Association& a, DropReason reason_of_drop, Reason reason, const Received& r,
                          const std::optional<Match>& match, Instant now, Outbox& out, std::uint32_t key_id) {
  if (match)
    drop_reply(reason_of_drop, r, a, match->request.id, key_id);
  else
    drop(reason_of_drop, r, &a, key_id);
  if (!tells_of_the_server(a, match)) return;
  a.note_problem(reason);
  judge(a, now, out);
}

bool Engine::Impl::is_authentic(Association& a, const Received& r, const wire::Packet& packet,
                                const std::optional<Match>& match, Instant now, Outbox& out) {
  if (a.config().key_id == 0) return true;
  Key* key = keys.find(a.config().key_id);
  CHECK(key != nullptr);
  const auto authenticity = authenticate(*key, r.data, packet);
  if (authenticity == Authenticity::verified) return true;
  const auto key_id = packet.mac ? packet.mac->key_id : 0;
  if (tells_of_the_server(a, match)) a.state().received_key_id = key_id;
  refuse(a, DropReason::authentication, reason_of(authenticity), r, match, now, out, key_id);
  return false;
}

/// Test 4: whether ntp-service access lets the clock follow that source.
bool Engine::Impl::may_follow(const IpAddress& address, const std::string& vpn) const {
  const auto access = decide_access(config.access, address, vpn);
  return access.level && may_be_followed(*access.level);
}

void Engine::Impl::on_reply(const Received& r, const wire::Packet& packet, Instant now, Outbox& out) {
  Association* const source = owner_of(r);
  const auto& header = packet.header;
  if (source != nullptr && source->is_duplicate(header))
    return drop(DropReason::duplicate, r, source);  // test 1
  const auto found = header.origin.is_zero() ? outstanding.end() : outstanding.find(header.origin.raw());
  if (found == outstanding.end()) {
    if (on_manycast_reply(r, packet, now, out)) return;
    // Test 2; a packet that fails it changes no state (RFC 5905's text would).
    return drop(source != nullptr ? DropReason::bogus : DropReason::no_association, r, source);
  }
  Association& a = *found->second;
  const auto match = a.find_request(header.origin);
  CHECK(match);
  const Request& request = match->request;
  if (!is_server_of(a, r.path) || (r.request && *r.request != request.id)) {
    if (source != &a) ++a.statistics().received;
    if (!request.settled) {
      a.state().impostor = r.path.remote;
      a.state().impostor_vpn = name_of(r.path.vpn);
    }
    return refuse(a, DropReason::wrong_source, Reason::reply_from_other_address, r, match, now, out);
  }
  if (is_myself(r.path)) return refuse(a, DropReason::myself, Reason::myself, r, match, now, out);
  if (!may_follow(r.path))
    return refuse(a, DropReason::access_denied, Reason::access_denied, r, match, now, out);
  if (!is_authentic(a, r, packet, match, now, out)) return;
  // One key for both directions: our own reply to our own request, sent back by whoever saw it, is well
  // signed.
  if (system.is_own_reference(header.reference)) return drop_reply(DropReason::myself, r, a, request.id);
  accept_reply(a, *match, r, packet, now, out);
}

void Engine::Impl::accept_reply(Association& a, const Match& match, const Received& r,
                                const wire::Packet& packet, Instant now, Outbox& out) {
  const auto& header = packet.header;
  const Request& request = match.request;
  const auto before = a.requests().size();
  if (is_kiss(header)) {
    drop_reply(DropReason::kiss, r, a, request.id);
    a.on_kiss(request, header, now.raw);
  } else if (const auto fault = judge_reply(header, match.is_interleaved)) {
    drop_reply(*fault, r, a, request.id);
    if (*fault == DropReason::unsynchronized || *fault == DropReason::bad_header)
      a.on_unfit_reply(request, header, r.when.at, reason_of_unfit(*fault));
    else if (!request.settled)
      a.note_problem(Reason::reply_invalid);
    else
      return;
  } else {
    a.on_reply(match, header, r.when.at, now.raw);
    note_arrival(a, r);
    // Its first match clears it; the socket stays for the transmit stamp.
    forget_origins(request);
    take_samples(a, now, out);
    return;
  }
  if (a.requests().size() < before) forget(request, out);
  judge(a, now, out);
}

void Engine::Impl::note_arrival(Association& a, const Received& r) {
  a.state().last_local = r.path.local.address;
  const auto* interface = policy->interface_of(r.path);
  a.state().last_interface = interface != nullptr ? interface->name : std::string{};
  count(r.path, &a, [](PacketStatistics& s) { ++s.processed; });
}

void Engine::Impl::take_samples(Association& a, Instant now, Outbox& out) {
  if (a.awaits_stamp(now.raw)) return;
  close_answered(a, out);
  if (auto* probe = probe_of(a)) {
    a.take_sample(system.origin(), system.rate(), system.correction(now), now.raw);
    return tell(*probe, out);
  }
  if (const auto placed = a.held_true_time()) system.place_origin(placed->first, placed->second);
  const auto sample = a.take_sample(system.origin(), system.rate(), system.correction(now), now.raw);
  if (!sample) return update(nullptr, std::nullopt, now, out);
  feed(a, *sample, now, out);
}

void Engine::Impl::feed(Association& a, const Sample& sample, Instant now, Outbox& out) {
  if (system.raise_to_build_date(now, out)) return;
  update(&a, sample, now, out);
  if (a.state().reason == Reason::offset_limit) {
    for (auto* s : {&stats(a.config().key.address.family()), &a.statistics()})
      ++s->drops[static_cast<std::size_t>(DropReason::offset_limit)];
  }
}

void Engine::Impl::close_answered(Association& a, Outbox& out) {
  for (const TransmitId id : a.take_answered()) {
    transmits.erase(id);
    out.closed.push_back(id);
  }
}

}  // namespace noonmark::core
