#include "cli/display_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

using ::testing::HasSubstr;

core::PacketStatistics some_statistics() {
  core::PacketStatistics s;
  s.sent = 120;
  s.received = 118;
  s.processed = 115;
  const auto drop = [&s](core::DropReason reason, std::string_view from, core::VpnId vpn) {
    ++s.drops[static_cast<std::size_t>(reason)];
    s.last_drops.push_back({DisplayFixture::at(0xEEADCBE8, s.last_drops.size() << 30),
                            reason,
                            {*core::IpAddress::parse(from), 123},
                            vpn});
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
            "  [2026-11-22 20:15:36] authentication from 192.0.2.1:123\n");
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

}  // namespace
}  // namespace noonmark::cli
