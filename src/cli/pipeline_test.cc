#include "cli/pipeline.h"

#include <gtest/gtest.h>

namespace noonmark::cli {
namespace {

constexpr const char* kText = "one\ntwo\nthree\ntwo again\n";

std::string filtered(std::string_view line) {
  const auto split = split_pipeline(line);
  if (!split)
    return std::string(to_string(split.error().kind)) + " at " + std::to_string(split.error().offset);
  const auto text = apply_filters(split->pipeline.filters, kText);
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

TEST(Filter, IgnoreCaseAndSectionStandBeforeOrBehindWhatTheyModify) {
  EXPECT_EQ(filtered("display x | ignore-case include TWO AGAIN"), "two again\n");
  EXPECT_EQ(filtered("display x | include TWO | ignore-case | exclude again"), "two\n");
  const auto sections = [](std::string_view line) {
    return *apply_filters(split_pipeline(line)->pipeline.filters, "#\na 1\n b\n#\nc 1\n d\n#\nreturn\n");
  };
  EXPECT_EQ(sections("display x | section include d"), "c 1\n d\n#\n");
  EXPECT_EQ(sections("display x | exclude d | section"), "#\na 1\n b\n#\nreturn\n");
  EXPECT_EQ(sections("display x | section begin c"), "c 1\n d\n#\nreturn\n");
}

TEST(Filter, CountTellsTheNumberOfLines) {
  EXPECT_EQ(filtered("display x | count"), "Total lines: 4.\n");
  EXPECT_EQ(filtered("display x | include two | count | no-more"), "Total lines: 2.\n");
  EXPECT_EQ(filtered("display x | include none | count"), "Total lines: 0.\n");
}

TEST(Filter, OtherWordsSayWhatBecomesOfTheOutput) {
  const auto pipeline = [](std::string_view line) { return split_pipeline(line)->pipeline; };
  EXPECT_EQ(pipeline("display x | json | no-more"), (Pipeline{.json = true, .no_more = true}));
  EXPECT_EQ(pipeline("display x | refresh"), (Pipeline{.refresh = true}));
  EXPECT_EQ(pipeline("display x >> \"my file\""), (Pipeline{.redirection = Redirection{"my file", true}}));
  EXPECT_EQ(pipeline("display x | include a > b"),
            (Pipeline{.filters = {{Filter::Kind::include, "a"}}, .redirection = Redirection{"b", false}}));
  EXPECT_EQ(pipeline("display x | include \"a > b\"").redirection, std::nullopt);
}

TEST(Filter, WhatMayComeNextInAPipeline) {
  const auto next = [](std::string_view line) {
    std::string words;
    const auto expected = expected_in_pipeline(line);
    if (!expected) return std::string("none");
    for (const auto& word : expected->words) words += word.text + " ";
    return words + (expected->complete ? "<cr>" : "");
  };
  EXPECT_EQ(next("display x"), "none");
  EXPECT_EQ(next("display x | "), "begin count exclude ignore-case include json no-more refresh section ");
  EXPECT_EQ(next("display x | i"), "ignore-case include ");
  EXPECT_EQ(next("display x | ignore-case inc"), "include ");
  EXPECT_EQ(next("display x | include "), "STRING<1-255> ");
  EXPECT_EQ(next("display x | include a "), "| > >> <cr>");
  EXPECT_EQ(next("display x > "), "STRING<1-255> ");
  EXPECT_EQ(next("display x > f "), "<cr>");
  EXPECT_EQ(next("display x | count "), "| > >> <cr>");
}

TEST(Filter, OnlyDisplaysHaveFilters) {
  const auto split = split_pipeline("ntp-service x | include two");
  ASSERT_TRUE(split);
  EXPECT_TRUE(split->pipeline.filters.empty());
  EXPECT_EQ(split->command, "ntp-service x | include two");
}

TEST(Filter, WhatIsIncompleteOrUnknownIsPointedAt) {
  EXPECT_EQ(filtered("display x |"), "Incomplete command at 12");
  EXPECT_EQ(filtered("display x | include"), "Incomplete command at 20");
  EXPECT_EQ(filtered("display x | nonsense"), "Unrecognized command at 12");
  EXPECT_EQ(filtered("display x | i two"), "Ambiguous command at 12");
  EXPECT_EQ(filtered("display x | ignore-case"), "Unrecognized command at 12");
  EXPECT_EQ(filtered("display x | section count"), "Unrecognized command at 20");
  EXPECT_EQ(filtered("display x | no-more nonsense"), "Too many parameters at 20");
  EXPECT_EQ(filtered("display x >"), "Incomplete command at 12");
  EXPECT_EQ(filtered("display x > a b"), "Too many parameters at 14");
  std::string many = "display x";
  for (int i = 0; i < 33; ++i) many += " | include t";
  EXPECT_EQ(filtered(many), "Too many parameters at 394");
}

TEST(Filter, ExpressionsThatAreWrongAreRefused) {
  for (const auto* expression : {"(", "[a", "a{1001}", "((a{100}){100})", "(a)\\1"})
    EXPECT_TRUE(filtered(std::string("display x | include ") + expression)
                    .starts_with("Error: The regular expression is wrong"))
        << expression;
  EXPECT_EQ(filtered("display x | include o{1,2}n"), "one\n");
}

TEST(Filter, ExpressionsThatWouldTakeLongAreRefused) {
  std::string text;
  for (unsigned i = 0; i < 60'000; ++i) text += i * i % 7 < 3 ? "ab" : "b\n";
  for (const auto* expression : {"(.*a.{300}){3}", "(((a|b|ab)*){30}){30}x"}) {
    const auto result = apply_filters({{Filter::Kind::include, expression}}, text);
    ASSERT_FALSE(result) << expression;
    EXPECT_NE(result.error().message.find("too costly"), std::string::npos);
  }
  // One such filter is fine, a chain of them is not.
  const Filter heavy{Filter::Kind::exclude, "(a|b){60}x"};
  EXPECT_TRUE(apply_filters({heavy}, text));
  EXPECT_FALSE(apply_filters(std::vector<Filter>(32, heavy), text));
}

}  // namespace
}  // namespace noonmark::cli
