#include "cli/server.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/protocol.h"
#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

using testing::HasSubstr;

struct SilentLog final : base::LogSink {
  void write(base::LogLevel, std::string_view) override {}
};

/// A shell's end of the socket.
class Client {
 public:
  Client(io::Loop& loop, const std::string& path)
      : loop_(loop), fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  void send(std::string_view text) {
    EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }

  /// The next line from the server; empty when the server has closed.
  std::string line() {
    for (int round = 0; round < 2000; ++round) {
      if (const auto end = received_.find('\n'); end != std::string::npos) {
        const auto first = received_.substr(0, end);
        received_.erase(0, end + 1);
        return first;
      }
      std::array<char, 4096> chunk{};
      const auto size = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
      if (size == 0) return {};
      if (size > 0) received_.append(chunk.data(), static_cast<std::size_t>(size));
      if (size < 0) loop_.run_once(std::chrono::milliseconds(1));
    }
    return "nothing came";
  }
  nlohmann::json object() { return nlohmann::json::parse(line(), nullptr, false); }
  nlohmann::json ask(std::string_view request) {
    send(std::string(request) + '\n');
    return object();
  }

 private:
  io::Loop& loop_;
  io::UniqueFd fd_;
  std::string received_;
};

struct ServerTest : testing::Test, SessionFixture {
  void SetUp() override {
    auto opened = Server::open(loop, path, services, log);
    ASSERT_TRUE(opened) << opened.error().message;
    server = std::move(*opened);
  }
  std::string path = scratch.path() + "/control.sock";
  io::Loop loop;
  SilentLog log;
  std::unique_ptr<Server> server;
};

constexpr const char* kOpen = R"({"op":"open","interactive":true,"json":false,"force":false})";

TEST_F(ServerTest, GreetsAndAnswersEachRequest) {
  Client client(loop, path);
  const auto greeting = client.object();
  EXPECT_EQ(greeting["noonmark"], kProtocolVersion);
  EXPECT_EQ(greeting["prompt"], "<HUAWEI>");
  EXPECT_EQ(greeting["privileged"], true);
  EXPECT_EQ(client.ask(kOpen)["status"], "ok");
  EXPECT_EQ(client.ask(R"({"op":"execute","line":"system-view"})")["prompt"], "[~HUAWEI]");
  EXPECT_EQ(client.ask(R"({"op":"execute","line":"sysname R1"})")["uncommitted"], true);
  EXPECT_THAT(client.ask(R"({"op":"execute","line":"quit"})")["question"],
              HasSubstr("[Y(yes)/N(no)/C(cancel)]:"));
  EXPECT_EQ(client.ask(R"({"op":"answer","text":"y"})")["prompt"], "<R1>");
  EXPECT_EQ(client.ask(R"({"op":"execute","line":"quit"})")["end"], true);
  EXPECT_EQ(client.line(), "");
}

TEST_F(ServerTest, RequestsThatAreNoneEndTheConnectionWithAnError) {
  for (const std::string& request :
       {std::string("nonsense"), std::string(R"({"op":"execute","line":"quit"})"), std::string(20000, 'x')}) {
    Client client(loop, path);
    client.line();
    EXPECT_THAT(client.ask(request)["output"], HasSubstr("Error: "));
    EXPECT_EQ(client.line(), "");
  }
}

TEST_F(ServerTest, TooManyRequestsAtOnceEndTheConnectionAndNothingElse) {
  std::string requests = std::string(kOpen) + '\n';
  for (int i = 0; i < 20; ++i) requests += "{\"op\":\"execute\",\"line\":\"display version\"}\n";
  {
    Client client(loop, path);
    client.line();
    EXPECT_THAT(client.ask(requests)["output"], HasSubstr("Error: "));
    EXPECT_EQ(client.line(), "");
  }
  Client client(loop, path);
  client.line();
  EXPECT_EQ(client.ask(kOpen)["status"], "ok");
}

TEST_F(ServerTest, AShellThatDisconnectsLeavesNothingBehind) {
  {
    Client client(loop, path);
    client.line();
    client.ask(kOpen);
    client.ask(R"({"op":"execute","line":"system-view"})");
    client.ask(R"({"op":"execute","line":"sysname R1"})");
    client.send(R"({"op":"execute","line":"comm)");
  }
  for (int i = 0; i < 5; ++i) loop.run_once(std::chrono::milliseconds(1));
  EXPECT_EQ(datastore.running(), config::Configuration{});
}

TEST_F(ServerTest, SilentPeersDoNotKeepOthersWaiting) {
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 63; ++i) silent.push_back(std::make_unique<Client>(loop, path));
  Client client(loop, path);
  client.line();
  EXPECT_EQ(client.ask(kOpen)["status"], "ok");
  EXPECT_EQ(client.ask(R"({"op":"execute","line":"display version"})")["status"], "ok");
}

TEST_F(ServerTest, ThoseWhoMayNotConfigureDoNotKeepOthersOut) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can connect as somebody else";
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0755), 0);
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(::seteuid(kNobody), 0);
    crowd.push_back(std::make_unique<Client>(loop, path));
    ASSERT_EQ(::seteuid(0), 0);
    loop.run_once(std::chrono::milliseconds(1));
  }
  Client client(loop, path);
  EXPECT_EQ(client.object()["privileged"], true);
  EXPECT_EQ(client.ask(kOpen)["status"], "ok");
}

TEST_F(ServerTest, The65thSessionIsTurnedAwayWithAReason) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<Client>(loop, path));
    clients.back()->line();
    ASSERT_EQ(clients.back()->ask(kOpen)["status"], "ok");
  }
  {
    Client client(loop, path);
    client.line();
    EXPECT_THAT(client.ask(kOpen)["output"], HasSubstr("Too many sessions"));
  }
  clients.pop_back();
  for (int i = 0; i < 5; ++i) loop.run_once(std::chrono::milliseconds(1));
  Client client(loop, path);
  client.line();
  EXPECT_EQ(client.ask(kOpen)["status"], "ok");
}

}  // namespace
}  // namespace noonmark::cli
