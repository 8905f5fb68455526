// How accurate the clock is (docs/accuracy.md): the estimator in worlds of known truth, beside recorded
// figures of chronyd in the same worlds. Ends with status 1 when a limit is missed.

#include <fmt/core.h>

#include <atomic>
#include <cmath>
#include <ctime>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "accuracy/figures.h"
#include "accuracy/harness.h"
#include "accuracy/scenarios.h"
#include "core/estimator/estimator.h"

namespace noonmark::bench {
namespace {

// Limits: ratios to chronyd, or absolute
constexpr double kMaxRms = 0.47, kMaxRmsOfOne = 0.85, kMaxMaximum = 0.45;
constexpr double kMaxFirstHour = 0.80, kMaxFirstHourOfOne = 1.2;
constexpr double kMaxAdaptive = 1.6, kMaxAdaptivePackets = 0.5;
constexpr double kMaxSettling = 1423;                      // s
constexpr double kMaxJump = 42e-3, kMaxAnnounced = 23e-3;  // s
constexpr double kMaxHoldover = 0.9e-3;                    // s
constexpr double kMaxRestart = 0.8;                        // of the first hour without what was learned
constexpr double kMaxCost = 50;                            // us

constexpr double kSettledBand = 0.35e-3;   // s, three times chronyd's rms
constexpr double kFrequencyStep = 86400;   // s, when
constexpr double kSettlingWindow = 10800;  // s that count as for good
constexpr double kFirstFrom = 15, kHour = 3600;
constexpr double kRestartAt = 24 * kHour;

struct Settings {
  std::string folder;
  int seeds = 10;
  unsigned threads = 2;
};

struct Figures {
  double rms = 0, p99 = 0, max = 0, first_hour = 0;
  double settling = 0;       // freq-step2ppm
  double after_restart = 0;  // the hour after it
  double packets = 0;
};

/// Over all seeds of one kind of run.
struct Summary {
  Mean rms, p99, max, first_hour, settling, after_restart, packets;
  void add(const Figures& f) {
    rms.add(f.rms);
    p99.add(f.p99);
    max.add(f.max);
    first_hour.add(f.first_hour);
    settling.add(f.settling);
    after_restart.add(f.after_restart);
    packets.add(f.packets);
  }
};

Figures measure(const Scenario& scenario, std::uint64_t seed, const RunOptions& options) {
  const World world(scenario, seed);
  const Run result = run(world, options);
  const double warm = scenario.warm_hours * kHour;
  const Trace& trace = result.trace;
  Figures figures{.rms = trace.rms(warm, world.end()),
                  .p99 = trace.quantile(0.99, warm, world.end()),
                  .max = trace.quantile(1, warm, world.end()),
                  .first_hour = trace.rms(kFirstFrom + 0.5, kHour),
                  .packets = static_cast<double>(result.packets)};
  if (world.end() > kFrequencyStep + kSettlingWindow)
    figures.settling = trace.settling(kSettledBand, kFrequencyStep, kFrequencyStep + kSettlingWindow);
  if (options.restart_at > 0)
    figures.after_restart = trace.rms(options.restart_at + kFirstFrom, options.restart_at + kHour);
  return figures;
}

/// Runs of one kind in one world.
struct Task {
  std::string key;  // "rms lan-exp20us"
  Scenario scenario;
  RunOptions options;
};

std::map<std::string, Summary> run_all(const std::vector<Task>& tasks, const Settings& settings) {
  const auto seeds = static_cast<std::size_t>(settings.seeds);
  std::vector<Figures> results(tasks.size() * seeds);
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < settings.threads; ++i) {
    threads.emplace_back([&] {
      for (std::size_t job = next++; job < results.size(); job = next++) {
        const Task& task = tasks[job / seeds];
        results[job] = measure(task.scenario, job % seeds + 1, task.options);
      }
    });
  }
  threads.clear();
  std::map<std::string, Summary> summaries;
  for (std::size_t job = 0; job < results.size(); ++job) summaries[tasks[job / seeds].key].add(results[job]);
  return summaries;
}

/// What is compared with a limit; remembers whether one was missed.
class Verdict {
 public:
  void check(const std::string& what, double value, double limit, const char* unit = "") {
    const bool is_met = value <= limit;
    is_missed_ |= !is_met;
    fmt::print("{:<58} {:>9.3g}{} limit {:>6.3g}{} {}\n", what, value, unit, limit, unit,
               is_met ? "ok" : "MISSED");
  }
  bool is_missed() const { return is_missed_; }

 private:
  bool is_missed_ = false;
};

bool polls_at_6(const Scenario& scenario) { return scenario.poll == 6; }

bool restarts(const Scenario& s) {
  return s.name == "lan-exp20us" || s.name == "wan-exp1ms-w1e-9" || s.name == "one-sided" ||
         s.name == "onoff-load";
}

std::vector<Task> make_tasks() {
  std::vector<Task> tasks;
  for (const Scenario& s : recorded_scenarios()) {
    tasks.push_back({"fixed " + s.name, s, {}});
    if (polls_at_6(s)) tasks.push_back({"adaptive " + s.name, s, {.is_adaptive = true, .confirms = true}});
    if (!restarts(s)) continue;
    Scenario shorter = s;
    shorter.hours = 26;
    tasks.push_back({"forgetful " + s.name, shorter, {.restart_at = kRestartAt}});
    tasks.push_back({"learned " + s.name, shorter, {.restart_at = kRestartAt, .keeps_learned = true}});
  }
  for (const Scenario& s : held_out_scenarios()) tasks.push_back({"held out " + s.name, s, {}});
  tasks.push_back({"jump", clock_jump(), {.confirms = true}});
  tasks.push_back({"announced jump", clock_jump(), {.announces_jump = true}});
  tasks.push_back({"holdover", holdover(), {}});
  return tasks;
}

using Results = std::map<std::string, Summary>;

struct Ratios {
  Mean rms, p99, max, first_hour;
};

Ratios print_recorded(const Results& results, const Table& chronyd) {
  Ratios all;
  fmt::print("{:<20} {:>10} {:>10} {:>10} {:>10} | {:>5} {:>5} {:>5} {:>10}\n", "world", "rms", "p99", "max",
             "first hour", "rms", "p99", "max", "first hour");
  for (const Scenario& s : recorded_scenarios()) {
    const Summary& ours = results.at("fixed " + s.name);
    const auto& theirs = chronyd.at(s.name);
    const double rms = ours.rms.root_of_squares();
    const double p99 = ours.p99.arithmetic();
    const double max = ours.max.arithmetic();
    const double first = ours.first_hour.root_of_squares();
    all.rms.add(rms / theirs.at("rms"));
    all.p99.add(p99 / theirs.at("p99"));
    all.max.add(max / theirs.at("max"));
    all.first_hour.add(first / theirs.at("first_hour"));
    fmt::print("{:<20} {:>8.2f}us {:>8.1f}us {:>8.1f}us {:>8.1f}us | {:>5.2f} {:>5.2f} {:>5.2f} {:>10.2f}\n",
               s.name, rms * 1e6, p99 * 1e6, max * 1e6, first * 1e6, rms / theirs.at("rms"),
               p99 / theirs.at("p99"), max / theirs.at("max"), first / theirs.at("first_hour"));
  }
  fmt::print("{:<20} {:>44} {:>5.2f} {:>5.2f} {:>5.2f} {:>10.2f}\n\n", "geometric mean", "|",
             all.rms.geometric(), all.p99.geometric(), all.max.geometric(), all.first_hour.geometric());
  return all;
}

/// The geometric mean of the errors; adds what was sent, in packets of the fixed poll.
double print_adaptive(const Results& results, const Table& chronyd, Mean& packets) {
  Mean errors;
  fmt::print("{:<20} {:>12} {:>10}\n", "polls 6 to 10", "rms ratio", "packets");
  for (const Scenario& s : recorded_scenarios()) {
    if (!polls_at_6(s)) continue;
    const Summary& ours = results.at("adaptive " + s.name);
    errors.add(ours.rms.root_of_squares() / chronyd.at(s.name).at("rms"));
    packets.add(ours.packets.arithmetic() / results.at("fixed " + s.name).packets.arithmetic());
    fmt::print("{:<20} {:>12.2f} {:>10.2f}\n", s.name,
               ours.rms.root_of_squares() / chronyd.at(s.name).at("rms"),
               ours.packets.arithmetic() / results.at("fixed " + s.name).packets.arithmetic());
  }
  fmt::print("\n");
  return errors.geometric();
}

double restart_ratio(const Results& results) {
  Mean ratios;
  for (const Scenario& s : recorded_scenarios()) {
    if (!restarts(s)) continue;
    const double learned = results.at("learned " + s.name).after_restart.root_of_squares();
    const double forgetful = results.at("forgetful " + s.name).after_restart.root_of_squares();
    fmt::print("{:<20} {:>8.1f}us {:>8.1f}us {:>6.2f}\n", "restart " + s.name, learned * 1e6, forgetful * 1e6,
               learned / forgetful);
    ratios.add(learned / forgetful);
  }
  return ratios.geometric();
}

void print_held_out(const Results& results, const Table& limits, Verdict& verdict) {
  fmt::print("\nheld-out worlds, rms:\n");
  for (const Scenario& s : held_out_scenarios()) {
    verdict.check(s.name, results.at("held out " + s.name).rms.root_of_squares() * 1e6,
                  limits.at(s.name).at("limit"), " us");
  }
}

double cpu_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

/// CPU time of one sample with so many feeding sources.
double cost(std::size_t sources) {
  constexpr std::uint64_t kRounds = 600;
  constexpr double kInterval = 64;
  Scenario scenario = held_out_scenarios().front();
  scenario.paths.assign(sources, scenario.paths.front());
  const World world(scenario, 1);
  core::ClockEstimator estimator({});
  std::vector<core::AssociationId> ids;
  for (std::size_t i = 0; i < sources; ++i) ids.push_back(static_cast<core::AssociationId>(i));
  double begin = 0;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    if (round == kRounds / 2) begin = cpu_microseconds();
    for (std::size_t i = 0; i < sources; ++i) {
      const Exchange e =
          world.exchange(i, round, kInterval * static_cast<double>(round) + static_cast<double>(i) + 1);
      const core::RawTime at(core::Duration::from_seconds(e.midpoint));
      estimator.learn(ids[i], {.at = at, .offset = e.offset, .delay = e.delay}, kInterval);
      estimator.absorb(ids);
    }
  }
  return (cpu_microseconds() - begin) / static_cast<double>(kRounds / 2 * sources);
}

bool report(const Settings& settings) {
  const Table chronyd = read_table(settings.folder + "/chronyd.tsv");
  const Table held_out = read_table(settings.folder + "/held_out.tsv");
  const Results results = run_all(make_tasks(), settings);
  Verdict verdict;
  const Ratios ratios = print_recorded(results, chronyd);
  Mean packets;
  const double adaptive = print_adaptive(results, chronyd, packets);
  const double restart = restart_ratio(results);
  print_held_out(results, held_out, verdict);
  fmt::print("\n");
  verdict.check("rms, geometric mean, ratio to chronyd", ratios.rms.geometric(), kMaxRms);
  verdict.check("rms, largest ratio", ratios.rms.largest(), kMaxRmsOfOne);
  verdict.check("maximum, geometric mean, ratio", ratios.max.geometric(), kMaxMaximum);
  verdict.check("first hour, geometric mean, ratio", ratios.first_hour.geometric(), kMaxFirstHour);
  verdict.check("first hour, largest ratio", ratios.first_hour.largest(), kMaxFirstHourOfOne);
  verdict.check("frequency step, settled after, median", results.at("fixed freq-step2ppm").settling.median(),
                kMaxSettling, " s");
  verdict.check("clock jump of 0.3 s, hour after it, rms", results.at("jump").rms.root_of_squares() * 1e3,
                kMaxJump * 1e3, " ms");
  verdict.check("the same, announced by the system", results.at("announced jump").rms.root_of_squares() * 1e3,
                kMaxAnnounced * 1e3, " ms");
  verdict.check("polls 6 to 10, geometric mean, ratio to poll 6", adaptive, kMaxAdaptive);
  verdict.check("polls 6 to 10, packets, ratio to poll 6", packets.arithmetic(), kMaxAdaptivePackets);
  verdict.check("24 h of holdover, rms", results.at("holdover").rms.root_of_squares() * 1e3,
                kMaxHoldover * 1e3, " ms");
  verdict.check("restart with what was learned, first hour, ratio", restart, kMaxRestart);
  for (const std::size_t sources : {1U, 4U, 8U})
    verdict.check(fmt::format("CPU time of a sample, {} sources", sources), cost(sources), kMaxCost, " us");
  fmt::print("geometric mean: rms={:.2f} max={:.2f} first-hour={:.2f} adaptive={:.2f}\n",
             ratios.rms.geometric(), ratios.max.geometric(), ratios.first_hour.geometric(), adaptive);
  return !verdict.is_missed();
}

}  // namespace
}  // namespace noonmark::bench

int main(int argc, char** argv) {
  noonmark::bench::Settings settings;
  CLI::App app("How accurate the clock is, beside chronyd in the same worlds");
  app.add_option("folder", settings.folder, "with chronyd.tsv and held_out.tsv")->required();
  app.add_option("--seeds", settings.seeds, "of each world")->check(CLI::Range(1, 1000));
  app.add_option("--threads", settings.threads, "")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  return noonmark::bench::report(settings) ? 0 : 1;
}
