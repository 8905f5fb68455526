#include <algorithm>

#include "base/check.h"
#include "core/access.h"
#include "core/engine_impl.h"

namespace noonmark::core {
namespace {

constexpr std::int8_t kMaxDynamicPoll = 10;

/// The first word of the configuration for what packets mobilize.
ServerConfig mobilized(const Received& r, const wire::Header& header, std::string vpn, AssociationMode mode,
                       std::uint32_t key_id) {
  ServerConfig server;
  server.key = {r.path.remote.address, std::move(vpn), mode};
  server.version = r.path.remote.address.is_v4() ? header.version : std::uint8_t{4};
  server.key_id = key_id;
  server.port = r.path.remote.port;
  server.iburst = mode != AssociationMode::passive;
  server.minpoll = std::clamp<std::int8_t>(header.poll, 3, kMaxDynamicPoll);
  server.maxpoll = kMaxDynamicPoll;
  return server;
}

/// A broadcast answers nobody: its receive timestamp may be zero.
wire::Header with_receive(wire::Header header) {
  if (header.receive.is_zero()) header.receive = header.transmit;
  return header;
}

}  // namespace

Association* Engine::Impl::session_of(const Path& path, std::initializer_list<AssociationMode> modes) {
  const auto it = std::ranges::find_if(associations, [&](const auto& a) {
    return std::ranges::find(modes, a->mode()) != modes.end() && is_server_of(*a, path);
  });
  return it == associations.end() ? nullptr : it->get();
}

std::optional<std::uint32_t> Engine::Impl::mobilizing_key(const Received& r, const wire::Packet& packet,
                                                          bool must_have_key) {
  if (!packet.mac) return must_have_key ? std::nullopt : std::optional<std::uint32_t>(0);
  Key* key = keys.find(packet.mac->key_id);
  const bool is_right = key != nullptr && authenticate(*key, r.data, packet) == Authenticity::verified;
  if (!is_right || (must_have_key && !key->is_reliable())) return std::nullopt;
  return key->id();
}

Association* Engine::Impl::mobilize(ServerConfig server, const std::optional<GroupMember>& group,
                                    const Received& r, Instant now, Outbox& out) {
  const auto there = std::ranges::count_if(associations, [](const auto& a) { return is_dynamic(a->mode()); });
  if (there >= config.max_dynamic_sessions) {
    drop(DropReason::max_sessions, r, nullptr);
    return nullptr;
  }
  const auto* interface = policy->interface_of(r.path);
  if (server.key.address.is_link_local() && interface != nullptr) server.source_interface = interface->name;
  associations.push_back(
      std::make_unique<Association>(static_cast<AssociationId>(next_association++), server, precision));
  Association& a = *associations.back();
  a.state().group = group;
  if (!r.path.local.address.is_multicast()) a.state().last_local = r.path.local.address;
  forget(a.set_source(place_of(server), now.raw), out);
  tell_dynamic(a, true, now, out);
  return &a;
}

void Engine::Impl::tell_dynamic(const Association& a, bool mobilized, Instant now, Outbox& out) {
  const auto& server = a.config().key;
  if (!dynamic_session_log.admits(server, mobilized, now.raw)) return;
  const auto& group = a.state().group;
  out.events.emplace_back(DynamicSessionChanged{
      .mobilized = mobilized, .server = server, .interface = group ? group->interface_name : ""});
}

bool Engine::Impl::demobilize_lost(Instant now, Outbox& out) {
  return std::erase_if(associations, [&](const auto& a) {
           if (!a->is_lost()) return false;
           tell_dynamic(*a, false, now, out);
           dismiss(*a, out);
           return true;
         }) > 0;
}

// --- symmetric peers

/// RFC 5905 section 9.2, with RFC 8633 section 5.6: only a packet of a reliable key mobilizes a passive
/// session; all others get an answer without one.
void Engine::Impl::on_stranger(const Received& r, Instant now, Outbox& out) {
  const auto packet = wire::decode(r.data, &KeyTable::is_mac_of_key, &keys);
  const auto key_id = packet ? mobilizing_key(r, *packet, true) : std::nullopt;
  if (!key_id || policy->refuses(r.path) || !may_follow(r.path)) return on_request(r, now, out);
  count(r.path, nullptr, [](PacketStatistics& s) { ++s.received; });
  auto* a = mobilize(mobilized(r, packet->header, name_of(r.path.vpn), AssociationMode::passive, *key_id),
                     std::nullopt, r, now, out);
  if (a != nullptr) on_peer_packet(*a, r, *packet, now, out);
}

void Engine::Impl::on_peer_packet(Association& a, const Received& r, const wire::Packet& packet, Instant now,
                                  Outbox& out) {
  const auto& header = packet.header;
  if (a.is_repeated(header)) return drop(DropReason::duplicate, r, &a);  // test 1
  const auto match = a.find_request(header.origin);
  if (!may_follow(r.path))
    return refuse(a, DropReason::access_denied, Reason::access_denied, r, match, now, out);
  if (!is_authentic(a, r, packet, match, now, out)) return;
  if (system.is_own_reference(header.reference)) return drop(DropReason::myself, r, &a);  // reflected
  // Test 3, before our next packet would repeat a zero.
  if (header.transmit.is_zero() || (match && header.receive.is_zero()))
    return match ? accept_reply(a, *match, r, packet, now, out) : drop(DropReason::zero_timestamp, r, &a);
  const bool is_news = a.on_peer_packet(header, r.when.at, match.has_value(), match && match->is_interleaved);
  if (is_news && a.mode() == AssociationMode::passive) a.answer_now(now.raw);
  if (match) return accept_reply(a, *match, r, packet, now, out);
  // Test 2. A peer that has not heard us yet says so by a zero origin: no fault of its.
  if (!is_news || !header.origin.is_zero()) return drop(DropReason::bogus, r, &a);
  count(r.path, &a, [](PacketStatistics& s) { ++s.processed; });
}

// --- broadcast and multicast clients

void Engine::Impl::on_broadcast(const Received& r, const wire::Packet& packet, Instant now, Outbox& out) {
  const auto& header = packet.header;
  if (view.is_own_address(r.path.remote.address, r.path.vpn)) return drop(DropReason::myself, r, nullptr);
  const Interface* interface = policy->interface_of(r.path);
  const auto& to = r.path.local.address;
  const auto is_meant = [&](const GroupMember& m) {
    return interface != nullptr && interface->is_called(m.interface_name) &&
           (to.is_multicast() ? m.group == to : is_broadcast_group(m.group));
  };
  const auto line = std::ranges::find_if(config.broadcast_clients, is_meant);
  if (line == config.broadcast_clients.end()) return drop(DropReason::no_association, r, nullptr);
  Association* a = session_of(r.path, {AssociationMode::broadcast_client});
  if (a == nullptr) {
    const auto key_id = mobilizing_key(r, packet, config.authentication_enabled);
    if (!key_id) return drop(DropReason::authentication, r, nullptr, packet.mac ? packet.mac->key_id : 0);
    if (!may_follow(r.path)) return drop(DropReason::access_denied, r, nullptr);
    if (const auto fault = judge_reply(with_receive(header))) return drop(*fault, r, nullptr);
    a = mobilize(mobilized(r, header, name_of(r.path.vpn), AssociationMode::broadcast_client, *key_id), *line,
                 r, now, out);
    if (a == nullptr) return;
  } else {
    if (!may_follow(r.path)) return drop(DropReason::access_denied, r, a);
    if (!is_authentic(*a, r, packet, std::nullopt, now, out)) return;
    // No packet can come twice, nor an old one again (RFC 5905, CVE-2015-7973); and none that fails here
    // changes anything, so it tears nothing down (CVE-2015-7979).
    if (a->is_not_newer(header)) return drop(DropReason::not_newer, r, a);
    if (const auto fault = judge_reply(with_receive(header))) return drop(*fault, r, a);
  }
  note_arrival(*a, r);
  if (a->is_listening()) system.place_origin(header.transmit, r.when.at.raw);
  const auto sample =
      a->on_broadcast(header, r.when.at, system.origin(), system.rate(), system.correction(now));
  if (sample) feed(*a, *sample, now, out);
}

// --- manycast clients

bool Engine::Impl::on_manycast_reply(const Received& r, const wire::Packet& packet, Instant now,
                                     Outbox& out) {
  const auto& header = packet.header;
  const auto search = std::ranges::find_if(manycast, [&](const ManycastSearch& m) {
    return m.asked && m.asked->origin == header.origin && now.raw <= m.asked->until;
  });
  if (search == manycast.end()) return false;
  const auto& line = search->config;
  const Interface* interface = policy->interface_of(r.path);
  if (interface == nullptr || !interface->is_called(line.interface_name)) {
    drop(DropReason::wrong_source, r, nullptr);
    return true;
  }
  if (session_of(r.path, {AssociationMode::manycast_client, AssociationMode::client}) != nullptr) {
    count(r.path, nullptr, [](PacketStatistics& s) { ++s.processed; });
    return true;  // known already
  }
  const auto key_id = mobilizing_key(r, packet, config.authentication_enabled || line.key_id != 0);
  const auto fault = judge_reply(header);
  if (!key_id || (line.key_id != 0 && *key_id != line.key_id)) {
    drop(DropReason::authentication, r, nullptr, packet.mac ? packet.mac->key_id : 0);
  } else if (!may_follow(r.path)) {
    drop(DropReason::access_denied, r, nullptr);
  } else if (view.is_own_address(r.path.remote.address, r.path.vpn)) {
    drop(DropReason::myself, r, nullptr);
  } else if (fault) {
    drop(*fault, r, nullptr);
  } else {
    auto server = mobilized(r, header, name_of(r.path.vpn), AssociationMode::manycast_client, line.key_id);
    server.minpoll = kGroupPoll;
    if (mobilize(server, GroupMember{line.interface_name, line.group}, r, now, out) != nullptr)
      count(r.path, nullptr, [](PacketStatistics& s) { ++s.processed; });
  }
  return true;
}

// --- what is sent to groups

std::variant<const Interface*, Reason> choose_group_interface(const NetworkView& view,
                                                              const std::string& interface_name) {
  const auto found = view.find_interfaces(interface_name);
  if (found.empty()) return Reason::interface_unknown;
  if (found.size() > 1) return Reason::interface_ambiguous;
  if (!found.front()->up) return Reason::interface_down;
  return found.front();
}

const Interface* Engine::Impl::find_group_interface(const std::string& name) const {
  const auto choice = choose_group_interface(view, name);
  const auto* interface = std::get_if<const Interface*>(&choice);
  return interface != nullptr ? *interface : nullptr;
}

/// Lines that stay keep their rhythm.
void Engine::Impl::use_groups(Instant now) {
  const auto renew = [&](auto& running, const auto& lines) {
    auto before = std::exchange(running, {});
    for (const auto& line : lines) {
      const auto old = std::ranges::find_if(before, [&](const auto& one) { return one.config == line; });
      if (old != before.end())
        running.push_back(std::move(*old));
      else
        running.push_back({.config = line, .next = start_time(now)});
    }
  };
  renew(group_servers, config.group_servers);
  renew(manycast, config.manycast_clients);
}

void Engine::Impl::run_groups(Instant now, Outbox& out) {
  for (auto& timer : group_servers)
    if (timer.next <= now.raw) send_broadcast(timer, now, out);
  for (auto& search : manycast)
    if (search.next <= now.raw) send_manycast(search, now, out);
}

/// A packet for a group, without its contents; none while the interface cannot send it.
std::optional<Transmit> Engine::Impl::group_packet(const std::string& interface_name, const IpAddress& group,
                                                   std::uint16_t port, std::uint8_t ttl,
                                                   std::uint32_t key_id) {
  const Interface* interface = find_group_interface(interface_name);
  if (interface == nullptr || config.family(group.family()).disabled) return std::nullopt;
  if (!has_address(*interface, group.family())) return std::nullopt;
  if (key_id != 0 && keys.find(key_id) == nullptr) return std::nullopt;
  Transmit t;
  t.id = static_cast<TransmitId>(next_transmit++);
  t.purpose = Transmit::Purpose::group;
  t.vpn = interface->vpn;
  t.local = {.address = source_address_of(*interface, group.family(), group.is_link_local())
                            .value_or(IpAddress::any(group.family())),
             .port = config.port};
  t.remote = {.address = group, .port = port};
  t.interface_index = interface->index;
  t.ttl = ttl;
  return t;
}

void Engine::Impl::send_to_group(const Transmit& t, bool wants_stamp, Outbox& out) {
  count(t.remote.address.family(), t.vpn, t.interface_index, nullptr, [](PacketStatistics& s) { ++s.sent; });
  out.transmits.push_back(t);
  if (!wants_stamp) out.closed.push_back(t.id);
}

/// RFC 5905 section 3; what is not synchronized stays silent.
void Engine::Impl::send_broadcast(GroupTimer& timer, Instant now, Outbox& out) {
  const auto& line = timer.config;
  timer.next = now.raw + Duration::from_exponent(kGroupPoll);
  const ServerView system_now = system.server_view(now);
  auto t = group_packet(line.interface_name, line.group, line.port, line.ttl, line.key_id);
  if (!t || !system_now.is_synchronized()) {
    timer.departed.reset();
    return;
  }
  wire::Header header;
  describe_system(system_now, now.served, now.served, header);
  header.mode = wire::Mode::broadcast;
  header.version = line.version;
  header.poll = kGroupPoll;
  header.transmit = now.served;
  if (line.interleaved && timer.departed) {  // RFC 9769 section 4
    const Duration ago = now.raw - *timer.departed;
    header.origin = now.served - (ago + ago * system.rate().frequency);
  }
  timer.departed.reset();
  finish(*t, header, line.key_id);
  if (timer.last) out.closed.push_back(*timer.last);
  timer.last = line.interleaved ? std::optional(t->id) : std::nullopt;
  send_to_group(*t, line.interleaved, out);
}

void Engine::Impl::note_departure(TransmitId id, const Stamp& stamp, Outbox& out) {
  const auto timer = std::ranges::find(group_servers, std::optional(id), &GroupTimer::last);
  if (timer == group_servers.end()) return;
  if (stamp.source != StampSource::daemon) timer->departed = stamp.at.raw;
  out.closed.push_back(*std::exchange(timer->last, std::nullopt));
}

/// The stratum tells servers that are no better than we not to answer.
void Engine::Impl::send_manycast(ManycastSearch& search, Instant now, Outbox& out) {
  const auto& line = search.config;
  const GroupMember group{line.interface_name, line.group};
  const auto found = std::ranges::count_if(associations, [&](const auto& a) {
    return a->mode() == AssociationMode::manycast_client && a->state().group == group && a->is_answering();
  });
  const bool is_content = static_cast<std::size_t>(found) >= kManycastServers;
  search.next = now.raw + Duration::from_exponent(is_content ? kContentManycastPoll : kGroupPoll);
  search.asked.reset();
  auto t = group_packet(line.interface_name, line.group, line.port, line.ttl, line.key_id);
  if (!t || is_content) return;
  wire::Header header;
  header.leap = wire::Leap::none;
  header.version = 4;
  header.poll = kGroupPoll;
  if (const auto& state = system.state(); state.is_synchronized()) header.stratum = state.stratum;
  do header.transmit = Timestamp::from_raw(random.next());
  while (header.transmit.is_zero() || outstanding.contains(header.transmit.raw()));
  search.asked = {header.transmit, now.raw + kManycastPatience};
  finish(*t, header, line.key_id);
  send_to_group(*t, false, out);
}

// --- sockets

/// Where the service's socket has to be open: where requests are answered, and where peers and groups are.
std::vector<VpnId> Engine::Impl::listening_vpns(Family family) const {
  std::set<VpnId> vpns;
  const auto& of = policy->family(family);
  if (of.disabled) return {};
  if (of.listens)
    for (const auto& place : of.places) vpns.insert(place.vpn);
  for (const auto& server : config.servers) {
    const Vpn* vpn = view.find_vpn(server.key.vpn);
    if (server.key.mode == AssociationMode::active && server.key.address.family() == family && vpn != nullptr)
      vpns.insert(vpn->id);
  }
  const auto add = [&](const auto& lines) {
    for (const auto& line : lines)
      if (line.group.family() == family)
        if (const auto* interface = find_group_interface(line.interface_name)) vpns.insert(interface->vpn);
  };
  add(config.group_servers);
  add(config.broadcast_clients);
  add(config.manycast_servers);
  add(config.manycast_clients);
  return {vpns.begin(), vpns.end()};
}

std::vector<Membership> Engine::Impl::memberships() const {
  std::set<Membership> groups;
  for (const auto* lines : {&config.broadcast_clients, &config.manycast_servers})
    for (const auto& line : *lines)
      if (const auto* interface = find_group_interface(line.interface_name);
          interface != nullptr && line.group.is_multicast())
        groups.insert({interface->vpn, interface->index, line.group});
  return {groups.begin(), groups.end()};
}

}  // namespace noonmark::core
