#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session.h"
#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct CommitTest : testing::Test, SessionFixture {
  unsigned opened = 0;
  Session open(bool json = false, bool privileged = true) {
    const auto number = opened++;
    return Session(services,
                   {.author = {number == 0 ? "admin" : "guest", fmt::format("VTY {}", number), number},
                    .privileged = privileged,
                    .json = json});
  }
  static Response run(Session& session, std::initializer_list<std::string> lines) {
    Response last;
    for (const auto& line : lines) last = session.execute(line);
    return last;
  }
  static nlohmann::json json_of(Session& session, const std::string& line) {
    const auto response = session.execute(line);
    EXPECT_FALSE(response.refused) << line << response.output;
    auto json = nlohmann::json::parse(response.output, nullptr, false);
    EXPECT_TRUE(json.is_object() && json.value("schema", 0) == 1) << line << response.output;
    return json;
  }
};

TEST_F(CommitTest, AConflictIsShownAndRefreshedInFavourOfThisSession) {
  auto mine = open(), theirs = open();
  run(mine, {"system-view", "ntp-service max-distance 4", "ntp-service offset-limit 10"});
  run(theirs, {"system-view", "ntp-service max-distance 5", "ntp-service port 1123", "commit"});
  EXPECT_EQ(run(mine, {"display configuration candidate changes"}).output,
            "Warning: The running configuration was changed by another session in lines that this session "
            "changed too: ntp-service max-distance 5. Run refresh configuration candidate to keep this "
            "session's lines, or clear configuration candidate to give them up.\n"
            "Building configuration\n"
            "  #\n"
            "- ntp-service max-distance 5\n"
            "+ ntp-service max-distance 4\n"
            "+ ntp-service offset-limit 10\n"
            "  #\n");
  EXPECT_TRUE(run(mine, {"commit"}).refused);
  EXPECT_FALSE(run(mine, {"refresh configuration candidate", "commit"}).refused);
  EXPECT_EQ(datastore.running().max_distance, 4);
  EXPECT_EQ(datastore.running().port, 1123);
}

TEST_F(CommitTest, ATrialIsAnothersAffairUntilItEnds) {
  auto first = open();
  run(first, {"system-view", "ntp-service max-distance 4", "commit trial 60"});
  auto second = open();
  run(second, {"system-view", "ntp-service port 1123"});
  EXPECT_EQ(
      run(second, {"commit"}).output,
      "Error: A trial configuration of admin (VTY 0) is in force for 60 more seconds; commit when it is "
      "confirmed or rolled back.\n");
  EXPECT_EQ(run(second, {"abort trial"}).output,
            "Error: The trial configuration is of admin (VTY 0); abort trial session 0 ends it.\n");
  EXPECT_EQ(run(second, {"configuration exclusive"}).refused, true);
  surroundings.pass(60);
  EXPECT_THAT(run(second, {"commit"}).output, IsEmpty());
  EXPECT_EQ(datastore.running().max_distance, 1);
  EXPECT_EQ(datastore.running().port, 1123);
}

TEST_F(CommitTest, WhatBecameOfATrialStandsBeforeTheNextOutputOnceAndNeverInJson) {
  auto session = open();
  run(session, {"system-view", "ntp-service max-distance 4", "commit trial 60"});
  surroundings.pass(60);
  EXPECT_NO_THROW(json_of(session, "display configuration trial status | json"));
  EXPECT_THAT(
      run(session, {"display this"}).output,
      StartsWith("Warning: The trial configuration was rolled back: not confirmed within 60 seconds.\n#\n"));
  EXPECT_THAT(run(session, {"display this"}).output, StartsWith("#\n"));
}

TEST_F(CommitTest, ASessionThatEndsTakesItsTrialAndItsLockAlong) {
  {
    auto session = open();
    run(session, {"system-view", "configuration exclusive", "ntp-service max-distance 4", "commit trial"});
    EXPECT_EQ(datastore.running().max_distance, 4);
  }
  EXPECT_EQ(datastore.running().max_distance, 1);
  auto other = open();
  EXPECT_THAT(run(other, {"system-view", "ntp-service max-distance 5", "commit"}).output, IsEmpty());
}

TEST_F(CommitTest, TheLockKeepsOthersFromCommittingNotFromEditing) {
  auto first = open(), second = open();
  EXPECT_THAT(run(first, {"configuration exclusive"}).output, IsEmpty());
  EXPECT_THAT(run(second, {"system-view", "ntp-service max-distance 5"}).output, IsEmpty());
  EXPECT_THAT(run(second, {"commit"}).output,
              StartsWith("Error: The configuration is locked by admin (VTY 0)"));
  EXPECT_THAT(run(second, {"undo configuration exclusive"}).output, StartsWith("Error: "));
  EXPECT_THAT(run(first, {"undo configuration exclusive"}).output, IsEmpty());
  EXPECT_THAT(run(second, {"commit"}).output, IsEmpty());
}

TEST_F(CommitTest, ATrialConfirmsItselfAndSaysSo) {
  auto session = open();
  run(session, {"system-view", "ntp-service unicast-server 192.0.2.10", "commit trial 60 synchronized"});
  surroundings.see({{"192.0.2.10", "waiting-for-reply", false}});
  const auto status = json_of(session, "display configuration trial status | json");
  EXPECT_EQ(status["status"], "active");
  EXPECT_EQ(status["time_left_s"], 60);
  EXPECT_EQ(status["servers_wanted"], 1);
  EXPECT_EQ(status["servers"][0]["code"], "waiting-for-reply");
  surroundings.see({{"192.0.2.10", "system-peer", true}});
  EXPECT_EQ(run(session, {"commit"}).output,
            "Info: The trial configuration was confirmed: 1 server is usable: 192.0.2.10.\n");
  EXPECT_EQ(json_of(session, "display configuration commit list | json")["commits"][0]["trial"]["outcome"],
            "confirmed");
}

TEST_F(CommitTest, ATrialThatIsNotProvenSaysWhichServersFailedAndWhy) {
  auto session = open();
  run(session, {"system-view", "ntp-service unicast-server 192.0.2.10", "commit trial 60 synchronized"});
  surroundings.see({{"192.0.2.10", "reply-mac-wrong", false}});
  surroundings.pass(60);
  constexpr auto reason = "0 of 1 servers usable within 60 seconds; not usable: 192.0.2.10 (reply-mac-wrong)";
  EXPECT_EQ(run(session, {"commit"}).output,
            fmt::format("Warning: The trial configuration was rolled back: {}.\n", reason));
  EXPECT_THAT(run(session, {"display configuration commit list verbose"}).output,
              EndsWith(fmt::format("        Trial: rolled back\n        Reason: {}\n", reason)));
  EXPECT_THAT(run(session, {"display configuration trial status"}).output, HasSubstr(reason));
  const auto result = json_of(session, "display configuration rollback result | json")["rollback"];
  EXPECT_EQ(result["unusable_servers"][0]["code"], "reply-mac-wrong");
  EXPECT_THAT(surroundings.lines, testing::Contains(HasSubstr(reason)));
}

TEST_F(CommitTest, ASavedCopyIsShownComparedAndGoneBackTo) {
  auto session = open();
  run(session, {"system-view", "ntp-service unicast-server 192.0.2.10", "commit", "quit", "save lab.cfg"});
  EXPECT_THAT(run(session, {"y"}).output,
              HasSubstr("saved/lab.cfg in memory ........\nInfo: Save the configuration"));
  EXPECT_EQ(run(session, {"display saved-configuration"}).output,
            "#\nntp-service unicast-server 192.0.2.10\n#\nreturn\n");
  run(session, {"system-view", "ntp-service unicast-server 192.0.2.10 iburst", "commit", "quit"});
  constexpr auto difference =
      "Building configuration\n  #\n- ntp-service unicast-server 192.0.2.10\n"
      "+ ntp-service unicast-server 192.0.2.10 iburst\n  #\n";
  EXPECT_EQ(run(session, {"display configuration changes"}).output, difference);
  EXPECT_EQ(run(session, {"display configuration changes running file lab.cfg"}).output, difference);
  EXPECT_THAT(run(session, {"rollback configuration to file lab.cfg", "y"}).output,
              HasSubstr("Configuration rollback succeeded.\n"));
  EXPECT_EQ(run(session, {"display configuration changes"}).output, "Building configuration\n");
  EXPECT_THAT(run(session, {"display configuration commit list verbose 1"}).output,
              AllOf(HasSubstr("Type: ROLLBACK"), HasSubstr("Description: to lab.cfg")));
  EXPECT_EQ(run(session, {"rollback configuration to file lab.cfg", "y"}).output,
            "Checking changes...\nInfo: The configuration is that of lab.cfg already.\n");
}

TEST_F(CommitTest, OfAFileThatDoesNotParseAllErrorsAreListedAndNothingIsApplied) {
  auto session = open();
  ASSERT_TRUE(
      files.write("saved/bad.cfg", "ntp-service max-distance 4\nntp-service max-distance 99\n#\nnonsense\n"));
  for (const auto* line : {"rollback configuration to file bad.cfg", "display saved-configuration bad.cfg",
                           "display configuration changes running file bad.cfg"}) {
    const auto refused = run(session, {line});
    EXPECT_TRUE(refused.refused);
    EXPECT_EQ(refused.output,
              "Error: bad.cfg has 2 line(s) that are no configuration:\n"
              "  line 2: Wrong parameter found at column 26.\n"
              "  line 4: Unrecognized command found at column 1.\n");
    EXPECT_FALSE(refused.question);
  }
  EXPECT_EQ(datastore.running(), config::Configuration{});
}

TEST_F(CommitTest, ARollbackThatCannotBeCommittedSaysWhy) {
  auto session = open();
  ASSERT_TRUE(files.write("saved/half.cfg", "ntp-service reliable authentication-keyid 9\n"));
  const auto refused = run(session, {"rollback configuration to file half.cfg", "y"});
  EXPECT_TRUE(refused.refused);
  EXPECT_THAT(refused.output,
              StartsWith("Checking changes...\nError: Authentication key 9 is declared reliable"));
  EXPECT_THAT(run(session, {"display configuration rollback result"}).output,
              StartsWith("Rollback result: FAILURE\n"));
}

TEST_F(CommitTest, APasswordInAFileThatWasWrittenByHandIsNotShown) {
  auto session = open(false, false);
  ASSERT_TRUE(files.write(
      "saved/saved.cfg",
      "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 TopSecret-1234\n"
      "ntp-service authentication-keyid 2 authentication-mode hmac-sha256 TopSecret-1234 nonsense\n"));
  EXPECT_THAT(run(session, {"display saved-configuration"}).output,
              AllOf(HasSubstr("line 2:"), Not(HasSubstr("TopSecret"))));
  ASSERT_TRUE(
      files.write("saved/saved.cfg",
                  "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 TopSecret-1234\n"));
  for (const auto* line : {"display saved-configuration", "display configuration changes"})
    EXPECT_THAT(run(session, {line}).output, AllOf(HasSubstr("cipher %^%#"), Not(HasSubstr("TopSecret"))));
}

TEST_F(CommitTest, WhoMayNotConfigureMayLook) {
  auto admin = open();
  run(admin, {"system-view", "ntp-service max-distance 4", "commit label x", "quit"});
  auto guest = open(false, false);
  for (const auto* line :
       {"display configuration commit list", "display configuration commit changes",
        "display configuration commit at 1000000001", "display configuration trial status",
        "display configuration rollback result", "display configuration changes running label x"})
    EXPECT_FALSE(run(guest, {line}).refused) << line;
  for (const auto* line : {"rollback configuration last 1", "set configuration commit 1000000001 label y",
                           "clear configuration commit oldest 1", "configuration exclusive", "abort trial"})
    EXPECT_EQ(run(guest, {line}).output, "Error: You do not have permission to run the command.\n") << line;
}

TEST_F(CommitTest, EveryDisplayOfCommitsIsThereAsJson) {
  auto session = open(true);
  run(session, {"system-view", "ntp-service max-distance 4", "commit label x description why not",
                "ntp-service max-distance 5", "commit"});
  ASSERT_TRUE(datastore.save("saved.cfg"));
  const auto list = json_of(session, "display configuration commit list")["commits"];
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1], (nlohmann::json{{"commit_id", 1000000001},
                                     {"label", "x"},
                                     {"user", "admin"},
                                     {"user_interface", "VTY 0"},
                                     {"type", "CLI"},
                                     {"time", "2026-11-22T20:20:40Z"},
                                     {"description", "why not"},
                                     {"followed_by_gap", false},
                                     {"trial", nullptr}}));
  const auto changes = json_of(session, "display configuration commit changes")["commits"];
  EXPECT_EQ(changes[0]["commit_id"], 1000000002);
  EXPECT_EQ(changes[0]["changes"][0],
            (nlohmann::json{
                {"change", "removed"}, {"section", "ntp-service"}, {"line", "ntp-service max-distance 4"}}));
  EXPECT_EQ(json_of(session, "display configuration commit changes last 2")["changes"].size(), 1u);
  EXPECT_EQ(json_of(session, "display configuration commit at 1000000001")["configuration"].size(), 1u);
  EXPECT_THAT(json_of(session, "display configuration changes")["changes"], IsEmpty());
  EXPECT_EQ(json_of(session, "display saved-configuration")["configuration"].size(), 1u);
  EXPECT_EQ(json_of(session, "display configuration trial status")["status"], "inactive");
  EXPECT_EQ(json_of(session, "display configuration rollback result")["rollback"], nullptr);
  const auto candidate = json_of(session, "display configuration candidate changes");
  EXPECT_THAT(candidate["changes"], IsEmpty());
  EXPECT_THAT(candidate["contested"], IsEmpty());
}

}  // namespace
}  // namespace noonmark::cli
