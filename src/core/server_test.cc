#include "core/server.h"

#include <gtest/gtest.h>
#include <vector>

namespace noonmark::core {
namespace {

const Instant kReceived{RawTime(Duration::from_seconds(100)), Timestamp::from_unix(1'795'000'000, 0)};
const Instant kNow{RawTime(Duration::from_seconds(100.001)), Timestamp::from_unix(1'795'000'000, 1'000'000)};

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
          .updated = RawTime(Duration::from_seconds(90))};
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

struct ServerTest : ::testing::Test {
  Answer ask(const std::vector<std::uint8_t>& bytes, const ServerView& view = synchronized()) {
    const auto packet = wire::decode(bytes, &KeyTable::is_mac_of_key, &keys);
    return answer(bytes, *packet, view, keys, kReceived, kNow);
  }
  wire::Header header(const Answer& a) {
    return wire::decode({a.data.data(), a.size}, &KeyTable::is_mac_of_key, &keys)->header;
  }
  KeyTable keys = *KeyTable::create(
      std::vector<KeyConfig>{{.id = 5,
                              .algorithm = crypto::MacAlgorithm::hmac_sha256,
                              .secret = crypto::Secret(std::string_view("five")),
                              .mac_length = 0,
                              .reliable = false},
                             {.id = 6,
                              .algorithm = crypto::MacAlgorithm::aes_128_cmac,
                              .secret = crypto::Secret(std::string_view("0123456789abcdef")),
                              .mac_length = 0,
                              .reliable = false}});
};

TEST_F(ServerTest, ARequestIsAnsweredInItsVersionWithItsPollAndItsTransmitAsOrigin) {
  for (std::uint8_t version = 1; version <= 4; ++version) {
    const auto reply = header(ask(request(version)));
    EXPECT_EQ(reply.version, version);
    EXPECT_EQ(reply.mode, wire::Mode::server);
    EXPECT_EQ(reply.poll, 7);
    EXPECT_EQ(reply.origin.raw(), 0x0123456789ABCDEFu);
    EXPECT_EQ(reply.receive, kReceived.served);
    EXPECT_EQ(reply.transmit, kNow.served);
    EXPECT_EQ(reply.stratum, 3);
    EXPECT_EQ(reply.reference_id, 0xC0000201u);
  }
}

TEST_F(ServerTest, TheRootDispersionIsAgedToTheMomentOfTransmission) {
  EXPECT_NEAR(header(ask(request(4))).root_dispersion.seconds(), 0.002 + 15e-6 * 10.001, 2e-5);
}

TEST_F(ServerTest, AnUnsynchronizedServerSaysSo) {
  const auto reply = header(ask(request(4), ServerView{}));
  EXPECT_EQ(reply.leap, wire::Leap::unknown);
  EXPECT_EQ(reply.stratum, 0);
  EXPECT_EQ(reply.reference_id, 0u);
}

TEST_F(ServerTest, ALocalClockRenewsItsReferenceTimeButNeverBeyondTheTransmitTime) {
  auto view = synchronized();
  view.local_clock = true;
  const auto reply = header(ask(request(4), view));
  EXPECT_EQ(reply.reference, kReceived.served);
  EXPECT_GE((reply.transmit - reply.reference), Duration{});
}

TEST_F(ServerTest, AKeyedRequestGetsAMacOfItsKeyAndLength) {
  for (const auto& [id, length] :
       std::vector<std::pair<std::uint32_t, std::size_t>>{{5, 20}, {5, 32}, {6, 16}}) {
    auto bytes = request(4);
    bytes.resize(48 + 4 + length);
    keys.find(id)->sign(bytes, 48, length);
    const auto reply = ask(bytes);
    ASSERT_FALSE(reply.drop);
    EXPECT_EQ(reply.size, bytes.size());
    const base::Bytes view(reply.data.data(), reply.size);
    EXPECT_EQ(authenticate(*keys.find(id), view, *wire::decode(view, &KeyTable::is_mac_of_key, &keys)),
              Authenticity::verified);
  }
}

TEST_F(ServerTest, AWrongMacAnUnknownKeyAndACryptoNakGetSilence) {
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

TEST_F(ServerTest, AnUnknownExtensionFieldIsIgnoredAndNotEchoed) {
  auto bytes = request(4);
  bytes.resize(48 + 28);
  bytes[48] = 0x77;
  bytes[51] = 28;
  const auto reply = ask(bytes);
  EXPECT_FALSE(reply.drop);
  EXPECT_EQ(reply.size, 48u);
}

TEST(ClientRequest, IsModeThreeOrTheModelessVersionOneFromAnotherPortThan123) {
  EXPECT_TRUE(is_client_request(request(4), 123));
  EXPECT_TRUE(is_client_request(request(1, wire::Mode::reserved), 1024));
  EXPECT_FALSE(is_client_request(request(1, wire::Mode::reserved), 123));
  EXPECT_FALSE(is_client_request(request(2, wire::Mode::reserved), 1024));
  EXPECT_FALSE(is_client_request(request(4, wire::Mode::symmetric_active), 123));
}

}  // namespace
}  // namespace noonmark::core
