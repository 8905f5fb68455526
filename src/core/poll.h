#pragma once

#include <cstdint>

#include "base/random.h"
#include "core/config.h"
#include "core/instant.h"

namespace noonmark::core {

/// When the next request of an association is due: the poll process of RFC 5905 section 13.
///  - iburst: one burst when the association starts or becomes unreachable, then single polls that back off;
///  - burst: a burst at each poll while the server is reachable and fit;
///  - RATE ends a burst, forbids further ones until start(), and slows the polls down at once.
class PollProcess {
 public:
  static constexpr int kBurstPackets = 8;
  static constexpr Duration kBurstGap = Duration::from_milliseconds(2000);

  /// Takes over poll range and burst flags; a running schedule goes on within the new range.
  void configure(const ServerConfig& config);
  /// Forgets everything and makes the first poll due at `when`.
  void start(RawTime when);
  void stop() { next_ = kNever; }

  RawTime next() const { return next_; }
  std::int8_t host_poll() const { return host_poll_; }
  bool bursts_forbidden() const { return bursts_forbidden_; }
  /// Whether the request that is due begins a new poll: the reach register shifts once per poll, not per
  /// packet.
  bool begins_poll() const { return burst_left_ == 0; }

  /// To be called for each request sent; schedules the next one. `became_unreachable`: the shift of this poll
  /// emptied the reach register.
  void on_sent(RawTime now, bool reachable, bool fit, bool became_unreachable, base::Random& random);
  /// A valid reply: unreachable back-off ends.
  void on_reply();
  /// Kiss code RATE. At least one exponent up, at most to 13 for that reason (RFC 8633 section 5.4).
  void on_rate(std::int8_t kiss_poll, RawTime now);
  /// One more sample: quiet ones lengthen the interval by and by, a restless one shortens it (RFC 5905,
  /// A.5.5.6).
  void adapt(bool quiet);

 private:
  Duration interval(base::Random& random) const;
  void set_host_poll(int exponent);

  std::int8_t minpoll_ = 6;
  std::int8_t maxpoll_ = 10;
  bool burst_ = false;
  bool iburst_ = false;
  std::int8_t host_poll_ = 6;
  std::int8_t rate_floor_ = 0;  // polls are no faster since the server said RATE
  bool bursts_forbidden_ = false;
  bool initial_burst_due_ = true;
  int burst_left_ = 0;
  int unreached_ = 0;
  int jiggle_ = 0;
  RawTime next_ = kNever;
};

}  // namespace noonmark::core
