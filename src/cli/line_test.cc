#include "cli/line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::cli {
namespace {

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> texts;
  for (const auto& token : split(line)) texts.push_back(token.text);
  return texts;
}

TEST(Split, TakesBlanksAndTabulatorsAsSeparators) {
  EXPECT_THAT(words("  a\tb   c "), testing::ElementsAre("a", "b", "c"));
  EXPECT_THAT(words(" \t"), testing::IsEmpty());
  EXPECT_EQ(split("  ab c")[0].offset, 2u);
  EXPECT_EQ(split("  ab c")[1].offset, 5u);
}

TEST(Split, QuotesHoldBlanksTogether) {
  EXPECT_THAT(words("key \"a b?\" x"), testing::ElementsAre("key", "a b?", "x"));
  EXPECT_TRUE(split("\"a\"")[0].quoted);
  EXPECT_EQ(split("k \"a b\" x")[2].offset, 8u);
}

TEST(Split, AQuoteInsideAWordIsACharacter) {
  EXPECT_THAT(words("a\"b\" c"), testing::ElementsAre("a\"b\"", "c"));
  EXPECT_THAT(words("\"a\"b\" c"), testing::ElementsAre("a\"b", "c"));
}

TEST(Split, AQuoteThatIsNotClosedIsTold) {
  const auto tokens = split("a \"b c");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_TRUE(tokens[1].unterminated);
}

TEST(CheckLine, AllowsPrintableTextUpTo3100Characters) {
  EXPECT_TRUE(check_line(std::string(3100, 'x')));
  EXPECT_FALSE(check_line(std::string(3101, 'x')));
  EXPECT_TRUE(check_line("a\tb \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x95\x90"));
}

TEST(CheckLine, RefusesControlCharacters) {
  for (const char c : {'\0', '\x01', '\n', '\r', '\x1B', '\x7F'})
    EXPECT_FALSE(check_line(std::string("a") + c + "b"));
}

TEST(CheckLine, RefusesBrokenUtf8) {
  for (const auto* broken : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                             "\xFF", "\xE2\x82", "\xF0\x9F\x95", "\xC3(", "\xEF\xBF\xBD"})
    EXPECT_FALSE(check_line(broken)) << testing::PrintToString(std::string(broken));
}

TEST(Keywords, MayBeAbbreviatedInAnyCase) {
  EXPECT_TRUE(abbreviates("NTP", "ntp-service"));
  EXPECT_TRUE(abbreviates("ntp-service", "ntp-service"));
  EXPECT_FALSE(abbreviates("ntp-services", "ntp-service"));
  EXPECT_FALSE(abbreviates("", "ntp-service"));
  EXPECT_FALSE(abbreviates("2", "20"));
  EXPECT_TRUE(abbreviates("20", "20"));
}

}  // namespace
}  // namespace noonmark::cli
