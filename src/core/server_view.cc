#include "core/server_view.h"

#include <cmath>

namespace noonmark::core {

bool ServerView::continues(const ServerView& earlier) const {
  constexpr double kNegligible = 1e-6;  // s; the header's unit is 15e-6 s
  if (std::abs(earlier.dispersion_at(at) - root_dispersion) > kNegligible) return false;
  ServerView now = earlier;
  now.at = at;
  now.root_dispersion = root_dispersion;
  return now == *this;
}

void describe_system(const ServerView& view, Timestamp received, Timestamp now, wire::Header& header) {
  header.leap = view.leap;
  header.precision = view.precision;
  if (!view.is_synchronized()) {
    header.stratum = 0;  // 16 is 0 on the wire, RFC 5905 section 7.3
    return;
  }
  header.stratum = view.stratum;
  header.root_delay = ShortDuration::from_seconds(view.root_delay);
  header.root_dispersion = ShortDuration::from_seconds(view.dispersion_at(now));
  header.reference_id = view.reference_id;
  header.reference = view.local_clock ? received : view.reference;
}

}  // namespace noonmark::core
