#pragma once

#include <cstdint>
#include <cstring>
#include <ctime>  // which the next one needs
#include <linux/errqueue.h>
#include <optional>
#include <span>
#include <sys/socket.h>

#include "base/net_address.h"

namespace noonmark::io {

/// Writes a control message of sendmsg() or recvmsg() where there is room for it, and returns how much it
/// takes.
template <class Value>
std::size_t put_control(std::span<std::uint8_t> control, int level, int type, const Value& value) {
  cmsghdr header{};
  header.cmsg_level = level;
  header.cmsg_type = type;
  header.cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(control.data(), &header, sizeof header);
  std::memcpy(control.data() + CMSG_LEN(0), &value, sizeof value);
  return CMSG_SPACE(sizeof value);
}

/// Room for all control messages that we ask for; simulators want this much, too.
inline constexpr std::size_t kControlRoom = 256;

/// What the control messages of a received message say.
struct ControlData {
  std::optional<std::int64_t> stamp_ns;  // CLOCK_REALTIME, ns since 1970
  std::optional<base::IpAddress> local;  // the address that it was sent to
  bool to_group = false;                 // that address is a multicast or broadcast one
  std::uint32_t interface_index = 0;     // 0 if the kernel did not tell
  std::optional<sock_extended_err> error;
};
ControlData read_control(const msghdr& message);

/// Where a message is to be sent from, and whether its transmit stamp is wanted.
struct Departing {
  base::IpAddress source;  // unspecified: the kernel's choice
  std::uint32_t interface_index = 0;
  bool stamped = false;
  std::uint8_t ttl = 0;  // time to live, or hop limit; 0: the system's
};
/// Writes the control messages that say so; gives how much of `control` they take, at most kDepartingRoom.
std::size_t put_departing(std::span<std::uint8_t> control, base::Family family, const Departing& departing);
inline constexpr std::size_t kDepartingRoom = 96;

}  // namespace noonmark::io
