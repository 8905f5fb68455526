#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/engine.h"
#include "sim/figures.h"
#include "sim/ideal_server.h"
#include "sim/link.h"
#include "sim/scenario.h"
#include "sim/sim_clock.h"

namespace noonmark::sim {

/// What the outside has to do with a run that goes on in another thread.
struct RunControl {
  std::atomic<double> time = 0;  // s of the world
  const std::atomic<bool>* stop = nullptr;
};

/// One world in virtual time: the same scenario and seed give the same results. Used by one thread.
class World {
 public:
  /// `scenario` outlives the world.
  World(const Scenario& scenario, std::uint64_t seed, bool with_trace);
  ~World();
  RunResult run(RunControl& control);

 private:
  struct Client;
  struct Packet {
    core::Transmit transmit;  // `local` is where it really came from
    std::optional<core::TransmitId> request;
    std::uint32_t asker = 0;  // the client whose request it is, or answers
    LinkPair* link = nullptr;
  };
  struct Event {
    enum class Kind : std::uint8_t { start, wake, to_client, to_server, happening, resume, sample };
    double at = 0;
    std::uint64_t order = 0;
    Kind kind = Kind::wake;
    std::uint32_t who = 0;
    std::uint32_t which = 0;  // packet, or event of the client
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Machine {  // whom an address belongs to
    bool is_server = false;
    std::uint32_t index = 0;
    std::uint32_t group = 0;  // of the servers, then of the clients
  };

  void add_servers(std::uint64_t seed);
  void add_clients(std::uint64_t seed);
  void add_client(std::uint32_t group, std::uint32_t member, std::uint64_t seed);
  void claim(const IpAddress& address, Machine machine) { machines_.try_emplace(address, machine); }
  core::NtpConfig config_of(const ClientConfig& config, std::uint32_t member) const;
  LinkPair& link(Client& client, const IpAddress& remote, const Machine& machine);

  void schedule(double at, Event::Kind kind, std::uint32_t who, std::uint32_t which = 0);
  void carry_out(const Event& event);
  void start(Client& client, std::optional<core::SavedClock> saved, double frequency);
  void wake(Client& client);
  void happen(Client& client, const ClientEvent& what, std::uint32_t which);
  void tell(Client& client, core::ClockDisturbed::How how, double by);
  void sample_all();
  void sample(Client& client);

  template <class Call>
  void run_engine(Client& client, Call call);
  void drain(Client& client);
  void send(Client& from, const core::Transmit& transmit);
  void send_request(Client& from, const core::Transmit& transmit);
  void send_reply(Client& from, const core::Transmit& transmit);
  void launch(Packet packet, bool backward, double at);
  void to_server(std::uint32_t server, Packet packet);
  void to_client(Client& client, const Packet& packet);
  Packet take(std::uint32_t slot);
  RunResult result();
  std::string why_unsynchronized(const Client& client) const;

  const Scenario& scenario_;
  std::uint64_t seed_;
  bool with_trace_;
  TrueTime truth_;
  double time_ = 0;
  std::uint64_t order_ = 0;
  std::priority_queue<Event> events_;
  std::vector<Packet> packets_;
  std::vector<std::uint32_t> free_packets_;
  std::vector<IdealServer> servers_;
  std::vector<std::uint32_t> server_groups_;
  std::vector<std::uint64_t> server_requests_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<IpAddress, Machine> machines_;
  std::vector<TracePoint> trace_;
  const Packet* answering_ = nullptr;  // the request that an engine is at
};

}  // namespace noonmark::sim
