#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wire/time.h"

namespace noonmark::wire {

enum class Mode : std::uint8_t {
  reserved,
  symmetric_active,
  symmetric_passive,
  client,
  server,
  broadcast,
  control,
  private_use
};
enum class Leap : std::uint8_t { none, insert, remove, unknown };

inline constexpr std::size_t kHeaderSize = 48;
inline constexpr std::uint8_t kMaxStratum = 16;  // internal value of "unsynchronized"; 0 on the wire

/// The 48 octets of RFC 5905 figure 8, values as on the wire (stratum 0 stays 0).
struct Header {
  Leap leap = Leap::unknown;
  std::uint8_t version = 4;
  Mode mode = Mode::client;
  std::uint8_t stratum = 0;
  std::int8_t poll = 0;
  std::int8_t precision = 0;
  ShortDuration root_delay;
  ShortDuration root_dispersion;
  std::uint32_t reference_id = 0;
  Timestamp reference;
  Timestamp origin;
  Timestamp receive;
  Timestamp transmit;

  bool operator==(const Header&) const = default;
};

}  // namespace noonmark::wire
