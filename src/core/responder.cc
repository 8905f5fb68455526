#include "core/responder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "core/access.h"
#include "core/octets.h"

namespace noonmark::core {
namespace {

constexpr std::uint16_t kNtpPort = 123;
constexpr std::uint64_t kOneInSoManyLeaks = 4;
constexpr std::uint32_t kDeny = 0x44454E59;  // "DENY", "RATE": RFC 5905 figure 13
constexpr std::uint32_t kRate = 0x52415445;

// Where fields of a header begin, RFC 5905 figure 8.
constexpr std::size_t kStratumAt = 1;
constexpr std::size_t kPollAt = 2;
constexpr std::size_t kRootDispersionAt = 8;
constexpr std::size_t kReferenceAt = 16;
constexpr std::size_t kOriginAt = 24;
constexpr std::size_t kReceiveAt = 32;
constexpr std::size_t kTransmitAt = 40;

Timestamp read_timestamp(base::Bytes packet, std::size_t at) {
  return Timestamp::from_raw(in_network_order(load<std::uint64_t>(packet.data() + at)));
}

/// The next moment that a timestamp can tell: zero tells none.
Timestamp next(Timestamp t) {
  const Timestamp later = t + Duration::from_raw(1);
  return later.is_zero() ? Timestamp::from_raw(1) : later;
}

std::uint8_t first_octet(wire::Leap leap, std::uint8_t version, wire::Mode mode) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(leap) << 6 | unsigned{version} << 3 |
                                   static_cast<unsigned>(mode));
}

}  // namespace

/// A well-formed request, and what is known of it by now.
struct Responder::Question {
  const ServiceRequest& request;
  const Arrival& arrival;
  ClientRecord* client = nullptr;
  Key* key = nullptr;  // that verified its MAC
  std::optional<wire::MacField> mac{};
  std::uint8_t version = 0;
  wire::Mode mode{};
  std::uint8_t stratum = 0;
  std::uint8_t poll = 0;
  Timestamp origin{};
  Timestamp receive{};
  Timestamp transmit{};

  wire::Mode reply_mode() const {
    return mode == wire::Mode::symmetric_active ? wire::Mode::symmetric_passive : wire::Mode::server;
  }
};

Responder::Responder(base::Random& random)
    : policy_(make_policy({}, {})),
      access_(policy_->config.access),
      limiter_(policy_->config.rate_limits),
      clients_(random),
      leak_hash_(random) {
  make_template();
}

// --- what it works by

void Responder::use(std::shared_ptr<const ServerPolicy> policy) {
  const auto before = std::exchange(policy_, std::move(policy));
  const auto& config = policy_->config;
  if (config.keys != before->config.keys) {
    auto keys = KeyTable::create(config.keys);
    CHECK(keys);
    keys_ = std::move(*keys);
    make_key_counters();
  }
  if (config.access != before->config.access) {
    access_ = AccessTable(config.access);
    forget_decisions();
  }
  limiter_ = RateLimiter(config.rate_limits);
  const bool serves = policy_->family(Family::ipv4).serves || policy_->family(Family::ipv6).serves;
  clients_.resize(serves ? config.max_clients : 0);
  interface_counters_.forget_missing(policy_->network);
  arrivals_.fill({});
}

void Responder::forget_decisions() {
  if (++decision_ != 0) return;
  clients_.for_each([](ClientRecord& client) { client.decision = 0; });
  decision_ = 1;
}

void Responder::make_key_counters() {
  const auto before = std::exchange(totals_.by_key, {});
  for (const auto& key : policy_->config.keys) {
    const auto known = std::ranges::find(before, key.id, &ClientTotals::OfKey::key_id);
    totals_.by_key.push_back(known != before.end() ? *known : ClientTotals::OfKey{.key_id = key.id});
  }
  std::ranges::sort(totals_.by_key, {}, &ClientTotals::OfKey::key_id);
}

void Responder::publish(const ServerView& view) {
  if (view == view_) return;
  view_ = view;
  make_template();
}

void Responder::make_template() {
  wire::Header header;
  describe_system(view_, view_.at, view_.at, header);
  wire::encode(header, template_);
}

// --- where a request came in

Responder::Arrival& Responder::arrival_of(const Path& path) {
  const auto place =
      path.local.address.bytes().back() ^ path.interface_index ^ (static_cast<std::uint32_t>(path.vpn) << 2);
  Arrival& arrival = arrivals_[place % kArrivals];
  const bool is_cached = arrival.known && arrival.interface_index == path.interface_index &&
                         arrival.vpn == path.vpn && arrival.family == path.remote.address.family() &&
                         is_same(arrival.local, path.local.address);
  if (!is_cached) resolve(path, arrival);
  return arrival;
}

void Responder::resolve(const Path& path, Arrival& arrival) {
  const Family family = path.remote.address.family();
  arrival = {.local = path.local.address,
             .vpn = path.vpn,
             .interface_index = path.interface_index,
             .family = family,
             .known = true,
             .refusal = {},
             .source = path.local.address,
             .of_family = &statistics_[static_cast<std::size_t>(family)],
             .of_interface =
                 interface_counters_.find_or_add(policy_->network, path.vpn, path.interface_index, family)};
  arrival.refusal = refuse(path, arrival);
}

/// Finds out where replies leave from, unless it gives a reason why there are none.
std::optional<DropReason> Responder::refuse(const Path& path, Arrival& arrival) const {
  const Family family = arrival.family;
  if (const auto refusal = policy_->refuses(path)) return refusal;
  if (!policy_->family(family).serves) return DropReason::server_disabled;
  const auto* place = policy_->find_place(family, path.vpn);
  if (place == nullptr) return DropReason::not_listening;
  if (arrival.local.is_multicast()) {
    if (!policy_->is_manycast_server(path)) return DropReason::not_listening;
    arrival.manycast = true;
    arrival.source = IpAddress::any(family);
  } else if (!policy_->listens(*place, path)) {
    return DropReason::not_listening;
  }
  if (!place->reply_source || arrival.local.is_link_local()) return std::nullopt;
  const auto* demanded = std::get_if<IpAddress>(&*place->reply_source);
  if (demanded == nullptr) return DropReason::source_unavailable;
  arrival.source = *demanded;
  return std::nullopt;
}

// --- taking it apart

bool Responder::is_request(base::Bytes datagram, std::uint16_t remote_port) {
  if (datagram.empty()) return false;
  const auto mode = wire::mode_of(datagram);
  return mode == wire::Mode::client ||
         (mode == wire::Mode::reserved && wire::version_of(datagram) == 1 && remote_port != kNtpPort);
}

/// Most requests are a header alone: only others are taken apart by rules.
std::optional<DropReason> Responder::read(const ServiceRequest& request, Question& question) {
  const base::Bytes datagram = request.buffer.first(request.size);
  if (datagram.size() < wire::kHeaderSize) return DropReason::too_short;
  question.version = wire::version_of(datagram);
  if (question.version < 1 || question.version > 4) return DropReason::bad_version;
  question.mode = wire::mode_of(datagram);
  if (question.mode != wire::Mode::symmetric_active && !is_request(datagram, request.path.remote.port))
    return DropReason::bad_mode;
  question.stratum = datagram[kStratumAt];
  question.poll = datagram[kPollAt];
  question.origin = read_timestamp(datagram, kOriginAt);
  question.receive = read_timestamp(datagram, kReceiveAt);
  question.transmit = read_timestamp(datagram, kTransmitAt);
  if (datagram.size() == wire::kHeaderSize) return std::nullopt;
  const auto packet = wire::decode(datagram, &KeyTable::is_mac_of_key, &keys_);
  if (!packet) return drop_reason_of(packet.error());
  question.mac = packet->mac;
  return std::nullopt;
}

/// Sets the key of a request that has a MAC; must be asked before the buffer is written to.
std::optional<DropReason> Responder::authenticate(Question& question) {
  if (!question.mac) return std::nullopt;
  Key* key = keys_.find(question.mac->key_id);
  if (key == nullptr) return DropReason::unknown_key;
  if (!key->verify(question.version, question.request.buffer.first(question.mac->covered),
                   question.mac->digest))
    return DropReason::authentication;
  question.key = key;
  question.client->key_id = key->id();
  ++std::ranges::lower_bound(totals_.by_key, key->id(), {}, &ClientTotals::OfKey::key_id)->requests;
  return std::nullopt;
}

// --- deciding

void Responder::prefetch(std::span<const ServiceRequest> batch) const {
  constexpr std::size_t kAtOnce = 64;
  constexpr std::size_t kFitInCache = 1024;  // records
  if (clients_.size() < kFitInCache) return;
  std::array<std::uint64_t, kAtOnce> hashes;
  for (; !batch.empty(); batch = batch.subspan(std::min(batch.size(), kAtOnce))) {
    const auto part = batch.first(std::min(batch.size(), kAtOnce));
    for (std::size_t i = 0; i < part.size(); ++i) {
      hashes[i] = clients_.hash_of(part[i].path.remote.address, part[i].path.vpn);
      clients_.prefetch_set(hashes[i]);
    }
    for (std::size_t i = 0; i < part.size(); ++i) clients_.prefetch_record(hashes[i]);
  }
}

ReplyPlan Responder::examine(const ServiceRequest& request) {
  const Arrival& arrival = arrival_of(request.path);
  last_received_ = request.received;
  ++arrival.of_family->received;
  if (arrival.of_interface != nullptr) ++arrival.of_interface->received;
  if (arrival.refusal) return drop(arrival, request, *arrival.refusal);
  Question question{.request = request, .arrival = arrival};
  if (const auto fault = read(request, question)) return drop(arrival, request, *fault);
  // Manycast, RFC 5905 section 3.1: whoever cannot tell more than the asker knows is silent.
  if (arrival.manycast &&
      (!view_.is_synchronized() || (question.stratum != 0 && view_.stratum >= question.stratum)))
    return drop(arrival, request, DropReason::unsynchronized);

  ClientRecord& client = clients_.find_or_add(request.path.remote.address, request.path.vpn);
  client.see(request.received);
  client.version = question.version;
  ++totals_.by_version[question.version];
  question.client = &client;
  return examine_client(question);
}

ReplyPlan Responder::examine_client(Question& question) {
  const auto level = access_of(*question.client);
  if (!level || !may_ask_time(*level)) return deny(question);
  if (const auto fault = authenticate(question)) return drop(question, *fault, question.mac->key_id);
  return *level == AccessLevel::limited ? limit(question) : answer(question);
}

std::optional<AccessLevel> Responder::decide(const ClientRecord& client) const {
  const Vpn* vpn = policy_->network.find_vpn(client.vpn);
  return access_.level_of(client.address, vpn != nullptr ? vpn->name : std::string_view{});
}

/// A long list costs once for each client.
std::optional<AccessLevel> Responder::access_of(ClientRecord& client) const {
  if (access_.is_open()) return AccessLevel::peer;
  if (client.decision != decision_) {
    const auto level = decide(client);
    client.access = level ? static_cast<std::uint8_t>(*level) : ClientRecord::kDenied;
    client.decision = decision_;
  }
  if (client.access == ClientRecord::kDenied) return std::nullopt;
  return static_cast<AccessLevel>(client.access);
}

/// RFC 5905 section 8, test 4; with kiss codes, section 7.4. The MAC is looked at only for a kiss.
ReplyPlan Responder::deny(Question& question) {
  if (may_kiss(question) && !authenticate(question)) return kiss(question, DropReason::access_denied, kDeny);
  return drop(question, DropReason::access_denied);
}

/// RATE tells a client that asks too often by its own doing (RFC 8633 section 5.4); a part of all the others
/// is answered, so that who sends in a client's name does not silence it.
ReplyPlan Responder::limit(Question& question) {
  ClientRecord& client = *question.client;
  const bool proven = client.proves_to_hear_us(question.origin);
  if (limiter_.allows(client, question.request.received, proven)) {
    limiter_.charge(client, proven);
    return answer(question);
  }
  if (proven && may_kiss(question)) return kiss(question, DropReason::rate_limited, kRate);
  return leaks() ? answer(question) : drop(question, DropReason::rate_limited);
}

/// Versions before 4 know no kiss codes; to a group nobody is told.
bool Responder::may_kiss(const Question& question) const {
  return policy_->config.kod_enabled && question.version == 4 && !question.arrival.manycast &&
         limiter_.may_kiss(*question.client, question.request.received);
}

bool Responder::leaks() { return leak_hash_.of(++leaks_) % kOneInSoManyLeaks == 0; }

// --- replying

ReplyPlan Responder::plan_of(const Question& question) const {
  ReplyPlan plan{.size = wire::kHeaderSize,
                 .key = question.key,
                 .source = question.arrival.source,
                 .transmit = {},
                 .client = clients_.slot_of(*question.client)};
  if (question.key == nullptr) return plan;
  plan.mac_length = question.mac->digest.size();
  plan.size += wire::kKeyIdSize + plan.mac_length;
  return plan;
}

/// RFC 9769 section 2: the reply is interleaved if the request repeats the receive timestamp of our last
/// reply, and the kernel told when that left. Each receive timestamp is good for one reply: the next one
/// takes its place.
ReplyPlan Responder::answer(Question& question) {
  ClientRecord& client = *question.client;
  ReplyPlan plan = plan_of(question);
  const Timestamp receive = receive_timestamp(client, question.request.received);
  const bool asks = policy_->config.interleaved && client.was_answered() &&
                    question.origin == client.receive && question.receive != question.transmit;
  if (asks)
    client.interleaves = true;
  else if (question.origin.is_zero() || (client.has_transmit() && question.origin == client.transmit()))
    client.interleaves = false;
  const bool interleaved = asks && client.stamped && client.transmit() != receive;
  if (interleaved) plan.transmit = client.transmit();
  plan.wants_stamp = policy_->config.interleaved && client.interleaves;
  client.receive = receive;
  client.transmit_after = 0;
  client.stamped = false;
  write_reply(question, interleaved ? question.receive : question.transmit, receive);
  for (auto* counters : {question.arrival.of_family, question.arrival.of_interface}) {
    if (counters == nullptr) continue;
    ++counters->processed;
    ++counters->sent;
  }
  return plan;
}

/// When a request came, changed by the least amount where that equals a timestamp of the client's last reply:
/// RFC 9769 section 2 wants them unique.
Timestamp Responder::receive_timestamp(const ClientRecord& client, Timestamp received) const {
  Timestamp receive = received.is_zero() ? next(received) : received;
  while (client.was_answered() &&
         (receive == client.receive || (client.has_transmit() && receive == client.transmit())))
    receive = next(receive);
  return receive;
}

void Responder::write_reply(const Question& question, Timestamp origin, Timestamp receive) {
  const auto out = question.request.buffer;
  std::memcpy(out.data(), template_.data(), kOriginAt);
  out[0] = first_octet(view_.leap, question.version, question.reply_mode());
  out[kPollAt] = question.poll;
  if (view_.is_synchronized()) {
    const Timestamp received = question.request.received;
    store_network_order(out.data() + kRootDispersionAt,
                        ShortDuration::from_seconds(view_.dispersion_at(received)).raw());
    if (view_.local_clock) store_network_order(out.data() + kReferenceAt, received.raw());
  }
  store_network_order(out.data() + kOriginAt, origin.raw());
  store_network_order(out.data() + kReceiveAt, receive.raw());
}

/// RFC 5905 section 7.4. Its receive and transmit timestamps tell no time: they repeat the request's, neither
/// zero nor equal, so that no test of a client comes before the one of its origin.
ReplyPlan Responder::kiss(Question& question, DropReason reason, std::uint32_t code) {
  limiter_.note_kiss(*question.client, question.request.received);
  drop(question, reason);
  ReplyPlan plan = plan_of(question);
  plan.transmit = next(question.transmit);
  wire::Header header{.leap = wire::Leap::unknown,
                      .version = question.version,
                      .mode = question.reply_mode(),
                      .stratum = 0,
                      .poll = static_cast<std::int8_t>(question.poll),
                      .precision = view_.precision,
                      .root_delay = {},
                      .root_dispersion = {},
                      .reference_id = code,
                      .reference = {},
                      .origin = question.transmit,
                      .receive = question.transmit,
                      .transmit = plan.transmit};
  if (code == kRate) header.poll = std::max(header.poll, policy_->config.rate_limits.avg_interval);
  wire::encode(header, question.request.buffer.first<wire::kHeaderSize>());
  ++totals_.kisses;
  ++question.arrival.of_family->sent;
  if (question.arrival.of_interface != nullptr) ++question.arrival.of_interface->sent;
  return plan;
}

std::size_t Responder::complete(const ServiceRequest& request, const ReplyPlan& plan, Timestamp now) {
  Timestamp transmit = plan.transmit;
  if (transmit.is_zero()) {
    const Timestamp receive = read_timestamp(request.buffer, kReceiveAt);
    transmit = now == receive || now.is_zero() ? next(now) : now;
    // The record may be another client's by now, or another reply's.
    if (auto& client = clients_.at(plan.client); client.receive == receive)
      client.set_transmit(transmit, false);
  }
  store_network_order(request.buffer.data() + kTransmitAt, transmit.raw());
  if (plan.key != nullptr) plan.key->sign(request.buffer, wire::kHeaderSize, plan.mac_length);
  return plan.size;
}

void Responder::drop_late(const ServiceRequest& request) {
  const Arrival& arrival = arrival_of(request.path);
  for (auto* counters : {arrival.of_family, arrival.of_interface})
    if (counters != nullptr) ++counters->received;
  drop(arrival, request, DropReason::too_late);
}

void Responder::on_transmitted(const Path& path, Timestamp receive, Timestamp when) {
  auto* client = clients_.find(path.remote.address, path.vpn);
  if (client != nullptr && client->was_answered() && client->receive == receive)
    client->set_transmit(when, true);
}

// --- counting

ReplyPlan Responder::drop(const Arrival& arrival, const ServiceRequest& request, DropReason reason,
                          std::uint32_t key_id) {
  const DropRecord record{request.received, reason, request.path.remote, request.path.vpn, key_id};
  arrival.of_family->add_drop(record);
  if (arrival.of_interface != nullptr) arrival.of_interface->add_drop(record);
  ++totals_.drops[static_cast<std::size_t>(reason)];
  return {};
}

ReplyPlan Responder::drop(const Question& question, DropReason reason, std::uint32_t key_id) {
  ++question.client->drops;
  question.client->last_drop = reason;
  return drop(question.arrival, question.request, reason, key_id);
}

std::vector<ClientSummary> Responder::clients(const ClientQuery& query) const {
  const auto order_of = [&](const ClientRecord* client) {
    return query.order_of(client->requests, client->average_interval(), client->vpn, client->address);
  };
  std::vector<const ClientRecord*> found;  // a heap, the last one of the order in front
  clients_.for_each([&](const ClientRecord& client) {
    if (query.too_often &&
        !asks_too_often(client.requests, client.average_interval(), policy_->config.rate_limits))
      return;
    if (found.size() == query.count) {
      if (found.empty() || order_of(&client) >= order_of(found.front())) return;
      std::ranges::pop_heap(found, {}, order_of);
      found.pop_back();
    }
    found.push_back(&client);
    std::ranges::push_heap(found, {}, order_of);
  });
  std::ranges::sort_heap(found, {}, order_of);
  std::vector<ClientSummary> summaries;
  for (const auto* client : found) summaries.push_back(summary_of(*client));
  return summaries;
}

std::optional<ClientSummary> Responder::find_client(const IpAddress& address, VpnId vpn) const {
  const auto* client = clients_.find(address, vpn);
  return client != nullptr ? std::optional(summary_of(*client)) : std::nullopt;
}

ClientSummary Responder::summary_of(const ClientRecord& client) const {
  ClientSummary summary{.address = client.address,
                        .vpn = client.vpn,
                        .requests = client.requests,
                        .drops = client.drops,
                        .last_drop = {},
                        .last_seen = client.last_seen_near(last_received_),
                        .average_interval = client.average_interval(),
                        .access = decide(client),
                        .key_id = client.key_id,
                        .version = client.version,
                        .interleaves = client.interleaves};
  if (client.drops != 0) summary.last_drop = client.last_drop;
  return summary;
}

ClientTotals Responder::client_totals() const {
  ClientTotals totals = totals_;
  totals.records = clients_.size();
  totals.capacity = clients_.capacity();
  totals.replaced = clients_.replaced();
  return totals;
}

void Responder::forget_clients() {
  clients_.clear();
  totals_ = {};
  make_key_counters();
}

}  // namespace noonmark::core
