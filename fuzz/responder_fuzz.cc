// Any sequence of datagrams, senders and moments: no reply is longer than its request, none goes to another
// mode, and what is not answered leaves its buffer alone.
//
// The first octet chooses the configuration. Each datagram follows as three octets (how it is sent: see Way;
// the time since the last one, 1/16 s; its length) and its contents.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/check.h"
#include "core/responder.h"

namespace {

using namespace noonmark;
using namespace noonmark::core;

constexpr std::uint32_t kKeyId = 6;
constexpr std::size_t kSignedSize = wire::kHeaderSize + wire::kKeyIdSize + 16;
constexpr unsigned kConfigurations = 16;
const Timestamp kStart = Timestamp::from_unix(1'795'000'000, 0);

enum Way : unsigned {
  client = 0x03,          // which of four sends it
  to_group = 0x04,        // to a multicast group
  signed_rightly = 0x08,  // where the length allows it
  origin_transmit = 0x10,
  origin_receive = 0x20,  // the origin repeats a timestamp of the last reply
  stamped = 0x40,         // the kernel tells when the reply left
  clock_set_back = 0x80,  // before it
};

KeyTable make_keys(std::span<const KeyConfig> configs) {
  auto table = KeyTable::create(configs);
  CHECK(table);
  return std::move(*table);
}

AclRule rule(bool permit, std::uint32_t source, std::uint32_t mask) {
  return {.id = 1, .permit = permit, .source = IpAddress::v4(source), .mask = IpAddress::v4(mask), .vpn = {}};
}

NtpConfig configuration(unsigned choice) {
  NtpConfig config;
  config.keys = {{.id = kKeyId,
                  .algorithm = crypto::MacAlgorithm::aes_128_cmac,
                  .secret = crypto::Secret(std::string_view("0123456789abcdef")),
                  .mac_length = 0,
                  .reliable = true}};
  config.max_clients = 16;
  for (auto& family : config.families) family.serving = Serving::always;
  config.kod_enabled = (choice & 1) != 0;
  config.interleaved = (choice & 2) != 0;
  config.manycast_servers = {{.interface_name = "eth0", .group = IpAddress::v4(0xE0000101)}};
  const auto list = [&](AccessLevel level) -> auto& {
    return config.access.lists[static_cast<std::size_t>(level)][0];
  };
  if ((choice & 4) != 0) list(AccessLevel::limited) = AccessList{"2000", {rule(true, 0, 0)}};
  if ((choice & 8) != 0) list(AccessLevel::query) = AccessList{"2001", {rule(true, 0xC0000208, 0xFFFFFFFE)}};
  return config;
}

NetworkView network() {
  NetworkView view;
  view.vpns.push_back({});
  view.interfaces.push_back({.index = 2,
                             .name = "eth0",
                             .up = true,
                             .broadcast = true,
                             .addresses = {{.address = IpAddress::v4(0xC0000201), .prefix_length = 24}}});
  return view;
}

class Exchange {
 public:
  explicit Exchange(unsigned choice)
      : config_(configuration(choice % kConfigurations)), keys_(make_keys(config_.keys)) {
    responder_.use(make_policy(config_, network()));
    responder_.publish({.leap = wire::Leap::none,
                        .stratum = 3,
                        .precision = -20,
                        .reference_id = 1,
                        .reference = kStart,
                        .root_delay = 0.001,
                        .root_dispersion = 0.001,
                        .dispersion_rate = 15e-6,
                        .at = kStart});
  }

  void send(unsigned way, unsigned sixteenths, base::Bytes contents) {
    buffer_ = {};
    std::ranges::copy(contents, buffer_.begin());
    if (contents.size() >= wire::kHeaderSize) {
      if ((way & origin_transmit) != 0)
        base::ByteWriter(std::span(buffer_).subspan(24)).write(last_.transmit.raw());
      if ((way & origin_receive) != 0)
        base::ByteWriter(std::span(buffer_).subspan(24)).write(last_.receive.raw());
    }
    if ((way & signed_rightly) != 0 && contents.size() == kSignedSize)
      keys_.find(kKeyId)->sign(buffer_, wire::kHeaderSize, 16);
    const auto passed = Duration::from_milliseconds(sixteenths * 1000 / 16);
    now_ = (way & clock_set_back) != 0 ? now_ - passed * 1000 : now_ + passed;
    const Path path{
        .local = {.address = IpAddress::v4((way & to_group) != 0 ? 0xE0000101 : 0xC0000201), .port = 123},
        .remote = {.address = IpAddress::v4(0xC0000208 + (way & client)), .port = 1024},
        .vpn = VpnId::public_instance,
        .interface_index = 2};
    answer(way, {.buffer = buffer_, .size = contents.size(), .path = path, .received = now_});
  }

 private:
  void answer(unsigned way, const ServiceRequest& request) {
    const auto before = buffer_;
    responder_.prefetch(std::span(&request, 1));
    const auto plan = responder_.examine(request);
    if (plan.size == 0) {
      CHECK(buffer_ == before);
      return;
    }
    CHECK(plan.size <= request.size);
    const auto size = responder_.complete(request, plan, now_);
    CHECK(size == plan.size);
    check(base::Bytes(before).first(request.size), base::Bytes(buffer_).first(size));
    if ((way & stamped) != 0)
      responder_.on_transmitted(request.path, last_.receive, last_.receive + Duration::from_nanoseconds(9));
  }

  void check(base::Bytes request, base::Bytes reply) {
    const auto asked = wire::decode(request, &KeyTable::is_mac_of_key, &keys_);
    const auto told = wire::decode(reply, &KeyTable::is_mac_of_key, &keys_);
    CHECK(asked && told);
    const bool symmetric = asked->header.mode == wire::Mode::symmetric_active;
    CHECK(symmetric || Responder::is_request(request, 1024));
    CHECK(told->header.mode == (symmetric ? wire::Mode::symmetric_passive : wire::Mode::server));
    CHECK(told->header.version == asked->header.version);
    CHECK(told->header.receive != told->header.transmit);
    CHECK(asked->mac.has_value() == told->mac.has_value());
    CHECK(!told->mac || authenticate(*keys_.find(kKeyId), reply, *told) == Authenticity::verified);
    const bool basic = told->header.origin == asked->header.transmit;
    CHECK(basic || (config_.interleaved && told->header.origin == asked->header.receive));
    const bool is_kiss = told->header.stratum == 0;
    CHECK(!is_kiss || (config_.kod_enabled && asked->header.version == 4 && basic));
    if (!is_kiss) last_ = told->header;
  }

  NtpConfig config_;
  KeyTable keys_;
  base::SeededRandom random_{1};
  Responder responder_{random_};
  std::array<std::uint8_t, 512> buffer_{};
  wire::Header last_;
  Timestamp now_ = kStart;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Exchange exchange(data[0]);
  base::ByteReader in(base::Bytes(data, size).subspan(1));
  while (in.remaining() >= 3) {
    const auto way = in.read<std::uint8_t>();
    const auto sixteenths = in.read<std::uint8_t>();
    const std::size_t length = in.read<std::uint8_t>();
    exchange.send(way, sixteenths, in.read_bytes(std::min(length, in.remaining())));
  }
  return 0;
}
