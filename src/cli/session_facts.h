#pragma once

#include <string>
#include <vector>

#include "cli/display_format.h"

namespace noonmark::cli {

/// The facts behind a verdict, in the order of a packet's way: what was sent, what came back, which test each
/// of the last replies passed or failed, how the selection judged it. One line each, without newline.
std::vector<std::string> facts_text(const core::AssociationState& session,
                                    const core::PacketStatistics* statistics, const Snapshot& snapshot);
/// The same for programs: members "sent", "received", "drops", "outcomes" and "selection".
nlohmann::json facts_json(const core::AssociationState& session, const core::PacketStatistics* statistics,
                          const Snapshot& snapshot);

/// What became of a request: "reply accepted: offset 0.4127 ms, delay 3.86 ms".
std::string outcome_text(const core::Outcome& outcome);
nlohmann::json outcome_json(const core::Outcome& outcome, std::int64_t build_date);

/// "10.1.0.1 through eth1 in VPN instance MGMT (chosen by routing)", as far as it is known.
std::string origin_text(const core::AssociationState& session, const Snapshot& snapshot);

/// Where requests leave from, as far as it is known.
struct Origin {
  std::string address;         // empty: not known
  std::string interface;       // Linux name, empty: not known
  std::string_view chosen_by;  // "server-line", "source-interface", "routing"
};
Origin origin_of(const core::AssociationState& session, const Snapshot& snapshot);

}  // namespace noonmark::cli
