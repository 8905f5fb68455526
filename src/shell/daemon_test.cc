#include "shell/daemon.h"

#include <array>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace noonmark::shell {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kGreeting =
    "{\"noonmark\":2,\"version\":\"0.1.0\",\"prompt\":\"<H>\",\"privileged\":true}\n";
constexpr std::string_view kOk = "{\"status\":\"ok\",\"output\":\"\",\"prompt\":\"<H>\"}\n";

/// A control socket in a directory of its own, whose one client is told `lines`: the first at once, each
/// other one for a request.
class FakeServer {
 public:
  explicit FakeServer(std::vector<std::string_view> lines) : listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    thread_ = std::thread([this, lines = std::move(lines)] { serve(lines); });
  }
  ~FakeServer() {
    thread_.join();
    close(listener_);
    unlink(path().c_str());
    rmdir(directory_.data());
  }
  std::string directory() const { return directory_.data(); }
  const std::string& received() {
    thread_.join();
    thread_ = std::thread([] {});
    return received_;
  }

 private:
  std::string path() const { return directory() + "/control.sock"; }

  void serve(const std::vector<std::string_view>& lines) {
    const int client = accept(listener_, nullptr, nullptr);
    for (const auto line : lines) {
      if (line.data() != lines.front().data()) read_request(client);
      if (send(client, line.data(), line.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(client);
  }
  void read_request(int client) {
    for (char c = 0; c != '\n' && read(client, &c, 1) == 1;) received_ += c;
  }

  std::array<char, 32> directory_{"/tmp/noonmark-shell-XXXXXX"};
  int listener_;
  std::string received_;
  std::thread thread_;
};

TEST(SocketDaemon, OpensASessionAndExecutes) {
  FakeServer server(
      {kGreeting, kOk, "{\"status\":\"refused\",\"output\":\"Error\\n\",\"prompt\":\"[~H]\"}\n"});
  SocketDaemon daemon;
  const auto greeting = daemon.open(server.directory(), {.interactive = false, .json = true, .force = false});
  ASSERT_TRUE(greeting) << greeting.error().message;
  EXPECT_EQ(greeting->prompt, "<H>");
  const auto response = daemon.execute("commit");
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->refused);
  EXPECT_EQ(response->output, "Error\n");
  EXPECT_EQ(server.received(),
            "{\"force\":false,\"interactive\":false,\"json\":true,\"op\":\"open\"}\n{\"line\":\"commit\","
            "\"op\":\"execute\"}\n");
}

/// Remembers messages; waits no longer once it has waited so often.
struct TestListener final : Listener {
  std::string messages;
  int waits_left = 1'000'000;
  void on_message(const Message& message) override {
    messages += (message.kind == Message::Kind::progress ? "progress: " : "notice: ") + message.text;
  }
  bool wait_for(int descriptor) override {
    pollfd waiting{descriptor, POLLIN, 0};
    return waits_left-- > 0 && poll(&waiting, 1, 10'000) == 1;
  }
};

TEST(SocketDaemon, MessagesComeBeforeTheResponseAndBetweenTwo) {
  FakeServer server({kGreeting, kOk,
                     "{\"progress\":\"1\\n\"}\n{\"notice\":\"log\\n\"}\n"
                     "{\"status\":\"ok\",\"output\":\"done\\n\"}\n{\"notice\":\"later\\n\"}\n"});
  SocketDaemon daemon;
  TestListener listener;
  ASSERT_TRUE(daemon.open(server.directory(), {}));
  daemon.listen(listener);
  const auto response = daemon.execute("test");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->output, "done\n");
  EXPECT_EQ(listener.messages, "progress: 1\nnotice: log\n");
  while (daemon.receive()) continue;
  EXPECT_EQ(listener.messages, "progress: 1\nnotice: log\nnotice: later\n");
}

TEST(SocketDaemon, AResponseThatNobodyWantsIsNotWaitedFor) {
  FakeServer server({kGreeting, kOk, ""});
  SocketDaemon daemon;
  TestListener listener;
  ASSERT_TRUE(daemon.open(server.directory(), {}));
  daemon.listen(listener);
  listener.waits_left = 0;
  EXPECT_THAT(daemon.execute("test").error().message, HasSubstr("not waited for"));
}

TEST(SocketDaemon, ADaemonThatGoesAwayIsReported) {
  FakeServer server({kGreeting, kOk});
  SocketDaemon daemon;
  ASSERT_TRUE(daemon.open(server.directory(), {}));
  const auto response = daemon.execute("display clock");
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("is lost"));
}

TEST(SocketDaemon, AnotherProtocolVersionIsReported) {
  FakeServer server({"{\"noonmark\":7,\"version\":\"9.0\"}\n"});
  SocketDaemon daemon;
  const auto greeting = daemon.open(server.directory(), {});
  ASSERT_FALSE(greeting);
  EXPECT_THAT(greeting.error().message, HasSubstr("speaks version 7"));
}

TEST(SocketDaemon, AMissingSocketAndATooLongPathSayWhatToDo) {
  EXPECT_THAT(SocketDaemon().open("/nonexistent", {}).error().message,
              HasSubstr("/nonexistent/control.sock: No such file or directory; is noonmarkd running"));
  EXPECT_THAT(SocketDaemon().open(std::string(200, 'x'), {}).error().message, HasSubstr("shorter --run-dir"));
}

}  // namespace
}  // namespace noonmark::shell
