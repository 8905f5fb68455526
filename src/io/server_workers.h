#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "base/random.h"
#include "core/responder.h"
#include "core/served_line.h"
#include "io/port_key.h"
#include "io/server_worker.h"
#include "io/udp_socket.h"
#include "io/vpn_place.h"

namespace noonmark::io {

/// The threads that answer requests beside the main one; maybe none. For each service port they and the main
/// thread's socket are a group (SO_REUSEPORT), in which the kernel gives each request to a worker by a hash
/// of its source address, so that a client stays with one, and all else to the main thread.
///
/// Used by the main thread. What is told goes to all workers; what they know already is not told again.
class ServerWorkers {
 public:
  static constexpr unsigned kMost = 64;

  /// `random` gives the key of the hash.
  ServerWorkers(unsigned count, base::Random& random);

  std::size_t count() const { return workers_.size(); }
  /// Starts the threads. They have the capabilities that the caller has now, and no signals.
  void start();

  void use(const std::shared_ptr<const core::ServerPolicy>& policy);
  void publish(const core::ServerView& view);
  void follow(const core::ServedLine& line);

  /// Opens the workers' sockets of a port beside `first`, the main thread's, which has been opened with
  /// PortUse::group and is alone. 0, or the errno value of the failure: then the port is not theirs.
  int listen(const PortKey& key, const VpnPlace& place, const UdpSocket& first);
  /// Returns when their sockets are closed; nothing happens if there are none. To be called before the main
  /// thread's one is closed or serves anew: the order in which sockets join a group is their number in it.
  void close(const PortKey& key);

  /// Calls `visit` with each worker's responder, on its thread, one after the other, and waits for that.
  void visit(const std::function<void(core::Responder&)>& visit);

 private:
  void post_to_all(const ServerWorker::Task& task);

  std::uint32_t hash_key_;
  std::vector<std::unique_ptr<ServerWorker>> workers_;
  std::set<PortKey> ports_;
  std::shared_ptr<const core::ServerPolicy> policy_;
  core::ServerView view_;
  core::ServedLine line_;
};

}  // namespace noonmark::io
