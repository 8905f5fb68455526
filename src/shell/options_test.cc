#include "shell/options.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::shell {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Options, CommandsKeepTheirOrderAndTheirText) {
  const auto parsed = parse_options(
      "noonmark", {"-c", "system-view", "--json", "-c", "[x]", "-c", "", "--run-dir", "/tmp/r", "--force"});
  const auto& options = std::get<Options>(parsed);
  EXPECT_THAT(options.commands, ElementsAre("system-view", "[x]", ""));
  EXPECT_EQ(options.run_dir, "/tmp/r");
  EXPECT_TRUE(options.json && options.force);
}

TEST(Options, DefaultsAreTheInstalledDaemonsAndInteractive) {
  const auto parsed = parse_options("noonmark", {});
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
    const auto parsed = parse_options("noonmark", wrong);
    const auto* stop = std::get_if<Stop>(&parsed);
    ASSERT_NE(stop, nullptr) << wrong.front();
    EXPECT_EQ(stop->exit_code, 2);
    EXPECT_FALSE(stop->text.empty());
  }
}

TEST(Options, ACommandMayHaveSeveralLines) {
  const auto parsed =
      parse_options("noonmark", {"-c", "system-view\r\ncommit\n", "-c", "quit", "-c", "a\n\nb"});
  EXPECT_THAT(std::get<Options>(parsed).commands, ElementsAre("system-view", "commit", "quit", "a", "", "b"));
  EXPECT_THAT(lines_of(""), ElementsAre(""));
}

TEST(Options, TheRestrictedShellIsOneByNameToo) {
  const auto is_restricted = [](std::string_view program, std::vector<std::string> arguments) {
    return std::get<Options>(parse_options(program, std::move(arguments))).restricted;
  };
  EXPECT_TRUE(is_restricted("noonmark", {"--restricted"}));
  for (const char* name : {"rnoonmark", "-rnoonmark", "/usr/local/bin/rnoonmark"})
    EXPECT_TRUE(is_restricted(name, {})) << name;
  for (const char* name : {"", "noonmark", "-noonmark", "/opt/rnoonmark/noonmark"})
    EXPECT_FALSE(is_restricted(name, {})) << name;
}

TEST(Options, TheRestrictedShellTakesNoFile) {
  for (const char* name : {"noonmark", "rnoonmark"}) {
    const auto parsed = parse_options(name, {"--restricted", "-f", "/etc/passwd"});
    ASSERT_TRUE(std::holds_alternative<Stop>(parsed));
    EXPECT_EQ(std::get<Stop>(parsed).exit_code, 2);
    EXPECT_THAT(std::get<Stop>(parsed).text, HasSubstr("opens no files"));
  }
}

TEST(Options, HelpIsASuccess) {
  const auto parsed = parse_options("noonmark", {"--help"});
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
