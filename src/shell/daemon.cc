#include "shell/daemon.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

constexpr int kGreetingTimeout = 10'000;                 // ms
constexpr std::size_t kMaxResponse = 256 * 1024 * 1024;  // octets: a bound, far above the largest display

constexpr std::string_view kLost =
    "the connection to noonmarkd is lost: it has ended, was restarted, or refused it";

constexpr std::string_view kGivenUp = "the response of noonmarkd is not waited for any longer";

/// Of "Error: ...\n".
std::string sentence_of(std::string_view refusal) {
  constexpr std::string_view kError = "Error: ";
  if (refusal.starts_with(kError)) refusal.remove_prefix(kError.size());
  return std::string(refusal.substr(0, refusal.find('\n')));
}

std::string unreachable(const std::string& path, int error) {
  const char* hint =
      error == EACCES ? "permission to use it is missing" : "is noonmarkd running with this --run-dir?";
  return fmt::format("noonmarkd cannot be reached at {}: {}; {}", path, strerrordesc_np(error), hint);
}

}  // namespace

SocketDaemon::~SocketDaemon() {
  if (socket_ >= 0) close(socket_);
}

base::Result<void> SocketDaemon::connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return base::fail(fmt::format("{} is too long for a socket: choose a shorter --run-dir", path),
                      base::ErrorCode::io);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0 || connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::fail(unreachable(path, errno), base::ErrorCode::io);
  return {};
}

base::Result<Greeting> SocketDaemon::open(const std::string& run_dir, const SessionOptions& options) {
  const auto path = run_dir + "/control.sock";
  if (auto connected = connect_to(path); !connected) return tl::unexpected(connected.error());
  pollfd waiting{socket_, POLLIN, 0};
  if (poll(&waiting, 1, kGreetingTimeout) == 0)
    return base::fail(fmt::format("noonmarkd does not answer at {}: it is busy or hangs", path),
                      base::ErrorCode::io);
  const auto line = read_line();
  if (!line) return tl::unexpected(line.error());
  auto greeting = parse_greeting(*line);
  if (!greeting) return greeting;
  const auto opened = exchange(open_request(options));
  if (!opened) return tl::unexpected(opened.error());
  if (opened->refused) return base::fail(sentence_of(opened->output), base::ErrorCode::io);
  return greeting;
}

base::Result<Response> SocketDaemon::execute(std::string_view line) {
  return exchange(execute_request(line));
}

base::Result<Response> SocketDaemon::answer(std::optional<std::string_view> text) {
  return exchange(answer_request(text));
}

base::Result<Response> SocketDaemon::help(std::string_view line, int columns) {
  return exchange(help_request(line, columns));
}

base::Result<Response> SocketDaemon::complete(std::string_view line) {
  return exchange(completion_request(line));
}

void SocketDaemon::interrupt() { send_all(interrupt_request()); }

bool SocketDaemon::send_all(std::string request) {
  std::size_t sent = 0;
  while (sent < request.size()) {
    const auto n = send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    sent += static_cast<std::size_t>(n);
  }
  const bool complete = sent == request.size();
  wipe(request);
  return complete;
}

base::Result<Response> SocketDaemon::exchange(std::string request) {
  if (!send_all(std::move(request))) return base::fail(std::string(kLost), base::ErrorCode::io);
  for (;;) {
    const auto line = read_line();
    if (!line) return tl::unexpected(line.error());
    auto response = take(*line);
    if (!response) return tl::unexpected(response.error());
    if (*response) return std::move(**response);
  }
}

/// The response that this line is; none for a message, which is handed on.
base::Result<std::optional<Response>> SocketDaemon::take(std::string_view line) {
  auto parsed = parse_message(line);
  if (!parsed) return tl::unexpected(parsed.error());
  if (auto* response = std::get_if<Response>(&*parsed)) return std::move(*response);
  if (listener_ != nullptr) listener_->on_message(std::get<Message>(*parsed));
  return std::nullopt;
}

base::Result<void> SocketDaemon::receive() {
  if (auto taken = take_lines(); !taken) return taken;
  if (auto more = receive_more(MSG_DONTWAIT); !more) return more;
  return take_lines();
}

base::Result<void> SocketDaemon::take_lines() {
  while (const auto line = take_line())
    if (const auto taken = take(*line); !taken) return tl::unexpected(taken.error());
  return {};
}

std::optional<std::string> SocketDaemon::take_line() {
  const auto end = received_.find('\n', searched_);
  searched_ = received_.size();
  if (end == std::string::npos) return std::nullopt;
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  searched_ = 0;
  return line;
}

base::Result<void> SocketDaemon::receive_more(int flags) {
  std::array<char, 65536> chunk;
  if (received_.size() > kMaxResponse)
    return base::fail("noonmarkd's response has no end", base::ErrorCode::io);
  const auto n = recv(socket_, chunk.data(), chunk.size(), flags);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (n <= 0) return base::fail(std::string(kLost), base::ErrorCode::io);
  received_.append(chunk.data(), static_cast<std::size_t>(n));
  return {};
}

base::Result<std::string> SocketDaemon::read_line() {
  for (;;) {
    if (auto line = take_line()) return std::move(*line);
    if (listener_ != nullptr && !listener_->wait_for(socket_))
      return base::fail(std::string(kGivenUp), base::ErrorCode::io);
    if (auto more = receive_more(0); !more) return tl::unexpected(more.error());
  }
}

}  // namespace noonmark::shell
