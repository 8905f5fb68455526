#pragma once

#include <optional>
#include <string>
#include <utility>

#include "config/surroundings.h"

namespace noonmark::config {

/// A daemon whose time passes when a test says so. It is 2026-11-22 20:20:40 UTC.
struct FakeSurroundings final : Surroundings, base::LogSink {
  std::int64_t seconds = 1'795'378'840;
  std::vector<ServerVerdict> verdicts;
  std::vector<std::string> lines;  // of the log

  std::int64_t now() const override { return seconds; }
  base::LogSink& log() override { return *this; }
  void write(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  void set_alarm(std::chrono::seconds after, std::function<void()> ring) override {
    due_ = seconds + after.count();
    ring_ = std::move(ring);
  }
  void cancel_alarm() override { due_.reset(); }
  std::chrono::seconds alarm_left() const override {
    return std::chrono::seconds(due_ ? *due_ - seconds : 0);
  }
  std::vector<ServerVerdict> servers() const override { return verdicts; }
  void watch_servers(std::function<void()> changed) override { changed_ = std::move(changed); }

  void pass(std::int64_t time) {
    seconds += time;
    if (!due_ || seconds < *due_) return;
    due_.reset();
    std::exchange(ring_, {})();
  }
  void see(std::vector<ServerVerdict> now_seen) {
    verdicts = std::move(now_seen);
    if (const auto changed = changed_) changed();
  }
  bool watches() const { return static_cast<bool>(changed_); }

 private:
  std::optional<std::int64_t> due_;
  std::function<void()> ring_;
  std::function<void()> changed_;
};

}  // namespace noonmark::config
