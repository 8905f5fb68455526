#pragma once

#include <map>
#include <optional>

#include "base/bytes.h"
#include "core/outbox.h"
#include "sim/draws.h"
#include "sim/scenario.h"
#include "sim/sim_clock.h"

namespace noonmark::sim {

/// A server that knows the time and is wrong as the scenario tells.
class IdealServer {
 public:
  IdealServer(const ServerConfig& config, const TrueTime& truth, const core::Endpoint& self,
              std::uint64_t seed);

  /// The reply to a request that arrives at `time`; it leaves after the turnaround. None: silence.
  std::optional<core::Transmit> answer(const core::Transmit& request, double time);
  double turnaround() const { return config_->turnaround; }

 private:
  double error_at(double time);
  bool is_absent(double time) const;
  bool is_too_fast(const IpAddress& client, double time);
  Timestamp shown_at(double time, double error) const;

  const ServerConfig* config_;
  const TrueTime* truth_;
  core::Endpoint self_;
  Draws draws_;
  std::map<IpAddress, double> last_requests_;  // only with a rate limit
};

}  // namespace noonmark::sim
