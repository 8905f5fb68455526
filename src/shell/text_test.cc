#include "shell/text.h"

#include <clocale>
#include <gtest/gtest.h>

namespace noonmark::shell {
namespace {

struct TextTest : ::testing::Test {
  TextTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
};

TEST_F(TextTest, Utf8GoesBothWays) {
  const std::string text = "a\xC3\xA4\xE4\xB8\x96\xF0\x9F\x95\x9B";
  EXPECT_EQ(wide_of(text), L"a\u00E4\u4E16\U0001F55B");
  EXPECT_EQ(utf8_of(wide_of(text)), text);
  EXPECT_EQ(wide_of("a\xE4\xB8"), L"a\uFFFD") << "broken off at the end";
}

TEST_F(TextTest, AFullRowEndsInTheNextOne) {
  EXPECT_EQ(place_behind(L"", 4), (Place{0, 0}));
  EXPECT_EQ(place_behind(L"123", 4), (Place{0, 3}));
  EXPECT_EQ(place_behind(L"1234", 4), (Place{1, 0}));
  EXPECT_EQ(place_behind(L"12345", 4), (Place{1, 1}));
  EXPECT_EQ(place_behind(L"123\u4E16", 4), (Place{1, 2}))
      << "two columns do not fit into the one that is left";
}

TEST_F(TextTest, ALineTakesAtLeastOneRow) {
  EXPECT_EQ(rows_of("", 4), 1);
  EXPECT_EQ(rows_of("1234", 4), 1);
  EXPECT_EQ(rows_of("12345", 4), 2);
  EXPECT_EQ(rows_of("12345678", 4), 2);
  EXPECT_EQ(rows_of("\xE4\xB8\x96\xE4\xB8\x96\xE4\xB8\x96", 4), 2);
}

TEST_F(TextTest, AQuoteOpensAtTheBeginningOfAWordAndClosesAtItsEnd) {
  for (const wchar_t* open : {L"\"", L"a \"b", L"a \"b c", L"\"b\"c", L"\"a\" \"b"})
    EXPECT_TRUE(has_open_quote(open)) << utf8_of(open);
  for (const wchar_t* closed : {L"", L"a", L"a \"b\"", L"a\"b c", L"\"a b\" c", L"a\""})
    EXPECT_FALSE(has_open_quote(closed)) << utf8_of(closed);
}

}  // namespace
}  // namespace noonmark::shell
