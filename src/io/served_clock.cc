#include "io/served_clock.h"

namespace noonmark::io {

void ServedClock::follow(const core::ServedLine& line) {
  line_ = line;
  if (line_.of_real_time)
    reading_.real_ns = kernel_.read_ns(CLOCK_REALTIME);
  else
    reading_ = sample(kernel_);
}

core::Timestamp ServedClock::now() const {
  return line_.at(kernel_.read_ns(line_.of_real_time ? CLOCK_REALTIME : CLOCK_MONOTONIC_RAW));
}

core::Timestamp ServedClock::at_kernel_time(std::int64_t unix_ns) const {
  // The rate of the real-time clock against the raw one is left out: 100 ppm of a stamp's age.
  return line_.at(line_.of_real_time ? unix_ns : reading_.raw_ns - (reading_.real_ns - unix_ns));
}

}  // namespace noonmark::io
