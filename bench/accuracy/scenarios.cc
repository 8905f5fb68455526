#include "accuracy/scenarios.h"

#include <algorithm>
#include <cmath>

namespace noonmark::bench {
namespace {

using Queue = decltype(Path::queue);

constexpr double kTwoPi = 6.2831853;

Queue exponential(double mean) {
  return [mean](Random& random, double, double, Direction) { return mean * random.exponential(); };
}

Queue gamma(double scale, double shape) {
  return [=](Random& random, double, double, Direction) { return scale * random.gamma(shape); };
}

/// Another route on the way to the server between two times.
Queue detour(double jitter, double extra, double from, double until) {
  return [=](Random& random, double t, double, Direction direction) {
    const bool is_longer = direction == Direction::to_server && t > from && t < until;
    return jitter * random.exponential() + (is_longer ? extra : 0);
  };
}

Path path(double base, Queue queue, double loss = 0) {
  return {.base = base, .queue = std::move(queue), .loss = loss, .server_drift = {}};
}

Scenario scenario(const char* name, double wander, Path p) {
  Scenario result;
  result.name = name;
  result.wander = wander;
  result.paths = {std::move(p)};
  return result;
}

double spiky(Random& random, double, double, Direction) {
  const double usual = 300e-6 * std::exp(1.2 * random.normal());
  return random.uniform() < 0.05 ? usual + (20e-3 + 60e-3 * random.uniform()) : usual;
}

double wireless(Random& random, double, double, Direction) {
  const double usual = 400e-6 * random.gamma(0.7);
  return random.uniform() < 0.1 ? usual + 10e-3 * random.exponential() : usual;
}

double one_sided(Random& random, double, double, Direction direction) {
  return (direction == Direction::back ? 5e-3 : 50e-6) * random.exponential();
}

double loaded_back(Random& random, double, double load, Direction direction) {
  const double usual = 100e-6 * random.exponential();
  return direction == Direction::back ? usual + load * 8e-3 * random.gamma(2) : usual;
}

/// Load comes and goes; durations have long tails (Pareto).
void on_and_off(Random& random, std::vector<double>& load) {
  bool is_on = false;
  for (std::size_t i = 0; i < load.size(); is_on = !is_on) {
    const double duration = (is_on ? 200 : 400) * std::pow(random.uniform(), -1 / 1.4);
    const double level = is_on ? 0.2 + random.uniform() : 0;
    for (std::size_t k = 0; static_cast<double>(k) < duration && i < load.size(); ++k) load[i++] = level;
  }
}

double correlated_back(Random& random, double, double load, Direction direction) {
  return direction == Direction::back ? 50e-6 * random.exponential() + load : 100e-6 * random.exponential();
}

/// A queue that remembers five minutes, s.
void correlated(Random& random, std::vector<double>& load) {
  const double memory = std::exp(-1 / 300.0);
  double z = 0;
  for (double& value : load) {
    z = memory * z + std::sqrt(1 - memory * memory) * random.normal();
    value = 2e-3 * std::max(0.0, z);
  }
}

/// The room's temperature changes every 14,000 s; the crystal follows in ten minutes.
double temperature_steps(double t) {
  double frequency = 0;
  for (int k = 1; k < 12; ++k) {
    const double since = t - k * 14000.0;
    if (since > 0) frequency += (k % 2 == 1 ? 1 : -1) * 1e-6 * (1 - std::exp(-since / 600));
  }
  return frequency;
}

/// Both directions, the way to the server less.
double loaded_both(Random& random, double, double load, Direction direction) {
  const double share = direction == Direction::back ? 6e-3 : 2e-3;
  return 200e-6 * random.exponential() + load * share * random.gamma(3);
}

/// Each packet takes one of two routes.
double two_routes(Random& random, double, double, Direction) {
  return 150e-6 * random.exponential() + (random.uniform() < 0.4 ? 2e-3 : 0);
}

/// A longer way to the server for some hours, later a much longer way back.
double asymmetric_steps(Random& random, double t, double, Direction direction) {
  const double usual = 300e-6 * random.exponential();
  if (direction == Direction::to_server) return usual + (t > 40000 && t < 65000 ? 5e-3 : 0);
  return usual + (t > 90000 && t < 130000 ? 9e-3 : 0);
}

/// Servers at several distances: the nearest first.
std::vector<Path> servers(std::initializer_list<double> bases) {
  std::vector<Path> paths;
  for (const double base : bases) paths.push_back(path(base, exponential(base / 15)));
  return paths;
}

double normal_delay(Random& random, double, double, Direction) { return 5e-6 * std::abs(random.normal()); }
double normal_jitter(Random& random, double, double, Direction) { return 1e-3 + 200e-6 * random.normal(); }

}  // namespace

std::vector<Scenario> recorded_scenarios() {
  std::vector<Scenario> all{
      scenario("lan-normal5us", 1e-9, path(100e-6, normal_delay)),
      scenario("lan-exp20us", 1e-9, path(100e-6, exponential(20e-6))),
      scenario("wan-exp1ms-w1e-10", 1e-10, path(10e-3, exponential(1e-3))),
      scenario("wan-exp1ms-w1e-9", 1e-9, path(10e-3, exponential(1e-3))),
      scenario("wan-exp1ms-w1e-8", 1e-8, path(10e-3, exponential(1e-3))),
      scenario("wan-gauss200us", 1e-9, path(10e-3, normal_jitter)),
      scenario("gamma2-500us", 1e-9, path(10e-3, gamma(250e-6, 2))),
      scenario("lognorm+spikes", 1e-9, path(15e-3, spiky, 0.02)),
      scenario("one-sided", 1e-9, path(10e-3, one_sided)),
      scenario("onoff-load", 1e-9, path(10e-3, loaded_back)),
      scenario("ar-queue", 1e-9, path(10e-3, correlated_back)),
      scenario("temp-sine", 3e-10, path(10e-3, exponential(300e-6))),
      scenario("temp-steps", 3e-10, path(5e-3, exponential(300e-6), 0.1)),
      scenario("poll10", 1e-9, path(10e-3, exponential(1e-3))),
      scenario("poll4-wifi", 3e-9, path(2e-3, wireless, 0.02)),
      scenario("route-change", 1e-9, path(5e-3, detour(200e-6, 4e-3, 70000, 100000))),
      scenario("freq-step2ppm", 1e-9, path(10e-3, exponential(1e-3))),
      scenario("white-fm", 1e-10, path(1e-3, exponential(50e-6))),
  };
  for (Scenario& s : all) {
    if (s.name == "onoff-load") s.load = on_and_off;
    if (s.name == "ar-queue") s.load = correlated;
    if (s.name == "temp-sine") s.frequency = [](double t) { return 5e-7 * std::sin(kTwoPi * t / 14400); };
    if (s.name == "temp-steps") s.frequency = temperature_steps;
    if (s.name == "freq-step2ppm") s.frequency = [](double t) { return t > 86400 ? 2e-6 : 0; };
    if (s.name == "white-fm") s.white_fm = 2e-7;
    if (s.name == "poll10") {
      s.poll = 10;
      s.hours = 480;
      s.warm_hours = 48;
    }
    if (s.name == "poll4-wifi") {
      s.poll = 4;
      s.hours = 24;
    }
  }
  return all;
}

std::vector<Scenario> held_out_scenarios() {
  std::vector<Scenario> all{
      scenario("far-gamma-lossy", 5e-10, path(18e-3, gamma(800e-6, 0.6), 0.05)),
      scenario("lan-restless", 2e-8, path(300e-6, exponential(40e-6))),
      scenario("load-both-ways", 2e-9, path(7e-3, loaded_both)),
      scenario("asymmetric-steps", 1e-9, path(8e-3, asymmetric_steps)),
      scenario("two-routes", 1e-9, path(6e-3, two_routes)),
      scenario("day-and-night", 1e-9, path(4e-3, gamma(100e-6, 3))),
      scenario("three-servers", 1e-9, {}),
      scenario("eight-servers", 1e-9, {}),
      scenario("one-of-four-lies", 1e-9, {}),
      scenario("one-of-four-drifts", 1e-9, {}),
  };
  for (Scenario& s : all) {
    if (s.name == "load-both-ways") s.load = on_and_off;
    if (s.name == "three-servers") s.paths = servers({3e-3, 8e-3, 20e-3});
    if (s.name == "eight-servers") s.paths = servers({1e-3, 2e-3, 4e-3, 6e-3, 8e-3, 12e-3, 20e-3, 40e-3});
    if (s.name.starts_with("one-of-four")) s.paths = servers({5e-3, 6e-3, 9e-3, 12e-3});
    if (s.name == "one-of-four-lies") s.paths[1].server_error = 0.03;
    if (s.name == "one-of-four-drifts")
      s.paths[0].server_drift = [](double t) { return std::max(0.0, t - 36000) * 1e-6; };
    if (s.name == "day-and-night") {
      s.white_fm = 3e-8;
      s.frequency = [](double t) { return 3e-7 * std::sin(kTwoPi * t / 86400); };
    }
  }
  return all;
}

Scenario clock_jump() {
  Scenario s = scenario("clock-jump", 1e-9, path(10e-3, exponential(300e-6)));
  s.hours = 13;
  s.warm_hours = 12;
  s.jump_at = 12 * 3600;
  s.jump = 0.3;
  return s;
}

Scenario holdover() {
  Scenario s = scenario("holdover", 1e-10, path(10e-3, exponential(1e-3)));
  s.warm_hours = 24;
  s.silent_hours = 24;
  return s;
}

}  // namespace noonmark::bench
