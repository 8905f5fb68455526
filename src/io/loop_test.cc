#include "io/loop.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "io/test_support.h"
#include "io/unique_fd.h"

namespace noonmark::io {
namespace {

using std::chrono::milliseconds;
using testing::run_until;

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds));
    a.reset(fds[0]);
    b.reset(fds[1]);
  }
  void poke() const { EXPECT_EQ(1, ::send(a.get(), "x", 1, 0)); }
  void take() const {
    char octet;
    EXPECT_EQ(1, ::recv(b.get(), &octet, 1, 0));
  }
  UniqueFd a, b;
};

TEST(Loop, ReportsAReadableDescriptorUntilItIsUnwatched) {
  Loop loop;
  Pair pair;
  int calls = 0;
  loop.watch(pair.b.get(), POLLIN, [&](short revents) {
    EXPECT_EQ(POLLIN, revents);
    pair.take();
    ++calls;
  });
  pair.poke();
  pair.poke();
  EXPECT_TRUE(run_until(loop, [&] { return calls == 2; }));
  loop.unwatch(pair.b.get());
  pair.poke();
  loop.run_once(milliseconds(1));
  EXPECT_EQ(2, calls);
}

TEST(Loop, ACallbackMayUnwatchItselfAndAnotherOneThatIsReady) {
  Loop loop;
  Pair one, two;
  int calls = 0;
  const auto unwatch_both = [&, guard = std::string(100, 'g')](short) {
    loop.unwatch(one.b.get());
    loop.unwatch(two.b.get());
    calls += guard == std::string(100, 'g') ? 1 : 100;  // what it captured is still there
  };
  loop.watch(one.b.get(), POLLIN, unwatch_both);
  loop.watch(two.b.get(), POLLIN, unwatch_both);
  one.poke();
  two.poke();
  loop.run_once(milliseconds(10));
  loop.run_once(milliseconds(1));
  EXPECT_EQ(1, calls);
}

TEST(Loop, AWatchMadeInACallbackGetsNothingThatWasReportedForTheOldOne) {
  Loop loop;
  Pair one, two;
  int old_calls = 0, new_calls = 0;
  const auto replace = [&](short) {
    ++old_calls;
    for (const Pair* pair : {&one, &two}) loop.watch(pair->b.get(), POLLPRI, [&](short) { ++new_calls; });
  };
  loop.watch(one.b.get(), POLLIN, replace);
  loop.watch(two.b.get(), POLLIN, replace);
  one.poke();
  two.poke();
  loop.run_once(milliseconds(10));
  EXPECT_EQ(1, old_calls);
  EXPECT_EQ(0, new_calls);
}

TEST(Loop, TasksRunInOrderOfTimeAndACancelledOneNotAtAll) {
  Loop loop;
  std::string ran;
  loop.after(milliseconds(6), [&] { ran += 'c'; });
  loop.after(milliseconds(2), [&] { ran += 'a'; });
  const auto never = loop.after(milliseconds(3), [&] { ran += 'x'; });
  loop.after(milliseconds(4), [&] { ran += 'b'; });
  loop.cancel(never);
  EXPECT_TRUE(run_until(loop, [&] { return ran.size() >= 3; }));
  EXPECT_EQ("abc", ran);
}

TEST(Loop, ATaskThatPostsItselfDoesNotStarveDescriptors) {
  Loop loop;
  Pair pair;
  bool read = false;
  std::function<void()> again = [&] { loop.post(again); };
  loop.post(again);
  loop.watch(pair.b.get(), POLLIN, [&](short) { read = true; });
  pair.poke();
  EXPECT_TRUE(run_until(loop, [&] { return read; }));
}

TEST(Loop, CallsTheDeadlineHookWhenItHasComeAndNotBefore) {
  Loop loop;
  const std::int64_t deadline = Loop::monotonic_ns() + 3'500'000;
  std::int64_t called_at = 0;
  loop.set_deadline([&] { return called_at == 0 ? std::optional(deadline) : std::nullopt; },
                    [&] { called_at = Loop::monotonic_ns(); });
  EXPECT_TRUE(run_until(loop, [&] { return called_at != 0; }));
  EXPECT_GE(called_at, deadline);
}

TEST(Loop, RunReturnsAfterStop) {
  Loop loop;
  loop.post([&] { loop.stop(); });
  loop.run();
}

TEST(Loop, SigtermEndsRunWhetherItComesBeforeOrInTheWait) {
  for (const bool before : {true, false}) {
    Loop loop;
    loop.stop_on_signals();
    if (before) {
      ::raise(SIGTERM);
      loop.run();
      continue;
    }
    ::signal(SIGALRM, [](int) { ::raise(SIGTERM); });
    const itimerval soon{{0, 0}, {0, 20'000}};
    ::setitimer(ITIMER_REAL, &soon, nullptr);
    loop.run();
    ::signal(SIGALRM, SIG_DFL);
  }
}

TEST(Loop, ASignalAfterTheLastCheckAndBeforeTheWaitIsNotSleptOver) {
  Loop loop;
  loop.stop_on_signals();
  // The deadline is asked for after the check of the signal and before poll(): the gap to be tested.
  int asked = 0;
  loop.set_deadline(
      [&]() -> std::optional<std::int64_t> {
        if (++asked == 2) ::raise(SIGTERM);
        return std::nullopt;
      },
      [] {});
  const std::int64_t start = Loop::monotonic_ns();
  loop.run();
  EXPECT_EQ(2, asked);
  EXPECT_LT(Loop::monotonic_ns() - start, 2'000'000'000);
}

}  // namespace
}  // namespace noonmark::io
