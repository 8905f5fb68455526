#include "core/source_address.h"

#include <algorithm>

namespace noonmark::core {
namespace {

bool is_usable(const InterfaceAddress& a, bool loopback_interface, bool link_local) {
  if (a.secondary || a.tentative || a.deprecated) return false;
  if (a.address.is_loopback()) return loopback_interface;
  return a.address.is_v4() || a.address.is_link_local() == link_local;
}

const SourceInterface* global_source(const NtpConfig& config, std::string_view vpn, Family family) {
  const auto it = std::ranges::find_if(
      config.source_interfaces, [&](const SourceInterface& s) { return s.vpn == vpn && s.family == family; });
  return it == config.source_interfaces.end() ? nullptr : &*it;
}

}  // namespace

std::optional<IpAddress> source_address_of(const Interface& interface, Family family, bool link_local) {
  // A loopback interface's own 127.0.0.1 or ::1 is the last choice: routers put their identity beside it.
  for (const bool loopback : {false, true})
    for (const auto& a : interface.addresses)
      if (a.address.family() == family && a.address.is_loopback() == loopback &&
          is_usable(a, interface.loopback, link_local))
        return a.address;
  return std::nullopt;
}

std::variant<const Interface*, Reason> find_source_interface(const NetworkView& view, std::string_view name,
                                                             VpnId vpn) {
  auto found = view.find_interfaces(name);
  if (found.empty()) return Reason::interface_unknown;
  std::erase_if(found, [&](const Interface* i) { return i->vpn != vpn; });
  if (found.empty()) return Reason::interface_in_other_vpn;
  if (found.size() > 1) return Reason::interface_ambiguous;
  if (!found.front()->up) return Reason::interface_down;
  return found.front();
}

bool has_address(const Interface& interface, Family family) {
  return std::ranges::any_of(interface.addresses,
                             [&](const InterfaceAddress& own) { return own.address.family() == family; });
}

bool is_broadcast_of(const Interface& interface, const IpAddress& address) {
  if (!address.is_v4()) return false;
  return std::ranges::any_of(interface.addresses, [&](const InterfaceAddress& own) {
    if (!own.address.is_v4() || own.prefix_length >= 31) return false;
    const std::uint32_t host_bits = ~std::uint32_t{0} >> own.prefix_length;
    return address.v4_value() == (own.address.v4_value() | host_bits);
  });
}

bool is_directed_broadcast(const NetworkView& view, VpnId vpn, const IpAddress& address) {
  return std::ranges::any_of(view.interfaces,
                             [&](const Interface& i) { return i.vpn == vpn && is_broadcast_of(i, address); });
}

std::variant<SourceChoice, Reason> choose_source(const NtpConfig& config, const ServerConfig& server,
                                                 const NetworkView& view) {
  const IpAddress& remote = server.key.address;
  if (config.family(remote.family()).disabled) return Reason::family_disabled;
  const Vpn* vpn = view.find_vpn(server.key.vpn);
  if (vpn == nullptr) return Reason::vpn_unknown;
  if (is_directed_broadcast(view, vpn->id, remote)) return Reason::address_refused;

  SourceChoice choice{.vpn = vpn->id, .address = {}, .interface_name = server.source_interface, .scope = 0};
  if (choice.interface_name.empty()) {
    if (const auto* global = global_source(config, server.key.vpn, remote.family()))
      choice.interface_name = global->interface_name;
  }
  if (choice.interface_name.empty()) {
    if (remote.is_link_local()) return Reason::scope_unknown;
    return choice;
  }
  const auto found = find_source_interface(view, choice.interface_name, vpn->id);
  if (const auto* reason = std::get_if<Reason>(&found)) return *reason;
  const Interface& interface = *std::get<const Interface*>(found);
  choice.address = source_address_of(interface, remote.family(), remote.is_link_local());
  if (!choice.address) return Reason::interface_without_address;
  if (remote.is_link_local()) choice.scope = interface.index;
  return choice;
}

std::optional<std::variant<IpAddress, Reason>> reply_source(const NtpConfig& config, const NetworkView& view,
                                                            VpnId vpn, Family family) {
  const Vpn* known = view.find_vpn(vpn);
  const auto* global = known == nullptr ? nullptr : global_source(config, known->name, family);
  if (global == nullptr) return std::nullopt;
  const auto found = find_source_interface(view, global->interface_name, vpn);
  if (const auto* reason = std::get_if<Reason>(&found)) return *reason;
  const auto address = source_address_of(*std::get<const Interface*>(found), family, false);
  if (!address) return Reason::interface_without_address;
  return *address;
}

}  // namespace noonmark::core
