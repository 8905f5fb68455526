#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/config.h"
#include "core/network_view.h"
#include "core/path.h"
#include "core/reason.h"

namespace noonmark::core {

/// What of configuration and network decides about requests, worked out once for all of them. Made by the
/// engine, shared by all responders, never changed.
struct ServerPolicy {
  /// Where requests of one family may be sent to in one VPN instance.
  struct Place {
    VpnId vpn = VpnId::public_instance;
    bool any_address = false;
    std::set<IpAddress> addresses{};
    std::optional<std::variant<IpAddress, Reason>>
        reply_source{};  // demanded by ntp-service source-interface
  };
  struct OfFamily {
    bool disabled = false;      // takes no packets at all
    bool serves = false;        // answers requests
    bool listens = false;       // for requests, or for control queries
    std::vector<Place> places;  // where it listens; none is listed twice
  };
  std::array<OfFamily, 2> families;  // by Family
  NetworkView network;
  NtpConfig config;

  const OfFamily& family(Family f) const { return families[static_cast<std::size_t>(f)]; }
  const Place* find_place(Family f, VpnId vpn) const;
  /// Why a packet that came by `path` is not looked at: its family or interface is switched off.
  std::optional<DropReason> refuses(const Path& path) const;
  /// Whether requests that came by `path` to an address of one machine are for us. Not those to a broadcast
  /// address.
  bool listens(const Place& place, const Path& path) const;
  /// Whether `path` leads to a group that its interface answers for (ntp-service manycast-server).
  bool is_manycast_server(const Path& path) const;
  /// The interface of a packet; null if it is gone.
  const Interface* interface_of(const Path& path) const;
};

std::shared_ptr<const ServerPolicy> make_policy(const NtpConfig& config, const NetworkView& network);

}  // namespace noonmark::core
