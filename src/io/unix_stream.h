#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace noonmark::io {

/// Who is at the other end of a unix socket, as the kernel noted when it connected.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  std::vector<gid_t> groups;  // supplementary ones
};

/// A listening unix stream socket, open to every local user; who may do what is for its owner to judge by the
/// credentials. The file goes with the object.
class UnixListener {
 public:
  using Accept = std::function<void(UniqueFd, const PeerCredentials&)>;

  /// A socket file that nobody listens on any more is replaced. ErrorCode::conflict: somebody does listen
  /// there.
  static base::Result<std::unique_ptr<UnixListener>> open(Loop& loop, const std::string& path, Accept accept);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

 private:
  UnixListener(Loop& loop, std::string path, UniqueFd fd, Accept accept);
  void watch();
  void accept_one();

  Loop& loop_;
  std::string path_;
  UniqueFd fd_;
  Accept accept_;
  std::optional<Loop::TaskId> pause_;
};

/// Takes a stream apart into lines. A line of more than `max_line` octets is skipped as a whole and reported
/// once.
class LineBuffer {
 public:
  struct Line {
    std::string text;  // without the newline; empty if too long
    bool too_long = false;
    bool operator==(const Line&) const = default;
  };
  explicit LineBuffer(std::size_t max_line) : max_line_(max_line) {}
  void append(std::string_view data);
  std::optional<Line> next();

 private:
  std::size_t max_line_;
  std::string buffer_;
  std::size_t at_ = 0;  // what is before it has been given out
  bool skipping_ = false;
};

/// One connection: lines in, octets out, never blocking. After close(), and when the peer is gone, no line is
/// delivered and on_closed is called once, from the loop; there the owner may destroy the object, but not in
/// on_line.
class UnixConnection {
 public:
  struct Callbacks {
    std::function<void(std::string_view line)> on_line;
    std::function<void()> on_overlong_line;
    std::function<void()> on_closed;
  };
  /// `max_unsent`: a peer that lets more than this pile up is cut off.
  struct Limits {
    std::size_t max_line = 64 * 1024;
    std::size_t max_unsent = 16 * 1024 * 1024;
  };

  UnixConnection(Loop& loop, UniqueFd fd, Limits limits, Callbacks callbacks);
  ~UnixConnection();
  UnixConnection(const UnixConnection&) = delete;
  UnixConnection& operator=(const UnixConnection&) = delete;

  void send(std::string_view data);
  /// Closes when all that was given to send() is out.
  void close_when_sent();
  void close();

 private:
  void watch();
  void on_ready(short revents);
  void read_some();
  void write_some();

  Loop& loop_;
  UniqueFd fd_;
  Limits limits_;
  Callbacks callbacks_;
  LineBuffer lines_;
  std::string unsent_;
  bool closing_ = false;
  std::optional<Loop::TaskId> closed_;
};

}  // namespace noonmark::io
