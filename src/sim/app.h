#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/report.h"
#include "sim/tree.h"

namespace noonmark::sim {

/// What the command line asks for.
struct Request {
  std::vector<std::string> files;     // of scenarios
  std::optional<TreeShape> tree;      // instead of files
  std::vector<std::string> settings;  // NAME.KEY=VALUE, for all
  std::vector<std::string> what_if;   // the same, for a second variant
  std::string config;                 // a second variant: every client with the commands of this file
  std::string compare;                // a second variant: this scenario
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 0;  // 0: as the scenario says
  unsigned jobs = 1;
  std::string json, plot, trace;  // files to write
  bool strict = false;            // a violated bound is a failure, and a client that never synchronized
};

struct Outcome {
  std::string text;
  std::vector<std::string> remarks;  // sentences about clients
  bool failed = false;  // it ran, and the answer is no: strict, and a remark is a failure; or no file
};

/// Who hears of a run that goes on.
struct Listener {
  std::function<void(const Progress&)> progress{};
  std::function<void(const std::string&)> warn{};  // before it begins
};

/// Runs it all and writes the files. ErrorCode::invalid: the request or a scenario is wrong; else: io, or
/// stopped (unavailable). A stopped run writes no file. What turns out only after the run is an outcome.
base::Result<Outcome> carry_out(const Request& request, const std::atomic<bool>& stop,
                                const Listener& listener);

/// Whether the scenarios can be run; what is wrong with any of them.
base::Result<void> check_files(const std::vector<std::string>& files,
                               const std::function<void(const std::string&)>& warn);

}  // namespace noonmark::sim
