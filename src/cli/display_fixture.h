#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cli/display_format.h"

namespace noonmark::cli {

/// For the tests of displays: a client in the middle of its life. Public instance and VRF MGMT, interfaces
/// eth1 and eth2, one server 192.0.2.10 in MGMT that the clock follows. It is 2026-11-22 20:15:57.250 UTC.
struct DisplayFixture {
  static constexpr std::int64_t kBuildDate = 1'790'000'000;
  static constexpr core::VpnId kMgmt{1};

  core::SystemState system;
  core::NtpConfig config;
  core::NetworkView network;
  std::vector<core::AssociationState> associations;
  core::Instant now{core::RawTime(core::Duration::from_seconds(1000)), at(0xEEADCBFD, 0x40000000)};
  std::optional<core::Duration> true_offset;
  core::ClockKind clock = core::ClockKind::system;
  std::vector<const core::PacketStatistics*> statistics;  // of the sessions
  core::Quality quality;

  static core::Timestamp at(std::uint64_t seconds, std::uint64_t fraction = 0) {
    return core::Timestamp::from_raw(seconds << 32 | fraction);
  }

  DisplayFixture() {
    network.vpns = {{core::VpnId::public_instance, "", core::Vpn::Kind::public_instance},
                    {kMgmt, "MGMT", core::Vpn::Kind::vrf}};
    network.interfaces = {interface(2, "eth1", "GigabitEthernet0/1/0", kMgmt), interface(3, "eth2", "", {})};
    associations.push_back(followed_server());
    system.leap = wire::Leap::none;
    system.stratum = 3;
    system.precision = -18;
    system.system_peer = server().id;
    system.reference = at(0xEEADCBE8, 0x40000000);
    system.updated = core::RawTime(core::Duration::from_seconds(979));
    system.offset = 0.0004127;
    system.root_delay = 0.00386;
    system.root_dispersion = 0.012085;
    system.dispersion_rate = 15e-6;
    system.peer_dispersion = 0.00295;
    system.frequency = -12e-6;
    system.sync = core::SyncState::synchronized;
    system.clock_state = core::ClockState::synchronized;
    quality = {.state = core::ClockState::synchronized,
               .error_bound = 0.012085,
               .error_growth = 0.15e-6,
               .estimated_error = 0.0000421,
               .frequency = -12e-6,
               .frequency_error = 0.0113e-6,
               .source = "192.0.2.10",
               .vpn = "MGMT",
               .stratum = 3,
               .leap = wire::Leap::none,
               .leap_at = {},
               .tai_offset = 37,
               .leap_table_expires = kBuildDate + 18'000'000,
               .hold = {},
               .slew = {},
               .last_update = system.reference};
  }

  /// The server is lost, and the clock runs on.
  void enter_holdover() {
    server().reason = core::Reason::no_reply;
    server().reach = 0;
    server().system_peer = false;
    system.system_peer.reset();
    system.clock_state = quality.state = core::ClockState::holdover;
  }

  core::AssociationState& server() { return associations.front(); }
  Snapshot snapshot() const {
    return {system, config, network, associations, now, kBuildDate, true_offset, clock, statistics, quality};
  }

  static core::Interface interface(std::uint32_t index, std::string name, std::string alias,
                                   core::VpnId vpn) {
    core::Interface made;
    made.index = index;
    made.name = std::move(name);
    made.alias = std::move(alias);
    made.up = true;
    made.vpn = vpn;
    return made;
  }

  static core::AssociationState unanswered_server(std::string_view address) {
    core::AssociationState a;
    a.id = core::AssociationId{7};
    a.config.key.address = *core::IpAddress::parse(address);
    return a;
  }

  static core::AssociationState followed_server() {
    auto a = unanswered_server("192.0.2.10");
    a.config.key.vpn = "MGMT";
    a.reason = core::Reason::system_peer;
    a.vpn = kMgmt;
    a.source_interface = "eth1";
    a.answered = true;
    a.last.mode = wire::Mode::server;
    a.last.leap = wire::Leap::none;
    a.last.stratum = a.stratum = 2;
    a.last.poll = 6;
    a.last.precision = -18;
    a.last.reference_id = 0xC6336407;  // 198.51.100.7
    a.last.reference = at(0xEEADCBC2, 0x1999999A);
    a.last.transmit = at(0xEEADCBE8, 0x3F7CED91);
    a.last.origin = at(0xEEADCBE8, 0x3EF9DB23);
    a.destination = at(0xEEADCBE8, 0x40000000);
    a.last_heard = a.destination;
    a.reach = 255;
    a.offset = 0.0004127;
    a.delay = 0.00386;
    a.dispersion = 0.00295;
    a.root_delay = 0.0012;
    a.root_dispersion = 0.0091;
    a.root_distance = 0.014;
    a.filter = {{{0.00041, 0.00386, 0},
                 {0.00043, 0.0039, 0.00097},
                 {0.00038, 0.00402, 0.00194},
                 {0.0004, 0.00388, 0.00291},
                 {0.00044, 0.00395, 0.00388},
                 {0.00039, 0.0041, 0.00485},
                 {0.00042, 0.00399, 0.00582},
                 {-0.00041, 0.00391, 0.00679}}};
    a.sane = a.selectable = a.selected = a.candidate = a.system_peer = true;
    return a;
  }
};

}  // namespace noonmark::cli
