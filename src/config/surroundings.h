#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/log.h"
#include "config/commit_point.h"

namespace noonmark::config {

/// What commits need of the daemon around them. One thread; callbacks come from its loop, never from within
/// these calls.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  /// s since 1970, by the served clock.
  virtual std::int64_t now() const = 0;
  virtual base::LogSink& log() = 0;

  /// There is one alarm: setting it replaces the earlier one.
  virtual void set_alarm(std::chrono::seconds after, std::function<void()> ring) = 0;
  virtual void cancel_alarm() = 0;
  /// Until the alarm rings, rounded up; 0 without one.
  virtual std::chrono::seconds alarm_left() const = 0;

  /// The servers of the configuration in force, as they are now.
  virtual std::vector<ServerVerdict> servers() const = 0;
  /// Calls `changed` whenever servers() may have become different; an empty function ends that.
  virtual void watch_servers(std::function<void()> changed) = 0;
};

}  // namespace noonmark::config
