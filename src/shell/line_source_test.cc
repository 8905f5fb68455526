#include "shell/line_source.h"

#include <array>
#include <gtest/gtest.h>
#include <unistd.h>

namespace noonmark::shell {
namespace {

/// The lines of a pipe that `text` was written into.
std::vector<std::string> lines_of(std::string_view text) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  if (fork() == 0) {
    close(ends[0]);
    while (!text.empty()) {
      const auto n = write(ends[1], text.data(), text.size());
      if (n < 0) _exit(1);
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    _exit(0);
  }
  close(ends[1]);
  DescriptorSource source(ends[0]);
  std::vector<std::string> lines;
  for (auto line = source.next(); line.status == Line::Status::line; line = source.next())
    lines.push_back(line.text);
  close(ends[0]);
  return lines;
}

TEST(DescriptorSource, LinesEndAtNewlinesAndAtTheEnd) {
  EXPECT_EQ(lines_of("a\n\nb c\r\nlast"), (std::vector<std::string>{"a", "", "b c", "last"}));
  EXPECT_EQ(lines_of(""), std::vector<std::string>{});
}

TEST(DescriptorSource, ALineMayArriveInManyPieces) {
  const std::string longer(10'000, 'x');
  EXPECT_EQ(lines_of(longer + "\nnext\n"), (std::vector<std::string>{longer, "next"}));
}

TEST(DescriptorSource, OfAnEndlessLineOnlyABoundedPartIsKept) {
  const auto lines = lines_of(std::string(1'000'000, 'x') + "\nnext\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].size(), DescriptorSource::kMaxLine);
  EXPECT_EQ(lines[1], "next");
}

TEST(ListSource, GivesItsLinesOnce) {
  ListSource source({"a", "b"});
  EXPECT_EQ(source.next().text, "a");
  EXPECT_EQ(source.next().text, "b");
  EXPECT_EQ(source.next().status, Line::Status::end);
  EXPECT_EQ(source.next().status, Line::Status::end);
}

}  // namespace
}  // namespace noonmark::shell
