#include "config/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

struct ValidateTest : testing::Test {
  ValidateTest() {
    network.vpns = {{core::VpnId::public_instance, "", core::Vpn::Kind::public_instance},
                    {core::VpnId{1}, "red", core::Vpn::Kind::vrf}};
    network.interfaces = {interface("eth0"), interface("eth1", core::VpnId{1}), interface("wlan0")};
  }
  Server& server(const char* address, std::uint32_t key_id = 0) {
    made.address = *IpAddress::parse(address);
    made.key_id = key_id;
    return made;
  }
  Findings validate() const { return config::validate(next, running, network); }

  Configuration next, running;
  core::NetworkView network;
  Server made;
};

TEST_F(ValidateTest, ASimpleServerHasNothingToSay) {
  next.servers.put(server("10.0.0.1"));
  const auto findings = validate();
  EXPECT_THAT(findings.errors, IsEmpty());
  EXPECT_THAT(findings.notices, IsEmpty());
}

TEST_F(ValidateTest, AServerWhoseKeyIsMissingIsRefusedWithBothNames) {
  next.servers.put(server("10.0.0.1", 5));
  EXPECT_THAT(validate().errors, ElementsAre(AllOf(HasSubstr("key 5"), HasSubstr("10.0.0.1"))));
}

TEST_F(ValidateTest, AReliableKeyHasToExist) {
  next.reliable_keys.put({9});
  EXPECT_THAT(validate().errors, ElementsAre(HasSubstr("key 9")));
}

TEST_F(ValidateTest, ClosingTheGateOverAnMd5KeyIsRefusedNamingTheKeys) {
  next.keys.put(key(3, crypto::MacAlgorithm::md5));
  next.keys.put(key(8, crypto::MacAlgorithm::md5));
  next.weak_algorithms = WeakAlgorithms::enabled;
  running = next;
  EXPECT_THAT(validate().errors, IsEmpty());
  next.weak_algorithms = WeakAlgorithms::disabled;
  EXPECT_THAT(validate().errors, ElementsAre(HasSubstr("key 3, 8;")));
}

TEST_F(ValidateTest, AStoredMd5KeyBehindAClosedGateDoesNotStopOtherCommits) {
  running.keys.put(key(3, crypto::MacAlgorithm::md5));
  next = running;
  next.port = 1234;
  EXPECT_THAT(validate().errors, IsEmpty());
  next.keys.put(key(4, crypto::MacAlgorithm::md5));
  EXPECT_THAT(validate().errors, ElementsAre(HasSubstr("key 4;")));
}

TEST_F(ValidateTest, ALinkLocalServerNeedsASourceInterfaceOfItsOwnOrOfItsVpn) {
  next.servers.put(server("fe80::1"));
  EXPECT_THAT(validate().errors, ElementsAre(HasSubstr("link-local")));
  next.source_interfaces.put({Family::ipv4, "", "eth0"});
  next.source_interfaces.put({Family::ipv6, "red", "eth1"});
  EXPECT_THAT(validate().errors, SizeIs(1));
  next.source_interfaces.put({Family::ipv6, "", "eth0"});
  EXPECT_THAT(validate().errors, IsEmpty());
}

TEST_F(ValidateTest, MoreThan4096ServersAreRefused) {
  for (std::uint32_t i = 0; i < core::kMaxServers; ++i) {
    made.address = IpAddress::v4(0x0A000000 + i);
    next.servers.put(made);
  }
  EXPECT_THAT(validate().errors, IsEmpty());
  next.servers.put(server("11.0.0.1"));
  EXPECT_THAT(validate().errors, ElementsAre(HasSubstr("4097")));
}

TEST_F(ValidateTest, UnknownNamesAreWarnedOfOnceWithTheNearestOnes) {
  server("10.0.0.1").source_interface = "eht0";
  next.servers.put(made);
  made.address = *IpAddress::parse("10.0.0.2");
  made.vpn = "rde";
  next.servers.put(made);
  const auto findings = validate();
  EXPECT_THAT(findings.errors, IsEmpty());
  EXPECT_THAT(findings.notices, ElementsAre(AllOf(HasSubstr("Warning: Interface eht0 does not exist"),
                                                  HasSubstr("nearest: eth0")),
                                            HasSubstr("VPN instance rde does not exist; nearest: red.")));
}

TEST_F(ValidateTest, LinesThatDoNotChangeAreNotWarnedOfAgain) {
  server("10.0.0.1").source_interface = "eht0";
  running.servers.put(made);
  next = running;
  next.port = 1234;
  EXPECT_THAT(validate().notices, IsEmpty());
}

TEST_F(ValidateTest, AnInterfaceOfAnotherVpnIsWarnedOf) {
  server("10.0.0.1").source_interface = "eth1";
  next.servers.put(made);
  EXPECT_THAT(validate().notices,
              ElementsAre(HasSubstr("lies in VPN instance red, not in the public instance")));
}

TEST_F(ValidateTest, AKeyWithoutAuthenticationEnabledIsInformedOf) {
  next.keys.put(key(5));
  next.servers.put(server("10.0.0.1", 5));
  EXPECT_THAT(validate().notices, ElementsAre(AllOf(HasSubstr("Info: "), HasSubstr("10.0.0.1"))));
  next.authentication_enabled = true;
  next.reliable_keys.put({5});
  EXPECT_THAT(validate().notices, IsEmpty());
  next.reliable_keys.erase(5);
  EXPECT_THAT(validate().notices, ElementsAre(HasSubstr("Warning: Authentication is enabled")));
}

TEST_F(ValidateTest, ManyServersAreOneNotice) {
  next.keys.put(key(5));
  for (int i = 1; i <= 5; ++i) next.servers.put(server(("10.0.0." + std::to_string(i)).c_str(), 5));
  EXPECT_THAT(validate().notices, ElementsAre(HasSubstr("10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more")));
}

TEST_F(ValidateTest, LargeKeyIdsAreWarnedOfWithVersion4AndIpv6Only) {
  next.keys.put(key(70000));
  next.authentication_enabled = true;
  next.reliable_keys.put({70000});
  next.servers.put(server("10.0.0.1", 70000));
  EXPECT_THAT(validate().notices, IsEmpty());
  server("10.0.0.2", 70000).version = 4;
  next.servers.put(made);
  made = {};
  next.servers.put(server("2001:db8::1", 70000));
  EXPECT_THAT(validate().notices,
              ElementsAre(AllOf(HasSubstr("above 65535"), HasSubstr("10.0.0.2, 2001:db8::1"))));
}

TEST_F(ValidateTest, RefclockMasterAloneTellsWhereItAnswers) {
  next.local_clock = LocalClock{};
  EXPECT_THAT(validate().notices, ElementsAre(AllOf(HasSubstr("Info: "), HasSubstr("IPv4 and IPv6"))));
  next.serving[1] = core::Serving::never;
  EXPECT_THAT(validate().notices, ElementsAre(HasSubstr("answers IPv4 NTP")));
  next.listen_interfaces.put({"eth0"});
  EXPECT_THAT(validate().notices, IsEmpty());
}

}  // namespace
}  // namespace noonmark::config
