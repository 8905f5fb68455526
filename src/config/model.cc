#include "config/model.h"

#include <algorithm>

namespace noonmark::config {

PollRange poll_range(const Server& server) {
  PollRange range{server.minpoll, server.maxpoll};
  if (server.maxpoll == kDefaultMaxpoll) range.maximum = std::max(range.maximum, range.minimum);
  if (server.minpoll == kDefaultMinpoll) range.minimum = std::min(range.minimum, range.maximum);
  return range;
}

IpAddress ntp_group(Family family) {
  static const auto ipv6 = *IpAddress::parse_v6("ff0e::101");
  return family == Family::ipv4 ? IpAddress::v4(0xE0000101) : ipv6;
}

}  // namespace noonmark::config
