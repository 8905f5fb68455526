#include "shell/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shell/fakes.h"
#include "shell/line_source.h"

namespace noonmark::shell {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Run {
  Outcome outcome;
  std::vector<std::string> asked;
  std::string out, errors;
};

Run run(std::vector<std::string> lines, std::deque<Response> responses, int writes = 1'000'000,
        Files files = Files::allowed) {
  FakeDaemon daemon(std::move(responses));
  ListSource source(std::move(lines));
  FakeOutput out, errors;
  out.writes_left = writes;
  const auto outcome = run_script(daemon, source, {out, errors, files});
  return {outcome, daemon.asked, out.text, errors.text};
}

TEST(Script, EveryLineIsExecutedAndItsOutputShown) {
  const auto r = run({"display clock", "display version"}, {ok("noon\n"), ok("1\n")});
  EXPECT_EQ(r.outcome, Outcome{});
  EXPECT_THAT(r.asked, ElementsAre("> display clock", "> display version"));
  EXPECT_EQ(r.out, "noon\n1\n");
  EXPECT_EQ(r.errors, "");
}

TEST(Script, ARefusedLineIsNamedAndDoesNotEndTheScript) {
  const auto r = run({"a", "b", "c"}, {ok(), refused("Error: no.\n"), ok("c\n")});
  EXPECT_EQ(r.outcome.exit_code(), 1);
  EXPECT_EQ(r.out, "Error: no.\nc\n");
  EXPECT_EQ(r.errors, "noonmark: line 2 refused\n");
}

TEST(Script, AQuestionTakesTheNextLineAsItsAnswerUntilItIsRight) {
  const auto r = run({"quit", "maybe", "Y", "c"}, {question("Q?"), question("Again?"), ok("done\n"), ok()});
  EXPECT_THAT(r.asked, ElementsAre("> quit", "? maybe", "? Y", "> c"));
  EXPECT_EQ(r.out, "Q?\nAgain?\ndone\n");
  EXPECT_EQ(r.outcome, Outcome{});
}

TEST(Script, ARefusalAfterAQuestionNamesTheLineThatAsked) {
  EXPECT_EQ(run({"a", "quit", "Y"}, {ok(), question("Q?"), refused("")}).errors,
            "noonmark: line 2 refused\n");
}

TEST(Script, TheEndOfTheInputMeansNoAndTheChangesAreDiscarded) {
  const auto r = run({"quit"}, {question("Q?"), ok()});
  EXPECT_THAT(r.asked, ElementsAre("> quit", "? -"));
  EXPECT_EQ(r.outcome.exit_code(), 4);
  EXPECT_EQ(r.errors, "noonmark: the script ended with uncommitted changes: they are discarded\n");
}

TEST(Script, AQuestionThatNobodyAnswersIsARefusal) {
  const auto r = run({"save"}, {question("Q?", false), ok()});
  EXPECT_EQ(r.outcome.exit_code(), 1);
  EXPECT_EQ(r.errors, "noonmark: the question of line 1 is not answered, which means No\n");
}

TEST(Script, AByteOrderMarkIsNoPartOfTheFirstLine) {
  EXPECT_THAT(run({"\xEF\xBB\xBF"
                   "a",
                   "b"},
                  {ok(), ok()})
                  .asked,
              ElementsAre("> a", "> b"));
}

TEST(Script, UncommittedChangesAtTheEndGive4UnlessSomethingWasRefused) {
  EXPECT_EQ(run({"a"}, {changed()}).outcome.exit_code(), 4);
  EXPECT_EQ(run({"a", "b"}, {changed(), ok()}).outcome.exit_code(), 0) << "committed in the end";
  auto refusal = refused("");
  refusal.uncommitted = true;
  EXPECT_EQ(run({"a", "b"}, {changed(), refusal}).outcome.exit_code(), 1);
}

TEST(Script, ALostDaemonEndsTheScriptWith3) {
  const auto r = run({"a", "b", "c"}, {refused("")});
  EXPECT_EQ(r.outcome.exit_code(), 3);
  EXPECT_THAT(r.asked, ElementsAre("> a", "> b"));
  EXPECT_THAT(r.errors, HasSubstr("noonmark: lost\n"));
}

TEST(Script, LinesBehindTheEndOfTheSessionAreNotSilentlyDropped) {
  EXPECT_EQ(run({"quit", "", "  "}, {ended()}).outcome, Outcome{});
  const auto r = run({"quit", "", "commit"}, {ended()});
  EXPECT_EQ(r.outcome.exit_code(), 1);
  EXPECT_EQ(r.errors, "noonmark: line 1 ended the session: the lines from 3 on are not executed\n");
}

TEST(Script, ItEndsWhenNobodyReadsTheOutput) {
  const auto r = run({"a", "b"}, {ok("text\n"), ok()}, 0);
  EXPECT_THAT(r.asked, ElementsAre("> a"));
  EXPECT_EQ(r.outcome, Outcome{});
}

TEST(Script, AFileThatCannotBeWrittenIsARefusal) {
  auto display = ok("noon\n");
  display.redirect = Redirect{"/dev/null", false};
  EXPECT_EQ(run({"a"}, {display}).out, "");
  EXPECT_EQ(run({"a"}, {display}).outcome, Outcome{});
  display.redirect->file = "/nowhere/noon";
  const auto r = run({"a", "b"}, {display, ok("b\n")});
  EXPECT_EQ(r.outcome.exit_code(), 1);
  EXPECT_EQ(r.out, "Error: The output cannot be written to /nowhere/noon: No such file or directory.\nb\n");
  EXPECT_EQ(r.errors, "noonmark: line 1 refused\n");
  const auto restricted = run({"a"}, {display}, 9, Files::none);
  EXPECT_EQ(restricted.outcome.exit_code(), 1);
  EXPECT_THAT(restricted.out, HasSubstr("restricted"));
}

TEST(Outcome, TheEarlierOf3And1And4Wins) {
  EXPECT_EQ((Outcome{true, true, true}.exit_code()), 3);
  EXPECT_EQ((Outcome{false, true, true}.exit_code()), 1);
  EXPECT_EQ((Outcome{false, false, true}.exit_code()), 4);
  EXPECT_EQ((Outcome{}.exit_code()), 0);
}

}  // namespace
}  // namespace noonmark::shell
