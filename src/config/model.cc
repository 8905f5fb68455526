#include "config/model.h"

#include <algorithm>

namespace noonmark::config {

PollRange poll_range(const Server& server) {
  PollRange range{server.minpoll, server.maxpoll};
  if (server.maxpoll == kDefaultMaxpoll) range.maximum = std::max(range.maximum, range.minimum);
  if (server.minpoll == kDefaultMinpoll) range.minimum = std::min(range.minimum, range.maximum);
  return range;
}

}  // namespace noonmark::config
