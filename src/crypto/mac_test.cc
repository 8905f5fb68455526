#include "crypto/mac.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nettle/cmac.h>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "crypto/hex_for_test.h"

namespace noonmark::crypto {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using Octets = std::vector<std::uint8_t>;

constexpr MacAlgorithm kAll[] = {MacAlgorithm::md5,           MacAlgorithm::hmac_sha256,
                                 MacAlgorithm::aes_128_cmac,  MacAlgorithm::aes_256_cmac,
                                 MacAlgorithm::digest_sha1,   MacAlgorithm::digest_sha256,
                                 MacAlgorithm::digest_sha384, MacAlgorithm::digest_sha512};

MacKey make_key(MacAlgorithm algorithm, const Octets& secret) {
  return std::move(MacKey::create(algorithm, Secret(secret)).value());
}

/// A key of a length that the algorithm takes.
Octets some_secret(MacAlgorithm algorithm, std::uint8_t octet = 0x42) {
  return Octets(algorithm == MacAlgorithm::aes_128_cmac ? 16 : 32, octet);
}

struct Vector {
  MacAlgorithm algorithm;
  Octets key;
  Octets message;
  Octets digest;  // or its first octets
};

class PublishedVector : public testing::TestWithParam<Vector> {};

TEST_P(PublishedVector, ComesOutAlsoTheSecondTimeAndVerifies) {
  const auto& [algorithm, secret, message, digest] = GetParam();
  auto key = make_key(algorithm, secret);
  for (int round = 0; round < 2; ++round) {
    const Mac mac = key.compute(message);
    EXPECT_EQ(mac.size, digest_size(algorithm));
    EXPECT_THAT(mac.view().first(digest.size()), ElementsAreArray(digest));
  }
  EXPECT_TRUE(key.verify(message, digest));
}

Octets repeat(std::size_t count, std::uint8_t octet) { return Octets(count, octet); }

// RFC 4231, section 4, test cases 1 to 7 (5 is truncated to 128 bits).
INSTANTIATE_TEST_SUITE_P(
    Rfc4231, PublishedVector,
    testing::Values(
        Vector{MacAlgorithm::hmac_sha256, repeat(20, 0x0b), from_text("Hi There"),
               from_hex("b0344c61d8db38535ca8afceaf0bf12b 881dc200c9833da726e9376c2e32cff7")},
        Vector{MacAlgorithm::hmac_sha256, from_text("Jefe"), from_text("what do ya want for nothing?"),
               from_hex("5bdcc146bf60754e6a042426089575c7 5a003f089d2739839dec58b964ec3843")},
        Vector{MacAlgorithm::hmac_sha256, repeat(20, 0xaa), repeat(50, 0xdd),
               from_hex("773ea91e36800e46854db8ebd09181a7 2959098b3ef8c122d9635514ced565fe")},
        Vector{MacAlgorithm::hmac_sha256, from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
               repeat(50, 0xcd),
               from_hex("82558a389a443c0ea4cc819899f2083a 85f0faa3e578f8077a2e3ff46729665b")},
        Vector{MacAlgorithm::hmac_sha256, repeat(20, 0x0c), from_text("Test With Truncation"),
               from_hex("a3b6167473100ee06e0c796c2955552b")},
        Vector{MacAlgorithm::hmac_sha256, repeat(131, 0xaa),
               from_text("Test Using Larger Than Block-Size Key - Hash Key First"),
               from_hex("60e431591ee0b67f0d8a26aacbf5b77f 8e0bc6213728c5140546040f0ee37f54")},
        Vector{
            MacAlgorithm::hmac_sha256, repeat(131, 0xaa),
            from_text("This is a test using a larger than block-size key and a larger than block-size data. "
                      "The key needs to be hashed before being used by the HMAC algorithm."),
            from_hex("9b09ffa71b942fcb27635fbcd5b0e944 bfdc63644f0713938a7f51535c3a35e2")}));

const Octets kBlocks = from_hex(
    "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710");
Octets blocks(std::size_t size) {
  return {kBlocks.begin(), kBlocks.begin() + static_cast<std::ptrdiff_t>(size)};
}

// RFC 4493, section 4, which RFC 8573, section 5 names for NTP.
const Octets kAes128 = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
INSTANTIATE_TEST_SUITE_P(Rfc4493, PublishedVector,
                         testing::Values(Vector{MacAlgorithm::aes_128_cmac, kAes128, blocks(0),
                                                from_hex("bb1d6929e95937287fa37d129b756746")},
                                         Vector{MacAlgorithm::aes_128_cmac, kAes128, blocks(16),
                                                from_hex("070a16b46b4d4144f79bdd9dd04a287c")},
                                         Vector{MacAlgorithm::aes_128_cmac, kAes128, blocks(40),
                                                from_hex("dfa66747de9ae63030ca32611497c827")},
                                         Vector{MacAlgorithm::aes_128_cmac, kAes128, blocks(64),
                                                from_hex("51f0bebf7e3b9d92fc49741779363cfe")}));

// NIST SP 800-38B, examples for AES-256.
const Octets kAes256 = from_hex("603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4");
INSTANTIATE_TEST_SUITE_P(Sp80038b, PublishedVector,
                         testing::Values(Vector{MacAlgorithm::aes_256_cmac, kAes256, blocks(0),
                                                from_hex("028962f61b7bf89efc6b551f4667d983")},
                                         Vector{MacAlgorithm::aes_256_cmac, kAes256, blocks(16),
                                                from_hex("28a7023f452e8f82bd4bf28d8c37c35c")},
                                         Vector{MacAlgorithm::aes_256_cmac, kAes256, blocks(40),
                                                from_hex("aaf3d8f1de5640c232f5b169b9c911e6")},
                                         Vector{MacAlgorithm::aes_256_cmac, kAes256, blocks(64),
                                                from_hex("e1992190549f6ed5696a2c056c315410")}));

// FIPS 180-4's examples of one and two blocks, cut in two: the key goes first.
INSTANTIATE_TEST_SUITE_P(
    Fips180, PublishedVector,
    testing::Values(Vector{MacAlgorithm::digest_sha1, from_text("a"), from_text("bc"),
                           from_hex("a9993e364706816aba3e25717850c26c9cd0d89d")},
                    Vector{MacAlgorithm::digest_sha1, from_text("abcdbcdecdefdefgefgh"),
                           from_text("fghighijhijkijkljklmklmnlmnomnopnopq"),
                           from_hex("84983e441c3bd26ebaae4aa1f95129e5e54670f1")},
                    Vector{MacAlgorithm::digest_sha1,
                           from_text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmno"
                                     "pjklmnopqklmnopqrlmnopqrsmnop"),
                           from_text("qrstnopqrstu"), from_hex("a49b2446a02c645bf419f995b67091253a04a259")},
                    Vector{MacAlgorithm::digest_sha256, from_text("a"), from_text("bc"),
                           from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")},
                    Vector{MacAlgorithm::digest_sha256, from_text("abcdbcdecdefdefgefgh"),
                           from_text("fghighijhijkijkljklmklmnlmnomnopnopq"),
                           from_hex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")},
                    Vector{MacAlgorithm::digest_sha256,
                           from_text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmno"
                                     "pjklmnopqklmnopqrlmnopqrsmnop"),
                           from_text("qrstnopqrstu"),
                           from_hex("cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1")},
                    Vector{MacAlgorithm::digest_sha384, from_text("a"), from_text("bc"),
                           from_hex("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                                    "8086072ba1e7cc2358baeca134c825a7")},
                    Vector{MacAlgorithm::digest_sha384, from_text("abcdbcdecdefdefgefgh"),
                           from_text("fghighijhijkijkljklmklmnlmnomnopnopq"),
                           from_hex("3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6"
                                    "b0455a8520bc4e6f5fe95b1fe3c8452b")},
                    Vector{MacAlgorithm::digest_sha384,
                           from_text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmno"
                                     "pjklmnopqklmnopqrlmnopqrsmnop"),
                           from_text("qrstnopqrstu"),
                           from_hex("09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
                                    "fcc7c71a557e2db966c3e9fa91746039")},
                    Vector{MacAlgorithm::digest_sha512, from_text("a"), from_text("bc"),
                           from_hex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                                    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")},
                    Vector{MacAlgorithm::digest_sha512, from_text("abcdbcdecdefdefgefgh"),
                           from_text("fghighijhijkijkljklmklmnlmnomnopnopq"),
                           from_hex("204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c335"
                                    "96fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445")},
                    Vector{MacAlgorithm::digest_sha512,
                           from_text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmno"
                                     "pjklmnopqklmnopqrlmnopqrsmnop"),
                           from_text("qrstnopqrstu"),
                           from_hex("8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
                                    "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909")}));

Octets counted(std::size_t size) {
  Octets octets(size);
  std::iota(octets.begin(), octets.end(), std::uint8_t{0});
  return octets;
}

// The longest key, of several blocks, before a header; recomputed with another implementation.
INSTANTIATE_TEST_SUITE_P(
    LongestKey, PublishedVector,
    testing::Values(Vector{MacAlgorithm::digest_sha1, repeat(255, 7), counted(48),
                           from_hex("aee12a3aa7fe3ae307e5739c54bd2cb7c91ce919")},
                    Vector{MacAlgorithm::digest_sha256, repeat(255, 7), counted(48),
                           from_hex("914745cea1fcc108170c43a0312fd7f18307bc3d608de83a722b3b4f47016799")},
                    Vector{MacAlgorithm::digest_sha384, repeat(255, 7), counted(48),
                           from_hex("4d61e34c7c76529cca2f4fce900505f90672fcb8935591a5dabbbf82ba7faea2"
                                    "b74139fbfa1027e667723bc7b302ae5a")},
                    Vector{MacAlgorithm::digest_sha512, repeat(255, 7), counted(48),
                           from_hex("f4ce50bc9b277fb31bc6e1cd6d1fadafa4818dbe5a1abe00a93a4c071fc66228"
                                    "ecf0df071c784f359a06fa518c3a397fdb69f04e09b93e1d418737055b01662c")}));

// Recomputed with two other implementations of MD5 and CMAC. For MD5 they prove the order: the key goes
// first.
INSTANTIATE_TEST_SUITE_P(
    Recomputed, PublishedVector,
    testing::Values(Vector{MacAlgorithm::md5, from_text("abcdefgh"), from_text("ijklmnopqrstuvwx"),
                           from_hex("0c0e84cf0bb7a8688e5238dbbc1c3953")},
                    Vector{MacAlgorithm::aes_128_cmac, from_text("0123456789abcdef"),
                           from_text("ijklmnopqrstuvwx"), from_hex("b0a1cfd27f690c43a75d6c55914b1514")},
                    Vector{
                        MacAlgorithm::md5, from_text("k"), {}, from_hex("8ce4b16b22b58894aa86c421e8759df3")},
                    Vector{MacAlgorithm::hmac_sha256,
                           from_text("k"),
                           {},
                           from_hex("8bb990c40a7d61cb97597a942125025b"
                                    "e50ac8beb74436e3735b98893a7f6620")}));

TEST(MacAlgorithm, NamesAreThoseOfTheCommandLineAndComeBack) {
  EXPECT_EQ(to_string(MacAlgorithm::md5), "md5");
  EXPECT_EQ(to_string(MacAlgorithm::hmac_sha256), "hmac-sha256");
  EXPECT_EQ(to_string(MacAlgorithm::aes_128_cmac), "aes-128-cmac");
  EXPECT_EQ(to_string(MacAlgorithm::aes_256_cmac), "aes-256-cmac");
  EXPECT_EQ(to_string(MacAlgorithm::digest_sha1), "digest-sha1");
  EXPECT_EQ(to_string(MacAlgorithm::digest_sha512), "digest-sha512");
  for (const auto algorithm : kAll) EXPECT_EQ(parse_mac_algorithm(to_string(algorithm)), algorithm);
  for (const auto* name : {"", "MD5", "md", "sha256"}) EXPECT_EQ(parse_mac_algorithm(name), std::nullopt);
}

TEST(MacKey, TakesKeysOfExactlyTheAllowedLengths) {
  const auto accepts = [](MacAlgorithm algorithm, std::size_t size) {
    return MacKey::create(algorithm, Secret(Octets(size, 1))).has_value();
  };
  for (std::size_t size = 0; size <= 260; ++size) {
    for (const auto algorithm : kAll) {
      const bool is_right = algorithm == MacAlgorithm::aes_128_cmac   ? size == 16
                            : algorithm == MacAlgorithm::aes_256_cmac ? size == 32
                                                                      : size >= 1 && size <= 255;
      EXPECT_EQ(accepts(algorithm, size), is_right) << to_string(algorithm) << ' ' << size;
    }
  }
}

TEST(MacKey, SaysWhichLengthIsRightAndNotWhatTheKeyIs) {
  const auto refused = MacKey::create(MacAlgorithm::aes_256_cmac, Secret("hunter2"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::invalid);
  EXPECT_EQ(
      refused.error().message,
      "the key of aes-256-cmac is exactly 32 octets, this one has 7: enter 32 characters or 64 hexadecimal "
      "digits");
  const auto empty = MacKey::create(MacAlgorithm::md5, Secret());
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message, "the key of md5 is 1 to 255 octets, this one has 0");
}

TEST(MacKey, VerifiesATruncationButNeitherNothingNorMore) {
  const auto message = from_text("message");
  for (const auto algorithm : kAll) {
    auto key = make_key(algorithm, some_secret(algorithm));
    const Mac mac = key.compute(message);
    for (std::size_t size = 1; size <= mac.size; ++size)
      EXPECT_TRUE(key.verify(message, mac.view().first(size))) << to_string(algorithm) << ' ' << size;
    EXPECT_FALSE(key.verify(message, {})) << to_string(algorithm);
    Octets longer(mac.view().begin(), mac.view().end());
    longer.push_back(0);
    EXPECT_FALSE(key.verify(message, longer)) << to_string(algorithm);
  }
}

TEST(MacKey, RefusesEveryAlteredOctetOfTheDigest) {
  const auto message = from_text("message");
  for (const auto algorithm : kAll) {
    auto key = make_key(algorithm, some_secret(algorithm));
    for (std::size_t i = 0; i < digest_size(algorithm); ++i) {
      Mac mac = key.compute(message);
      mac.octets[i] ^= 0x80;
      EXPECT_FALSE(key.verify(message, mac.view())) << to_string(algorithm) << ' ' << i;
    }
  }
}

TEST(MacKey, RefusesAnotherMessageAndAnotherKey) {
  const auto message = from_text("message");
  for (const auto algorithm : kAll) {
    auto key = make_key(algorithm, some_secret(algorithm));
    auto other = make_key(algorithm, some_secret(algorithm, 0x43));
    const Mac mac = key.compute(message);
    EXPECT_FALSE(key.verify(from_text("messagf"), mac.view())) << to_string(algorithm);
    EXPECT_FALSE(key.verify({}, mac.view())) << to_string(algorithm);
    EXPECT_FALSE(other.verify(message, mac.view())) << to_string(algorithm);
  }
}

// RFC 8573, section 3: key id, type and key must all match.
TEST(MacKey, RefusesTheDigestOfTheSameSecretUnderAnotherAlgorithm) {
  const auto message = from_text("message");
  for (const std::size_t secret_size : {16u, 32u}) {
    std::vector<MacKey> keys;
    for (const auto algorithm : kAll) {
      if (auto key = MacKey::create(algorithm, Secret(Octets(secret_size, 0x42))))
        keys.push_back(std::move(*key));
    }
    ASSERT_EQ(keys.size(), std::size(kAll) - 1);  // one of the CMACs
    for (auto& made : keys) {
      for (auto& checked : keys) {
        EXPECT_EQ(checked.verify(message, made.compute(message).view().first(16)), &made == &checked)
            << to_string(made.algorithm()) << " checked as " << to_string(checked.algorithm());
      }
    }
  }
}

/// Nettle's own, which is another implementation of the mode.
Octets reference_cmac(const Octets& key, const Octets& message) {
  cmac_aes128_ctx context;
  cmac_aes128_set_key(&context, key.data());
  cmac_aes128_update(&context, message.size(), message.data());
  Octets digest(CMAC128_DIGEST_SIZE);
  cmac_aes128_digest(&context, digest.size(), digest.data());
  return digest;
}

TEST(MacAlgorithm, OnlyThoseOfBrokenHashesAreWeak) {
  for (const auto algorithm : kAll)
    EXPECT_EQ(is_weak(algorithm), algorithm == MacAlgorithm::md5 || algorithm == MacAlgorithm::digest_sha1)
        << to_string(algorithm);
}

TEST(MacKey, ACmacIsRightForEveryLength) {
  for (std::size_t size = 0; size <= 150; ++size) {
    auto key = make_key(MacAlgorithm::aes_128_cmac, kAes128);
    const auto reference = reference_cmac(kAes128, counted(size));
    EXPECT_THAT(key.compute(counted(size)).view(), ElementsAreArray(reference)) << size;
  }
}

TEST(MacKey, WorksAfterAMove) {
  const auto message = from_text("message");
  auto key = make_key(MacAlgorithm::md5, from_text("a"));
  const Mac expected = key.compute(message);
  auto moved = std::move(key);
  EXPECT_EQ(moved.algorithm(), MacAlgorithm::md5);
  EXPECT_TRUE(moved.verify(message, expected.view()));
  key = make_key(MacAlgorithm::hmac_sha256, from_text("a"));
  EXPECT_FALSE(key.verify(message, expected.view()));
}

}  // namespace
}  // namespace noonmark::crypto
