#include "io/ntp_sockets.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "base/check.h"
#include "io/errno_text.h"

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

/// The interface to send through: only link-local addresses need it. For all others it would override
/// routing, and a reply whose way back is another one than the request's way here would be lost.
std::uint32_t interface_for(const Endpoint& remote, std::uint32_t interface_index) {
  if (!remote.address.is_link_local()) return 0;
  return remote.scope != 0 ? remote.scope : interface_index;
}

std::uint32_t interface_for(const Transmit& transmit) {
  return interface_for(transmit.remote, transmit.interface_index);
}

Endpoint local_for_bind(const Transmit& transmit) {
  Endpoint local = transmit.local;
  if (local.address.is_link_local() && local.scope == 0) local.scope = interface_for(transmit);
  return local;
}

/// The source address is read from the headers in front of the datagram of `size` octets.
core::Departure departure_of(const TransmitStamp& stamp, Family family, std::size_t size) {
  constexpr std::size_t kUdpHeader = 8;
  const std::size_t length = IpAddress::any(family).bytes().size();
  const std::size_t from_end = size + kUdpHeader + 2 * length;  // both addresses end the IP header
  core::Departure departure{std::nullopt, stamp.interface_index};
  if (stamp.frame.size() < from_end) return departure;
  const auto octets = stamp.frame.last(from_end).first(length);
  departure.address = family == Family::ipv6 ? IpAddress::v6(octets.first<16>())
                                             : IpAddress::v4(base::ByteReader(octets).read<std::uint32_t>());
  return departure;
}

bool same_namespace(const VpnPlace& a, const VpnPlace& b) {
  const auto named = core::Vpn::Kind::network_namespace;
  return a.vpn.kind != named && b.vpn.kind != named;
}

}  // namespace

NtpSockets::NtpSockets(Loop& loop, Handler& handler, base::LogSink& log)
    : loop_(loop), handler_(handler), log_(log), stamping_(UdpSocket::keep_stamping(Family::ipv4)) {
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
    (*port)->service = true;
    note_listening(key);
  }
  if (!problems_.empty()) retry_later();
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
  FixedPort& port = fixed_.emplace(key, FixedPort{std::move(*socket), false, {}}).first->second;
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
  auto made = UdpSocket::open(where, {IpAddress::any(key.family), key.port, 0}, !ours.empty());
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
  const int error =
      socket->send(transmit.bytes(), transmit.remote, IpAddress::any(transmit.remote.address.family()), 0);
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
  if ((*port)->outstanding.empty()) socket.report_deliveries();
  const int error =
      socket.send(transmit.bytes(), transmit.remote, transmit.local.address, interface_for(transmit));
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
  return port->second.socket.send(transmit.bytes(), transmit.remote, transmit.local.address,
                                  interface_for(transmit));
}

void NtpSockets::answer(const core::Path& request, base::Bytes data) {
  const auto port = fixed_.find({request.vpn, request.remote.address.family(), request.local.port});
  if (port == fixed_.end()) return;
  port->second.socket.send(data, request.remote, request.local.address,
                           interface_for(request.remote, request.interface_index));
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
  std::erase_if(fixed_.at(key).outstanding, [id](const Outstanding& o) { return o.id == id; });
  close_if_unused(key);
}

/// The handler may close any socket, so each of these calls it last, and nothing is kept across a call.
void NtpSockets::on_request_socket(TransmitId id, short revents) {
  if ((revents & (POLLERR | POLLPRI)) != 0) read_report(id, requests_.at(id));
  const auto request = requests_.find(id);
  if (request == requests_.end() || (revents & POLLIN) == 0) return;
  deliver(request->second.socket, request->second.vpn, false, id);
}

void NtpSockets::read_report(TransmitId id, const RequestSocket& request) {
  std::array<std::uint8_t, kMaxDatagram> frame;
  const auto report = request.socket.receive_report(frame);
  if (!report) {
    // An error without an entry in the queue: while it is pending, poll() would not wait.
    if (const int error = request.socket.take_error(); error != 0)
      handler_.on_send_error(id, send_error_of(error), error);
  } else if (const auto* stamp = std::get_if<TransmitStamp>(&*report)) {
    handler_.on_transmitted(id, stamp->kernel_ns,
                            departure_of(*stamp, request.remote.address.family(), request.size));
  } else {
    const int error = std::get<DeliveryFailure>(*report).error_number;
    handler_.on_send_error(id, send_error_of(error), error);
  }
}

void NtpSockets::on_fixed_port(const PortKey& key, short revents) {
  if ((revents & (POLLERR | POLLPRI)) != 0) read_report(fixed_.at(key));
  const auto port = fixed_.find(key);
  if (port == fixed_.end() || (revents & POLLIN) == 0) return;
  deliver(port->second.socket, key.vpn, port->second.service, std::nullopt);
}

/// Several requests share the socket: a stamp belongs to the one whose octets came back with it, a failure to
/// the last one to that remote.
void NtpSockets::read_report(FixedPort& port) {
  std::array<std::uint8_t, kMaxDatagram> frame;
  const auto report = port.socket.receive_report(frame);
  if (!report) {
    port.socket.take_error();
  } else if (const auto* stamp = std::get_if<TransmitStamp>(&*report)) {
    const auto sent = std::ranges::find_if(port.outstanding, [stamp](const Outstanding& o) {
      const base::Bytes packet(o.data.data(), o.size);
      return stamp->frame.size() >= o.size && std::ranges::equal(stamp->frame.last(o.size), packet);
    });
    if (sent != port.outstanding.end())
      handler_.on_transmitted(sent->id, stamp->kernel_ns,
                              departure_of(*stamp, sent->remote.address.family(), sent->size));
  } else {
    const auto& failure = std::get<DeliveryFailure>(*report);
    const auto sent = std::find_if(port.outstanding.rbegin(), port.outstanding.rend(),
                                   [&](const Outstanding& o) { return o.remote == failure.remote; });
    if (sent != port.outstanding.rend())
      handler_.on_send_error(sent->id, send_error_of(failure.error_number), failure.error_number);
  }
}

void NtpSockets::deliver(const UdpSocket& socket, VpnId vpn, bool service,
                         std::optional<TransmitId> request) {
  const auto datagram = socket.receive(buffer_);
  if (!datagram) return;
  Arrival arrival{datagram->data, {}, datagram->kernel_ns, service, request};
  const std::uint32_t scope = datagram->local.is_link_local() ? datagram->interface_index : 0;
  arrival.path = {{datagram->local, socket.port(), scope}, datagram->remote, vpn, datagram->interface_index};
  handler_.on_datagram(arrival);
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
