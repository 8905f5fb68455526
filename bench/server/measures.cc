#include "server/measures.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>

namespace noonmark::bench {

void Histogram::add(std::int64_t ns) {
  const std::int64_t at = std::clamp<std::int64_t>((ns - kLowest) / kStep, 0, kBuckets - 1);
  ++buckets_[static_cast<std::size_t>(at)];
  ++count_;
}

double Histogram::quantile(double q) const {
  const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > wanted) return static_cast<double>(static_cast<std::int64_t>(i) * kStep + kLowest) * 1e-3;
  }
  return 0;
}

std::vector<std::uint64_t> thread_cpu_ns(pid_t pid) {
  std::map<long, std::uint64_t> threads;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    std::ifstream file(task.path() / "schedstat");
    std::uint64_t on_cpu = 0;
    if (file >> on_cpu) threads[std::stol(task.path().filename())] = on_cpu;
  }
  std::vector<std::uint64_t> times;
  for (const auto& [id, on_cpu] : threads) times.push_back(on_cpu);
  return times;
}

}  // namespace noonmark::bench
