#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/config.h"
#include "core/instant.h"
#include "core/network_view.h"
#include "core/outbox.h"
#include "core/reason.h"

namespace noonmark::core {

inline constexpr std::int8_t kGroupPoll = 6;             // log2 s, between broadcasts and manycast requests
inline constexpr std::int8_t kContentManycastPoll = 10;  // the same when there are servers enough
inline constexpr std::size_t kManycastServers = 3;  // RFC 5905 section 3.1: until so many are found (NMIN)
inline constexpr Duration kManycastPatience = Duration::from_milliseconds(5000);

/// A broadcast or multicast server at work: mode 5 at regular intervals.
struct GroupTimer {
  GroupServer config;
  RawTime next = kNever;
  std::optional<TransmitId> last{};   // whose stamp is wanted, for the interleaved mode
  std::optional<RawTime> departed{};  // when the last packet left
};

/// A manycast client at work: requests to the group, each answered by any number of servers.
struct ManycastSearch {
  struct Asked {
    Timestamp origin;
    RawTime until;
  };
  ManycastClient config;
  RawTime next = kNever;
  std::optional<Asked> asked{};
};

/// A group that the service socket has to be a member of.
struct Membership {
  VpnId vpn = VpnId::public_instance;
  std::uint32_t interface_index = 0;
  IpAddress group;
  auto operator<=>(const Membership&) const = default;
};

/// The interface of a line that has to do with a group, or why the line does nothing.
std::variant<const Interface*, Reason> choose_group_interface(const NetworkView& view,
                                                              const std::string& interface_name);

inline bool is_broadcast_group(const IpAddress& group) {
  return group.is_v4() && group.v4_value() == 0xFFFFFFFF;
}

}  // namespace noonmark::core
