// The CPU time of one MAC over a header of 48 octets for each algorithm: the least and the median of 15
// interleaved rounds.

#include <algorithm>
#include <array>
#include <ctime>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "crypto/mac.h"

namespace {

using namespace noonmark;

constexpr int kRounds = 15;
constexpr int kMacsOfARound = 50000;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Subject {
  crypto::MacKey key;
  std::vector<double> nanoseconds;
};

/// Each message is made of the MAC before, so that none can be computed ahead.
double measure(crypto::MacKey& key) {
  std::array<std::uint8_t, 48> header{};
  const double begin = cpu_seconds();
  for (int i = 0; i < kMacsOfARound; ++i) header[40] = key.compute(header).octets[0];
  return (cpu_seconds() - begin) / kMacsOfARound * 1e9;
}

}  // namespace

int main() {
  std::vector<Subject> subjects;
  for (int i = 0; i <= static_cast<int>(crypto::MacAlgorithm::digest_sha512); ++i) {
    const crypto::MacAlgorithm algorithm{static_cast<std::uint8_t>(i)};
    const bool is_long = algorithm == crypto::MacAlgorithm::aes_256_cmac;
    auto key = crypto::MacKey::create(algorithm, crypto::Secret(std::string(is_long ? 32 : 16, 'k')));
    subjects.push_back({std::move(key.value()), {}});
  }
  for (int round = 0; round < kRounds; ++round)
    for (auto& subject : subjects) subject.nanoseconds.push_back(measure(subject.key));
  for (auto& [key, nanoseconds] : subjects) {
    std::ranges::sort(nanoseconds);
    fmt::print("{:<14} {:5.0f} ns, median {:5.0f} ns\n", to_string(key.algorithm()), nanoseconds.front(),
               nanoseconds[kRounds / 2]);
  }
}
