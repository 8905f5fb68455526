#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/authenticator.h"
#include "core/outbox.h"
#include "core/path.h"
#include "core/server_policy.h"
#include "core/server_view.h"
#include "core/statistics.h"
#include "wire/packet.h"

namespace noonmark::core {

/// A request in the buffer that its reply will be written to.
struct ServiceRequest {
  std::span<std::uint8_t> buffer;  // of at least kMaxPacket octets
  std::size_t size = 0;            // of the datagram in it
  Path path;
  Timestamp received;  // served clock
};

/// How a reply goes on that lies in its buffer but for its transmit timestamp and its MAC.
struct ReplyPlan {
  std::size_t size = 0;        // with the MAC; 0: there is no reply. Never more than the request had
  Key* key = nullptr;          // that signs it
  std::size_t mac_length = 0;  // octets of its digest
  IpAddress source;            // to answer from
  bool wants_stamp = false;    // tell on_transmitted() when it left
};

/// Answers requests for the time (RFC 5905 section 9.1, figure 31) without the engine: from a published view
/// of the system, a policy, and what it keeps of its own: contexts of the keys, counters. One thread; several
/// of them share nothing.
///
/// In two steps, so that in a batch each transmit timestamp is taken right before it leaves: examine() does
/// all that can be done before, complete() the rest. Between them nothing else may be called.
class Responder {
 public:
  Responder();

  void use(std::shared_ptr<const ServerPolicy> policy);
  void publish(const ServerView& view) { view_ = view; }

  /// Whether a datagram is for examine(): mode 3, the mode-less version 1 from a port that is not a server's.
  static bool is_request(base::Bytes datagram, std::uint16_t remote_port);

  /// Decides about a request, counts it, and writes the reply over it. A request with a valid MAC of a
  /// configured key gets a MAC of that key and length, one without MAC none, a wrong one silence.
  ReplyPlan examine(const ServiceRequest& request);
  /// `now` on the served clock. Gives the size of the reply.
  std::size_t complete(const ServiceRequest& request, const ReplyPlan& plan, Timestamp now);

  /// Counts a request that waited too long to be answered.
  void drop_late(const ServiceRequest& request);

  /// The kernel's stamp of a reply whose plan wanted it; `receive` is the receive timestamp in that reply.
  void on_transmitted(const Path& path, Timestamp receive, Timestamp when);

  const PacketStatistics& statistics(Family family) const {
    return statistics_[static_cast<std::size_t>(family)];
  }
  const InterfaceCounters& interface_counters() const { return interface_counters_; }
  void reset_statistics(Family family) { statistics_[static_cast<std::size_t>(family)] = {}; }
  InterfaceCounters& interface_counters() { return interface_counters_; }

 private:
  std::optional<DropReason> refuse(const ServiceRequest& request) const;
  ReplyPlan drop(const ServiceRequest& request, DropReason reason, std::uint32_t key_id = 0);
  template <class Add>
  void count(const Path& path, Add add);

  std::shared_ptr<const ServerPolicy> policy_;
  ServerView view_;
  KeyTable keys_;
  std::array<PacketStatistics, 2> statistics_;
  InterfaceCounters interface_counters_;
};

}  // namespace noonmark::core
