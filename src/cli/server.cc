#include "cli/server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "cli/protocol.h"
#include "cli/session.h"

namespace noonmark::cli {
namespace {

constexpr std::size_t kMaxSessions = 64;
constexpr std::size_t kMaxUnprivilegedSessions = kMaxSessions / 2;
/// Connections that are told that there are too many sessions; what comes beyond them is closed at once.
constexpr std::size_t kMaxTurnedAway = 16;
constexpr std::size_t kMaxPendingRequests = 16;
constexpr std::chrono::seconds kOpenTimeout{10};

std::string login_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return entry.pw_name;
  return fmt::format("uid{}", uid);
}

std::optional<gid_t> group_id(const char* name) {
  const auto* group = ::getgrnam(name);
  return group == nullptr ? std::nullopt : std::optional(group->gr_gid);
}

Response refusal(std::string_view sentence) {
  Response response;
  response.output = fmt::format("Error: {}\n", sentence);
  response.refused = true;
  response.end = true;
  return response;
}

}  // namespace

/// One peer: its requests in their order, one in each round of the loop.
class Server::Connection {
 public:
  struct Terms {
    config::Author author;
    bool privileged = false;
    bool turned_away = false;  // there are too many sessions
  };

  Connection(io::Loop& loop, io::UniqueFd fd, const Services& services, Terms terms,
             std::function<void()> on_closed)
      : loop_(loop),
        services_(services),
        terms_(std::move(terms)),
        stream_(loop, std::move(fd), {.max_line = kMaxRequest},
                {.on_line = [this](std::string_view line) { enqueue(line); },
                 .on_overlong_line = [this] { break_off("The request is too long."); },
                 .on_closed = std::move(on_closed)}) {
    stream_.send(encode_greeting(services_.version, Session::user_prompt(services_), terms_.privileged));
    timeout_ = loop_.after(kOpenTimeout, [this] {
      timeout_.reset();
      stream_.close();
    });
  }
  ~Connection() {
    if (timeout_) loop_.cancel(*timeout_);
    if (work_) loop_.cancel(*work_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Terms& terms() const { return terms_; }

 private:
  void enqueue(std::string_view line) {
    auto request = parse_request(line);
    if (request && std::holds_alternative<InterruptRequest>(*request)) {
      if (session_) session_->interrupt();
      return;
    }
    if (pending_.size() == kMaxPendingRequests)
      return break_off("Wait for the response before the next request.");
    pending_.push_back(std::move(request));
    schedule();
  }

  void schedule() {
    if (work_ || operating_ || pending_.empty()) return;
    work_ = loop_.post([this] {
      work_.reset();
      work();
    });
  }

  void work() {
    const auto request = std::move(pending_.front());
    pending_.pop_front();
    if (!request) return break_off(request.error().message);
    if (terms_.turned_away) return break_off("Too many sessions are open; try again later.");
    const auto response = std::visit([this](const auto& r) { return respond(r); }, *request);
    operating_ = response.pending;
    if (!operating_) send(response);
  }

  void send(const Response& response) {
    operating_ = false;
    stream_.send(encode_response(response));
    if (response.end) return finish();
    schedule();
  }

  Response respond(const OpenRequest& request) {
    if (session_) return refusal("The session is open already.");
    if (timeout_) loop_.cancel(*timeout_);
    timeout_.reset();
    session_.emplace(
        services_,
        SessionOptions{.author = terms_.author,
                       .privileged = terms_.privileged,
                       .interactive = request.interactive,
                       .json = request.json,
                       .force = request.force},
        SessionOutput{.progress = [this](std::string_view lines) { stream_.send(encode_progress(lines)); },
                      .respond = [this](const Response& response) { send(response); },
                      .notice = [this](std::string_view lines) { stream_.send(encode_notice(lines)); }});
    Response response;
    response.prompt = session_->prompt();
    return response;
  }
  Response respond(const ExecuteRequest& request) {
    return session_ ? session_->execute(request.line) : refusal("The session is not open.");
  }
  Response respond(const AnswerRequest& request) {
    return session_ ? session_->answer(request.text) : refusal("The session is not open.");
  }
  Response respond(const HelpRequest& request) {
    return session_ ? session_->help(request.line, request.width) : refusal("The session is not open.");
  }
  Response respond(const CompleteRequest& request) {
    return session_ ? session_->complete(request.line) : refusal("The session is not open.");
  }
  Response respond(const InterruptRequest&) { return refusal("There is nothing to interrupt."); }

  void break_off(std::string_view sentence) {
    stream_.send(encode_response(refusal(sentence)));
    finish();
  }

  void finish() {
    pending_.clear();
    if (work_) loop_.cancel(*work_);
    work_.reset();
    stream_.close_when_sent();
  }

  io::Loop& loop_;
  const Services& services_;
  const Terms terms_;
  std::optional<Session> session_;
  bool operating_ = false;  // the response comes later
  std::deque<base::Result<Request>> pending_;
  std::optional<io::Loop::TaskId> work_;
  std::optional<io::Loop::TaskId> timeout_;
  io::UnixConnection stream_;
};

Server::Server(io::Loop& loop, const Services& services, base::LogSink& log)
    : loop_(loop), services_(services), log_(log), group_(group_id("noonmark")) {}

Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::open(io::Loop& loop, const std::string& path,
                                                   const Services& services, base::LogSink& log) {
  std::unique_ptr<Server> server(new Server(loop, services, log));
  auto listener = io::UnixListener::open(
      loop, path, [s = server.get()](io::UniqueFd fd, const io::PeerCredentials& peer) {
        s->accept(std::move(fd), peer);
      });
  if (!listener) return tl::unexpected(listener.error());
  server->listener_ = std::move(*listener);
  return server;
}

void Server::accept(io::UniqueFd fd, const io::PeerCredentials& peer) {
  const bool privileged = may_configure(peer);
  const bool turned_away = is_full(privileged);
  if (turned_away && turned_away_count() >= kMaxTurnedAway) return;
  if (turned_away)
    log_.write(base::LogLevel::debug,
               fmt::format("Too many sessions: uid {}, pid {} is turned away", peer.uid, peer.pid));
  const auto number = free_number();
  const ConnectionId id{next_id_++};
  connections_[id] = std::make_unique<Connection>(
      loop_, std::move(fd), services_,
      Connection::Terms{
          {login_name(peer.uid), fmt::format("VTY {}", number), number}, privileged, turned_away},
      [this, id] { connections_.erase(id); });
}

unsigned Server::free_number() const {
  unsigned number = 0;
  while (std::ranges::any_of(
      connections_, [&](const auto& c) { return c.second && c.second->terms().author.session == number; }))
    ++number;
  return number;
}

bool Server::may_configure(const io::PeerCredentials& peer) const {
  if (peer.uid == 0 || peer.uid == ::geteuid()) return true;
  return group_ && (peer.gid == *group_ || std::ranges::find(peer.groups, *group_) != peer.groups.end());
}

std::size_t Server::turned_away_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& c) { return c.second->terms().turned_away; }));
}

bool Server::is_full(bool privileged) const {
  const auto sessions =
      std::ranges::count_if(connections_, [](const auto& c) { return !c.second->terms().turned_away; });
  const auto unprivileged = std::ranges::count_if(connections_, [](const auto& c) {
    return !c.second->terms().turned_away && !c.second->terms().privileged;
  });
  return static_cast<std::size_t>(sessions) >= kMaxSessions ||
         (!privileged && static_cast<std::size_t>(unprivileged) >= kMaxUnprivilegedSessions);
}

}  // namespace noonmark::cli
