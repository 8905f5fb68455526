#include "cli/display_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(DisplayStatus, ASynchronizedClientShowsVrpsTwelveLines) {
  EXPECT_EQ(render_status(DisplayFixture{}.snapshot()).text,
            " clock status: synchronized\n"
            " clock stratum: 3\n"
            " reference clock ID: 192.0.2.10(MGMT)\n"
            " nominal frequency: 100.0000 Hz\n"
            " actual frequency: 100.0012 Hz\n"
            " clock precision: 2^18\n"
            " clock offset: 0.4127 ms\n"
            " root delay: 3.86 ms\n"
            " root dispersion: 12.40 ms\n"
            " peer dispersion: 2.95 ms\n"
            " reference time: 20:15:36.250 UTC Nov 22 2026(EEADCBE8.40000000)\n"
            " synchronization state: clock synchronized\n");
}

TEST(DisplayStatus, AnUnsynchronizedClockHasStratum16AndNoReference) {
  DisplayFixture f;
  f.system = {};
  EXPECT_EQ(render_status(f.snapshot()).text,
            " clock status: unsynchronized\n"
            " clock stratum: 16\n"
            " reference clock ID: none\n"
            " nominal frequency: 100.0000 Hz\n"
            " actual frequency: 100.0000 Hz\n"
            " clock precision: 2^20\n"
            " clock offset: 0.0000 ms\n"
            " root delay: 0.00 ms\n"
            " root dispersion: 0.00 ms\n"
            " peer dispersion: 0.00 ms\n"
            " reference time: 00:00:00.000 UTC Jan 1 1900(00000000.00000000)\n"
            " synchronization state: clock not set\n");
}

TEST(DisplayStatus, TheLocalClockIsNamedByItsUnitAndRenewsItsReferenceTime) {
  DisplayFixture f;
  f.config.local_clock = core::LocalClockConfig{.unit = 2, .stratum = 5};
  f.system.local_clock_in_use = true;
  f.system.system_peer.reset();
  f.system.root_dispersion = 0.01;
  const auto text = render_status(f.snapshot()).text;
  EXPECT_THAT(text, HasSubstr(" reference clock ID: LOCAL(2)\n"));
  EXPECT_THAT(text, HasSubstr(" root dispersion: 10.00 ms\n"));
  EXPECT_THAT(text, HasSubstr(" reference time: 20:15:57.250 UTC Nov 22 2026(EEADCBFD.40000000)\n"));
}

TEST(DisplayStatus, RootDispersionGrowsBy15MicrosecondsASecond) {
  DisplayFixture f;
  f.now.raw = f.system.updated + core::Duration::from_seconds(1000);
  EXPECT_THAT(render_status(f.snapshot()).text, HasSubstr(" root dispersion: 27.09 ms\n"));
}

TEST(DisplayStatus, EverySynchronizationStateHasVrpsWords) {
  const std::pair<core::SyncState, std::string_view> kCases[]{
      {core::SyncState::not_set, "clock not set"},
      {core::SyncState::frequency_from_configuration, "frequency set by configuration"},
      {core::SyncState::set, "clock set"},
      {core::SyncState::set_frequency_unknown, "clock set but frequency not determined"},
      {core::SyncState::synchronized, "clock synchronized"},
      {core::SyncState::spike, "spike (clock will be set in 12 secs)"}};
  DisplayFixture f;
  f.system.spike_remaining = 11.4;
  for (const auto& [state, words] : kCases) {
    f.system.sync = state;
    EXPECT_EQ(sync_state_text(f.system), words);
  }
}

TEST(DisplayStatus, OnlyTheVirtualClockShowsItsTrueOffset) {
  DisplayFixture f;
  f.true_offset = core::Duration::from_seconds(-1.5);
  EXPECT_THAT(render_status(f.snapshot()).text,
              EndsWith(" synchronization state: clock synchronized\n true offset: -1500.0000 ms\n"));
  EXPECT_EQ(render_status(f.snapshot()).json.at("true_offset_ms"), -1500.0);
  EXPECT_FALSE(render_status(DisplayFixture{}.snapshot()).json.contains("true_offset_ms"));
}

TEST(DisplayStatus, HoldoverAndALeapSecondAndAHoldAreSaid) {
  DisplayFixture f;
  f.enter_holdover();
  f.system.leap = f.quality.leap = wire::Leap::insert;
  f.quality.leap_at = 1'798'761'600;
  f.system.hold = core::Hold{core::Reason::step_refused, -7.5};
  const auto output = render_status(f.snapshot());
  EXPECT_THAT(output.text, ::testing::StartsWith(" clock status: holdover\n clock stratum: 3\n"));
  EXPECT_THAT(output.text,
              EndsWith(" leap second: insert, at 2026-12-31 23:59:60 UTC\n"
                       " held back: the servers' offset of -7.500 s needs a step that step-policy "
                       "forbids; see display ntp-service quality\n"));
  EXPECT_EQ(output.json.at("state"), "holdover");
  EXPECT_EQ(output.json.at("leap"), "insert");
}

TEST(DisplayStatus, JsonHasTheSameValuesWithUnitsInTheNames) {
  const auto json = render_status(DisplayFixture{}.snapshot()).json;
  EXPECT_EQ(json.at("schema"), 1);
  EXPECT_EQ(json.at("synchronized"), true);
  EXPECT_EQ(json.at("stratum"), 3);
  EXPECT_EQ(json.at("reference_id"), "192.0.2.10");
  EXPECT_EQ(json.at("vpn_instance"), "MGMT");
  EXPECT_EQ(json.at("offset_ms"), 0.4127);
  EXPECT_EQ(json.at("root_dispersion_ms"), 12.4);
  EXPECT_EQ(json.at("reference_time"), "2026-11-22T20:15:36.250Z");
  EXPECT_EQ(json.at("synchronization_state"), "clock synchronized");
}

}  // namespace
}  // namespace noonmark::cli
