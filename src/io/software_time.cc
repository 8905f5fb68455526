#include "io/software_time.h"

namespace noonmark::io {

core::Timestamp SoftwareTime::at(core::RawTime raw) const {
  auto segment = segments_.rbegin();
  while (segment->from > raw && std::next(segment) != segments_.rend()) ++segment;
  const core::Duration elapsed = raw - segment->from;
  return segment->served + elapsed + elapsed * segment->frequency;
}

void SoftwareTime::correct(core::RawTime now, std::optional<core::Duration> step, double frequency) {
  segments_.push_back({now, at(now) + step.value_or(core::Duration{}), frequency});
  if (segments_.size() > kHistory) segments_.pop_front();
}

}  // namespace noonmark::io
