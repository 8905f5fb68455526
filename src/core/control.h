#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/instant.h"
#include "core/path.h"
#include "core/reason.h"
#include "core/server_policy.h"
#include "core/state.h"
#include "wire/control.h"

namespace noonmark::core {

/// Read-only control queries (mode 6): what ntpq and monitoring programs ask. RFC 1305 appendix B, RFC 9327.
/// One message of at most wire::kMaxControlMessage octets answers a query, whatever it asks for.

/// What queries are answered from.
struct ControlView {
  Instant now;
  SystemState system;
  Quality quality;
  std::vector<const AssociationState*> associations;  // that of the query is brought up to `now`
};

/// The identifier of an association in control messages, 1..65535, used in a cyclic fashion.
std::uint16_t control_id(AssociationId id);

/// The answer, also to what cannot be answered: an error response.
std::vector<std::uint8_t> answer_control(const wire::ControlMessage& query, const ControlView& view);

/// Who may ask, and how often all may together.
class ControlGate {
 public:
  /// At 480 octets each 120 kbit/s on the average, whoever sends the queries.
  static constexpr double kRate = 32;    // per s
  static constexpr double kBurst = 256;  // a list, and the variables of all that are in it, twice

  /// Why a query that came by `path` gets no answer; none: it gets one, which counts.
  std::optional<DropReason> refuses(const ServerPolicy& policy, const Path& path, RawTime now);

 private:
  double tokens_ = kBurst;
  RawTime filled_;
};

}  // namespace noonmark::core
