#include "daemon/commit_surroundings.h"

#include "cli/display_format.h"

namespace noonmark::daemon {

CommitSurroundings::~CommitSurroundings() {
  cancel_alarm();
  watch_servers({});
}

std::int64_t CommitSurroundings::now() const { return clock_.now().served.unix_seconds_near(build_date_); }

void CommitSurroundings::set_alarm(std::chrono::seconds after, std::function<void()> ring) {
  cancel_alarm();
  alarm_ns_ = io::Loop::monotonic_ns() + std::chrono::nanoseconds(after).count();
  alarm_ = loop_.after(after, [this, ring = std::move(ring)] {
    alarm_.reset();
    ring();
  });
}

void CommitSurroundings::cancel_alarm() {
  if (alarm_) loop_.cancel(*alarm_);
  alarm_.reset();
}

std::chrono::seconds CommitSurroundings::alarm_left() const {
  if (!alarm_) return {};
  return std::chrono::ceil<std::chrono::seconds>(
      std::chrono::nanoseconds(alarm_ns_ - io::Loop::monotonic_ns()));
}

std::vector<config::ServerVerdict> CommitSurroundings::servers() const {
  std::vector<config::ServerVerdict> verdicts;
  for (const auto& a : service_.engine().associations(clock_.now()))
    verdicts.push_back({cli::source_name(a.config.key), std::string(core::code(a.reason)), a.selected});
  return verdicts;
}

void CommitSurroundings::watch_servers(std::function<void()> changed) {
  if (look_) loop_.cancel(*look_);
  look_.reset();
  changed_ = std::move(changed);
  if (!changed_) return service_.on_step({});
  service_.on_step([this] {
    if (look_) return;
    look_ = loop_.post([this] {
      look_.reset();
      if (const auto look = changed_) look();
    });
  });
}

}  // namespace noonmark::daemon
