#include "core/server_policy.h"

#include <algorithm>

#include "core/groups.h"
#include "core/source_address.h"

namespace noonmark::core {
namespace {

bool is_listed(const FamilyConfig& f, const Interface& interface) {
  return std::ranges::any_of(f.listen_interfaces,
                             [&](const std::string& name) { return interface.is_called(name); });
}

/// `server source-interface` means an interface's primary address, `server source-address` that address;
/// `source-interface all`, or none of these, every address, though not in namespaces that were not asked for.
ServerPolicy::Place place_in(const Vpn& vpn, Family family, const NtpConfig& config,
                             const NetworkView& network) {
  const auto& f = config.family(family);
  ServerPolicy::Place place{.vpn = vpn.id};
  const bool is_specific = !f.listen_interfaces.empty() || !f.listen_addresses.empty();
  place.any_address =
      vpn.kind != Vpn::Kind::network_namespace &&
      (f.listen_all == ListenAll::enable || (f.listen_all == ListenAll::unset && !is_specific));
  for (const auto& wanted : f.listen_addresses)
    if (wanted.vpn == vpn.name) place.addresses.insert(wanted.address);
  for (const auto& interface : network.interfaces)
    if (interface.vpn == vpn.id && is_listed(f, interface))
      if (const auto address = source_address_of(interface, family, false)) place.addresses.insert(*address);
  place.reply_source = reply_source(config, network, vpn.id, family);
  return place;
}

}  // namespace

const ServerPolicy::Place* ServerPolicy::find_place(Family f, VpnId vpn) const {
  const auto& places = family(f).places;
  const auto it = std::ranges::find(places, vpn, &Place::vpn);
  return it == places.end() ? nullptr : &*it;
}

std::optional<DropReason> ServerPolicy::refuses(const Path& path) const {
  const Family f = path.remote.address.family();
  if (family(f).disabled) return DropReason::family_disabled;
  const auto& closed = config.family(f).receive_disabled;
  if (closed.empty()) return std::nullopt;
  const auto* interface = interface_of(path);
  if (interface == nullptr ||
      std::ranges::none_of(closed, [&](const std::string& name) { return interface->is_called(name); }))
    return std::nullopt;
  return DropReason::interface_disabled;
}

bool ServerPolicy::listens(const Place& place, const Path& path) const {
  const IpAddress& address = path.local.address;
  if (!place.any_address) return place.addresses.contains(address);
  if (address.is_multicast() || is_broadcast_group(address)) return false;
  return std::ranges::none_of(network.interfaces, [&](const Interface& i) {
    return network.share_namespace(i.vpn, path.vpn) && is_broadcast_of(i, address);
  });
}

bool ServerPolicy::is_manycast_server(const Path& path) const {
  const auto* interface = interface_of(path);
  return interface != nullptr && std::ranges::any_of(config.manycast_servers, [&](const GroupMember& m) {
           return m.group == path.local.address && interface->is_called(m.interface_name);
         });
}

const Interface* ServerPolicy::interface_of(const Path& path) const {
  const auto it = std::ranges::find_if(network.interfaces, [&](const Interface& i) {
    return i.index == path.interface_index && network.share_namespace(i.vpn, path.vpn);
  });
  return it == network.interfaces.end() ? nullptr : &*it;
}

std::shared_ptr<const ServerPolicy> make_policy(const NtpConfig& config, const NetworkView& network) {
  auto policy = std::make_shared<ServerPolicy>();
  policy->config = config;
  policy->network = network;
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    auto& of = policy->families[static_cast<std::size_t>(family)];
    const auto& f = config.family(family);
    of.disabled = f.disabled;
    of.serves = !f.disabled && f.serving != Serving::never &&
                (f.serving == Serving::always || config.local_clock.has_value());
    of.listens = of.serves || (!f.disabled && config.queries_enabled);
    for (const auto& vpn : network.vpns) of.places.push_back(place_in(vpn, family, config, network));
    std::erase_if(of.places, [](const auto& p) { return !p.any_address && p.addresses.empty(); });
  }
  return policy;
}

}  // namespace noonmark::core
