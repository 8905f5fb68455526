#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "daemon/time_service.h"
#include "io/loop.h"

namespace noonmark::daemon {

/// Gives the engine the leap seconds of the system's leap-seconds.list, now and whenever the file has
/// changed. That there is no such file is nothing to log. What is passed in outlives the object.
class LeapWatch {
 public:
  LeapWatch(std::string path, io::Loop& loop, TimeService& service, base::LogSink& log);
  ~LeapWatch();
  LeapWatch(const LeapWatch&) = delete;
  LeapWatch& operator=(const LeapWatch&) = delete;

 private:
  void look();

  std::string path_;
  io::Loop& loop_;
  TimeService& service_;
  base::LogSink& log_;
  std::optional<std::string> known_;  // what the file had in it; none: there was no file
  io::Loop::TaskId next_{};
};

}  // namespace noonmark::daemon
