#pragma once

#include <string>
#include <vector>

#include "config/model.h"

namespace noonmark::config {

/// Judges `next` as the successor of `running`: references and bounds. A sentence for each reason to refuse
/// the commit. What the machine's present state lacks is none (see advice.h).
std::vector<std::string> validate(const Configuration& next, const Configuration& running);

}  // namespace noonmark::config
