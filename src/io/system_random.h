#pragma once

#include <array>
#include <cstdint>

#include "base/random.h"

namespace noonmark::io {

/// The kernel's random numbers by getrandom(), fetched some at a time. One thread.
class SystemRandom final : public base::Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 32> buffer_{};  // getrandom() gives up to 256 octets in one piece
  std::size_t used_ = buffer_.size();
};

}  // namespace noonmark::io
