#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "core/engine.h"
#include "core/outbox.h"
#include "io/loop.h"
#include "io/port_key.h"
#include "io/request_server.h"
#include "io/server_workers.h"
#include "io/udp_socket.h"
#include "io/vpn_place.h"

namespace noonmark::io {

/// A datagram for the engine, all but its time on the engine's scales.
struct Arrival {
  base::Bytes data;  // at most core::kMaxDatagram octets of it
  core::Path path;
  std::optional<std::int64_t> kernel_ns;  // CLOCK_REALTIME, ns since 1970; none: read the clock now
  bool service = false;
  std::optional<core::TransmitId> request;
};

/// All NTP sockets of the daemon: one for each request with a random source port (RFC 9109), one per VPN
/// instance and family that listens, and with a fixed source port one per VPN instance and family that sends.
/// A fixed source port that is also the service's is one socket. Requests for the time never reach the
/// handler: the responder or the workers answer them.
///
/// Runs on the loop's thread. The handler is called from the loop only, never from within a method.
class NtpSockets {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void on_datagram(const Arrival& arrival) = 0;
    /// Requests are about to be answered: the responder shall know the system as it is. Gives the clock that
    /// they are told.
    virtual core::ServedLine before_answers() = 0;
    /// A request left: `kernel_ns` on CLOCK_REALTIME, none when the kernel cannot tell: just now.
    virtual void on_transmitted(core::TransmitId id, std::optional<std::int64_t> kernel_ns,
                                const core::Departure& departure) = 0;
    virtual void on_send_error(core::TransmitId id, core::SendError error, int error_number) = 0;
  };
  /// A listening socket that could not be opened; it is tried again every few seconds.
  struct ServiceProblem {
    std::string vpn;
    base::Family family = base::Family::ipv4;
    std::uint16_t port = 0;
    int error_number = 0;
    bool operator==(const ServiceProblem&) const = default;
  };

  static constexpr std::chrono::seconds kRetry{5};

  /// All of them must outlive the object.
  NtpSockets(Loop& loop, core::Responder& responder, ServerWorkers& workers, Handler& handler,
             base::LogSink& log);
  ~NtpSockets();
  NtpSockets(const NtpSockets&) = delete;
  NtpSockets& operator=(const NtpSockets&) = delete;

  /// The VPN instances that exist now. Sockets in one that is gone, or is another one of the same name, are
  /// closed; listening ones are opened anew.
  void use_places(std::vector<VpnPlace> places);
  /// Listens for `family` on `port` in exactly these VPN instances.
  void serve(base::Family family, std::uint16_t port, const std::vector<core::VpnId>& vpns);
  /// The groups that the listening sockets shall be members of; all others are left.
  void join(std::vector<core::Membership> groups);
  /// What cannot listen at the moment, and why.
  std::vector<ServiceProblem> service_problems() const;

  /// Failures are told to the handler later. A reply that cannot be sent is lost, as any datagram may be.
  void send(const core::Transmit& transmit);
  /// Answers a datagram of a listening socket, from the address that it was sent to.
  void answer(const core::Path& request, base::Bytes data);
  /// Nothing more is wanted about that request.
  void close(core::TransmitId id);

 private:
  struct Outstanding {
    core::TransmitId id;
    base::Endpoint remote;
    std::array<std::uint8_t, core::kMaxPacket> data;
    std::uint8_t size;
  };
  struct RequestSocket {
    UdpSocket socket;
    core::VpnId vpn;
    base::Endpoint remote;
    std::uint8_t size;  // octets of the request
  };
  struct FixedPort {
    UdpSocket socket;
    bool service = false;
    std::vector<Outstanding> outstanding;
    std::set<core::Membership> groups;  // joined, or tried
  };
  struct Report {
    core::TransmitId id;
    int error_number;  // 0: was sent
  };

  const VpnPlace* place(core::VpnId id) const;
  int send_request(const core::Transmit& transmit);
  int send_from_new_socket(const core::Transmit& transmit, const VpnPlace& place);
  int send_from_fixed_port(const core::Transmit& transmit, const VpnPlace& place);
  int send_reply(const core::Transmit& transmit);
  tl::expected<FixedPort*, int> fixed_port(const PortKey& key, const VpnPlace& place);
  tl::expected<UdpSocket, int> bind_fixed(const PortKey& key, const VpnPlace& place);
  void close_if_unused(const PortKey& key);
  void close_fixed(const PortKey& key);

  void on_request_socket(core::TransmitId id, short revents);
  void read_report(core::TransmitId id, const RequestSocket& request);
  void on_fixed_port(const PortKey& key, short revents);
  void read_reports(const PortKey& key);
  bool read_report(const PortKey& key, FixedPort& port);
  void on_stamp(const PortKey& key, FixedPort& port, const TransmitStamp& stamp);
  void on_failure(FixedPort& port, const DeliveryFailure& failure);
  void answer_requests(const PortKey& key, const UdpSocket& socket);
  void deliver(const UdpSocket& socket, core::VpnId vpn, std::optional<core::TransmitId> request);

  void open_services();
  void update_groups(const PortKey& key, FixedPort& port);
  void note_problem(const PortKey& key, int error_number);
  void note_listening(const PortKey& key);
  void begin_service(const PortKey& key, const VpnPlace& place, FixedPort& port);
  void retry_later();
  void report_later(core::TransmitId id, int error_number);
  void deliver_reports();

  Loop& loop_;
  ServerWorkers& workers_;
  Handler& handler_;
  base::LogSink& log_;
  UniqueFd stamping_;
  std::vector<VpnPlace> places_;
  std::unordered_map<core::TransmitId, RequestSocket> requests_;
  std::map<PortKey, FixedPort> fixed_;
  std::unordered_map<core::TransmitId, PortKey> sent_from_fixed_;
  std::set<PortKey> services_;            // wanted
  std::map<PortKey, int> problems_;       // wanted, not open, by errno
  std::vector<core::Membership> groups_;  // wanted
  std::vector<Report> reports_;           // for the handler
  std::optional<Loop::TaskId> reporting_;
  std::optional<Loop::TaskId> retry_;
  RequestServer server_;
  std::array<std::uint8_t, core::kMaxDatagram> buffer_;
};

}  // namespace noonmark::io
