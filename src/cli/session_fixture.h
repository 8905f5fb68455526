#pragma once

#include <string>

#include "cli/configuration_text.h"
#include "cli/session.h"
#include "config/fake_surroundings_for_test.h"
#include "config/scratch_directory_for_test.h"
#include "crypto/aead.h"

namespace noonmark::cli {

struct StandingClock final : core::ClockDriver {
  core::Instant now() override { return {core::RawTime(core::Duration::from_seconds(1000)), {}}; }
  core::Instant at_kernel_time(std::int64_t) override { return now(); }
  base::Result<void> apply(const core::ClockCommand&) override { return {}; }
  double max_frequency() const override { return 500e-6; }
  std::int8_t precision() const override { return -20; }
};

/// For tests of what works on Services: a machine HUAWEI with lo, eth0 and, in VPN instance red, eth1.
struct SessionFixture {
  base::SeededRandom random{1};
  config::KeyRing keyring{crypto::Secret(std::string_view("0123456789abcdef0123456789abcdef")), random};
  config::ScratchDirectory scratch;
  config::MemoryFiles files;
  config::Store store{files};
  config::Copies copies{files};
  config::FakeSurroundings surroundings;
  config::Datastore datastore{kTextCodec, keyring, store, copies, surroundings};
  StandingClock clock;
  core::Engine engine{core::Environment{}, random, clock.now()};
  core::NetworkView network = machine();
  int resets = 0;
  Services services{
      .datastore = datastore,
      .engine = engine,
      .clock = clock,
      .network = network,
      .host_name = "HUAWEI",
      .version = "0.1.0",
      .reset_sessions = [this] { ++resets; },
      .release_hold = [] {},
      .statistics = [this](core::Family family) { return engine.statistics(family); },
      .interface_statistics = [this](const core::Interface& interface,
                                     core::Family family) { return engine.statistics(interface, family); },
      .reset_statistics = [this](const core::StatisticsScope& scope) { engine.reset_statistics(scope); },
      .clients = {.list =
                      [this](const core::ClientQuery& query) { return engine.responder().clients(query); },
                  .find = [](const core::IpAddress&) { return std::vector<core::ClientSummary>(); },
                  .totals = [this] { return engine.responder().client_totals(); },
                  .forget = [this] { engine.responder().forget_clients(); }},
      .probes = {.start = [](const core::ProbeRequest&, std::function<void()>)
                     -> base::Result<core::ProbeId> { return base::fail("This machine asks nobody."); },
                 .state = [](core::ProbeId) { return std::nullopt; },
                 .cancel = [](core::ProbeId) {}}};

  static core::Interface interface(std::uint32_t index, std::string name, std::string alias,
                                   const char* address, core::VpnId vpn = core::VpnId::public_instance) {
    core::Interface made;
    made.index = index;
    made.name = std::move(name);
    made.alias = std::move(alias);
    made.up = true;
    made.broadcast = index > 1;
    made.vpn = vpn;
    core::InterfaceAddress own;
    own.address = *base::IpAddress::parse(address);
    own.prefix_length = 24;
    made.addresses.push_back(own);
    return made;
  }

  static core::NetworkView machine() {
    constexpr core::VpnId red{1};
    core::NetworkView view;
    view.vpns = {{core::VpnId::public_instance, "", core::Vpn::Kind::public_instance},
                 {red, "red", core::Vpn::Kind::vrf}};
    view.interfaces = {
        interface(1, "lo", "", "127.0.0.1"), interface(2, "eth0", "GigabitEthernet0/1/0", "192.0.2.1"),
        interface(3, "eth1", "", "198.51.100.1", red), interface(4, "eth2", "uplink", "203.0.113.1"),
        interface(5, "eth3", "uplink", "203.0.113.2")};
    return view;
  }
};

}  // namespace noonmark::cli
