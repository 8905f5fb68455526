#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <sys/socket.h>

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

}  // namespace noonmark::io
