#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/net_address.h"
#include "core/config.h"
#include "sim/draws.h"

namespace noonmark::sim {

using base::IpAddress;

/// A world as a scenario file tells it (docs/simulator.md). Times are seconds after the world's start,
/// frequencies s/s.

struct WorldConfig {
  std::string description{};
  double duration = 86400;
  double start = 1780272000;  // s since 1970
  double warm_up = 14400;     // not in the figures but those of the first hour
  double sample_interval = 2;
  double grid = 1;  // an oscillator's frequency is constant for so long
  std::uint64_t seeds = 1;
  struct Leap {
    double at = 0;      // s since 1970: the second after the leap second
    double change = 0;  // of POSIX time: -1 for an inserted second
  };
  std::optional<Leap> leap{};
};

struct TemperatureStep {
  double at = 0, by = 0, constant = 0;
};
struct Jump {
  double at = 0, by = 0;
};
struct Span {
  double from = 0, until = 0;
};

struct OscillatorConfig {
  std::string name{};
  double offset = 0, offset_spread = 0;
  double frequency = 0, frequency_spread = 0;
  double wander = 0;      // random walk of the frequency, s/s per sqrt(s)
  double white_fm = 0;    // Allan deviation at 1 s
  double flicker_fm = 0;  // Allan deviation of the floor
  struct Sine {
    double amplitude = 0, period = 1;
  } sine{};
  struct Square {
    double amplitude = 0, period = 1, constant = 1;
  } square{};
  std::vector<TemperatureStep> steps{};
  std::vector<Jump> phase_jumps{}, frequency_jumps{};
};

/// What a path does to packets of one direction.
struct DirectionConfig {
  double delay = 0;
  Law jitter{};
  double loss = 0;
  double spike_probability = 0;
  Law spike{};
  struct Load {                           // comes and goes; while it is there, its level multiplies `queue`
    double on = 0, off = 0, shape = 1.4;  // mean is finite for a shape above 1
    double low = 0, high = 0;
    Law queue{};
  } load{};
  struct Queue {  // correlated: scale times the positive part of a unit Ornstein-Uhlenbeck process
    double scale = 0, constant = 1;
  } queue{};
  struct Route {
    double at = 0, delay = 0;
  };
  std::vector<Route> routes{};     // ascending
  std::vector<double> parallel{};  // extra delays of equal-cost paths
  bool by_packet = false;          // else by source port
};

struct PathConfig {
  std::string name{};
  DirectionConfig forward, backward;
  std::vector<Span> outages{};
};

struct ServerConfig {
  std::string name{};
  std::uint32_t count = 1;
  std::optional<IpAddress> address{};
  std::uint8_t stratum = 1;
  double root_delay = 0, root_dispersion = 0;
  double offset = 0, drift = 0, noise = 0, turnaround = 10e-6;
  struct Wobble {
    double amplitude = 0, period = 1;
  } wobble{};
  std::vector<Jump> steps{};
  std::vector<Span> absences{};
  double rate_limit = 0;  // 0: none; requests of one client that come faster get the kiss code RATE
  std::optional<std::uint8_t> leap{};  // none: the truth
  bool steps_at_leap = true;
};

struct ClientEvent {
  enum class Kind : std::uint8_t { clock_set, pause, restart };
  Kind kind = Kind::restart;
  double at = 0, by = 0;
  bool announced = true;
  std::size_t line = 0;
};

/// A text with the line of the scenario file that it stands in.
struct Line {
  std::string text{};
  std::size_t number = 0;
};

struct FollowConfig {
  core::AssociationMode mode = core::AssociationMode::client;  // or active: a symmetric peer
  std::string group{};
  std::uint32_t count = 1;
  std::string options{};
  std::size_t line = 0;
  core::ServerConfig server{};  // of the options; the address is filled in for each client
};

struct PathUse {
  std::string path{}, group{};  // no group: to all that have no path of their own
  std::size_t line = 0;
};

struct ClientConfig {
  std::string name{};
  std::size_t line = 0;
  std::uint32_t count = 1;
  std::optional<IpAddress> address{};
  std::string oscillator{};
  std::size_t oscillator_line = 0;
  std::string twin{};  // whose oscillator and paths it has, draw for draw; empty: its own
  std::vector<PathUse> paths{};
  std::vector<FollowConfig> follows{};
  std::vector<Line> commands{};  // of the command line of noonmark
  core::NtpConfig ntp{};         // what they make
  double start = 0, start_spread = 0;
  double stamp_noise = 0;  // mean lateness of a receive stamp
  double granularity = 0;  // of the clock driver's frequency, s/s
  bool kernel_stamps = true;
  bool leap_table = false;
  std::vector<ClientEvent> events{};
};

struct Scenario {
  WorldConfig world;
  std::vector<OscillatorConfig> oscillators{};
  std::vector<PathConfig> paths{};
  std::vector<ServerConfig> servers{};
  std::vector<ClientConfig> clients{};
  std::vector<std::string> warnings{};  // of lines that have no effect
};

/// Of a client; none was named: a perfect one.
const OscillatorConfig& oscillator_of(const Scenario& scenario, const ClientConfig& client);
/// From a client to the servers, or clients, of a group; there is one, a scenario is checked for it.
const PathConfig& path_of(const Scenario& scenario, const ClientConfig& client, std::string_view group);

/// Clients, and servers, of all groups.
std::size_t client_count(const Scenario& scenario);
std::size_t server_count(const Scenario& scenario);

inline constexpr std::size_t kMaxClientGroups = 128;  // each has addresses of its own in 10.0.0.0/8

/// Of a member of a group; groups are the servers, then the clients.
IpAddress member_address(const Scenario& scenario, std::uint32_t group, std::uint32_t member);

}  // namespace noonmark::sim
