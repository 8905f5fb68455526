#pragma once

#include <vector>

#include "accuracy/world.h"

namespace noonmark::bench {

/// The worlds for which figures of chronyd are recorded (chronyd.tsv). Their random numbers are held fast by
/// golden.tsv.
std::vector<Scenario> recorded_scenarios();

/// Worlds of our own that no constant was chosen with: other parameters, several sources, servers that lie.
std::vector<Scenario> held_out_scenarios();

Scenario clock_jump();  // 0.3 s, an hour before its end
Scenario holdover();    // 24 hours after 24 hours of tracking

}  // namespace noonmark::bench
