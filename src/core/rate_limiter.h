#pragma once

#include "core/client_record.h"
#include "core/config.h"

namespace noonmark::core {

/// ntp-service discard: how often a source that is `limited` may ask. Works on the client's record alone. A
/// step of the clock grants at most a fresh burst and refuses for at most a minimum interval.
class RateLimiter {
 public:
  static constexpr unsigned kBurst = 8;  // requests beyond the average; an iburst fits

  explicit RateLimiter(const RateLimits& limits);

  /// Whether a request is within the minimum interval, an eighth of it forgiven, and the average one. One
  /// that proved to hear us is judged by its like alone: others may send in its name.
  bool allows(const ClientRecord& client, Timestamp received, bool proven) const;
  void charge(ClientRecord& client, bool proven) const;

  /// At most one kiss in a minimum interval; note_kiss() follows if one is sent.
  bool may_kiss(const ClientRecord& client, Timestamp received) const;
  static void note_kiss(ClientRecord& client, Timestamp received);

 private:
  std::uint16_t increased(std::uint16_t backlog) const;

  Duration min_interval_;   // the forgiven eighth taken off
  std::uint32_t kiss_gap_;  // s
  std::uint32_t cost_;      // of a request, 1/16 s
};

}  // namespace noonmark::core
