#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shell/protocol.h"

namespace noonmark::shell {

/// A session of the daemon. An error means that the daemon is lost; its message says how. One thread.
class Daemon {
 public:
  virtual ~Daemon() = default;
  virtual base::Result<Response> execute(std::string_view line) = 0;
  /// None: the input has ended, which means No.
  virtual base::Result<Response> answer(std::optional<std::string_view> text) = 0;
};

/// The daemon behind RUN_DIR/control.sock.
class SocketDaemon final : public Daemon {
 public:
  SocketDaemon() = default;
  ~SocketDaemon() override;
  SocketDaemon(const SocketDaemon&) = delete;
  SocketDaemon& operator=(const SocketDaemon&) = delete;

  /// Connects, checks the version and opens a session. Once.
  base::Result<Greeting> open(const std::string& run_dir, const SessionOptions& options);
  base::Result<Response> execute(std::string_view line) override;
  base::Result<Response> answer(std::optional<std::string_view> text) override;

 private:
  base::Result<void> connect_to(const std::string& path);
  base::Result<Response> exchange(std::string request);
  base::Result<std::string> read_line();

  int socket_ = -1;
  std::string received_;  // octets behind the last line
};

}  // namespace noonmark::shell
