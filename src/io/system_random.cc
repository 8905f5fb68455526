#include "io/system_random.h"

#include <cerrno>
#include <sys/random.h>
#include <utility>

#include "base/check.h"

namespace noonmark::io {

std::uint64_t SystemRandom::next() {
  if (used_ == buffer_.size()) {
    ssize_t got = 0;
    do {
      got = getrandom(buffer_.data(), sizeof buffer_, 0);
    } while (got < 0 && errno == EINTR);
    CHECK(got == static_cast<ssize_t>(sizeof buffer_));
    used_ = 0;
  }
  return std::exchange(buffer_[used_++], 0);  // what was given out is not kept
}

}  // namespace noonmark::io
