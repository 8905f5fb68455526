#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/kernel_clock.h"
#include "io/loop.h"

/// For the tests of this folder only.
namespace noonmark::io::testing {

/// Lets the loop work until `done`; false after five seconds.
inline bool run_until(Loop& loop, const std::function<bool()>& done) {
  const std::int64_t deadline = Loop::monotonic_ns() + 5'000'000'000;
  while (!done()) {
    if (Loop::monotonic_ns() > deadline) return false;
    loop.run_once(std::chrono::milliseconds(20));
  }
  return true;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "noonmark-io-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

class RecordingLog final : public base::LogSink {
 public:
  void write(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

/// A kernel whose clocks stand still until the test moves them, and which does what adjtimex() is told.
class FakeKernel final : public KernelClock {
 public:
  std::int64_t read_ns(clockid_t id) override {
    return id == CLOCK_REALTIME ? real_ns += reading_ns : raw_ns;
  }
  std::optional<std::int64_t> boot_ns() override {
    return has_boot_time ? std::optional(raw_ns + suspended_ns) : std::nullopt;
  }
  int leap_state() override { return leap; }
  int adjust(timex& request) override {
    if (request.modes != 0) requests.push_back(request);
    if (request.modes != 0 && !capable) return EPERM;
    if ((request.modes & ADJ_SETOFFSET) != 0)
      real_ns += std::int64_t{request.time.tv_sec} * 1'000'000'000 + request.time.tv_usec;
    if ((request.modes & ADJ_TAI) != 0) state.tai = static_cast<int>(request.constant);
    if (request.modes == 0) request = state;
    request.tai = state.tai;
    return 0;
  }
  bool has_time_capability() override { return capable; }

  void pass(std::int64_t raw, std::int64_t real) {
    raw_ns += raw;
    real_ns += real;
  }

  std::int64_t raw_ns = 5'000'000'000;
  std::int64_t real_ns = 1'700'000'000'000'000'000;
  std::int64_t reading_ns = 0;  // by how much each reading moves CLOCK_REALTIME
  std::int64_t suspended_ns = 0;
  bool has_boot_time = true;
  int leap = TIME_OK;
  bool capable = true;
  timex state = [] {
    timex t{};
    t.tick = 10000;
    return t;
  }();
  std::vector<timex> requests;
};

}  // namespace noonmark::io::testing
