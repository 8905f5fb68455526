#include "daemon/options.h"

#include <gtest/gtest.h>

namespace noonmark::daemon {
namespace {

TEST(ClockOption, NamesOneOfThreeClocks) {
  EXPECT_TRUE(std::holds_alternative<SystemClockOption>(*parse_clock_option("system")));
  EXPECT_TRUE(std::holds_alternative<ObserveClockOption>(*parse_clock_option("observe")));
  const auto clock = std::get<VirtualClockOption>(*parse_clock_option("virtual:frequency=-40,offset=1.5"));
  EXPECT_DOUBLE_EQ(clock.offset, 1.5);
  EXPECT_DOUBLE_EQ(clock.frequency, -40e-6);
  EXPECT_DOUBLE_EQ(std::get<VirtualClockOption>(*parse_clock_option("virtual:offset=+2")).offset, 2);
}

TEST(ClockOption, AnythingElseIsRefusedWithWhatItTakes) {
  for (const char* bad : {"", "real", "virtual:offset", "virtual:offset=", "virtual:offset=1x",
                          "virtual:offset=nan", "virtual:offset=1,offset=2", "virtual:frequency=200000",
                          "virtual:speed=1", "virtual:offset=1,,frequency=2"})
    EXPECT_FALSE(parse_clock_option(bad)) << bad;
}

}  // namespace
}  // namespace noonmark::daemon
