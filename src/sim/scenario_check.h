#pragma once

#include "sim/scenario_reading.h"

namespace noonmark::sim {

/// What the sections say of each other: whether all that is named exists, and the world can be simulated at
/// all. Fills in what the clients' commands configure. Notes problems; without any, warnings of what can
/// never happen.
void check(const Variation& variation, Reading& reading);

}  // namespace noonmark::sim
