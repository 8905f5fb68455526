#pragma once

#include "cli/display.h"
#include "config/advice.h"

namespace noonmark::cli {

/// What there is to say about `configuration` on this machine now.
std::vector<config::Advice> advice_on(const Services& services, const config::Configuration& configuration);

DisplayOutput render_lint(std::span<const config::Advice> advice);

}  // namespace noonmark::cli
