#include "cli/configuration_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "config/access_lists.h"
#include "crypto/aead.h"

namespace noonmark::cli {
namespace {

using base::Family;
using base::IpAddress;
using config::Configuration;
using testing::ElementsAre;
using testing::HasSubstr;

struct TextTest : testing::Test {
  base::SeededRandom random{1};
  config::KeyRing keyring{crypto::Secret(std::string_view("0123456789abcdef0123456789abcdef")), random};

  LoadedConfiguration load(std::string_view text, Judgement judgement = Judgement::file) const {
    return load_configuration(text, keyring, judgement);
  }
  /// The text of a configuration without its frame.
  static std::vector<std::string> lines(const Configuration& configuration) {
    return kTextCodec.lines(configuration);
  }
};

TEST_F(TextTest, AnEmptyConfigurationIsAnEmptyFrame) {
  EXPECT_EQ(kTextCodec.render({}), "#\nreturn\n");
  EXPECT_EQ(load("#\nreturn\n").configuration, Configuration{});
}

TEST_F(TextTest, LinesStandInCanonicalOrderInSections) {
  const auto loaded = load(
      "interface eth0\n ntp-service ipv6 in-interface disable\n ntp-service in-interface disable\n#\n"
      "ntp-service authentication enable\n"
      "ntp-service unicast-server ipv6 2001:db8::1\n"
      "ntp-service unicast-server 10.1.1.2 maxpoll 12 version 4\n"
      "ntp-service unicast-server 10.1.1.1 version 3 maxpoll 10 minpoll 6 port 123\n"
      "ntp-service refclock-master 8\n"
      "undo ntp-service server disable\n"
      "undo crypto weak-algorithm disable\n"
      "sysname R1\n");
  EXPECT_TRUE(loaded.refused.empty());
  EXPECT_EQ(kTextCodec.render(loaded.configuration),
            "#\n"
            "sysname R1\n"
            "#\n"
            "undo crypto weak-algorithm disable\n"
            "#\n"
            "undo ntp-service server disable\n"
            "ntp-service refclock-master\n"
            "ntp-service unicast-server 10.1.1.1\n"
            "ntp-service unicast-server 10.1.1.2 version 4 maxpoll 12\n"
            "ntp-service unicast-server ipv6 2001:db8::1\n"
            "ntp-service authentication enable\n"
            "#\n"
            "interface eth0\n"
            " ntp-service in-interface disable\n"
            " ntp-service ipv6 in-interface disable\n"
            "#\n"
            "return\n");
}

TEST_F(TextTest, AllRefusedLinesAreListedWithoutWhatWasTyped) {
  const auto loaded = load(
      "sysname R1\r\nnonsense\n\nntp-service unicast-server 224.0.0.1\ncommit\n"
      "ntp-service authentication-keyid 1 authentication-mode md5 topsecret topsecret\n"
      "return\nnever read\n");
  ASSERT_EQ(loaded.refused.size(), 4u);
  EXPECT_EQ(loaded.refused[0].number, 2u);
  EXPECT_EQ(loaded.refused[0].message, "Unrecognized command found at column 1.");
  EXPECT_EQ(loaded.refused[1].number, 4u);
  EXPECT_THAT(loaded.refused[1].message, HasSubstr("multicast"));
  EXPECT_EQ(loaded.refused[2].number, 5u);
  EXPECT_EQ(loaded.refused[3].number, 6u);
  for (const auto& line : loaded.refused) EXPECT_EQ(line.message.find("topsecret"), std::string::npos);
  EXPECT_EQ(loaded.configuration.sysname, "R1");
}

TEST_F(TextTest, AFileIsNotJudgedByGateComplexityAndPresentState) {
  const auto loaded = load(
      "ntp-service authentication-password complexity-check enable\n"
      "ntp-service authentication-keyid 1 authentication-mode md5 x\n"
      "ntp-service unicast-server 192.0.2.255\n");
  EXPECT_TRUE(loaded.refused.empty());
  EXPECT_TRUE(config::KeyRing::is_ciphertext(loaded.configuration.keys.find(1)->cipher));
}

TEST_F(TextTest, CiphertextThatDoesNotDecipherIsRefusedInAFileAndKeptInTheStore) {
  const auto* text =
      "ntp-service authentication-keyid 1 authentication-mode md5 cipher %^%#AAAAAAAAAAAAAAAA%^%#\n";
  EXPECT_EQ(load(text, Judgement::file).refused.size(), 1u);
  const auto stored = load(text, Judgement::stored);
  EXPECT_TRUE(stored.refused.empty());
  EXPECT_EQ(stored.configuration.keys.find(1)->cipher, "%^%#AAAAAAAAAAAAAAAA%^%#");
}

TEST_F(TextTest, TheDifferenceUndoesFirstAndShowsChangedLinesOnce) {
  const auto from = load(
      "sysname A\nntp-service unicast-server 10.1.1.1\nntp-service unicast-server 10.1.1.2\n"
      "ntp-service refclock-master 127.127.1.1 5\n");
  const auto to =
      load("sysname B\nntp-service unicast-server 10.1.1.2 burst\nntp-service refclock-master 6\n");
  std::vector<std::string> texts;
  for (const auto& line : difference(from.configuration, to.configuration)) texts.push_back(line.line);
  EXPECT_THAT(
      texts,
      ElementsAre("undo ntp-service unicast-server 10.1.1.1", "undo ntp-service refclock-master 127.127.1.1",
                  "sysname B", "ntp-service refclock-master 6", "ntp-service unicast-server 10.1.1.2 burst"));
}

TEST_F(TextTest, AnAccessListIsASectionThatItsLineBegins) {
  const auto* text =
      "#\n"
      "acl number 2000\n"
      " step 10\n"
      " rule 5 permit source 192.0.2.0 0.0.0.255\n"
      "#\n"
      "acl ipv6 name clients basic\n"
      " rule 5 deny\n"
      "#\n"
      "ntp-service access peer 2000\n"
      "#\n"
      "interface eth0\n"
      " ntp-service broadcast-client\n"
      " ntp-service in-interface disable\n"
      "#\n"
      "interface eth1\n"
      " ntp-service broadcast-client\n"
      "#\n"
      "return\n";
  const auto loaded = load(text);
  EXPECT_TRUE(loaded.refused.empty());
  EXPECT_EQ(kTextCodec.render(loaded.configuration), text);
}

TEST_F(TextTest, AListThatGoesTakesItsLinesAlongInTheDifference) {
  const auto from = load("acl 2000\nrule permit\n#\nacl 2001\nrule permit\nrule deny\n#\n");
  const auto to = load("acl 2001 match-order auto\nrule permit\nrule 20 deny\n#\n");
  EXPECT_EQ(render(difference(from.configuration, to.configuration)),
            "#\n"
            "acl number 2001 match-order auto\n"
            " undo rule 10\n"
            "#\n"
            "undo acl number 2000\n"
            "#\n"
            "acl number 2001 match-order auto\n"
            " rule 20 deny\n"
            "#\n"
            "return\n");
}

TEST_F(TextTest, TheDifferenceEntersAListByItsWholeLine) {
  const auto from = load("acl 2000 match-order auto\nrule permit\n#\n");
  const auto to = load("acl 2000 match-order auto\nrule permit\nrule deny\n#\n");
  EXPECT_EQ(render(difference(from.configuration, to.configuration)),
            "#\nacl number 2000 match-order auto\n rule 10 deny\n#\nreturn\n");
}

TEST_F(TextTest, AnErrorOfTheStoredTextNamesItsLine) {
  const auto parsed = kTextCodec.parse("sysname R1\nnonsense\n", keyring);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("line 2: Unrecognized command"));
}

// ---- parse(render(configuration)) == configuration

template <class T>
rc::Gen<T> number(T low, T high) {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(low, static_cast<std::int64_t>(high) + 1),
                      [](std::int64_t n) { return static_cast<T>(n); });
}
rc::Gen<bool> flag() { return rc::gen::arbitrary<bool>(); }

/// Names that are keywords or look like numbers are the ones that may go wrong.
rc::Gen<std::string> interface_name() {
  return rc::gen::element<std::string>("eth0", "GigabitEthernet0/1/0", "cipher", "all", "vpn-instance", "7",
                                       "|", "a\"b", "\"q\"", "undo", "enable", "#x");
}
rc::Gen<std::string> vpn_name() {
  return rc::gen::element<std::string>("", "red", "two words", "ipv6", "\"q\"", "what?", "burst");
}
rc::Gen<std::uint16_t> port() {
  return rc::gen::oneOf(rc::gen::just<std::uint16_t>(123), number<std::uint16_t>(1025, 65535));
}
rc::Gen<IpAddress> ipv4() {
  return rc::gen::map(rc::gen::inRange<std::uint32_t>(0x01000000, 0x7E000000), &IpAddress::v4);
}
rc::Gen<IpAddress> ipv6() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t host) {
    std::array<std::uint8_t, 16> octets{0x20, 0x01, 0x0D, 0xB8};
    for (std::size_t i = 0; i < 8; ++i) octets[8 + i] = static_cast<std::uint8_t>(host >> (8 * i));
    return IpAddress::v6(octets);
  });
}

config::Server random_server() {
  config::Server s;
  if (*flag()) s.mode = core::AssociationMode::active;
  s.address = *rc::gen::oneOf(ipv4(), ipv6());
  s.vpn = *vpn_name();
  if (s.address.is_v4()) s.version = *number<std::uint8_t>(1, 4);
  s.key_id = *rc::gen::oneOf(rc::gen::just(0u), number<std::uint32_t>(1, 4294967295));
  s.source_interface = *rc::gen::oneOf(rc::gen::just(std::string()), interface_name());
  s.preference = *flag();
  s.minpoll = *number<std::int8_t>(3, 10);
  s.maxpoll = *number<std::int8_t>(10, 17);
  if (s.is_peer()) {
    s.interleaved = *flag();
  } else {
    s.burst = *flag();
    s.iburst = *flag();
  }
  s.preempt = *flag();
  s.port = *port();
  return s;
}

Family random_family() { return *rc::gen::element(Family::ipv4, Family::ipv6); }
std::uint32_t random_key_id() { return *rc::gen::oneOf(rc::gen::just(0u), number<std::uint32_t>(1, 65535)); }

config::Acl random_acl() {
  config::Acl acl;
  acl.family = random_family();
  acl.name = *rc::gen::element<std::string>("2000", "2001", "clients", "number", "a\"b", "2nd");
  if (!config::is_acl_number(acl.name) && *flag()) acl.number = *number<std::uint16_t>(2500, 2999);
  acl.match_order = *rc::gen::element(config::MatchOrder::config, config::MatchOrder::automatic);
  acl.step = *number<std::uint8_t>(1, 20);
  acl.description = *rc::gen::element<std::string>("", "x", "two  words", "what?", "a | b", "any");
  return acl;
}

config::AclRule random_rule(const config::Acl& acl) {
  config::AclRule rule;
  rule.family = acl.family;
  rule.acl = acl.name;
  rule.id = *rc::gen::element<std::uint32_t>(0, 5, 10, config::kMaxRule);
  rule.permit = *flag();
  if (acl.family == Family::ipv4)
    rule.mask = IpAddress::v4(*rc::gen::element<std::uint32_t>(0, 0xFFFFFF00, 0xFFFFFFFF, 0xFF00FF00));
  else
    rule.mask = config::prefix_mask(acl.family, *rc::gen::element(0u, 1u, 64u, 128u));
  rule.source = config::masked(acl.family == Family::ipv4 ? *ipv4() : *ipv6(), rule.mask);
  rule.vpn = *vpn_name();
  return rule;
}

config::Access random_access() {
  const auto list = [] { return *rc::gen::element<std::string>("", "2000", "2999", "clients", "ipv6"); };
  config::Access access;
  access.level = core::AccessLevel{*number<std::uint8_t>(0, core::kAccessLevels - 1)};
  access.ipv4 = list();
  access.ipv6 = list();
  if (access.ipv4.empty() && access.ipv6.empty()) access.ipv4 = "2000";
  return access;
}

rc::Gen<IpAddress> group() {
  return rc::gen::element(config::ntp_group(Family::ipv4), config::ntp_group(Family::ipv6),
                          *IpAddress::parse("239.1.1.1"), *IpAddress::parse("ff02::101"));
}

void add_random_groups(Configuration& c) {
  const auto to = [] { return *rc::gen::oneOf(rc::gen::just(config::broadcast_group()), group()); };
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
    config::GroupServer server{.interface_name = *interface_name(), .group = to(), .key_id = random_key_id()};
    if (server.group.is_v4()) server.version = *number<std::uint8_t>(1, 4);
    if (server.group != config::broadcast_group()) server.ttl = *number<std::uint8_t>(1, 255);
    server.port = *port();
    server.interleaved = *flag();
    c.group_servers.put(server);
    c.group_clients.put({*interface_name(), to()});
    c.manycast_servers.put({*interface_name(), *group()});
    c.manycast_clients.put(
        {*interface_name(), *group(), random_key_id(), *number<std::uint8_t>(1, 255), *port()});
  }
}

config::Key random_key(const config::KeyRing& keyring) {
  config::Key key;
  key.id = *number<std::uint32_t>(1, 4294967295);
  key.algorithm = crypto::MacAlgorithm{
      *number<std::uint8_t>(0, static_cast<std::uint8_t>(crypto::MacAlgorithm::digest_sha512))};
  key.cipher = keyring.encipher({crypto::Secret(std::string_view("a password")), *flag()});
  if (key.algorithm == crypto::MacAlgorithm::hmac_sha256)
    key.mac_length = *rc::gen::element<std::uint8_t>(0, 20, 32);
  else if (crypto::digest_size(key.algorithm) > 20)
    key.mac_length = *rc::gen::element<std::uint8_t>(0, 20);
  return key;
}

template <class Make>
void some(Make make) {
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left) make();
}

Configuration random_configuration(const config::KeyRing& keyring) {
  using core::ListenAll;
  using core::Serving;
  Configuration c;
  c.sysname = *rc::gen::element<std::string>("", "R1", "sysname", "?what", "\"");
  c.weak_algorithms = *rc::gen::element(config::WeakAlgorithms::unset, config::WeakAlgorithms::disabled,
                                        config::WeakAlgorithms::enabled);
  for (std::size_t i = 0; i < 2; ++i) {
    c.serving[i] = *rc::gen::element(Serving::automatic, Serving::never, Serving::always);
    c.listen_all[i] = *rc::gen::element(ListenAll::unset, ListenAll::enable, ListenAll::disable);
    c.family_disabled[i] = *flag();
  }
  c.port = *port();
  c.source_port = *rc::gen::oneOf(rc::gen::just<std::uint16_t>(0), port());
  some([&] {
    c.source_interfaces.put({*flag() ? Family::ipv6 : Family::ipv4, *vpn_name(), *interface_name()});
  });
  c.complexity_check = *flag();
  some([&] { c.keys.put(random_key(keyring)); });
  for (const auto& key : c.keys)
    if (*flag()) c.reliable_keys.put({key.id});
  if (*flag())
    c.local_clock =
        config::LocalClock{config::ClockUnit{*number<std::uint8_t>(0, 3)}, *number<std::uint8_t>(1, 15)};
  some([&] { c.servers.put(random_server()); });
  some([&] { c.acls.put(random_acl()); });
  for (const auto& acl : c.acls) some([&] { c.acl_rules.put(random_rule(acl)); });
  some([&] { c.access.put(random_access()); });
  c.interleaved_disabled = *flag();
  c.kod_enabled = *flag();
  c.rate_limits = {*number<std::int8_t>(1, 8), *number<std::int8_t>(1, 8)};
  c.max_dynamic_sessions = *number<std::uint8_t>(0, 100);
  c.max_clients = *number<std::uint32_t>(1024, core::kMaxClients);
  c.queries_enabled = *flag();
  add_random_groups(c);
  c.max_distance = *number<std::uint8_t>(1, 16);
  c.offset_limit = *rc::gen::oneOf(rc::gen::just<std::uint16_t>(0), number<std::uint16_t>(5, 7620));
  c.authentication_enabled = *flag();
  some([&] {
    if (const auto name = *interface_name(); name != "all") c.listen_interfaces.put({name});
  });
  some([&] { c.listen_addresses.put({*ipv6(), *vpn_name()}); });
  some([&] { c.receive_disabled.put({*interface_name(), *flag() ? Family::ipv6 : Family::ipv4}); });
  return c;
}

RC_GTEST_FIXTURE_PROP(TextTest, WhatIsRenderedIsReadBackTheSame, ()) {
  const auto configuration = random_configuration(keyring);
  const auto text = kTextCodec.render(configuration);
  for (const auto judgement : {Judgement::stored, Judgement::file}) {
    const auto loaded = load(text, judgement);
    if (judgement == Judgement::stored || loaded.refused.empty()) {
      RC_ASSERT(loaded.refused.empty());
      RC_ASSERT(kTextCodec.render(loaded.configuration) == text);
      RC_ASSERT(loaded.configuration == configuration);
    }
  }
}

RC_GTEST_FIXTURE_PROP(TextTest, TheDifferenceLeadsFromOneConfigurationToAnother, ()) {
  const auto from = random_configuration(keyring);
  const auto to = random_configuration(keyring);
  const auto together = load(render(configuration_lines(from)), Judgement::stored).configuration;
  RC_ASSERT(together == from);
  auto text = render(configuration_lines(from));
  text.resize(text.size() - std::string_view("#\nreturn\n").size());
  text += render(difference(from, to));
  auto reached = load(text, Judgement::stored);
  RC_ASSERT(reached.refused.empty());
  // Switches of three states cannot be brought back to "not there", and undoing a key undoes its reliable
  // line.
  for (std::size_t i = 0; i < 2; ++i)
    if (to.serving[i] == core::Serving::automatic) reached.configuration.serving[i] = to.serving[i];
  if (to.weak_algorithms == config::WeakAlgorithms::unset)
    reached.configuration.weak_algorithms = to.weak_algorithms;
  RC_LOG() << text << kTextCodec.render(reached.configuration) << kTextCodec.render(to);
  RC_ASSERT(reached.configuration == to);
}

}  // namespace
}  // namespace noonmark::cli
