#include "config/keyring.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "config/base64.h"
#include "config/password.h"
#include "config/scratch_directory_for_test.h"
#include "crypto/aead.h"
#include "io/file.h"

namespace noonmark::config {
namespace {

crypto::Secret secret(std::string_view text) { return crypto::Secret(text); }
Password plain(std::string_view text) { return {secret(text), false}; }

struct KeyRingTest : testing::Test {
  base::SeededRandom random{1};
  KeyRing ring{secret(std::string(crypto::kAeadKeySize, 'k')), random};
};

TEST_F(KeyRingTest, DeciphersWhatItEnciphered) {
  for (const std::size_t size : {1u, 2u, 3u, 16u, 255u}) {
    const Password password{secret(std::string(size, 'p')), size % 2 == 0};
    const auto back = ring.decipher(ring.encipher(password));
    ASSERT_TRUE(back) << size;
    EXPECT_EQ(*back, password) << size;
  }
}

TEST_F(KeyRingTest, CiphertextIsMarkedAndWithinVrpsLengths) {
  const auto shortest = ring.encipher(plain("x"));
  EXPECT_TRUE(shortest.starts_with("%^%#") && shortest.ends_with("%^%#"));
  EXPECT_TRUE(KeyRing::is_ciphertext(shortest));
  EXPECT_GE(shortest.size(), 20u);
  EXPECT_LE(ring.encipher(plain(std::string(255, 'x'))).size(), 432u);
}

TEST_F(KeyRingTest, OnePasswordHasManyCiphertexts) {
  EXPECT_NE(ring.encipher(plain("secret")), ring.encipher(plain("secret")));
}

TEST_F(KeyRingTest, EveryAlteredCharacterIsRefused) {
  const auto good = ring.encipher(plain("secret"));
  for (std::size_t i = 4; i + 4 < good.size(); ++i) {
    auto altered = good;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ring.decipher(altered)) << i;
  }
}

TEST_F(KeyRingTest, CiphertextOfAnotherKeyFileIsRefusedWithWhatToDo) {
  const KeyRing other(secret(std::string(crypto::kAeadKeySize, 'o')), random);
  const auto refused = other.decipher(ring.encipher(plain("secret")));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("enter the password in plain text"), std::string::npos);
}

TEST_F(KeyRingTest, CiphertextOfVrpDevicesIsCiphertextButNotOurs) {
  for (const auto* text : {"%@%@abcdefgh%@%@", "%+%#abcdefgh%+%#", "%^%#abcdefgh%^%#"}) {
    EXPECT_TRUE(KeyRing::is_ciphertext(text)) << text;
    EXPECT_FALSE(ring.decipher(text)) << text;
  }
  for (const auto* text : {"Huawei-12345", "%^%#", "%^%#%^%#", "%^%#half"})
    EXPECT_FALSE(KeyRing::is_ciphertext(text)) << text;
}

TEST(KeyFile, IsMadeOnceForItsOwnerOnlyAndReadAgain) {
  const ScratchDirectory scratch;
  base::SeededRandom random{7};
  const auto path = scratch.path() + "/key";
  const auto made = KeyRing::open(path, random);
  ASSERT_TRUE(made);
  EXPECT_EQ(std::filesystem::file_size(path), 32u);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto again = KeyRing::open(path, random);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->decipher(made->encipher(plain("secret"))));
}

TEST(KeyFile, ADamagedOneIsRefusedAndLeftAsItIs) {
  const ScratchDirectory scratch;
  base::SeededRandom random{7};
  const auto path = scratch.path() + "/key";
  ASSERT_TRUE(io::write_file_atomically(path, "short", 0600));
  const auto opened = KeyRing::open(path, random);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find(path), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path), 5u);
}

TEST(Base64, HasTheVectorsOfRfc4648WithoutPadding) {
  const auto encoded = [](std::string_view text) {
    return to_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg");
  EXPECT_EQ(encoded("fo"), "Zm8");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64, RefusesWhatItDoesNotWrite) {
  for (const auto* text : {"Zg==", "Z", "Zh", "Zm9", "Zm9v!", "Zm9 v"})
    EXPECT_FALSE(from_base64(text)) << text;
  EXPECT_TRUE(from_base64("Zg"));
}

TEST(PasswordLength, CmacKeysHaveOneLength) {
  using crypto::MacAlgorithm;
  EXPECT_TRUE(check_length(MacAlgorithm::aes_128_cmac, plain(std::string(16, 'x'))));
  EXPECT_FALSE(check_length(MacAlgorithm::aes_128_cmac, plain(std::string(15, 'x'))));
  EXPECT_FALSE(check_length(MacAlgorithm::aes_128_cmac, plain(std::string(32, 'x'))));
  EXPECT_TRUE(check_length(MacAlgorithm::aes_256_cmac, plain(std::string(32, 'x'))));
  EXPECT_FALSE(check_length(MacAlgorithm::aes_256_cmac, plain(std::string(16, 'x'))));
  EXPECT_TRUE(check_length(MacAlgorithm::hmac_sha256, plain("x")));
}

TEST(Complexity, NeedsTwelveCharactersOfAllFourClasses) {
  EXPECT_TRUE(check_complexity(plain("Abcdefghij1!")));
  EXPECT_TRUE(check_complexity(plain("Abcdefghij1 ")));
  for (const auto* weak : {"Abcdefghi1!", "abcdefghij1!", "ABCDEFGHIJ1!", "Abcdefghijk!", "Abcdefghij12"})
    EXPECT_FALSE(check_complexity(plain(weak))) << weak;
}

TEST(Complexity, OfHexDigitsIsTheirNumber) {
  EXPECT_TRUE(check_complexity({secret(std::string(16, 'x')), true}));
  EXPECT_FALSE(check_complexity({secret(std::string(15, 'x')), true}));
}

TEST(SecretFromHex, TakesPairsOfDigits) {
  EXPECT_EQ(*secret_from_hex("4a4B"), secret("JK"));
  EXPECT_FALSE(secret_from_hex("4a4"));
}

}  // namespace
}  // namespace noonmark::config
