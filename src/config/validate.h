#pragma once

#include <string>
#include <vector>

#include "config/model.h"
#include "core/network_view.h"

namespace noonmark::config {

struct Findings {
  std::vector<std::string> errors;   // sentences: the commit is refused
  std::vector<std::string> notices;  // lines that begin with "Warning: " or "Info: "
};

/// Judges `next` as the successor of `running`: references, bounds, and what an operator should know. Notices
/// are about what changes only. What the machine's present state lacks is a notice, never an error.
Findings validate(const Configuration& next, const Configuration& running, const core::NetworkView& network);

}  // namespace noonmark::config
