#include "io/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/test_support.h"

namespace noonmark::io {
namespace {

using base::ErrorCode;

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(0, ::stat(path.c_str(), &status));
  return status.st_mode & 07777;
}

TEST(File, WhatIsWrittenIsReadBackWithItsModeWhateverTheUmask) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "keys";
  const mode_t umask_before = ::umask(0);
  ASSERT_TRUE(write_file_atomically(path, std::string("a\0b", 3), 0600));
  ::umask(0777);
  EXPECT_EQ(0600u, mode_of(path));
  ASSERT_TRUE(write_file_atomically(path, "new", 0644));
  ::umask(umask_before);
  EXPECT_EQ(0644u, mode_of(path));
  EXPECT_EQ("new", *read_file(path, 3));
}

TEST(File, AFailedWriteLeavesTheOldContentAndNoOtherFile) {
  const testing::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "target/in-the-way");
  EXPECT_EQ(ErrorCode::io, write_file_atomically(directory / "target", "x", 0600).error().code);
  EXPECT_FALSE(std::filesystem::exists(directory / "target.new"));
  const auto nowhere = write_file_atomically(directory / "none/file", "x", 0600);
  EXPECT_EQ(ErrorCode::io, nowhere.error().code);
}

TEST(File, TheRestOfAnInterruptedWriteIsOverwritten) {
  const testing::TemporaryDirectory directory;
  ASSERT_TRUE(write_file_atomically(directory / "f.new", "half of a much longer content", 0400));
  ASSERT_TRUE(write_file_atomically(directory / "f", "whole", 0600));
  EXPECT_EQ("whole", *read_file(directory / "f", 100));
  EXPECT_FALSE(std::filesystem::exists(directory / "f.new"));
}

TEST(File, ReadingTellsAMissingFileFromOneThatIsTooLong) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(ErrorCode::unavailable, read_file(directory / "none", 10).error().code);
  ASSERT_TRUE(write_file_atomically(directory / "long", std::string(11, 'x'), 0600));
  EXPECT_EQ(ErrorCode::io, read_file(directory / "long", 10).error().code);
  EXPECT_EQ(11u, read_file(directory / "long", 11)->size());
}

TEST(LockFile, TheSecondIsToldThePidOfTheFirstAndGetsItWhenThatIsGone) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "lock";
  {
    const auto first = LockFile::acquire(path);
    ASSERT_TRUE(first);
    const auto second = LockFile::acquire(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(ErrorCode::conflict, second.error().code);
    EXPECT_NE(std::string::npos, second.error().message.find("process " + std::to_string(::getpid())));
  }
  EXPECT_TRUE(LockFile::acquire(path));
}

}  // namespace
}  // namespace noonmark::io
