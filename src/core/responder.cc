#include "core/responder.h"

#include "base/check.h"
#include "core/source_address.h"

namespace noonmark::core {
namespace {

constexpr std::uint16_t kNtpPort = 123;
constexpr std::size_t kTransmitAt = 40;  // octets in front of the transmit timestamp

wire::Header reply_header(const wire::Header& request, const ServerView& view, Timestamp received) {
  wire::Header reply;
  describe_system(view, received, received, reply);
  reply.version = request.version;
  reply.mode = wire::Mode::server;
  reply.poll = request.poll;
  reply.origin = request.transmit;
  reply.receive = received;
  return reply;
}

DropReason drop_reason_of(wire::DecodeError error) {
  switch (error) {
    case wire::DecodeError::too_short: return DropReason::too_short;
    case wire::DecodeError::bad_length: return DropReason::bad_length;
    case wire::DecodeError::bad_version: return DropReason::bad_version;
    case wire::DecodeError::bad_extension: return DropReason::bad_extension;
  }
  return DropReason::bad_length;
}

bool is_group(const IpAddress& address, VpnId vpn, const NetworkView& network) {
  return address.is_multicast() || (address.is_v4() && address.v4_value() == 0xFFFFFFFF) ||
         is_directed_broadcast(network, vpn, address);
}

}  // namespace

Responder::Responder() : policy_(make_policy({}, {})) {}

void Responder::use(std::shared_ptr<const ServerPolicy> policy) {
  if (policy->config.keys != policy_->config.keys) {
    auto keys = KeyTable::create(policy->config.keys);
    CHECK(keys);
    keys_ = std::move(*keys);
  }
  policy_ = std::move(policy);
  interface_counters_.forget_missing(policy_->network);
}

bool Responder::is_request(base::Bytes datagram, std::uint16_t remote_port) {
  if (datagram.empty()) return false;
  const auto mode = wire::mode_of(datagram);
  return mode == wire::Mode::client ||
         (mode == wire::Mode::reserved && wire::version_of(datagram) == 1 && remote_port != kNtpPort);
}

template <class Add>
void Responder::count(const Path& path, Add add) {
  const Family family = path.remote.address.family();
  add(statistics_[static_cast<std::size_t>(family)]);
  if (auto* of = interface_counters_.find_or_add(policy_->network, path.vpn, path.interface_index, family))
    add(*of);
}

ReplyPlan Responder::drop(const ServiceRequest& request, DropReason reason, std::uint32_t key_id) {
  const DropRecord record{request.received, reason, request.path.remote, request.path.vpn, key_id};
  count(request.path, [&](PacketStatistics& s) { s.add_drop(record); });
  return {};
}

std::optional<DropReason> Responder::refuse(const ServiceRequest& request) const {
  if (const auto refusal = policy_->refuses(request.path)) return refusal;
  const Family family = request.path.remote.address.family();
  if (!policy_->family(family).serves) return DropReason::server_disabled;
  const auto* place = policy_->find_place(family, request.path.vpn);
  if (place == nullptr || !(place->any_address || place->addresses.contains(request.path.local.address)))
    return DropReason::not_listening;
  return std::nullopt;
}

ReplyPlan Responder::examine(const ServiceRequest& request) {
  count(request.path, [](PacketStatistics& s) { ++s.received; });
  const base::Bytes datagram = request.buffer.first(request.size);
  const auto packet = wire::decode(datagram, &KeyTable::is_mac_of_key, &keys_);
  if (!packet) return drop(request, drop_reason_of(packet.error()));
  if (const auto refusal = refuse(request)) return drop(request, *refusal);

  ReplyPlan plan{.source = request.path.local.address};
  const auto& demanded = policy_->find_place(plan.source.family(), request.path.vpn)->reply_source;
  if (demanded && !plan.source.is_link_local()) {
    const auto* address = std::get_if<IpAddress>(&*demanded);
    if (address == nullptr) return drop(request, DropReason::source_unavailable);
    // Else one request in a victim's name would make every server of a link answer. From the group itself no
    // kernel sends.
    if (is_group(request.path.local.address, request.path.vpn, policy_->network))
      return drop(request, DropReason::not_listening);
    plan.source = *address;
  }
  plan.size = wire::kHeaderSize;
  if (packet->mac) {
    const auto key_id = packet->mac->key_id;
    plan.key = keys_.find(key_id);
    if (plan.key == nullptr) return drop(request, DropReason::unknown_key, key_id);
    if (authenticate(*plan.key, datagram, *packet) != Authenticity::verified)
      return drop(request, DropReason::authentication, key_id);
    plan.mac_length = packet->mac->digest.size();
    plan.size += wire::kKeyIdSize + plan.mac_length;
  }
  wire::encode(reply_header(packet->header, view_, request.received),
               request.buffer.first<wire::kHeaderSize>());
  count(request.path, [](PacketStatistics& s) {
    ++s.processed;
    ++s.sent;
  });
  return plan;
}

std::size_t Responder::complete(const ServiceRequest& request, const ReplyPlan& plan, Timestamp now) {
  base::ByteWriter writer(request.buffer.subspan(kTransmitAt));
  writer.write(now.raw());
  if (plan.key != nullptr) plan.key->sign(request.buffer, wire::kHeaderSize, plan.mac_length);
  return plan.size;
}

void Responder::on_transmitted(const Path&, Timestamp, Timestamp) {}

}  // namespace noonmark::core
