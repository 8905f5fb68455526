#pragma once

#include <optional>
#include <vector>

#include "base/log.h"
#include "cli/advice.h"
#include "io/loop.h"

namespace noonmark::daemon {

/// Logs advice that turns up while the daemon runs: two servers that follow the same source, say. What a
/// commit said already is not said again.
class AdviceWatch {
 public:
  /// The references outlive the object.
  AdviceWatch(io::Loop& loop, const cli::Services& services, base::LogSink& log);
  ~AdviceWatch();
  AdviceWatch(const AdviceWatch&) = delete;
  AdviceWatch& operator=(const AdviceWatch&) = delete;

  /// Looks in a second; sessions change in swarms.
  void look_soon();

 private:
  void look();

  io::Loop& loop_;
  const cli::Services& services_;
  base::LogSink& log_;
  config::Configuration known_configuration_;
  std::vector<config::Advice> known_;
  std::optional<io::Loop::TaskId> soon_;
};

}  // namespace noonmark::daemon
