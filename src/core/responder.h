#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "core/access_table.h"
#include "core/authenticator.h"
#include "core/client_summary.h"
#include "core/client_table.h"
#include "core/outbox.h"
#include "core/path.h"
#include "core/rate_limiter.h"
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
  std::size_t size = 0;          // with the MAC; 0: there is no reply. Never more than the request had
  Key* key = nullptr;            // that signs it
  std::size_t mac_length = 0;    // octets of its digest
  IpAddress source;              // to answer from; unspecified: the kernel's choice
  bool wants_stamp = false;      // tell on_transmitted() when it left
  Timestamp transmit;            // that it says; zero: the moment of complete()
  ClientTable::Slot client = 0;  // whom it is for
};

/// Answers requests for the time (RFC 5905 section 9.1, figure 31) without the engine: from a published view
/// of the system, a policy, and what it keeps of its own: contexts of the keys, counters, a table of clients.
/// One thread; several of them share nothing. Allocates nothing for a packet.
///
/// In two steps, so that in a batch each transmit timestamp is taken right before it leaves: examine() does
/// all that can be done before, complete() the rest. Between the two only the same for other requests of the
/// batch may be called.
class Responder {
 public:
  /// Draws the keys of its hashes: `random` must not be predictable where packets come from a network.
  explicit Responder(base::Random& random);

  /// Another number of clients than before forgets them; other access lists are looked up anew.
  void use(std::shared_ptr<const ServerPolicy> policy);
  void publish(const ServerView& view);

  /// Whether a datagram is for examine(): mode 3, the mode-less version 1 from a port that is not a server's.
  static bool is_request(base::Bytes datagram, std::uint16_t remote_port);

  /// Loads what examine() will need of the clients of a batch; optional.
  void prefetch(std::span<const ServiceRequest> batch) const;
  /// Decides about a request, counts it, and writes the reply over it. A request with a valid MAC of a
  /// configured key gets a MAC of that key and length, one without MAC none, a wrong one silence. Mode 1 is
  /// for those without an association: its reply in mode 2 leaves nothing behind but the client's record
  /// (RFC 8633 section 5.6). Without a reply the buffer stays as it is.
  ReplyPlan examine(const ServiceRequest& request);
  /// `now` on the served clock. Gives the size of the reply.
  std::size_t complete(const ServiceRequest& request, const ReplyPlan& plan, Timestamp now);

  /// Counts a request that waited too long to be answered.
  void drop_late(const ServiceRequest& request);

  /// The kernel's stamp of a reply whose plan wanted it; `receive` is the receive timestamp in that reply.
  /// One that comes too late is ignored.
  void on_transmitted(const Path& path, Timestamp receive, Timestamp when);

  const PacketStatistics& statistics(Family family) const {
    return statistics_[static_cast<std::size_t>(family)];
  }
  const InterfaceCounters& interface_counters() const { return interface_counters_; }
  void reset_statistics(Family family) { statistics_[static_cast<std::size_t>(family)] = {}; }
  /// To be reset only: rows must stay.
  InterfaceCounters& interface_counters() { return interface_counters_; }

  /// One look at each record: 1,048,576 of them take some ten milliseconds.
  std::vector<ClientSummary> clients(const ClientQuery& query) const;
  /// None: it is not known.
  std::optional<ClientSummary> find_client(const IpAddress& address, VpnId vpn) const;
  ClientTotals client_totals() const;
  void forget_clients();

 private:
  struct Question;
  /// What policy says of all packets that come by one way.
  struct Arrival {
    IpAddress local;
    VpnId vpn = VpnId::public_instance;
    std::uint32_t interface_index = 0;
    Family family = Family::ipv4;
    bool known = false;
    bool manycast = false;  // sent to a group that we answer for
    std::optional<DropReason> refusal;
    IpAddress source;                          // of replies
    PacketStatistics* of_family = nullptr;     // counters
    PacketStatistics* of_interface = nullptr;  // null: it is not known
  };
  static constexpr std::size_t kArrivals = 64;

  Arrival& arrival_of(const Path& path);
  void resolve(const Path& path, Arrival& arrival);
  std::optional<DropReason> refuse(const Path& path, Arrival& arrival) const;
  std::optional<DropReason> read(const ServiceRequest& request, Question& question);
  std::optional<DropReason> authenticate(Question& question);
  std::optional<AccessLevel> decide(const ClientRecord& client) const;
  std::optional<AccessLevel> access_of(ClientRecord& client) const;
  ReplyPlan examine_client(Question& question);
  ReplyPlan deny(Question& question);
  ReplyPlan limit(Question& question);
  ReplyPlan answer(Question& question);
  ReplyPlan kiss(Question& question, DropReason reason, std::uint32_t code);
  ReplyPlan plan_of(const Question& question) const;
  ReplyPlan drop(const Arrival& arrival, const ServiceRequest& request, DropReason reason,
                 std::uint32_t key_id = 0);
  ReplyPlan drop(const Question& question, DropReason reason, std::uint32_t key_id = 0);
  Timestamp receive_timestamp(const ClientRecord& client, Timestamp received) const;
  void write_reply(const Question& question, Timestamp origin, Timestamp receive);
  void make_template();
  void make_key_counters();
  void forget_decisions();
  bool may_kiss(const Question& question) const;
  bool leaks();
  ClientSummary summary_of(const ClientRecord& client) const;

  std::shared_ptr<const ServerPolicy> policy_;
  AccessTable access_;
  RateLimiter limiter_;
  ServerView view_;
  std::array<std::uint8_t, wire::kHeaderSize> template_{};  // a reply as `view_` has it
  KeyTable keys_;
  ClientTable clients_;
  std::uint16_t decision_ = 1;  // the access lists in force, for ClientRecord::decision
  KeyedHash leak_hash_;
  std::uint64_t leaks_ = 0;  // draws made
  Timestamp last_received_;
  std::array<Arrival, kArrivals> arrivals_;
  std::array<PacketStatistics, 2> statistics_;
  InterfaceCounters interface_counters_;
  ClientTotals totals_;
};

}  // namespace noonmark::core
