#include "crypto/aead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hex_for_test.h"

namespace noonmark::crypto {
namespace {

using testing::ElementsAreArray;

constexpr AeadNonce kNonce = {0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88};

Secret key() { return Secret(from_hex("feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308")); }

// Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)".
TEST(Aead, GivesThePublishedCiphertextOfAes256Gcm) {
  const auto plaintext = from_hex(
      "d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39");
  const auto associated_data = from_hex("feedfacedeadbeeffeedfacedeadbeef abaddad2");
  EXPECT_THAT(seal(key(), kNonce, plaintext, associated_data),
              ElementsAreArray(from_hex("522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa"
                                        "8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662"
                                        "76fc6ece0f4e1768cddf8853bb2d551b")));
}

TEST(Aead, OpensWhatItSealedAlsoWhenEmpty) {
  for (const auto* password : {"", "x", "correct horse battery staple"}) {
    for (const auto& associated_data : {from_text(""), from_text("key 42")}) {
      const auto sealed = seal(key(), kNonce, from_text(password), associated_data);
      EXPECT_EQ(sealed.size(), std::string_view(password).size() + kAeadTagSize);
      const auto opened = open(key(), kNonce, sealed, associated_data);
      ASSERT_TRUE(opened);
      EXPECT_EQ(*opened, Secret(password));
    }
  }
}

TEST(Aead, RefusesEveryAlteredOctetAndEveryOtherLength) {
  const auto sealed = seal(key(), kNonce, from_text("password"), {});
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto altered = sealed;
    altered[i] ^= 1;
    EXPECT_FALSE(open(key(), kNonce, altered, {})) << "octet " << i;
    EXPECT_FALSE(open(key(), kNonce, base::Bytes(sealed).first(i), {})) << "length " << i;
  }
  auto longer = sealed;
  longer.push_back(0);
  EXPECT_FALSE(open(key(), kNonce, longer, {}));
}

TEST(Aead, RefusesAnotherKeyNonceOrAssociatedData) {
  const auto sealed = seal(key(), kNonce, from_text("password"), from_text("key 42"));
  ASSERT_TRUE(open(key(), kNonce, sealed, from_text("key 42")));
  AeadNonce other_nonce = kNonce;
  other_nonce[11] ^= 1;
  const Secret other_key(std::vector<std::uint8_t>(kAeadKeySize, 1));
  EXPECT_FALSE(open(other_key, kNonce, sealed, from_text("key 42")));
  EXPECT_FALSE(open(key(), other_nonce, sealed, from_text("key 42")));
  const auto refused = open(key(), kNonce, sealed, from_text("key 43"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("another key file"));
}

TEST(AeadDeathTest, AKeyOfTheWrongLengthIsABug) {
  EXPECT_DEATH(seal(Secret("short"), kNonce, {}, {}), "CHECK failed");
}

}  // namespace
}  // namespace noonmark::crypto
