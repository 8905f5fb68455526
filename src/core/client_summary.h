#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
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
};

}  // namespace noonmark::core
