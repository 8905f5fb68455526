#include "cli/display_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/display_fixture.h"
#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

using ::testing::HasSubstr;

core::PacketStatistics some_statistics() {
  core::PacketStatistics s;
  s.sent = 120;
  s.received = 118;
  s.processed = 115;
  const auto drop = [&s](core::DropReason reason, std::string_view from, core::VpnId vpn) {
    s.add_drop({.when = DisplayFixture::at(0xEEADCBE8, s.last_drops.size() << 30),
                .reason = reason,
                .from = {*core::IpAddress::parse(from), 123},
                .vpn = vpn});
  };
  drop(core::DropReason::authentication, "192.0.2.1", {});
  drop(core::DropReason::bogus, "192.0.2.2", DisplayFixture::kMgmt);
  drop(core::DropReason::server_disabled, "2001:db8::1", {});
  return s;
}

TEST(DisplayStatistics, HasVrpsTableAndTheLastDropsNewestFirst) {
  EXPECT_EQ(render_statistics(some_statistics(), core::Family::ipv4, DisplayFixture{}.network,
                              DisplayFixture::kBuildDate)
                .text,
            " NTP IPv4 Packet Statistical Information\n"
            " --------------------------------------------------\n"
            " Sent                                  :          120\n"
            "    Send failures                      :          0\n"
            " Received                              :          118\n"
            "    Processed                          :          115\n"
            "    Dropped                            :          3\n"
            "       Validity test failures          :          2\n"
            "          Authentication failures      :          1\n"
            "       Invalid packets                 :          0\n"
            "       Access denied                   :          0\n"
            "       Rate-limited                    :          0\n"
            "       Processing delay                :          0\n"
            "       Interface disabled              :          0\n"
            "       Max dynamic association reached :          0\n"
            "       Server disabled                 :          1\n"
            "       Offset limit                    :          0\n"
            "       Others                          :          0\n"
            "Last 3 packets drop reasons:\n"
            "  [2026-11-22 20:15:36] server-disabled from [2001:db8::1]:123\n"
            "  [2026-11-22 20:15:36] bogus from 192.0.2.2:123 (VPN MGMT)\n"
            "  [2026-11-22 20:15:36] authentication from 192.0.2.1:123, without MAC\n");
}

TEST(DisplayStatistics, WithoutDropsTheTableEndsWithOthers) {
  const auto text = render_statistics({}, core::Family::ipv6, {}, DisplayFixture::kBuildDate).text;
  EXPECT_THAT(text, ::testing::StartsWith(" NTP IPv6 Packet Statistical Information\n"));
  EXPECT_THAT(text, ::testing::EndsWith("       Others                          :          0\n"));
}

TEST(DisplayStatistics, JsonCountsEachReason) {
  const auto json = render_statistics(some_statistics(), core::Family::ipv4, DisplayFixture{}.network,
                                      DisplayFixture::kBuildDate)
                        .json;
  EXPECT_EQ(json.at("dropped"), 3);
  EXPECT_EQ(json.at("drops").at("validity_test_failures"), 2);
  EXPECT_EQ(json.at("drop_reasons").at("bogus"), 1);
  EXPECT_EQ(json.at("last_drops").at(1).at("vpn_instance"), "MGMT");
}

TEST(DisplayStatistics, OneDropIsToldInTheSingularAndNamesItsKey) {
  core::PacketStatistics s;
  s.add_drop({.when = DisplayFixture::at(0xEEADCBE8),
              .reason = core::DropReason::unknown_key,
              .from = {*core::IpAddress::parse("192.0.2.1"), 50123},
              .key_id = 42});
  const auto output = render_statistics(s, core::Family::ipv4, {}, DisplayFixture::kBuildDate);
  EXPECT_THAT(output.text,
              ::testing::EndsWith("Last 1 packet drop reason:\n"
                                  "  [2026-11-22 20:15:36] unknown-key from 192.0.2.1:50123, key 42\n"));
  EXPECT_EQ(output.json.at("last_drops").at(0).at("key_id"), 42);
}

TEST(DisplayStatistics, EachPeerHasABlock) {
  const core::PacketStatistics busy = some_statistics(), idle;
  const std::vector<NamedStatistics> named{{"192.0.2.1", "MGMT", busy}, {"192.0.2.2", "", idle}};
  const auto output = render_statistics(named, StatisticsOf::peers, core::Family::ipv4,
                                        DisplayFixture{}.network, DisplayFixture::kBuildDate);
  EXPECT_THAT(output.text, ::testing::StartsWith(" NTP IPv4 Packet Statistical Information\n"
                                                 " Peer: 192.0.2.1(MGMT)\n"
                                                 " --------------------------------------------------\n"
                                                 " Sent                                  :          120\n"));
  EXPECT_THAT(output.text, HasSubstr("\n\n NTP IPv4 Packet Statistical Information\n Peer: 192.0.2.2\n"));
  EXPECT_EQ(output.json.at("peers").at(0).at("dropped"), 3);
  EXPECT_EQ(output.json.at("peers").at(0).at("vpn_instance"), "MGMT");
}

struct DisplayStatisticsOf : ::testing::Test, SessionFixture {
  DisplayStatisticsOf() {
    core::NtpConfig config;
    for (const auto* address : {"192.0.2.7", "192.0.2.8", "2001:db8::1"}) {
      core::ServerConfig server;
      server.key.address = *core::IpAddress::parse(address);
      config.servers.push_back(server);
    }
    config.servers[1].key.vpn = "red";
    core::Outbox out;
    engine.on_network_change(network, clock.now(), out);
    engine.apply(config, clock.now(), out);
    services.reset_statistics = [this](const core::StatisticsScope& scope) { scopes.push_back(scope); };
  }
  base::Result<DisplayOutput> shown(std::initializer_list<std::pair<const char*, const char*>> words) {
    return display_statistics(services, arguments(words));
  }
  static Arguments arguments(std::initializer_list<std::pair<const char*, const char*>> words) {
    Arguments made;
    for (const auto& [name, value] : words) made.add_value(name, value);
    return made;
  }
  std::vector<core::StatisticsScope> scopes;
};

TEST_F(DisplayStatisticsOf, PeersAreThoseOfTheFamilyTheAddressAndTheVpn) {
  EXPECT_EQ(shown({{"peer", ""}})->json.at("peers").size(), 2u);
  EXPECT_EQ(shown({{"peer", ""}, {"ipv6", ""}})->json.at("peers").at(0).at("source"), "2001:db8::1");
  EXPECT_EQ(shown({{"peer", ""}, {"<ipv4-address>", "192.0.2.8"}})->json.at("peers").at(0).at("vpn_instance"),
            "red");
  EXPECT_EQ(shown({{"peer", ""}, {"<ipv4-address>", "192.0.2.7"}, {"<vpn-name>", "red"}})->text,
            "Info: There is no such NTP session.\n");
}

TEST_F(DisplayStatisticsOf, AnInterfaceThatWasAskedForIsShownEvenWithoutPackets) {
  EXPECT_EQ(shown({{"interface", ""}, {"all", ""}})->text, "Info: No NTP packet was seen on an interface.\n");
  EXPECT_THAT(shown({{"interface", ""}, {"<interface-name>", "eth1"}})->text,
              HasSubstr(" Interface: eth1(red)\n"));
  EXPECT_EQ(shown({{"interface", ""}, {"<interface-name>", "eth9"}}).error().message,
            "Interface eth9 does not exist; see display interface brief.");
}

TEST_F(DisplayStatisticsOf, AResetIsOfWhatTheDisplayShows) {
  EXPECT_TRUE(reset_statistics(services, arguments({{"peer", ""}})));
  ASSERT_EQ(scopes.size(), 2u);
  EXPECT_EQ(scopes[1].peer->vpn, "red");
  EXPECT_TRUE(reset_statistics(services, arguments({{"interface", ""}, {"<interface-name>", "eth1"}})));
  EXPECT_EQ(scopes[2].interface->name, "eth1");
  EXPECT_TRUE(reset_statistics(services, arguments({{"ipv6", ""}})));
  EXPECT_EQ(scopes[3].family, core::Family::ipv6);
  EXPECT_EQ(
      reset_statistics(services, arguments({{"peer", ""}, {"<ipv4-address>", "192.0.2.9"}})).error().message,
      "There is no such NTP session.");
}

}  // namespace
}  // namespace noonmark::cli
