#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/instant.h"

namespace noonmark::core {

/// An exchange that is complete but for T3 (RFC 5905 section 8): the reply carries that, and in the
/// interleaved mode the next reply does so more exactly (RFC 9769).
struct Turn {
  RawTime sent;              // T1
  Timestamp received_there;  // T2
  RawTime received;          // T4
  bool is_used = false;      // a sample was made of it
};

/// The last packet of a symmetric peer, as far as our next one refers to it.
struct Heard {
  Timestamp transmit;  // its own
  Timestamp receive;   // when it had our last one, by its clock
  RawTime at;          // when it came
};

/// The last packet of a broadcast server.
struct Broadcast {
  Timestamp transmit;
  RawTime received;
};

/// Whether a client asks for the interleaved mode. It is tried once a path is known, and kept where it helps:
/// it saves the time between the server's transmit timestamp and the wire, which shows as a shorter delay,
/// and costs freshness, because each sample is of the exchange before.
class InterleavedChoice {
 public:
  static constexpr int kTrial = 8;     // samples of each mode that are compared
  static constexpr int kRefusals = 3;  // replies in the basic mode, in a row, before it is given up

  bool asks() const { return state_ == State::trying || state_ == State::kept; }
  /// A sample in the basic mode. Delays in seconds.
  void on_basic(double delay) {
    if (state_ == State::unknown) take(delay, basic_, State::trying);
  }
  /// A sample in the interleaved mode; `cost`: what its age makes of the frequency's uncertainty, s.
  void on_interleaved(double delay, double cost) {
    refusals_ = 0;
    if (state_ != State::trying) return;
    cost_ = std::max(cost_, cost);
    take(delay, interleaved_, basic_ - std::min(interleaved_, delay) > cost_ ? State::kept : State::given_up);
  }
  /// It was asked for, and the reply came in the basic mode.
  void on_refused() {
    if (++refusals_ >= kRefusals) state_ = State::given_up;
  }

 private:
  enum class State : std::uint8_t { unknown, trying, kept, given_up };
  void take(double delay, double& least, State next) {
    least = std::min(least, delay);
    if (++samples_ < kTrial) return;
    samples_ = 0;
    state_ = next;
  }

  State state_ = State::unknown;
  int samples_ = 0;
  int refusals_ = 0;
  double basic_ = 16;  // least delays, s
  double interleaved_ = 16;
  double cost_ = 0;
};

}  // namespace noonmark::core
