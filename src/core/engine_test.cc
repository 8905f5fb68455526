#include "core/engine.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>

#include "core/testing_world.h"
#include "wire/packet.h"

namespace noonmark::core {
namespace {

using testing::address;
using testing::Host;
using testing::key;
using testing::server_line;
using testing::World;

struct ClientAndServer : ::testing::Test {
  World world;
  Host& server = world.add_server("server", "192.0.2.1");
  Host& client = world.add_host("client", "192.0.2.2", 1.5, 40e-6);

  void follow(const ServerConfig& line = server_line("192.0.2.1")) {
    client.config.servers = {line};
    client.commit();
  }
  /// The verdicts that events told.
  std::vector<Reason> told() const {
    std::vector<Reason> reasons;
    for (const auto& event : client.events)
      if (const auto* changed = std::get_if<SessionChanged>(&event)) reasons.push_back(changed->to);
    return reasons;
  }
  std::uint64_t drops(Host& host, DropReason reason) {
    return host.engine->statistics(Family::ipv4).drops[static_cast<std::size_t>(reason)];
  }
};

TEST_F(ClientAndServer, AClientFollowsItsServerWithinTenSeconds) {
  follow();
  EXPECT_TRUE(world.run_while_not([&] { return client.engine->state().is_synchronized(); }, 10));
  world.run_for(120);
  EXPECT_LT(std::abs(client.error()), 1e-4);
  EXPECT_NEAR(client.engine->state().frequency, -40e-6, 1e-6);
  EXPECT_EQ(client.engine->state().stratum, 3);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  EXPECT_EQ(client.engine->state().reference_id, 0xC0000201u);
}

TEST_F(ClientAndServer, TheClockIsHeldForADay) {
  follow();
  world.link = [&](testing::Packet&) {
    return std::optional<double>(0.0005 + 0.0002 * world.random.uniform());
  };
  world.run_for(3600);
  double worst = 0;
  for (int i = 0; i < 24 * 60; ++i) {
    world.run_for(60);
    worst = std::max(worst, std::abs(client.error()));
  }
  EXPECT_LT(worst, 5e-4);
  EXPECT_EQ(client.session().host_poll, 6);
}

TEST_F(ClientAndServer, AKeyedSessionIsAuthenticatedBothWays) {
  server.config.keys = client.config.keys = {key(7)};
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  follow(line);
  world.run_for(10);
  EXPECT_TRUE(client.engine->state().is_synchronized());
  EXPECT_EQ(client.sent.front().transmit.size, 48 + 4 + 32) << "version 3 carries the whole HMAC";
  EXPECT_EQ(server.sent.front().transmit.size, client.sent.front().transmit.size);
}

TEST_F(ClientAndServer, InVersionFourAnHmacIsSentShortened) {
  server.config.keys = client.config.keys = {key(7)};
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  line.version = 4;
  follow(line);
  world.run_for(10);
  EXPECT_TRUE(client.engine->state().is_synchronized());
  EXPECT_EQ(client.sent.front().transmit.size, 48 + 4 + 20);
}

TEST_F(ClientAndServer, AServerWithoutTheKeyStaysSilentAndTheReasonSaysSo) {
  client.config.keys = {key(7)};
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  follow(line);
  world.run_for(60);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_EQ(client.reason(), Reason::no_reply_signed);
  EXPECT_GT(drops(server, DropReason::unknown_key), 3u);
  EXPECT_TRUE(server.sent.empty());
}

TEST_F(ClientAndServer, ASameKeyIdOfAnotherAlgorithmIsNotTheSameKey) {
  client.config.keys = {key(7, "0123456789abcdef", crypto::MacAlgorithm::aes_128_cmac)};
  server.config.keys = {key(7, "0123456789abcdef", crypto::MacAlgorithm::md5)};
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  follow(line);
  world.run_for(30);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_GT(drops(server, DropReason::authentication), 3u);
}

TEST_F(ClientAndServer, AReplyWithoutMacToAKeyedRequestIsDroppedWithItsReason) {
  client.config.keys = {key(7)};
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  world.link = [](testing::Packet& p) {
    if (p.from == "client") p.transmit.size = 48;  // as a server would that does not check
    return std::optional<double>(0.0005);
  };
  follow(line);
  world.run_for(60);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_EQ(client.reason(), Reason::reply_without_mac);
  EXPECT_EQ(client.session().reach, 0);
}

TEST_F(ClientAndServer, ItsOwnReplyInTheNameOfAServerIsNotTaken) {
  server.config.keys = client.config.keys = {key(7)};
  server.commit();
  client.config.family(Family::ipv4).serving = Serving::always;
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  follow(line);
  ASSERT_TRUE(world.run_while_not([&] { return client.engine->state().is_synchronized(); }, 20));
  world.run_for(10);
  const auto asked = client.sent.size();
  ASSERT_TRUE(world.run_while_not([&] { return client.sent.size() > asked; }, 100));
  const auto request = client.sent.back().transmit;
  const auto deliver = [&](base::Bytes data, Endpoint remote, bool to_service) {
    const Path path{
        .local = {address("192.0.2.2"), 123, 0}, .remote = remote, .vpn = {}, .interface_index = 2};
    client.run([&](Engine& e, Instant now, Outbox& out) {
      e.on_datagram({.data = data,
                     .path = path,
                     .when = {now, StampSource::kernel},
                     .service = to_service,
                     .request = to_service ? std::nullopt : std::optional(request.id)},
                    now, out);
    });
  };
  deliver(request.bytes(), {address("192.0.2.66"), 40000, 0}, true);
  const auto reply = client.sent.back().transmit;
  ASSERT_EQ(reply.purpose, Transmit::Purpose::reply);
  const auto replies = client.session().replies;
  deliver(reply.bytes(), {address("192.0.2.1"), 123, 0}, false);
  EXPECT_EQ(drops(client, DropReason::myself), 1u);
  EXPECT_EQ(client.session().replies, replies);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  world.run_for(1);
  EXPECT_EQ(client.session().replies, replies + 1) << "the server's own reply still counts";
}

/// Else who sees the requests could fill the log, and keep the selection busy.
TEST_F(ClientAndServer, OfSeveralBadRepliesToOneRequestTheFirstIsTold) {
  client.config.keys = {key(7)};
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  world.link = [](testing::Packet&) { return std::optional<double>(); };
  follow(line);
  ASSERT_TRUE(world.run_while_not([&] { return !client.sent.empty(); }, 10));
  const auto request = wire::decode(client.sent.back().transmit.bytes(), nullptr, nullptr);
  ASSERT_TRUE(request);
  std::array<std::uint8_t, wire::kHeaderSize + wire::kKeyIdSize> reply{};  // with a crypto-NAK, or without
  wire::Header header;
  header.mode = wire::Mode::server;
  header.origin = request->header.transmit;
  wire::encode(header, std::span(reply).first<wire::kHeaderSize>());
  const Path path{.local = {address("192.0.2.2"), 40000, 0},
                  .remote = {address("192.0.2.1"), 123, 0},
                  .vpn = {},
                  .interface_index = 2};
  for (std::size_t i = 0; i < 10; ++i)
    client.run([&](Engine& e, Instant now, Outbox& out) {
      e.on_datagram({.data = base::Bytes(reply).first(i % 2 == 0 ? wire::kHeaderSize : reply.size()),
                     .path = path,
                     .when = {now, StampSource::kernel},
                     .service = false,
                     .request = client.sent.back().transmit.id},
                    now, out);
      e.on_send_error(client.sent.back().transmit.id, SendError::port_unreachable, 111, now, out);
    });
  EXPECT_EQ(drops(client, DropReason::authentication), 10u);
  EXPECT_EQ(client.reason(), Reason::reply_without_mac);
  EXPECT_EQ(told(), std::vector{Reason::reply_without_mac});
}

TEST_F(ClientAndServer, AServerWithASourceInterfaceAnswersFromItAndTheClientSaysSo) {
  server.view.interfaces.push_back({.index = 3,
                                    .name = "lo1",
                                    .alternative_names = {},
                                    .alias = "LoopBack1",
                                    .up = true,
                                    .loopback = false,
                                    .broadcast = false,
                                    .vpn = {},
                                    .addresses = {{.address = address("192.0.2.100")}}});
  server.publish_network();
  server.config.source_interfaces = {{Family::ipv4, "", "LoopBack1"}};
  server.commit();
  follow();
  world.run_for(30);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_EQ(client.reason(), Reason::reply_from_other_address);
  EXPECT_EQ(client.session().impostor->address, address("192.0.2.100"));
  EXPECT_EQ(client.session().reach, 0);

  client.config.servers = {server_line("192.0.2.100")};
  client.commit();
  world.run_for(12);
  EXPECT_TRUE(client.engine->state().is_synchronized());
}

TEST_F(ClientAndServer, ASpooferCannotWriteTheOtherAddressReason) {
  world.link = [](testing::Packet& p) -> std::optional<double> {
    if (p.from == "server") {
      p.transmit.data[30] ^= 0xFF;  // the origin: who has not seen the request does not know it
      p.transmit.local.address = address("192.0.2.66");
    }
    return 0.0005;
  };
  follow();
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::no_reply);
  EXPECT_GT(drops(client, DropReason::no_association), 0u);
}

TEST_F(ClientAndServer, AReplayedReplyChangesNothing) {
  follow();
  std::optional<testing::Packet> recorded;
  world.link = [&](testing::Packet& p) {
    if (p.from == "server") recorded = p;
    return std::optional<double>(0.0005);
  };
  world.run_for(30);
  ASSERT_TRUE(recorded);
  const auto before = client.session();
  const Path path{.local = recorded->transmit.remote,
                  .remote = recorded->transmit.local,
                  .vpn = {},
                  .interface_index = 2};
  world.deliver(client, *recorded, path, false, std::nullopt);
  auto after = client.session();
  EXPECT_EQ(drops(client, DropReason::duplicate), 1u);
  EXPECT_EQ(after, before);
}

TEST_F(ClientAndServer, AReplyWithZeroOriginIsNeverAccepted) {
  world.link = [](testing::Packet& p) {
    if (p.from == "server") std::fill_n(p.transmit.data.begin() + 24, 8, std::uint8_t{0});
    return std::optional<double>(0.0005);
  };
  follow();
  world.run_for(20);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_GT(drops(client, DropReason::bogus), 3u);
}

TEST_F(ClientAndServer, TheOriginIsOurRandomNumberNotOurTime) {
  follow();
  world.run_for(5);
  ASSERT_GE(client.sent.size(), 2u);
  const auto first = wire::decode(
      client.sent[0].transmit.bytes(), [](const void*, std::uint32_t, std::size_t) { return false; },
      nullptr);
  EXPECT_GT(std::abs((first->header.transmit - client.now().served).seconds()), 3600);
}

wire::Header kiss(const testing::Packet& p, const char* code) {
  wire::Header h =
      wire::decode(
          p.transmit.bytes(), [](const void*, std::uint32_t, std::size_t) { return false; }, nullptr)
          ->header;
  h.leap = wire::Leap::unknown;
  h.stratum = 0;
  h.poll = 17;
  h.reference_id = static_cast<std::uint32_t>(code[0]) << 24 | static_cast<std::uint32_t>(code[1]) << 16 |
                   static_cast<std::uint32_t>(code[2]) << 8 | static_cast<std::uint32_t>(code[3]);
  return h;
}

struct KissTest : ClientAndServer {
  const char* code = "DENY";
  bool on = true;
  void SetUp() override {
    world.link = [this](testing::Packet& p) {
      if (p.from == "server" && on) wire::encode(kiss(p, code), std::span(p.transmit.data).first<48>());
      return std::optional<double>(0.0005);
    };
  }
};

TEST_F(KissTest, DenyStopsTheSessionUntilAReset) {
  follow();
  world.run_for(100);
  EXPECT_EQ(client.reason(), Reason::kiss_deny);
  EXPECT_EQ(client.sent.size(), 1u);
  on = false;
  client.run([](Engine& e, Instant now, Outbox& out) { e.reset_sessions(now, out); });
  world.run_for(15);
  EXPECT_TRUE(client.engine->state().is_synchronized());
}

TEST_F(KissTest, RateSlowsDownAtOnceEndsTheBurstAndIsNotBelievedBeyondThirteen) {
  code = "RATE";
  follow();
  world.run_for(6);
  EXPECT_EQ(client.sent.size(), 1u);
  EXPECT_EQ(client.session().host_poll, 13);
  EXPECT_EQ(client.reason(), Reason::kiss_rate);
}

TEST_F(KissTest, AKissWithoutTheMacOfTheKeyIsNotObeyed) {
  server.config.keys = client.config.keys = {key(7)};
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  follow(line);
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::reply_mac_wrong);
  EXPECT_GE(client.sent.size(), 8u);
}

TEST_F(ClientAndServer, AServerOfWrongTimeIsSteppedToOnceAndLaterOffsetsWait) {
  follow();
  world.run_for(60);
  const auto steps = [&] {
    return std::ranges::count_if(client.events,
                                 [](const Event& e) { return std::holds_alternative<ClockStepped>(e); });
  };
  EXPECT_EQ(steps(), 1);
  server.clock.apply({.id = {}, .step = Duration::from_seconds(20), .frequency = 0, .status = {}},
                     world.time());
  world.run_for(300);
  EXPECT_EQ(steps(), 1);
  EXPECT_EQ(client.reason(), Reason::stepping_soon);
  EXPECT_EQ(client.engine->state().sync, SyncState::spike);
  world.run_for(800);
  EXPECT_EQ(steps(), 2);
  world.run_for(60);
  EXPECT_NEAR(client.error(), 20, 1e-3);
}

TEST_F(ClientAndServer, AnUnreachableServerIsSaidToBeSilentAndTheClockGoesIntoHoldover) {
  follow();
  world.run_for(60);
  ASSERT_TRUE(client.engine->state().is_synchronized());
  world.link = [](testing::Packet&) { return std::optional<double>(); };
  client.events.clear();
  world.run_for(1200);
  EXPECT_EQ(client.engine->state().clock_state, ClockState::holdover);
  EXPECT_EQ(client.reason(), Reason::no_reply);
  EXPECT_EQ(told(), (std::vector{Reason::no_reply})) << "nothing passes between following and the cause";
  const auto lost = std::ranges::find_if(client.events, [](const Event& e) {
    return std::holds_alternative<SynchronizationChanged>(e) &&
           !std::get<SynchronizationChanged>(e).synchronized;
  });
  ASSERT_NE(lost, client.events.end());
  EXPECT_EQ(std::get<SynchronizationChanged>(*lost).reason, UnsyncReason::peer_reachability_lost);
  world.link = [](testing::Packet&) { return std::optional<double>(0.0005); };
  EXPECT_TRUE(world.run_while_not(
      [&] { return client.engine->state().clock_state == ClockState::synchronized; }, 600));
}

TEST_F(ClientAndServer, BeforeTheFirstReplyASessionWaits) {
  world.link = [](testing::Packet&) { return std::optional<double>(); };
  follow();
  world.run_for(1);
  EXPECT_EQ(client.reason(), Reason::waiting_for_reply);
}

TEST_F(ClientAndServer, OfTwoThatAgreeTheOtherOneIsASurvivor) {
  world.add_server("second", "192.0.2.3");
  client.config.servers = {server_line("192.0.2.1"), server_line("192.0.2.3")};
  client.commit();
  world.run_for(60);
  EXPECT_TRUE((client.reason(0) == Reason::system_peer && client.reason(1) == Reason::survivor) ||
              (client.reason(0) == Reason::survivor && client.reason(1) == Reason::system_peer));
}

TEST_F(ClientAndServer, FewRepliesAreCalledSamplesToCollect) {
  client.config.max_distance = 0.5;
  follow();
  world.run_for(1);
  EXPECT_EQ(client.reason(), Reason::collecting_samples);
}

TEST_F(ClientAndServer, AClockThatCannotBeSetIsNamed) {
  client.clock_refuses = true;
  follow();
  world.run_for(60);
  EXPECT_EQ(client.reason(), Reason::clock_not_settable);
  EXPECT_FALSE(client.engine->state().is_synchronized());
}

TEST_F(ClientAndServer, TheLastTenLossesOfSynchronizationAreKept) {
  for (int i = 0; i < 12; ++i) {
    follow();
    world.run_for(20);
    ASSERT_TRUE(client.engine->state().is_synchronized());
    client.config.servers.clear();
    client.commit();
  }
  const auto& events = client.engine->unsync_events();
  ASSERT_EQ(events.size(), 10u);
  EXPECT_EQ(events.back().source, "192.0.2.1");
  EXPECT_EQ(events.back().reason, UnsyncReason::unicast_server_configuration_removed);
  EXPECT_EQ(events.back().when, client.now().served);
  EXPECT_LT((events.front().when - events.back().when).seconds(), -150);
}

TEST_F(ClientAndServer, ServersThatNeverAnsweredAreNamedSilentDuringTheirFirstBurst) {
  client.config.servers = {server_line("192.0.2.8"), server_line("192.0.2.9")};
  client.commit();
  EXPECT_TRUE(world.run_while_not(
      [&] { return client.reason(0) == Reason::no_reply && client.reason(1) == Reason::no_reply; }, 12));
  EXPECT_EQ(std::ranges::count_if(client.events,
                                  [](const Event& e) { return std::holds_alternative<SessionChanged>(e); }),
            2);
}

TEST_F(ClientAndServer, OffsetLimitKeepsASourceOut) {
  client.config.offset_limit = 5;
  server.clock.apply({.id = {}, .step = Duration::from_seconds(60), .frequency = 0, .status = {}},
                     world.time());
  follow();
  world.run_for(60);
  EXPECT_EQ(client.reason(), Reason::offset_limit);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_GT(drops(client, DropReason::offset_limit), 0u);
}

TEST_F(ClientAndServer, AConfiguredSourceInterfaceThatIsMissingMakesTheSessionWait) {
  auto line = server_line("192.0.2.1");
  line.source_interface = "LoopBack0";
  follow(line);
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::interface_unknown);
  EXPECT_TRUE(client.sent.empty());
  client.view.interfaces.push_back({.index = 9,
                                    .name = "lo9",
                                    .alternative_names = {},
                                    .alias = "LoopBack0",
                                    .up = false,
                                    .loopback = false,
                                    .broadcast = false,
                                    .vpn = {},
                                    .addresses = {}});
  client.publish_network();
  EXPECT_EQ(client.reason(), Reason::interface_down);
  client.view.interfaces.back().up = true;
  client.publish_network();
  EXPECT_EQ(client.reason(), Reason::interface_without_address);
  client.view.interfaces.back().addresses.push_back({.address = address("198.51.100.9")});
  client.publish_network();
  world.run_for(15);
  EXPECT_TRUE(client.engine->state().is_synchronized()) << "it heals by itself";
  EXPECT_EQ(client.sent.front().transmit.local.address, address("198.51.100.9"));
}

TEST_F(ClientAndServer, TheEventOfALostInterfaceSaysWhatTheSessionWasBefore) {
  auto line = server_line("192.0.2.1");
  line.source_interface = "eth0";
  follow(line);
  world.run_for(30);
  client.events.clear();
  client.view.interfaces.front().up = false;
  client.publish_network();
  const auto event = std::find_if(client.events.begin(), client.events.end(),
                                  [](const Event& e) { return std::holds_alternative<SessionChanged>(e); });
  ASSERT_NE(event, client.events.end());
  EXPECT_EQ(std::get<SessionChanged>(*event).from, Reason::system_peer);
  EXPECT_EQ(std::get<SessionChanged>(*event).to, Reason::interface_down);
}

TEST_F(ClientAndServer, ASessionWhoseKeyIsNotThereWaitsForIt) {
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  follow(line);
  world.run_for(10);
  EXPECT_EQ(client.reason(), Reason::key_unusable);
  EXPECT_TRUE(client.sent.empty());
  server.config.keys = client.config.keys = {key(7)};
  server.commit();
  client.commit();
  world.run_for(15);
  EXPECT_TRUE(client.engine->state().is_synchronized());
}

TEST_F(ClientAndServer, ChangingThePreferenceKeepsTheSamplesAndChangingTheVersionRestarts) {
  follow();
  world.run_for(60);
  auto line = server_line("192.0.2.1");
  line.preference = true;
  follow(line);
  EXPECT_NE(client.session().reach, 0);
  line.version = 4;
  follow(line);
  EXPECT_EQ(client.session().reach, 0);
  EXPECT_EQ(client.engine->state().clock_state, ClockState::holdover);
}

TEST_F(ClientAndServer, AuthenticationEnabledKeepsSourcesWithoutReliableKeyFromSteering) {
  client.config.authentication_enabled = true;
  follow();
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::key_missing);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  server.config.keys = client.config.keys = {key(7)};
  client.config.keys[0].reliable = false;
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  follow(line);
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::key_not_reliable);
  client.config.keys[0].reliable = true;
  client.commit();
  world.run_for(30);
  EXPECT_TRUE(client.engine->state().is_synchronized());
}

TEST_F(ClientAndServer, ARequestThatComesBackToUsIsNamedMyself) {
  client.config.local_clock = LocalClockConfig{.unit = 0, .stratum = 10};
  client.config.servers = {server_line("192.0.2.2")};
  client.commit();
  world.run_for(20);
  EXPECT_EQ(client.reason(), Reason::myself);
}

TEST_F(ClientAndServer, ASymmetricRequestOfAStrangerIsAnsweredAndMobilizesNothing) {
  testing::Packet packet{.transmit = {}, .from = "client"};
  wire::Header header;
  header.mode = wire::Mode::symmetric_active;
  header.transmit = Timestamp::from_raw(0x0123456789ABCDEF);
  wire::encode(header, std::span(packet.transmit.data).first<wire::kHeaderSize>());
  packet.transmit.size = wire::kHeaderSize;
  const Path path{.local = {.address = address("192.0.2.1"), .port = 123},
                  .remote = {.address = address("192.0.2.2"), .port = 123},
                  .vpn = {},
                  .interface_index = 2};
  world.deliver(server, packet, path, false, std::nullopt);
  EXPECT_EQ(drops(server, DropReason::no_association), 1u) << "not on the service's socket";
  world.deliver(server, packet, path, true, std::nullopt);
  ASSERT_EQ(server.sent.size(), 1u);
  const auto reply = wire::decode(server.sent.front().transmit.bytes(), nullptr, nullptr);
  EXPECT_EQ(reply->header.mode, wire::Mode::symmetric_passive);
  EXPECT_EQ(reply->header.origin, header.transmit);
  EXPECT_TRUE(server.engine->session_statistics().empty());
}

TEST_F(ClientAndServer, TheLocalClockWinsAtEqualStratumAndLosesToASmallerOne) {
  client.config.local_clock = LocalClockConfig{.unit = 1, .stratum = 2};
  follow();
  world.run_for(30);
  EXPECT_TRUE(client.engine->state().local_clock_in_use);
  EXPECT_EQ(client.engine->state().stratum, 2);
  EXPECT_EQ(client.engine->state().reference_id, 0x7F7F0101u);
  EXPECT_EQ(client.reason(), Reason::local_clock_preferred);
  client.config.local_clock->stratum = 5;
  client.commit();
  world.run_for(30);
  EXPECT_FALSE(client.engine->state().local_clock_in_use);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  EXPECT_LT(std::abs(client.error()), 1e-3);
}

TEST_F(ClientAndServer, AnUnsynchronizedServerIsNotFollowed) {
  server.config.local_clock.reset();
  server.config.family(Family::ipv4).serving = Serving::always;
  server.commit();
  follow();
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::server_unsynchronized);
}

TEST_F(ClientAndServer, AServerOfStratumFifteenIsNotSelectable) {
  server.config.local_clock->stratum = 15;
  server.commit();
  follow();
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::stratum_too_high);
  EXPECT_EQ(client.session().stratum, 15);
}

TEST_F(ClientAndServer, AServerThatFollowsUsIsALoop) {
  client.config.local_clock = LocalClockConfig{.unit = 0, .stratum = 9};
  client.commit();
  server.config.local_clock.reset();
  server.config.family(Family::ipv4).serving = Serving::always;
  server.config.servers = {server_line("192.0.2.2")};
  server.commit();
  world.run_for(30);
  ASSERT_TRUE(server.engine->state().is_synchronized());
  client.config.servers = {server_line("192.0.2.1")};
  client.commit();
  world.run_for(30);
  EXPECT_EQ(client.reason(), Reason::loop);
}

TEST_F(ClientAndServer, ServerDisableSilencesAndUndoOpensEvenWithoutLocalClock) {
  server.config.family(Family::ipv4).serving = Serving::never;
  server.commit();
  follow();
  world.run_for(20);
  EXPECT_TRUE(server.sent.empty());
  EXPECT_GT(drops(server, DropReason::server_disabled), 0u);
  EXPECT_FALSE(server.engine->serves(Family::ipv4));
  EXPECT_TRUE(server.engine->serves(Family::ipv6));
}

TEST_F(ClientAndServer, AnInterfaceThatIsNotListenedOnGetsNoAnswer) {
  server.add_address("192.0.2.9");
  server.publish_network();
  server.config.family(Family::ipv4).listen_interfaces = {"eth0"};
  server.commit();
  client.config.servers = {server_line("192.0.2.9"), server_line("192.0.2.1")};
  client.commit();
  world.run_for(20);
  EXPECT_EQ(client.reason(0), Reason::no_reply) << "only the primary address is served";
  EXPECT_EQ(client.reason(1), Reason::system_peer);
}

TEST_F(ClientAndServer, WhatArrivesOnADisabledInterfaceIsDropped) {
  follow();
  client.config.family(Family::ipv4).receive_disabled = {"eth0"};
  client.commit();
  world.run_for(20);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_GT(drops(client, DropReason::interface_disabled), 0u);
}

TEST_F(ClientAndServer, DisablingTheFamilyStopsRequestsAndAnswers) {
  follow();
  world.run_for(30);
  const auto sent = client.sent.size();
  client.config.family(Family::ipv4).disabled = true;
  client.commit();
  world.run_for(100);
  EXPECT_EQ(client.sent.size(), sent);
  EXPECT_EQ(client.reason(), Reason::family_disabled);
  EXPECT_FALSE(client.engine->state().is_synchronized());
}

TEST_F(ClientAndServer, APreemptedServerComesBackOnlyWhenNobodyElseIsLeft) {
  Host& second = world.add_server("second", "192.0.2.3", 4);
  server.config.keys = client.config.keys = {key(7)};
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  line.preempt = true;
  client.config.servers = {line, server_line("192.0.2.3")};
  client.commit();
  world.run_for(60);
  ASSERT_EQ(client.reason(0), Reason::system_peer);
  server.config.keys[0].secret = crypto::Secret(std::string_view("another"));
  bool forge = true;
  world.link = [&](testing::Packet& p) {
    if (p.from == "server" && forge) p.transmit.data[60] ^= 1;  // a wrong digest
    return std::optional<double>(0.0005);
  };
  world.run_for(60);
  forge = false;
  world.run_for(200);
  EXPECT_EQ(client.reason(0), Reason::preempted) << "its error is gone, but another source is left";
  EXPECT_EQ(client.reason(1), Reason::system_peer);
  second.config.family(Family::ipv4).serving = Serving::never;
  second.commit();
  world.run_for(600);
  EXPECT_EQ(client.reason(0), Reason::system_peer);
}

TEST_F(ClientAndServer, AMinorityOfFalsetickersIsNamed) {
  world.add_server("second", "192.0.2.3");
  world.add_server("liar", "192.0.2.4", 2, 5.0);
  client.config.servers = {server_line("192.0.2.1"), server_line("192.0.2.3"), server_line("192.0.2.4")};
  client.commit();
  world.run_for(120);
  EXPECT_EQ(client.reason(2), Reason::falseticker);
  EXPECT_LT(std::abs(client.error()), 1e-3);
}

TEST_F(ClientAndServer, TheAgreementOfTheMajorityIsKept) {
  world.add_server("second", "192.0.2.3");
  world.add_server("liar", "192.0.2.4", 2, 5.0);
  client.config.servers = {server_line("192.0.2.1"), server_line("192.0.2.3"), server_line("192.0.2.4")};
  client.commit();
  world.run_for(120);
  const auto& agreement = client.engine->state().agreement;
  EXPECT_EQ(agreement.voters, 3u);
  EXPECT_EQ(agreement.agreeing, 2u);
  EXPECT_TRUE(agreement.majority);
  EXPECT_LT(agreement.low, 0);
  EXPECT_GT(agreement.high, 0);
  EXPECT_LT(agreement.high, 1);
  client.config.servers.pop_back();
  client.commit();
  EXPECT_EQ(client.engine->state().agreement.voters, 2u);
}

TEST_F(ClientAndServer, WhatBecameOfTheLastRequestsIsKept) {
  follow();
  world.run_for(13);
  EXPECT_EQ(client.session().outcomes[0].kind, Outcome::Kind::accepted);
  EXPECT_NEAR(client.session().outcomes[0].delay, 0.001, 1e-4);
  EXPECT_NEAR(client.session().outcomes[6].offset, -1.5, 1e-3) << "before the step";
  EXPECT_NEAR(client.session().outcomes[0].offset, 0, 1e-3);
  server.config.local_clock.reset();
  server.config.family(Family::ipv4).serving = Serving::always;
  server.commit();
  world.run_for(4);
  EXPECT_EQ(client.session().outcomes[0].kind, Outcome::Kind::dropped);
  EXPECT_EQ(client.session().outcomes[0].drop, DropReason::unsynchronized);
  world.link = [](testing::Packet&) { return std::optional<double>(); };
  const auto asked = client.sent.size();
  ASSERT_TRUE(world.run_while_not([&] { return client.sent.size() > asked; }, 100));
  client.run([&](Engine& e, Instant now, Outbox& out) {
    e.on_send_error(client.sent.back().transmit.id, SendError::host_unreachable, 113, now, out);
  });
  EXPECT_EQ(client.session().outcomes[0].kind, Outcome::Kind::send_failed);
  EXPECT_EQ(client.session().outcomes[0].reason, Reason::host_unreachable);
  ASSERT_TRUE(world.run_while_not([&] { return client.sent.size() > asked + 1; }, 100));
  world.run_for(5.1);
  EXPECT_EQ(client.session().outcomes[0].kind, Outcome::Kind::timed_out);
  EXPECT_EQ(std::ranges::count(client.session().outcomes, Outcome::Kind::send_failed, &Outcome::kind), 1)
      << "a request that failed does not time out as well";
}

TEST_F(ClientAndServer, PacketsAreCountedForSessionsAndInterfaces) {
  follow();
  world.run_for(30);
  const auto sent = client.sent.size();
  EXPECT_EQ(client.engine->session_statistics().front()->sent, sent);
  EXPECT_EQ(client.engine->session_statistics().front()->processed, sent);
  const auto& eth0 = client.view.interfaces.front();
  ASSERT_TRUE(client.engine->statistics(eth0, Family::ipv4));
  EXPECT_EQ(client.engine->statistics(eth0, Family::ipv4)->sent, sent);
  EXPECT_EQ(client.engine->statistics(eth0, Family::ipv4)->received, sent);
  EXPECT_EQ(client.engine->statistics(eth0, Family::ipv6)->received, 0u);
  EXPECT_EQ(server.engine->statistics(eth0, Family::ipv4)->sent, sent)
      << "replies leave where requests came in";
  client.run([](Engine& e, Instant now, Outbox& out) { e.reset_sessions(now, out); });
  EXPECT_EQ(client.engine->session_statistics().front()->sent, sent)
      << "counters outlive the session's restart";
}

TEST_F(ClientAndServer, CountersAreResetByTheirOwnKindOnly) {
  follow();
  world.run_for(10);
  Engine& engine = *client.engine;
  const ServerKey line{address("192.0.2.1"), ""};
  const auto& eth0 = client.view.interfaces.front();
  engine.reset_statistics({.family = Family::ipv6, .of = StatisticsScope::Of::peers});
  EXPECT_GT(engine.session_statistics().front()->sent, 0u);
  engine.reset_statistics({.of = StatisticsScope::Of::peers, .peer = line});
  EXPECT_EQ(*engine.session_statistics().front(), PacketStatistics{});
  EXPECT_GT(engine.statistics(eth0, Family::ipv4)->sent, 0u);
  engine.reset_statistics({.of = StatisticsScope::Of::interfaces, .interface = eth0});
  EXPECT_EQ(*engine.statistics(eth0, Family::ipv4), PacketStatistics{});
  EXPECT_GT(engine.statistics(Family::ipv4).sent, 0u);
  engine.reset_statistics({});
  EXPECT_EQ(engine.statistics(Family::ipv4), PacketStatistics{});
}

TEST_F(ClientAndServer, AnInterfaceThatIsGoneTakesItsCountersAlong) {
  follow();
  world.run_for(10);
  const auto eth0 = client.view.interfaces.front();
  client.view.interfaces.clear();
  client.publish_network();
  EXPECT_FALSE(client.engine->statistics(eth0, Family::ipv4));
}

TEST_F(ClientAndServer, ThePreferredSurvivorOfLeastStratumLeads) {
  world.add_server("second", "192.0.2.3");
  world.add_server("third", "192.0.2.4", 3);
  client.config.servers = {server_line("192.0.2.1"), server_line("192.0.2.3"), server_line("192.0.2.4")};
  client.config.servers[1].preference = client.config.servers[2].preference = true;
  client.commit();
  world.run_for(120);
  EXPECT_EQ(client.reason(1), Reason::system_peer);
}

TEST_F(ClientAndServer, WithoutKernelStampsTheClockFollowsAsWell) {
  client.kernel_stamps = false;
  follow();
  world.run_for(60);
  EXPECT_LT(std::abs(client.error()), 1e-4) << "the daemon's own stamps are a millisecond late";
}

TEST_F(ClientAndServer, HostileReplyHeadersNeverBreakTheState) {
  base::SeededRandom fuzz(42);
  world.link = [&](testing::Packet& p) {
    if (p.from == "server" && fuzz.next() % 3 != 0)
      for (int i = 0; i < 3; ++i) {
        const auto at = fuzz.next() % 48;
        if (at < 24 || at >= 32) p.transmit.data[at] = static_cast<std::uint8_t>(fuzz.next());
      }
    return std::optional<double>(0.0005);
  };
  follow();
  world.run_for(20000);
  const auto s = client.session();
  EXPECT_TRUE(std::isfinite(s.offset) && std::isfinite(s.delay) && std::isfinite(s.root_distance));
  EXPECT_TRUE(std::isfinite(client.error()));
}

struct StartEpoch : ::testing::TestWithParam<std::int64_t> {};

TEST_P(StartEpoch, AClockOfAnyAgeIsSetRight) {
  World world(1, GetParam());
  world.add_server("server", "192.0.2.1");
  Host& client =
      world.add_host("client", "192.0.2.2", -static_cast<double>(GetParam()), 40e-6);  // starts in 1970
  client.config.servers = {server_line("192.0.2.1")};
  client.commit();
  world.run_for(120);
  EXPECT_TRUE(client.engine->state().is_synchronized());
  EXPECT_LT(std::abs(client.error()), 1e-3);
}
// 2026, a minute before and after the era change of 2036-02-07, and 2040.
INSTANTIATE_TEST_SUITE_P(Eras, StartEpoch,
                         ::testing::Values(1'795'000'000, 2'085'978'496 - 60, 2'085'978'496 + 60,
                                           2'208'988'800));

TEST(Eras, AServerRunsAcrossTheChangeOf2036) {
  World world(1, 2'085'978'496 - 300);
  world.add_server("server", "192.0.2.1");
  Host& client = world.add_host("client", "192.0.2.2", 0.05, 20e-6);
  client.config.servers = {server_line("192.0.2.1")};
  client.commit();
  double worst = 0;
  world.run_for(120);
  for (int i = 0; i < 60; ++i) {
    world.run_for(10);
    worst = std::max(worst, std::abs(client.error()));
  }
  EXPECT_TRUE(client.engine->state().is_synchronized());
  EXPECT_LT(worst, 1e-3);
}

TEST(BuildDate, AServerOfTheDistantPastIsNotFollowed) {
  World world(1, 1'000'000'000);  // 2001, before the build
  world.add_server("server", "192.0.2.1");
  Host& client = world.add_host("client", "192.0.2.2", 795'000'000);
  client.config.servers = {server_line("192.0.2.1")};
  client.commit();
  world.run_for(60);
  EXPECT_EQ(client.reason(), Reason::before_build_date);
  EXPECT_FALSE(client.engine->state().is_synchronized());
}

TEST(Requests, EveryLengthModeAndVersionGetsNoLongerAnswer) {
  World world;
  Host& server = world.add_server("server", "192.0.2.1");
  base::SeededRandom random(3);
  std::vector<std::uint8_t> data(65507);
  for (std::size_t length = 0; length <= data.size(); length += length < 300 ? 1 : 997)
    for (unsigned first = 0; first < 256; ++first) {
      for (std::size_t i = 0; i < std::min<std::size_t>(length, 400); ++i)
        data[i] = static_cast<std::uint8_t>(random.next());
      if (length > 0) data[0] = static_cast<std::uint8_t>(first);
      Outbox out;
      const Path path{.local = {address("192.0.2.1"), 123, 0},
                      .remote = {address("192.0.2.77"), 40000, 0},
                      .vpn = {},
                      .interface_index = 2};
      server.engine->on_datagram({.data = {data.data(), length},
                                  .path = path,
                                  .when = {server.now(), StampSource::kernel},
                                  .service = true,
                                  .request = {}},
                                 server.now(), out);
      for (const auto& t : out.transmits) ASSERT_LE(t.size, length);
      ASSERT_LE(out.transmits.size(), 1u);
    }
  EXPECT_GT(server.engine->statistics(Family::ipv4).processed, 0u);
}

TEST(Requests, OneToTheSocketOfAnotherRequestIsNotAnswered) {
  World world;
  Host& server = world.add_server("server", "192.0.2.1");
  const auto before = server.engine->statistics(Family::ipv4);
  std::array<std::uint8_t, wire::kHeaderSize> request{};
  request[0] = 4 << 3 | 3;
  Outbox out;
  server.engine->on_datagram({.data = request,
                              .path = {.local = {address("192.0.2.1"), 40000, 0},
                                       .remote = {address("192.0.2.77"), 123, 0},
                                       .vpn = {},
                                       .interface_index = 2},
                              .when = {server.now(), StampSource::kernel},
                              .service = false,
                              .request = {}},
                             server.now(), out);
  EXPECT_TRUE(out.transmits.empty());
  const auto after = server.engine->statistics(Family::ipv4);
  EXPECT_EQ(after.drops[static_cast<std::size_t>(DropReason::bad_mode)], 1u);
  EXPECT_EQ(after.processed, before.processed);
  EXPECT_EQ(after.sent, before.sent);
}

}  // namespace
}  // namespace noonmark::core
