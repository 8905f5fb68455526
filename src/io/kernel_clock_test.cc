#include "io/kernel_clock.h"

#include <gtest/gtest.h>

#include "io/test_support.h"

namespace noonmark::io {
namespace {

using wire::Timestamp;

TEST(KernelClock, PrecisionIsTheLogarithmOfTheSmallestStepRoundedUp) {
  testing::FakeKernel kernel;
  kernel.reading_ns = 31;  // 2^-24.9 s
  EXPECT_EQ(-24, measure_precision(kernel));
  kernel.reading_ns = 1'000'000;
  EXPECT_EQ(-9, measure_precision(kernel));
  kernel.reading_ns = 0;
  EXPECT_EQ(-19, measure_precision(kernel)) << "it stands still";
}

TEST(KernelClock, UnixTimesOfEveryEraBecomeTimestamps) {
  EXPECT_EQ(Timestamp::from_unix(0, 0), timestamp_of_unix_ns(0));
  EXPECT_EQ(Timestamp::from_unix(-1, 999'999'999), timestamp_of_unix_ns(-1));
  constexpr std::int64_t kEra1 = 2'085'978'496;  // 2036-02-07T06:28:16Z
  EXPECT_EQ(0u, timestamp_of_unix_ns(kEra1 * 1'000'000'000 + 1'000).seconds());
  EXPECT_FALSE(timestamp_of_unix_ns(kEra1 * 1'000'000'000).is_zero());
}

TEST(KernelClock, ASampleTakesThePairOfReadingsThatLieNearest) {
  class Interrupted final : public KernelClock {
   public:
    std::int64_t read_ns(clockid_t id) override {
      time_ += reading_++ == 1 ? 1'000'000 : 100;  // the first pair is interrupted
      return id == CLOCK_REALTIME ? time_ + 7'000 : time_;
    }
    bool has_clock(clockid_t) override { return true; }
    std::optional<std::int64_t> boot_ns() override { return std::nullopt; }
    int leap_state() override { return TIME_OK; }
    int adjust(timex&) override { return 0; }
    bool has_time_capability() override { return false; }

   private:
    std::int64_t time_ = 0;
    int reading_ = 0;
  } kernel;
  const ClockSample pair = sample(kernel);
  EXPECT_EQ(7'000, pair.real_ns - pair.raw_ns);
}

}  // namespace
}  // namespace noonmark::io
