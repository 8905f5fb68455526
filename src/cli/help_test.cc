#include "cli/help.h"

#include <gtest/gtest.h>

#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

struct HelpTest : testing::Test, SessionFixture {
  config::Configuration candidate;
  HelpContext context(View view = View::system, bool privileged = true) {
    return {services, candidate, view, privileged, "[~HUAWEI]"};
  }
  std::string help(std::string_view line, View view = View::system) {
    return help_text(context(view), line, 80);
  }
};

TEST_F(HelpTest, AtTheStartTheCommandsOfTheViewAreListed) {
  const auto text = help("", View::user);
  EXPECT_TRUE(text.starts_with("Current view commands:\n  abort ")) << text;
  EXPECT_NE(text.find("  system-view  "), std::string::npos);
  EXPECT_EQ(text.find("ntp-service"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\n\n"));
}

TEST_F(HelpTest, ParametersComeFirstAndTheEndOfTheLineLast) {
  EXPECT_EQ(help("ntp-service refclock-master "),
            "  INTEGER<1-15>                     Stratum of the local clock\n"
            "  X.X.X.X<127.127.1.0-127.127.1.3>  Address of the local clock\n"
            "  <cr>\n\n");
  EXPECT_EQ(help("display clock "),
            "  |     Filter the output\n"
            "  >     Write the output to a file\n"
            "  >>    Append the output to a file\n"
            "  <cr>\n\n");
}

TEST_F(HelpTest, WhatExistsStandsBelowItsParameter) {
  const auto text = help("ntp-service source-interface ");
  EXPECT_NE(text.find("  STRING<1-47>            Name of the interface\n"
                      "    GigabitEthernet0/1/0  Alias of eth0\n"
                      "    eth0                  Interface (up, 192.0.2.1)\n"
                      "    eth1                  Interface (up, 198.51.100.1, VPN instance red)\n"),
            std::string::npos)
      << text;
}

TEST_F(HelpTest, PartialHelpListsTheWordsInColumns) {
  EXPECT_EQ(help("ntp-service re"), "  refclock-master                         reliable\n\n");
  EXPECT_EQ(help("ntp-service source-"),
            "  source-interface                        source-port\n"
            "\n");
  EXPECT_EQ(help("ntp-service source-interface eth"),
            "  eth0                                    eth1\n"
            "  eth2                                    eth3\n\n");
  EXPECT_EQ(help("ntp-service port 12"),
            "  INTEGER<123,1025-65535>  UDP port that requests are received on\n\n");
}

TEST_F(HelpTest, AMistakeIsPointedAt) {
  EXPECT_EQ(help("ntp-service nonsense "),
            "                     ^\nError: Unrecognized command found at '^' position.\n");
  EXPECT_EQ(help("ntp-service zz"),
            "                     ^\nError: Unrecognized command found at '^' position.\n");
}

TEST_F(HelpTest, DescriptionsAreWrappedAtTheWidthBelowTheirColumn) {
  const auto text = help_text(context(View::user), "", 46);
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    EXPECT_LE(end - at, 46u) << text.substr(at, end - at);
}

TEST_F(HelpTest, WhoMayNotConfigureSeesWhatIsLeft) {
  const auto text = help_text(context(View::user, false), "", 80);
  EXPECT_EQ(text.find("system-view"), std::string::npos) << text;
  EXPECT_NE(text.find("display"), std::string::npos);
}

TEST_F(HelpTest, RunLeadsToTheCommandsOfTheUserView) {
  EXPECT_EQ(help("run reset ntp-service "), help("reset ntp-service ", View::user));
  EXPECT_EQ(help("run zz"), "             ^\nError: Unrecognized command found at '^' position.\n");
}

TEST_F(HelpTest, AnInterfacesViewHelpsWithCommandsOfTheSystemView) {
  EXPECT_EQ(help("ntp-service unicast-server ", View::interface), help("ntp-service unicast-server "));
}

TEST_F(HelpTest, CompletionsAreKeywordsAndWhatExists) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(completions(context(), "ntp-service unicast-s"), Words{"unicast-server"});
  EXPECT_EQ(completions(context(), "ntp-service source-interface eth"),
            (Words{"eth0", "eth1", "eth2", "eth3"}));
  EXPECT_EQ(completions(context(), "ntp-service unicast-server 10.1.1.1 vpn-instance "), Words{"red"});
  EXPECT_EQ(completions(context(), "display clock | inc"), Words{"include"});
  EXPECT_EQ(completions(context(), "nonsense un"), Words{});
  config::Key key;
  key.id = 42;
  candidate.keys.put(key);
  EXPECT_EQ(completions(context(), "undo ntp-service authentication-keyid "), Words{"42"});
}

TEST_F(HelpTest, EveryKeywordHasAHelpText) {
  for (const auto& command : commands()) EXPECT_FALSE(command.help.empty()) << command.grammar;
  for (const View view : {View::user, View::system, View::interface, View::acl4, View::acl6})
    for (const char* line : {"", "ntp-service ", "undo ntp-service ", "display ", "display ntp-service "})
      if (const auto words = parser().expected_next(line, view)) {
        for (const auto& word : words->words) EXPECT_FALSE(word.help.empty()) << line << word.text;
      }
}

}  // namespace
}  // namespace noonmark::cli
