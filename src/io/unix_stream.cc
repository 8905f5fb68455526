#include "io/unix_stream.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "io/errno_text.h"

namespace noonmark::io {
namespace {

using base::ErrorCode;
using base::Result;

UniqueFd stream_socket() {
  return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool somebody_listens(const sockaddr_un& address) {
  const UniqueFd probe = stream_socket();
  if (!probe) return false;
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(probe.get(), name, sizeof address) == 0 || errno == EAGAIN;  // EAGAIN: its backlog is full
}

std::vector<gid_t> peer_groups(int fd) {
  std::vector<gid_t> groups(64);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int result = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    const std::size_t count = size / sizeof(gid_t);
    if (result == 0 || errno != ERANGE || count <= groups.size()) {
      groups.resize(result == 0 ? count : 0);
      return groups;
    }
    groups.resize(count);
  }
}

PeerCredentials credentials_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  return {peer.pid, peer.uid, peer.gid, peer_groups(fd)};
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::open(Loop& loop, const std::string& path, Accept accept) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return base::fail(fmt::format("the path {} is too long for a socket: at most {} characters", path,
                                  sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd = stream_socket();
  if (!fd) return system_failure("create the socket", path);
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return base::fail(fmt::format("{} is in the way of our socket: remove it", path), ErrorCode::conflict);
    if (somebody_listens(address))
      return base::fail(fmt::format("another process listens on {}", path), ErrorCode::conflict);
    ::unlink(path.c_str());
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return system_failure("create the socket", path);
  constexpr int kBacklog = 64;
  if (::chmod(path.c_str(), 0666) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    const auto failure = system_failure("listen on", path);
    ::unlink(path.c_str());
    return failure;
  }
  return std::unique_ptr<UnixListener>(new UnixListener(loop, path, std::move(fd), std::move(accept)));
}

UnixListener::UnixListener(Loop& loop, std::string path, UniqueFd fd, Accept accept)
    : loop_(loop), path_(std::move(path)), fd_(std::move(fd)), accept_(std::move(accept)) {
  watch();
}

UnixListener::~UnixListener() {
  loop_.unwatch(fd_.get());
  if (pause_) loop_.cancel(*pause_);
  ::unlink(path_.c_str());
}

void UnixListener::watch() {
  loop_.watch(fd_.get(), POLLIN, [this](short) { accept_one(); });
}

void UnixListener::accept_one() {
  UniqueFd connection(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (connection) {
    const PeerCredentials peer = credentials_of(connection.get());
    accept_(std::move(connection), peer);
    return;
  }
  if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
  // The connection stays in the backlog, and poll() would report it for ever.
  loop_.unwatch(fd_.get());
  pause_ = loop_.after(std::chrono::seconds(1), [this] {
    pause_.reset();
    watch();
  });
}

void LineBuffer::append(std::string_view data) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += data;
}

std::optional<LineBuffer::Line> LineBuffer::next() {
  const std::size_t newline = buffer_.find('\n', at_);
  const bool complete = newline != std::string::npos;
  const std::size_t size = (complete ? newline : buffer_.size()) - at_;
  const bool skipped_before = skipping_;
  const bool too_long = skipped_before || size > max_line_;
  if (!complete && !too_long) return std::nullopt;
  Line line{too_long ? std::string() : buffer_.substr(at_, size), too_long};
  at_ = complete ? newline + 1 : buffer_.size();
  skipping_ = !complete;
  if (skipped_before) return complete ? next() : std::nullopt;  // the rest of a line reported before
  return line;
}

UnixConnection::UnixConnection(Loop& loop, UniqueFd fd, Limits limits, Callbacks callbacks)
    : loop_(loop),
      fd_(std::move(fd)),
      limits_(limits),
      callbacks_(std::move(callbacks)),
      lines_(limits.max_line) {
  watch();
}

UnixConnection::~UnixConnection() {
  if (fd_) loop_.unwatch(fd_.get());
  if (closed_) loop_.cancel(*closed_);
}

void UnixConnection::watch() {
  const int events = (closing_ ? 0 : POLLIN) | (unsent_.empty() ? 0 : POLLOUT);
  loop_.watch(fd_.get(), static_cast<short>(events), [this](short revents) { on_ready(revents); });
}

void UnixConnection::on_ready(short revents) {
  if ((revents & POLLOUT) != 0) write_some();
  if (!fd_ || closed_) return;
  if ((revents & POLLIN) != 0 && !closing_) return read_some();
  if ((revents & (POLLERR | POLLHUP)) != 0) close();
}

void UnixConnection::read_some() {
  std::array<char, 16384> chunk;
  const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return close();
  if (got == 0) return close_when_sent();  // a line without its newline is no line
  lines_.append({chunk.data(), static_cast<std::size_t>(got)});
  while (fd_ && !closing_) {
    const auto line = lines_.next();
    if (!line) return;
    if (line->too_long)
      callbacks_.on_overlong_line();
    else
      callbacks_.on_line(line->text);
  }
}

void UnixConnection::send(std::string_view data) {
  if (!fd_) return;
  if (unsent_.size() + data.size() > limits_.max_unsent) return close();
  const bool was_idle = unsent_.empty();
  unsent_ += data;
  if (was_idle) write_some();
}

void UnixConnection::write_some() {
  while (!unsent_.empty()) {
    const ssize_t sent = ::send(fd_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return close();
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
  if (closing_ && unsent_.empty()) return close();
  watch();
}

void UnixConnection::close_when_sent() {
  if (!fd_) return;
  closing_ = true;
  if (unsent_.empty()) return close();
  watch();
}

void UnixConnection::close() {
  if (!fd_) return;
  loop_.unwatch(fd_.get());
  fd_.reset();
  closed_ = loop_.post([this] {
    closed_.reset();
    callbacks_.on_closed();
  });
}

}  // namespace noonmark::io
