#include <algorithm>
#include <utility>

#include "base/check.h"
#include "core/engine_impl.h"

namespace noonmark::core {
namespace {

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

UnsyncReason removal_of(AssociationMode mode) {
  switch (mode) {
    case AssociationMode::client: return UnsyncReason::unicast_server_configuration_removed;
    case AssociationMode::active:
    case AssociationMode::passive: return UnsyncReason::unicast_peer_configuration_removed;
    case AssociationMode::manycast_client: return UnsyncReason::manycast_configuration_removed;
    case AssociationMode::broadcast_client: return UnsyncReason::interface_configuration_changed;
  }
  return UnsyncReason::configuration_changed;
}

}  // namespace

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
    if (is_dynamic(a->mode()) && is_still_wanted(*a, previous)) {
      associations.push_back(std::move(a));
      continue;
    }
    if (a->id() == system.state().system_peer) system.blame(removal_of(a->mode()));
    dismiss(*a, out);
  }
  for (const auto& a : associations)
    a->state().may_be_followed = may_follow(a->config().key.address, a->config().key.vpn);
  use_groups(now);
  resolve_all(now, out);
  update(nullptr, std::nullopt, now, out);
}

/// Its last words, before it is destroyed.
void Engine::Impl::dismiss(Association& a, Outbox& out) {
  forget(a.restart(kNever), out);
  close_answered(a, out);
  system.forget(a.id());
}

/// Whether the configuration still asks for what mobilized the session.
bool Engine::Impl::is_still_wanted(const Association& a, const NtpConfig& previous) const {
  const auto& c = a.config();
  if (!may_follow(c.key.address, c.key.vpn)) return false;
  const KeyConfig* key = find_key(config, c.key_id);
  if (c.key_id != 0 && (key == nullptr || !same_secret(find_key(previous, c.key_id), key))) return false;
  switch (a.mode()) {
    case AssociationMode::passive:
      return key != nullptr && key->reliable &&
             std::ranges::none_of(config.servers, [&](const ServerConfig& s) {
               return s.key.mode == AssociationMode::active && s.key.address == c.key.address &&
                      s.key.vpn == c.key.vpn;
             });
    case AssociationMode::broadcast_client:
      return std::ranges::find(config.broadcast_clients, *a.state().group) != config.broadcast_clients.end();
    case AssociationMode::manycast_client:
      return std::ranges::any_of(config.manycast_clients, [&](const ManycastClient& m) {
        return GroupMember{m.interface_name, m.group} == *a.state().group && m.key_id == c.key_id;
      });
    default: return true;
  }
}

void Engine::Impl::make_policy() {
  policy = core::make_policy(config, view);
  const bool serves = policy->family(Family::ipv4).serves || policy->family(Family::ipv6).serves;
  if (existing_responder || serves) responder().use(policy);
}

Responder& Engine::Impl::responder() {
  if (!existing_responder) existing_responder.emplace(random).use(policy);
  return *existing_responder;
}

void Engine::Impl::update(Association* fresh, const std::optional<Sample>& sample, Instant now, Outbox& out) {
  system.update(associations, config, keys, fresh, sample, now, out);
  for (const auto& a : associations) tell_change(*a, out);
}

}  // namespace noonmark::core
