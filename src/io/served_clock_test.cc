#include "io/served_clock.h"

#include <gtest/gtest.h>

#include "io/software_clock.h"
#include "io/test_support.h"

namespace noonmark::io {
namespace {

double apart(core::Timestamp a, core::Timestamp b) { return std::abs((a - b).seconds()); }

TEST(ServedClock, WithoutALineOfItsOwnItIsTheRealTimeClock) {
  testing::FakeKernel kernel;
  ServedClock clock(kernel);
  clock.follow({});
  EXPECT_EQ(timestamp_of_unix_ns(kernel.real_ns), clock.now());
  EXPECT_EQ(kernel.real_ns, clock.real_ns());
  EXPECT_EQ(timestamp_of_unix_ns(kernel.real_ns - 1'234'567),
            clock.at_kernel_time(kernel.real_ns - 1'234'567));
}

TEST(ServedClock, ItShowsWhatTheSoftwareClockShowsAfterEveryCorrection) {
  testing::FakeKernel kernel;
  auto driver = SoftwareClock::wrong_by(kernel, core::Duration::from_seconds(0.25), 80e-6);
  ServedClock clock(kernel);
  const auto compare = [&] {
    clock.follow(driver.served_line());
    EXPECT_LT(apart(driver.now().served, clock.now()), 2e-9);
    const std::int64_t stamp = kernel.real_ns - 3'000'000;
    EXPECT_LT(apart(driver.at_kernel_time(stamp).served, clock.at_kernel_time(stamp)), 2e-9);
  };
  compare();
  kernel.pass(86'400'000'000'000, 86'400'000'000'000);
  compare();
  ASSERT_TRUE(driver.apply({.step = core::Duration::from_seconds(-1.5), .frequency = -70e-6, .status = {}}));
  kernel.pass(100'000'000'000, 100'000'000'000);
  compare();
  ASSERT_TRUE(driver.apply({.step = {}, .frequency = 0.01, .status = {}}));
  kernel.pass(10'000'000'000, 10'000'000'000);
  compare();
}

}  // namespace
}  // namespace noonmark::io
