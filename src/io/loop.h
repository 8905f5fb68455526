#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <poll.h>
#include <vector>

namespace noonmark::io {

/// The event loop: poll(), timers and one deadline. Everything runs on the thread that calls run(); no method
/// may be called from another one. Callbacks may call every method but run() and run_once(), and may unwatch
/// themselves.
///
/// It waits in poll() and nothing else, and puts no descriptor of its own into the set, so that simulators
/// that interpose libc can drive the unmodified daemon. They also forbid an empty wait: each wait lasts 1 ms
/// at least.
class Loop {
 public:
  using ReadyCallback = std::function<void(short revents)>;
  using Task = std::function<void()>;
  /// A moment on CLOCK_MONOTONIC in nanoseconds; nullopt: never.
  using DeadlineSource = std::function<std::optional<std::int64_t>()>;
  enum class TaskId : std::uint64_t {};

  Loop() = default;
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Calls `ready` when poll() reports one of `events` or POLLERR, POLLHUP. Replaces an earlier watch of the
  /// same fd.
  void watch(int fd, short events, ReadyCallback ready);
  /// Must come before the fd is closed. Its callback is not called any more, also not for what is already
  /// reported.
  void unwatch(int fd);

  TaskId after(std::chrono::milliseconds delay, Task task);
  /// Runs the task before the next wait.
  TaskId post(Task task) { return after(std::chrono::milliseconds(0), std::move(task)); }
  /// No effect when the task has run or is running.
  void cancel(TaskId id);

  /// `source` is asked before each wait, `expired` is called when the deadline has come, rounded up to the
  /// next millisecond.
  void set_deadline(DeadlineSource source, Task expired);

  /// From now on SIGTERM and SIGINT end run(); SIGHUP and SIGPIPE are ignored. One loop of a process may call
  /// it.
  void stop_on_signals();

  /// Works until stop() or a signal.
  void run();
  /// One round: what is due, one wait of at most `longest`, what became ready.
  void run_once(std::chrono::milliseconds longest);
  void stop() { stopped_ = true; }

  static std::int64_t monotonic_ns();

 private:
  struct Watch {
    short events;
    std::uint64_t generation;  // tells a watch from a later one of a reused fd number
    ReadyCallback ready;
  };
  using Watches = std::map<int, Watch>;
  using TaskKey = std::pair<std::int64_t, TaskId>;  // when, and in the order of creation

  bool should_stop() const;
  void run_due();
  int wait_ms(std::chrono::milliseconds longest) const;
  void prepare_poll_set();
  void dispatch();

  Watches watches_;
  std::vector<Watches::node_type>
      retired_;                   // unwatched in this round: a running callback must outlive its watch
  std::vector<pollfd> poll_set_;  // [0] is the wake entry
  std::vector<std::uint64_t> generations_;  // parallel to poll_set_
  bool poll_set_stale_ = true;
  std::uint64_t next_generation_ = 1;

  std::map<TaskKey, Task> tasks_;
  std::map<TaskId, std::int64_t> task_times_;
  std::uint64_t next_task_ = 1;

  DeadlineSource deadline_;
  Task deadline_expired_;
  bool handles_signals_ = false;
  bool stopped_ = false;
};

}  // namespace noonmark::io
