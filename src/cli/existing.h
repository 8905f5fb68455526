#pragma once

#include <string>
#include <vector>

#include "cli/display.h"
#include "config/leaf.h"
#include "config/model.h"

namespace noonmark::cli {

/// A value that a parameter may have because it exists, and what it is.
struct ExistingValue {
  std::string text;
  std::string help;
};

/// What exists for a parameter on this machine (interfaces, VPN instances) or in the candidate (keys,
/// servers); nothing for parameters of other types.
std::vector<ExistingValue> existing(const config::LeafInfo& parameter, const Services& services,
                                    const config::Configuration& candidate);

}  // namespace noonmark::cli
