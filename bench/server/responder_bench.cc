// What a reply costs inside the server: CPU time of examine() and complete(), without sockets.
// `responder_bench` prints a line for each case: nanoseconds per reply, best and median of some rounds.

#include <algorithm>
#include <array>
#include <ctime>
#include <fmt/format.h>
#include <functional>
#include <malloc.h>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "core/responder.h"

namespace {

using namespace noonmark;
using namespace noonmark::core;

constexpr std::size_t kBatch = 16;  // as many as the service takes from the kernel at once
constexpr std::size_t kReplies = 400'000;
constexpr std::size_t kMaxRequest = wire::kHeaderSize + wire::kKeyIdSize + crypto::kMaxMacSize;
constexpr int kRounds = 9;
constexpr std::uint32_t kInterface = 2;
const Timestamp kStart = Timestamp::from_unix(1'795'000'000, 0);

double cpu_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Case {
  std::string name;
  std::uint32_t clients = 1;
  std::uint32_t key_id = 0;
  Family family = Family::ipv4;
  std::size_t rules = 0;  // of an access list that grants `limited`; the last of them permits everyone
};

KeyConfig key(std::uint32_t id, crypto::MacAlgorithm algorithm, std::string_view secret) {
  return {
      .id = id, .algorithm = algorithm, .secret = crypto::Secret(secret), .mac_length = 0, .reliable = true};
}

const std::vector<KeyConfig>& keys() {
  static const std::vector<KeyConfig> all{
      key(1, crypto::MacAlgorithm::md5, "0123456789abcdef"),
      key(2, crypto::MacAlgorithm::hmac_sha256, "0123456789abcdef"),
      key(3, crypto::MacAlgorithm::aes_128_cmac, "0123456789abcdef"),
      key(4, crypto::MacAlgorithm::aes_256_cmac, "0123456789abcdef0123456789abcdef")};
  return all;
}

IpAddress server_address(Family family) {
  return *IpAddress::parse(family == Family::ipv4 ? "10.0.0.1" : "2001:db8::1");
}

IpAddress client_address(Family family, std::uint32_t number) {
  if (family == Family::ipv4) return IpAddress::v4(0x0A100000 + number);
  std::array<std::uint8_t, 16> octets{0x20, 0x01, 0x0D, 0xB8};
  base::ByteWriter(std::span(octets).last<4>()).write(number);
  return IpAddress::v6(octets);
}

AccessList long_list(std::size_t rules) {
  AccessList list{.name = "2000", .rules = {}};
  for (std::size_t i = 0; i + 1 < rules; ++i)
    list.rules.push_back({.id = static_cast<std::uint32_t>(i),
                          .permit = false,
                          .source = IpAddress::v4(0xC0000000 + static_cast<std::uint32_t>(i)),
                          .mask = IpAddress::v4(0xFFFFFFFF),
                          .vpn = {}});
  list.rules.push_back({.id = 9999, .permit = true, .source = {}, .mask = {}, .vpn = {}});
  return list;
}

NetworkView network() {
  NetworkView view;
  view.vpns.push_back({});
  Interface interface{.index = kInterface, .name = "eth0", .up = true, .broadcast = true, .addresses = {}};
  for (const auto family : {Family::ipv4, Family::ipv6})
    interface.addresses.push_back(
        {.address = server_address(family),
         .prefix_length = static_cast<std::uint8_t>(family == Family::ipv4 ? 8 : 64)});
  view.interfaces.push_back(std::move(interface));
  return view;
}

std::shared_ptr<const ServerPolicy> policy(const Case& what) {
  NtpConfig config;
  config.keys = keys();
  config.max_clients = std::max(kDefaultClients, what.clients);
  config.kod_enabled = true;
  for (auto& family : config.families) family.serving = Serving::always;
  if (what.rules != 0)
    config.access.lists[static_cast<std::size_t>(AccessLevel::limited)][0] = long_list(what.rules);
  return make_policy(config, network());
}

ServerView view() {
  return {.leap = wire::Leap::none,
          .stratum = 2,
          .precision = -23,
          .reference_id = 0xC0000201,
          .reference = kStart - Duration::from_milliseconds(5000),
          .local_clock = false,
          .root_delay = 0.001,
          .root_dispersion = 0.0005,
          .dispersion_rate = 15e-6,
          .at = kStart};
}

std::vector<std::uint8_t> request_octets(const Case& what) {
  wire::Header header;
  header.leap = wire::Leap::none;
  header.poll = 6;
  header.transmit = Timestamp::from_raw(0x0123456789ABCDEF);
  std::vector<std::uint8_t> octets(kMaxRequest);
  wire::encode(header, std::span(octets).first<wire::kHeaderSize>());
  std::size_t size = wire::kHeaderSize;
  if (what.key_id != 0) {
    auto table = *KeyTable::create(keys());
    Key& of = *table.find(what.key_id);
    size = of.sign(octets, size, of.sent_length(4));
  }
  octets.resize(size);
  return octets;
}

/// Requests in batches, from clients in turn that each ask every 64 s.
class Load {
 public:
  explicit Load(const Case& what) : octets_(request_octets(what)), clients_(what.clients) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      auto& request = batch_[i];
      request.buffer = buffers_[i];
      request.size = octets_.size();
      request.path = {.local = {.address = server_address(what.family), .port = 123},
                      .remote = {.address = {}, .port = 40000},
                      .vpn = VpnId::public_instance,
                      .interface_index = kInterface};
    }
    for (std::uint32_t i = 0; i < clients_; ++i) addresses_.push_back(client_address(what.family, i));
    base::SeededRandom random(7);
    for (std::size_t i = addresses_.size(); i > 1; --i)
      std::swap(addresses_[i - 1], addresses_[random.next() % i]);
    step_ = Duration::from_seconds(64.0 / clients_);
  }

  std::span<ServiceRequest> next() {
    for (auto& request : batch_) {
      std::copy(octets_.begin(), octets_.end(), request.buffer.begin());
      request.path.remote.address = addresses_[next_];
      if (++next_ == clients_) next_ = 0;
      request.received = now_ = now_ + step_;
    }
    return batch_;
  }
  Timestamp now() const { return now_ + Duration::from_nanoseconds(20'000); }

 private:
  std::vector<std::uint8_t> octets_;
  std::array<std::array<std::uint8_t, kMaxPacket>, kBatch> buffers_{};
  std::array<ServiceRequest, kBatch> batch_;
  std::vector<IpAddress> addresses_;
  std::uint32_t clients_;
  std::uint32_t next_ = 0;
  Timestamp now_ = kStart;
  Duration step_;
};

std::size_t serve(Responder& responder, std::span<ServiceRequest> batch, Timestamp now) {
  std::array<ReplyPlan, kBatch> plans;
  std::size_t replies = 0;
  responder.publish(view());
  responder.prefetch(batch);
  for (std::size_t i = 0; i < batch.size(); ++i) plans[i] = responder.examine(batch[i]);
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (plans[i].size != 0) replies += responder.complete(batch[i], plans[i], now) != 0 ? 1 : 0;
  return replies;
}

struct Cost {
  double best = 0;    // ns
  double median = 0;  // ns
};

Cost cost_of(const std::function<void()>& round, std::size_t packets) {
  std::vector<double> costs;
  for (int i = 0; i < kRounds; ++i) {
    const double start = cpu_nanoseconds();
    round();
    costs.push_back((cpu_nanoseconds() - start) / static_cast<double>(packets));
  }
  std::ranges::sort(costs);
  return {costs.front(), costs[costs.size() / 2]};
}

void measure(const Case& what) {
  base::SeededRandom random(1);
  Responder responder(random);
  responder.use(policy(what));
  Load load(what);
  for (std::uint32_t i = 0; i < 2 * what.clients / kBatch + 1; ++i) {  // every client is known
    const auto batch = load.next();
    serve(responder, batch, load.now());
  }
  const std::size_t batches = kReplies / kBatch;
  const Cost making = cost_of(
      [&] {
        for (std::size_t i = 0; i < batches; ++i) load.next();
      },
      kReplies);
  std::size_t replies = 0;
  const auto heap = mallinfo2().uordblks;
  const Cost all = cost_of(
      [&] {
        for (std::size_t i = 0; i < batches; ++i) {
          const auto batch = load.next();
          replies += serve(responder, batch, load.now());
        }
      },
      kReplies);
  CHECK(mallinfo2().uordblks == heap);
  fmt::print("{:44} {:6.0f} {:6.0f} {:8.1f}\n", what.name, all.best - making.best, all.median - making.median,
             100.0 * static_cast<double>(replies) / static_cast<double>(kReplies * kRounds));
}

const std::vector<Case> kCases{
    {.name = "plain, 1 client"},
    {.name = "plain, 10,000 clients", .clients = 10'000},
    {.name = "plain, 1,000,000 clients", .clients = 1'000'000},
    {.name = "plain, IPv6, 10,000 clients", .clients = 10'000, .family = Family::ipv6},
    {.name = "limited, list of 1,000 rules, 10,000 clients", .clients = 10'000, .rules = 1000},
    {.name = "limited, list of 1,000 rules, 1,000,000 clients", .clients = 1'000'000, .rules = 1000},
    {.name = "md5, 10,000 clients", .clients = 10'000, .key_id = 1},
    {.name = "hmac-sha256, 10,000 clients", .clients = 10'000, .key_id = 2},
    {.name = "aes-128-cmac, 10,000 clients", .clients = 10'000, .key_id = 3},
    {.name = "aes-256-cmac, 10,000 clients", .clients = 10'000, .key_id = 4},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  fmt::print("{:44} {:>6} {:>6} {:>8}\n", "ns of CPU per request", "best", "median", "replies");
  for (const auto& what : kCases)
    if (what.name.find(only) != std::string::npos) measure(what);
}
