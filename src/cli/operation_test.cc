#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <deque>
#include <map>

#include "cli/session_fixture.h"
#include "wire/packet.h"

namespace noonmark::cli {
namespace {

using core::Outcome;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

core::IpAddress address(const char* text) { return *core::IpAddress::parse(text); }

/// Probes that the test answers. The engine is a client that may follow a server of its own.
struct OperationTest : ::testing::Test, SessionFixture {
  struct Asked {
    core::ProbeRequest request;
    std::function<void()> news;
    core::ProbeState state;
    bool cancelled = false;
  };

  OperationTest() {
    services.probes = {.start = [this](const core::ProbeRequest& request,
                                       std::function<void()> news) -> base::Result<core::ProbeId> {
                         if (full) return base::fail("Too many servers are tested at the moment.");
                         asked.push_back({request, std::move(news), {}});
                         asked.back().state.session.config = request.server;
                         asked.back().state.session.sent = 1;
                         return core::ProbeId(asked.size());
                       },
                       .state = [this](core::ProbeId id) { return std::optional(of(id).state); },
                       .cancel = [this](core::ProbeId id) { of(id).cancelled = true; }};
    core::Outbox out;
    engine.on_network_change(network, clock.now(), out);
  }
  Asked& of(core::ProbeId id) { return asked.at(static_cast<std::size_t>(id) - 1); }

  Session& session(bool json = false) {
    return sessions.emplace_back(services, SessionOptions{.interactive = true, .json = json},
                                 SessionOutput{.progress = [this](std::string_view l) { progress += l; },
                                               .respond = [this](Response r) { response = std::move(r); },
                                               .notice = {}});
  }
  void add(Asked& to, const Outcome& outcome) {
    auto& outcomes = to.state.session.outcomes;
    std::shift_right(outcomes.begin(), outcomes.end(), 1);
    outcomes.front() = outcome;
  }
  void answer(Asked& to, std::uint8_t stratum, std::uint32_t reference_id) {
    auto& s = to.state.session;
    add(to, {.kind = Outcome::Kind::accepted, .when = {}, .offset = 0.00012, .delay = 0.001});
    s.reason = core::Reason::usable;
    s.answered = true;
    s.stratum = s.last.stratum = stratum;
    s.last.reference_id = reference_id;
    s.last.leap = wire::Leap::none;
    s.last.root_delay = wire::ShortDuration::from_seconds(1.0 / 256);
    s.last.root_dispersion = wire::ShortDuration::from_seconds(1.0 / 128);
    s.last_heard = core::Timestamp{};
    to.state.done = true;
  }
  /// The engine follows this server.
  void follow(const char* server) {
    core::NtpConfig config;
    core::ServerConfig line;
    line.key = {address(server), ""};
    line.key_id = 0;
    line.port = 12123;
    line.iburst = true;
    config.servers = {line};
    core::Outbox out;
    engine.apply(config, at(0), out);
    for (int second = 1; second < 30 && !engine.state().is_synchronized(); ++second) {
      out.clear();
      engine.on_deadline(at(second), out);
      for (const auto& transmit : out.transmits) reply(transmit, second);
    }
    ASSERT_TRUE(engine.state().is_synchronized());
  }
  static core::Instant at(double seconds) {
    return {core::RawTime(core::Duration::from_seconds(seconds)),
            core::Timestamp::from_unix(1'800'000'000, 0) + core::Duration::from_seconds(seconds)};
  }
  void reply(const core::Transmit& request, double second) {
    auto decoded =
        wire::decode(request.bytes(), [](const void*, std::uint32_t, std::size_t) { return false; }, nullptr);
    wire::Header header = decoded->header;
    header.mode = wire::Mode::server;
    header.precision = -20;
    header.stratum = 2;
    header.leap = wire::Leap::none;
    header.origin = header.transmit;
    header.reference = header.receive = header.transmit = at(second + 0.0005).served;
    std::array<std::uint8_t, wire::kHeaderSize> data{};
    wire::encode(header, data);
    core::Outbox out;
    engine.on_transmitted(request.id, {at(second), core::StampSource::kernel}, {}, at(second), out);
    core::Received received{.data = data, .path = {}, .when = {at(second + 0.001)}, .request = request.id};
    received.path.remote = request.remote;
    engine.on_datagram(received, at(second + 0.001), out);
  }

  std::deque<Asked> asked;
  std::deque<Session> sessions;
  bool full = false;
  std::string progress;
  std::optional<Response> response;
};

TEST_F(OperationTest, ATestTellsEachOutcomeAndSumsUp) {
  EXPECT_TRUE(session().execute("test ntp-service unicast-server 192.0.2.10 port 1123 version 4").pending);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].request.server.version, 4);
  EXPECT_EQ(asked[0].request.server.port, 1123);
  EXPECT_EQ(progress, "Testing NTP server 192.0.2.10, port 1123, with 4 requests; press CTRL+C to stop.\n");
  add(asked[0], {.kind = Outcome::Kind::timed_out, .when = {}});
  asked[0].news();
  EXPECT_THAT(progress, EndsWith("\n  1: no reply came\n"));
  answer(asked[0], 2, 0xC6336407);
  asked[0].news();
  EXPECT_THAT(progress, EndsWith("\n  2: reply accepted: offset 0.1200 ms, delay 1.00 ms\n"));
  ASSERT_TRUE(response);
  EXPECT_THAT(response->output, StartsWith(" 192.0.2.10: the server can be used\n code: usable\n"
                                           " reachable: yes, 1 of 1 requests answered\n"
                                           " authenticated: no, no key was asked for\n clock stratum: 2\n"
                                           " reference clock ID: 198.51.100.7\n leap: none\n"));
  EXPECT_FALSE(response->refused);
  EXPECT_TRUE(asked[0].cancelled);
}

TEST_F(OperationTest, AnInterruptedTestSumsUpWhatCame) {
  auto& shell = session();
  shell.execute("test ntp-service unicast-server 192.0.2.10");
  add(asked[0], {.kind = Outcome::Kind::timed_out, .when = {}});
  shell.interrupt();
  ASSERT_TRUE(response);
  EXPECT_THAT(response->output, HasSubstr(" code: waiting-for-reply\n"));
  EXPECT_TRUE(response->refused) << "nothing usable came";
  EXPECT_TRUE(asked[0].cancelled);
}

TEST_F(OperationTest, ATestAsJsonStreamsNothing) {
  session(true).execute("test ntp-service unicast-server ipv6 2001:db8::1 vpn-instance red");
  EXPECT_EQ(asked[0].request.server.version, 4);
  answer(asked[0], 2, 1);
  asked[0].news();
  EXPECT_EQ(progress, "");
  const auto json = nlohmann::json::parse(response->output);
  EXPECT_EQ(json.at("code"), "usable");
  EXPECT_EQ(json.at("source"), "2001:db8::1");
  EXPECT_EQ(json.at("vpn_instance"), "red");
  EXPECT_EQ(json.at("outcomes").at(0).at("result"), "accepted");
  EXPECT_EQ(json.at("authenticated"), false);
}

TEST_F(OperationTest, ATestIsJudgedAsTheServerLineAtItsEntry) {
  EXPECT_THAT(session().execute("test ntp-service unicast-server 224.0.0.1").output,
              HasSubstr("Error: 224.0.0.1 is a multicast address"));
  EXPECT_THAT(session().execute("test ntp-service unicast-server 192.0.2.10 source-interface uplink").output,
              HasSubstr("Error: uplink names two interfaces"));
  EXPECT_TRUE(asked.empty());
  full = true;
  EXPECT_THAT(session().execute("test ntp-service unicast-server 192.0.2.10").output,
              HasSubstr("Error: Too many servers are tested"));
}

TEST_F(OperationTest, ASessionThatGoesEndsItsTest) {
  session().execute("test ntp-service unicast-server 192.0.2.10");
  sessions.clear();
  EXPECT_TRUE(asked[0].cancelled);
}

TEST_F(OperationTest, OperatorsWithoutPrivilegeDoNotTest) {
  Session shell(services, SessionOptions{.privileged = false});
  EXPECT_THAT(shell.execute("test ntp-service unicast-server 192.0.2.10").output,
              HasSubstr("You do not have permission"));
}

TEST_F(OperationTest, WithoutASystemPeerThereIsNothingToTrace) {
  EXPECT_EQ(session().execute("display ntp-service trace").output,
            "Error: The clock follows no server, so there is nothing to trace.\n");
}

TEST_F(OperationTest, ATraceGoesFromReferenceToReference) {
  follow("192.0.2.77");
  session().execute("display ntp-service trace");
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].request.server.port, 12123);
  EXPECT_EQ(asked[0].request.requests, 1u);
  EXPECT_THAT(progress, StartsWith("server 127.0.0.1, stratum 3, offset "));
  answer(asked[0], 2, 0xC6336407);
  asked[0].news();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].request.server.key.address, address("198.51.100.7"));
  EXPECT_EQ(asked[1].request.server.port, 123);
  EXPECT_THAT(progress,
              EndsWith("server 192.0.2.77, stratum 2, offset 0.000120 s, synch distance 0.00977\n"));
  answer(asked[1], 1, 0x47505300);
  asked[1].news();
  EXPECT_EQ(response->output, "refid GPS\n");
  EXPECT_TRUE(asked[1].cancelled);
}

TEST_F(OperationTest, ATraceNamesWhyItEnds) {
  follow("192.0.2.77");
  const auto ends = [&](std::uint32_t reference_id) {
    asked.clear();
    session(true).execute("display ntp-service trace");
    answer(asked[0], 2, reference_id);
    asked[0].news();
    return nlohmann::json::parse(response->output).at("end").get<std::string>();
  };
  EXPECT_EQ(ends(0x7F7F0100), "reference-clock");
  EXPECT_EQ(ends(0xF0000001), "ipv6-hash");
  EXPECT_EQ(ends(0x7F000001), "loopback");
  EXPECT_EQ(ends(0xC000024D), "loop") << "the server itself";
  EXPECT_EQ(ends(0xC0000201), "loop") << "our own address";
}

TEST_F(OperationTest, ATraceStopsAtTheFirstServerThatIsSilent) {
  follow("192.0.2.77");
  session().execute("display ntp-service trace");
  add(asked[0], {.kind = Outcome::Kind::timed_out, .when = {}});
  asked[0].state.done = true;
  asked[0].news();
  EXPECT_EQ(response->output,
            "refid 192.0.2.77\nInfo: The trace ends here: 192.0.2.77 does not answer within 1 s.\n");
}

TEST_F(OperationTest, ATraceIsNoLongerThanSixteenServers) {
  follow("192.0.2.77");
  session(true).execute("display ntp-service trace");
  for (std::uint32_t hop = 0; hop < asked.size() && hop < 30; ++hop) {
    answer(asked[hop], 2, 0xC6336410 + hop);
    asked[hop].news();
  }
  EXPECT_EQ(asked.size(), 16u);
  EXPECT_EQ(nlohmann::json::parse(response->output).at("end"), "too-long");
}

TEST_F(OperationTest, AnInterruptedTraceShowsWhatItHas) {
  follow("192.0.2.77");
  auto& shell = session();
  shell.execute("display ntp-service trace");
  shell.interrupt();
  EXPECT_THAT(response->output, HasSubstr("interrupted"));
  EXPECT_TRUE(asked[0].cancelled);
}

}  // namespace
}  // namespace noonmark::cli
