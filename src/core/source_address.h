#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/config.h"
#include "core/network_view.h"
#include "core/reason.h"

namespace noonmark::core {

/// Where packets of a session leave from.
struct SourceChoice {
  VpnId vpn = VpnId::public_instance;
  std::optional<IpAddress> address;  // none: the kernel chooses
  std::string interface_name;        // as configured, empty: none is
  std::uint32_t scope = 0;           // interface index, for a link-local server
  bool operator==(const SourceChoice&) const = default;
};

/// The address that an interface gives as a source: IPv4 its first primary one; IPv6 a global one that is
/// neither temporary, tentative nor deprecated, for `link_local` the link-local one; on a loopback interface
/// also 127/8 and ::1.
std::optional<IpAddress> source_address_of(const Interface& interface, Family family, bool link_local);

/// The interface of that name in `vpn`, or why there is none that could be used: it is unknown, in another
/// VPN, ambiguous or down.
std::variant<const Interface*, Reason> find_source_interface(const NetworkView& view, std::string_view name,
                                                             VpnId vpn);

/// Looks up VPN, source interface and address of a server line. The line's own interface comes first, else
/// the global one of the same VPN and family, else the kernel's choice. A configured interface that cannot be
/// used gives its reason; it never falls through.
std::variant<SourceChoice, Reason> choose_source(const NtpConfig& config, const ServerConfig& server,
                                                 const NetworkView& view);

/// The source that `ntp-service [ ipv6 ] source-interface` demands for replies in that VPN: nullopt if none
/// is configured there.
std::optional<std::variant<IpAddress, Reason>> reply_source(const NtpConfig& config, const NetworkView& view,
                                                            VpnId vpn, Family family);

bool has_address(const Interface& interface, Family family);

/// Whether `address` is the last one of one of the interface's IPv4 subnets (RFC 919); those of two addresses
/// have none (RFC 3021).
bool is_broadcast_of(const Interface& interface, const IpAddress& address);

/// The same of any interface in `vpn`.
bool is_directed_broadcast(const NetworkView& view, VpnId vpn, const IpAddress& address);

}  // namespace noonmark::core
