#include "cli/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/keywords.h"
#include "config/schema_tables.h"

namespace noonmark::cli {
namespace {

using config::LeafInfo;
using config::LeafRole;
using config::LeafType;
using testing::Contains;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// The line that the system view understood, in full spelling; the error's name where it did not.
std::string understood(std::string_view line, View view = View::system) {
  const auto match = parser().parse(line, view);
  if (!match)
    return std::string(to_string(match.error().kind)) + " at " + std::to_string(match.error().offset);
  if (match->command->schema == nullptr) return std::string(match->command->grammar);
  const config::RowText row{match->values};
  return match->undo ? parser().undo_line_of(*match->command, row) : parser().line_of(*match->command, row);
}

TEST(Notation, ExpressionsAndTheirUndoForms) {
  static constexpr std::array leaves{
      LeafInfo{"id", LeafType::number, LeafRole::key, "", 1, 9},
      LeafInfo{"size", LeafType::number, LeafRole::option, "", 1, 9},
      LeafInfo{"fast", LeafType::flag, LeafRole::option, ""},
  };
  const auto expression = read_notation("thing <id> of [ size <size> | fast ] *", leaves);
  EXPECT_EQ(render(*expression, {"1", "2", ""}), "thing 1 of size 2 fast");
  EXPECT_EQ(render(*expression, {"1", std::nullopt, std::nullopt}), "thing 1 of");
  EXPECT_EQ(render(*undo_form(expression), {"1", "2", ""}), "thing 1");
}

TEST(Notation, EachOptionOfASubsetIsTakenOnce) {
  static constexpr std::array leaves{LeafInfo{"a", LeafType::flag, LeafRole::option, ""},
                                     LeafInfo{"b", LeafType::flag, LeafRole::option, ""}};
  const auto first = steps(read_notation("[ a | b ] *", leaves));
  ASSERT_EQ(first.size(), 2u);
  const auto second = steps(first[0].rest);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].terminal->text, "b");
  EXPECT_TRUE(steps(second[0].rest).empty());
}

TEST(Notation, OneAtLeastOfASubsetInBraces) {
  static constexpr std::array leaves{
      LeafInfo{"a", LeafType::number, LeafRole::option, "", 1, 9},
      LeafInfo{"b", LeafType::number, LeafRole::option, "", 1, 9},
  };
  const auto expression = read_notation("thing { a <a> | b <b> } *", leaves);
  EXPECT_EQ(render(*expression, {"1", "2"}), "thing a 1 b 2");
  EXPECT_EQ(render(*expression, {std::nullopt, "2"}), "thing b 2");
  EXPECT_EQ(understood("ntp-service discard"), "Incomplete command at 20");
  EXPECT_EQ(understood("ntp-service discard avg-interval 2 min-interval 3"),
            "ntp-service discard min-interval 3 avg-interval 2");
  EXPECT_EQ(understood("ntp-service discard avg-interval 2 avg-interval 3"), "Unrecognized command at 35");
}

TEST(Notation, WordsThatWouldBeSplitAreQuoted) {
  EXPECT_EQ(quoted_if_needed("plain"), "plain");
  EXPECT_EQ(quoted_if_needed("a b"), "\"a b\"");
  EXPECT_EQ(quoted_if_needed("a?"), "\"a?\"");
  EXPECT_EQ(quoted_if_needed(""), "\"\"");
}

TEST(Table, EveryKeywordHasItsHelp) {
  const auto check = [](std::string_view grammar) {
    for (const auto& token : split(grammar)) {
      const bool keyword = token.text.find_first_of("<[]{}|*") == std::string::npos;
      if (!keyword) continue;
      EXPECT_FALSE(keyword_help(token.text).empty()) << token.text << " in " << grammar;
    }
  };
  for (const auto& command : commands()) check(command.grammar);
  for (const auto& display : display_commands()) check(display.grammar);
}

TEST(Table, EveryConfigurationLineHasAnUndoForm) {
  for (const auto& command : commands()) {
    if (command.schema == nullptr) continue;
    EXPECT_EQ(command.schema->leaves.data(), command.leaves.data()) << command.grammar;
  }
}

TEST(Parse, EveryCommandOfTheFoundingPage) {
  for (const auto* line : {
           "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 cipher Huawei-12345",
           "ntp-service authentication-keyid 4294967295 authentication-mode aes-128-cmac cipher "
           "1234567890123456",
           "ntp-service reliable authentication-keyid 1",
           "ntp-service authentication enable",
           "ntp-service authentication-password complexity-check enable",
           "crypto weak-algorithm disable",
           "ntp-service source-interface GigabitEthernet0/1/0",
           "ntp-service ipv6 source-interface LoopBack0 vpn-instance red",
           "ntp-service unicast-server 10.1.1.1",
           "ntp-service unicast-server 10.1.1.1 version 4 authentication-keyid 1 source-interface "
           "GigabitEthernet0/1/0 "
           "vpn-instance red preference maxpoll 17 minpoll 3 burst iburst preempt port 65535",
           "ntp-service unicast-server ipv6 2001:db8::1 authentication-keyid 1 source-interface LoopBack0 "
           "vpn-instance "
           "red preference maxpoll 12 minpoll 4 burst iburst preempt port 1025",
           "ntp-service refclock-master 127.127.1.3 5",
           "ntp-service server disable",
           "ntp-service ipv6 server disable",
           "ntp-service server source-interface LoopBack0",
           "ntp-service ipv6 server source-address 2001:db8::1 vpn-instance red",
           "ntp-service server source-interface all enable",
           "ntp-service ipv6 server source-interface all disable",
           "ntp-service port 1234",
           "ntp-service source-port 1234",
           "ntp-service disable",
           "ntp-service ipv6 disable",
           "ntp-service max-distance 16",
           "ntp-service offset-limit 7620",
           "sysname R1",
       })
    EXPECT_EQ(understood(line), line);
}

TEST(Parse, EveryUndoForm) {
  for (const auto& [line, undo] : std::initializer_list<std::pair<const char*, const char*>>{
           {"undo ntp-service authentication-keyid 1", "undo ntp-service authentication-keyid 1"},
           {"undo ntp-service reliable authentication-keyid 1",
            "undo ntp-service reliable authentication-keyid 1"},
           {"undo ntp-service authentication enable", "undo ntp-service authentication enable"},
           {"undo crypto weak-algorithm disable", "undo crypto weak-algorithm disable"},
           {"undo ntp-service source-interface", "undo ntp-service source-interface"},
           {"undo ntp-service ipv6 source-interface vpn-instance red",
            "undo ntp-service ipv6 source-interface vpn-instance red"},
           {"undo ntp-service unicast-server 10.1.1.1 vpn-instance red",
            "undo ntp-service unicast-server 10.1.1.1 vpn-instance red"},
           {"undo ntp-service unicast-server ipv6 2001:db8::1",
            "undo ntp-service unicast-server ipv6 2001:db8::1"},
           {"undo ntp-service refclock-master", "undo ntp-service refclock-master"},
           {"undo ntp-service refclock-master 127.127.1.1", "undo ntp-service refclock-master 127.127.1.1"},
           {"undo ntp-service server disable", "undo ntp-service server disable"},
           {"undo ntp-service server source-interface eth0", "undo ntp-service server source-interface eth0"},
           {"undo ntp-service ipv6 server source-interface all",
            "undo ntp-service ipv6 server source-interface all"},
           {"undo ntp-service ipv6 server source-address ::1 vpn-instance red",
            "undo ntp-service ipv6 server source-address ::1 vpn-instance red"},
           {"undo ntp-service port", "undo ntp-service port"},
           {"undo ntp-service max-distance", "undo ntp-service max-distance"},
           {"undo sysname", "undo sysname"},
           {"undo ntp-service unicast-server 10.1.1.1 burst", "Unrecognized command at 41"},
           {"undo ntp-service port 123", "Too many parameters at 22"},
       })
    EXPECT_EQ(understood(line), undo);
}

TEST(Parse, AbbreviationsInAnyCaseAndOptionsInAnyOrder) {
  EXPECT_EQ(understood("NTP unicast-s 10.1.1.1 PREF auth 1 ver 4"),
            "ntp-service unicast-server 10.1.1.1 version 4 authentication-keyid 1 preference");
  EXPECT_EQ(understood("und nt unicast-s ipv 2001:DB8::1"),
            "undo ntp-service unicast-server ipv6 2001:DB8::1");
  EXPECT_EQ(understood("ntp auth en"), "Ambiguous command at 4");
  EXPECT_EQ(understood("ntp authentication en"), "ntp-service authentication enable");
  EXPECT_EQ(understood("dis ver", View::user), "display version");
  EXPECT_EQ(understood("dis c", View::user), "Ambiguous command at 4");
  EXPECT_EQ(understood("sys", View::user), "system-view");
}

TEST(Parse, TypeAndNumberOfAnInterfaceAreOneName) {
  EXPECT_EQ(understood("ntp source-interface GigabitEthernet 0/1/0 vpn red"),
            "ntp-service source-interface GigabitEthernet0/1/0 vpn-instance red");
  EXPECT_EQ(understood("ntp unicast-s 10.1.1.1 source LoopBack 0 port 1025"),
            "ntp-service unicast-server 10.1.1.1 source-interface LoopBack0 port 1025");
  EXPECT_EQ(understood("ntp source-interface eth0 vlan1"), "Unrecognized command at 26");
}

TEST(Parse, CipherAndHexAreKeywordsOnlyInFullAndBeforeAWord) {
  const auto password = [](const std::string& words) {
    const auto match = parser().parse(
        "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 " + words, View::system);
    if (!match) return std::string(to_string(match.error().kind));
    for (const auto leaf :
         {config::leaves::key_password, config::leaves::key_cipher, config::leaves::key_hex})
      if (match->values[leaf])
        return std::string(match->command->leaves[leaf].name) + ": " + *match->values[leaf];
    return std::string();
  };
  EXPECT_EQ(password("cipher secret"), "cipher-text: secret");
  EXPECT_EQ(password("CIPHER secret"), "cipher-text: secret");
  EXPECT_EQ(password("cipher"), "password: cipher");
  EXPECT_EQ(password("cip"), "password: cip");
  EXPECT_EQ(password("cip secret"), "Unrecognized command");
  EXPECT_EQ(password("hex"), "password: hex");
  EXPECT_EQ(password("hex 00ff"), "digits: 00ff");
  EXPECT_EQ(password("hex secret"), "Wrong parameter");
  EXPECT_EQ(password("\"cipher\""), "password: cipher");
  EXPECT_EQ(password("\"two words?\""), "password: two words?");
  EXPECT_EQ(password("two words"), "Unrecognized command");
  EXPECT_EQ(password("secret mac-length 20"), "password: secret");
  EXPECT_EQ(password("\"open"), "Wrong parameter");
  EXPECT_EQ(password("\"\""), "Wrong parameter");
}

TEST(Parse, AllInterfacesAreNoNameOfOne) {
  EXPECT_EQ(understood("ntp server source-interface all"), "Incomplete command at 32");
  EXPECT_EQ(understood("ntp server source-interface all en"),
            "ntp-service server source-interface all enable");
  EXPECT_EQ(understood("ntp server source-interface al"), "ntp-service server source-interface al");
  EXPECT_EQ(understood("undo ntp server source-interface all"),
            "undo ntp-service server source-interface all");
}

TEST(Parse, TheFiveMessagesAndTheirPlaces) {
  EXPECT_EQ(understood("nonsense"), "Unrecognized command at 0");
  EXPECT_EQ(understood("ntp nonsense"), "Unrecognized command at 4");
  EXPECT_EQ(understood("ntp"), "Incomplete command at 4");
  EXPECT_EQ(understood("ntp "), "Incomplete command at 4");
  EXPECT_EQ(understood("ntp  "), "Incomplete command at 5");
  EXPECT_EQ(understood("ntp unicast-s 10.1.1.1 version"), "Incomplete command at 31");
  EXPECT_EQ(understood("ntp s"), "Ambiguous command at 4");
  EXPECT_EQ(understood("ntp unicast-s 10.1.1.300"), "Wrong parameter at 14");
  EXPECT_EQ(understood("ntp unicast-s 10.1.1.1 version 5"), "Wrong parameter at 31");
  EXPECT_EQ(understood("ntp max-distance 17"), "Wrong parameter at 17");
  EXPECT_EQ(understood("ntp port 1024"), "Wrong parameter at 9");
  EXPECT_EQ(understood("ntp max-distance 1 2"), "Too many parameters at 19");
  EXPECT_EQ(understood("return now"), "Too many parameters at 7");
  EXPECT_EQ(understood("ntp unicast-s 10.1.1.1 burst burst"), "Unrecognized command at 29");
  EXPECT_EQ(understood("ntp unicast-s ipv6 2001:db8::1 version 4"), "Unrecognized command at 31");
}

TEST(Parse, CommandsBelongToTheirViews) {
  EXPECT_EQ(understood("sysname R1", View::user), "Unrecognized command at 0");
  EXPECT_EQ(understood("system-view", View::system), "Unrecognized command at 0");
  EXPECT_EQ(understood("ntp in-interface disable", View::system), "Unrecognized command at 4");
  EXPECT_EQ(understood("commit", View::user), "Unrecognized command at 0");
}

TEST(SyntaxErrors, PointBelowTheWordBehindThePrompt) {
  EXPECT_EQ(render(SyntaxError{SyntaxError::Kind::unrecognized, 4}, "[~H]"),
            "        ^\nError: Unrecognized command found at '^' position.\n");
}

TEST(ExpectedNext, ShowsWhatMayFollow) {
  const auto next = [](std::string_view line) {
    std::vector<std::string> texts;
    const auto expected = parser().expected_next(line, View::system);
    for (const auto& word : expected->words) texts.push_back(word.text);
    if (expected->complete) texts.emplace_back("<cr>");
    return texts;
  };
  EXPECT_THAT(next("ntp-service max-distance "), ElementsAre("INTEGER<1-16>"));
  EXPECT_THAT(next("ntp-service max-distance 4 "), ElementsAre("<cr>"));
  EXPECT_THAT(next("ntp-service ser"), ElementsAre("server"));
  EXPECT_THAT(next("c"), UnorderedElementsAre("crypto", "commit", "clear", "configuration"));
  EXPECT_THAT(next("ntp-service unicast-server 10.1.1.1 "), Contains("<cr>"));
  EXPECT_THAT(next("ntp-service unicast-server 10.1.1.1 version 4 "), testing::Not(Contains("version")));
  EXPECT_FALSE(parser().expected_next("nonsense x", View::system));
}

}  // namespace
}  // namespace noonmark::cli
