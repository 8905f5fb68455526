#include "cli/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cerrno>
#include <set>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

using core::Reason;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct ExplanationTest : ::testing::Test, DisplayFixture {
  ExplanationTest() {
    server().config.key_id = 42;
    server().unanswered = 5;
  }
  Explanation explained(Reason reason) {
    server().reason = reason;
    return explain(server(), snapshot());
  }
};

TEST_F(ExplanationTest, EveryReasonHasItsOwnSentenceAndAdvice) {
  std::set<std::string> sentences;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::kCount); ++i) {
    const auto explanation = explained(static_cast<Reason>(i));
    EXPECT_EQ(explanation.code, core::code(static_cast<Reason>(i)));
    EXPECT_FALSE(explanation.advice.empty()) << explanation.code;
    EXPECT_TRUE(sentences.insert(explanation.sentence).second) << explanation.code;
    for (const auto& text : {explanation.sentence, explanation.advice}) {
      EXPECT_EQ(text.find_first_of("{}\n"), std::string::npos) << text;
      EXPECT_THAT(text, ::testing::Not(EndsWith("."))) << text;
    }
  }
}

TEST_F(ExplanationTest, UsesTheWordsThatOperatorsKnow) {
  EXPECT_EQ(explained(Reason::myself).sentence, "this is myself");
  EXPECT_EQ(explained(Reason::reply_without_mac).sentence,
            "server answers without MAC: it lacks key 42 or its authentication is off");
  EXPECT_EQ(explained(Reason::no_reply_signed).sentence,
            "no reply to 5 requests signed with key 42 from an address of the kernel's choice: unreachable, "
            "or the server "
            "has no such key (many stay silent)");
}

TEST_F(ExplanationTest, APeerAndABroadcastServerAreCalledByTheirNames) {
  auto& mode = server().config.key.mode;
  for (const auto& [is, called] : {std::pair{core::AssociationMode::active, "peer"},
                                   {core::AssociationMode::passive, "peer"},
                                   {core::AssociationMode::broadcast_client, "broadcast server"},
                                   {core::AssociationMode::manycast_client, "server"}}) {
    mode = is;
    EXPECT_EQ(explained(Reason::system_peer).sentence, std::string("the clock follows this ") + called);
    EXPECT_EQ(explained(Reason::collecting_samples).advice, "wait for some more polls");
    for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::kCount); ++i)
      EXPECT_THAT(explained(static_cast<Reason>(i)).advice, ::testing::Not(HasSubstr("the server line")));
  }
  mode = core::AssociationMode::active;
  EXPECT_EQ(explained(Reason::server_unsynchronized).sentence, "the peer itself is not synchronized");
  EXPECT_EQ(explained(Reason::loop).advice,
            "nothing: when this machine loses its servers, that ends, and the peer can be followed");
  EXPECT_THAT(explained(Reason::reply_without_mac).advice,
              EndsWith("remove authentication-keyid from the peer line"));
}

TEST_F(ExplanationTest, UnknownNamesComeWithTheNearestOnes) {
  server().config.key.vpn = "MGTM";
  EXPECT_EQ(explained(Reason::vpn_unknown).sentence,
            "VPN instance MGTM does not exist on this machine (the nearest names are MGMT)");
  server().config.key.vpn = "";
  server().config.source_interface = "eth";
  EXPECT_EQ(explained(Reason::interface_unknown).sentence,
            "source interface eth does not exist in the public instance (the nearest names are eth2)");
}

TEST_F(ExplanationTest, TheGlobalSourceInterfaceIsNamedWhenTheLineHasNone) {
  config.source_interfaces = {{core::Family::ipv4, "", "eth9"}, {core::Family::ipv4, "MGMT", "eth2"}};
  EXPECT_EQ(explained(Reason::interface_down).sentence, "source interface eth2 is down");
  EXPECT_EQ(explained(Reason::interface_in_other_vpn).sentence,
            "source interface eth2 is not in VPN instance MGMT, but in the public instance");
}

TEST_F(ExplanationTest, AnAmbiguousInterfaceNamesItsNamesakes) {
  network.interfaces[1].alias = "GigabitEthernet0/1/0";
  server().config.source_interface = "GigabitEthernet0/1/0";
  EXPECT_THAT(explained(Reason::interface_ambiguous).sentence, EndsWith(": eth1, eth2"));
}

TEST_F(ExplanationTest, AReplyFromElsewhereNamesWhoAnswered) {
  server().impostor = core::Endpoint{*core::IpAddress::parse("192.0.2.11"), 123};
  server().impostor_vpn = "MGMT";
  EXPECT_EQ(explained(Reason::reply_from_other_address).sentence,
            "the reply comes from 192.0.2.11:123, not from the address asked");
  EXPECT_THAT(explained(Reason::reply_from_other_address).advice,
              HasSubstr("address that it answers from: 192.0.2.11;"));
  server().impostor_vpn = "";
  EXPECT_THAT(explained(Reason::reply_from_other_address).sentence,
              HasSubstr("192.0.2.11:123 in the public instance,"));
}

TEST_F(ExplanationTest, AWrongMacIsToldFromAnotherKeysMac) {
  server().received_key_id = 42;
  EXPECT_THAT(explained(Reason::reply_mac_wrong).sentence,
              StartsWith("the MAC of the server's replies is wrong"));
  server().received_key_id = 43;
  EXPECT_EQ(explained(Reason::reply_mac_wrong).sentence,
            "server answers with a MAC of key 43, but key 42 was asked for");
}

TEST_F(ExplanationTest, TheSystemsErrorIsQuoted) {
  server().send_errno = EPERM;
  EXPECT_EQ(explained(Reason::send_failed).sentence, "requests cannot be sent: Operation not permitted");
}

TEST_F(ExplanationTest, ARejectionIsNotTakenForTheHostsOwnWord) {
  EXPECT_THAT(explained(Reason::port_unreachable).sentence, HasSubstr("or a filter rejects it"));
}

TEST_F(ExplanationTest, FamiliesAreDisabledAndEnabledByTheirOwnCommand) {
  EXPECT_EQ(explained(Reason::family_disabled).advice, "run undo ntp-service disable");
  server().config.key.address = *core::IpAddress::parse("2001:db8::1");
  EXPECT_EQ(explained(Reason::family_disabled).advice, "run undo ntp-service ipv6 disable");
}

TEST_F(ExplanationTest, FiguresAreTheOnesInForce) {
  config.max_distance = 1;
  server().root_distance = 1.25;
  EXPECT_EQ(explained(Reason::distance_exceeded).sentence,
            "its synchronization distance of 1.250 s exceeds max-distance 1 s");
  server().offset = -0.2;
  system.spike_remaining = 800;
  EXPECT_EQ(explained(Reason::stepping_soon).sentence,
            "its offset of -200.000 ms must persist for another 800 s before the clock is stepped");
}

TEST_F(ExplanationTest, TheLocalClockIsInUseOrStandsBy) {
  config.local_clock = core::LocalClockConfig{.unit = 0, .stratum = 8};
  EXPECT_EQ(explain_local_clock(snapshot()).code, "local-clock-standby");
  system.local_clock_in_use = true;
  EXPECT_EQ(explain_local_clock(snapshot()).sentence, "the local clock is the reference, at stratum 8");
}

}  // namespace
}  // namespace noonmark::cli
