#include "accuracy/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "accuracy/scenarios.h"

namespace noonmark::bench {
namespace {

/// Sums over one world: of the clock's error, and of a thousand exchanges.
struct Sums {
  double clock = 0, offsets = 0, delays = 0;
  int lost = 0;
};

Sums sums_of(const World& world) {
  Sums sums;
  for (double t = 0; t < world.end(); t += 997.25) sums.clock += world.raw_error(t);
  const double interval = std::ldexp(1.0, world.scenario().poll);
  for (std::uint64_t k = 0; k < 1000; ++k) {
    const Exchange e = world.exchange(0, k, 2 + interval * static_cast<double>(k));
    sums.offsets += e.offset;
    sums.delays += e.delay;
    sums.lost += e.is_lost ? 1 : 0;
  }
  return sums;
}

/// A figure of chronyd belongs to one world: other random numbers would make it worthless.
TEST(WorldTest, TheRecordedWorldsAreTheOnesThatChronydRanIn) {
  std::ifstream file("bench/accuracy/golden.tsv");
  std::string line;
  std::getline(file, line);
  int rows = 0;
  const auto scenarios = recorded_scenarios();
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string name;
    std::uint64_t seed = 0;
    Sums golden;
    cells >> name >> seed >> golden.clock >> golden.offsets >> golden.delays >> golden.lost;
    const auto scenario = std::ranges::find(scenarios, name, &Scenario::name);
    ASSERT_NE(scenario, scenarios.end()) << name;
    const Sums sums = sums_of(World(*scenario, seed));
    EXPECT_NEAR(sums.clock, golden.clock, 1e-9) << line;
    EXPECT_NEAR(sums.offsets, golden.offsets, 1e-9) << line;
    EXPECT_NEAR(sums.delays, golden.delays, 1e-9) << line;
    EXPECT_EQ(sums.lost, golden.lost) << line;
    ++rows;
  }
  EXPECT_EQ(rows, 36) << "two seeds of each world";
}

TEST(WorldTest, AWorldIsAFunctionOfItsSeed) {
  const Scenario scenario = held_out_scenarios().front();
  EXPECT_EQ(World(scenario, 3).exchange(0, 7, 100).offset, World(scenario, 3).exchange(0, 7, 100).offset);
  EXPECT_NE(World(scenario, 3).exchange(0, 7, 100).offset, World(scenario, 4).exchange(0, 7, 100).offset);
}

}  // namespace
}  // namespace noonmark::bench
