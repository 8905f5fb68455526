#include "shell/pager.h"

#include <gtest/gtest.h>

#include "shell/fakes.h"

namespace noonmark::shell {
namespace {

using Key = Keyboard::Key;
constexpr std::string_view kMore = "  ---- More ----\033[16D                \033[16D";

std::string paged(std::string_view text, int screen_length, std::deque<Key> keys, int width = 80) {
  FakeOutput out;
  FakeKeyboard keyboard;
  keyboard.width = width;
  keyboard.keys = std::move(keys);
  EXPECT_TRUE(write_paged(text, screen_length, out, keyboard));
  EXPECT_TRUE(keyboard.keys.empty()) << "a key was not asked for";
  return out.text;
}

TEST(Pager, WhatFitsIsShownAtOnce) {
  EXPECT_EQ(paged("1\n2\n", 2, {}), "1\n2\n");
  EXPECT_EQ(paged("", 2, {}), "");
}

TEST(Pager, SpaceShowsAPageAndEnterALine) {
  const std::string more(kMore);
  EXPECT_EQ(paged("1\n2\n3\n4\n5\n6\n", 2, {Key::line, Key::page, Key::page}),
            "1\n2\n" + more + "3\n" + more + "4\n5\n" + more + "6\n");
}

TEST(Pager, StopShowsNoMore) { EXPECT_EQ(paged("1\n2\n3\n", 1, {Key::stop}), "1\n" + std::string(kMore)); }

TEST(Pager, ScreenLengthZeroNeverAsks) { EXPECT_EQ(paged("1\n2\n3\n", 0, {}), "1\n2\n3\n"); }

TEST(Pager, ALongLineCountsAsTheRowsThatItTakes) {
  const std::string more(kMore);
  EXPECT_EQ(paged("12345\n2\n3\n", 2, {Key::page}, 4), "12345\n" + more + "2\n3\n");
  EXPECT_EQ(paged("1234\n2\n3\n", 2, {Key::page}, 4), "1234\n2\n" + more + "3\n") << "fills one row";
  EXPECT_EQ(paged("123456789\n2\n", 2, {Key::page}, 4), "123456789\n" + more + "2\n") << "more than a page";
}

TEST(Pager, CtrlCStopsWhatIsNotPaged) {
  std::string text;
  while (text.size() < 100'000) text += "a line of a long display\n";
  EXPECT_EQ(paged(text, 0, {}), text);
  FakeOutput out;
  FakeKeyboard keyboard;
  keyboard.pieces_left = 1;
  EXPECT_TRUE(write_paged(text, 0, out, keyboard));
  EXPECT_LT(out.text.size(), 10'000u);
  EXPECT_EQ(out.text.back(), '\n');
}

TEST(Pager, ClosedOutputEndsIt) {
  FakeOutput out;
  out.writes_left = 1;
  FakeKeyboard keyboard;
  EXPECT_FALSE(write_paged("1\n2\n", 1, out, keyboard));
}

}  // namespace
}  // namespace noonmark::shell
