#include "config/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Key key(std::uint32_t id, crypto::MacAlgorithm algorithm = crypto::MacAlgorithm::hmac_sha256) {
  Key made;
  made.id = id;
  made.algorithm = algorithm;
  return made;
}

struct ValidateTest : testing::Test {
  Server& server(const char* address, std::uint32_t key_id = 0) {
    made.address = *IpAddress::parse(address);
    made.key_id = key_id;
    return made;
  }
  std::vector<std::string> validate() const { return config::validate(next, running); }

  Configuration next, running;
  Server made;
};

TEST_F(ValidateTest, ASimpleServerHasNothingToSay) {
  next.servers.put(server("10.0.0.1"));
  EXPECT_THAT(validate(), IsEmpty());
}

TEST_F(ValidateTest, AServerWhoseKeyIsMissingIsRefusedWithBothNames) {
  next.servers.put(server("10.0.0.1", 5));
  EXPECT_THAT(validate(), ElementsAre(AllOf(HasSubstr("key 5"), HasSubstr("10.0.0.1"))));
}

TEST_F(ValidateTest, AReliableKeyHasToExist) {
  next.reliable_keys.put({9});
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("key 9")));
}

TEST_F(ValidateTest, ClosingTheGateOverAnMd5KeyIsRefusedNamingTheKeys) {
  next.keys.put(key(3, crypto::MacAlgorithm::md5));
  next.keys.put(key(8, crypto::MacAlgorithm::md5));
  next.weak_algorithms = WeakAlgorithms::enabled;
  running = next;
  EXPECT_THAT(validate(), IsEmpty());
  next.weak_algorithms = WeakAlgorithms::disabled;
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("key 3, 8;")));
}

TEST_F(ValidateTest, EachWeakAlgorithmIsNamedWithItsKeys) {
  next.keys.put(key(3, crypto::MacAlgorithm::md5));
  next.keys.put(key(4, crypto::MacAlgorithm::digest_sha1));
  next.keys.put(key(5, crypto::MacAlgorithm::digest_sha256));
  next.weak_algorithms = WeakAlgorithms::disabled;
  running = next;
  running.weak_algorithms = WeakAlgorithms::enabled;
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("md5 is the algorithm of authentication key 3;"),
                                      HasSubstr("digest-sha1 is the algorithm of authentication key 4;")));
}

TEST_F(ValidateTest, AStoredMd5KeyBehindAClosedGateDoesNotStopOtherCommits) {
  running.keys.put(key(3, crypto::MacAlgorithm::md5));
  next = running;
  next.port = 1234;
  EXPECT_THAT(validate(), IsEmpty());
  next.keys.put(key(4, crypto::MacAlgorithm::md5));
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("key 4;")));
}

TEST_F(ValidateTest, ALinkLocalServerNeedsASourceInterfaceOfItsOwnOrOfItsVpn) {
  next.servers.put(server("fe80::1"));
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("link-local")));
  next.source_interfaces.put({Family::ipv4, "", "eth0"});
  next.source_interfaces.put({Family::ipv6, "red", "eth1"});
  EXPECT_THAT(validate(), SizeIs(1));
  next.source_interfaces.put({Family::ipv6, "", "eth0"});
  EXPECT_THAT(validate(), IsEmpty());
}

TEST_F(ValidateTest, MoreThan4096ServersAreRefused) {
  for (std::uint32_t i = 0; i < core::kMaxServers; ++i) {
    made.address = IpAddress::v4(0x0A000000 + i);
    next.servers.put(made);
  }
  EXPECT_THAT(validate(), IsEmpty());
  next.servers.put(server("11.0.0.1"));
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("4097")));
}

TEST_F(ValidateTest, KeysOfGroupsHaveToExist) {
  GroupServer group;
  group.interface_name = "eth0";
  group.group = broadcast_group();
  group.key_id = 5;
  next.group_servers.put(group);
  next.manycast_clients.put({"eth1", ntp_group(Family::ipv4), 6});
  EXPECT_THAT(validate(), ElementsAre(AllOf(HasSubstr("key 5"), HasSubstr("broadcast on eth0")),
                                      AllOf(HasSubstr("key 6"), HasSubstr("group 224.0.1.1 on eth1"))));
}

TEST_F(ValidateTest, RulesWithoutTheirListAreRefused) {
  AclRule rule;
  rule.acl = "2000";
  rule.id = 5;
  next.acl_rules.put(rule);
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("ACL 2000 has rules")));
  next.acls.put({Family::ipv4, "2000"});
  EXPECT_THAT(validate(), IsEmpty());
}

TEST_F(ValidateTest, ANumberOfTwoListsIsRefused) {
  next.acls.put({Family::ipv4, "2000"});
  next.acls.put({Family::ipv6, "clients", 2000});
  EXPECT_THAT(validate(), IsEmpty());
  next.acls.put({Family::ipv4, "clients", 2000});
  EXPECT_THAT(validate(), ElementsAre(AllOf(HasSubstr("Number 2000"), HasSubstr("ACL clients"))));
}

TEST_F(ValidateTest, MoreThan2000RulesAreRefused) {
  next.acls.put({Family::ipv4, "2000"});
  AclRule rule;
  rule.acl = "2000";
  for (rule.id = 0; rule.id < kMaxAclRules; ++rule.id) next.acl_rules.put(rule);
  EXPECT_THAT(validate(), IsEmpty());
  next.acl_rules.put(rule);
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("2001 rules")));
}

}  // namespace
}  // namespace noonmark::config
