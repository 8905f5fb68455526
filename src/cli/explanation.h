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
/// The same of a server that was only tested: nothing goes on by itself.
Explanation explain_probe(const core::AssociationState& session, const Snapshot& snapshot);
/// What the other side of a session is: "server", "peer", "broadcast server".
std::string_view server_text(const core::AssociationState& session);
/// The configuration line, here or there, that a session is made by: "server line", "peer's own line".
std::string_view line_text(const core::AssociationState& session);
/// The source interface that the server line or the configuration names for it; empty: none.
std::string configured_interface(const core::AssociationState& session, const core::NtpConfig& config);
/// The clock as a whole, where more is to be said than of its sessions: it is held back, or in holdover.
std::optional<Explanation> explain_clock(const Snapshot& snapshot);
/// The session of `refclock-master`; the configuration must have one.
Explanation explain_local_clock(const Snapshot& snapshot);

}  // namespace noonmark::cli
