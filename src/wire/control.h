#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace noonmark::wire {

/// Control messages, mode 6: RFC 1305 appendix B, RFC 9327.

inline constexpr std::size_t kControlHeaderSize = 12;
inline constexpr std::size_t kMaxControlData = 468;  // octets of one message
inline constexpr std::size_t kMaxControlMessage = kControlHeaderSize + kMaxControlData;

enum class ControlOpcode : std::uint8_t {
  reserved,
  read_status,
  read_variables,
  write_variables,
  read_clock_variables,
  write_clock_variables,
  set_trap,
  trap,
  configure,
};

/// Of the error status word.
enum class ControlError : std::uint8_t {
  unspecified,
  authentication,
  bad_format,
  bad_opcode,
  unknown_association,
  unknown_variable,
  bad_value,
  prohibited,
};

/// `data` is a view: into the datagram it was taken from.
struct ControlMessage {
  std::uint8_t version = 2;
  bool is_response = false;
  bool is_error = false;
  bool has_more = false;
  ControlOpcode opcode = ControlOpcode::reserved;  // 0..31, also beyond those with a name
  std::uint16_t sequence = 0;
  std::uint16_t status = 0;
  std::uint16_t association = 0;
  std::uint16_t offset = 0;  // of `data` in the whole answer
  base::Bytes data;          // without padding
};

/// Takes a datagram apart; none if it has no whole header or less data than it says. The leap bits, and what
/// follows the data (padding, a MAC), are not looked at.
std::optional<ControlMessage> decode_control(base::Bytes datagram);

/// The message, padded to whole words; its data has at most kMaxControlData octets. Inverse of
/// decode_control.
std::vector<std::uint8_t> encode_control(const ControlMessage& message);

}  // namespace noonmark::wire
