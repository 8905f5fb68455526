#include "core/authenticator.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace noonmark::core {
namespace {

using crypto::MacAlgorithm;

KeyConfig config_of(MacAlgorithm algorithm, std::uint8_t mac_length = 0, std::uint32_t id = 7) {
  const std::size_t size = algorithm == MacAlgorithm::aes_128_cmac ? 16 : 32;
  return {.id = id,
          .algorithm = algorithm,
          .secret = crypto::Secret(std::string(size, 'k')),
          .mac_length = mac_length,
          .reliable = false};
}

Key key_of(MacAlgorithm algorithm, std::uint8_t mac_length = 0) {
  return std::move(Key::create(config_of(algorithm, mac_length)).value());
}

struct Lengths {
  MacAlgorithm algorithm;
  std::vector<std::size_t> version_3;  // accepted; the last one is sent
  std::vector<std::size_t> version_4;
};

// RFC 7822 section 7.5.1.3 allows 20 octets of digest in version 4 unless both sides agree on more.
const std::array kLengths{
    Lengths{MacAlgorithm::md5, {16}, {16}},
    Lengths{MacAlgorithm::hmac_sha256, {20, 32}, {32, 20}},
    Lengths{MacAlgorithm::aes_128_cmac, {16}, {16}},
    Lengths{MacAlgorithm::aes_256_cmac, {16}, {16}},
    Lengths{MacAlgorithm::digest_sha1, {20}, {20}},
    Lengths{MacAlgorithm::digest_sha256, {20, 32}, {20}},
    Lengths{MacAlgorithm::digest_sha384, {20, 48}, {20}},
    Lengths{MacAlgorithm::digest_sha512, {20, 64}, {20}},
};

TEST(Key, SendsAndAcceptsTheLengthsOfItsAlgorithmAndNoOther) {
  for (const auto& row : kLengths) {
    const auto key = key_of(row.algorithm);
    for (std::uint8_t version = 1; version <= 4; ++version) {
      const auto& lengths = version < 4 ? row.version_3 : row.version_4;
      EXPECT_EQ(key.sent_length(version), lengths.back()) << to_string(row.algorithm) << int{version};
      for (std::size_t length = 0; length <= 70; ++length)
        EXPECT_EQ(key.accepts_length(version, length), std::ranges::find(lengths, length) != lengths.end())
            << to_string(row.algorithm) << int{version} << ' ' << length;
    }
  }
}

TEST(Key, MacLengthDecidesForEveryVersionWhatIsSentOfALongerDigest) {
  for (const auto& row : kLengths)
    for (std::uint8_t version = 1; version <= 4; ++version)
      EXPECT_EQ(key_of(row.algorithm, 20).sent_length(version),
                std::min<std::size_t>(20, row.version_3.back()));
  EXPECT_EQ(key_of(MacAlgorithm::hmac_sha256, 32).sent_length(4), 32u);
}

struct Signed {
  std::array<std::uint8_t, 48 + 4 + crypto::kMaxMacSize> octets{};
  std::size_t size = 0;
  base::Bytes bytes() const { return base::Bytes(octets).first(size); }
};

Signed sign(Key& key, std::uint8_t version, std::size_t length) {
  Signed packet;
  packet.octets[0] = static_cast<std::uint8_t>(version << 3 | 3);
  packet.size = key.sign(packet.octets, wire::kHeaderSize, length);
  return packet;
}

// RFC 8573 section 3: key id, type and key must all match. Cut to 20 octets several types look alike.
TEST(Authenticate, TheSameIdAndSecretUnderAnotherTypeIsWrong) {
  for (const auto& made : kLengths) {
    for (const auto& checked : kLengths) {
      auto maker = key_of(made.algorithm);
      const std::vector<KeyConfig> keys{config_of(checked.algorithm)};
      auto table = std::move(KeyTable::create(keys).value());
      for (const std::uint8_t version : {std::uint8_t{3}, std::uint8_t{4}}) {
        for (const auto length : version < 4 ? made.version_3 : made.version_4) {
          const auto packet = sign(maker, version, length);
          const auto decoded = wire::decode(packet.bytes(), &KeyTable::is_mac_of_key, &table);
          const bool is_right =
              decoded && authenticate(*table.find(7), packet.bytes(), *decoded) == Authenticity::verified;
          const bool same_secret = made.algorithm == checked.algorithm;
          EXPECT_EQ(is_right, same_secret)
              << to_string(made.algorithm) << " as " << to_string(checked.algorithm) << " in version "
              << int{version} << ", " << length;
        }
      }
    }
  }
}

}  // namespace
}  // namespace noonmark::core
