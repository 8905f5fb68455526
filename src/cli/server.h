#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

#include "base/log.h"
#include "base/result.h"
#include "cli/display.h"
#include "io/loop.h"
#include "io/unix_stream.h"

namespace noonmark::cli {

/// The control socket: a session for each connection, spoken to by protocol.h. Root, the daemon's own
/// effective user and members of the group `noonmark` may configure, others only display.
///
/// Nobody can keep others out: at most 64 sessions, half of them for those who may not configure; a
/// connection that opens no session within 10 s is closed; one request is worked on at a time and what lies
/// between two is the loop's; a peer that does not read is cut off.
class Server {
 public:
  static base::Result<std::unique_ptr<Server>> open(io::Loop& loop, const std::string& path,
                                                    const Services& services, base::LogSink& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  class Connection;
  enum class ConnectionId : std::uint64_t {};

  Server(io::Loop& loop, const Services& services, base::LogSink& log);
  void accept(io::UniqueFd fd, const io::PeerCredentials& peer);
  bool may_configure(const io::PeerCredentials& peer) const;
  std::size_t turned_away_count() const;
  unsigned free_number() const;
  bool is_full(bool privileged) const;

  io::Loop& loop_;
  const Services& services_;
  base::LogSink& log_;
  const std::optional<gid_t> group_;  // `noonmark`, if this machine has it
  std::uint64_t next_id_ = 0;
  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<io::UnixListener> listener_;
};

}  // namespace noonmark::cli
