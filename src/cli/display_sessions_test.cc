#include "cli/display_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(DisplaySessions, ASessionIsVrpsTenLines) {
  EXPECT_EQ(render_sessions(DisplayFixture{}.snapshot(), false).text,
            " clock source: 192.0.2.10(MGMT)\n"
            " clock stratum: 2\n"
            " clock status: configured, vpn-instance, master, sane, valid\n"
            " reference clock ID: 198.51.100.7\n"
            " reach: 255\n"
            " current poll: 64\n"
            " now: 21\n"
            " offset: 0.4127 ms\n"
            " delay: 3.86 ms\n"
            " disper: 2.95 ms\n");
}

TEST(DisplaySessions, VerboseHasVrpsLinesAndThenOurReason) {
  EXPECT_EQ(render_sessions(DisplayFixture{}.snapshot(), true).text,
            " clock source: 192.0.2.10(MGMT)\n"
            " clock stratum: 2\n"
            " clock status: configured, vpn-instance, master, sane, valid\n"
            " reference clock ID: 198.51.100.7\n"
            " local mode: client, local poll: 64, current poll: 64\n"
            " peer mode: server, peer poll: 64, now: 21\n"
            " offset: 0.4127 ms, delay: 3.86 ms, disper: 2.95 ms\n"
            " root delay: 1.20 ms, root disper: 9.10 ms\n"
            " reach: 255, sync dist: 0.014, sync state: 4\n"
            " precision: 2^18, version: 3, peer interface: eth1\n"
            " reftime: 20:14:58.100 UTC Nov 22 2026(EEADCBC2.1999999A)\n"
            " orgtime: 20:15:36.248 UTC Nov 22 2026(EEADCBE8.3F7CED91)\n"
            " rcvtime: 20:15:36.250 UTC Nov 22 2026(EEADCBE8.40000000)\n"
            " xmttime: 20:15:36.246 UTC Nov 22 2026(EEADCBE8.3EF9DB23)\n"
            " filter delay :  3.86   3.90   4.02   3.88   3.95   4.10   3.99   3.91 \n"
            " filter offset:  0.41   0.43   0.38   0.40   0.44   0.39   0.42  -0.41 \n"
            " filter disper:  0.00   0.97   1.94   2.91   3.88   4.85   5.82   6.79 \n"
            " reference clock status: normal\n"
            " reason: the clock follows this server\n");
}

TEST(DisplaySessions, AServerThatNeverAnsweredIsInsaneAndUnsynced) {
  DisplayFixture f;
  f.associations = {DisplayFixture::unanswered_server("2001:db8::1")};
  EXPECT_EQ(render_sessions(f.snapshot(), false).text,
            " clock source: 2001:db8::1\n"
            " clock stratum: 16\n"
            " clock status: configured, insane, valid, unsynced\n"
            " reference clock ID: none\n"
            " reach: 0\n"
            " current poll: 64\n"
            " now: -\n"
            " offset: 0.0000 ms\n"
            " delay: 0.00 ms\n"
            " disper: 16000.00 ms\n");
  const auto verbose = render_sessions(f.snapshot(), true).text;
  EXPECT_THAT(verbose, HasSubstr(" peer mode: unspecified, peer poll: 0, now: -\n"));
  EXPECT_THAT(verbose, HasSubstr(" version: 4, peer interface: wildcard\n"));
  EXPECT_THAT(verbose, HasSubstr(" filter disper: 16000.00  16000.00 "));
  EXPECT_THAT(verbose, HasSubstr(" reference clock status: abnormal\n reason: waiting for the first reply"));
}

TEST(DisplaySessions, TheLocalClockIsASessionToo) {
  DisplayFixture f;
  f.associations.clear();
  f.config.local_clock = core::LocalClockConfig{.unit = 0, .stratum = 2};
  f.system.local_clock_in_use = true;
  EXPECT_EQ(render_sessions(f.snapshot(), false).text,
            " clock source: 127.127.1.0\n"
            " clock stratum: 0\n"
            " clock status: configured, master, sane, valid\n"
            " reference clock ID: LOCAL(0)\n"
            " reach: 255\n"
            " current poll: 2\n"
            " now: 0\n"
            " offset: 0.0000 ms\n"
            " delay: 0.00 ms\n"
            " disper: 10.00 ms\n");
  EXPECT_THAT(render_sessions(f.snapshot(), true).text, HasSubstr(" peer interface: InLoopBack0\n"));
}

struct StatusCase {
  std::string_view words;
  void (*change)(core::AssociationState&);
};

class StatusWords : public ::testing::TestWithParam<StatusCase> {};

TEST_P(StatusWords, FollowTheStateOfTheSession) {
  DisplayFixture f;
  f.server().config.key.vpn.clear();
  GetParam().change(f.server());
  EXPECT_THAT(render_sessions(f.snapshot(), false).text,
              HasSubstr(std::string(" clock status: ") + std::string(GetParam().words) + "\n"));
}

INSTANTIATE_TEST_SUITE_P(
    EveryCombination, StatusWords,
    ::testing::Values(StatusCase{"configured, master, sane, valid", [](core::AssociationState&) {}},
                      StatusCase{"configured, vpn-instance, master, sane, valid",
                                 [](core::AssociationState& a) { a.config.key.vpn = "MGMT"; }},
                      StatusCase{"configured, selected, candidate, sane, valid",
                                 [](core::AssociationState& a) { a.system_peer = false; }},
                      StatusCase{"configured, selected, sane, valid",
                                 [](core::AssociationState& a) { a.system_peer = a.candidate = false; }},
                      StatusCase{"configured, sane, valid",
                                 [](core::AssociationState& a) {
                                   a.system_peer = a.candidate = a.selected = false;
                                 }},
                      StatusCase{"configured, insane, valid",
                                 [](core::AssociationState& a) {
                                   a.system_peer = a.candidate = a.selected = a.sane = false;
                                 }},
                      StatusCase{"configured, insane, invalid",
                                 [](core::AssociationState& a) {
                                   a.system_peer = a.candidate = a.selected = a.sane = false;
                                   a.root_dispersion = 16;
                                 }},
                      StatusCase{"configured, insane, invalid, unsynced",
                                 [](core::AssociationState& a) {
                                   a.system_peer = a.candidate = a.selected = a.sane = false;
                                   a.last.leap = wire::Leap::unknown;
                                 }},
                      StatusCase{"configured, insane, valid, unsynced", [](core::AssociationState& a) {
                                   a = DisplayFixture::unanswered_server("192.0.2.10");
                                 }}));

TEST(DisplaySessions, BlocksAreSeparatedByOneEmptyLine) {
  DisplayFixture f;
  f.associations.push_back(DisplayFixture::unanswered_server("192.0.2.11"));
  EXPECT_THAT(render_sessions(f.snapshot(), false).text,
              HasSubstr(" disper: 2.95 ms\n\n clock source: 192.0.2.11\n"));
}

TEST(DisplaySessions, WithoutSessionsItSaysSo) {
  DisplayFixture f;
  f.associations.clear();
  EXPECT_EQ(render_sessions(f.snapshot(), false).text, "Info: No NTP session exists.\n");
  EXPECT_EQ(render_sessions(f.snapshot(), false).json.at("sessions").size(), 0u);
}

TEST(DisplaySessions, JsonHasUnitsInTheNamesAndTheReason) {
  const auto json = render_sessions(DisplayFixture{}.snapshot(), true).json.at("sessions").at(0);
  EXPECT_EQ(json.at("source"), "192.0.2.10");
  EXPECT_EQ(json.at("vpn_instance"), "MGMT");
  EXPECT_EQ(json.at("poll_s"), 64);
  EXPECT_EQ(json.at("since_last_packet_s"), 21);
  EXPECT_EQ(json.at("offset_ms"), 0.4127);
  EXPECT_EQ(json.at("filter_delay_ms").size(), 8u);
  EXPECT_EQ(json.at("code"), "system-peer");
  EXPECT_EQ(json.at("reason"), "the clock follows this server");
}

ServerFilter only(const char* address) {
  Arguments arguments;
  arguments.add_value("<ipv4-address>", address);
  return ServerFilter(arguments);
}
const ServerFilter kEverySession{Arguments{}};

TEST(DisplayExplain, EachSessionHasVerdictCodeAndAdvice) {
  DisplayFixture f;
  f.server().reason = core::Reason::no_reply_signed;
  f.server().config.key_id = 42;
  f.server().unanswered = 5;
  f.server().source = core::IpAddress::parse("10.0.0.7");
  f.associations.push_back(DisplayFixture::unanswered_server("192.0.2.11"));
  EXPECT_EQ(render_explain(f.snapshot(), only("192.0.2.10")).text,
            " 192.0.2.10(MGMT): no reply to 5 requests signed with key 42 from 10.0.0.7: unreachable, or the "
            "server has no "
            "such key (many stay silent)\n"
            " code: no-reply-signed\n"
            " sent: nothing yet\n"
            " received: 0 valid replies, the last 21 s ago: stratum 2, leap none, reference clock ID "
            "198.51.100.7\n"
            " selection: its time is between -13.587 ms and 14.413 ms (offset 0.413 ms); at most 0 of 0 "
            "servers agree on a time, which is no majority\n"
            " selection: stratum 2, synchronization distance 14.000 ms of at most 1 s\n"
            " do: see that 192.0.2.10 answers NTP on UDP port 123 in VPN instance MGMT, and that key 42 has "
            "the same id, "
            "algorithm and password there\n");
}

TEST(DisplayExplain, TheChainOfFactsGoesThePacketsWay) {
  DisplayFixture f;
  core::PacketStatistics statistics;
  statistics.drops[static_cast<std::size_t>(core::DropReason::bogus)] = 3;
  f.statistics = {&statistics};
  auto& s = f.server();
  s.sent = 4;
  s.replies = 2;
  s.last_sent = DisplayFixture::at(0xEEADCBE8);
  s.sent_from = core::IpAddress::parse("10.1.0.1");
  s.sent_through = 2;
  s.last_interface = "eth1";
  s.config.preference = true;
  using core::Outcome;
  const auto when = DisplayFixture::at(0xEEADCBE8);
  s.outcomes[0] = {.kind = Outcome::Kind::accepted, .when = when, .offset = 0.0004127, .delay = 0.00386};
  s.outcomes[1] = {.kind = Outcome::Kind::dropped, .drop = core::DropReason::authentication, .when = when};
  s.outcomes[2] = {
      .kind = Outcome::Kind::send_failed, .reason = core::Reason::host_unreachable, .when = when};
  s.outcomes[3] = {.kind = Outcome::Kind::timed_out, .when = when};
  f.system.agreement = {.voters = 3, .agreeing = 2, .majority = true, .low = -0.001, .high = 0.002};
  const auto output = render_explain(f.snapshot(), kEverySession);
  EXPECT_EQ(
      output.text,
      " 192.0.2.10(MGMT): the clock follows this server\n"
      " code: system-peer\n"
      " sent: 4 requests, the last 21 s ago, from 10.1.0.1 through eth1 in VPN instance MGMT "
      "(by ntp-service source-interface)\n"
      " received: 2 valid replies, the last 21 s ago: stratum 2, leap none, reference clock ID "
      "198.51.100.7, in through eth1\n"
      " dropped: bogus 3\n"
      " [2026-11-22 20:15:36] reply accepted: offset 0.4127 ms, delay 3.86 ms\n"
      " [2026-11-22 20:15:36] reply dropped: test 5: its MAC is missing or wrong (authentication)\n"
      " [2026-11-22 20:15:36] not delivered (host-unreachable)\n"
      " [2026-11-22 20:15:36] no reply came\n"
      " selection: its time is between -13.587 ms and 14.413 ms (offset 0.413 ms); 2 of 3 servers agree "
      "on -1.000 ms to 2.000 ms\n"
      " selection: stratum 2, synchronization distance 14.000 ms of at most 1 s, preference\n"
      " do: nothing: all is well\n");
  const auto& json = output.json.at("sessions").at(0);
  EXPECT_EQ(json.at("sent").at("address"), "10.1.0.1");
  EXPECT_EQ(json.at("sent").at("interface"), "eth1");
  EXPECT_EQ(json.at("received").at("replies"), 2);
  EXPECT_EQ(json.at("drops").at("bogus"), 3);
  EXPECT_EQ(json.at("outcomes").at(1).at("code"), "authentication");
  EXPECT_EQ(json.at("outcomes").at(3).at("result"), "timed-out");
  EXPECT_EQ(json.at("selection").at("agreeing"), 2);
}

TEST(DisplayExplain, AnOutlierKnowsWhatLeftItOut) {
  DisplayFixture f;
  f.server().reason = core::Reason::outlier;
  f.server().likely_error = 0.004;
  const auto output = render_explain(f.snapshot(), kEverySession);
  EXPECT_THAT(output.text, HasSubstr("is hardly ever wrong by more than 4.000 ms"));
  EXPECT_EQ(output.json.at("sessions").at(0).at("selection").at("likely_error_ms"), 4.0);
}

TEST(DisplayExplain, AnAddressSelectsItsSessionInEveryVpn) {
  DisplayFixture f;
  f.config.local_clock = core::LocalClockConfig{};
  EXPECT_EQ(render_explain(f.snapshot(), kEverySession).json.at("sessions").size(), 2u);
  EXPECT_EQ(render_explain(f.snapshot(), only("192.0.2.10")).json.at("sessions").size(), 1u);
  EXPECT_EQ(render_explain(f.snapshot(), only("192.0.2.99")).text, "Info: There is no such NTP session.\n");
}

TEST(DisplayExplain, SaysWhenTheKernelsClockIsLeftAlone) {
  DisplayFixture f;
  EXPECT_EQ(render_explain(f.snapshot(), kEverySession).json.at("clock"), "system");
  f.clock = core::ClockKind::observe;
  EXPECT_THAT(
      render_explain(f.snapshot(), kEverySession).text,
      ::testing::StartsWith(" the clock is only observed: the kernel's clock is not steered\n\n 192.0.2.10"));
  f.clock = core::ClockKind::virtual_clock;
  EXPECT_EQ(render_explain(f.snapshot(), kEverySession).json.at("clock"), "virtual");
}

TEST(DisplayExplain, HoldoverAndAHoldStandBeforeTheSessions) {
  DisplayFixture f;
  f.enter_holdover();
  auto output = render_explain(f.snapshot(), kEverySession);
  EXPECT_THAT(output.text,
              ::testing::StartsWith(" clock: no server can be followed (the last sample was that of "
                                    "2026-11-22 20:15:36 UTC); the clock "
                                    "runs on with what was learned from 192.0.2.10(MGMT): its error bound is "
                                    "12.085 ms and grows by 0.1500 us in a second\n"
                                    " code: holdover\n"));
  EXPECT_EQ(output.json.at("clock_code"), "holdover");
  f.quality.hold = core::Hold{core::Reason::offset_limit, 90000};
  output = render_explain(f.snapshot(), kEverySession);
  EXPECT_THAT(output.text, HasSubstr(" code: clock-held\n do: find out which clock is wrong; to take"));
  EXPECT_FALSE(render_explain(f.snapshot(), only("192.0.2.10")).json.contains("clock_code"));
}

TEST(DisplayExplain, OnlyASlewThatSomebodyWouldSeeIsWorthASentence) {
  DisplayFixture f;
  f.quality.slew = core::Slew{.left = 50e-6, .time = 20};
  EXPECT_FALSE(render_explain(f.snapshot(), kEverySession).json.contains("clock_code"));
  f.quality.slew = core::Slew{.left = 600, .time = 7200};
  EXPECT_THAT(
      render_explain(f.snapshot(), kEverySession).text,
      ::testing::StartsWith(" clock: the clock is brought to the servers' time without a step: 600.000 s "
                            "left, about 7200 s\n code: clock-slewing\n"));
}

TEST(DisplayExplain, AFalsetickersTimeStandsAgainstThatOfTheMajority) {
  DisplayFixture f;
  f.server().reason = core::Reason::falseticker;
  f.server().offset = 5;
  f.system.agreement = {.voters = 3, .agreeing = 2, .majority = true, .low = -0.001, .high = 0.002};
  EXPECT_THAT(
      render_explain(f.snapshot(), kEverySession).text,
      HasSubstr("disagrees with that of the majority: it lies between 4.986 s and 5.014 s, theirs between "
                "-1.000 ms and 2.000 ms: a falseticker\n"));
}

struct ModesTest : ::testing::Test, DisplayFixture {
  ModesTest() {
    auto peer = server();
    peer.config.key.mode = core::AssociationMode::active;
    peer.system_peer = false;
    associations.push_back(peer);
    auto heard = unanswered_server("192.0.2.20");
    heard.config.key.mode = core::AssociationMode::broadcast_client;
    heard.group = {"eth2", *core::IpAddress::parse("255.255.255.255")};
    associations.push_back(heard);
  }
};

TEST_F(ModesTest, AServerAndAPeerOfOneAddressAreToldApart) {
  const ServerFilter filter([] {
    Arguments arguments;
    arguments.add_value("<ipv4-address>", "192.0.2.10");
    return arguments;
  }());
  const auto output = render_explain(snapshot(), filter);
  ASSERT_EQ(output.json.at("sessions").size(), 2u);
  EXPECT_EQ(output.json.at("sessions").at(0).at("local_mode"), "client");
  EXPECT_EQ(output.json.at("sessions").at(1).at("local_mode"), "active");
  EXPECT_THAT(output.text, ::testing::HasSubstr("\n 192.0.2.10(MGMT), peer: "));
}

TEST_F(ModesTest, ABroadcastServerNotYetAskedStandsAtTheInterfaceThatHearsIt) {
  const auto sessions = render_sessions(snapshot(), true).json.at("sessions");
  EXPECT_EQ(sessions.at(2).at("peer_interface"), "eth2");
  EXPECT_EQ(sessions.at(2).at("local_mode"), "broadcast client");
  EXPECT_EQ(sessions.at(2).at("status").at(0), "dynamic");
  EXPECT_EQ(sessions.at(1).at("status").at(2), "peer");
}

TEST_F(ModesTest, AnInterleavedSessionSaysSo) {
  server().interleaved = true;
  const auto sessions = render_sessions(snapshot(), true).json.at("sessions");
  EXPECT_EQ(sessions.at(0).at("interleaved"), true);
  EXPECT_EQ(sessions.at(2).at("interleaved"), false);
  EXPECT_THAT(render_explain(snapshot(), ServerFilter(Arguments{})).text,
              ::testing::HasSubstr(", in interleaved mode\n"));
}

}  // namespace
}  // namespace noonmark::cli
