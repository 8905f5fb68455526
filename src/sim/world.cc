#include "sim/world.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"

namespace noonmark::sim {
namespace {

constexpr std::uint32_t kInterface = 2;
constexpr std::uint16_t kNtpPort = 123;
constexpr std::uint16_t kFirstPort = 1024;
constexpr double kTimerLateness = 50e-6;        // s: a kernel's timer and the way to the process
constexpr std::int8_t kPrecision = -24;         // log2 s
constexpr double kMaxFrequency = 0.1;           // s/s, what adjtimex takes with ADJ_TICK
constexpr double kLeapBlur = 2;                 // s around a leap second, in which clocks may differ by one
constexpr std::int64_t kBuildAge = 86400;       // s: the program is a day old when the world begins
constexpr int kTaiBefore = 37;                  // s, TAI minus UTC since 2017
constexpr std::int64_t kTaiSince = 1483228800;  // 2017-01-01
constexpr double kControlEvery = 4096;          // events between looks at the control
constexpr std::size_t kShownServers = 4;        // of a client that never was synchronized

core::NetworkView network_of(const IpAddress& address) {
  core::NetworkView view;
  view.vpns.push_back({});
  view.interfaces.push_back(
      {.index = kInterface,
       .name = "eth0",
       .alternative_names = {},
       .alias = "",
       .up = true,
       .loopback = false,
       .broadcast = true,
       .vpn = {},
       .addresses = {{.address = address, .prefix_length = std::uint8_t(address.is_v4() ? 8 : 64)}}});
  return view;
}

core::LeapTable leap_table(const TrueTime& truth) {
  core::LeapTable table;
  table.entries.push_back({.from = kTaiSince, .tai_offset = kTaiBefore});
  if (truth.leap)
    table.entries.push_back({.from = static_cast<std::int64_t>(truth.leap->at),
                             .tai_offset = kTaiBefore - static_cast<int>(truth.leap->change)});
  table.expires = truth.epoch + 365 * std::int64_t{86400};
  return table;
}

}  // namespace

struct World::Client {
  Client(const ClientConfig& c, std::uint32_t own_index, std::uint32_t own_group,
         const IpAddress& own_address, std::string stream_name, std::uint64_t seed,
         const OscillatorConfig& oscillator, const WorldConfig& world, const TrueTime& truth)
      : config(&c),
        index(own_index),
        group(own_group),
        address(own_address),
        stream(std::move(stream_name)),
        random(stream_seed(seed, stream + "/daemon")),
        draws(stream_seed(seed, stream + "/machine")),
        clock(oscillator, stream_seed(seed, stream + "/oscillator"), world.grid, c.granularity, truth),
        meter(world.warm_up) {}

  const ClientConfig* config;
  std::uint32_t index, group;
  IpAddress address;
  std::string stream;
  base::SeededRandom random;
  Draws draws;
  SimClock clock;
  Meter meter;
  core::NtpConfig ntp;
  std::unique_ptr<core::Engine> engine;
  core::Outbox out;
  double started = 0, paused_until = 0;
  double wake_at = INFINITY;  // of the earliest event that will wake it
  std::unordered_map<std::uint64_t, std::unique_ptr<LinkPair>> links;  // by group and member
};

World::World(const Scenario& scenario, std::uint64_t seed, bool with_trace)
    : scenario_(scenario),
      seed_(seed),
      with_trace_(with_trace),
      truth_{.epoch = static_cast<std::int64_t>(scenario.world.start), .leap = scenario.world.leap} {
  add_servers(seed);
  add_clients(seed);
  schedule(scenario.world.sample_interval, Event::Kind::sample, 0);
}

World::~World() = default;

void World::add_servers(std::uint64_t seed) {
  for (std::uint32_t group = 0; group < scenario_.servers.size(); ++group) {
    const auto& config = scenario_.servers[group];
    for (std::uint32_t member = 0; member < config.count; ++member) {
      const auto address = member_address(scenario_, group, member);
      claim(address,
            {.is_server = true, .index = static_cast<std::uint32_t>(servers_.size()), .group = group});
      servers_.emplace_back(config, truth_, core::Endpoint{.address = address, .port = kNtpPort},
                            stream_seed(seed, fmt::format("{}/{}", config.name, member)));
      server_groups_.push_back(group);
    }
  }
  server_requests_.resize(servers_.size());
}

void World::add_clients(std::uint64_t seed) {
  for (std::uint32_t group = 0; group < scenario_.clients.size(); ++group)
    for (std::uint32_t member = 0; member < scenario_.clients[group].count; ++member)
      add_client(group, member, seed);
}

void World::add_client(std::uint32_t group, std::uint32_t member, std::uint64_t seed) {
  const auto& config = scenario_.clients[group];
  const auto index = static_cast<std::uint32_t>(clients_.size());
  const auto global = static_cast<std::uint32_t>(scenario_.servers.size()) + group;
  const auto address = member_address(scenario_, global, member);
  auto client =
      std::make_unique<Client>(config, index, global, address,
                               fmt::format("{}/{}", config.twin.empty() ? config.name : config.twin, member),
                               seed, oscillator_of(scenario_, config), scenario_.world, truth_);
  client->ntp = config_of(config, member);
  claim(address, {.is_server = false, .index = index, .group = global});
  schedule(config.start + config.start_spread * client->draws.uniform(), Event::Kind::start, index);
  for (std::uint32_t i = 0; i < config.events.size(); ++i)
    schedule(config.events[i].at, Event::Kind::happening, index, i);
  clients_.push_back(std::move(client));
}

core::NtpConfig World::config_of(const ClientConfig& config, std::uint32_t member) const {
  auto ntp = config.ntp;
  for (const auto& follow : config.follows) {
    std::uint32_t group = 0;
    std::uint32_t size = 0;
    const auto look = [&](const auto& rows, std::uint32_t first) {
      for (std::uint32_t i = 0; i < rows.size(); ++i)
        if (rows[i].name == follow.group) {
          group = first + i;
          size = rows[i].count;
        }
    };
    look(scenario_.servers, 0);
    look(scenario_.clients, static_cast<std::uint32_t>(scenario_.servers.size()));
    CHECK(size >= follow.count);
    for (std::uint32_t i = 0; i < follow.count; ++i) {
      auto server = follow.server;
      const auto which = (std::uint64_t{member} * follow.count + i) % size;
      server.key.address = member_address(scenario_, group, static_cast<std::uint32_t>(which));
      if (std::ranges::find(ntp.servers, server.key, &core::ServerConfig::key) == ntp.servers.end())
        ntp.servers.push_back(server);
    }
  }
  return ntp;
}

LinkPair& World::link(Client& client, const IpAddress& remote, const Machine& machine) {
  const auto key = (std::uint64_t{machine.is_server} << 32) + machine.index;
  auto& found = client.links[key];
  if (found) return *found;
  const auto servers = scenario_.servers.size();
  const auto& group = machine.group < servers ? scenario_.servers[machine.group].name
                                              : scenario_.clients[machine.group - servers].name;
  found = std::make_unique<LinkPair>(path_of(scenario_, *client.config, group),
                                     stream_seed(seed_, client.stream + "/path/" + remote.to_string()));
  return *found;
}

// --- events

void World::schedule(double at, Event::Kind kind, std::uint32_t who, std::uint32_t which) {
  events_.push({.at = at, .order = order_++, .kind = kind, .who = who, .which = which});
}

RunResult World::run(RunControl& control) {
  double until_look = 0;
  bool stopped = false;
  while (!events_.empty() && events_.top().at <= scenario_.world.duration && !stopped) {
    const Event event = events_.top();
    events_.pop();
    time_ = event.at;
    carry_out(event);
    if (--until_look > 0) continue;
    until_look = kControlEvery;
    control.time.store(time_, std::memory_order_relaxed);
    stopped = control.stop != nullptr && control.stop->load(std::memory_order_relaxed);
  }
  auto r = result();
  r.complete = !stopped;
  return r;
}

void World::carry_out(const Event& event) {
  switch (event.kind) {
    case Event::Kind::sample: return sample_all();
    case Event::Kind::to_server: return to_server(event.who, take(event.which));
    default: break;
  }
  Client& client = *clients_[event.who];
  client.clock.advance(time_);
  const bool paused = time_ < client.paused_until;
  switch (event.kind) {
    case Event::Kind::start: return start(client, std::nullopt, 0);
    case Event::Kind::happening: return happen(client, client.config->events[event.which], event.which);
    case Event::Kind::wake:
      if (event.at == client.wake_at && !paused) wake(client);
      return;
    case Event::Kind::resume: {
      const auto& pause = client.config->events[event.which];
      if (pause.announced) tell(client, core::ClockDisturbed::How::suspended, pause.by);
      return wake(client);
    }
    default: {
      const auto packet = take(event.which);
      if (!paused) to_client(client, packet);
    }
  }
}

void World::start(Client& client, std::optional<core::SavedClock> saved, double frequency) {
  if (client.engine)
    client.meter.restart(time_ - client.started);
  else
    client.started = time_;
  const core::Environment environment{.build_date = truth_.epoch - kBuildAge,
                                      .precision = kPrecision,
                                      .max_frequency = kMaxFrequency,
                                      .initial_frequency = frequency,
                                      .saved = std::move(saved)};
  client.engine = std::make_unique<core::Engine>(environment, client.random, client.clock.now());
  CHECK(client.engine->prepare(client.ntp));
  run_engine(client, [&](core::Engine& e, Instant now, core::Outbox& out) {
    e.on_network_change(network_of(client.address), now, out);
  });
  if (client.config->leap_table)
    run_engine(client, [&](core::Engine& e, Instant now, core::Outbox& out) {
      e.set_leap_table(leap_table(truth_), now, out);
    });
  run_engine(client, [&](core::Engine& e, Instant now, core::Outbox& out) { e.apply(client.ntp, now, out); });
}

void World::wake(Client& client) {
  client.wake_at = INFINITY;
  run_engine(client, [](core::Engine& e, Instant now, core::Outbox& out) { e.on_deadline(now, out); });
}

void World::happen(Client& client, const ClientEvent& what, std::uint32_t which) {
  if (!client.engine) return;
  switch (what.kind) {
    case ClientEvent::Kind::restart:
      return start(client, client.engine->saved_clock(client.clock.now()), client.clock.correction());
    case ClientEvent::Kind::clock_set:
      client.clock.set_ahead(Duration::from_seconds(what.by));
      client.meter.forget_last();
      if (what.announced) tell(client, core::ClockDisturbed::How::stepped, what.by);
      return;
    case ClientEvent::Kind::pause:
      client.clock.pause(time_, what.by);
      client.meter.forget_last();
      client.paused_until = time_ + what.by;
      return schedule(client.paused_until, Event::Kind::resume, client.index, which);
  }
}

void World::tell(Client& client, core::ClockDisturbed::How how, double by) {
  run_engine(client, [&](core::Engine& e, Instant now, core::Outbox& out) {
    e.on_clock_disturbed({.how = how, .by = Duration::from_seconds(by)}, now, out);
  });
}

void World::sample_all() {
  const auto& leap = scenario_.world.leap;
  const bool blurred = leap && std::abs(static_cast<double>(truth_.epoch) + time_ - leap->at) < kLeapBlur;
  if (!blurred)
    for (auto& client : clients_)
      if (client->engine && time_ > client->paused_until) sample(*client);  // nobody reads a sleeping clock
  schedule(time_ + scenario_.world.sample_interval, Event::Kind::sample, 0);
}

void World::sample(Client& client) {
  client.clock.advance(time_);
  const auto& state = client.engine->state();
  std::optional<double> bound;  // of a local clock nobody knows one
  if (state.is_synchronized() && !state.local_clock_in_use)
    bound = state.root_delay / 2 + state.dispersion_at(client.clock.now().raw);
  const double error = client.clock.error();
  client.meter.add(time_ - client.started, error, bound, state.clock_state);
  if (with_trace_)
    trace_.push_back({.time = time_,
                      .client = client.index,
                      .error = error,
                      .bound = bound,
                      .frequency = state.frequency,
                      .stratum = state.stratum,
                      .state = state.clock_state});
}

// --- engines

template <class Call>
void World::run_engine(Client& client, Call call) {
  call(*client.engine, client.clock.now(), client.out);
  drain(client);
  const auto deadline = client.engine->next_deadline();
  if (deadline == core::kNever) return;
  const double at = time_ + std::max(0.0, client.clock.until(deadline)) + kTimerLateness;
  if (at >= client.wake_at) return;
  client.wake_at = at;
  schedule(at, Event::Kind::wake, client.index);
}

/// Carries out what the engine wants, and what it wants then.
void World::drain(Client& client) {
  auto& out = client.out;
  while (out.clock || !out.transmits.empty()) {
    if (out.clock) {
      const auto command = *std::exchange(out.clock, std::nullopt);
      client.clock.apply(command);
      if (command.step) {
        ++client.meter.steps;
        client.meter.forget_last();
      }
      client.engine->on_clock_applied(command.id, {}, client.clock.now(), out);
      continue;
    }
    const auto transmits = std::exchange(out.transmits, {});
    for (const auto& transmit : transmits) send(client, transmit);
  }
  for (const auto& event : out.events)
    if (const auto* change = std::get_if<core::SynchronizationChanged>(&event))
      client.meter.losses += change->synchronized ? 0 : 1;
  out.clear();
}

void World::send(Client& from, const core::Transmit& transmit) {
  switch (transmit.purpose) {
    case core::Transmit::Purpose::request: return send_request(from, transmit);
    case core::Transmit::Purpose::reply: return send_reply(from, transmit);
    case core::Transmit::Purpose::group: return;  // nobody hears groups here
  }
}

void World::send_request(Client& from, const core::Transmit& transmit) {
  ++from.meter.sent;
  Packet packet{.transmit = transmit, .request = transmit.id, .asker = from.index, .link = nullptr};
  packet.transmit.local.address = from.address;
  if (packet.transmit.local.port == 0)
    packet.transmit.local.port =
        static_cast<std::uint16_t>(kFirstPort + from.draws.next() % (UINT16_MAX - kFirstPort));
  const auto machine = machines_.find(transmit.remote.address);
  if (machine != machines_.end()) {
    packet.link = &link(from, transmit.remote.address, machine->second);
    launch(std::move(packet), false, time_);
  }
  if (!from.config->kernel_stamps) return;
  const auto now = from.clock.now();
  from.engine->on_transmitted(transmit.id, {now, core::StampSource::kernel},
                              {.address = from.address, .interface_index = kInterface}, now, from.out);
}

void World::send_reply(Client& from, const core::Transmit& transmit) {
  ++from.meter.received;
  CHECK(answering_ != nullptr);
  Packet packet{.transmit = transmit,
                .request = answering_->request,
                .asker = answering_->asker,
                .link = answering_->link};
  packet.transmit.local.address = from.address;
  launch(std::move(packet), true, time_);
}

void World::launch(Packet packet, bool backward, double at) {
  const auto asker_port = backward ? packet.transmit.remote.port : packet.transmit.local.port;
  const auto delay = packet.link->carry(backward, at, asker_port);
  if (!delay) return;
  const auto machine = machines_.find(packet.transmit.remote.address);
  if (machine == machines_.end()) return;
  std::uint32_t slot = 0;
  if (free_packets_.empty()) {
    slot = static_cast<std::uint32_t>(packets_.size());
    packets_.push_back(std::move(packet));
  } else {
    slot = free_packets_.back();
    free_packets_.pop_back();
    packets_[slot] = std::move(packet);
  }
  schedule(at + *delay, machine->second.is_server ? Event::Kind::to_server : Event::Kind::to_client,
           machine->second.index, slot);
}

World::Packet World::take(std::uint32_t slot) {
  free_packets_.push_back(slot);
  return packets_[slot];
}

void World::to_server(std::uint32_t server, Packet packet) {
  ++server_requests_[server];
  auto reply = servers_[server].answer(packet.transmit, time_);
  if (!reply) return;
  packet.transmit = *reply;
  launch(std::move(packet), true, time_ + servers_[server].turnaround());
}

void World::to_client(Client& client, const Packet& packet) {
  if (!client.engine) return;
  const bool is_reply = packet.transmit.purpose == core::Transmit::Purpose::reply;
  const core::Path path{.local = packet.transmit.remote,
                        .remote = packet.transmit.local,
                        .vpn = core::VpnId::public_instance,
                        .interface_index = kInterface};
  const double noise = client.config->stamp_noise;
  const Instant stamped =
      noise > 0 ? client.clock.later(noise * client.draws.exponential()) : client.clock.now();
  answering_ = is_reply ? nullptr : &packet;
  run_engine(client, [&](core::Engine& e, Instant now, core::Outbox& out) {
    e.on_datagram({.data = packet.transmit.bytes(),
                   .path = path,
                   .when = {stamped, core::StampSource::kernel},
                   .service = !is_reply,
                   .request = is_reply ? packet.request : std::nullopt},
                  std::max(now.raw, stamped.raw) == now.raw ? now : stamped, out);
  });
  answering_ = nullptr;
}

// --- the end

std::string World::why_unsynchronized(const Client& client) const {
  if (!client.engine) return "its daemon did not start";
  if (client.ntp.servers.empty()) return "it has no server";
  std::vector<std::string> reasons;
  for (const auto& session : client.engine->associations(client.clock.now())) {
    if (reasons.size() == kShownServers) return fmt::format("{}, ...", fmt::join(reasons, ", "));
    reasons.push_back(
        fmt::format("{} {}", session.config.key.address.to_string(), core::code(session.reason)));
  }
  return fmt::format("{}", fmt::join(reasons, ", "));
}

RunResult World::result() {
  RunResult r{.seed = seed_,
              .complete = true,
              .groups = {},
              .strata = {},
              .unsynchronized = {},
              .trace = std::move(trace_)};
  const auto servers = static_cast<std::uint32_t>(scenario_.servers.size());
  std::vector<std::vector<const Meter*>> groups(scenario_.clients.size());
  std::map<unsigned, std::vector<const Meter*>> strata;
  for (const auto& client : clients_) {
    groups[client->group - servers].push_back(&client->meter);
    if (client->engine) strata[client->engine->state().stratum].push_back(&client->meter);
    if (!client->meter.was_synchronized())
      r.unsynchronized.push_back({.group = client->group - servers, .why = why_unsynchronized(*client)});
  }
  for (const auto& group : groups) r.groups.push_back(pooled(group));
  std::map<unsigned, RunResult::Stratum> by_stratum;
  for (const auto& [stratum, meters] : strata) by_stratum[stratum].figures = pooled(meters);
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    auto& stratum = by_stratum[scenario_.servers[server_groups_[i]].stratum];
    ++stratum.servers;
    stratum.figures.received += server_requests_[i];
  }
  for (auto& [number, stratum] : by_stratum) {
    stratum.stratum = number;
    r.strata.push_back(std::move(stratum));
  }
  return r;
}

}  // namespace noonmark::sim
