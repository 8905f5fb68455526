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
  FakeOutput out, errors;
  FakeReader lines{out};
  FakeKeyboard keyboard;
  Greeting greeting{"0.1.0", "<H>", true};
  Files files = Files::allowed;

  Outcome run() { return run_interactive(daemon, greeting, {lines, keyboard, out, errors, files}); }
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
  EXPECT_EQ(out.text, "<H><H>");
}

TEST_F(InteractiveTest, CtrlDLeavesAndSaysWhatIsDiscarded) {
  daemon.responses = {changed()};
  lines.lines = {{Status::line, "sysname A"}};
  EXPECT_EQ(run().exit_code(), 0);
  EXPECT_THAT(out.text, EndsWith("<H>Info: The uncommitted configuration is discarded.\n"));
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
  EXPECT_EQ(out.text, "<H>Sure? [Y/N/C]:Info: The uncommitted configuration is discarded.\n");
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
  out.writes_left = 1;
  daemon.responses = {ok("text\n"), ok()};
  lines.lines = {{Status::line, "a"}, {Status::line, "b"}};
  EXPECT_EQ(run(), Outcome{});
  EXPECT_THAT(daemon.asked, ElementsAre("> a"));
}

TEST_F(InteractiveTest, LinesAreKeptForTheHistoryUnlessTheDaemonForbidsIt) {
  auto secret = ok();
  secret.keep = false;
  daemon.responses = {ok(), secret, question("Sure? [Y/N]:"), ok(), ended()};
  lines.lines = {{Status::line, "display clock"},
                 {Status::line, "password"},
                 {Status::line, "save"},
                 {Status::line, "y"},
                 {Status::line, "quit"}};
  run();
  EXPECT_THAT(lines.kept, ElementsAre("display clock", "save", "quit"));
}

TEST_F(InteractiveTest, ProgressIsShownAsItComes) {
  daemon.messages = {{Message::Kind::progress, "1\n"}, {Message::Kind::notice, "log\n"}};
  daemon.responses = {ok("done\n"), ended()};
  lines.lines = {{Status::line, "test"}, {Status::line, "quit"}};
  run();
  EXPECT_EQ(out.text, "<H>1\nlog\ndone\n<H>");
}

TEST_F(InteractiveTest, CtrlCInterruptsWhatRunsAndTheResponseCounts) {
  keyboard.waits = {Keyboard::Wait::interrupted, Keyboard::Wait::interrupted};
  daemon.responses = {ok("ended early\n"), ended()};
  lines.lines = {{Status::line, "test"}, {Status::line, "quit"}};
  EXPECT_EQ(run(), Outcome{});
  EXPECT_THAT(daemon.asked, ElementsAre("> test", "interrupt", "interrupt", "> quit"));
  EXPECT_EQ(out.text, "<H>ended early\n<H>");
}

TEST_F(InteractiveTest, TheThirdCtrlCNoLongerWaits) {
  keyboard.waits = {Keyboard::Wait::interrupted, Keyboard::Wait::interrupted, Keyboard::Wait::interrupted};
  daemon.responses = {ok()};
  lines.lines = {{Status::line, "test"}};
  EXPECT_EQ(run().exit_code(), 3);
  EXPECT_EQ(errors.text, "noonmark: given up\n");
}

TEST_F(InteractiveTest, ATerminalThatGoesAwayWhileACommandRunsEndsItQuietly) {
  keyboard.waits = {Keyboard::Wait::gone};
  lines.lines = {{Status::line, "test"}, {Status::line, "more"}};
  EXPECT_EQ(run(), Outcome{});
  EXPECT_THAT(daemon.asked, ElementsAre("> test"));
  EXPECT_EQ(errors.text, "");
}

TEST_F(InteractiveTest, HelpAndCompletionsComeFromTheDaemon) {
  auto words = ok();
  words.completions = {"save", "system-view"};
  daemon.responses = {ok("  <cr>\n"), words};
  lines.before = [](Assistant& assistant) {
    EXPECT_EQ(assistant.help("quit ", 80), "  <cr>\n");
    EXPECT_EQ(assistant.completions("s"), (std::vector<std::string>{"save", "system-view"}));
    EXPECT_EQ(assistant.help("", 80), std::nullopt) << "the daemon is lost";
  };
  EXPECT_EQ(run().exit_code(), 3);
  EXPECT_THAT(daemon.asked, ElementsAre("help: quit ", "complete: s", "help: "));
}

TEST_F(InteractiveTest, ADaemonThatIsLostWhileALineIsTypedEndsItWith3) {
  lines.before = [this](Assistant& assistant) {
    daemon.lost_while_idle = true;
    EXPECT_FALSE(assistant.on_readable());
  };
  lines.lines = {{Status::line, "a"}};
  EXPECT_EQ(run().exit_code(), 3);
  EXPECT_TRUE(daemon.asked.empty());
  EXPECT_EQ(errors.text, "noonmark: lost while idle\n");
}

TEST_F(InteractiveTest, RefreshShowsTheSameAgainUntilAKeyStopsIt) {
  auto display = ok("noon\n");
  display.display = true;
  display.screen_length = 1;
  display.refresh = 5;
  daemon.responses = {display, display, display, ended()};
  lines.lines = {{Status::line, "display clock | refresh"}, {Status::line, "quit"}};
  keyboard.pauses_left = 2;
  run();
  EXPECT_EQ(out.text, "<H>noon\nnoon\nnoon\n<H>");
  EXPECT_THAT(daemon.asked, ElementsAre("> display clock | refresh", "> display clock | refresh",
                                        "> display clock | refresh", "> quit"));
}

TEST_F(InteractiveTest, RefreshEndsWithARefusal) {
  auto display = ok("noon\n");
  display.refresh = 5;
  daemon.responses = {display, refused("Error: no.\n"), ended()};
  lines.lines = {{Status::line, "display clock | refresh"}, {Status::line, "quit"}};
  keyboard.pauses_left = 9;
  run();
  EXPECT_EQ(out.text, "<H>noon\nError: no.\n<H>");
}

TEST_F(InteractiveTest, ARestrictedShellWritesNoFile) {
  auto display = ok("noon\n");
  display.redirect = Redirect{"/dev/null", false};
  daemon.responses = {display, ended()};
  lines.lines = {{Status::line, "display clock > /dev/null"}, {Status::line, "quit"}};
  files = Files::none;
  run();
  EXPECT_EQ(out.text,
            "<H>Error: This shell is restricted and opens no files; let the output go to the "
            "terminal.\n<H>");
}

TEST_F(InteractiveTest, WhatIsInAFileIsNotOnTheTerminal) {
  auto display = ok("noon\n");
  display.redirect = Redirect{"/dev/null", false};
  daemon.responses = {display, ended()};
  lines.lines = {{Status::line, "display clock > /dev/null"}, {Status::line, "quit"}};
  run();
  EXPECT_EQ(out.text, "<H>Info: The output is in /dev/null.\n<H>");
}

}  // namespace
}  // namespace noonmark::shell
