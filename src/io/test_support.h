#pragma once

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
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
    CHECK(has_clock(id));
    if (id != CLOCK_REALTIME) return id == CLOCK_MONOTONIC_RAW ? raw_ns : monotonic_ns;
    run(pause_ns);
    return real_ns += reading_ns;
  }
  bool has_clock(clockid_t id) override {
    return id != CLOCK_MONOTONIC_RAW || raw_clock != RawClock::missing;
  }
  std::optional<std::int64_t> boot_ns() override {
    return has_boot_time ? std::optional(monotonic_ns + suspended_ns) : std::nullopt;
  }
  int leap_state() override { return leap; }
  int adjust(timex& request) override {
    if (request.modes != 0) requests.push_back(request);
    if (request.modes != 0 && !capable && !simulated) return EPERM;
    if ((request.modes & ADJ_FREQUENCY) != 0) state.freq = request.freq;
    if ((request.modes & ADJ_TICK) != 0) state.tick = request.tick;
    if ((request.modes & ADJ_SETOFFSET) != 0)
      real_ns += std::int64_t{request.time.tv_sec} * 1'000'000'000 + request.time.tv_usec;
    if ((request.modes & ADJ_TAI) != 0) state.tai = static_cast<int>(request.constant);
    if (request.modes == 0) request = state;
    request.tai = state.tai;
    return 0;
  }
  bool has_time_capability() override { return capable; }

  double frequency() const {
    return (static_cast<double>(state.tick) - 10000) / 10000 + static_cast<double>(state.freq) / 65536e6;
  }

  /// The clocks move as told, whatever their frequency.
  void pass(std::int64_t raw, std::int64_t real) {
    raw_ns += raw;
    monotonic_ns += raw;
    real_ns += real;
  }
  /// The oscillator runs, and with it the clocks by the frequency in force.
  void run(std::int64_t ns) {
    gained_ += frequency() * static_cast<double>(ns);
    const double whole = std::floor(gained_);
    gained_ -= whole;
    const std::int64_t corrected = ns + std::llround(whole);
    oscillator_ns += ns;
    raw_ns += raw_clock == RawClock::oscillator ? ns : corrected;
    monotonic_ns += corrected;
    real_ns += corrected;
  }

  /// What CLOCK_MONOTONIC_RAW is.
  enum class RawClock { oscillator, corrected, missing };
  RawClock raw_clock = RawClock::oscillator;
  std::int64_t oscillator_ns = 0;
  std::int64_t raw_ns = 5'000'000'000;
  std::int64_t monotonic_ns = 5'000'000'000;
  std::int64_t real_ns = 1'700'000'000'000'000'000;
  std::int64_t reading_ns = 0;  // by how much each reading moves CLOCK_REALTIME
  std::int64_t pause_ns = 0;    // for which each reading of CLOCK_REALTIME is held up before it
  std::int64_t suspended_ns = 0;
  bool has_boot_time = true;
  int leap = TIME_OK;
  bool capable = true;
  bool simulated = false;  // lends its clock to those who are not capable
  timex state = [] {
    timex t{};
    t.tick = 10000;
    return t;
  }();
  std::vector<timex> requests;

 private:
  double gained_ = 0;  // by the corrected clocks, and not shown yet, ns
};

}  // namespace noonmark::io::testing
