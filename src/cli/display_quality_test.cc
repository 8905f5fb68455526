#include "cli/display_quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

using ::testing::HasSubstr;

TEST(DisplayQuality, ASynchronizedClockHasAllOfIt) {
  DisplayFixture f;
  f.config.error_budget.limit = 0.02;
  EXPECT_EQ(render_quality(f.snapshot()).text,
            " clock state: synchronized\n"
            " source: 192.0.2.10(MGMT)\n"
            " stratum: 3\n"
            " error bound: 12.085 ms\n"
            " growth of the bound: 0.1500 us/s\n"
            " estimated error: 0.042 ms\n"
            " frequency correction: -12.0000 ppm, known to 0.0113 ppm\n"
            " last update: 2026-11-22 20:15:36 UTC, 21 s ago\n"
            " leap second: none\n"
            " leap second table: expires 2027-04-17 22:13:20 UTC\n"
            " TAI minus UTC: 37 s\n"
            " error budget: 20 ms, kept\n"
            " slewing: no\n"
            " held back: no\n");
}

TEST(DisplayQuality, ASlewSaysWhatIsLeftAndHowLongItTakes) {
  DisplayFixture f;
  f.quality.slew = core::Slew{.left = -12.5, .time = 150.2};
  const auto output = render_quality(f.snapshot());
  EXPECT_THAT(output.text, HasSubstr(" slewing: -12.500 s left, about 151 s\n"));
  EXPECT_EQ(output.json.at("slew").at("left_s"), -12.5);
}

TEST(DisplayQuality, WhatIsNotKnownIsSaidToBe) {
  DisplayFixture f;
  f.quality = {};
  const auto output = render_quality(f.snapshot());
  for (const char* line :
       {" clock state: unsynchronized\n", " source: none\n", " error bound: unknown\n",
        " estimated error: unknown\n", " last update: never\n", " leap second: unknown\n",
        " leap second table: none on this machine\n", " TAI minus UTC: unknown\n", " error budget: none\n"})
    EXPECT_THAT(output.text, HasSubstr(line));
  for (const char* name : {"error_bound_s", "estimated_error_s", "last_update", "leap_time",
                           "leap_table_expires", "tai_offset_s", "error_budget", "hold", "slew"})
    EXPECT_TRUE(output.json.at(name).is_null()) << name;
}

TEST(DisplayQuality, AnExceededBudgetAndAHoldSayWhatFollows) {
  DisplayFixture f;
  f.config.error_budget = {.limit = 0.005, .stop_serving = true};
  f.quality.budget_exceeded = true;
  f.quality.hold = core::Hold{core::Reason::before_build_date, -1e9};
  f.quality.leap_table_expires = DisplayFixture::kBuildDate;
  const auto output = render_quality(f.snapshot());
  EXPECT_THAT(output.text,
              HasSubstr(" error budget: 5 ms, exceeded: requests are answered as unsynchronized\n"));
  EXPECT_THAT(output.text, HasSubstr(" leap second table: expired 2026-09-21"));
  EXPECT_THAT(output.text,
              HasSubstr("leads to before this program was built; see to the time of the servers\n"));
  EXPECT_EQ(output.json.at("hold").at("code"), "before-build-date");
  EXPECT_EQ(output.json.at("error_budget").at("exceeded"), true);
}

TEST(DisplayQuality, JsonIsInSeconds) {
  const auto json = render_quality(DisplayFixture{}.snapshot()).json;
  EXPECT_EQ(json.at("state"), "synchronized");
  EXPECT_EQ(json.at("error_bound_s"), 0.012085);
  EXPECT_EQ(json.at("error_growth_s_per_s"), 0.15e-6);
  EXPECT_EQ(json.at("leap_table_expires"), "2027-04-17T22:13:20Z");
  EXPECT_EQ(json.at("last_update"), "2026-11-22T20:15:36.250Z");
}

}  // namespace
}  // namespace noonmark::cli
