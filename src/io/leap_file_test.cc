#include "io/leap_file.h"

#include <gtest/gtest.h>

namespace noonmark::io {
namespace {

constexpr std::string_view kText =
    "#\tA comment\n"
    "#$\t3945196800\n"
    "#@\t3991852800\n"
    "\n"
    "2272060800\t10\t# 1 Jan 1972\n"
    "2287785600 11 # 1 Jul 1972\r\n"
    "3692217600\t37\n";

std::string with(std::string text, std::string_view old, std::string_view wanted) {
  return text.replace(text.find(old), old.size(), wanted);
}

TEST(LeapFile, RowsAndTheEndOfValidityAreSecondsSince1970) {
  const auto table = parse_leap_file(with(std::string(kText), "3692217600\t37\n", ""));
  ASSERT_TRUE(table) << table.error().message;
  const std::vector<core::LeapTable::Entry> expected{{63'072'000, 10}, {78'796'800, 11}};
  EXPECT_EQ(table->entries, expected);
  EXPECT_EQ(table->expires, 1'782'864'000);
}

TEST(LeapFile, WhatIsNoSuchFileIsRefusedWithTheLine) {
  const std::pair<std::string, std::string> kCases[]{
      {std::string(kText), "line 7"},  // from 11 to 37
      {with(std::string(kText), "2287785600 11", "2272060800 11"), "line 6"},
      {with(std::string(kText), "2287785600 11", "2287785600"), "line 6"},
      {with(std::string(kText), "2287785600 11", "2287785600 11x"), "line 6"},
      {with(std::string(kText), "2287785600 11", "2287785600 11 12"), "line 6"},
      {with(std::string(kText), "2287785600 11", "99999999999999999999 11"), "line 6"},
      {with(std::string(kText), "2287785600 11", "-1 11"), "line 6"},
      {with(std::string(kText), "#@\t3991852800", "#@\tsoon"), "line 3"},
      {"<html>\n", "line 1"},
      {"#@ 3991852800\n", "no leap seconds"},
      {"2272060800 10\n", "expires"},
      {"", "no leap seconds"}};
  for (const auto& [text, expected] : kCases) {
    const auto table = parse_leap_file(text);
    ASSERT_FALSE(table) << text;
    EXPECT_NE(table.error().message.find(expected), std::string::npos) << table.error().message;
  }
}

TEST(LeapFile, AFileIsOfLimitedSize) {
  std::string text = "#@ 3991852800\n";
  for (int i = 0; i < 1001; ++i) text += std::to_string(2'272'060'800 + i) + (i % 2 == 0 ? " 10\n" : " 11\n");
  EXPECT_FALSE(parse_leap_file(text));
}

}  // namespace
}  // namespace noonmark::io
