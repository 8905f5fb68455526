#include "sim/scenario_format.h"

#include <string>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/file.h"
#include "sim/report.h"
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
/// "wan.loss=10%" and more of them, as behind --set.
Variation settings(std::initializer_list<std::string_view> texts) {
  Variation variation;
  for (const auto text : texts) {
    auto setting = parse_setting("--set", text);
    EXPECT_TRUE(setting) << text;
    if (setting) variation.settings.push_back(std::move(*setting));
  }
  return variation;
}
Variation commands(std::string_view text) {
  return {.commands = std::string(text), .commands_name = "other.cfg"};
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
              HasSubstr("twin has the address 192.0.2.1, which far has too"));
  EXPECT_THAT(error_of("world\n"), HasSubstr("a scenario needs a client"));
  EXPECT_THAT(error_of("client c\n"), HasSubstr("client c has no path"));
  EXPECT_THAT(error_of(with("world")), HasSubstr("a section is called world already"));
  EXPECT_EQ(error_of(with(" \x1b[2J")), "test:10: a control character is in this line");
}

TEST(ScenarioFormat, ManyErrorsAreCutShort) {
  std::string text(kPlain);
  for (int i = 0; i < 30; ++i) text += " nonsense\n";
  EXPECT_THAT(error_of(text), HasSubstr("and 20 more"));
}

TEST(ScenarioFormat, TooMuchWorkIsRefused) {
  EXPECT_THAT(error_of(with(" count 100000"), settings({"world.sample-interval=10ms"})),
              HasSubstr("this is too much work"));
  EXPECT_THAT(error_of(with("server many\n count 5000\nclient greedy\n path wan\n follow many 5000")),
              HasSubstr("test:12: client greedy has more than 4096 servers"));
  EXPECT_THAT(error_of(with(""), settings({"world.warm-up=6h"})),
              HasSubstr("--set world.warm-up=6h: nothing is left of the duration of 6h"));
}

TEST(ScenarioFormat, ASettingOverridesTheFile) {
  const auto s = parsed(kPlain, settings({"wan.jitter=exponential 5ms",
                                          "router.ntp-service=unicast-server 192.0.2.1 minpoll 4"}));
  EXPECT_EQ(s.paths[0].forward.jitter, (Law{Law::Kind::exponential, 5e-3}));
  EXPECT_EQ(s.clients[0].ntp.servers.at(0).minpoll, 4);
  EXPECT_EQ(error_of(kPlain, settings({"wna.loss=1%"})),
            "--set wna.loss=1%: no section is called wna; perhaps wan");
  EXPECT_THAT(error_of(kPlain, settings({"wan.loss=200%"})),
              HasSubstr("--set wan.loss=200%: <share>: 200% is out of range: 0% to 100%"));
  for (const auto* wrong : {"wan", "wan.loss", "wan=3", ".loss=3", "wan.=3"}) {
    const auto setting = parse_setting("--what-if", wrong);
    ASSERT_FALSE(setting) << wrong;
    EXPECT_THAT(setting.error().message, HasSubstr("--what-if " + std::string(wrong) + ": a setting is"));
  }
}

TEST(ScenarioFormat, AConfigurationReplacesTheCommands) {
  const auto s = parsed(with("server near\n address 192.0.2.9"),
                        commands("sysname R1\nntp-service unicast-server 192.0.2.9 maxpoll 7\n"));
  ASSERT_EQ(s.clients[0].ntp.servers.size(), 1u);
  EXPECT_EQ(s.clients[0].ntp.servers[0].key.address.to_string(), "192.0.2.9");
  EXPECT_THAT(error_of(kPlain, commands("\nntp-service nonsense\n")), HasSubstr("other.cfg:2: "));
}

TEST(ScenarioFormat, AServerThatNobodyIsIsRefusedWhereItIsNamed) {
  constexpr std::string_view kThere =
      "nobody in this world has the address 192.0.2.9; there are far 192.0.2.1, router 10.0.0.1 to 10.0.0.3.";
  EXPECT_THAT(error_of(with(" ntp-service unicast-server 192.0.2.9\n count 3")),
              HasSubstr("test:10: " + std::string(kThere)));
  EXPECT_THAT(error_of(with(" count 3"), commands("#\n ntp-service unicast-server 192.0.2.9\n")),
              HasSubstr("other.cfg:2: " + std::string(kThere)));
  EXPECT_THAT(error_of(with(" count 3"), settings({"router.ntp-service=unicast-server 192.0.2.9"})),
              HasSubstr("--set router.ntp-service=unicast-server 192.0.2.9: " + std::string(kThere)));
  EXPECT_THAT(error_of(with("client b\n path wan\n"), commands("ntp-service unicast-server 192.0.2.9\n")),
              ::testing::Not(HasSubstr("\n")))
      << "the same sentence for two clients stands once";
}

TEST(ScenarioFormat, AServerWithoutAPathIsRefused) {
  const auto text =
      with("server near\nclient b\n path wan to far\n follow near 1 iburst\n follow far 1 iburst");
  EXPECT_EQ(error_of(text),
            "test:13: client b has no path to near: add `path <name> to near`, or `path <name>` for all");
  EXPECT_THAT(
      error_of(with("server near\nclient b\n path wan to far\n ntp-service unicast-server 192.0.2.2")),
      HasSubstr("test:13: client b has no path to near"));
}

TEST(ScenarioFormat, WhatCanNeverHappenIsWarnedOf) {
  const auto warnings = [](std::string_view lines, const Variation& variation = {}) {
    return parsed(with(lines), variation).warnings;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(warnings(""), ElementsAre());
  EXPECT_THAT(warnings(" event restart at 5h\n start 1h"), ElementsAre());
  const auto after = [](int line) {
    return fmt::format("test:{}: this never happens: the world ends after 6h", line);
  };
  EXPECT_THAT(warnings(" event restart at 6h"), ElementsAre(after(10)));
  EXPECT_THAT(warnings(" oscillator q\noscillator q\n jump phase at 10h 1s\n temperature step at 7h 1ppm 1m"),
              ElementsAre(after(12), after(13)));
  EXPECT_THAT(warnings(" path p\npath p\n route at 1h 2ms\n route at 8h 3ms\n outage 7h 8h\n outage 5h 8h"),
              ::testing::Contains(after(13)));
  EXPECT_THAT(warnings(" event clock-set at 2h 1s", settings({"world.duration=2h"})),
              ElementsAre("test:10: this never happens: the world ends after 2h"));
  EXPECT_THAT(warnings("", settings({"far.step=at 7h 1s"})),
              ElementsAre("--set far.step=at 7h 1s: this never happens: the world ends after 6h"));
  EXPECT_THAT(warnings(" start 3h\n event restart at 2h"),
              ElementsAre(HasSubstr("test:11: this never happens: the daemon starts only 3h")));
  EXPECT_THAT(warnings(" start 5h\n start-spread 2h"),
              ElementsAre(HasSubstr("test:11: some of router may not start")));
  EXPECT_THAT(warnings("", settings({"world.leap=insert at 2026-07-01T00:00:00"})),
              ElementsAre(HasSubstr("world.leap=insert at 2026-07-01T00:00:00: this never happens")));
  EXPECT_THAT(warnings("oscillator quartz\n frequency 1ppm"),
              ElementsAre("test:10: no client uses oscillator quartz: its lines have no effect"));
  EXPECT_THAT(warnings("client b\n path wan\n follow router 1 iburst"),
              ElementsAre(HasSubstr("test:7: others ask client router, but it answers nobody")));
}

TEST(ScenarioFormat, ALineThatReplacesAnotherIsWarnedOf) {
  const auto warnings = [](std::string_view lines, const Variation& variation = {}) {
    return parsed(with(lines), variation).warnings;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(
      warnings(" path p\npath p\n jitter exponential 1ms\n delay 1ms\n jitter gamma 2 1ms\n jitter none"),
      ElementsAre(HasSubstr("test:10: this replaces line 8;"), HasSubstr("test:14: this replaces line 12;"),
                  HasSubstr("test:15: this replaces line 14;"), HasSubstr("no client uses path wan")));
  EXPECT_THAT(
      warnings(" oscillator q\noscillator q\n temperature sine 1ppm 1h\n temperature square 1ppm 1h 1m\n"
               " jump phase at 1h 1s\n jump phase at 2h 1s\npath p\n delay 1ms\n forward delay 2ms\n"
               "client b\n path wan\n path p to far\n ntp-service unicast-server 192.0.2.1",
               settings({"wan.delay=3ms"})),
      ElementsAre());
}

TEST(ScenarioFormat, ALaterFollowOfTheSameGroupReplacesTheEarlierOne) {
  const auto two = with(
      "server near\n count 3\nclient b\n path wan\n follow near 2 iburst\n follow far 1 iburst\n"
      " follow near 3 minpoll 4");
  const auto s = parsed(two);
  EXPECT_THAT(s.warnings, ::testing::ElementsAre("test:16: this replaces line 14; the two do not add up"));
  const auto follows_of = [](const Scenario& scenario) {
    std::string text;
    for (const auto& f : scenario.clients.at(1).follows)
      text += fmt::format("{} {} {}; ", f.group, f.count, f.server.minpoll);
    return text;
  };
  EXPECT_EQ(follows_of(s), "near 3 4; far 1 6; ");
  const auto set = parsed(two, settings({"b.follow=near 1 minpoll 5", "b.follow=far 1 minpoll 7"}));
  EXPECT_EQ(follows_of(set), "near 1 5; far 1 7; ");
}

TEST(ScenarioFormat, APeerIsTheMemberOfAnotherSection) {
  const auto s = parsed(with(" peer b minpoll 4\nclient b\n path wan\n peer router"));
  const auto& follow = s.clients.at(0).follows.at(0);
  EXPECT_EQ(follow.mode, core::AssociationMode::active);
  EXPECT_EQ(follow.server.key.mode, core::AssociationMode::active);
  EXPECT_EQ(follow.server.minpoll, 4);
  EXPECT_THAT(s.warnings, ::testing::ElementsAre()) << "peers need not serve";
  EXPECT_THAT(error_of(with(" peer router")), HasSubstr("router is not its own peer"));
  EXPECT_THAT(error_of(with(" peer b authentication-keyid 7\nclient b\n path wan")),
              HasSubstr("client router has no authentication key 7"));
}

TEST(ScenarioFormat, WhatReplacesIsNamedByTheFirstWordsOfItsLine) {
  const auto warnings = [](std::string_view lines) { return parsed(with(lines)).warnings; };
  using ::testing::ElementsAre;
  EXPECT_THAT(warnings(" event restart at 2h\n event restart at 3h\n event pause at 4h 1m\n"
                       " event pause at 5h 1m unannounced"),
              ElementsAre())
      << "events are all carried out";
  EXPECT_THAT(warnings(" oscillator q\noscillator q\n temperature sine 1ppm 1h\n temperature sine 2ppm 1h"),
              ElementsAre(HasSubstr("test:13: this replaces line 12;")));
  EXPECT_THAT(
      warnings(" path p\npath p\n forward jitter none\n backward jitter none\n"
               " backward jitter exponential 1ms\nclient b\n path wan"),
      ElementsAre(HasSubstr("test:10: this replaces line 8;"), HasSubstr("test:14: this replaces line 13;")));
}

TEST(ScenarioFormat, AMessageSaysWhatWouldBeRight) {
  struct Case {
    std::string_view lines, message;
  };
  for (const auto& [lines, message] : {
           Case{"path lan\n delay -3ms", "test:11: <time>: -3ms is out of range: 0s to 3650d. The line is"},
           Case{"path lan\n delay 10 ms", "test:11: a unit stands right behind its number: 10ms"},
           Case{"path lan\n loss 3", "3 is out of range: 0% to 100%; with a unit: 3%"},
           Case{"oscillator q\n frequency 12",
                "12 is out of range: -10000ppm to 10000ppm; with a unit: 12ppm"},
           Case{"path lan\n jitter exponental 3ms",
                "test:11: exponental is unknown here; perhaps exponential"},
           Case{"path lan\n jitter",
                "test:11: one of none, exponential, gamma, normal, half-normal, lognormal, "
                "uniform is missing"},
           Case{"path lan\n jitter uniform 3ms 2ms", "test:11: <high> has to be at least <low>"},
           Case{"path lan\n outage 3h 2h", "test:11: <until> has to be later than <from>"},
           Case{"path lan\n forward", "test:11: what holds forward is missing, as in `forward delay 10ms`"},
           Case{" delay 3ms", "test:10: delay is unknown here; it belongs into a section path"},
           Case{"path wan", "test:10: a section is called wan already, in line 4;"},
           Case{"path o!", "o! is not a name of letters"},
           Case{"client b\n path lna\n", "test:11: there is no path lna; perhaps wan"},
           Case{" oscillator q", "test:10: there is no oscillator q; add a section `oscillator q`"},
           Case{" follow far 1 nonsense", "test:10: `ntp-service unicast-server 192.0.2.1 nonsense`: "},
           Case{" twin b", "test:10: there is no client b"},
           Case{"server near\n address 192.0.2.1",
                "test:11: near has the address 192.0.2.1, which far has too"},
       })
    EXPECT_THAT(error_of(with(lines)), HasSubstr(message)) << lines;
}

TEST(ScenarioFormat, TheDocumentIsTheTable) {
  const auto document = io::read_file(NOONMARK_SOURCE_DIR "/docs/simulator.md", 1 << 20);
  ASSERT_TRUE(document);
  const auto generated = results_reference() + "\n## The format\n" + format_reference();
  EXPECT_TRUE(document->ends_with(generated)) << "put the output of noonmark-sim --help-format there";
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
