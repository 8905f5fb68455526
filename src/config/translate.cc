#include "config/translate.h"

#include <fmt/format.h>

#include "config/access_lists.h"

namespace noonmark::config {
namespace {

constexpr double kMillisecondsPerSecond = 1e3;

void add_keys(const Configuration& from, const KeyRing& keyring, Translation& to) {
  for (const auto& key : from.keys) {
    auto password = keyring.decipher(key.cipher);
    if (!password) {
      to.problems.push_back(
          fmt::format("Authentication key {} cannot be used. {}", key.id, password.error().message));
      continue;
    }
    to.config.keys.push_back({.id = key.id,
                              .algorithm = key.algorithm,
                              .secret = std::move(password->secret),
                              .mac_length = key.mac_length,
                              .reliable = from.reliable_keys.contains(key.id)});
  }
}

void set_families(const Configuration& from, core::NtpConfig& to) {
  for (std::size_t i = 0; i < to.families.size(); ++i) {
    to.families[i].disabled = from.family_disabled[i];
    to.families[i].serving = from.serving[i];
    to.families[i].listen_all = from.listen_all[i];
  }
  for (const auto& row : from.listen_interfaces)
    to.family(Family::ipv4).listen_interfaces.insert(row.interface_name);
  for (const auto& row : from.listen_addresses)
    to.family(Family::ipv6).listen_addresses.insert({row.address, row.vpn});
  for (const auto& row : from.receive_disabled)
    to.family(row.family).receive_disabled.insert(row.interface_name);
}

void add_groups(const Configuration& from, core::NtpConfig& to) {
  for (const auto& row : from.group_servers)
    to.group_servers.push_back({.interface_name = row.interface_name,
                                .group = row.group,
                                .key_id = row.key_id,
                                .version = row.group.is_v4() ? row.version : std::uint8_t{4},
                                .ttl = row.ttl,
                                .port = row.port,
                                .interleaved = row.interleaved});
  for (const auto& row : from.group_clients) to.broadcast_clients.push_back({row.interface_name, row.group});
  for (const auto& row : from.manycast_servers)
    to.manycast_servers.push_back({row.interface_name, row.group});
  for (const auto& row : from.manycast_clients)
    to.manycast_clients.push_back({.interface_name = row.interface_name,
                                   .group = row.group,
                                   .key_id = row.key_id,
                                   .ttl = row.ttl,
                                   .port = row.port});
}

core::StepPolicy step_policy(const StepPolicy& from) {
  return {.when = from.when,
          .threshold = from.threshold_ms / kMillisecondsPerSecond,
          .backward_limit = static_cast<double>(from.backward_limit)};
}

core::ErrorBudget error_budget(const ErrorBudget& from) {
  return {.limit = from.limit_ms / kMillisecondsPerSecond, .stop_serving = from.stop_serving};
}

}  // namespace

core::ServerConfig server_config(const Server& server) {
  const auto range = poll_range(server);
  return {.key = server.key(),
          .version = server.address.is_v4() ? server.version : std::uint8_t{4},
          .key_id = server.key_id,
          .source_interface = server.source_interface,
          .preference = server.preference,
          .preempt = server.preempt,
          .burst = server.burst,
          .iburst = server.iburst,
          .minpoll = range.minimum,
          .maxpoll = range.maximum,
          .port = server.port,
          .interleaved = server.interleaved || !server.is_peer()};
}

Translation to_ntp_config(const Configuration& from, const KeyRing& keyring) {
  Translation to;
  to.config.authentication_enabled = from.authentication_enabled;
  to.config.queries_enabled = from.queries_enabled;
  add_keys(from, keyring, to);
  for (const auto& server : from.servers) to.config.servers.push_back(server_config(server));
  for (const auto& row : from.source_interfaces)
    to.config.source_interfaces.push_back({row.family, row.vpn, row.interface_name});
  if (from.local_clock)
    to.config.local_clock =
        core::LocalClockConfig{static_cast<std::uint8_t>(from.local_clock->unit), from.local_clock->stratum};
  set_families(from, to.config);
  to.config.access = access_config(from);
  to.config.kod_enabled = from.kod_enabled;
  to.config.rate_limits = from.rate_limits;
  to.config.max_clients = from.max_clients;
  to.config.max_dynamic_sessions = from.max_dynamic_sessions;
  to.config.interleaved = !from.interleaved_disabled;
  add_groups(from, to.config);
  to.config.port = from.port;
  to.config.source_port = from.source_port;
  to.config.max_distance = from.max_distance;
  to.config.offset_limit = from.offset_limit;
  to.config.step_policy = step_policy(from.step_policy);
  to.config.error_budget = error_budget(from.error_budget);
  return to;
}

}  // namespace noonmark::config
