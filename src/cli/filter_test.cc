#include "cli/filter.h"

#include <gtest/gtest.h>

namespace noonmark::cli {
namespace {

constexpr const char* kText = "one\ntwo\nthree\ntwo again\n";

std::string filtered(std::string_view line) {
  const auto split = split_filters(line);
  if (!split)
    return std::string(to_string(split.error().kind)) + " at " + std::to_string(split.error().offset);
  const auto text = apply_filters(split->filters, kText);
  return text ? *text : "Error: " + text.error().message;
}

TEST(Filter, IncludeExcludeAndBegin) {
  EXPECT_EQ(filtered("display x | include two"), "two\ntwo again\n");
  EXPECT_EQ(filtered("display x | exclude two"), "one\nthree\n");
  EXPECT_EQ(filtered("dis x | beg th"), "three\ntwo again\n");
  EXPECT_EQ(filtered("display x | include none"), "");
}

TEST(Filter, ExpressionsAreExtendedOnesAndCaseSensitive) {
  EXPECT_EQ(filtered("display x | include ^t(wo|hree)$"), "two\nthree\n");
  EXPECT_EQ(filtered("display x | include TWO"), "");
  EXPECT_EQ(filtered("display x | include two again"), "two again\n");
  EXPECT_EQ(filtered("display x | include \"two again\""), "two again\n");
}

TEST(Filter, FiltersWorkOneAfterTheOther) {
  EXPECT_EQ(filtered("display x | include two | exclude again"), "two\n");
}

TEST(Filter, OnlyDisplaysHaveFilters) {
  const auto split = split_filters("ntp-service x | include two");
  ASSERT_TRUE(split);
  EXPECT_TRUE(split->filters.empty());
  EXPECT_EQ(split->command, "ntp-service x | include two");
}

TEST(Filter, WhatIsIncompleteOrUnknownIsPointedAt) {
  EXPECT_EQ(filtered("display x |"), "Incomplete command at 12");
  EXPECT_EQ(filtered("display x | include"), "Incomplete command at 20");
  EXPECT_EQ(filtered("display x | count"), "Unrecognized command at 12");
  std::string many = "display x";
  for (int i = 0; i < 33; ++i) many += " | include t";
  EXPECT_EQ(filtered(many), "Too many parameters at 394");
}

TEST(Filter, ExpressionsThatAreWrongOrCostTooMuchAreRefused) {
  for (const auto* expression : {"(", "[a", "a{1000}", "((a{100}){100})", "a{99999999999}", "(a)\\1"})
    EXPECT_TRUE(filtered(std::string("display x | include ") + expression).starts_with("Error: "))
        << expression;
  EXPECT_EQ(filtered("display x | include o{1,2}n"), "one\n");
}

}  // namespace
}  // namespace noonmark::cli
