#pragma once

#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace noonmark::bench {

/// Values in nanoseconds, counted in steps of 50 ns from -1 to 9 ms; what lies beyond counts as the end.
class Histogram {
 public:
  void add(std::int64_t ns);
  std::uint64_t count() const { return count_; }
  /// In microseconds.
  double quantile(double q) const;

 private:
  static constexpr std::int64_t kStep = 50, kLowest = -1'000'000, kBuckets = 200'000;
  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(kBuckets);
  std::uint64_t count_ = 0;
};

/// The time that each thread of a process was on a CPU, ns, as the scheduler counts it. By thread, in the
/// order of their ids.
std::vector<std::uint64_t> thread_cpu_ns(pid_t pid);

}  // namespace noonmark::bench
