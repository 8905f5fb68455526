#include "io/ntp_sockets.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "base/check.h"
#include "io/errno_text.h"
#include "io/transmit_frame.h"

namespace noonmark::io {
namespace {

using base::Endpoint;
using base::Family;
using base::IpAddress;
using core::SendError;
using core::Transmit;
using core::TransmitId;
using core::VpnId;

constexpr short kRequestEvents = POLLIN | POLLPRI;  // POLLPRI: the error queue (SO_SELECT_ERR_QUEUE)
constexpr int kRoundsOfAnswers = 4;                 // full batches before others get their turn
constexpr int kReports = 16;                        // of the error queue, likewise

SendError send_error_of(int error_number) {
  switch (error_number) {
    case ENETUNREACH:
    case ENETDOWN:
    case ENODEV: return SendError::no_route;
    case EHOSTUNREACH:
    case EHOSTDOWN: return SendError::host_unreachable;
    case ECONNREFUSED: return SendError::port_unreachable;
    case EADDRNOTAVAIL: return SendError::source_address_gone;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN: return SendError::no_resources;
    default: return SendError::other;
  }
}

Endpoint local_for_bind(const Transmit& transmit) {
  Endpoint local = transmit.local;
  if (local.address.is_link_local() && local.scope == 0)
    local.scope = interface_towards(transmit.remote, transmit.interface_index);
  return local;
}

bool same_namespace(const VpnPlace& a, const VpnPlace& b) {
  const auto named = core::Vpn::Kind::network_namespace;
  return a.vpn.kind != named && b.vpn.kind != named;
}

}  // namespace

NtpSockets::NtpSockets(Loop& loop, core::Responder& responder, ServerWorkers& workers, Handler& handler,
                       base::LogSink& log)
    : loop_(loop),
      workers_(workers),
      handler_(handler),
      log_(log),
      stamping_(UdpSocket::keep_stamping(Family::ipv4)),
      server_(responder) {
  if (!stamping_) stamping_ = UdpSocket::keep_stamping(Family::ipv6);
}

NtpSockets::~NtpSockets() {
  for (const auto& [id, request] : requests_) loop_.unwatch(request.socket.fd());
  for (const auto& [key, port] : fixed_) loop_.unwatch(port.socket.fd());
  if (reporting_) loop_.cancel(*reporting_);
  if (retry_) loop_.cancel(*retry_);
}

const VpnPlace* NtpSockets::place(VpnId id) const {
  const auto found = std::ranges::find(places_, id, [](const VpnPlace& p) { return p.vpn.id; });
  return found == places_.end() ? nullptr : &*found;
}

void NtpSockets::use_places(std::vector<VpnPlace> places) {
  const std::vector<VpnPlace> before = std::exchange(places_, std::move(places));
  for (const VpnPlace& old : before) {
    const VpnPlace* const now = place(old.vpn.id);
    if (now != nullptr && now->incarnation == old.incarnation && now->vpn == old.vpn) continue;
    std::erase_if(requests_, [&](const auto& entry) {
      if (entry.second.vpn != old.vpn.id) return false;
      loop_.unwatch(entry.second.socket.fd());
      return true;
    });
    std::vector<PortKey> dead;
    for (const auto& [key, port] : fixed_)
      if (key.vpn == old.vpn.id) dead.push_back(key);
    for (const PortKey& key : dead) close_fixed(key);
  }
  open_services();
}

void NtpSockets::serve(Family family, std::uint16_t port, const std::vector<VpnId>& vpns) {
  std::vector<PortKey> released;
  std::erase_if(services_, [&](const PortKey& key) {
    if (key.family != family || (key.port == port && std::ranges::find(vpns, key.vpn) != vpns.end()))
      return false;
    released.push_back(key);
    return true;
  });
  for (const PortKey& key : released) {
    problems_.erase(key);
    workers_.close(key);
    if (const auto found = fixed_.find(key); found != fixed_.end()) found->second.service = false;
    close_if_unused(key);
  }
  for (const VpnId vpn : vpns) services_.insert({vpn, family, port});
  open_services();
}

std::vector<NtpSockets::ServiceProblem> NtpSockets::service_problems() const {
  std::vector<ServiceProblem> problems;
  for (const auto& [key, error] : problems_) {
    const VpnPlace* const where = place(key.vpn);
    problems.push_back({where != nullptr ? where->vpn.name : "", key.family, key.port, error});
  }
  return problems;
}

void NtpSockets::open_services() {
  for (const PortKey& key : services_) {
    const VpnPlace* const where = place(key.vpn);
    if (where == nullptr) {  // use_places() comes when the VPN instance does
      problems_.erase(key);
      continue;
    }
    const auto port = fixed_port(key, *where);
    if (!port) {
      note_problem(key, port.error());
      continue;
    }
    if (!(*port)->service) begin_service(key, *where, **port);
    update_groups(key, **port);
    note_listening(key);
  }
  if (!problems_.empty()) retry_later();
}

void NtpSockets::begin_service(const PortKey& key, const VpnPlace& where, FixedPort& port) {
  port.service = true;
  port.socket.prepare_to_serve();
  if (const int error = workers_.listen(key, where, port.socket); error != 0)
    log_.write(base::LogLevel::warning,
               fmt::format("the server's workers cannot share UDP port {} for {}{}{}: {}; requests there are "
                           "answered without them",
                           key.port, to_string(key.family), where.vpn.name.empty() ? "" : " in VPN instance ",
                           where.vpn.name, errno_text(error)));
}

void NtpSockets::join(std::vector<core::Membership> groups) {
  groups_ = std::move(groups);
  open_services();
}

/// An interface that is gone has taken its memberships along; one that is back has another index.
void NtpSockets::update_groups(const PortKey& key, FixedPort& port) {
  std::set<core::Membership> wanted;
  for (const auto& m : groups_)
    if (m.vpn == key.vpn && m.group.family() == key.family) wanted.insert(m);
  for (const auto& m : port.groups)
    if (!wanted.contains(m)) port.socket.leave(m.group, m.interface_index);
  for (const auto& m : wanted) {
    if (port.groups.contains(m)) continue;
    if (const int error = port.socket.join(m.group, m.interface_index); error != 0)
      log_.write(base::LogLevel::warning,
                 fmt::format("cannot join the group {} on interface {}: {}", m.group.to_string(),
                             m.interface_index, errno_text(error)));
  }
  port.groups = std::move(wanted);
}

void NtpSockets::note_problem(const PortKey& key, int error_number) {
  const auto [known, is_new] = problems_.try_emplace(key, error_number);
  if (!is_new && known->second == error_number) return;
  known->second = error_number;
  const std::string& vpn = place(key.vpn)->vpn.name;
  log_.write(base::LogLevel::warning,
             fmt::format("cannot listen on UDP port {} for {}{}{}: {}; trying again every {} s", key.port,
                         to_string(key.family), vpn.empty() ? "" : " in VPN instance ", vpn,
                         errno_text(error_number), kRetry.count()));
}

void NtpSockets::note_listening(const PortKey& key) {
  if (problems_.erase(key) == 0) return;
  const std::string& vpn = place(key.vpn)->vpn.name;
  log_.write(base::LogLevel::notice,
             fmt::format("listening on UDP port {} for {}{}{} now", key.port, to_string(key.family),
                         vpn.empty() ? "" : " in VPN instance ", vpn));
}

void NtpSockets::retry_later() {
  if (retry_) return;
  retry_ = loop_.after(kRetry, [this] {
    retry_.reset();
    open_services();
  });
}

tl::expected<NtpSockets::FixedPort*, int> NtpSockets::fixed_port(const PortKey& key, const VpnPlace& where) {
  if (const auto open = fixed_.find(key); open != fixed_.end()) return &open->second;
  auto socket = bind_fixed(key, where);
  if (!socket) return tl::unexpected(socket.error());
  FixedPort& port = fixed_.emplace(key, FixedPort{std::move(*socket), false, {}, {}}).first->second;
  loop_.watch(port.socket.fd(), kRequestEvents, [this, key](short revents) { on_fixed_port(key, revents); });
  return &port;
}

/// Binds the port of all addresses in a VPN instance. The kernel sees a conflict between a socket in a VRF
/// and one outside of any, unless both say SO_REUSEADDR; but with that set for good, another program could
/// take the port away from us unnoticed. So our own sockets share their port for the moment of a bind only.
tl::expected<UdpSocket, int> NtpSockets::bind_fixed(const PortKey& key, const VpnPlace& where) {
  std::vector<UdpSocket*> ours;
  for (auto& [other, port] : fixed_) {
    const VpnPlace* const there = place(other.vpn);
    if (other.family == key.family && other.port == key.port && there != nullptr &&
        same_namespace(*there, where))
      ours.push_back(&port.socket);
  }
  for (UdpSocket* socket : ours) socket->share_port(true);
  const auto use = workers_.count() > 0 ? UdpSocket::PortUse::group
                   : ours.empty()       ? UdpSocket::PortUse::exclusive
                                        : UdpSocket::PortUse::shared;
  auto made = UdpSocket::open(where, {IpAddress::any(key.family), key.port, 0}, use);
  for (UdpSocket* socket : ours) socket->share_port(false);
  if (made) made->share_port(false);
  return made;
}

void NtpSockets::close_if_unused(const PortKey& key) {
  const auto port = fixed_.find(key);
  if (port != fixed_.end() && !port->second.service && port->second.outstanding.empty()) close_fixed(key);
}

void NtpSockets::close_fixed(const PortKey& key) {
  const auto port = fixed_.find(key);
  CHECK(port != fixed_.end());
  workers_.close(key);
  for (const Outstanding& sent : port->second.outstanding) sent_from_fixed_.erase(sent.id);
  loop_.unwatch(port->second.socket.fd());
  fixed_.erase(port);
}

void NtpSockets::send(const Transmit& transmit) {
  if (transmit.purpose == Transmit::Purpose::reply) {
    send_reply(transmit);
    return;
  }
  if (const int error = send_request(transmit); error != 0) report_later(transmit.id, error);
}

int NtpSockets::send_request(const Transmit& transmit) {
  const VpnPlace* const where = place(transmit.vpn);
  if (where == nullptr) return ENODEV;
  return transmit.local.port == 0 ? send_from_new_socket(transmit, *where)
                                  : send_from_fixed_port(transmit, *where);
}

int NtpSockets::send_from_new_socket(const Transmit& transmit, const VpnPlace& where) {
  close(transmit.id);
  auto socket = UdpSocket::open(where, local_for_bind(transmit));
  if (!socket) return socket.error();
  socket->report_deliveries();
  const int error = socket->send(transmit.bytes(), transmit.remote, {});
  if (error != 0) return error;
  if (!socket->stamps_transmits()) report_later(transmit.id, 0);
  const TransmitId id = transmit.id;
  loop_.watch(socket->fd(), kRequestEvents, [this, id](short revents) { on_request_socket(id, revents); });
  requests_.emplace(id, RequestSocket{std::move(*socket), transmit.vpn, transmit.remote, transmit.size});
  return 0;
}

int NtpSockets::send_from_fixed_port(const Transmit& transmit, const VpnPlace& where) {
  const PortKey key{transmit.vpn, transmit.remote.address.family(), transmit.local.port};
  const auto port = fixed_port(key, where);
  if (!port) return port.error();
  UdpSocket& socket = (*port)->socket;
  const bool service = (*port)->service;
  if ((*port)->outstanding.empty()) service ? socket.report_errors(true) : socket.report_deliveries();
  const bool to_group = transmit.purpose == Transmit::Purpose::group;
  const int error =
      socket.send(transmit.bytes(), transmit.remote,
                  {.source = transmit.local.address,
                   .interface_index = to_group ? transmit.interface_index
                                               : interface_towards(transmit.remote, transmit.interface_index),
                   .stamped = service,
                   .ttl = transmit.ttl});
  if (error != 0) {
    close_if_unused(key);
    // A source address that is not ours any more gives other errors here than at a bind.
    const auto probe =
        UdpSocket::open(where, {local_for_bind(transmit).address, 0, local_for_bind(transmit).scope});
    return probe ? error : probe.error();
  }
  if (!socket.stamps_transmits()) report_later(transmit.id, 0);
  (*port)->outstanding.push_back({transmit.id, transmit.remote, transmit.data, transmit.size});
  sent_from_fixed_.insert_or_assign(transmit.id, key);
  return 0;
}

int NtpSockets::send_reply(const Transmit& transmit) {
  const PortKey key{transmit.vpn, transmit.remote.address.family(), transmit.local.port};
  const auto port = fixed_.find(key);
  if (port == fixed_.end()) return ENOTCONN;
  return port->second.socket.send(
      transmit.bytes(), transmit.remote,
      {transmit.local.address, interface_towards(transmit.remote, transmit.interface_index)});
}

void NtpSockets::answer(const core::Path& request, base::Bytes data) {
  const auto port = fixed_.find({request.vpn, request.remote.address.family(), request.local.port});
  if (port == fixed_.end()) return;
  port->second.socket.send(
      data, request.remote,
      {request.local.address, interface_towards(request.remote, request.interface_index)});
}

void NtpSockets::close(TransmitId id) {
  if (const auto request = requests_.find(id); request != requests_.end()) {
    loop_.unwatch(request->second.socket.fd());
    requests_.erase(request);
    return;
  }
  const auto sent = sent_from_fixed_.find(id);
  if (sent == sent_from_fixed_.end()) return;
  const PortKey key = sent->second;
  sent_from_fixed_.erase(sent);
  FixedPort& port = fixed_.at(key);
  std::erase_if(port.outstanding, [id](const Outstanding& o) { return o.id == id; });
  // ICMP errors of replies, which anybody may provoke, are nobody's.
  if (port.service && port.outstanding.empty()) port.socket.report_errors(false);
  close_if_unused(key);
}

/// The handler may close any socket, so each of these calls it last, and nothing is kept across a call.
void NtpSockets::on_request_socket(TransmitId id, short revents) {
  if ((revents & (POLLERR | POLLPRI)) != 0) read_report(id, requests_.at(id));
  const auto request = requests_.find(id);
  if (request == requests_.end() || (revents & POLLIN) == 0) return;
  deliver(request->second.socket, request->second.vpn, id);
}

void NtpSockets::read_report(TransmitId id, const RequestSocket& request) {
  std::array<std::uint8_t, core::kMaxDatagram> frame;
  const auto report = request.socket.receive_report(frame);
  if (!report) {
    // An error without an entry in the queue: while it is pending, poll() would not wait.
    if (const int error = request.socket.take_error(); error != 0 && !request.socket.reports_errors())
      handler_.on_send_error(id, send_error_of(error), error);
  } else if (const auto* stamp = std::get_if<TransmitStamp>(&*report)) {
    handler_.on_transmitted(
        id, stamp->kernel_ns,
        departure_of(stamp->frame, stamp->interface_index, request.remote.address.family(), request.size));
  } else {
    const int error = std::get<DeliveryFailure>(*report).error_number;
    handler_.on_send_error(id, send_error_of(error), error);
  }
}

void NtpSockets::on_fixed_port(const PortKey& key, short revents) {
  if ((revents & (POLLERR | POLLPRI)) != 0) read_reports(key);
  const auto port = fixed_.find(key);
  if (port == fixed_.end() || (revents & POLLIN) == 0) return;
  if (port->second.service)
    answer_requests(key, port->second.socket);
  else
    deliver(port->second.socket, key.vpn, std::nullopt);
}

void NtpSockets::answer_requests(const PortKey& key, const UdpSocket& socket) {
  const auto line = handler_.before_answers();
  for (int round = 0; round < kRoundsOfAnswers; ++round)
    if (!server_.answer(socket, key.vpn, line, RequestServer::Groups::answer) || !server_.others().empty())
      break;
  for (const Datagram& other : server_.others())
    handler_.on_datagram({other.data, path_of(other, key.port, key.vpn), other.kernel_ns, true, {}});
}

/// A client of interleaved mode costs a stamp for each reply, so a service's socket may have many.
void NtpSockets::read_reports(const PortKey& key) {
  for (int i = 0; i < kReports; ++i) {
    const auto port = fixed_.find(key);
    if (port == fixed_.end()) return;
    const bool once = !port->second.service || port->second.socket.takes_one_at_a_time();
    if (!read_report(key, port->second) || once) return;
  }
}

/// Whether there was one.
bool NtpSockets::read_report(const PortKey& key, FixedPort& port) {
  std::array<std::uint8_t, core::kMaxDatagram> frame;
  const auto report = port.socket.receive_report(frame);
  if (!report) {
    port.socket.take_error();
    return false;
  }
  if (const auto* stamp = std::get_if<TransmitStamp>(&*report))
    on_stamp(key, port, *stamp);
  else
    on_failure(port, std::get<DeliveryFailure>(*report));
  return true;
}

/// Several requests share the socket: a stamp belongs to the one whose octets came back with it, a failure to
/// the last one to that remote.
void NtpSockets::on_stamp(const PortKey& key, FixedPort& port, const TransmitStamp& stamp) {
  const auto sent = std::ranges::find_if(port.outstanding, [&](const Outstanding& o) {
    const base::Bytes packet(o.data.data(), o.size);
    return stamp.frame.size() >= o.size && std::ranges::equal(stamp.frame.last(o.size), packet);
  });
  if (sent != port.outstanding.end())
    handler_.on_transmitted(sent->id, stamp.kernel_ns,
                            departure_of(stamp.frame, stamp.interface_index, key.family, sent->size));
  else if (port.service)
    server_.on_stamp(stamp, port.socket, key.vpn, handler_.before_answers());
}

void NtpSockets::on_failure(FixedPort& port, const DeliveryFailure& failure) {
  const auto sent = std::find_if(port.outstanding.rbegin(), port.outstanding.rend(),
                                 [&](const Outstanding& o) { return o.remote == failure.remote; });
  if (sent != port.outstanding.rend())
    handler_.on_send_error(sent->id, send_error_of(failure.error_number), failure.error_number);
}

void NtpSockets::deliver(const UdpSocket& socket, VpnId vpn, std::optional<TransmitId> request) {
  const auto datagram = socket.receive(buffer_);
  if (!datagram) return;
  handler_.on_datagram(
      {datagram->data, path_of(*datagram, socket.port(), vpn), datagram->kernel_ns, false, request});
}

void NtpSockets::report_later(TransmitId id, int error_number) {
  reports_.push_back({id, error_number});
  if (!reporting_) reporting_ = loop_.post([this] { deliver_reports(); });
}

void NtpSockets::deliver_reports() {
  reporting_.reset();
  for (const Report& report : std::exchange(reports_, {})) {
    if (report.error_number == 0)
      handler_.on_transmitted(report.id, std::nullopt, {});
    else
      handler_.on_send_error(report.id, send_error_of(report.error_number), report.error_number);
  }
}

}  // namespace noonmark::io
