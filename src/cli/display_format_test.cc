#include "cli/display_format.h"

#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

constexpr auto kBuildDate = DisplayFixture::kBuildDate;

TEST(DisplayFormat, TimesAreShownInVrpsForm) {
  EXPECT_EQ(vrp_time(DisplayFixture::at(0xEEADCBE8, 0x40000000), kBuildDate),
            "20:15:36.250 UTC Nov 22 2026(EEADCBE8.40000000)");
  EXPECT_EQ(vrp_time(core::Timestamp{}, kBuildDate), "00:00:00.000 UTC Jan 1 1900(00000000.00000000)");
}

TEST(DisplayFormat, MillisecondsAreRoundedAndCarryIntoTheSecond) {
  EXPECT_EQ(vrp_time(DisplayFixture::at(0xEEADCBE8, 0x3F7CED91), kBuildDate),
            "20:15:36.248 UTC Nov 22 2026(EEADCBE8.3F7CED91)");
  EXPECT_EQ(vrp_time(DisplayFixture::at(0xEEADCBE8, 0xFFFFFFFF), kBuildDate),
            "20:15:37.000 UTC Nov 22 2026(EEADCBE8.FFFFFFFF)");
}

TEST(DisplayFormat, TheEraIsTheOneNearestToTheBuildDate) {
  EXPECT_EQ(vrp_time(DisplayFixture::at(1), kBuildDate), "06:28:17.000 UTC Feb 7 2036(00000001.00000000)");
  EXPECT_EQ(vrp_time(core::Timestamp::from_unix(0, 0), kBuildDate),
            "00:00:00.000 UTC Jan 1 1970(83AA7E80.00000000)");
}

TEST(DisplayFormat, TimesForProgramsAreIso8601OrNull) {
  EXPECT_EQ(json_time(DisplayFixture::at(0xEEADCBE8, 0x40000000), kBuildDate), "2026-11-22T20:15:36.250Z");
  EXPECT_TRUE(json_time(core::Timestamp{}, kBuildDate).is_null());
}

TEST(DisplayFormat, ThereIsNoNegativeZero) {
  EXPECT_EQ(milliseconds(-1e-9, 4), "0.0000 ms");
  EXPECT_EQ(milliseconds(-1e-6, 4), "-0.0010 ms");
}

TEST(DisplayFormat, AReferenceIdIsReadByItsStratum) {
  EXPECT_EQ(reference_id_text(0x47505300, 1), "GPS");
  EXPECT_EQ(reference_id_text(0x4C4F434C, 1), "LOCL");
  EXPECT_EQ(reference_id_text(0x47505354, 2), "71.80.83.84");
  EXPECT_EQ(reference_id_text(0x7F7F0102, 8), "LOCAL(2)");
  EXPECT_EQ(reference_id_text(0, 16), "none");
  EXPECT_EQ(reference_id_text(0x1B5B4A00, 1), "27.91.74.0") << "control characters are never printed";
}

TEST(DisplayFormat, PollExponentsBecomeSeconds) {
  EXPECT_EQ(poll_seconds(6), 64);
  EXPECT_EQ(poll_seconds(17), 131072);
  EXPECT_EQ(poll_seconds(-3), 0);
  EXPECT_GT(poll_seconds(127), 0);
}

}  // namespace
}  // namespace noonmark::cli
