#pragma once

#include <optional>

#include "config/surroundings.h"
#include "core/clock_driver.h"
#include "daemon/time_service.h"
#include "io/loop.h"

namespace noonmark::daemon {

/// The daemon as commits see it.
class CommitSurroundings final : public config::Surroundings {
 public:
  /// The references outlive the object. `build_date`, in s since 1970, tells the era of the served time.
  CommitSurroundings(io::Loop& loop, TimeService& service, core::ClockDriver& clock, base::LogSink& log,
                     std::int64_t build_date)
      : loop_(loop), service_(service), clock_(clock), log_(log), build_date_(build_date) {}
  ~CommitSurroundings() override;
  CommitSurroundings(const CommitSurroundings&) = delete;
  CommitSurroundings& operator=(const CommitSurroundings&) = delete;

  std::int64_t now() const override;
  base::LogSink& log() override { return log_; }
  void set_alarm(std::chrono::seconds after, std::function<void()> ring) override;
  void cancel_alarm() override;
  std::chrono::seconds alarm_left() const override;
  std::vector<config::ServerVerdict> servers() const override;
  void watch_servers(std::function<void()> changed) override;

 private:
  io::Loop& loop_;
  TimeService& service_;
  core::ClockDriver& clock_;
  base::LogSink& log_;
  const std::int64_t build_date_;
  std::optional<io::Loop::TaskId> alarm_;
  std::int64_t alarm_ns_ = 0;  // CLOCK_MONOTONIC
  std::function<void()> changed_;
  std::optional<io::Loop::TaskId> look_;
};

}  // namespace noonmark::daemon
