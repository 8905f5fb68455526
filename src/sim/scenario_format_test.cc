#include "sim/scenario_format.h"

#include <string>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/file.h"
#include "sim/tree.h"
#include "sim/units.h"

namespace noonmark::sim {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPlain = R"(world
 duration 6h
 warm-up 1h
path wan
 delay 10ms
server far
client router
 path wan
 ntp-service unicast-server 192.0.2.1 iburst
)";

Scenario parsed(std::string_view text, const Variation& variation = {}) {
  auto scenario = parse_scenario(text, "test", variation);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? std::move(*scenario) : Scenario{};
}
std::string error_of(std::string_view text, const Variation& variation = {}) {
  const auto scenario = parse_scenario(text, "test", variation);
  EXPECT_FALSE(scenario);
  return scenario ? "" : scenario.error().message;
}
std::string with(std::string_view line) { return std::string(kPlain) + std::string(line) + "\n"; }

TEST(Units, ValuesCarryTheirUnits) {
  EXPECT_DOUBLE_EQ(*parse_value(Unit::time, "250us"), 250e-6);
  EXPECT_DOUBLE_EQ(*parse_value(Unit::time, "48h"), 172800);
  EXPECT_DOUBLE_EQ(*parse_value(Unit::time, "1.5"), 1.5);
  EXPECT_DOUBLE_EQ(*parse_value(Unit::offset, "-20ms"), -0.02);
  EXPECT_DOUBLE_EQ(*parse_value(Unit::rate, "12ppm"), 12e-6);
  EXPECT_DOUBLE_EQ(*parse_value(Unit::rate, "-3ppb"), -3e-9);
  EXPECT_DOUBLE_EQ(*parse_value(Unit::ratio, "2%"), 0.02);
  EXPECT_DOUBLE_EQ(*parse_value(Unit::date, "2026-06-01T00:00:00"), 1780272000);
  for (const auto* wrong : {"-1s", "1 s", "1x", "nan", "inf", "", "1e99", "ms"})
    EXPECT_FALSE(parse_value(Unit::time, wrong)) << wrong;
  for (const auto* wrong : {"2026-02-30T00:00:00", "2026-06-01", "2026-06-01T24:00:00"})
    EXPECT_FALSE(parse_value(Unit::date, wrong)) << wrong;
  EXPECT_FALSE(parse_value(Unit::count, "1.5"));
  EXPECT_FALSE(parse_value(Unit::stratum, "17"));
}

TEST(ScenarioFormat, ReadsWhatStandsThere) {
  const auto s =
      parsed(with(" count 3\n oscillator quartz\n event pause at 1h 300ms unannounced\n"
                  "oscillator quartz\n frequency 12ppm\n jump phase at 2h -1s\n"
                  "path lan\n forward delay 1ms\n backward delay 2ms\n jitter gamma 2 250us\n"
                  " parallel by-flow 0us 3us 6us"));
  EXPECT_EQ(s.world.duration, 21600);
  ASSERT_EQ(s.clients.size(), 1u);
  EXPECT_EQ(client_count(s), 3u);
  ASSERT_EQ(s.clients[0].ntp.servers.size(), 1u);
  EXPECT_EQ(s.clients[0].ntp.servers[0].key.address.to_string(), "192.0.2.1");
  EXPECT_TRUE(s.clients[0].ntp.servers[0].iburst);
  ASSERT_EQ(s.clients[0].events.size(), 1u);
  EXPECT_FALSE(s.clients[0].events[0].announced);
  EXPECT_EQ(s.oscillators.at(0).phase_jumps.at(0).by, -1);
  const auto& lan = s.paths.at(1);
  EXPECT_EQ(lan.forward.delay, 1e-3);
  EXPECT_EQ(lan.backward.delay, 2e-3);
  EXPECT_EQ(lan.forward.jitter, (Law{Law::Kind::gamma, 2, 250e-6}));
  EXPECT_EQ(lan.backward.jitter, lan.forward.jitter);
  EXPECT_EQ(lan.forward.parallel.size(), 3u);
}

TEST(ScenarioFormat, AnErrorNamesTheLineAndWhatWouldBeRight) {
  EXPECT_EQ(error_of("wrold\n duration 6h\n"), "test:1: wrold begins no section; perhaps world");
  EXPECT_THAT(error_of(with(" pth wan")), HasSubstr("test:10: pth is unknown here; perhaps path"));
  EXPECT_EQ(error_of(with("path lan\n jitter gamma 2 fast")),
            "test:11: <scale>: fast is not " + std::string(info(Unit::time).help) +
                ". The line is: jitter gamma <shape> <scale>");
  EXPECT_EQ(error_of(with("path lan\n delay")), "test:11: <time> is missing. The line is: delay <time>");
  EXPECT_EQ(error_of(with("path lan\n delay 1ms 2ms")),
            "test:11: 2ms is too much. The line is: delay <time>");
  EXPECT_THAT(error_of(with("path wan")), HasSubstr("test:10: a section is called wan already"));
  EXPECT_THAT(error_of(with(" oscillator quartz")), HasSubstr("test:10: there is no oscillator quartz"));
  EXPECT_THAT(error_of(with(" path lan to far")), HasSubstr("test:10: there is no path lan; perhaps wan"));
  EXPECT_THAT(error_of(with(" follow fra 1")),
              HasSubstr("test:10: there is no server or client fra; perhaps far"));
  EXPECT_THAT(error_of(with(" follow far 2")), HasSubstr("test:10: far has 1 members only"));
  EXPECT_THAT(error_of(with(" ntp-service unicast-server 300.1.1.1")), HasSubstr("test:10: "));
  EXPECT_THAT(error_of(" duration 6h"),
              HasSubstr("test:1: a section begins with a line that is not indented"));
  EXPECT_THAT(error_of(with("server twin\n address 192.0.2.1")),
              HasSubstr("has the address 192.0.2.1, which another one has"));
  EXPECT_THAT(error_of("world\n"), HasSubstr("a scenario needs a client"));
  EXPECT_THAT(error_of("client c\n"), HasSubstr("client c has no path"));
  EXPECT_THAT(error_of(with("world")), HasSubstr("a section is called world already"));
}

TEST(ScenarioFormat, ManyErrorsAreCutShort) {
  std::string text(kPlain);
  for (int i = 0; i < 30; ++i) text += " nonsense\n";
  EXPECT_THAT(error_of(text), HasSubstr("and 20 more"));
}

TEST(ScenarioFormat, TooMuchWorkIsRefused) {
  EXPECT_THAT(
      error_of(with(" count 100000"), {.settings = {{"world", "sample-interval 10ms"}}, .commands = {}}),
      HasSubstr("this is too much work"));
  EXPECT_THAT(error_of(with("server many\n count 5000\nclient greedy\n path wan\n follow many 5000")),
              HasSubstr("test:12: client greedy has more than 4096 servers"));
  EXPECT_THAT(error_of(with(""), {.settings = {{"world", "warm-up 6h"}}, .commands = {}}),
              HasSubstr("warm-up"));
}

TEST(ScenarioFormat, ASettingOverridesTheFile) {
  const auto setting = parse_setting("wan.jitter=exponential 5ms");
  ASSERT_TRUE(setting);
  const auto s = parsed(
      kPlain,
      {.settings = {*setting, {"router", "ntp-service unicast-server 192.0.2.1 minpoll 4"}}, .commands = {}});
  EXPECT_EQ(s.paths[0].forward.jitter, (Law{Law::Kind::exponential, 5e-3}));
  EXPECT_EQ(s.clients[0].ntp.servers.at(0).minpoll, 4);
  EXPECT_THAT(error_of(kPlain, {.settings = {{"wna", "loss 1%"}}, .commands = {}}),
              HasSubstr("no section is called wna; perhaps wan"));
  EXPECT_THAT(error_of(kPlain, {.settings = {{"wan", "loss 200%"}}, .commands = {}}),
              HasSubstr("the setting \"loss 200%\": <share>: 200% is out of range"));
  for (const auto* wrong : {"wan", "wan.loss", "wan=3", ".loss=3", "wan.=3"})
    EXPECT_FALSE(parse_setting(wrong)) << wrong;
}

TEST(ScenarioFormat, AConfigurationReplacesTheCommands) {
  const Variation variation{.settings = {},
                            .commands = "sysname R1\nntp-service unicast-server 192.0.2.9 maxpoll 7\n"};
  const auto s = parsed(kPlain, variation);
  ASSERT_EQ(s.clients[0].ntp.servers.size(), 1u);
  EXPECT_EQ(s.clients[0].ntp.servers[0].key.address.to_string(), "192.0.2.9");
  EXPECT_THAT(error_of(kPlain, {.settings = {}, .commands = "\nntp-service nonsense\n"}),
              HasSubstr("the configuration's line 2: "));
}

TEST(ScenarioFormat, TheDocumentIsTheTable) {
  const auto document = io::read_file(NOONMARK_SOURCE_DIR "/docs/simulator.md", 1 << 20);
  ASSERT_TRUE(document);
  EXPECT_THAT(*document, HasSubstr(format_reference()))
      << "put the output of noonmark-sim --help-format there";
}

TEST(Tree, HasAllItsNodes) {
  for (const std::uint32_t nodes : {1u, 40u, 41u, 1000u, 10'000u}) {
    const auto s = parsed(tree_scenario({.nodes = nodes}));
    EXPECT_EQ(client_count(s), nodes + 4) << "and the masters";
  }
  EXPECT_EQ(level_sizes({.nodes = 10'000, .fan_out = 20}), (std::vector<std::uint32_t>{25, 475, 9500}));
}

}  // namespace
}  // namespace noonmark::sim
