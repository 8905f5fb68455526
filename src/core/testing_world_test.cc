#include "core/testing_world.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace noonmark::core::testing {

Host::Host(World& w, std::string host_name, std::uint64_t seed, double offset, double frequency_error,
           std::int64_t epoch)
    : world(w), name(std::move(host_name)), random(seed), clock(epoch, offset, frequency_error) {
  view.vpns.push_back({});
  view.interfaces.push_back({.index = 2,
                             .name = "eth0",
                             .alternative_names = {},
                             .alias = "",
                             .up = true,
                             .loopback = false,
                             .broadcast = true,
                             .vpn = {},
                             .addresses = {}});
  environment.build_date = 1'790'000'000;
  environment.precision = -24;
  environment.max_frequency = 0.1;
  engine = std::make_unique<Engine>(environment, random, now());
}

Instant Host::now() { return clock.at(world.time()); }
double Host::error() { return clock.error(world.time()); }

void Host::run(const std::function<void(Engine&, Instant, Outbox&)>& call) {
  Outbox out;
  call(*engine, now(), out);
  while (out.clock) {
    const ClockCommand command = *std::exchange(out.clock, std::nullopt);
    base::Result<void> applied;
    if (clock_refuses)
      applied = base::fail("the clock cannot be set");
    else
      clock.apply(command, world.time());
    engine->on_clock_applied(command.id, applied, now(), out);
  }
  events.insert(events.end(), out.events.begin(), out.events.end());
  news.insert(news.end(), out.probes.begin(), out.probes.end());
  for (const auto& t : out.transmits) {
    sent.push_back({t, name});
    world.send(*this, t);
  }
}

void Host::add_address(const char* text, std::uint8_t prefix, const std::string& interface) {
  auto it = std::ranges::find(view.interfaces, interface, &Interface::name);
  CHECK(it != view.interfaces.end());
  it->addresses.push_back({.address = address(text), .prefix_length = prefix});
}

void Host::publish_network() {
  run([&](Engine& e, Instant t, Outbox& out) { e.on_network_change(view, t, out); });
}

void Host::commit() {
  CHECK(engine->prepare(config));
  run([&](Engine& e, Instant t, Outbox& out) { e.apply(config, t, out); });
}

void Host::restart(const std::optional<SavedClock>& saved) {
  environment.saved = saved;
  clock.apply({}, world.time());
  engine = std::make_unique<Engine>(environment, random, now());
  publish_network();
  commit();
}

AssociationState Host::session(std::size_t index) { return engine->associations(now()).at(index); }

Host& World::add_host(const std::string& name, const char* ip, double offset, double frequency_error) {
  auto& host = hosts_[name] =
      std::make_unique<Host>(*this, name, hosts_.size() + 7, offset, frequency_error, epoch_);
  host->add_address(ip, address(ip).is_v4() ? 24 : 64);
  host->publish_network();
  return *host;
}

Host& World::add_server(const std::string& name, const char* ip, std::uint8_t stratum, double offset) {
  Host& host = add_host(name, ip, offset);
  host.config.local_clock = LocalClockConfig{.unit = 0, .stratum = stratum};
  host.commit();
  return host;
}

void World::send(Host& from, const Transmit& t) {
  Packet packet{t, from.name};
  if (packet.transmit.local.address.is_unspecified())
    packet.transmit.local.address = from.view.interfaces.front().addresses.front().address;
  if (t.purpose != Transmit::Purpose::reply) {
    const Stamp kernel{from.now(), StampSource::kernel};
    const Departure departure{packet.transmit.local.address, from.view.interfaces.front().index};
    schedule(time_ + (from.kernel_stamps ? 1e-5 : 1e-3), [&from, id = t.id, kernel, departure] {
      const Stamp stamp = from.kernel_stamps ? kernel : Stamp{from.now(), StampSource::daemon};
      from.run(
          [&](Engine& e, Instant now, Outbox& out) { e.on_transmitted(id, stamp, departure, now, out); });
    });
  }
  if (packet.transmit.local.port == 0)
    packet.transmit.local.port = static_cast<std::uint16_t>(1024 + static_cast<std::uint64_t>(t.id) % 60000);
  const auto delay = link(packet);
  if (!delay) return;
  for (auto& [name, host] : hosts_) {
    if (!is_for(*host, packet)) continue;
    Host& to = *host;
    schedule(time_ + *delay, [this, &to, packet] {
      const Path path{.local = packet.transmit.remote,
                      .remote = packet.transmit.local,
                      .vpn = VpnId::public_instance,
                      .interface_index = 2};
      deliver(to, packet, path, packet.transmit.remote.port == 123, std::nullopt);
    });
    if (t.purpose != Transmit::Purpose::group) return;
  }
}

bool World::is_for(const Host& host, const Packet& packet) {
  const IpAddress& to = packet.transmit.remote.address;
  if (packet.transmit.purpose != Transmit::Purpose::group) return host.view.is_own_address(to);
  return is_broadcast_group(to) ||
         std::ranges::any_of(host.engine->memberships(), [&](const Membership& m) { return m.group == to; });
}

void World::deliver(Host& to, const Packet& packet, const Path& path, bool to_service,
                    std::optional<TransmitId> request) {
  to.run([&](Engine& e, Instant now, Outbox& out) {
    e.on_datagram({.data = packet.transmit.bytes(),
                   .path = path,
                   .when = {now, StampSource::kernel},
                   .service = to_service,
                   .request = request},
                  now, out);
  });
}

double World::next_deadline(Host& host) {
  const RawTime deadline = host.engine->next_deadline();
  if (deadline == kNever) return INFINITY;
  return time_ + std::max(1e-6, (deadline - host.now().raw).seconds() * 1.0001);
}

void World::run_until(double time) {
  (void)run_while_not([] { return false; }, time - time_);
}

bool World::run_while_not(const std::function<bool()>& condition, double seconds) {
  const double end = time_ + seconds;
  while (!condition()) {
    Host* first = nullptr;
    double at = end;
    for (auto& [name, host] : hosts_)
      if (const double d = next_deadline(*host); d < at) {
        at = d;
        first = host.get();
      }
    if (!events_.empty() && events_.top().at <= at) {
      const Event event = events_.top();
      events_.pop();
      time_ = std::max(time_, event.at);
      event.action();
    } else if (first != nullptr) {
      time_ = at;
      first->run([](Engine& e, Instant now, Outbox& out) { e.on_deadline(now, out); });
    } else {
      time_ = end;
      return condition();
    }
  }
  return true;
}

ServerConfig server_line(const char* ip) {
  ServerConfig c;
  c.key.address = address(ip);
  c.version = c.key.address.is_v4() ? 3 : 4;
  c.iburst = true;
  c.minpoll = 3;
  c.maxpoll = 6;
  return c;
}

KeyConfig key(std::uint32_t id, std::string_view secret, crypto::MacAlgorithm algorithm) {
  return {
      .id = id, .algorithm = algorithm, .secret = crypto::Secret(secret), .mac_length = 0, .reliable = true};
}

}  // namespace noonmark::core::testing
