#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"

namespace noonmark::sim {

/// A delay's distribution.
struct Law {
  enum class Kind : std::uint8_t { none, exponential, gamma, normal, half_normal, lognormal, uniform };
  Kind kind = Kind::none;
  double first = 0, second = 0;  // the parameters in the order of the scenario's text
  bool operator==(const Law&) const = default;
};

/// One stream of random numbers, independent of all streams with another seed.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}
  /// In (0, 1).
  double uniform();
  double normal();
  double exponential();
  double gamma(double shape);
  double of(const Law& law);
  std::uint64_t next() { return random_.next(); }

 private:
  base::SeededRandom random_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// The seed of the stream called `name` in the world of `seed`.
std::uint64_t stream_seed(std::uint64_t seed, std::string_view name);

}  // namespace noonmark::sim
