#include "shell/history.h"

#include <gtest/gtest.h>
#include <string>

namespace noonmark::shell {
namespace {

std::wstring at(const std::wstring* line) { return line == nullptr ? L"(bell)" : *line; }

TEST(History, UpAndDownWalkThroughTheLinesAndBackToWhatWasTyped) {
  History history;
  history.add(L"one");
  history.add(L"two");
  EXPECT_EQ(at(history.older(L"typ")), L"two");
  EXPECT_EQ(at(history.older(L"two")), L"one");
  EXPECT_EQ(at(history.older(L"one")), L"(bell)");
  EXPECT_EQ(at(history.newer()), L"two");
  EXPECT_EQ(at(history.newer()), L"typ");
  EXPECT_EQ(at(history.newer()), L"(bell)");
}

TEST(History, TheSameLineTwiceInARowIsKeptOnceAndAnEmptyOneNot) {
  History history;
  for (const wchar_t* line : {L"a", L"a", L"b", L"", L"a"}) history.add(line);
  EXPECT_EQ(at(history.older(L"")), L"a");
  EXPECT_EQ(at(history.older(L"")), L"b");
  EXPECT_EQ(at(history.older(L"")), L"a");
  EXPECT_EQ(at(history.older(L"")), L"(bell)");
}

TEST(History, HoldsFiftyLines) {
  History history;
  for (int i = 0; i < 60; ++i) history.add(std::to_wstring(i));
  std::wstring oldest;
  int count = 0;
  for (const auto* line = history.older(L""); line != nullptr; line = history.older(L"")) {
    oldest = *line;
    ++count;
  }
  EXPECT_EQ(count, 50);
  EXPECT_EQ(oldest, L"10");
}

TEST(History, ANewLineEndsTheWalk) {
  History history;
  history.add(L"one");
  history.add(L"two");
  history.older(L"");
  history.older(L"");
  history.add(L"three");
  EXPECT_EQ(at(history.newer()), L"(bell)");
  EXPECT_EQ(at(history.older(L"")), L"three");
}

}  // namespace
}  // namespace noonmark::shell
