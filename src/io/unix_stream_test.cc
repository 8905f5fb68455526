#include "io/unix_stream.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/file.h"
#include "io/test_support.h"

namespace noonmark::io {
namespace {

using testing::run_until;
using testing::TemporaryDirectory;

UniqueFd connect_to(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(0, ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  return fd;
}

/// An echo server for one client that upper layers would build.
struct Echo {
  explicit Echo(Loop& l) : loop(l) {}
  void start(const std::string& path, UnixConnection::Limits limits = {}) {
    auto opened =
        UnixListener::open(loop, path, [this, limits](UniqueFd fd, const PeerCredentials& credentials) {
          peer = credentials;
          connection = std::make_unique<UnixConnection>(
              loop, std::move(fd), limits,
              UnixConnection::Callbacks{[this](std::string_view line) { on_line(line); },
                                        [this] { ++overlong; },
                                        [this] {
                                          ++closed;
                                          connection.reset();
                                        }});
        });
    ASSERT_TRUE(opened) << opened.error().message;
    listener = std::move(*opened);
  }
  void on_line(std::string_view line) {
    lines.emplace_back(line);
    if (line == "quit") return connection->close();
    if (line == "bye") {
      connection->send("last words\n");
      return connection->close_when_sent();
    }
    if (line == "much") return connection->send(std::string(1'000'000, 'm'));
    connection->send(std::string(line) + "!\n");
  }
  Loop& loop;
  std::unique_ptr<UnixListener> listener;
  std::unique_ptr<UnixConnection> connection;
  PeerCredentials peer;
  std::vector<std::string> lines;
  int overlong = 0;
  int closed = 0;
};

std::string read_all(Loop& loop, const UniqueFd& fd, const std::function<bool(const std::string&)>& enough) {
  std::string got;
  char chunk[65536];
  EXPECT_TRUE(run_until(loop, [&] {
    const ssize_t size = ::recv(fd.get(), chunk, sizeof chunk, MSG_DONTWAIT);
    if (size > 0) got.append(chunk, static_cast<std::size_t>(size));
    return size == 0 || enough(got);
  }));
  return got;
}

bool put(const UniqueFd& fd, std::string_view text) {
  return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

TEST(UnixStream, LinesComeInAnswersGoOutAndThePeerIsKnown) {
  const TemporaryDirectory directory;
  Loop loop;
  Echo echo(loop);
  echo.start(directory / "socket");
  const UniqueFd client = connect_to(directory / "socket");
  ASSERT_TRUE(put(client, "one\ntwo\nthr"));
  EXPECT_EQ("one!\ntwo!\n", read_all(loop, client, [](const auto& s) { return s.size() >= 10; }));
  ASSERT_TRUE(put(client, "ee\n"));
  EXPECT_EQ("three!\n", read_all(loop, client, [](const auto& s) { return s.size() >= 7; }));
  EXPECT_EQ(::getpid(), echo.peer.pid);
  EXPECT_EQ(::geteuid(), echo.peer.uid);
  EXPECT_EQ(::getegid(), echo.peer.gid);
  std::vector<gid_t> own(64);
  own.resize(static_cast<std::size_t>(::getgroups(64, own.data())));
  EXPECT_EQ(own, echo.peer.groups);
}

TEST(UnixStream, ALineWithoutItsEndIsNotDeliveredWhenThePeerGoes) {
  const TemporaryDirectory directory;
  Loop loop;
  Echo echo(loop);
  echo.start(directory / "socket");
  {
    const UniqueFd client = connect_to(directory / "socket");
    ASSERT_TRUE(put(client, "done\nhalf a comm"));
  }
  EXPECT_TRUE(run_until(loop, [&] { return echo.closed == 1; }));
  EXPECT_EQ(std::vector<std::string>{"done"}, echo.lines);
}

TEST(UnixStream, NothingIsDeliveredAfterCloseAndLastWordsArrive) {
  const TemporaryDirectory directory;
  Loop loop;
  Echo echo(loop);
  echo.start(directory / "socket");
  const UniqueFd first = connect_to(directory / "socket");
  ASSERT_TRUE(put(first, "quit\nmore\n"));
  EXPECT_TRUE(run_until(loop, [&] { return echo.closed == 1; }));
  const UniqueFd second = connect_to(directory / "socket");
  ASSERT_TRUE(put(second, "bye\nmore\n"));
  EXPECT_EQ("last words\n", read_all(loop, second, [](const auto&) { return false; }));
  EXPECT_TRUE(run_until(loop, [&] { return echo.closed == 2; }));
  EXPECT_EQ((std::vector<std::string>{"quit", "bye"}), echo.lines);
}

TEST(UnixStream, MoreThanTheSocketTakesIsSentWhenThePeerReads) {
  const TemporaryDirectory directory;
  Loop loop;
  Echo echo(loop);
  echo.start(directory / "socket");
  const UniqueFd client = connect_to(directory / "socket");
  ASSERT_TRUE(put(client, "much\nthen\n"));
  const std::string got = read_all(loop, client, [](const auto& s) { return s.size() >= 1'000'006; });
  EXPECT_EQ(std::string(1'000'000, 'm') + "then!\n", got);
}

TEST(UnixStream, APeerThatDoesNotReadIsCutOff) {
  const TemporaryDirectory directory;
  Loop loop;
  Echo echo(loop);
  echo.start(directory / "socket", {.max_line = 100, .max_unsent = 1'500'000});
  const UniqueFd client = connect_to(directory / "socket");
  ASSERT_TRUE(put(client, "much\nmuch\nmuch\n"));
  EXPECT_TRUE(run_until(loop, [&] { return echo.closed == 1; }));
  EXPECT_GE(echo.lines.size(), 2u);
}

TEST(UnixListener, ReplacesAStaleSocketButNoneThatIsInUseAndNoOtherFile) {
  const TemporaryDirectory directory;
  Loop loop;
  const auto ignore = [](UniqueFd, const PeerCredentials&) {};
  const std::string path = directory / "socket";
  {
    const UniqueFd crashed(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(0, ::bind(crashed.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
  {
    const auto first = UnixListener::open(loop, path, ignore);
    ASSERT_TRUE(first);
    const auto second = UnixListener::open(loop, path, ignore);
    ASSERT_FALSE(second);
    EXPECT_EQ(base::ErrorCode::conflict, second.error().code);
    connect_to(path);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(write_file_atomically(path, "precious", 0600));
  EXPECT_FALSE(UnixListener::open(loop, path, ignore));
  EXPECT_EQ("precious", *read_file(path, 100));
  EXPECT_FALSE(UnixListener::open(loop, std::string(200, 'x'), ignore));
}

TEST(LineBuffer, SkipsALineThatIsTooLongAndGoesOnWithTheNext) {
  using Line = LineBuffer::Line;
  LineBuffer buffer(4);
  std::vector<Line> got;
  for (const char octet : std::string("1234\n12345\n\nlong long long\nab\n")) {
    buffer.append({&octet, 1});
    while (auto line = buffer.next()) got.push_back(*line);
  }
  EXPECT_EQ((std::vector<Line>{{"1234"}, {"", true}, {""}, {"", true}, {"ab"}}), got);
  buffer.append("abcdefg\nxy\nrest");
  EXPECT_EQ((Line{"", true}), buffer.next());
  EXPECT_EQ(Line{"xy"}, buffer.next());
  EXPECT_EQ(std::nullopt, buffer.next());
}

}  // namespace
}  // namespace noonmark::io
