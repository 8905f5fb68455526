#include "core/dynamic_session_log.h"

#include <algorithm>

namespace noonmark::core {

bool DynamicSessionLog::admits(const ServerKey& server, bool mobilized, RawTime now) {
  std::erase_if(told_, [&](const Told& t) { return now - t.when >= kSpacing; });
  const bool is_told = std::ranges::any_of(told_, [&](const Told& t) {
    return t.mobilized == mobilized && t.server.address == server.address && t.server.vpn == server.vpn;
  });
  if (is_told || told_.size() >= kMost) return false;
  told_.push_back({server, mobilized, now});
  return true;
}

}  // namespace noonmark::core
