#include "core/poll.h"

#include <algorithm>
#include <cmath>

namespace noonmark::core {
namespace {

constexpr int kUnreach =
    12;  // polls without answer before the back-off begins, RFC 5905 appendix A (UNREACH)
constexpr double kQuietGrowth = 1.15;    // below it a longer interval loses little
constexpr double kRestlessGrowth = 1.4;  // above it the oscillator's wander dominates
constexpr double kQuietStep = 0.25;      // of the score
constexpr double kRestlessStep = 0.5;
constexpr double kForget = 0.9;  // of the score, in between
constexpr int kSurpriseExponents = 2;
constexpr int kConfirmations = 3;  // in a row
constexpr int kPollsToTrust = 8;
constexpr std::int8_t kRateMaxPoll = 13;
constexpr double kSpread =
    1.0 / 32;  // polls are randomised by this share, so that clients do not march in step

}  // namespace

void PollProcess::configure(const ServerConfig& config) {
  minpoll_ = config.minpoll;
  maxpoll_ = config.maxpoll;
  burst_ = config.burst;
  iburst_ = config.iburst;
  set_host_poll(host_poll_);
}

void PollProcess::start(RawTime when) {
  rate_floor_ = 0;
  peer_poll_ = kSlowest;
  bursts_forbidden_ = false;
  initial_burst_due_ = true;
  burst_left_ = wanted_replies_ = unreached_ = confirmations_ = polls_to_trust_ = 0;
  score_ = 0;
  set_host_poll(minpoll_);
  next_ = when;
}

void PollProcess::set_host_poll(int exponent) {
  const int floor = std::max<int>(minpoll_, rate_floor_);
  host_poll_ = static_cast<std::int8_t>(std::clamp(exponent, floor, std::max<int>(maxpoll_, floor)));
}

Duration PollProcess::interval(base::Random& random) const {
  const int exponent = std::max(std::min(host_poll_, peer_poll_), rate_floor_);
  const double seconds = Duration::from_exponent(exponent).seconds();
  return Duration::from_seconds(seconds * (1 + kSpread * (2 * random.uniform() - 1)));
}

void PollProcess::on_sent(RawTime now, bool reachable, bool fit, bool became_unreachable,
                          base::Random& random) {
  if (burst_left_ > 0) {
    if (--burst_left_ == 0) end_burst();
  } else {
    if (polls_to_trust_ > 0) --polls_to_trust_;
    if (became_unreachable) initial_burst_due_ = true;
    const bool initial = iburst_ && !reachable && initial_burst_due_;
    if (!bursts_forbidden_ && initial) begin_initial_burst(kWantedReplies);
    if (!bursts_forbidden_ && burst_ && reachable && fit) burst_left_ = kBurstPackets - 1;
    if (!reachable) initial_burst_due_ = false;
    if (!reachable && ++unreached_ > kUnreach) set_host_poll(host_poll_ + 1);
  }
  next_ = now + (burst_left_ > 0 ? kBurstGap : interval(random));
}

void PollProcess::on_reply(bool was_unreachable, RawTime now) {
  if (unreached_ > kUnreach) set_host_poll(minpoll_);
  unreached_ = 0;
  if (wanted_replies_ > 0) --wanted_replies_;
  if (!was_unreachable || !iburst_ || bursts_forbidden_ || burst_left_ > 0) return;
  begin_initial_burst(kWantedReplies - 1);
  advance(now + kBurstGap);
}

void PollProcess::begin_initial_burst(int wanted_replies) {
  burst_left_ = kBurstPackets - 1;
  wanted_replies_ = wanted_replies;
}

/// Where only some were answered, the path is lossy: another burst, once.
void PollProcess::end_burst() {
  if (wanted_replies_ > 0 && wanted_replies_ < kWantedReplies) burst_left_ = kBurstPackets;
  wanted_replies_ = 0;
}

void PollProcess::on_rate(std::int8_t kiss_poll, RawTime now) {
  burst_left_ = wanted_replies_ = 0;
  bursts_forbidden_ = true;
  if (host_poll_ < kRateMaxPoll)
    rate_floor_ = std::clamp<std::int8_t>(kiss_poll, static_cast<std::int8_t>(host_poll_ + 1), kRateMaxPoll);
  set_host_poll(host_poll_);
  next_ = std::max(next_, now + Duration::from_exponent(host_poll_));
}

void PollProcess::adapt(double growth, double surprise, RawTime now) {
  if (surprise > kSurprise) {
    score_ = 0;
    set_host_poll(host_poll_ - kSurpriseExponents);
    if (burst_left_ == 0) advance(now + Duration::from_exponent(host_poll_));
    return;
  }
  if (burst_left_ > 0) return;  // a burst is one poll
  if (growth < kQuietGrowth)
    score_ += kQuietStep;
  else if (growth > kRestlessGrowth)
    score_ -= kRestlessStep;
  else
    score_ *= kForget;
  if (std::abs(score_) < 1) return;
  set_host_poll(host_poll_ + (score_ > 0 ? 1 : -1));
  score_ = 0;
}

bool PollProcess::confirm(RawTime now) {
  if (bursts_forbidden_ || next_ == kNever || polls_to_trust_ > 0) return false;
  if (++confirmations_ >= kConfirmations) {
    confirmations_ = 0;
    polls_to_trust_ = kPollsToTrust;
  }
  advance(now + kBurstGap);
  return true;
}

void PollProcess::on_peer_poll(std::int8_t exponent) { peer_poll_ = std::max(exponent, minpoll_); }

void PollProcess::hasten(RawTime now) {
  if (bursts_forbidden_ || next_ == kNever) return;
  burst_left_ = kBurstPackets;
  next_ = now;
}

}  // namespace noonmark::core
