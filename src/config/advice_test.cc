#include "config/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

core::Interface interface(std::string name, core::VpnId vpn = core::VpnId::public_instance) {
  core::Interface made;
  made.name = std::move(name);
  made.vpn = vpn;
  return made;
}

Key key(std::uint32_t id, crypto::MacAlgorithm algorithm = crypto::MacAlgorithm::hmac_sha256) {
  Key made;
  made.id = id;
  made.algorithm = algorithm;
  return made;
}

struct AdviceTest : testing::Test {
  AdviceTest() {
    network.vpns = {{core::VpnId::public_instance, "", core::Vpn::Kind::public_instance},
                    {core::VpnId{1}, "red", core::Vpn::Kind::vrf}};
    network.interfaces = {interface("eth0"), interface("eth1", core::VpnId{1}), interface("wlan0")};
    // Four, so that their number is nothing to speak of.
    for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}) {
      running.servers.put(server(address));
      next.servers.put(made);
    }
  }

  Server& server(const char* address, std::uint32_t key_id = 0) {
    made = {};
    made.address = *IpAddress::parse(address);
    made.key_id = key_id;
    return made;
  }

  /// A server that has answered.
  void hear(const char* address, std::uint8_t stratum, const char* follows) {
    core::AssociationState session;
    session.config.key = {*IpAddress::parse(address), ""};
    session.answered = true;
    session.stratum = stratum;
    session.last.reference_id = IpAddress::parse(follows)->v4_value();
    sessions.push_back(session);
  }

  std::vector<std::string> lines(const std::vector<Advice>& advice) const {
    std::vector<std::string> found;
    for (const auto& text : in_words(advice)) found.push_back(text.line());
    return found;
  }
  /// What a commit of `next` says.
  std::vector<std::string> said() const {
    return lines(news(advise(running, network, sessions), advise(next, network, sessions)));
  }
  std::vector<std::string> review() const { return lines(advise(next, network, sessions)); }
  std::vector<std::string> codes() const {
    std::vector<std::string> found;
    for (const auto& text : in_words(advise(next, network, sessions))) found.emplace_back(text.code);
    return found;
  }

  Configuration next, running;
  core::NetworkView network;
  std::vector<core::AssociationState> sessions;
  Server made;
};

TEST_F(AdviceTest, UnknownNamesAreWarnedOfOnceWithTheNearestOnes) {
  server("10.0.0.1").source_interface = "eht0";
  next.servers.put(made);
  server("10.0.0.2").source_interface = "eht0";
  made.vpn = "rde";
  next.servers.put(made);
  EXPECT_THAT(said(), ElementsAre(AllOf(HasSubstr("Warning: Interface eht0 does not exist"),
                                        HasSubstr("nearest: eth0")),
                                  HasSubstr("VPN instance rde does not exist; nearest: red.")));
}

TEST_F(AdviceTest, LinesThatDoNotChangeAreNotWarnedOfAgain) {
  server("10.0.0.1").source_interface = "eht0";
  running.servers.put(made);
  next = running;
  next.port = 1234;
  EXPECT_THAT(said(), IsEmpty());
  server("10.0.0.2").source_interface = "eht0";
  next.servers.put(made);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("eht0 does not exist")));
}

TEST_F(AdviceTest, AnInterfaceOfAnotherVpnIsWarnedOf) {
  server("10.0.0.1").source_interface = "eth1";
  next.servers.put(made);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("lies in VPN instance red, not in the public instance")));
}

TEST_F(AdviceTest, AuthenticationAndTheKeysOfServers) {
  next.keys.put(key(5));
  next.servers.put(server("10.0.0.1", 5));
  EXPECT_THAT(said(), ElementsAre(AllOf(HasSubstr("Info: "), HasSubstr("10.0.0.1"))));
  next.authentication_enabled = true;
  next.reliable_keys.put({5});
  EXPECT_THAT(said(), ElementsAre(HasSubstr("192.0.2.3 and 1 more have no key: they cannot steer")));
  next.reliable_keys.erase(5);
  EXPECT_THAT(said(), Contains(AllOf(HasSubstr("10.0.0.1 is not declared reliable"),
                                     HasSubstr("reliable authentication-keyid 5"))));
}

TEST_F(AdviceTest, LargeKeyIdsAreWarnedOfWithVersion4AndIpv6Only) {
  next.keys.put(key(70000));
  next.authentication_enabled = running.authentication_enabled = true;
  next.reliable_keys.put({70000});
  next.servers.put(server("10.0.0.1", 70000));
  EXPECT_THAT(said(), IsEmpty());
  server("10.0.0.2", 70000).version = 4;
  next.servers.put(made);
  next.servers.put(server("2001:db8::1", 70000));
  EXPECT_THAT(said(), ElementsAre(AllOf(HasSubstr("above 65535"), HasSubstr("10.0.0.2 and 2001:db8::1"))));
}

TEST_F(AdviceTest, ASingleServerIsWarnedOfAndFewAreReviewed) {
  next = {};
  next.servers.put(server("10.0.0.1"));
  EXPECT_THAT(said(), ElementsAre(HasSubstr("Warning: Server 10.0.0.1 is the only one")));
  next.servers.put(server("10.0.0.2"));
  EXPECT_THAT(said(), IsEmpty());
  EXPECT_THAT(codes(), ElementsAre("two-servers", "unauthenticated"));
  next.servers.put(server("10.0.0.3"));
  EXPECT_THAT(codes(), ElementsAre("few-servers", "unauthenticated"));
}

TEST_F(AdviceTest, ServersThatTurnOutToBeOneSource) {
  hear("192.0.2.1", 2, "198.51.100.9");
  hear("192.0.2.2", 2, "198.51.100.9");
  EXPECT_THAT(review(), Contains(AllOf(HasSubstr("Servers 192.0.2.1 and 192.0.2.2 follow the same source"),
                                       HasSubstr("198.51.100.9"))));
  hear("192.0.2.3", 3, "192.0.2.1");
  EXPECT_THAT(review(), Contains(HasSubstr("Server 192.0.2.3 follows server 192.0.2.1")));
}

TEST_F(AdviceTest, ReferenceClocksOfOneKindAreNotOneSource) {
  hear("192.0.2.1", 1, "71.80.83.0");  // "GPS"
  hear("192.0.2.2", 1, "71.80.83.0");
  hear("192.0.2.1", 2, "127.127.1.0");  // a local clock
  hear("192.0.2.2", 2, "127.127.1.0");
  EXPECT_THAT(codes(), Not(Contains("same-upstream")));
}

TEST_F(AdviceTest, ALocalClockThatIsBetterThanAServer) {
  hear("192.0.2.1", 5, "198.51.100.9");
  next.local_clock = running.local_clock = LocalClock{};
  EXPECT_THAT(codes(), Not(Contains("local-clock-preferred")));
  next.local_clock->stratum = 5;
  EXPECT_THAT(said(), ElementsAre(AllOf(HasSubstr("192.0.2.1 has stratum 5"), HasSubstr("above that"))));
}

TEST_F(AdviceTest, WhereRequestsAreAnswered) {
  next.local_clock = LocalClock{};
  EXPECT_THAT(said(), ElementsAre(AllOf(HasSubstr("Info: "), HasSubstr("IPv4 and IPv6"))));
  next.serving[1] = core::Serving::never;
  EXPECT_THAT(said(), ElementsAre(HasSubstr("answers IPv4 NTP")));
  next.listen_interfaces.put({"eth0"});
  EXPECT_THAT(said(), IsEmpty());
  next = running;
  next.serving[0] = core::Serving::always;
  EXPECT_THAT(said(), ElementsAre(HasSubstr("IPv4 NTP requests also without refclock-master")));
}

TEST_F(AdviceTest, StepsThatClientsWouldFeel) {
  using When = core::StepPolicy::When;
  next.step_policy.when = When::always;
  EXPECT_THAT(said(), IsEmpty());
  next.serving[1] = core::Serving::always;
  EXPECT_THAT(codes(), Contains("steps-under-clients"));
  next.family_disabled[1] = true;
  EXPECT_THAT(codes(), Not(Contains("steps-under-clients")));
  next.step_policy.when = When::never;
  EXPECT_THAT(said(), ElementsAre(HasSubstr("5 minutes in an hour")));
}

TEST_F(AdviceTest, ALeapSecondTableThatIsMissingOrEndsSoon) {
  constexpr std::int64_t kNow = 1'800'000'000;
  const auto code = [&](std::optional<std::int64_t> expires) {
    std::string found;
    for (const auto& text : in_words(advise(next, network, sessions, LeapTableFacts{expires, kNow})))
      if (text.code.starts_with("leap-table")) found = text.sentence;
    return found;
  };
  next = {};
  EXPECT_EQ(code({}), "") << "without servers nobody asks for it";
  next.servers.put(server("192.0.2.1"));
  EXPECT_THAT(code({}), HasSubstr("no table of leap seconds"));
  EXPECT_THAT(code(kNow), HasSubstr("has expired"));
  EXPECT_THAT(code(kNow + 86400 * 27), HasSubstr("expires in 27 days"));
  EXPECT_EQ(code(kNow + 86400 * 28), "");
  EXPECT_THAT(codes(), Not(Contains("leap-table-missing"))) << "not known";
}

TEST_F(AdviceTest, AReviewSaysMoreThanACommit) {
  next.keys.put(key(1, crypto::MacAlgorithm::md5));
  server("192.0.2.1", 1);
  next.servers.put(made);
  server("192.0.2.2", 1);
  next.servers.put(made);
  EXPECT_THAT(codes(),
              ElementsAre("key-checked", "unauthenticated", "weak-key", "shared-key", "passwords-unchecked"));
  EXPECT_THAT(said(), ElementsAre(HasSubstr("are checked although")));
}

TEST_F(AdviceTest, EveryAdviceNamesItsSource) {
  next = {};
  next.local_clock = LocalClock{};
  next.servers.put(server("10.0.0.1", 70000));
  for (const auto& text : in_words(advise(next, network, sessions))) {
    EXPECT_TRUE(text.source.starts_with("RFC ") || text.source.starts_with("VRP: ")) << text.code;
    EXPECT_THAT(text.sentence, Not(HasSubstr("{")));
  }
}

TEST_F(AdviceTest, APeerWithoutAKeyAndGroupsWithoutAuthentication) {
  server("10.0.0.1").mode = core::AssociationMode::active;
  next.servers.put(made);
  next.group_clients.put({"eth0", broadcast_group()});
  EXPECT_THAT(said(), ElementsAre(HasSubstr("Warning: Peer 10.0.0.1 has no key"),
                                  HasSubstr("this device listens to broadcast on eth0:")));
  next.authentication_enabled = running.authentication_enabled = true;
  EXPECT_THAT(said(), ElementsAre(HasSubstr("server 10.0.0.1 has no key")));
}

TEST_F(AdviceTest, SourcesThatAccessDoesNotGrantPeerAreWarnedOf) {
  next.acls.put({Family::ipv4, "2000"});
  AclRule rule;
  rule.acl = "2000";
  rule.id = 5;
  rule.permit = true;
  rule.source = *IpAddress::parse("192.0.2.0");
  rule.mask = *IpAddress::parse("255.255.255.0");
  next.acl_rules.put(rule);
  next.access.put({core::AccessLevel::peer, "2000", ""});
  next.servers.put(server("10.0.0.1"));
  EXPECT_THAT(said(), ElementsAre(HasSubstr("do not grant peer to server 10.0.0.1:"),
                                  AllOf(HasSubstr("everything over IPv6 is denied"),
                                        HasSubstr("ntp-service ipv6 disable"))));
  next.family_disabled[1] = true;
  next.servers.erase(made.key());
  EXPECT_THAT(said(), IsEmpty());
  next.access.put({core::AccessLevel::server, "2000", ""});
  next.access.erase(core::AccessLevel::peer);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("192.0.2.1, 192.0.2.2, 192.0.2.3 and 1 more")));
}

TEST_F(AdviceTest, AListThatIsNotThereOrEmptyIsWarnedOf) {
  next.access.put({core::AccessLevel::server, "2000", "office"});
  EXPECT_THAT(said(), Contains(HasSubstr("ACL 2000 and IPv6 ACL office do not exist or have no rule")));
  next.acls.put({Family::ipv4, "2000"});
  EXPECT_THAT(said(), Contains(HasSubstr("ACL 2000")));
}

TEST_F(AdviceTest, AWildcardThatLooksLikeANetmaskIsWarnedOf) {
  next.servers = {};
  next.acls.put({Family::ipv4, "2000"});
  next.access.put({core::AccessLevel::server, "2000", ""});
  next.family_disabled[1] = true;
  AclRule rule;
  rule.acl = "2000";
  for (const char* mask : {"255.255.255.0", "255.255.255.255", "0.0.0.0", "255.0.255.0"}) {
    rule.id = rule.id == config::kNoRule ? 5 : rule.id + 5;
    rule.mask = *IpAddress::parse(mask);
    next.acl_rules.put(rule);
  }
  EXPECT_THAT(said(), IsEmpty());
  rule.mask = *IpAddress::parse("0.0.0.255");  // rule 20 source 10.0.0.0 255.255.255.0
  next.acl_rules.put(rule);
  EXPECT_THAT(said(), ElementsAre(AllOf(HasSubstr("wildcard of rule 20 of ACL 2000 looks like a netmask"),
                                        HasSubstr("write 0.0.0.255."))));
}

TEST_F(AdviceTest, KissCodesNeedAccessLists) {
  next.kod_enabled = true;
  EXPECT_THAT(said(), ElementsAre(HasSubstr("kod-enable has no effect")));
}

}  // namespace
}  // namespace noonmark::config
