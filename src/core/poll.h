#pragma once

#include <algorithm>
#include <cstdint>

#include "base/random.h"
#include "core/config.h"
#include "core/instant.h"

namespace noonmark::core {

inline constexpr double kSurprise = 12;  // variances: a sample beyond tells that the clock changed

/// When the next request of an association is due: the poll process of RFC 5905 section 13.
///  - iburst: one burst when the association starts or becomes unreachable, then single polls that back off
///    until one is answered, which begins a burst; where few are answered, it is twice as long;
///  - burst: a burst at each poll while the server is reachable and fit;
///  - RATE ends a burst, forbids further ones until start(), and slows the polls down at once.
class PollProcess {
 public:
  static constexpr int kBurstPackets = 8;
  static constexpr int kWantedReplies = 4;  // to an initial burst: what the clock filter needs
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
  /// A valid reply: unreachable back-off ends. `was_unreachable`: the first one; iburst wants more of them.
  void on_reply(bool was_unreachable, RawTime now);
  /// Kiss code RATE. At least one exponent up, at most to 13 for that reason (RFC 8633 section 5.4).
  void on_rate(std::int8_t kiss_poll, RawTime now);
  /// One more sample. `growth`: by how much the estimate's standard deviation grows from one sample to the
  /// next; where it hardly does, samples cost more than they bring. `surprise`: the sample against the
  /// prediction, squared, in variances: a large one shortens the interval at once.
  void adapt(double growth, double surprise, RawTime now);
  /// The last sample needs a second opinion soon. Heeded (true) three times, then not for eight polls.
  bool confirm(RawTime now);
  /// A symmetric peer would poll by this exponent: we are no slower, within our range (RFC 5905
  /// section 13.2).
  void on_peer_poll(std::int8_t exponent);
  /// The next packet is due at `when`, whatever the schedule was: an answer, or an end of waiting.
  void answer_at(RawTime when) { next_ = when; }
  /// What was known is in doubt: a burst now, unless the server forbade bursts.
  void hasten(RawTime now);

 private:
  static constexpr std::int8_t kSlowest = 17;
  Duration interval(base::Random& random) const;
  void begin_initial_burst(int wanted_replies);
  void end_burst();
  void advance(RawTime at) { next_ = std::min(next_, at); }
  void set_host_poll(int exponent);

  std::int8_t minpoll_ = 6;
  std::int8_t maxpoll_ = 10;
  bool burst_ = false;
  bool iburst_ = false;
  std::int8_t host_poll_ = 6;
  std::int8_t peer_poll_ = kSlowest;
  std::int8_t rate_floor_ = 0;  // polls are no faster since the server said RATE
  bool bursts_forbidden_ = false;
  bool initial_burst_due_ = true;
  int burst_left_ = 0;
  int wanted_replies_ = 0;  // before the burst ends; 0: however few
  int unreached_ = 0;
  double score_ = 0;        // towards the next change of the interval, at +-1
  int confirmations_ = 0;   // since they were last refused
  int polls_to_trust_ = 0;  // until the next confirmation is heeded
  RawTime next_ = kNever;
};

}  // namespace noonmark::core
