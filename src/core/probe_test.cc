#include <gtest/gtest.h>
#include <algorithm>

#include "core/testing_world.h"

namespace noonmark::core {
namespace {

using testing::Host;
using testing::key;
using testing::server_line;
using testing::World;

std::size_t count(const AssociationState& session, Outcome::Kind kind) {
  return static_cast<std::size_t>(std::ranges::count(session.outcomes, kind, &Outcome::kind));
}

struct ProbeTest : ::testing::Test {
  World world;
  Host& server = world.add_server("server", "192.0.2.1", 2, 0.25);
  Host& client = world.add_host("client", "192.0.2.2");

  ProbeId start(const ProbeRequest& request) {
    base::Result<ProbeId> id = base::fail("");
    client.run([&](Engine& e, Instant now, Outbox& out) { id = e.start_probe(request, now, out); });
    EXPECT_TRUE(id);
    return id.value_or(ProbeId{});
  }
  ProbeId start(const char* ip = "192.0.2.1") { return start(ProbeRequest{.server = server_line(ip)}); }
  ProbeState state(ProbeId id) { return client.engine->probe(id, client.now()).value(); }
  ProbeState run(const ProbeRequest& request) {
    const auto id = start(request);
    world.run_while_not([&] { return state(id).done; }, 20);
    return state(id);
  }
};

TEST_F(ProbeTest, MeasuresAServerThatIsNotConfiguredAndSteersNothing) {
  const auto probed = run({.server = server_line("192.0.2.1")});
  EXPECT_TRUE(probed.done);
  EXPECT_LT(world.time(), 4);
  EXPECT_EQ(probed.session.reason, Reason::usable);
  EXPECT_EQ(probed.session.stratum, 2);
  EXPECT_EQ(count(probed.session, Outcome::Kind::accepted), 4u);
  EXPECT_NEAR(probed.session.offset, 0.25, 1e-3);
  EXPECT_NEAR(probed.session.outcomes[0].offset, 0.25, 1e-3);
  EXPECT_EQ(probed.session.sent_from, testing::address("192.0.2.2"));
  EXPECT_EQ(client.clock.commands, 0);
  EXPECT_FALSE(client.engine->state().is_synchronized());
  EXPECT_TRUE(client.engine->associations(client.now()).empty());
  EXPECT_TRUE(client.events.empty());
}

TEST_F(ProbeTest, ASilentServerIsToldByATimeOutForEachRequest) {
  const auto probed = run({.server = server_line("192.0.2.77"), .requests = 2});
  EXPECT_EQ(count(probed.session, Outcome::Kind::timed_out), 2u);
  EXPECT_EQ(probed.session.reason, Reason::no_reply);
  EXPECT_NEAR(world.time(), 3, 0.01) << "two requests a second apart, each waits two";
}

TEST_F(ProbeTest, ItsKeyIsCheckedLikeAServerLines) {
  client.config.keys = {key(7), key(8, "another secret of that length")};
  client.commit();
  server.config.keys = {key(7)};
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  EXPECT_EQ(run({.server = line}).session.reason, Reason::usable);
  line.key_id = 8;
  EXPECT_EQ(run({.server = line}).session.reason, Reason::no_reply_signed);
  line.key_id = 9;
  EXPECT_EQ(run({.server = line}).session.reason, Reason::key_unusable);
  client.config.authentication_enabled = true;
  client.config.keys[0].reliable = false;
  client.commit();
  line.key_id = 7;
  EXPECT_EQ(run({.server = line}).session.reason, Reason::key_not_reliable);
}

TEST_F(ProbeTest, AReplyThatIsDroppedDoesNotTimeOutAsWell) {
  client.config.keys = {key(7)};
  client.commit();
  world.link = [](testing::Packet& p) {
    p.transmit.size = 48;  // neither side's MAC arrives
    return std::optional<double>(0.0005);
  };
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  const auto probed = run({.server = line});
  EXPECT_EQ(count(probed.session, Outcome::Kind::dropped), 4u);
  EXPECT_EQ(count(probed.session, Outcome::Kind::timed_out), 0u);
  EXPECT_EQ(probed.session.reason, Reason::reply_without_mac);
  EXPECT_LT(world.time(), 4) << "nothing more is waited for";
}

TEST_F(ProbeTest, WhatTheNetworkLacksEndsItAtOnce) {
  auto line = server_line("192.0.2.1");
  line.source_interface = "eth9";
  EXPECT_EQ(run({.server = line}).session.reason, Reason::interface_unknown);
  line.key.vpn = "red";
  EXPECT_EQ(run({.server = line}).session.reason, Reason::vpn_unknown);
  EXPECT_EQ(world.time(), 0);
  EXPECT_TRUE(client.sent.empty());
}

TEST_F(ProbeTest, ItGoesOnBesideASessionOfTheSameServer) {
  client.config.servers = {server_line("192.0.2.1")};
  client.commit();
  world.run_for(10);
  const auto before = client.engine->session_statistics().front()->received;
  const auto sent = client.session().sent;
  EXPECT_EQ(run({.server = server_line("192.0.2.1")}).session.reason, Reason::usable);
  EXPECT_LE(client.session().sent - sent, 2u);
  EXPECT_EQ(client.reason(), Reason::system_peer);
  EXPECT_GE(client.engine->session_statistics().front()->received, before);
}

TEST_F(ProbeTest, AKeyThatGoesAwayEndsItWithItsReason) {
  client.config.keys = server.config.keys = {key(7)};
  client.commit();
  server.commit();
  auto line = server_line("192.0.2.1");
  line.key_id = 7;
  const auto id = start({.server = line});
  world.run_for(0.0002);
  client.config.keys.clear();
  client.commit();
  EXPECT_TRUE(state(id).done);
  EXPECT_EQ(state(id).session.reason, Reason::key_unusable);
  world.run_for(10);
  EXPECT_EQ(client.sent.size(), 1u);
}

TEST_F(ProbeTest, CancelledItIsForgottenAndAsksNoMore) {
  const auto id = start("192.0.2.77");
  world.run_for(0.5);
  client.run([&](Engine& e, Instant, Outbox& out) {
    e.cancel_probe(id, out);
    e.cancel_probe(id, out);
    EXPECT_EQ(out.closed.size(), 1u);
    EXPECT_TRUE(out.probes.empty());
  });
  EXPECT_FALSE(client.engine->probe(id, client.now()));
  world.run_for(10);
  EXPECT_EQ(client.sent.size(), 1u);
  EXPECT_EQ(client.engine->next_deadline(), kNever);
}

TEST_F(ProbeTest, OnlySoManyAreKept) {
  for (std::size_t i = 0; i < kMaxProbes; ++i) start("192.0.2.77");
  client.run([&](Engine& e, Instant now, Outbox& out) {
    EXPECT_FALSE(e.start_probe({.server = server_line("192.0.2.1")}, now, out));
    e.cancel_probe(ProbeId{1}, out);
    EXPECT_TRUE(e.start_probe({.server = server_line("192.0.2.1")}, now, out));
  });
}

TEST_F(ProbeTest, EachOutcomeAndTheEndAreNews) {
  const auto id = start({.server = server_line("192.0.2.77"), .requests = 2});
  world.run_for(2.5);
  EXPECT_EQ(client.news, std::vector{id});
  world.run_for(2.5);
  EXPECT_EQ(client.news, std::vector(2, id));
  EXPECT_TRUE(state(id).done);
}

TEST_F(ProbeTest, AnImpossibleServerIsNotCalledUsable) {
  server.config.local_clock->stratum = 15;
  server.commit();
  EXPECT_EQ(run({.server = server_line("192.0.2.1")}).session.reason, Reason::stratum_too_high);
  server.config.local_clock.reset();
  server.config.family(Family::ipv4).serving = Serving::always;
  server.commit();
  EXPECT_EQ(run({.server = server_line("192.0.2.1")}).session.reason, Reason::server_unsynchronized);
}

TEST_F(ProbeTest, ADeniedProbeAsksNoMore) {
  world.link = [](testing::Packet& p) {
    if (p.from == "server") {
      p.transmit.data[1] = 0;
      std::copy_n("DENY", 4, p.transmit.data.begin() + 12);
    }
    return std::optional<double>(0.0005);
  };
  EXPECT_EQ(run({.server = server_line("192.0.2.1")}).session.reason, Reason::kiss_deny);
  EXPECT_EQ(client.sent.size(), 1u);
}

}  // namespace
}  // namespace noonmark::core
