#include "core/responder.h"

#include <gtest/gtest.h>
#include <vector>

namespace noonmark::core {
namespace {

const Timestamp kReceived = Timestamp::from_unix(1'795'000'000, 0);
const Timestamp kNow = Timestamp::from_unix(1'795'000'000, 1'000'000);

ServerView synchronized() {
  return {.leap = wire::Leap::none,
          .stratum = 3,
          .precision = -24,
          .reference_id = 0xC0000201,
          .reference = Timestamp::from_unix(1'794'999'990, 0),
          .local_clock = false,
          .root_delay = 0.004,
          .root_dispersion = 0.002,
          .dispersion_rate = 15e-6,
          .at = Timestamp::from_unix(1'794'999'990, 0)};
}

std::vector<std::uint8_t> request(std::uint8_t version, wire::Mode mode = wire::Mode::client) {
  wire::Header h;
  h.leap = wire::Leap::none;
  h.version = version;
  h.mode = mode;
  h.poll = 7;
  h.transmit = Timestamp::from_raw(0x0123456789ABCDEF);
  std::vector<std::uint8_t> bytes(48);
  wire::encode(h, std::span(bytes).first<48>());
  return bytes;
}

struct Answer {
  std::optional<DropReason> drop;
  std::vector<std::uint8_t> data;
};

const std::vector<KeyConfig> kKeys{{.id = 5,
                                    .algorithm = crypto::MacAlgorithm::hmac_sha256,
                                    .secret = crypto::Secret(std::string_view("five")),
                                    .mac_length = 0,
                                    .reliable = false},
                                   {.id = 6,
                                    .algorithm = crypto::MacAlgorithm::aes_128_cmac,
                                    .secret = crypto::Secret(std::string_view("0123456789abcdef")),
                                    .mac_length = 0,
                                    .reliable = false}};

struct ResponderTest : ::testing::Test {
  ResponderTest() {
    NtpConfig config;
    config.keys = kKeys;
    config.family(Family::ipv4).serving = Serving::always;
    NetworkView network;
    network.vpns.push_back({});
    responder.use(make_policy(config, network));
  }

  Answer ask(std::vector<std::uint8_t> bytes, const ServerView& view = synchronized()) {
    responder.publish(view);
    const auto before = responder.statistics(Family::ipv4).last_drops.size();
    const auto size = bytes.size();
    bytes.resize(kMaxDatagram);
    const ServiceRequest request{.buffer = bytes, .size = size, .path = {}, .received = kReceived};
    const auto plan = responder.examine(request);
    const auto& drops = responder.statistics(Family::ipv4).last_drops;
    if (plan.size == 0)
      return {drops.size() > before ? std::optional(drops.back().reason) : std::nullopt, {}};
    EXPECT_LE(plan.size, size);
    bytes.resize(responder.complete(request, plan, kNow));
    return {std::nullopt, bytes};
  }
  wire::Header header(const Answer& a) {
    return wire::decode(a.data, &KeyTable::is_mac_of_key, &keys)->header;
  }
  Responder responder;
  KeyTable keys = *KeyTable::create(kKeys);
};

TEST_F(ResponderTest, ARequestIsAnsweredInItsVersionWithItsPollAndItsTransmitAsOrigin) {
  for (std::uint8_t version = 1; version <= 4; ++version) {
    const auto reply = header(ask(request(version)));
    EXPECT_EQ(reply.version, version);
    EXPECT_EQ(reply.mode, wire::Mode::server);
    EXPECT_EQ(reply.poll, 7);
    EXPECT_EQ(reply.origin.raw(), 0x0123456789ABCDEFu);
    EXPECT_EQ(reply.receive, kReceived);
    EXPECT_EQ(reply.transmit, kNow);
    EXPECT_EQ(reply.stratum, 3);
    EXPECT_EQ(reply.reference_id, 0xC0000201u);
  }
}

TEST_F(ResponderTest, TheRootDispersionIsAgedToTheMomentOfTheRequest) {
  EXPECT_NEAR(header(ask(request(4))).root_dispersion.seconds(), 0.002 + 15e-6 * 10, 2e-5);
}

TEST_F(ResponderTest, AnUnsynchronizedServerSaysSo) {
  const auto reply = header(ask(request(4), ServerView{}));
  EXPECT_EQ(reply.leap, wire::Leap::unknown);
  EXPECT_EQ(reply.stratum, 0);
  EXPECT_EQ(reply.reference_id, 0u);
}

TEST_F(ResponderTest, ALocalClockRenewsItsReferenceTimeButNeverBeyondTheTransmitTime) {
  auto view = synchronized();
  view.local_clock = true;
  const auto reply = header(ask(request(4), view));
  EXPECT_EQ(reply.reference, kReceived);
  EXPECT_GE((reply.transmit - reply.reference), Duration{});
}

TEST_F(ResponderTest, AKeyedRequestGetsAMacOfItsKeyAndLength) {
  for (const auto& [id, length] :
       std::vector<std::pair<std::uint32_t, std::size_t>>{{5, 20}, {5, 32}, {6, 16}}) {
    auto bytes = request(4);
    bytes.resize(48 + 4 + length);
    keys.find(id)->sign(bytes, 48, length);
    const auto reply = ask(bytes);
    ASSERT_FALSE(reply.drop);
    EXPECT_EQ(reply.data.size(), bytes.size());
    EXPECT_EQ(
        authenticate(*keys.find(id), reply.data, *wire::decode(reply.data, &KeyTable::is_mac_of_key, &keys)),
        Authenticity::verified);
  }
}

TEST_F(ResponderTest, AWrongMacAnUnknownKeyAndACryptoNakGetSilence) {
  auto wrong = request(4);
  wrong.resize(48 + 4 + 16);
  keys.find(6)->sign(wrong, 48, 16);
  wrong.back() ^= 1;
  EXPECT_EQ(ask(wrong).drop, DropReason::authentication);
  auto unknown = request(3);
  unknown.resize(48 + 20);
  unknown[51] = 99;
  EXPECT_EQ(ask(unknown).drop, DropReason::unknown_key);
  auto nak = request(4);
  nak.resize(52);
  EXPECT_EQ(ask(nak).drop, DropReason::unknown_key);
}

TEST_F(ResponderTest, AnUnknownExtensionFieldIsIgnoredAndNotEchoed) {
  auto bytes = request(4);
  bytes.resize(48 + 28);
  bytes[48] = 0x77;
  bytes[51] = 28;
  const auto reply = ask(bytes);
  EXPECT_FALSE(reply.drop);
  EXPECT_EQ(reply.data.size(), 48u);
}

TEST(ServiceWithSourceInterface, AnswersNoRequestToAGroup) {
  NtpConfig config;
  config.local_clock = LocalClockConfig{};
  config.source_interfaces = {{.family = Family::ipv4, .vpn = {}, .interface_name = "eth0"}};
  NetworkView network;
  network.vpns.push_back({});
  network.interfaces.push_back(
      {.index = 2,
       .name = "eth0",
       .alternative_names = {},
       .alias = {},
       .up = true,
       .loopback = false,
       .broadcast = true,
       .vpn = {},
       .addresses = {{.address = *IpAddress::parse("192.0.2.1"), .prefix_length = 24}}});
  Responder responder;
  responder.use(make_policy(config, network));
  const auto answered = [&](std::string_view local) {
    auto bytes = request(4);
    const auto size = bytes.size();
    bytes.resize(kMaxDatagram);
    const Path path{.local = {*IpAddress::parse(local), 123, 0},
                    .remote = {*IpAddress::parse("192.0.2.7"), 40000, 0},
                    .vpn = {},
                    .interface_index = 2};
    return responder.examine({.buffer = bytes, .size = size, .path = path, .received = kReceived}).size != 0;
  };
  EXPECT_TRUE(answered("192.0.2.1"));
  EXPECT_TRUE(answered("192.0.2.2")) << "a secondary address that the view may not know yet";
  EXPECT_FALSE(answered("192.0.2.255"));
  EXPECT_FALSE(answered("255.255.255.255"));
  EXPECT_FALSE(answered("224.0.0.1"));
  EXPECT_EQ(responder.statistics(Family::ipv4).drops[static_cast<std::size_t>(DropReason::not_listening)],
            3u);
}

TEST(ClientRequest, IsModeThreeOrTheModelessVersionOneFromAnotherPortThan123) {
  EXPECT_TRUE(Responder::is_request(request(4), 123));
  EXPECT_TRUE(Responder::is_request(request(1, wire::Mode::reserved), 1024));
  EXPECT_FALSE(Responder::is_request(request(1, wire::Mode::reserved), 123));
  EXPECT_FALSE(Responder::is_request(request(2, wire::Mode::reserved), 1024));
  EXPECT_FALSE(Responder::is_request(request(4, wire::Mode::symmetric_active), 123));
}

}  // namespace
}  // namespace noonmark::core
