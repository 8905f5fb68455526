#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/network_view.h"
#include "core/reason.h"
#include "core/state.h"

namespace noonmark::core {

struct DropRecord {
  Timestamp when;
  DropReason reason{};
  Endpoint from;
  VpnId vpn = VpnId::public_instance;
  std::uint32_t key_id = 0;  // of the packet's MAC, when authentication failed; 0: it had none
  bool operator==(const DropRecord&) const = default;
};

/// Counters of packets: of an address family, of a session, or of an interface.
struct PacketStatistics {
  static constexpr std::size_t kLastDrops = 10;

  std::uint64_t sent = 0;
  std::uint64_t send_failures = 0;
  std::uint64_t received = 0;
  std::uint64_t processed = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kCount)> drops{};
  std::vector<DropRecord> last_drops;  // newest last, at most kLastDrops
  bool operator==(const PacketStatistics&) const = default;

  void add_drop(const DropRecord& record);
  std::uint64_t dropped() const;
  std::uint64_t dropped(DropClass row) const;
  /// As if the packets of both had been counted by one; of the last drops the newest stay.
  friend PacketStatistics operator+(const PacketStatistics& a, const PacketStatistics& b);
};

/// An interface for the counters: its index in the namespace of `home`.
struct InterfaceId {
  VpnId home = VpnId::public_instance;
  std::uint32_t index = 0;
  auto operator<=>(const InterfaceId&) const = default;
};

/// Counters by interface and family. As many as there are interfaces that saw a packet: one that is gone
/// takes its counters along.
class InterfaceCounters {
 public:
  using Families = std::array<PacketStatistics, 2>;

  /// Null for an interface that `view` does not have.
  PacketStatistics* find_or_add(const NetworkView& view, VpnId vpn, std::uint32_t index, Family family);
  /// None: it saw no packet.
  const PacketStatistics* find(const NetworkView& view, const Interface& interface, Family family) const;
  void forget_missing(const NetworkView& view);
  void reset(Family family);
  void reset(const NetworkView& view, const Interface& interface, Family family);

 private:
  std::map<InterfaceId, Families> counters_;
};

/// The namespace that the interfaces of a VPN instance are numbered in.
VpnId home_of(const NetworkView& view, VpnId vpn);

}  // namespace noonmark::core
