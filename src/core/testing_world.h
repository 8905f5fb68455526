#pragma once

// For tests only: hosts with oscillators of their own, joined by links of known delay, in virtual time.

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/random.h"
#include "core/engine.h"

namespace noonmark::core::testing {

inline IpAddress address(const char* text) { return *IpAddress::parse(text); }

/// An oscillator and the clock made of it. True time is seconds since the world began, which is `epoch` of
/// 1970.
class SimulatedClock {
 public:
  SimulatedClock(std::int64_t epoch, double offset, double frequency_error)
      : epoch_(epoch), offset_(offset), error_(frequency_error) {}

  Instant at(double true_time) {
    advance(true_time);
    return {RawTime(Duration::from_seconds(raw_)),
            Timestamp::from_unix(epoch_, 0) + wrapped(offset_) + stepped_ + Duration::from_seconds(served_)};
  }
  void apply(const ClockCommand& command, double true_time) {
    advance(true_time);
    if (command.step) step(*command.step);
    frequency_ = command.frequency;
    if (leap_ != command.status.leap) arm_leap(command.status.leap);
    status = command.status;
    ++commands;
  }
  /// By somebody else.
  void step(Duration by) {
    stepped_ += by;  // wraps with the eras, as time stamps do
    stepped_seconds_ += by.seconds();
  }
  /// Corrected clock minus true time, s.
  double error(double true_time) {
    advance(true_time);
    return served() - true_time - (true_time >= true_leap_at ? true_leap : 0);
  }
  void set_frequency_error(double error, double true_time) {
    advance(true_time);
    error_ = error;
  }
  /// The machine slept until now: raw time stood, and the kernel has set the clock, off by `error`.
  void sleep(double seconds, double error) {
    last_ += seconds;
    served_ += seconds + error;
  }
  double frequency() const { return frequency_; }
  int commands = 0;
  KernelClockStatus status;    // the last one that it was told
  bool kernel_leaps = true;    // it inserts and deletes seconds by itself
  double true_leap_at = 1e18;  // s, true time: when true time itself leaps,
  double true_leap = 0;        // and by how much

 private:
  /// Offsets of more than 68 years wrap, as time stamps do.
  static Duration wrapped(double seconds) {
    return Duration::from_seconds(seconds / 2) + Duration::from_seconds(seconds / 2);
  }
  void advance(double true_time) {
    const double raw = (true_time - last_) * (1 + error_);
    raw_ += raw;
    served_ += raw * (1 + frequency_);
    last_ = true_time;
    if (!kernel_leaps || served() < leap_at_) return;
    step(Duration::from_seconds(leap_ == wire::Leap::insert ? -1 : 1));
    leap_at_ = HUGE_VAL;
  }
  double served() const { return served_ + (stepped_seconds_ + offset_); }
  /// At the end of the clock's day, as the kernel does.
  void arm_leap(wire::Leap leap) {
    constexpr double kDay = 86400;
    leap_ = leap;
    leap_at_ = HUGE_VAL;
    if (leap != wire::Leap::insert && leap != wire::Leap::remove) return;
    const auto start = static_cast<double>(epoch_);
    leap_at_ = kDay * std::ceil((start + served()) / kDay) - start - (leap == wire::Leap::remove ? 1 : 0);
  }
  std::int64_t epoch_;
  double offset_, error_;
  double frequency_ = 0, raw_ = 0, served_ = 0, last_ = 0;
  Duration stepped_;
  double stepped_seconds_ = 0;
  wire::Leap leap_ = wire::Leap::none;
  double leap_at_ = HUGE_VAL;
};

struct Packet {
  Transmit transmit;
  std::string from;
};

/// What a link does to a packet: the delay in seconds, or none for a loss. It may change the packet.
using Link = std::function<std::optional<double>(Packet&)>;

class World;

struct Host {
  Host(World& world, std::string name, std::uint64_t seed, double offset, double frequency_error,
       std::int64_t epoch);
  World& world;
  std::string name;
  base::SeededRandom random;
  SimulatedClock clock;
  NetworkView view;
  NtpConfig config;
  Environment environment;
  std::unique_ptr<Engine> engine;
  std::vector<Event> events;
  std::vector<ProbeId> news;
  std::vector<Packet> sent;
  bool kernel_stamps = true;
  bool clock_refuses = false;  // the driver takes no command

  Instant now();
  void run(const std::function<void(Engine&, Instant, Outbox&)>& call);
  /// Gives the interface eth0 this address as well.
  void add_address(const char* text, std::uint8_t prefix = 24, const std::string& interface = "eth0");
  void publish_network();
  void commit();
  /// The machine starts anew: a new engine with what is known of the run before, and the same configuration.
  void restart(const std::optional<SavedClock>& saved);
  AssociationState session(std::size_t index = 0);
  Reason reason(std::size_t index = 0) { return session(index).reason; }
  double error();
};

class World {
 public:
  explicit World(std::uint64_t seed = 1, std::int64_t epoch = 1'800'000'000) : random(seed), epoch_(epoch) {}

  Host& add_host(const std::string& name, const char* ip, double offset = 0, double frequency_error = 0);
  /// A host that follows a local clock of `stratum`.
  Host& add_server(const std::string& name, const char* ip, std::uint8_t stratum = 2, double offset = 0);
  Host& host(const std::string& name) { return *hosts_.at(name); }
  void run_until(double time);
  void run_for(double seconds) { run_until(time_ + seconds); }
  /// Runs until the condition holds; false if it does not within `seconds`.
  bool run_while_not(const std::function<bool()>& condition, double seconds);
  double time() const { return time_; }
  /// Time passes and nobody does anything.
  void skip(double seconds) { time_ += seconds; }
  void deliver(Host& to, const Packet& packet, const Path& path, bool to_service,
               std::optional<TransmitId> request);
  void send(Host& from, const Transmit& transmit);

  base::SeededRandom random;
  Link link = [](Packet&) { return std::optional<double>(0.0005); };

 private:
  struct Event {
    double at;
    std::uint64_t order;
    std::function<void()> action;
    bool operator<(const Event& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);
    }
  };
  void schedule(double at, std::function<void()> action) { events_.push({at, order_++, std::move(action)}); }
  double next_deadline(Host& host);
  static bool is_for(const Host& host, const Packet& packet);
  friend struct Host;

  std::int64_t epoch_;
  double time_ = 0;
  std::uint64_t order_ = 0;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::priority_queue<Event> events_;
};

/// A server line with iburst and fast polls.
ServerConfig server_line(const char* ip);
KeyConfig key(std::uint32_t id, std::string_view secret = "correct horse battery",
              crypto::MacAlgorithm algorithm = crypto::MacAlgorithm::hmac_sha256);

}  // namespace noonmark::core::testing
