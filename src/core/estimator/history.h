#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/check.h"

namespace noonmark::core::estimator {

/// The way back to an earlier state (section 9): what went in lately, and two states to replay it from.
/// States are copied once in `span` inputs, not for each.
template <class State, class Input, std::size_t MaxSpan>
class History {
 public:
  static constexpr std::size_t kCapacity = 3 * MaxSpan;

  /// There is no way back beyond `state`.
  void restart(const State& state) {
    count_ = newer_at_ = 0;
    older_ = newer_ = state;
  }
  /// `before`: the state that `input` goes into. From now on `span` inputs can be taken back.
  void add(const Input& input, const State& before, std::size_t span) {
    if (count_ == kCapacity) restart(before);
    if (count_ - newer_at_ >= std::min(span, MaxSpan)) {
      std::move(inputs_.begin() + offset(newer_at_), inputs_.begin() + offset(count_), inputs_.begin());
      count_ -= newer_at_;
      older_ = newer_;
      newer_ = before;
      newer_at_ = count_;
    }
    inputs_[count_++] = input;
  }
  /// `input` comes in at `position`, before what was there; states of later times are lost.
  void insert(std::size_t position, const Input& input) {
    CHECK(count_ < kCapacity);
    std::move_backward(inputs_.begin() + offset(position), inputs_.begin() + offset(count_),
                       inputs_.begin() + offset(count_ + 1));
    inputs_[position] = input;
    ++count_;
    if (newer_at_ > position) forget_newer();
  }
  std::size_t size() const { return count_; }
  Input& operator[](std::size_t position) { return inputs_[position]; }
  const Input& operator[](std::size_t position) const { return inputs_[position]; }

  /// The state before the input at `position`; `apply(state, input)` replays.
  template <class Apply>
  State before(std::size_t position, Apply apply) const {
    const bool is_late = position >= newer_at_;
    State state = is_late ? newer_ : older_;
    for (std::size_t i = is_late ? newer_at_ : 0; i < position; ++i) apply(state, inputs_[i]);
    return state;
  }

 private:
  static std::ptrdiff_t offset(std::size_t position) { return static_cast<std::ptrdiff_t>(position); }
  void forget_newer() {
    newer_ = older_;
    newer_at_ = 0;
  }

  State older_, newer_;  // before the first input, and before the one at newer_at_
  std::array<Input, kCapacity> inputs_{};
  std::size_t count_ = 0;
  std::size_t newer_at_ = 0;
};

}  // namespace noonmark::core::estimator
