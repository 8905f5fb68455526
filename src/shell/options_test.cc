#include "shell/options.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::shell {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Options, CommandsKeepTheirOrderAndTheirText) {
  const auto parsed =
      parse_options({"-c", "system-view", "--json", "-c", "[x]", "-c", "", "--run-dir", "/tmp/r", "--force"});
  const auto& options = std::get<Options>(parsed);
  EXPECT_THAT(options.commands, ElementsAre("system-view", "[x]", ""));
  EXPECT_EQ(options.run_dir, "/tmp/r");
  EXPECT_TRUE(options.json && options.force);
}

TEST(Options, DefaultsAreTheInstalledDaemonsAndInteractive) {
  const auto parsed = parse_options({});
  const auto& options = std::get<Options>(parsed);
  EXPECT_EQ(options.run_dir, "/run/noonmark");
  EXPECT_TRUE(options.commands.empty() && options.file.empty());
  EXPECT_FALSE(options.json || options.force);
}

TEST(Options, WrongUsageIs2) {
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--nonsense"},
                                                {"display"},
                                                {"-c"},
                                                {"-c", "a", "b"},
                                                {"-c", "a", "-f", "b"},
                                                {"-f"}}) {
    const auto parsed = parse_options(wrong);
    const auto* stop = std::get_if<Stop>(&parsed);
    ASSERT_NE(stop, nullptr) << wrong.front();
    EXPECT_EQ(stop->exit_code, 2);
    EXPECT_FALSE(stop->text.empty());
  }
}

TEST(Options, HelpIsASuccess) {
  const auto parsed = parse_options({"--help"});
  EXPECT_EQ(std::get<Stop>(parsed).exit_code, 0);
  EXPECT_THAT(std::get<Stop>(parsed).text, HasSubstr("--run-dir"));
}

TEST(Options, ArgumentsAreWipedOnceTheyAreTaken) {
  char program[] = "noonmark", option[] = "-c", command[] = "password secret";
  char* argv[] = {program, option, command, nullptr};
  EXPECT_THAT(take_arguments(3, argv), ElementsAre("-c", "password secret"));
  EXPECT_STREQ(program, "noonmark");
  for (const char c : command) EXPECT_EQ(c, '\0');
}

}  // namespace
}  // namespace noonmark::shell
