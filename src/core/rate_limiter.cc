#include "core/rate_limiter.h"

namespace noonmark::core {

RateLimiter::RateLimiter(const RateLimits& limits)
    : min_interval_(Duration::from_exponent(limits.min_interval) -
                    Duration::from_exponent(limits.min_interval - 3)),
      kiss_gap_(1U << limits.min_interval),
      cost_(static_cast<std::uint32_t>(ClientRecord::kBacklogTicks) << limits.avg_interval) {}

bool RateLimiter::allows(const ClientRecord& client, Timestamp received, bool proven) const {
  const auto since = received - client.receive;
  const bool is_early = client.was_answered() && since < min_interval_ && -since < min_interval_;
  const std::uint32_t used = proven ? client.proven_backlog : client.backlog;
  return !is_early && used + cost_ <= kBurst * cost_;
}

void RateLimiter::charge(ClientRecord& client, bool proven) const {
  client.backlog = increased(client.backlog);
  if (proven) client.proven_backlog = increased(client.proven_backlog);
}

std::uint16_t RateLimiter::increased(std::uint16_t backlog) const {
  return static_cast<std::uint16_t>(std::min(backlog + cost_, kBurst * cost_));
}

bool RateLimiter::may_kiss(const ClientRecord& client, Timestamp received) const {
  const auto since = static_cast<std::uint16_t>(received.seconds() - client.kissed_at);
  return !client.kissed || since > kiss_gap_;  // of whole seconds, which are up to one too many
}

void RateLimiter::note_kiss(ClientRecord& client, Timestamp received) {
  client.kissed = true;
  client.kissed_at = static_cast<std::uint16_t>(received.seconds());
}

}  // namespace noonmark::core
