#include "shell/interactive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shell/fakes.h"

namespace noonmark::shell {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using Status = Line::Status;

struct InteractiveTest : ::testing::Test {
  FakeDaemon daemon{{}};
  FakeLines lines;
  FakeOutput out, errors;
  FakeKeyboard keyboard;
  Greeting greeting{"0.1.0", "<H>", true};

  Outcome run() { return run_interactive(daemon, greeting, {lines, out, errors, &keyboard}); }
};

TEST_F(InteractiveTest, ThePromptOfTheLastResponseIsShown) {
  auto in_view = ok("Enter system view.\n");
  in_view.prompt = "[~H]";
  daemon.responses = {in_view, ended()};
  lines.lines = {{Status::line, "system-view"}, {Status::line, "quit"}};
  EXPECT_EQ(run(), Outcome{});
  EXPECT_EQ(out.text, "<H>Enter system view.\n[~H]");
}

TEST_F(InteractiveTest, CtrlCThrowsTheLineAwayAndGoesOn) {
  daemon.responses = {ended()};
  lines.lines = {{Status::interrupted, ""}, {Status::line, "quit"}};
  EXPECT_EQ(run(), Outcome{});
  EXPECT_EQ(out.text, "<H>\n<H>");
}

TEST_F(InteractiveTest, CtrlDLeavesAndSaysWhatIsDiscarded) {
  daemon.responses = {changed()};
  lines.lines = {{Status::line, "sysname A"}};
  EXPECT_EQ(run().exit_code(), 0);
  EXPECT_THAT(out.text, EndsWith("<H>\nInfo: The uncommitted configuration is discarded.\n"));
}

TEST_F(InteractiveTest, AQuestionIsAskedWithoutANewlineAndAnswered) {
  daemon.responses = {question("Sure? [Y/N]:"), ended()};
  lines.lines = {{Status::line, "quit"}, {Status::line, "y"}};
  run();
  EXPECT_EQ(out.text, "<H>Sure? [Y/N]:");
  EXPECT_THAT(daemon.asked, ElementsAre("> quit", "? y"));
}

TEST_F(InteractiveTest, CtrlCAtAQuestionMeansNo) {
  daemon.responses = {question("Sure? [Y/N]:"), ok(), ended()};
  lines.lines = {{Status::line, "save"}, {Status::interrupted, ""}, {Status::line, "quit"}};
  run();
  EXPECT_THAT(daemon.asked, ElementsAre("> save", "? -", "> quit"));
}

TEST_F(InteractiveTest, CtrlDAtAQuestionMeansNoAndLeaves) {
  daemon.responses = {question("Sure? [Y/N/C]:"), ok()};
  lines.lines = {{Status::line, "quit"}};
  EXPECT_EQ(run().exit_code(), 0);
  EXPECT_THAT(daemon.asked, ElementsAre("> quit", "? -"));
  EXPECT_EQ(out.text, "<H>Sure? [Y/N/C]:\nInfo: The uncommitted configuration is discarded.\n");
}

TEST_F(InteractiveTest, ALostDaemonEndsItWith3) {
  lines.lines = {{Status::line, "display clock"}};
  EXPECT_EQ(run().exit_code(), 3);
  EXPECT_EQ(errors.text, "noonmark: lost\n");
}

TEST_F(InteractiveTest, OnlyDisplaysArePaged) {
  auto display = ok("1\n2\n3\n");
  display.display = true;
  display.screen_length = 2;
  auto other = display;
  other.display = false;
  daemon.responses = {other, display, ended()};
  lines.lines = {{Status::line, "a"}, {Status::line, "display b"}, {Status::line, "quit"}};
  keyboard.keys = {Keyboard::Key::stop};
  run();
  EXPECT_THAT(out.text, ::testing::StartsWith("<H>1\n2\n3\n<H>1\n2\n  ---- More ----"));
  EXPECT_THAT(out.text, ::testing::Not(EndsWith("3\n<H>")));
}

TEST_F(InteractiveTest, WhoMayOnlyDisplayIsToldSo) {
  greeting.privileged = false;
  run();
  EXPECT_THAT(out.text, ::testing::StartsWith("Info: You may only display here"));
}

TEST_F(InteractiveTest, ItEndsWhenNobodyReadsTheOutput) {
  out.writes_left = 0;
  lines.lines = {{Status::line, "a"}};
  EXPECT_EQ(run(), Outcome{});
  EXPECT_TRUE(daemon.asked.empty());
}

}  // namespace
}  // namespace noonmark::shell
