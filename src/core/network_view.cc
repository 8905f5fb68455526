#include "core/network_view.h"

#include <algorithm>

namespace noonmark::core {

bool Interface::is_called(std::string_view text) const {
  return name == text || alias == text ||
         std::ranges::find(alternative_names, text) != alternative_names.end();
}

const Vpn* NetworkView::find_vpn(std::string_view name) const {
  const auto it = std::ranges::find(vpns, name, &Vpn::name);
  return it == vpns.end() ? nullptr : &*it;
}

const Vpn* NetworkView::find_vpn(VpnId id) const {
  const auto it = std::ranges::find(vpns, id, &Vpn::id);
  return it == vpns.end() ? nullptr : &*it;
}

std::vector<const Interface*> NetworkView::find_interfaces(std::string_view name) const {
  std::vector<const Interface*> found;
  for (const auto& i : interfaces)
    if (!name.empty() && i.is_called(name)) found.push_back(&i);
  return found;
}

bool NetworkView::share_namespace(VpnId a, VpnId b) const {
  const auto home = [&](VpnId id) {
    const Vpn* vpn = find_vpn(id);
    return vpn != nullptr && vpn->kind == Vpn::Kind::network_namespace ? id : VpnId::public_instance;
  };
  return home(a) == home(b);
}

bool NetworkView::is_own_address(const IpAddress& address) const {
  return std::ranges::any_of(interfaces, [&](const Interface& i) { return i.has_address(address); });
}

bool NetworkView::is_own_address(const IpAddress& address, VpnId vpn) const {
  return address.is_loopback() || std::ranges::any_of(interfaces, [&](const Interface& i) {
           return i.vpn == vpn && i.has_address(address);
         });
}

bool Interface::has_address(const IpAddress& address) const {
  return std::ranges::find(addresses, address, &InterfaceAddress::address) != addresses.end();
}

}  // namespace noonmark::core
