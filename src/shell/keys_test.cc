#include "shell/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string_view>

namespace noonmark::shell {
namespace {

using ::testing::ElementsAre;
using Kind = Key::Kind;

std::deque<Key> keys_of(std::string_view octets) {
  KeyDecoder decoder;
  std::deque<Key> keys;
  for (const char octet : octets) decoder.feed(static_cast<unsigned char>(octet), keys);
  return keys;
}

std::u32string characters_of(std::string_view octets) {
  std::u32string characters;
  for (const auto& key : keys_of(octets))
    if (key.kind == Kind::character) characters += key.character;
  return characters;
}

TEST(Keys, CharactersAreUtf8) {
  EXPECT_EQ(characters_of("a \xC3\xA4\xE4\xB8\x96\xF0\x9F\x95\x9B?"), U"a \u00E4\u4E16\U0001F55B?");
}

TEST(Keys, WhatIsNoUtf8BecomesTheReplacementCharacterAndLosesNothingElse) {
  EXPECT_EQ(characters_of("a\xC3z"), U"a\uFFFDz") << "broken off";
  EXPECT_EQ(characters_of("a\x80z\xFF"), U"a\uFFFDz\uFFFD") << "no beginning";
  EXPECT_EQ(characters_of("\xC0\xAF"), U"\uFFFD") << "overlong";
  EXPECT_EQ(characters_of("\xED\xA0\x80"), U"\uFFFD") << "a surrogate";
  EXPECT_EQ(characters_of("\xF4\x90\x80\x80"), U"\uFFFD") << "above the last character";
  EXPECT_EQ(characters_of("\xC3\xE4\xB8\x96"), U"\uFFFD\u4E16");
}

TEST(Keys, ArrowsComeInBothForms) {
  for (const char* form : {"\033[A\033[B\033[C\033[D\033[H\033[F", "\033OA\033OB\033OC\033OD\033OH\033OF"})
    EXPECT_THAT(keys_of(form), ElementsAre(Key{Kind::up, 0}, Key{Kind::down, 0}, Key{Kind::right, 0},
                                           Key{Kind::left, 0}, Key{Kind::home, 0}, Key{Kind::end, 0}));
  EXPECT_THAT(keys_of("\033[1~\033[3~\033[4~"),
              ElementsAre(Key{Kind::home, 0}, Key{Kind::erase_right, 0}, Key{Kind::end, 0}));
}

TEST(Keys, AnUnknownSequenceIsSwallowedAsAWhole) {
  EXPECT_THAT(keys_of("\033[200~a\033[1;5Zb"),
              ElementsAre(Key{Kind::unknown, 0}, Key{Kind::character, U'a'}, Key{Kind::unknown, 0},
                          Key{Kind::character, U'b'}));
  EXPECT_EQ(keys_of("\033[" + std::string(100'000, '1') + "~").size(), 1u);
}

TEST(Keys, EscapeAloneIsNothingAndEnterStillIsEnter) {
  EXPECT_THAT(keys_of("\033a\033[\n"), ElementsAre(Key{Kind::character, U'a'}, Key{Kind::enter, 0}));
}

TEST(Keys, ReturnAndNewlineTogetherAreOneEnter) {
  EXPECT_EQ(keys_of("\r\n").size(), 1u);
  EXPECT_EQ(keys_of("\r\r\n\n").size(), 3u);
  EXPECT_EQ(keys_of("\n\n").size(), 2u);
}

}  // namespace
}  // namespace noonmark::shell
