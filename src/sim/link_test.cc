#include "sim/link.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>
#include <gtest/gtest.h>

namespace noonmark::sim {
namespace {

constexpr std::uint16_t kPort = 40000;

std::vector<double> delays(const DirectionConfig& config, int count, double spacing = 1) {
  Link link(config, 11);
  std::vector<double> found;
  for (int i = 0; i < count; ++i)
    if (const auto delay = link.carry(spacing * i, static_cast<std::uint16_t>(kPort + i)))
      found.push_back(*delay);
  return found;
}
double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

TEST(Link, AddsJitterToTheDelay) {
  const auto found = delays({.delay = 10e-3, .jitter = {Law::Kind::exponential, 1e-3}}, 50'000);
  EXPECT_NEAR(mean(found), 11e-3, 2e-5);
  EXPECT_GE(*std::ranges::min_element(found), 10e-3);
}

TEST(Link, LosesTheShareThatItIsToldTo) {
  EXPECT_NEAR(static_cast<double>(delays({.loss = 0.1}, 50'000).size()), 45'000, 300);
}

TEST(Link, ADelayIsNeverNegative) {
  const auto found = delays({.jitter = {Law::Kind::normal, 0, 1e-3}}, 1000);
  EXPECT_GT(*std::ranges::min_element(found), 0);
}

TEST(Link, SpikesMeetTheirShare) {
  const auto found = delays({.spike_probability = 0.05, .spike = {Law::Kind::uniform, 20e-3, 80e-3}}, 50'000);
  const auto spikes = std::ranges::count_if(found, [](double d) { return d >= 20e-3; });
  EXPECT_NEAR(static_cast<double>(spikes), 2500, 200);
}

TEST(Link, LoadComesAndGoes) {
  const DirectionConfig config{
      .load = {.on = 200, .off = 400, .shape = 3, .low = 1, .high = 1, .queue = {Law::Kind::gamma, 2, 8e-3}}};
  const auto found = delays(config, 200'000);
  const auto loaded = std::ranges::count_if(found, [](double d) { return d > 1e-6; });
  EXPECT_NEAR(static_cast<double>(loaded), 200'000.0 / 3, 8000) << "on for a third of the time";
  EXPECT_LT(found.front(), 1e-6) << "it begins unloaded";
  EXPECT_NEAR(mean(found), 16e-3 / 3, 1e-3);
}

TEST(Link, AQueueIsCorrelatedOverItsTimeConstant) {
  const auto found = delays({.queue = {.scale = 1e-3, .constant = 300}}, 300'000);
  const double average = mean(found);
  EXPECT_NEAR(average, 1e-3 * 0.3989, 1e-4) << "mean of the positive part of a normal variable";
  const auto correlation = [&](std::size_t lag) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i + lag < found.size(); ++i) {
      sum += (found[i] - average) * (found[i + lag] - average);
      squares += std::pow(found[i] - average, 2);
    }
    return sum / squares;
  };
  EXPECT_GT(correlation(30), 0.8);
  EXPECT_LT(correlation(1800), 0.1);
}

TEST(Link, RoutesChangeAtTheirTime) {
  const DirectionConfig config{.delay = 5e-3, .routes = {{100, 9e-3}, {200, 5e-3}}};
  Link link(config, 1);
  EXPECT_EQ(link.carry(99, kPort), 5e-3);
  EXPECT_EQ(link.carry(100, kPort), 9e-3);
  EXPECT_EQ(link.carry(200, kPort), 5e-3);
}

TEST(Link, AFlowKeepsItsParallelPath) {
  const DirectionConfig config{.delay = 1e-3, .parallel = {0, 1e-3, 2e-3}};
  Link link(config, 1);
  std::set<double> seen;
  for (std::uint16_t port = 2000; port < 2100; ++port) {
    const auto first = link.carry(0, port);
    EXPECT_EQ(link.carry(1, port), first);
    seen.insert(*first);
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST(Link, PacketsMayOvertakeEachOther) {
  const DirectionConfig config{.delay = 1e-3, .jitter = {Law::Kind::exponential, 5e-3}};
  Link link(config, 1);
  bool overtaken = false;
  double last = 0;
  for (int i = 0; i < 100; ++i) {
    const double arrival = 1e-3 * i + *link.carry(1e-3 * i, kPort);
    overtaken = overtaken || arrival < last;
    last = arrival;
  }
  EXPECT_TRUE(overtaken);
}

TEST(LinkPair, NothingArrivesInAnOutage) {
  const PathConfig config{.forward = {.delay = 1e-3}, .backward = {.delay = 2e-3}, .outages = {{10, 20}}};
  LinkPair link(config, 1);
  EXPECT_EQ(link.carry(false, 9, kPort), 1e-3);
  EXPECT_EQ(link.carry(true, 9, kPort), 2e-3);
  EXPECT_FALSE(link.carry(false, 10, kPort));
  EXPECT_FALSE(link.carry(true, 19, kPort));
  EXPECT_TRUE(link.carry(true, 20, kPort));
}

}  // namespace
}  // namespace noonmark::sim
