#include "cli/display_machine.h"

#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

TEST(DisplayMachine, InterfacesAreColumns) {
  DisplayFixture f;
  f.network.interfaces[0].addresses = {{*core::IpAddress::parse("192.0.2.7"), 24},
                                       {*core::IpAddress::parse("2001:db8::7"), 64}};
  f.network.interfaces[1].up = false;
  EXPECT_EQ(render_interfaces(f.network).text,
            "Interface  Alias                 State  VPN instance  IP address\n"
            "eth1       GigabitEthernet0/1/0  up     MGMT          192.0.2.7/24, 2001:db8::7/64\n"
            "eth2       -                     down   -             -\n");
  EXPECT_EQ(render_interfaces(f.network).json.at("interfaces").at(0).at("addresses").at(1), "2001:db8::7/64");
}

TEST(DisplayMachine, VpnInstancesThatAreMissingAreListedToo) {
  DisplayFixture f;
  f.network.vpns.push_back({core::VpnId{2}, "blue", core::Vpn::Kind::network_namespace});
  for (const char* vpn : {"MGMT", "gone", ""}) {
    core::ServerConfig server;
    server.key.vpn = vpn;
    f.config.servers.push_back(server);
  }
  EXPECT_EQ(render_vpn_instances(f.network, f.config).text,
            " Total VPN-Instances configured : 3\n"
            "\n"
            "VPN-Instance Name  Kind       Used by NTP\n"
            "MGMT               VRF        yes\n"
            "blue               namespace  no\n"
            "gone               missing    yes\n");
  EXPECT_EQ(render_vpn_instances(f.network, f.config).json.at("vpn_instances").at(2).at("exists"), false);
}

TEST(DisplayMachine, TheClockIsShownInVrpsThreeLines) {
  EXPECT_EQ(render_clock(DisplayFixture::at(0xEEADCBE8), DisplayFixture::kBuildDate).text,
            "2026-11-22 20:15:36+00:00\nSunday\nTime Zone(UTC) : UTC+00:00\n");
}

TEST(DisplayMachine, TheVersionIsNamed) {
  EXPECT_EQ(render_version("0.1.0").text,
            "Noonmark Version 0.1.0\nNTP daemon for Linux with a VRP command line\n");
  EXPECT_EQ(render_version("0.1.0").json.at("version"), "0.1.0");
}

}  // namespace
}  // namespace noonmark::cli
