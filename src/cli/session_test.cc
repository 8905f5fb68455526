#include "cli/session.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct SessionTest : testing::Test, SessionFixture {
  unsigned opened = 0;
  Session open(bool interactive = true, bool force = false, bool json = false) {
    return Session(services, {.author = {"admin", fmt::format("VTY {}", opened), opened++},
                              .privileged = true,
                              .interactive = interactive,
                              .json = json,
                              .force = force});
  }
  /// Executes all lines; the last response.
  static Response run(Session& session, std::initializer_list<const char*> lines) {
    Response last;
    for (const auto* line : lines) last = session.execute(line);
    return last;
  }
};

TEST_F(SessionTest, TwoSessionsHaveTwoCandidates) {
  auto a = open();
  auto b = open();
  run(a, {"system-view", "ntp-service max-distance 4"});
  run(b, {"system-view"});
  EXPECT_EQ(a.prompt(), "[*HUAWEI]");
  EXPECT_EQ(b.prompt(), "[~HUAWEI]");
  EXPECT_THAT(run(a, {"commit"}).output, IsEmpty());
  EXPECT_EQ(a.prompt(), "[~HUAWEI]");
  EXPECT_THAT(run(b, {"display current-configuration"}).output, HasSubstr("max-distance 4"));
}

TEST_F(SessionTest, AConflictingCommitIsRefusedAndChangesNothing) {
  auto a = open();
  auto b = open();
  run(a, {"system-view", "ntp-service max-distance 4"});
  run(b, {"system-view", "ntp-service max-distance 5", "commit"});
  const auto refused = run(a, {"commit"});
  EXPECT_TRUE(refused.refused);
  EXPECT_TRUE(refused.uncommitted);
  EXPECT_THAT(refused.output, HasSubstr("ntp-service max-distance 5"));
  EXPECT_EQ(datastore.running().max_distance, 5);
  EXPECT_FALSE(run(a, {"clear configuration candidate", "ntp-service max-distance 4", "commit"}).refused);
}

TEST_F(SessionTest, AListThatAnotherSessionDeletedTakesNoRuleAnyMore) {
  auto a = open();
  auto b = open();
  run(a, {"system-view", "acl 2000", "rule permit", "commit"});
  EXPECT_EQ(a.prompt(), "[~HUAWEI-acl4-basic-2000]");
  run(b, {"system-view", "undo acl 2000", "commit"});
  const auto refused = run(a, {"rule deny"});
  EXPECT_TRUE(refused.refused);
  EXPECT_EQ(refused.output, "Error: ACL 2000 does not exist any more; enter it again.\n");
  EXPECT_TRUE(datastore.running().acl_rules.empty());
}

TEST_F(SessionTest, RulesForAListThatAnotherSessionDeletedAreNotCommitted) {
  auto a = open();
  auto b = open();
  run(a, {"system-view", "acl 2000", "rule permit", "commit", "rule deny"});
  run(b, {"system-view", "undo acl 2000", "commit"});
  const auto refused = run(a, {"commit"});
  EXPECT_TRUE(refused.refused);
  EXPECT_THAT(refused.output, HasSubstr("ACL 2000 has rules but does not exist any more"));
  EXPECT_FALSE(run(a, {"acl 2000", "commit"}).refused);
  EXPECT_EQ(datastore.running().acl_rules.size(), 1u);
}

TEST_F(SessionTest, AScriptWithARefusedLineCommitsNothing) {
  auto script = open(false);
  const auto response = run(script, {"system-view", "ntp-service max-distance 4", "nonsense", "commit"});
  EXPECT_TRUE(response.refused);
  EXPECT_TRUE(response.uncommitted);
  EXPECT_EQ(datastore.running(), config::Configuration{});
  EXPECT_TRUE(run(script, {"quit", "y"}).uncommitted);
  EXPECT_EQ(datastore.running(), config::Configuration{});
}

TEST_F(SessionTest, ForceCommitsAllTheSameAndAnOperatorMayAnyway) {
  for (const bool interactive : {false, true}) {
    auto session = open(interactive, !interactive);
    run(session, {"system-view", "ntp-service max-distance 4", "nonsense"});
    EXPECT_FALSE(run(session, {"commit"}).refused);
    EXPECT_EQ(datastore.running().max_distance, 4);
    run(session, {"undo ntp-service max-distance", "commit"});
  }
}

TEST_F(SessionTest, TheEndOfAScriptAnswersNoAndABreakAtATerminalCancels) {
  auto terminal = open();
  run(terminal, {"system-view", "ntp-service max-distance 4", "quit"});
  EXPECT_EQ(terminal.answer(std::nullopt).prompt, "[*HUAWEI]");

  auto session = open(false);
  const auto question = run(session, {"system-view", "ntp-service max-distance 4", "quit"});
  ASSERT_TRUE(question.question);
  const auto response = session.answer(std::nullopt);
  EXPECT_FALSE(response.question);
  EXPECT_EQ(response.prompt, "<HUAWEI>");
  EXPECT_EQ(datastore.running(), config::Configuration{});
}

TEST_F(SessionTest, RunDoesNotLeaveTheView) {
  auto session = open();
  EXPECT_TRUE(run(session, {"system-view", "run quit"}).refused);
  EXPECT_EQ(session.prompt(), "[~HUAWEI]");
}

TEST_F(SessionTest, AScriptInItsOwnTrialHasSomethingToLose) {
  auto script = open(false);
  EXPECT_TRUE(run(script, {"system-view", "ntp-service max-distance 4", "commit trial 60"}).uncommitted);
  EXPECT_FALSE(run(script, {"commit"}).uncommitted);
}

TEST_F(SessionTest, AHostNameDoesNotBreakPrompts) {
  auto session = open();
  EXPECT_TRUE(run(session, {"system-view", "sysname a>b"}).refused);
  EXPECT_FALSE(run(session, {"sysname a-b"}).refused);
}

TEST_F(SessionTest, AnAnswerWithoutAQuestionIsRefused) {
  auto session = open();
  EXPECT_TRUE(session.answer("y").refused);
}

TEST_F(SessionTest, ALineOfForbiddenCharactersChangesNothing) {
  auto session = open();
  run(session, {"system-view"});
  for (const auto& line :
       {std::string("sysname R\x01"), std::string("sysname \xFF"), std::string(3101, 'x')}) {
    const auto response = session.execute(line);
    EXPECT_TRUE(response.refused);
    EXPECT_TRUE(response.output.starts_with("Error: The command "));
    EXPECT_FALSE(response.uncommitted);
  }
}

TEST_F(SessionTest, LinesOfForeignSystemsMayEndInACarriageReturn) {
  auto session = open();
  EXPECT_EQ(run(session, {"system-view\r"}).prompt, "[~HUAWEI]");
}

TEST_F(SessionTest, DisplaysMayBePagedAndOtherOutputNot) {
  auto session = open();
  EXPECT_TRUE(run(session, {"display version"}).display);
  EXPECT_FALSE(run(session, {"display nonsense"}).display);
  EXPECT_FALSE(run(session, {"system-view"}).display);
  const auto response = run(session, {"screen-length 0 temporary"});
  EXPECT_EQ(response.screen_length, 0u);
}

TEST_F(SessionTest, JsonHasTheSameLines) {
  auto session = open(true, false, true);
  run(session, {"system-view", "sysname R1", "commit"});
  const auto object = nlohmann::json::parse(run(session, {"display current-configuration"}).output);
  EXPECT_EQ(object["configuration"][0]["line"], "sysname R1");
  EXPECT_TRUE(run(session, {"display current-configuration | include x"}).refused);
}

TEST_F(SessionTest, ResetReachesTheEngine) {
  auto session = open();
  run(session, {"reset ntp-service session"});
  EXPECT_EQ(resets, 1);
}

TEST_F(SessionTest, SaveKeepsACopyAndSaysWhatARestartLoads) {
  auto session = open();
  run(session, {"system-view", "sysname R1", "commit", "return"});
  ASSERT_TRUE(run(session, {"save lab.cfg"}).question);
  const auto saved = session.answer("Y").output;
  EXPECT_THAT(saved, HasSubstr("saved/lab.cfg"));
  EXPECT_THAT(saved, HasSubstr("Info: Save the configuration successfully."));
  EXPECT_THAT(saved, HasSubstr("A restart loads the last commit"));
}

TEST_F(SessionTest, AKeyTypedAgainIsNoChange) {
  auto session = open();
  const auto* key = "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Noonmark-2026";
  run(session, {"system-view", key, "commit"});
  EXPECT_FALSE(run(session, {key}).uncommitted);
  EXPECT_FALSE(run(session, {"undo ntp-service authentication-keyid 1", key}).uncommitted);
  EXPECT_TRUE(run(session, {"ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Other-2026"})
                  .uncommitted);
}

TEST_F(SessionTest, ThePasswordIsNowhereInWhatIsShownOrStored) {
  auto session = open();
  std::string shown;
  for (const auto* line :
       {"system-view", "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 TopSecret-1234",
        "ntp-service authentication-keyid 2 authentication-mode hmac-sha256 cipher TopSecret-1234",
        "ntp-service authentication-keyid 3 authentication-mode aes-128-cmac TopSecret-1234",
        "display configuration candidate", "commit", "display this", "display current-configuration"})
    shown += session.execute(line).output;
  shown += store.read_running()->value().content;
  shown += *files.read("commits/1000000001.cfg").value();
  EXPECT_EQ(shown.find("TopSecret"), std::string::npos);
  EXPECT_THAT(shown, HasSubstr("cipher %^%#"));
}

TEST_F(SessionTest, CiphertextIsTakenBackUnderAnotherKeyId) {
  auto session = open();
  run(session,
      {"system-view", "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Noonmark-2026",
       "commit"});
  const auto cipher = datastore.running().keys.find(1)->cipher;
  const auto line = "ntp-service authentication-keyid 2 authentication-mode hmac-sha256 cipher " + cipher;
  EXPECT_FALSE(session.execute(line).refused);
  EXPECT_THAT(run(session, {"commit"}).output, IsEmpty());
  EXPECT_EQ(datastore.running().keys.find(2)->cipher, cipher);
}

TEST_F(SessionTest, ComplexityIsJudgedForCiphertextUnlessTheKeyHasThatValue) {
  auto session = open();
  run(session, {"system-view", "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 weak",
                "commit", "ntp-service authentication-password complexity-check enable"});
  const auto cipher = datastore.running().keys.find(1)->cipher;
  const std::string begin = "ntp-service authentication-keyid ";
  EXPECT_FALSE(session.execute(begin + "1 authentication-mode hmac-sha256 cipher " + cipher).refused);
  EXPECT_TRUE(session.execute(begin + "2 authentication-mode hmac-sha256 cipher " + cipher).refused);
  EXPECT_TRUE(session.execute(begin + "1 authentication-mode hmac-sha256 weak").refused);
}

TEST_F(SessionTest, AThousandServersAreEnteredAndCommitted) {
  auto session = open(false);
  session.execute("system-view");
  for (int i = 0; i < 1000; ++i)
    session.execute("ntp-service unicast-server 10.0." + std::to_string(i / 250) + "." +
                    std::to_string(i % 250 + 1));
  EXPECT_THAT(run(session, {"commit"}).output, IsEmpty());
  EXPECT_EQ(datastore.running().servers.size(), 1000u);
}

}  // namespace
}  // namespace noonmark::cli
