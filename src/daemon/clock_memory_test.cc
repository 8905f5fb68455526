#include "daemon/clock_memory.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::daemon {
namespace {

using core::SavedClock;

SavedClock learned() {
  core::SavedSource source;
  source.server = {*base::IpAddress::parse("2001:db8::1"), "red"};
  source.min_delay = 0.0123;
  source.typical_excess = 0.0004;
  source.law_weights.fill(0.1);
  source.law_variances.fill(1e-9);
  source.bias = -1e-4;
  source.bias_variance = 2.5e-7;
  return {.saved_at = 1'790'000'000,
          .frequency = -31.25e-6,
          .frequency_deviation = 1e-9,
          .wander = 1e-10,
          .sources = {source}};
}

std::string with(std::string text, std::string_view old, std::string_view wanted) {
  return text.replace(text.find(old), old.size(), wanted);
}

TEST(ClockMemory, WhatIsWrittenIsReadAgain) {
  const auto again = decode(encode(learned(), "system"), "system");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, learned());
}

TEST(ClockMemory, WhatWasLearnedOfAnotherOscillatorIsNotUsed) {
  EXPECT_EQ(oscillator_name(SystemClockOption{}), "system");
  EXPECT_EQ(oscillator_name(ObserveClockOption{}), "observe");
  EXPECT_NE(oscillator_name(VirtualClockOption{0, 40e-6}), oscillator_name(VirtualClockOption{0, 41e-6}));
  EXPECT_EQ(oscillator_name(VirtualClockOption{0, 40e-6}), oscillator_name(VirtualClockOption{9, 40e-6}));
  EXPECT_FALSE(decode(encode(learned(), "virtual 40 ppm"), "system"));
}

TEST(ClockMemory, WhatIsDamagedIsRefused) {
  const auto text = encode(learned(), "system");
  const std::pair<std::string_view, std::string_view> kDamages[]{
      {"\"version\": 1", "\"version\": 2"},
      {"1790000000", "-1"},
      {"1790000000", "1e300"},
      {"-3.125e-05", "0.2"},
      {"-3.125e-05", "null"},
      {"\"frequency\"", "\"freqency\""},
      {"0.0123", "-0.1"},
      {"0.0123", "17"},
      {"0.0004", "\"0.0004\""},
      {"2001:db8::1", "2001:db8::g"},
      {"\"red\"", "\"01234567890123456789012345678901\""},
      {"0.1,", ""},
      {"0.1,", "1.5,"},
      {"\"sources\"", "\"source\""},
      {"}\n", ""}};
  for (const auto& [old, wanted] : kDamages)
    EXPECT_FALSE(decode(with(text, old, wanted), "system")) << old << " to " << wanted;
  for (const std::string_view other : {"", "null", "[]", "{}", "{\"version\":[]}"})
    EXPECT_FALSE(decode(other, "system")) << other;
  for (std::size_t size = 0; size + 2 < text.size(); size += 7)
    EXPECT_FALSE(decode(text.substr(0, size), "system")) << size;
}

TEST(ClockMemory, TooManySourcesAreDamageToo) {
  auto clock = learned();
  clock.sources.resize(core::kMaxServers + 1, clock.sources.front());
  EXPECT_FALSE(decode(encode(clock, "system"), "system"));
}

struct RecallTest : ::testing::Test {
  struct Log final : base::LogSink {
    void write(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines;
  } log;
  std::string directory = [] {
    std::string pattern = std::filesystem::temp_directory_path() / "noonmark-daemon-XXXXXX";
    return std::string(::mkdtemp(pattern.data()));
  }();
  std::string path = directory + "/clock.json";
  ClockMemory memory{path, "system", log};
  ~RecallTest() override { std::filesystem::remove_all(directory); }
  void write(std::string_view text) { std::ofstream(path) << text; }
};

TEST_F(RecallTest, AtTheFirstStartThereIsNothingAndNothingIsLogged) {
  EXPECT_FALSE(memory.recall());
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(RecallTest, ADamagedFileIsLoggedAndPassedOver) {
  write("{\"version\":1");
  EXPECT_FALSE(memory.recall());
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_THAT(log.lines[0], ::testing::HasSubstr(path));
}

TEST_F(RecallTest, WhatWasKeptComesBack) {
  write(encode(learned(), "system"));
  EXPECT_EQ(memory.recall(), learned());
  EXPECT_TRUE(log.lines.empty());
}

}  // namespace
}  // namespace noonmark::daemon
