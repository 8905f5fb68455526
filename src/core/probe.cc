#include "core/probe.h"

#include <algorithm>

namespace noonmark::core {

bool Probe::is_exhausted() const {
  if (association_.is_denied()) return true;
  return sent_ == request_.requests && !association_.has_held_reply() &&
         std::ranges::all_of(association_.requests(), &Request::settled);
}

}  // namespace noonmark::core
