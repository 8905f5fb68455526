#include "core/source_address.h"

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
constexpr auto kRed = static_cast<VpnId>(1);

NetworkView machine() {
  NetworkView view;
  view.vpns = {{}, {.id = kRed, .name = "red", .kind = Vpn::Kind::vrf}};
  view.interfaces = {
      {.index = 1,
       .name = "lo",
       .alternative_names = {},
       .alias = "",
       .up = true,
       .loopback = true,
       .broadcast = false,
       .vpn = {},
       .addresses = {{.address = ip("127.0.0.1"), .prefix_length = 8},
                     {.address = ip("::1"), .prefix_length = 128}}},
      {.index = 2,
       .name = "eth0",
       .alternative_names = {"wan"},
       .alias = "GigabitEthernet0/0/1",
       .up = true,
       .loopback = false,
       .broadcast = true,
       .vpn = {},
       .addresses = {{.address = ip("192.0.2.7"), .prefix_length = 24},
                     {.address = ip("192.0.2.8"), .prefix_length = 24, .secondary = true},
                     {.address = ip("fe80::2"), .prefix_length = 64},
                     {.address = ip("2001:db8::aa"), .prefix_length = 64, .secondary = true},
                     {.address = ip("2001:db8::bb"), .prefix_length = 64, .deprecated = true},
                     {.address = ip("2001:db8::cc"), .prefix_length = 64, .tentative = true},
                     {.address = ip("2001:db8::7"), .prefix_length = 64}}},
      {.index = 3,
       .name = "eth1",
       .alternative_names = {},
       .alias = "",
       .up = true,
       .loopback = false,
       .broadcast = true,
       .vpn = kRed,
       .addresses = {{.address = ip("10.0.0.1"), .prefix_length = 30}}},
  };
  return view;
}

ServerConfig server(const char* address, const char* vpn = "") {
  ServerConfig s;
  s.key = {ip(address), vpn};
  return s;
}

Reason reason(const std::variant<SourceChoice, Reason>& r) { return std::get<Reason>(r); }

TEST(SourceAddress, IsTheFirstPrimaryIpv4AndAStableGlobalIpv6) {
  const auto view = machine();
  EXPECT_EQ(source_address_of(view.interfaces[1], Family::ipv4, false), ip("192.0.2.7"));
  EXPECT_EQ(source_address_of(view.interfaces[1], Family::ipv6, false), ip("2001:db8::7"));
  EXPECT_EQ(source_address_of(view.interfaces[1], Family::ipv6, true), ip("fe80::2"));
  EXPECT_EQ(source_address_of(view.interfaces[0], Family::ipv4, false), ip("127.0.0.1"));
  EXPECT_EQ(source_address_of(view.interfaces[2], Family::ipv6, false), std::nullopt);
}

TEST(SourceAddress, ALoopbackInterfacePrefersTheAddressBeside127) {
  auto view = machine();
  view.interfaces[0].addresses.push_back({.address = ip("198.51.100.1")});
  EXPECT_EQ(source_address_of(view.interfaces[0], Family::ipv4, false), ip("198.51.100.1"));
}

TEST(SourceChoice, TheLinesInterfaceComesBeforeTheGlobalOneAndThatBeforeTheKernel) {
  const auto view = machine();
  NtpConfig config;
  auto line = server("192.0.2.99");
  EXPECT_EQ(std::get<SourceChoice>(choose_source(config, line, view)).address, std::nullopt);
  config.source_interfaces = {{Family::ipv4, "", "wan"}, {Family::ipv4, "red", "eth1"}};
  EXPECT_EQ(std::get<SourceChoice>(choose_source(config, line, view)).address, ip("192.0.2.7"));
  line.source_interface = "lo";
  EXPECT_EQ(std::get<SourceChoice>(choose_source(config, line, view)).address, ip("127.0.0.1"));
  EXPECT_EQ(std::get<SourceChoice>(choose_source(config, server("10.0.0.9", "red"), view)).address,
            ip("10.0.0.1"));
  EXPECT_EQ(std::get<SourceChoice>(choose_source(config, server("2001:db8::99"), view)).address,
            std::nullopt);
}

TEST(SourceChoice, AnUnusableInterfaceGivesItsReasonAndNeverFallsThrough) {
  auto view = machine();
  NtpConfig config;
  config.source_interfaces = {{Family::ipv4, "", "lo"}};
  auto line = server("192.0.2.99");
  const auto with = [&](const char* name) {
    line.source_interface = name;
    return reason(choose_source(config, line, view));
  };
  EXPECT_EQ(with("nowhere"), Reason::interface_unknown);
  EXPECT_EQ(with("eth1"), Reason::interface_in_other_vpn);
  view.interfaces[1].up = false;
  EXPECT_EQ(with("GigabitEthernet0/0/1"), Reason::interface_down);
  view.interfaces[1].up = true;
  view.interfaces[1].addresses.clear();
  EXPECT_EQ(with("eth0"), Reason::interface_without_address);
  view.interfaces.push_back(view.interfaces[1]);
  view.interfaces.back().index = 9;
  view.interfaces.back().name = "eth9";
  EXPECT_EQ(with("GigabitEthernet0/0/1"), Reason::interface_ambiguous);
}

TEST(SourceChoice, WaitsForAnUnknownVpnAndForAFamilyThatIsDisabled) {
  NtpConfig config;
  EXPECT_EQ(reason(choose_source(config, server("192.0.2.99", "blue"), machine())), Reason::vpn_unknown);
  config.family(Family::ipv4).disabled = true;
  EXPECT_EQ(reason(choose_source(config, server("192.0.2.99"), machine())), Reason::family_disabled);
}

TEST(SourceChoice, ALinkLocalServerTakesItsScopeFromTheSourceInterface) {
  NtpConfig config;
  auto line = server("fe80::1");
  EXPECT_EQ(reason(choose_source(config, line, machine())), Reason::scope_unknown);
  line.source_interface = "eth0";
  const auto choice = std::get<SourceChoice>(choose_source(config, line, machine()));
  EXPECT_EQ(choice.scope, 2u);
  EXPECT_EQ(choice.address, ip("fe80::2"));
}

TEST(SourceChoice, TheDirectedBroadcastOfAnInterfaceInThatVpnIsNoServer) {
  NtpConfig config;
  EXPECT_EQ(reason(choose_source(config, server("192.0.2.255"), machine())), Reason::address_refused);
  EXPECT_TRUE(
      std::holds_alternative<SourceChoice>(choose_source(config, server("192.0.2.255", "red"), machine())));
  EXPECT_EQ(reason(choose_source(config, server("10.0.0.3", "red"), machine())), Reason::address_refused);
  auto view = machine();
  view.interfaces[2].addresses[0].prefix_length = 31;
  EXPECT_TRUE(std::holds_alternative<SourceChoice>(choose_source(config, server("10.0.0.1", "red"), view)));
}

}  // namespace
}  // namespace noonmark::core
