#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/responder.h"
#include "core/served_line.h"
#include "io/loop.h"
#include "io/port_key.h"
#include "io/request_server.h"
#include "io/udp_socket.h"
#include "io/unique_fd.h"

namespace noonmark::io {

/// A thread that answers requests for the time, with a Responder and sockets of its own. The hot path shares
/// nothing that anybody writes to; all that the worker is told comes as tasks.
///
/// Methods belong to the thread that made the object. Until start() tasks are carried out at once.
class ServerWorker {
 public:
  /// What a task may use; it is the worker's alone.
  struct State {
    explicit State(base::Random& random) : responder(random), server(responder) {}
    Loop loop;
    core::Responder responder;
    RequestServer server;
    core::ServedLine line;
    std::map<PortKey, UdpSocket> sockets;

    /// Answers what comes in on it.
    void listen(const PortKey& key, UdpSocket socket);
    void close(const PortKey& key);

   private:
    void on_socket(const PortKey& key, short revents);
    void read_stamps(const PortKey& key, const UdpSocket& socket);
  };
  using Task = std::function<void(State&)>;

  /// `random` is asked for the keys of the responder's hashes, now.
  explicit ServerWorker(base::Random& random);
  ~ServerWorker();  // ends the thread
  ServerWorker(const ServerWorker&) = delete;
  ServerWorker& operator=(const ServerWorker&) = delete;

  /// The thread has the signal mask and the capabilities of the caller.
  void start(const std::string& name);

  /// The worker does it soon, in the order of posting.
  void post(Task task);
  /// Returns when the worker has done it.
  void call(const Task& task);

 private:
  void run_tasks();

  State state_;
  UniqueFd wake_;  // eventfd, readable while tasks wait
  std::mutex mutex_;
  std::vector<Task> tasks_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace noonmark::io
