#include "config/translate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/aead.h"

namespace noonmark::config {
namespace {

using testing::HasSubstr;

struct TranslateTest : testing::Test {
  base::SeededRandom random{1};
  KeyRing ring{crypto::Secret(std::string_view(std::string(crypto::kAeadKeySize, 'k'))), random};
  Configuration configuration;
};

TEST_F(TranslateTest, ADefaultConfigurationIsTheEnginesDefault) {
  EXPECT_EQ(to_ntp_config(configuration, ring).config, core::NtpConfig{});
}

TEST_F(TranslateTest, KeysAreDecipheredAndKnowWhetherTheyAreReliable) {
  const crypto::Secret secret(std::string_view("secret"));
  configuration.keys.put({.id = 1, .cipher = ring.encipher({secret, false}), .mac_length = 32});
  configuration.reliable_keys.put({1});
  const auto translation = to_ntp_config(configuration, ring);
  ASSERT_EQ(translation.config.keys.size(), 1u);
  EXPECT_EQ(translation.config.keys[0].secret, secret);
  EXPECT_EQ(translation.config.keys[0].mac_length, 32);
  EXPECT_TRUE(translation.config.keys[0].reliable);
}

TEST_F(TranslateTest, AKeyThatCannotBeDecipheredIsLeftOutAndTold) {
  configuration.keys.put({.id = 7, .cipher = "%^%#AAAA%^%#"});
  const auto translation = to_ntp_config(configuration, ring);
  EXPECT_TRUE(translation.config.keys.empty());
  EXPECT_THAT(translation.problems, testing::ElementsAre(HasSubstr("key 7")));
}

TEST_F(TranslateTest, Ipv6ServersSpeakVersion4AndPollRangesAreResolved) {
  Server server;
  server.address = *IpAddress::parse("2001:db8::1");
  server.minpoll = 12;
  configuration.servers.put(server);
  const auto config = to_ntp_config(configuration, ring).config;
  EXPECT_EQ(config.servers[0].version, 4);
  EXPECT_EQ(config.servers[0].minpoll, 12);
  EXPECT_EQ(config.servers[0].maxpoll, 12);
}

TEST_F(TranslateTest, QueriesAreAnsweredWhereTheLineSaysSo) {
  EXPECT_FALSE(to_ntp_config(configuration, ring).config.queries_enabled);
  configuration.queries_enabled = true;
  EXPECT_TRUE(to_ntp_config(configuration, ring).config.queries_enabled);
}

TEST_F(TranslateTest, MillisecondsBecomeSeconds) {
  configuration.step_policy = {core::StepPolicy::When::forward_only, 500, 60};
  configuration.error_budget = {20, true};
  const auto config = to_ntp_config(configuration, ring).config;
  EXPECT_EQ(config.step_policy, (core::StepPolicy{core::StepPolicy::When::forward_only, 0.5, 60}));
  EXPECT_EQ(config.error_budget, (core::ErrorBudget{0.02, true}));
}

TEST_F(TranslateTest, FamiliesTakeTheirListeners) {
  configuration.serving = {core::Serving::never, core::Serving::always};
  configuration.listen_interfaces.put({"eth0"});
  configuration.listen_addresses.put({IpAddress::loopback(Family::ipv6), "red"});
  configuration.receive_disabled.put({"eth1", Family::ipv6});
  const auto config = to_ntp_config(configuration, ring).config;
  EXPECT_EQ(config.family(Family::ipv4).serving, core::Serving::never);
  EXPECT_EQ(config.family(Family::ipv6).serving, core::Serving::always);
  EXPECT_TRUE(config.family(Family::ipv4).listen_interfaces.contains("eth0"));
  EXPECT_EQ(config.family(Family::ipv6).listen_addresses.size(), 1u);
  EXPECT_TRUE(config.family(Family::ipv6).receive_disabled.contains("eth1"));
  EXPECT_TRUE(config.family(Family::ipv4).receive_disabled.empty());
}

TEST_F(TranslateTest, PeersKeepTheirModeAndServersMayBeInterleaved) {
  Server server;
  configuration.servers.put(server);
  server.mode = core::AssociationMode::active;
  configuration.servers.put(server);
  configuration.interleaved_disabled = true;
  const auto config = to_ntp_config(configuration, ring).config;
  ASSERT_EQ(config.servers.size(), 2u);
  EXPECT_EQ(config.servers[0].key.mode, core::AssociationMode::client);
  EXPECT_TRUE(config.servers[0].interleaved);
  EXPECT_EQ(config.servers[1].key.mode, core::AssociationMode::active);
  EXPECT_FALSE(config.servers[1].interleaved);
  EXPECT_FALSE(config.interleaved);
}

TEST_F(TranslateTest, GroupsAndTheServersLimitsAreTaken) {
  configuration.group_servers.put({.interface_name = "eth0", .group = ntp_group(Family::ipv6), .version = 3});
  configuration.group_clients.put({"eth0", broadcast_group()});
  configuration.manycast_servers.put({"eth1", ntp_group(Family::ipv4)});
  configuration.manycast_clients.put({"eth2", ntp_group(Family::ipv4), 7, 9});
  configuration.kod_enabled = configuration.queries_enabled = true;
  configuration.rate_limits = {3, 7};
  configuration.max_clients = 4096;
  configuration.max_dynamic_sessions = 20;
  const auto config = to_ntp_config(configuration, ring).config;
  ASSERT_EQ(config.group_servers.size(), 1u);
  EXPECT_EQ(config.group_servers[0].version, 4);
  EXPECT_EQ(config.broadcast_clients, (std::vector<core::GroupMember>{{"eth0", broadcast_group()}}));
  EXPECT_EQ(config.manycast_servers, (std::vector<core::GroupMember>{{"eth1", ntp_group(Family::ipv4)}}));
  ASSERT_EQ(config.manycast_clients.size(), 1u);
  EXPECT_EQ(config.manycast_clients[0].key_id, 7u);
  EXPECT_EQ(config.manycast_clients[0].ttl, 9);
  EXPECT_TRUE(config.kod_enabled && config.queries_enabled);
  EXPECT_EQ(config.rate_limits, (core::RateLimits{3, 7}));
  EXPECT_EQ(config.max_clients, 4096u);
  EXPECT_EQ(config.max_dynamic_sessions, 20);
}

}  // namespace
}  // namespace noonmark::config
