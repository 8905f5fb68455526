#include "sim/draws.h"

#include <cmath>
#include <functional>
#include <string>
#include <gtest/gtest.h>

namespace noonmark::sim {
namespace {

constexpr int kCount = 200'000;

struct Moments {
  double mean = 0, variance = 0;
};
Moments moments(const std::function<double()>& draw) {
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kCount;
  return {mean, squares / kCount - mean * mean};
}

struct Expected {
  Law law;
  double mean, variance;
};

TEST(Draws, EachLawHasItsMeanAndVariance) {
  using Kind = Law::Kind;
  const double pi = 3.14159265358979;
  const Expected cases[] = {
      {{Kind::none, 0, 0}, 0, 0},
      {{Kind::exponential, 1e-3, 0}, 1e-3, 1e-6},
      {{Kind::gamma, 2, 5e-4}, 1e-3, 5e-7},
      {{Kind::gamma, 0.7, 4e-4}, 2.8e-4, 1.12e-7},
      {{Kind::normal, 1e-3, 2e-4}, 1e-3, 4e-8},
      {{Kind::half_normal, 5e-6, 0}, 5e-6 * std::sqrt(2 / pi), 25e-12 * (1 - 2 / pi)},
      {{Kind::lognormal, 3e-4, 0.5}, 3e-4 * std::exp(0.125), 9e-8 * std::exp(0.25) * (std::exp(0.25) - 1)},
      {{Kind::uniform, 10, 40}, 25, 75},
  };
  for (const auto& c : cases) {
    Draws draws(7);
    const auto m = moments([&] { return draws.of(c.law); });
    EXPECT_NEAR(m.mean, c.mean, 0.01 * c.mean) << static_cast<int>(c.law.kind);
    EXPECT_NEAR(m.variance, c.variance, 0.04 * c.variance) << static_cast<int>(c.law.kind);
  }
}

TEST(Draws, StreamsOfOtherNamesAndSeedsAreIndependent) {
  Draws a(stream_seed(1, "client/0")), b(stream_seed(1, "client/1")), c(stream_seed(2, "client/0"));
  double ab = 0, ac = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = a.normal();
    ab += x * b.normal();
    ac += x * c.normal();
  }
  const double bound = 4 / std::sqrt(kCount);
  EXPECT_LT(std::abs(ab / kCount), bound);
  EXPECT_LT(std::abs(ac / kCount), bound);
}

}  // namespace
}  // namespace noonmark::sim
