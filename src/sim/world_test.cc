#include "sim/world.h"

#include <cmath>
#include <string>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sim/report.h"
#include "sim/scenario_format.h"
#include "sim/tree.h"

namespace noonmark::sim {
namespace {

constexpr std::string_view kWorld = R"(world
 duration 3h
 warm-up 1h
oscillator quartz
 offset 20ms
 frequency 12ppm
 wander 1e-9
path wan
 delay 10ms
 jitter exponential 200us
server far
client router
 oscillator quartz
 path wan
 ntp-service unicast-server 192.0.2.1 iburst minpoll 4 maxpoll 4
)";

Scenario scenario_of(const std::string& text) {
  auto scenario = parse_scenario(text, "test");
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? std::move(*scenario) : Scenario{};
}
Scenario world_with(std::string_view more) { return scenario_of(std::string(kWorld) + std::string(more)); }
RunResult run(const Scenario& scenario, std::uint64_t seed = 1, bool trace = false) {
  RunControl control;
  return World(scenario, seed, trace).run(control);
}
std::string json_of(const Scenario& scenario, unsigned jobs) {
  Report report{.variants = {{"a", scenario}}, .runs = {}};
  report.runs = run_all(report.variants, {.first_seed = 1, .seeds = 3, .jobs = jobs});
  return report_json({report});
}

TEST(World, AClientGetsTheTime) {
  const auto f = run(world_with("")).groups.at(0);
  EXPECT_LT(f.rms, 300e-6);
  EXPECT_GT(f.rms, 1e-6);
  EXPECT_LE(f.p50, f.p99);
  EXPECT_LE(f.p99, f.max);
  EXPECT_GT(f.synchronized, 0.99);
  EXPECT_EQ(f.violations, 0u);
  EXPECT_NEAR(static_cast<double>(f.sent), 10800.0 / 16, 80);
}

TEST(World, WithoutAServerTheClockIsAsWrongAsItsOscillator) {
  const auto s = scenario_of(
      "world\n duration 2h\n warm-up 0s\noscillator quartz\n offset 20ms\n frequency 10ppm\n"
      "path wan\nserver gone\n absent 0s 2h\n"
      "client lonely\n oscillator quartz\n path wan\n ntp-service unicast-server 192.0.2.1\n");
  const auto f = run(s).groups.at(0);
  EXPECT_NEAR(f.max, 0.02 + 7200 * 10e-6, 1e-6);
  EXPECT_NEAR(f.frequency, 10e-6, 1e-9);
  EXPECT_EQ(f.synchronized, 0);
  EXPECT_EQ(f.never_synchronized, 1u);
  EXPECT_TRUE(std::isnan(f.mean_bound) && std::isnan(f.bound_use)) << "there is no bound";
}

TEST(World, HoldoverIsNotSynchronized) {
  auto s = world_with("");
  s.servers.at(0).absences = {{5400, 1e9}};
  const auto r = run(s, 1, true);
  const auto& f = r.groups.at(0);
  EXPECT_NEAR(f.synchronized, 0.5, 0.05);
  EXPECT_NEAR(f.holdover, 0.5, 0.05);
  EXPECT_EQ(f.never_synchronized, 0u);
  EXPECT_EQ(r.trace.back().state, core::ClockState::holdover);
}

TEST(World, ALocalClockHasNoBound) {
  const auto s = world_with("client master\n path wan\n ntp-service refclock-master 1\n");
  const auto f = run(s).groups.at(1);
  EXPECT_GT(f.synchronized, 0.9);
  EXPECT_TRUE(std::isnan(f.mean_bound));
}

TEST(World, TheSameSeedGivesTheSameOctets) {
  const auto s = world_with(" count 3\n stamp-noise 10us\n");
  EXPECT_EQ(json_of(s, 1), json_of(s, 1));
  EXPECT_NE(run(s, 1).groups.at(0).rms, run(s, 2).groups.at(0).rms);
}

TEST(World, ThreadsDoNotChangeTheResults) {
  const auto s = world_with(" count 2\n");
  EXPECT_EQ(json_of(s, 1), json_of(s, 2));
}

TEST(World, TwinsHaveTheSameOscillatorAndDelays) {
  const auto s = world_with(
      "client twin\n twin router\n oscillator quartz\n path wan\n"
      " ntp-service unicast-server 192.0.2.1 iburst minpoll 4 maxpoll 4\n");
  const auto r = run(s);
  EXPECT_EQ(r.groups.at(0).rms, r.groups.at(1).rms);
}

TEST(World, AWrongServerIsFollowedWhereItIsAlone) {
  auto s = world_with("");
  s.servers.at(0).offset = 0.05;
  const auto f = run(s).groups.at(0);
  EXPECT_NEAR(f.rms, 0.05, 1e-3);
  EXPECT_GT(f.violations, 0u) << "the bound supposes an honest server";
}

TEST(World, AnAbsentServerIsMissed) {
  auto s = world_with("");
  s.servers.at(0).absences = {{0, 1e9}};
  const auto f = run(s).groups.at(0);
  EXPECT_EQ(f.synchronized, 0);
  EXPECT_GT(f.sent, 10u);
}

TEST(World, AnUnsynchronizedServerIsNotFollowed) {
  auto s = world_with("");
  s.servers.at(0).leap = 3;
  EXPECT_EQ(run(s).groups.at(0).synchronized, 0);
}

TEST(World, EachLevelServesTheNext) {
  const auto s = scenario_of(tree_scenario({.nodes = 12, .fan_out = 3, .hours = 0.5}));
  const auto r = run(s);
  ASSERT_GE(r.strata.size(), 3u);
  EXPECT_EQ(r.strata.at(0).stratum, 1u);
  EXPECT_EQ(r.strata.at(0).figures.members, 4u);
  EXPECT_EQ(r.strata.at(1).stratum, 2u);
  EXPECT_EQ(r.strata.at(2).stratum, 3u);
  EXPECT_GT(r.strata.at(1).figures.received, 0u) << "level 1 serves level 2";
  EXPECT_LT(r.strata.at(2).figures.p99, 5e-3);
}

TEST(World, APauseLetsTheClockFallBehind) {
  const auto s = world_with(" event pause at 2h 300ms unannounced\n");
  const auto r = run(s, 1, true);
  const auto after = std::ranges::find_if(r.trace, [](const TracePoint& p) { return p.time > 7200.5; });
  ASSERT_NE(after, r.trace.end());
  EXPECT_NEAR(after->error, -0.3, 5e-3);
}

TEST(World, ASleepingClockIsNotRead) {
  const auto r = run(world_with(" event pause at 2h 10m\n"), 1, true);
  const auto& f = r.groups.at(0);
  EXPECT_TRUE(
      std::ranges::none_of(r.trace, [](const TracePoint& p) { return p.time > 7200 && p.time <= 7800; }));
  EXPECT_GT(r.trace.back().time, 10'000);
  EXPECT_LT(f.max, 0.1);
  EXPECT_LT(f.frequency, 1e-4) << "none is taken over the sleep";
  EXPECT_EQ(f.violations, 0u);
}

TEST(World, AnotherProgramSetsTheClock) {
  const auto s = world_with(" event clock-set at 2h 100ms unannounced\n");
  const auto r = run(s, 1, true);
  const auto after = std::ranges::find_if(r.trace, [](const TracePoint& p) { return p.time >= 7200; });
  ASSERT_NE(after, r.trace.end());
  EXPECT_NEAR(after->error, 0.1, 5e-3);
}

TEST(World, ARestartedDaemonGetsTheTimeAgain) {
  const auto f = run(world_with(" event restart at 90m\n")).groups.at(0);
  EXPECT_LT(f.p99, 5e-3);
  EXPECT_GT(f.synchronized, 0.95);
}

TEST(World, AServerThatIsAskedTooOftenSaysSo) {
  auto s = world_with("");
  const auto before = run(s).groups.at(0).sent;
  s.servers.at(0).rate_limit = 60;
  EXPECT_LT(run(s).groups.at(0).sent, before / 2);
}

TEST(SimClock, TheKernelInsertsALeapSecondAtTheEndOfTheDay) {
  constexpr std::int64_t kDay = 86400;
  const TrueTime truth{.epoch = 20'000 * kDay, .leap = WorldConfig::Leap{20'001.0 * kDay, -1}};
  SimClock told({}, 1, 1, 0, truth), untold({}, 1, 1, 0, truth);
  core::ClockCommand command;
  command.status.leap = wire::Leap::insert;
  told.advance(1000);
  told.apply(command);
  for (auto* clock : {&told, &untold}) clock->advance(kDay - 1);
  EXPECT_NEAR(told.error(), 0, 1e-9);
  for (auto* clock : {&told, &untold}) clock->advance(kDay + 10);
  EXPECT_NEAR(told.error(), 0, 1e-9);
  EXPECT_NEAR(untold.error(), 1, 1e-9);
  told.apply(command);
  told.advance(2 * kDay + 10);
  EXPECT_NEAR(told.error(), 0, 1e-9) << "told again of the same leap second, it inserts no other one";
}

TEST(Report, ShowsVariantsSideBySide) {
  auto fast = world_with("");
  auto slow = world_with("");
  slow.clients.at(0).ntp.servers.at(0).minpoll = slow.clients.at(0).ntp.servers.at(0).maxpoll = 7;
  Report report{.variants = {{"fast", fast}, {"slow", slow}}, .runs = {}};
  report.runs = run_all(report.variants, {.seeds = 2, .jobs = 2, .trace = true});
  const auto table = report_table(report);
  EXPECT_NE(table.find("A: fast"), std::string::npos);
  EXPECT_NE(table.find("B as multiples of A"), std::string::npos);
  const auto json = nlohmann::json::parse(report_json({report}));
  const auto& variants = json.at("scenarios").at(0).at("variants");
  ASSERT_EQ(variants.size(), 2u);
  EXPECT_EQ(variants.at(0).at("clients").at(0).at("name"), "router");
  EXPECT_EQ(variants.at(0).at("clients").at(0).at("seeds").size(), 2u);
  EXPECT_GT(variants.at(0).at("clients").at(0).at("requests-sent"),
            variants.at(1).at("clients").at(0).at("requests-sent"));
  EXPECT_NE(report_trace(report).find("\n1\t0\t"), std::string::npos)
      << "the second variant, its first client";
}

TEST(Report, ANeverSynchronizedClientHasNoBoundAndIsNamed) {
  auto s = world_with("");
  s.servers.at(0).absences = {{0, 1e9}};
  Report report{.variants = {{"a", s}}, .runs = {}};
  report.runs = run_all(report.variants, {.seeds = 2});
  const auto table = report_table(report);
  EXPECT_NE(table.find("  -  "), std::string::npos) << table;
  const auto json = nlohmann::json::parse(report_json({report}));
  const auto& client = json.at("scenarios").at(0).at("variants").at(0).at("clients").at(0);
  EXPECT_TRUE(client.at("mean-bound").is_null());
  EXPECT_TRUE(client.at("bound-use").is_null());
  EXPECT_EQ(client.at("synchronized"), 0);
  EXPECT_EQ(client.at("never-synchronized"), 2);
  ASSERT_EQ(never_synchronized(report).size(), 1u);
  EXPECT_EQ(never_synchronized(report).front(),
            "client router never synchronized (2 of 2 seeds): 192.0.2.1 no-reply");
  EXPECT_TRUE(bound_violations(report).empty());
}

TEST(Report, ASeedWithoutABoundDoesNotSpoilTheOthers) {
  Figures with, without;
  with.mean_bound = 2;
  with.bound_use = 0.5;
  const auto both = over_seeds({without, with});
  EXPECT_EQ(both.mean_bound, 2);
  EXPECT_EQ(both.bound_use, 0.5);
}

TEST(Report, ATraceHasTheColumnsOfItsTable) {
  Report report{.variants = {{"a", world_with("")}}, .runs = {}};
  report.runs = run_all(report.variants, {.trace = true});
  const auto trace = report_trace(report);
  const auto head = trace.substr(0, trace.find('\n'));
  EXPECT_EQ(head, "variant\tclient\ttime\terror\tbound\tfrequency\tstratum\tstate");
  const auto last = trace.substr(trace.rfind('\n', trace.size() - 2));
  EXPECT_EQ(std::ranges::count(last, '\t'), 7) << last;
  EXPECT_TRUE(trace.ends_with("\t2\t2\n")) << last;
}

TEST(Runner, StopsWhenItIsTold) {
  const std::atomic<bool> stop = true;
  const auto s = world_with("");
  const auto runs = run_all({{"a", s}}, {.seeds = 2, .jobs = 1, .stop = &stop});
  for (const auto& r : runs.at(0)) EXPECT_FALSE(r.complete);
}

}  // namespace
}  // namespace noonmark::sim
