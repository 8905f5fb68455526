#include "shell/terminal.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

namespace noonmark::shell {
namespace {

TEST(TerminalDeathTest, ASignalOfATerminalThatIsGoneAlreadyDoesNotEndTheProgram) {
  const auto leave = [] {
    {
      const Terminal terminal(-1);
      raise(SIGHUP);
    }
    std::exit(0);
  };
  EXPECT_EXIT(leave(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace noonmark::shell
