#include "io/loop.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>

#include "base/check.h"

namespace noonmark::io {
namespace {

// A signal handler has no other way to its data than globals.
volatile std::sig_atomic_t signal_caught = 0;
pollfd* volatile wake_entry = nullptr;

/// A signal that comes between the check of `signal_caught` and poll() would be slept over. The usual cures
/// (a pipe in the set, ppoll) are not for us. But the kernel reads the set when poll() begins, so the handler
/// spoils its first entry: with a descriptor that cannot be open, that poll() returns at once with POLLNVAL;
/// one that has begun returns EINTR.
void on_stop_signal(int) {
  signal_caught = 1;
  if (pollfd* const entry = wake_entry) entry->fd = INT_MAX;
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;  // without SA_RESTART
  CHECK(sigaction(signal, &action, nullptr) == 0);
}

}  // namespace

Loop::~Loop() {
  if (!handles_signals_) return;
  wake_entry = nullptr;
  set_handler(SIGTERM, SIG_DFL);
  set_handler(SIGINT, SIG_DFL);
}

void Loop::watch(int fd, short events, ReadyCallback ready) {
  CHECK(fd >= 0 && ready);
  unwatch(fd);
  watches_.emplace(fd, Watch{events, next_generation_++, std::move(ready)});
  poll_set_stale_ = true;
}

void Loop::unwatch(int fd) {
  auto node = watches_.extract(fd);
  if (node.empty()) return;
  retired_.push_back(std::move(node));
  poll_set_stale_ = true;
}

Loop::TaskId Loop::after(std::chrono::milliseconds delay, Task task) {
  const TaskId id{next_task_++};
  const std::int64_t when = monotonic_ns() + std::chrono::nanoseconds(delay).count();
  tasks_.emplace(TaskKey{when, id}, std::move(task));
  task_times_.emplace(id, when);
  return id;
}

void Loop::cancel(TaskId id) {
  const auto time = task_times_.find(id);
  if (time == task_times_.end()) return;
  tasks_.erase(TaskKey{time->second, id});
  task_times_.erase(time);
}

void Loop::set_deadline(DeadlineSource source, Task expired) {
  deadline_ = std::move(source);
  deadline_expired_ = std::move(expired);
}

void Loop::stop_on_signals() {
  handles_signals_ = true;
  signal_caught = 0;
  set_handler(SIGTERM, on_stop_signal);
  set_handler(SIGINT, on_stop_signal);
  set_handler(SIGHUP, SIG_IGN);
  set_handler(SIGPIPE, SIG_IGN);
}

bool Loop::should_stop() const { return stopped_ || (handles_signals_ && signal_caught != 0); }

void Loop::run() {
  stopped_ = false;
  while (!should_stop()) run_once(std::chrono::milliseconds(INT_MAX));
}

void Loop::run_once(std::chrono::milliseconds longest) {
  run_due();
  prepare_poll_set();
  if (should_stop()) return;
  const int ready = ::poll(poll_set_.data(), poll_set_.size(), wait_ms(longest));
  CHECK(ready >= 0 || errno == EINTR);
  if (ready > 0) dispatch();
  retired_.clear();
}

/// What tasks add is left for the next round, so that descriptors get their turn.
void Loop::run_due() {
  const std::int64_t now = monotonic_ns();
  const TaskId newest{next_task_};
  while (!tasks_.empty() && tasks_.begin()->first.first <= now && tasks_.begin()->first.second < newest) {
    auto node = tasks_.extract(tasks_.begin());
    task_times_.erase(node.key().second);
    node.mapped()();
  }
  if (!deadline_) return;
  const auto deadline = deadline_();
  if (deadline && *deadline <= monotonic_ns()) deadline_expired_();
}

int Loop::wait_ms(std::chrono::milliseconds longest) const {
  std::int64_t until = INT64_MAX;
  if (!tasks_.empty()) until = tasks_.begin()->first.first;
  if (const auto deadline = deadline_ ? deadline_() : std::nullopt) until = std::min(until, *deadline);
  const std::int64_t limit = std::clamp<std::int64_t>(longest.count(), 1, INT_MAX);
  if (until == INT64_MAX) return static_cast<int>(limit);
  const std::int64_t remaining_ns = std::max<std::int64_t>(until - monotonic_ns(), 0);
  const std::int64_t rounded_up = remaining_ns / 1'000'000 + (remaining_ns % 1'000'000 != 0 ? 1 : 0);
  return static_cast<int>(std::clamp<std::int64_t>(rounded_up, 1, limit));
}

void Loop::prepare_poll_set() {
  if (handles_signals_) wake_entry = nullptr;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (poll_set_stale_) {
    poll_set_.assign(1, pollfd{});
    generations_.assign(1, 0);
    for (const auto& [fd, watch] : watches_) {
      poll_set_.push_back({fd, watch.events, 0});
      generations_.push_back(watch.generation);
    }
    poll_set_stale_ = false;
  }
  poll_set_.front().fd = -1;  // poll() passes over it
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (handles_signals_) wake_entry = poll_set_.data();
}

void Loop::dispatch() {
  for (std::size_t i = 1; i < poll_set_.size(); ++i) {
    const pollfd entry = poll_set_[i];
    if (entry.revents == 0) continue;
    const auto found = watches_.find(entry.fd);
    if (found == watches_.end() || found->second.generation != generations_[i]) continue;
    CHECK((entry.revents & POLLNVAL) == 0);  // closed before it was unwatched
    found->second.ready(entry.revents);
  }
}

std::int64_t Loop::monotonic_ns() {
  timespec now{};
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace noonmark::io
