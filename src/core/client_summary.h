#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "base/net_address.h"
#include "core/config.h"
#include "core/network_view.h"
#include "core/reason.h"
#include "wire/time.h"

namespace noonmark::core {

/// What a server remembers of a client, to be shown.
struct ClientSummary {
  IpAddress address;
  VpnId vpn = VpnId::public_instance;
  std::uint32_t requests = 0;  // well-formed ones
  std::uint32_t drops = 0;     // of them
  std::optional<DropReason> last_drop;
  wire::Timestamp last_seen;          // served clock, to 1/256 s; right if that is less than 97 days ago
  float average_interval = 0;         // s between requests, the last ones weigh most; 0: one request only
  std::optional<AccessLevel> access;  // none: denied
  std::uint32_t key_id = 0;           // of its last request with a valid MAC; 0: none
  std::uint8_t version = 0;           // of its last request
  bool interleaves = false;           // it uses the interleaved mode, RFC 9769
};

/// Which clients to show, and in which order.
struct ClientQuery {
  std::size_t count = 20;  // at most so many
  bool too_often = false;  // only those that ask more often than ntp-service discard allows, limited or not;
                           // they come by their average interval, shortest first, all others by their
                           // requests, most first
  auto order_of(const ClientSummary& client) const {
    return order_of(client.requests, client.average_interval, client.vpn, client.address);
  }
  /// Smallest first.
  std::tuple<double, VpnId, IpAddress> order_of(std::uint32_t requests, float average_interval, VpnId vpn,
                                                const IpAddress& address) const {
    return {too_often ? static_cast<double>(average_interval) : -static_cast<double>(requests), vpn, address};
  }
};

/// Whether a client with that average interval, s, asks more often than `limits` allow on the average. Judged
/// only once it has asked so many times that a burst at its start is forgotten.
bool asks_too_often(std::uint32_t requests, float average_interval, const RateLimits& limits);

/// Puts what another thread's table answered to the same query with the rest. A client that both have asked
/// becomes one: its requests and drops add up, and what its latest request told is taken.
void merge(std::vector<ClientSummary>& clients, std::vector<ClientSummary> more, const ClientQuery& query);

/// Of all clients together, since the start or forget_clients().
struct ClientTotals {
  struct OfKey {
    std::uint32_t key_id = 0;
    std::uint64_t requests = 0;  // with a valid MAC
    bool operator==(const OfKey&) const = default;
  };
  std::size_t records = 0;                    // in use
  std::size_t capacity = 0;                   // of the table
  std::uint64_t replaced = 0;                 // records that a newer client took over
  std::uint64_t kisses = 0;                   // sent
  std::array<std::uint64_t, 5> by_version{};  // requests, by version 1..4
  std::vector<OfKey> by_key;                  // the configured keys, by id
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kCount)> drops{};

  /// Adds those of another thread.
  ClientTotals& operator+=(const ClientTotals& other);
};

}  // namespace noonmark::core
