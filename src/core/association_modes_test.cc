// Symmetric peers, broadcast, multicast and manycast, in virtual time.

#include <bit>
#include <cmath>
#include <gtest/gtest.h>

#include "core/dynamic_session_log.h"
#include "core/testing_world.h"

namespace noonmark::core {
namespace {

using testing::address;
using testing::Host;
using testing::Packet;
using testing::World;

constexpr const char* kBroadcast = "255.255.255.255";

ServerConfig peer_line(const char* ip, std::uint32_t key_id = 0) {
  auto line = testing::server_line(ip);
  line.key.mode = AssociationMode::active;
  line.iburst = false;
  line.key_id = key_id;
  return line;
}

struct Modes : ::testing::Test {
  static std::uint64_t drops(const Host& host, DropReason reason) {
    return host.engine->statistics(Family::ipv4).drops[static_cast<std::size_t>(reason)];
  }
  static std::vector<AssociationState> sessions(Host& host) { return host.engine->associations(host.now()); }
  static wire::Header header(const Packet& packet) {
    return wire::decode(packet.transmit.bytes(), nullptr, nullptr)->header;
  }
  /// Hands a packet over as if it came from there.
  void inject(Host& to, const Transmit& transmit, const char* from, const char* local = nullptr) {
    const Path path{
        .local = {.address = local != nullptr ? address(local) : transmit.remote.address, .port = 123},
        .remote = {.address = address(from), .port = 123},
        .vpn = {},
        .interface_index = 2};
    world.deliver(to, {transmit, "attacker"}, path, true, std::nullopt);
  }
  static Transmit packet(wire::Header h) {
    Transmit t;
    wire::encode(h, std::span(t.data).first<wire::kHeaderSize>());
    t.size = wire::kHeaderSize;
    return t;
  }
  World world;
};

// --- symmetric peers

struct Peers : Modes {
  Peers() {
    for (auto* host : {&a, &b}) host->config.family(Family::ipv4).serving = Serving::always;
  }
  void follow_server(Host& host, const char* ip) { host.config.servers.push_back(testing::server_line(ip)); }
  void peer_both(std::uint32_t key_id = 0) {
    a.config.servers.push_back(peer_line("192.0.2.2", key_id));
    b.config.servers.push_back(peer_line("192.0.2.1", key_id));
    for (auto* host : {&a, &b}) {
      if (key_id != 0) host->config.keys = {testing::key(key_id)};
      host->commit();
    }
  }
  /// a follows the server and asks b, who has no line for it; both have the key, which is reliable.
  void ask_passively() {
    follow_server(a, "192.0.2.10");
    a.config.servers.push_back(peer_line("192.0.2.2", 7));
    a.config.keys = b.config.keys = {testing::key(7)};
  }
  Host& server = world.add_server("server", "192.0.2.10", 1);
  Host& a = world.add_host("a", "192.0.2.1", 0.3, 20e-6);
  Host& b = world.add_host("b", "192.0.2.2", -0.2, -15e-6);
};

TEST_F(Peers, OneFollowsTheOtherWhoHasAServer) {
  follow_server(a, "192.0.2.10");
  peer_both();
  world.run_for(600);
  EXPECT_EQ(b.reason(), Reason::system_peer);
  EXPECT_EQ(b.engine->state().stratum, 3);
  EXPECT_LT(std::abs(b.error()), 1e-4);
  EXPECT_EQ(a.reason(1), Reason::loop) << "b follows a";
  EXPECT_EQ(header(b.sent.back()).mode, wire::Mode::symmetric_active);
  EXPECT_EQ(b.sent.back().transmit.local.port, 123) << "symmetric packets use the service's port";
}

TEST_F(Peers, TheyKeepEachOtherWhenTheirServersVanish) {
  Host& other = world.add_server("other", "192.0.2.11", 1);
  follow_server(a, "192.0.2.10");
  follow_server(b, "192.0.2.11");
  peer_both();
  world.run_for(900);
  ASSERT_EQ(a.reason(0), Reason::system_peer);
  ASSERT_EQ(b.reason(0), Reason::system_peer);
  world.link = [](Packet& p) {
    return p.from.starts_with("s") || p.from.starts_with("o") ? std::nullopt : std::optional(0.0005);
  };
  world.run_for(3600);
  EXPECT_TRUE(a.engine->state().is_synchronized() && b.engine->state().is_synchronized());
  EXPECT_LT(std::abs(a.error() - b.error()), 1e-3);
  EXPECT_LT(std::abs(a.error()), 0.01);
  (void)other;
}

TEST_F(Peers, AMasterClockIsNoNewerThanItsPackets) {
  a.config.local_clock = LocalClockConfig{.unit = 0, .stratum = 3};
  peer_both();
  world.run_for(1200);
  EXPECT_EQ(b.reason(), Reason::system_peer);
  EXPECT_GT(b.engine->statistics(Family::ipv4).processed, 10u);
  EXPECT_EQ(drops(b, DropReason::bad_header), 0u);
}

TEST_F(Peers, AKeyOnTheLineIsDemandedOfThePeer) {
  follow_server(a, "192.0.2.10");
  peer_both(7);
  world.run_for(300);
  EXPECT_EQ(b.reason(), Reason::system_peer);
  b.config.keys = {testing::key(7, "another secret")};
  b.commit();
  world.run_for(300);
  EXPECT_EQ(b.reason(), Reason::reply_mac_wrong);
  EXPECT_GT(drops(b, DropReason::authentication), 0u);
}

TEST_F(Peers, OnlyAReliableKeyMobilizesAPassiveSession) {
  ask_passively();
  b.config.keys.front().reliable = false;
  a.commit();
  b.commit();
  world.run_for(200);
  EXPECT_TRUE(sessions(b).empty());
  b.config.keys.front().reliable = true;
  b.commit();
  world.run_for(600);
  ASSERT_EQ(sessions(b).size(), 1u);
  EXPECT_EQ(b.session().config.key.mode, AssociationMode::passive);
  EXPECT_EQ(b.reason(), Reason::system_peer) << "the passive side follows the active one";
  EXPECT_LT(std::abs(b.error()), 1e-4);
  EXPECT_EQ(header(b.sent.back()).mode, wire::Mode::symmetric_passive);
}

TEST_F(Peers, APassiveSessionGoesWithItsKeyAndWithItsPeer) {
  ask_passively();
  a.commit();
  b.commit();
  world.run_for(200);
  ASSERT_EQ(sessions(b).size(), 1u);
  b.config.keys.front().reliable = false;
  b.commit();
  EXPECT_TRUE(sessions(b).empty());
  b.config.keys.front().reliable = true;
  b.commit();
  world.run_for(100);
  ASSERT_EQ(sessions(b).size(), 1u);
  a.config.servers.pop_back();
  a.commit();
  world.run_for(3000);
  EXPECT_TRUE(sessions(b).empty()) << "silent for eight polls";
}

TEST_F(Peers, APassiveSideThatIsAskedNeverSpeaksTwiceInARow) {
  ask_passively();
  a.commit();
  b.commit();
  int in_a_row = 0, most = 0;
  world.link = [&](Packet& p) {
    if (p.from == "b") most = std::max(most, ++in_a_row);
    if (p.from == "a" && header(p).mode == wire::Mode::symmetric_active) in_a_row = 0;
    return std::optional(0.0005);
  };
  world.run_for(3000);
  ASSERT_EQ(sessions(b).size(), 1u);
  EXPECT_EQ(most, 1);
}

TEST_F(Peers, NoMorePassiveSessionsThanAllowed) {
  a.config.servers = {peer_line("192.0.2.2", 7)};
  a.config.keys = b.config.keys = {testing::key(7)};
  b.config.max_dynamic_sessions = 0;
  a.commit();
  b.commit();
  world.run_for(100);
  EXPECT_TRUE(sessions(b).empty());
  EXPECT_GT(drops(b, DropReason::max_sessions), 0u);
}

TEST_F(Peers, SpoofedAndReplayedPacketsChangeNothing) {
  follow_server(a, "192.0.2.10");
  peer_both();
  std::vector<Transmit> recorded;
  world.link = [&](Packet& p) {
    if (p.from == "a" && p.transmit.remote.address == address("192.0.2.2")) recorded.push_back(p.transmit);
    return std::optional(0.0005);
  };
  world.run_for(600);
  ASSERT_GT(recorded.size(), 10u);
  const auto before = b.session();
  const auto bogus = drops(b, DropReason::bogus) + drops(b, DropReason::duplicate);
  for (const auto& old : recorded) inject(b, old, "192.0.2.1");
  wire::Header spoof;
  spoof.leap = wire::Leap::none;
  spoof.version = 3;
  spoof.mode = wire::Mode::symmetric_active;
  spoof.stratum = 1;
  spoof.transmit = b.now().served;
  for (int i = 0; i < 100; ++i) {
    spoof.origin = Timestamp::from_raw(world.random.next());
    spoof.receive = spoof.transmit = Timestamp::from_raw(world.random.next());
    inject(b, packet(spoof), "192.0.2.1");
  }
  const auto after = b.session();
  EXPECT_EQ(after.offset, before.offset);
  EXPECT_EQ(after.reach, before.reach);
  EXPECT_EQ(after.host_poll, before.host_poll);
  EXPECT_EQ(after.last, before.last);
  EXPECT_EQ(drops(b, DropReason::bogus) + drops(b, DropReason::duplicate), bogus + recorded.size() + 100);
}

/// CVE-2015-1799: spoofed packets must not make the honest peer's next one look bogus.
TEST_F(Peers, APacketWithoutATimeIsNotReferredTo) {
  follow_server(a, "192.0.2.10");
  peer_both();
  world.run_for(600);
  world.link = [](Packet& p) { return p.from == "a" ? std::nullopt : std::optional(0.0005); };
  world.run_for(1100);
  wire::Header h;
  h.leap = wire::Leap::none;
  h.version = 3;
  h.mode = wire::Mode::symmetric_active;
  h.stratum = 1;
  h.origin = h.receive = header(b.sent.back()).transmit;
  const auto sent = b.sent.size();
  inject(b, packet(h), "192.0.2.1");
  EXPECT_EQ(drops(b, DropReason::zero_timestamp), 1u);
  world.run_for(1100);
  ASSERT_GT(b.sent.size(), sent);
  EXPECT_FALSE(header(b.sent[sent]).origin.is_zero());
}

TEST_F(Peers, AnUnauthenticatedExchangeSurvivesAConstantSpoofer) {
  follow_server(a, "192.0.2.10");
  peer_both();
  world.run_for(300);
  for (int second = 0; second < 900; ++second) {
    wire::Header spoof;
    spoof.leap = wire::Leap::none;
    spoof.version = 3;
    spoof.mode = wire::Mode::symmetric_active;
    spoof.stratum = 1;
    spoof.origin = Timestamp::from_raw(world.random.next());
    spoof.receive = spoof.transmit = Timestamp::from_raw(world.random.next());
    inject(a, packet(spoof), "192.0.2.2");
    inject(b, packet(spoof), "192.0.2.1");
    world.run_for(1);
  }
  EXPECT_EQ(b.reason(), Reason::system_peer);
  EXPECT_GE(std::popcount(b.session().reach), 6) << "each sends by its own timer";
  EXPECT_LT(std::abs(b.error()), 1e-4);
}

TEST_F(Peers, InterleavedPacketsCarryTheDepartureOfTheOneBefore) {
  follow_server(a, "192.0.2.10");
  peer_both();
  a.config.servers[1].interleaved = b.config.servers[0].interleaved = true;
  a.commit();
  b.commit();
  int interleaved = 0;
  std::map<std::string, wire::Header> last;
  world.link = [&](Packet& p) {
    if (p.transmit.remote.port != 123 || p.from == "server") return std::optional(0.0005);
    const auto h = header(p);
    if (h.mode != wire::Mode::symmetric_active) return std::optional(0.0005);
    const auto& other = last[p.from == "a" ? "b" : "a"];
    if (!h.origin.is_zero() && h.origin == other.receive && h.origin != other.transmit) ++interleaved;
    last[p.from] = h;
    return std::optional(0.0005);
  };
  world.run_for(1200);
  EXPECT_GT(interleaved, 10);
  EXPECT_TRUE(b.session().interleaved);
  EXPECT_EQ(b.reason(), Reason::system_peer);
  EXPECT_LT(std::abs(b.error()), 1e-4);
}

TEST_F(Modes, ALoopOfThreeIsBroken) {
  Host& server = world.add_server("server", "192.0.2.10", 1);
  std::vector<Host*> ring;
  for (const char* ip : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) ring.push_back(&world.add_host(ip, ip));
  for (std::size_t i = 0; i < 3; ++i) {
    auto& host = *ring[i];
    host.config.family(Family::ipv4).serving = Serving::always;
    host.config.servers.push_back(testing::server_line(ring[(i + 2) % 3]->name.c_str()));
    if (i == 0) host.config.servers.push_back(testing::server_line("192.0.2.10"));
    host.commit();
  }
  world.run_for(600);
  for (auto* host : ring) EXPECT_TRUE(host->engine->state().is_synchronized()) << host->name;
  world.link = [](Packet& p) { return p.from == "server" ? std::nullopt : std::optional(0.0005); };
  world.run_for(4 * 86400.0);
  for (auto* host : ring) EXPECT_FALSE(host->engine->state().is_synchronized()) << host->name;
  (void)server;
}

// --- broadcast and multicast

struct Groups : Modes {
  void send_to(const char* group) {
    server.config.group_servers = {{.interface_name = "eth0", .group = address(group), .key_id = key_id}};
    if (key_id != 0) server.config.keys = {testing::key(key_id)};
    server.commit();
  }
  void listen_to(const char* group) {
    client.config.broadcast_clients = {{.interface_name = "eth0", .group = address(group)}};
    if (key_id != 0) client.config.keys = {testing::key(key_id)};
    client.commit();
  }
  std::uint32_t key_id = 0;
  Host& server = world.add_server("server", "192.0.2.10", 1);
  Host& client = world.add_host("client", "192.0.2.1", 0.3, 20e-6);
};

TEST_F(Groups, ABroadcastClientMeasuresTheDelayFirstAndThenOnlyListens) {
  send_to(kBroadcast);
  listen_to(kBroadcast);
  world.run_for(600);
  ASSERT_EQ(sessions(client).size(), 1u);
  EXPECT_TRUE(std::ranges::any_of(client.events, [](const Event& e) {
    const auto* change = std::get_if<SessionChanged>(&e);
    return change != nullptr && change->to == Reason::measuring_delay;
  }));
  EXPECT_EQ(client.session().config.key.mode, AssociationMode::broadcast_client);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  EXPECT_FALSE(client.session().interleaved);
  const auto sent = client.sent.size();
  world.run_for(7200);
  EXPECT_EQ(client.sent.size(), sent) << "it asks no more";
  EXPECT_EQ(client.session().reach, 0xFF);
  EXPECT_LT(std::abs(client.error()), 1e-4);
}

TEST_F(Groups, AMulticastServerIsHeardByMembersOnly) {
  send_to("224.0.1.1");
  listen_to("224.0.1.1");
  Host& stranger = world.add_host("stranger", "192.0.2.3");
  stranger.config.broadcast_clients = {{.interface_name = "eth0", .group = address("224.0.1.9")}};
  stranger.commit();
  world.run_for(600);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  EXPECT_TRUE(sessions(stranger).empty());
}

TEST_F(Groups, AServerThatIsNotSynchronizedStaysSilent) {
  server.config.local_clock.reset();
  send_to(kBroadcast);
  world.run_for(300);
  EXPECT_TRUE(server.sent.empty());
}

TEST_F(Groups, WithAuthenticationOnlyAReliableKeyMobilizes) {
  key_id = 9;
  client.config.authentication_enabled = true;
  send_to(kBroadcast);
  listen_to(kBroadcast);
  client.config.keys.front().reliable = false;
  client.commit();
  world.run_for(200);
  EXPECT_TRUE(sessions(client).empty());
  EXPECT_GT(drops(client, DropReason::authentication), 0u);
  client.config.keys.front().reliable = true;
  client.commit();
  world.run_for(600);
  EXPECT_EQ(client.reason(), Reason::system_peer);
}

TEST_F(Groups, OldAndForgedBroadcastsChangeNothing) {
  key_id = 9;
  client.config.authentication_enabled = true;
  send_to(kBroadcast);
  listen_to(kBroadcast);
  std::vector<Transmit> recorded;
  world.link = [&](Packet& p) {
    if (p.transmit.purpose == Transmit::Purpose::group) recorded.push_back(p.transmit);
    return std::optional(0.0005);
  };
  world.run_for(1000);
  const auto before = client.session();
  const auto old = drops(client, DropReason::not_newer);
  const auto wrong = drops(client, DropReason::authentication);
  for (const auto& packet : recorded) inject(client, packet, "192.0.2.10", kBroadcast);
  for (auto packet : recorded) {
    packet.data.front() ^= 0xC0;
    inject(client, packet, "192.0.2.10", kBroadcast);
  }
  EXPECT_EQ(drops(client, DropReason::not_newer), old + recorded.size());
  EXPECT_EQ(drops(client, DropReason::authentication), wrong + recorded.size());
  EXPECT_EQ(client.session().offset, before.offset);
  EXPECT_EQ(client.session().reach, before.reach);
  world.run_for(600);
  EXPECT_EQ(client.reason(), Reason::system_peer) << "nothing was torn down";
}

TEST_F(Groups, AnInterfaceWithoutAnAddressSendsNothing) {
  send_to(kBroadcast);
  world.run_for(100);
  const auto sent = server.sent.size();
  ASSERT_GT(sent, 0u);
  for (auto& interface : server.view.interfaces) interface.addresses.clear();
  server.publish_network();
  world.run_for(300);
  EXPECT_EQ(server.sent.size(), sent);
}

TEST_F(Groups, AServerThatHearsItselfDoesNotFollowItself) {
  send_to(kBroadcast);
  for (const bool listens : {false, true}) {
    if (listens) server.config.broadcast_clients = {{.interface_name = "eth0", .group = address(kBroadcast)}};
    server.commit();
    world.run_for(100);
    ASSERT_FALSE(server.sent.empty());
    const auto before = drops(server, DropReason::myself);
    inject(server, server.sent.back().transmit, "192.0.2.10", kBroadcast);
    EXPECT_EQ(drops(server, DropReason::myself), before + 1);
    EXPECT_TRUE(sessions(server).empty());
  }
}

TEST_F(Groups, AServerThatFallsSilentIsForgotten) {
  send_to(kBroadcast);
  listen_to(kBroadcast);
  world.run_for(600);
  ASSERT_EQ(sessions(client).size(), 1u);
  world.link = [](Packet&) -> std::optional<double> { return std::nullopt; };
  world.run_for(3600);
  EXPECT_TRUE(sessions(client).empty());
}

TEST_F(Groups, ASessionGoesWithTheLineThatMobilizedIt) {
  send_to(kBroadcast);
  listen_to(kBroadcast);
  world.run_for(600);
  client.config.max_distance = 2;
  client.commit();
  EXPECT_EQ(client.reason(), Reason::system_peer) << "a commit of something else leaves it alone";
  client.config.broadcast_clients.clear();
  client.commit();
  EXPECT_TRUE(sessions(client).empty());
  EXPECT_FALSE(client.engine->unsync_events().empty());
}

TEST_F(Groups, ASessionOutlivesACommitOfSomethingElseAndAReset) {
  send_to(kBroadcast);
  listen_to(kBroadcast);
  world.run_for(600);
  ASSERT_EQ(client.reason(), Reason::system_peer);
  const auto before = client.session();
  client.config.max_distance = 2;
  client.commit();
  EXPECT_EQ(client.session().id, before.id);
  EXPECT_EQ(client.session().replies, before.replies);
  EXPECT_EQ(client.session().group, client.config.broadcast_clients.front());
  client.run([](Engine& e, Instant now, Outbox& out) { e.reset_sessions(now, out); });
  client.config.max_distance = 1;
  client.commit();
  EXPECT_EQ(client.session().id, before.id);
  client.config.broadcast_clients.clear();
  client.commit();
  ASSERT_FALSE(client.engine->unsync_events().empty());
}

TEST_F(Groups, ALineWhoseKeyIsMissingSendsNothing) {
  send_to(kBroadcast);
  server.config.group_servers.front().key_id = 9;
  server.commit();
  world.run_for(300);
  EXPECT_TRUE(server.sent.empty());
  server.config.keys = {testing::key(9)};
  server.commit();
  world.run_for(300);
  EXPECT_FALSE(server.sent.empty());
}

TEST_F(Groups, ASessionThatComesAndGoesIsLoggedOnce) {
  send_to(kBroadcast);
  listen_to(kBroadcast);
  const auto changes = [&] {
    std::vector<DynamicSessionChanged> found;
    for (const auto& event : client.events)
      if (const auto* change = std::get_if<DynamicSessionChanged>(&event)) found.push_back(*change);
    return found;
  };
  world.run_for(600);
  ASSERT_EQ(changes().size(), 1u);
  EXPECT_TRUE(changes().front().mobilized);
  EXPECT_EQ(changes().front().server, client.session().config.key);
  EXPECT_EQ(changes().front().interface, "eth0");
  world.link = [](Packet&) -> std::optional<double> { return std::nullopt; };
  world.run_for(3600);
  ASSERT_EQ(changes().size(), 2u);
  EXPECT_FALSE(changes().back().mobilized);
  EXPECT_EQ(changes().back().interface, "eth0");
}

TEST(DynamicSessionLog, OneLineAMinuteForAnAddressAndABoundForAll) {
  DynamicSessionLog log;
  const auto at = [](double s) { return RawTime(Duration::from_seconds(s)); };
  const auto server = [](std::uint32_t n) {
    return ServerKey{IpAddress::v4(n), "", AssociationMode::broadcast_client};
  };
  EXPECT_TRUE(log.admits(server(1), true, at(0)));
  EXPECT_TRUE(log.admits(server(1), false, at(1))) << "the end is another line";
  EXPECT_FALSE(log.admits(server(1), true, at(59)));
  auto elsewhere = server(1);
  elsewhere.vpn = "RED";
  EXPECT_TRUE(log.admits(elsewhere, true, at(59)));
  EXPECT_TRUE(log.admits(server(1), true, at(60)));
  int lines = 0;
  for (std::uint32_t i = 100; i < 1100; ++i) lines += log.admits(server(i), true, at(200)) ? 1 : 0;
  EXPECT_EQ(lines, static_cast<int>(DynamicSessionLog::kMost));
  EXPECT_TRUE(log.admits(server(1), true, at(260)));
}

TEST_F(Groups, AnInterleavedBroadcastTellsWhenTheOneBeforeLeft) {
  send_to(kBroadcast);
  server.config.group_servers.front().interleaved = true;
  server.commit();
  listen_to(kBroadcast);
  std::vector<wire::Header> seen;
  world.link = [&](Packet& p) {
    if (p.transmit.purpose == Transmit::Purpose::group) seen.push_back(header(p));
    return std::optional(0.0005);
  };
  world.run_for(3000);
  ASSERT_GT(seen.size(), 10u);
  for (std::size_t i = 1; i < seen.size(); ++i)
    EXPECT_LT(std::abs((seen[i].origin - seen[i - 1].transmit).seconds()), 1e-3);
  EXPECT_TRUE(client.session().interleaved);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  EXPECT_LT(std::abs(client.error()), 1e-4);
}

// --- manycast

TEST_F(Groups, AManycastClientFindsItsServers) {
  client.config.manycast_clients = {{.interface_name = "eth0", .group = address("224.0.1.1")}};
  client.commit();
  for (const char* ip : {"192.0.2.21", "192.0.2.22", "192.0.2.23"}) {
    Host& one = world.add_server(ip, ip, 2);
    one.config.manycast_servers = {{.interface_name = "eth0", .group = address("224.0.1.1")}};
    one.config.family(Family::ipv4).serving = Serving::always;
    one.commit();
  }
  world.run_for(600);
  const auto found = sessions(client);
  ASSERT_EQ(found.size(), 3u);
  for (const auto& s : found) EXPECT_EQ(s.config.key.mode, AssociationMode::manycast_client);
  EXPECT_TRUE(client.engine->state().is_synchronized());
  EXPECT_LT(std::abs(client.error()), 1e-4);
  client.config.manycast_clients.clear();
  client.commit();
  EXPECT_TRUE(sessions(client).empty());
}

// --- interleaved clients

TEST_F(Groups, AClientUsesTheInterleavedModeWhereItHelps) {
  client.config.servers = {testing::server_line("192.0.2.10")};
  client.commit();
  // The server's packets leave 200 us after its clock was read.
  world.link = [](Packet& p) { return std::optional(p.from == "server" ? 0.0007 : 0.0005); };
  world.run_for(3600);
  EXPECT_EQ(client.reason(), Reason::system_peer);
}

// --- who may be followed

TEST_F(Modes, AccessListsDecideWhoMayBeFollowed) {
  world.add_server("server", "192.0.2.10", 1);
  Host& client = world.add_host("client", "192.0.2.1", 0.3);
  client.config.servers = {testing::server_line("192.0.2.10")};
  client.config.access.lists[0][0] = AccessList{"2000", {}};
  client.commit();
  world.run_for(60);
  EXPECT_EQ(client.reason(), Reason::access_denied);
  EXPECT_GT(drops(client, DropReason::access_denied), 0u);
  client.config.access.lists[0][0]->rules = {
      {.id = 5, .permit = true, .source = address("192.0.2.10"), .mask = address(kBroadcast), .vpn = {}}};
  client.commit();
  world.run_for(120);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  client.config.access.lists[0][0]->rules.clear();
  client.commit();
  EXPECT_EQ(client.reason(), Reason::access_denied) << "at once, not when its next reply is refused";
  EXPECT_FALSE(client.engine->state().system_peer);
}

TEST_F(Groups, ASessionGoesWithTheAccessOfItsServer) {
  send_to(kBroadcast);
  listen_to(kBroadcast);
  world.run_for(600);
  ASSERT_EQ(client.reason(), Reason::system_peer);
  client.config.access.lists[0][0] = AccessList{"2000", {}};
  client.commit();
  EXPECT_TRUE(sessions(client).empty());
}

TEST_F(Modes, AServerHasOneVoteHoweverItIsReached) {
  world.add_server("server", "192.0.2.10", 1);
  Host& liar = world.add_host("liar", "192.0.2.11", 0.5);
  liar.config.local_clock = LocalClockConfig{.unit = 0, .stratum = 2};
  liar.config.family(Family::ipv4).serving = Serving::always;
  liar.commit();
  Host& client = world.add_host("client", "192.0.2.1", 0.1);
  client.config.servers = {testing::server_line("192.0.2.10"), testing::server_line("192.0.2.11"),
                           peer_line("192.0.2.11")};
  client.commit();
  world.run_for(600);
  EXPECT_EQ(client.reason(0), Reason::no_majority);
  EXPECT_EQ(client.reason(1), Reason::no_majority);
  EXPECT_EQ(client.reason(2), Reason::another_session);
}

}  // namespace
}  // namespace noonmark::core
