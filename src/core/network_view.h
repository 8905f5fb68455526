#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/net_address.h"

namespace noonmark::core {

using base::Family;
using base::IpAddress;

/// A VPN instance as the packet path knows it. Ids are given by io, one per name for the life of the process;
/// 0 is the daemon's own namespace outside any VRF, the "public" instance with the empty name.
enum class VpnId : std::uint32_t { public_instance = 0 };

struct Vpn {
  enum class Kind : std::uint8_t { public_instance, vrf, network_namespace };
  VpnId id = VpnId::public_instance;
  std::string name;  // empty for the public instance
  Kind kind = Kind::public_instance;
  bool operator==(const Vpn&) const = default;
};

struct InterfaceAddress {
  IpAddress address;
  std::uint8_t prefix_length = 32;
  bool secondary = false;   // IPv4: not the first of its subnet (IFA_F_SECONDARY); IPv6: temporary
  bool tentative = false;   // IPv6: duplicate detection not done, or failed
  bool deprecated = false;  // IPv6: preferred lifetime over
  bool operator==(const InterfaceAddress&) const = default;
};

struct Interface {
  std::uint32_t index = 0;
  std::string name{};
  std::vector<std::string> alternative_names{};
  std::string alias{};
  bool up = false;         // IFF_UP and operational state neither down nor lowerlayerdown
  bool loopback = false;   // IFF_LOOPBACK
  bool broadcast = false;  // IFF_BROADCAST
  VpnId vpn = VpnId::public_instance;
  std::vector<InterfaceAddress> addresses{};  // in the kernel's order
  bool operator==(const Interface&) const = default;

  bool is_called(std::string_view text) const;  // name, an alternative name, or the alias
  bool has_address(const IpAddress& address) const;
};

/// What the machine's network looks like now: every interface of the daemon's namespace (VRF devices
/// included) and of the named namespaces that the configuration uses. VPN instances that exist but are not
/// used carry no interfaces when they are namespaces.
struct NetworkView {
  std::vector<Vpn> vpns;  // the public instance first
  std::vector<Interface> interfaces;
  bool operator==(const NetworkView&) const = default;

  const Vpn* find_vpn(std::string_view name) const;  // "" is the public instance
  const Vpn* find_vpn(VpnId id) const;
  /// All interfaces of that name (name, alternative name, alias), in every VPN.
  std::vector<const Interface*> find_interfaces(std::string_view name) const;
  /// Whether two VPN instances share a network namespace, and so names and indices of interfaces: the public
  /// instance and all VRFs do.
  bool share_namespace(VpnId a, VpnId b) const;
  /// Whether `address` is one of this machine's own, in any VPN.
  bool is_own_address(const IpAddress& address) const;
  /// The same in one VPN; all of 127/8 and ::1 belong to each.
  bool is_own_address(const IpAddress& address, VpnId vpn) const;
};

}  // namespace noonmark::core
