#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace noonmark::bench {

/// xoshiro256+, seeded by SplitMix64, with the distributions that worlds are made of. What it draws is part
/// of a world's definition: golden.tsv holds it fast.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  double uniform();  // in (0, 1)
  double normal();
  double exponential();
  double gamma(double shape);

 private:
  std::uint64_t next();
  std::array<std::uint64_t, 4> state_{};
  double spare_ = 0;  // the second of a pair of normal numbers
  bool has_spare_ = false;
};

enum class Direction { to_server, back };

/// The way to one server and back. Seconds.
struct Path {
  double base = 5e-3;  // constant delay of each direction
  /// Queueing delay of a packet sent at t, under the world's load then.
  std::function<double(Random&, double t, double load, Direction)> queue;
  double loss = 0;                               // probability, of an exchange
  double server_error = 0;                       // s
  std::function<double(double t)> server_drift;  // added to it
};

struct Scenario {
  std::string name;
  int poll = 6;
  double hours = 48;
  double warm_hours = 4;                      // not counted in rms, p99 and max
  double silent_hours = 0;                    // nothing arrives any more after so many; 0: never silent
  double wander = 1e-9;                       // s/s per sqrt(s)
  double white_fm = 0;                        // s/s, white noise of the frequency over 1 s
  double first_offset = 0.02;                 // s
  double first_frequency = 12e-6;             // s/s
  double jump_at = 0, jump = 0;               // s: the raw clock's offset jumps; at 0: never
  std::function<double(double t)> frequency;  // added to the oscillator's own
  std::vector<Path> paths{Path{}};
  /// Fills in the load of each second, which queues may use.
  std::function<void(Random&, std::vector<double>&)> load;
};

/// One exchange of packets, in true time.
struct Exchange {
  double midpoint = 0;
  double received = 0;
  double offset = 0;  // true minus raw clock, as measured
  double delay = 0;
  bool is_lost = false;
};

/// A local clock that is wrong and a network that is random: a function of scenario and seed alone, so all
/// estimators see the same clock and the same packets.
class World {
 public:
  World(const Scenario& scenario, std::uint64_t seed);

  const Scenario& scenario() const { return scenario_; }
  double end() const { return scenario_.hours * 3600; }
  /// Raw clock minus true time at true time t.
  double raw_error(double t) const;
  /// The exchange number `count` with a source, begun at true time t.
  Exchange exchange(std::size_t source, std::uint64_t count, double t) const;

 private:
  void make_clock();
  double load(double t) const;

  Scenario scenario_;
  std::uint64_t seed_;
  std::vector<double> raw_error_;  // each second
  std::vector<double> load_;
};

}  // namespace noonmark::bench
