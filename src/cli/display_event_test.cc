#include "cli/display_event.h"

#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

TEST(DisplayEvent, LossesOfSynchronizationAreShownNewestFirst) {
  const std::deque<core::UnsyncEvent> events{
      {"LOCAL(0)", "", std::nullopt, "", core::UnsyncReason::reference_clock_configuration_removed,
       DisplayFixture::at(0xEEADCBE8)},
      {"192.0.2.10", "MGMT", core::AssociationMode::client, "", core::UnsyncReason::peer_reachability_lost,
       DisplayFixture::at(0xEEADCBFD)},
      {"192.0.2.11", "", core::AssociationMode::broadcast_client, "eth0",
       core::UnsyncReason::interface_configuration_changed, DisplayFixture::at(0xEEADCBFE)}};
  const auto output = render_unsync_events(events, DisplayFixture::kBuildDate);
  EXPECT_EQ(output.text,
            " 1. Clock source   :  192.0.2.11\n"
            "    Session type   :  bdcast client (Interface: eth0), dynamic\n"
            "    Unsync reason  :  Interface configuration changed\n"
            "    Unsync time    :  2026-11-22 20:15:58+00:00\n"
            " 2. Clock source   :  192.0.2.10(MGMT)\n"
            "    Session type   :  client, configured\n"
            "    Unsync reason  :  Peer reachability lost\n"
            "    Unsync time    :  2026-11-22 20:15:57+00:00\n"
            " 3. Clock source   :  LOCAL(0)\n"
            "    Session type   :  local clock, configured\n"
            "    Unsync reason  :  Reference clock configuration removed\n"
            "    Unsync time    :  2026-11-22 20:15:36+00:00\n");
  EXPECT_EQ(output.json.at("events").at(1).at("vpn_instance"), "MGMT");
  EXPECT_EQ(output.json.at("events").at(1).at("time"), "2026-11-22T20:15:57.000Z");
}

TEST(DisplayEvent, WithoutALossItSaysSo) {
  EXPECT_EQ(render_unsync_events({}, DisplayFixture::kBuildDate).text,
            "Info: The clock has not lost its synchronization since the start.\n");
}

}  // namespace
}  // namespace noonmark::cli
