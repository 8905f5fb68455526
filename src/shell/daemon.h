#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shell/protocol.h"

namespace noonmark::shell {

/// What happens while a response is waited for.
class Listener {
 public:
  virtual ~Listener() = default;
  /// Whole lines, of a command that is running or of the log.
  virtual void on_message(const Message& message) = 0;
  /// Waits until `descriptor` is readable. False: nobody wants the response any more.
  virtual bool wait_for(int descriptor) = 0;
};

/// A session of the daemon. An error means that the daemon is lost; its message says how. One thread.
class Daemon {
 public:
  virtual ~Daemon() = default;
  virtual base::Result<Response> execute(std::string_view line) = 0;
  /// None: the input has ended, which means No.
  virtual base::Result<Response> answer(std::optional<std::string_view> text) = 0;
  virtual base::Result<Response> help(std::string_view line, int columns) = 0;
  virtual base::Result<Response> complete(std::string_view line) = 0;
  /// Ends early what runs, if something does; its response comes all the same.
  virtual void interrupt() = 0;
  /// Readable when receive() has something to do.
  virtual int descriptor() const = 0;
  /// Hands on messages that have come between two requests. Does not wait.
  virtual base::Result<void> receive() = 0;

  void listen(Listener& listener) { listener_ = &listener; }

 protected:
  Listener* listener_ = nullptr;  // none: waits by itself, messages are passed over
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
  base::Result<Response> help(std::string_view line, int columns) override;
  base::Result<Response> complete(std::string_view line) override;
  void interrupt() override;
  int descriptor() const override { return socket_; }
  base::Result<void> receive() override;

 private:
  base::Result<void> connect_to(const std::string& path);
  bool send_all(std::string request);
  base::Result<Response> exchange(std::string request);
  base::Result<std::string> read_line();
  std::optional<std::string> take_line();
  base::Result<void> take_lines();
  base::Result<void> receive_more(int flags);
  base::Result<std::optional<Response>> take(std::string_view line);

  int socket_ = -1;
  std::string received_;      // octets behind the last line
  std::size_t searched_ = 0;  // of them: without a newline
};

}  // namespace noonmark::shell
