#pragma once

#include <cstdint>
#include <vector>

namespace noonmark::core {

/// The leap seconds of the system's leap-seconds.list. Seconds since 1970, without leap seconds, as POSIX has
/// them.
struct LeapTable {
  struct Entry {
    std::int64_t from = 0;  // the first second with this offset
    int tai_offset = 0;     // s, TAI minus UTC
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;  // ascending
  std::int64_t expires = 0;
  bool operator==(const LeapTable&) const = default;
};

}  // namespace noonmark::core
