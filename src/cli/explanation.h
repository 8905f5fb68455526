#pragma once

#include <string>
#include <string_view>

#include "cli/display_format.h"

namespace noonmark::cli {

/// Why a session is as it is, for people: `sentence` (no full stop, no server name) says what is so, `advice`
/// what to do. `code` is the stable word that scripts may test.
struct Explanation {
  std::string_view code;
  std::string sentence;
  std::string advice;
};

Explanation explain(const core::AssociationState& session, const Snapshot& snapshot);
/// The session of `refclock-master`; the configuration must have one.
Explanation explain_local_clock(const Snapshot& snapshot);

}  // namespace noonmark::cli
