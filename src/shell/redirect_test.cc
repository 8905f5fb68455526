#include "shell/redirect.h"

#include <array>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace noonmark::shell {
namespace {

using ::testing::HasSubstr;

struct RedirectTest : ::testing::Test {
  std::array<char, 32> directory{"/tmp/noonmark-redirect-XXXXXX"};
  RedirectTest() { EXPECT_NE(mkdtemp(directory.data()), nullptr); }
  ~RedirectTest() override {
    unlink(file().c_str());
    rmdir(directory.data());
  }
  std::string file() const { return std::string(directory.data()) + "/out"; }
  std::string content() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(RedirectTest, AFileIsWrittenAnewOrAppendedTo) {
  EXPECT_TRUE(write_redirected({file(), false}, "one\n", Files::allowed));
  EXPECT_TRUE(write_redirected({file(), false}, "two\n", Files::allowed));
  EXPECT_TRUE(write_redirected({file(), true}, "three\n", Files::allowed));
  EXPECT_EQ(content(), "two\nthree\n");
  struct stat status{};
  ASSERT_EQ(stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077, 0u) << "others may read it";
}

TEST_F(RedirectTest, WhatCannotBeWrittenIsSaid) {
  EXPECT_THAT(write_redirected({"/nowhere/out", false}, "x", Files::allowed).error().message,
              HasSubstr("/nowhere/out: No such file or directory."));
  EXPECT_THAT(write_redirected({directory.data(), false}, "x", Files::allowed).error().message,
              HasSubstr("Is a directory."));
  EXPECT_THAT(write_redirected({"/dev/full", false}, "x", Files::allowed).error().message,
              HasSubstr("No space left on device."));
  EXPECT_THAT(write_redirected({"", false}, "x", Files::allowed).error().message,
              HasSubstr("cannot be written"));
}

TEST_F(RedirectTest, APipeThatNobodyReadsIsAnErrorInsteadOfAWait) {
  ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);
  EXPECT_FALSE(write_redirected({file(), false}, "x", Files::allowed));
}

TEST_F(RedirectTest, ARestrictedShellTouchesNothing) {
  EXPECT_FALSE(write_redirected({file(), false}, "x", Files::none));
  EXPECT_NE(access(file().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace noonmark::shell
