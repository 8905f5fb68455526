#include "crypto/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hex_for_test.h"

namespace noonmark::crypto {
namespace {

using testing::ElementsAreArray;

// RFC 1321, A.5
TEST(Md5, GivesTheDigestsOfTheRfc) {
  EXPECT_THAT(md5({}), ElementsAreArray(from_hex("d41d8cd98f00b204e9800998ecf8427e")));
  EXPECT_THAT(md5(from_text("abc")), ElementsAreArray(from_hex("900150983cd24fb0d6963f7d28e17f72")));
  EXPECT_THAT(md5(from_text("abcdefghijklmnopqrstuvwxyz")),
              ElementsAreArray(from_hex("c3fcd3d76192e4007dfb496cca67e13b")));
}

}  // namespace
}  // namespace noonmark::crypto
