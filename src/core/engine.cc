#include "core/engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "core/engine_impl.h"

namespace noonmark::core {
namespace {

Reason reason_of(SendError error) {
  switch (error) {
    case SendError::no_route: return Reason::no_route;
    case SendError::host_unreachable: return Reason::host_unreachable;
    case SendError::port_unreachable: return Reason::port_unreachable;
    case SendError::source_address_gone: return Reason::source_address_gone;
    default: return Reason::send_failed;
  }
}

}  // namespace

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
    if (a->is_listening())
      a->on_missing_broadcast(now);
    else
      impl_->send_request(*a, kPatience, now, out);
    changed = changed || a->own_verdict() != verdict || (a->state().reach != 0 && !was_answered);
  }
  changed = impl_->demobilize_lost(now, out) || changed;
  impl_->run_groups(now, out);
  for (const auto& probe : impl_->probes)
    if (probe->next_deadline() <= now.raw) impl_->on_deadline(*probe, now, out);
  // Once for all: with thousands of silent servers a selection for each would cost their square.
  if (changed) impl_->update(nullptr, std::nullopt, now, out);
}

void Engine::on_transmitted(TransmitId id, const Stamp& stamp, const Departure& departure, Instant now,
                            Outbox& out) {
  const auto it = impl_->transmits.find(id);
  if (it == impl_->transmits.end()) return impl_->note_departure(id, stamp, out);
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
      impl_->responder().reset_statistics(scope.family);
      return;
    case StatisticsScope::Of::peers:
      for (auto& a : impl_->associations)
        if (scope.peer ? a->config().key == *scope.peer : a->config().key.address.family() == scope.family)
          a->statistics() = {};
      return;
    case StatisticsScope::Of::interfaces:
      for (auto* counters : {&impl_->interface_counters, &impl_->responder().interface_counters()}) {
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
  for (const auto& g : impl_->group_servers) next = std::min(next, g.next);
  for (const auto& m : impl_->manycast) next = std::min(next, m.next);
  return next;
}

const NtpConfig& Engine::config() const { return impl_->config; }
const SystemState& Engine::state() const { return impl_->system.state(); }

std::vector<AssociationState> Engine::associations(Instant now) const {
  std::vector<AssociationState> all;
  all.reserve(impl_->associations.size());
  for (const auto& a : impl_->associations) {
    impl_->refresh(*a, now);
    all.push_back(a->state());
  }
  return all;
}

PacketStatistics Engine::statistics(Family family) const {
  const auto& own = impl_->statistics[static_cast<std::size_t>(family)];
  return impl_->existing_responder ? own + impl_->existing_responder->statistics(family) : own;
}
std::vector<const PacketStatistics*> Engine::session_statistics() const {
  std::vector<const PacketStatistics*> all;
  all.reserve(impl_->associations.size());
  for (const auto& a : impl_->associations) all.push_back(&a->statistics());
  return all;
}
std::vector<ServerKey> Engine::sessions() const {
  std::vector<ServerKey> all;
  all.reserve(impl_->associations.size());
  for (const auto& a : impl_->associations) all.push_back(a->config().key);
  return all;
}
std::optional<PacketStatistics> Engine::statistics(const Interface& interface, Family family) const {
  const auto* own = impl_->interface_counters.find(impl_->view, interface, family);
  const auto* served = impl_->existing_responder ? impl_->existing_responder->interface_counters().find(
                                                       impl_->view, interface, family)
                                                 : nullptr;
  if (own == nullptr && served == nullptr) return std::nullopt;
  return (own != nullptr ? *own : PacketStatistics{}) + (served != nullptr ? *served : PacketStatistics{});
}
const std::deque<UnsyncEvent>& Engine::unsync_events() const { return impl_->system.unsync_events(); }
const NetworkView& Engine::network() const { return impl_->view; }
Responder& Engine::responder() { return impl_->responder(); }
ServerView Engine::server_view(Instant now) const { return impl_->system.server_view(now); }
std::shared_ptr<const ServerPolicy> Engine::server_policy() const { return impl_->policy; }
bool Engine::serves(Family family) const { return impl_->policy->family(family).serves; }

std::vector<VpnId> Engine::listening_vpns(Family family) const { return impl_->listening_vpns(family); }
std::vector<Membership> Engine::memberships() const { return impl_->memberships(); }

}  // namespace noonmark::core
