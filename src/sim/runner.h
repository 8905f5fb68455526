#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "sim/figures.h"
#include "sim/scenario.h"

namespace noonmark::sim {

/// One of the worlds that are compared.
struct Variant {
  std::string name;
  Scenario scenario;
};

struct Progress {
  std::size_t done = 0, all = 0;  // runs
  double share = 0;               // of all work
  double speed = 0;               // seconds of worlds for each second
};

struct RunPlan {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1;
  unsigned jobs = 1;
  bool trace = false;                               // of the first seed
  const std::atomic<bool>* stop = nullptr;          // true ends it soon
  std::function<void(const Progress&)> progress{};  // some times a second
};

/// Each seed of each variant, in parallel; the order of the results and they themselves do not depend on
/// that. By variant, then by seed. A run with `complete` false was stopped.
std::vector<std::vector<RunResult>> run_all(const std::vector<Variant>& variants, const RunPlan& plan);

/// Of several seeds: the root of the mean square of an rms, the largest bound_use, sums of violations and of
/// never_synchronized, means of everything else. Seeds without a figure do not count for it.
Figures over_seeds(const std::vector<Figures>& seeds);

}  // namespace noonmark::sim
