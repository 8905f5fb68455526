#pragma once

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "core/responder.h"

namespace noonmark::core::testing {

inline const Timestamp kStart = Timestamp::from_unix(1'795'000'000, 0);
constexpr Duration seconds(double s) { return Duration::from_seconds(s); }
inline constexpr Duration kTurnaround = Duration::from_nanoseconds(20'000);  // from receive to transmit

inline ServerView synchronized_view() {
  return {.leap = wire::Leap::none,
          .stratum = 3,
          .precision = -24,
          .reference_id = 0xC0000201,
          .reference = kStart - seconds(10),
          .local_clock = false,
          .root_delay = 0.004,
          .root_dispersion = 0.002,
          .dispersion_rate = 15e-6,
          .at = kStart - seconds(10)};
}

inline const std::vector<KeyConfig> kKeys{{.id = 5,
                                           .algorithm = crypto::MacAlgorithm::hmac_sha256,
                                           .secret = crypto::Secret(std::string_view("five")),
                                           .mac_length = 0,
                                           .reliable = false},
                                          {.id = 6,
                                           .algorithm = crypto::MacAlgorithm::aes_128_cmac,
                                           .secret = crypto::Secret(std::string_view("0123456789abcdef")),
                                           .mac_length = 0,
                                           .reliable = false}};

inline const Timestamp kTransmit = Timestamp::from_raw(0x0123456789ABCDEF);  // of requests

inline wire::Header request_header(std::uint8_t version, wire::Mode mode = wire::Mode::client) {
  wire::Header header;
  header.leap = wire::Leap::none;
  header.version = version;
  header.mode = mode;
  header.poll = 7;
  header.transmit = kTransmit;
  return header;
}

using Octets = std::vector<std::uint8_t>;

inline Octets octets(const wire::Header& header) {
  Octets out(wire::kHeaderSize);
  wire::encode(header, std::span(out).first<wire::kHeaderSize>());
  return out;
}
inline Octets request(std::uint8_t version, wire::Mode mode = wire::Mode::client) {
  return octets(request_header(version, mode));
}

inline AclRule rule(bool permit, const char* source, const char* mask) {
  return {.id = 5,
          .permit = permit,
          .source = *IpAddress::parse(source),
          .mask = *IpAddress::parse(mask),
          .vpn = {}};
}

/// A server on eth0, 192.0.2.1/24 and 2001:db8::1/64, with the keys kKeys.
struct ResponderTest : ::testing::Test {
  ResponderTest() {
    config.keys = kKeys;
    for (auto& family : config.families) family.serving = Serving::always;
    network.vpns.push_back({});
    network.vpns.push_back({.id = VpnId{1}, .name = "RED", .kind = Vpn::Kind::vrf});
    network.interfaces.push_back(
        {.index = 2,
         .name = "eth0",
         .up = true,
         .broadcast = true,
         .addresses = {{.address = *IpAddress::parse("192.0.2.1"), .prefix_length = 24},
                       {.address = *IpAddress::parse("2001:db8::1"), .prefix_length = 64}}});
    responder.publish(synchronized_view());
    commit();
  }

  void commit() { responder.use(make_policy(config, network)); }
  void permit(AccessLevel level, std::vector<AclRule> rules) {
    config.access.lists[static_cast<std::size_t>(level)][0] = AccessList{"2000", std::move(rules)};
  }
  void limit_everyone() {
    permit(AccessLevel::limited, {rule(true, "0.0.0.0", "0.0.0.0")});
    commit();
  }

  static Path path_from(const std::string& client, const std::string& server = "192.0.2.1") {
    return {.local = {.address = *IpAddress::parse(server), .port = 123},
            .remote = {.address = *IpAddress::parse(client), .port = 4711},
            .vpn = VpnId::public_instance,
            .interface_index = 2};
  }

  struct Answer {
    std::optional<DropReason> drop;  // newest, if there was one
    Octets data;                     // empty: none
    ReplyPlan plan;
    wire::Header header{};
    bool is_kiss(std::uint32_t code) const {
      return !data.empty() && header.stratum == 0 && header.leap == wire::Leap::unknown &&
             header.reference_id == code;
    }
  };
  Answer ask(const Octets& datagram, const Path& path, Timestamp received) {
    Octets buffer = datagram;
    buffer.resize(kMaxDatagram);
    const Octets before = buffer;
    const auto dropped = drops();
    const ServiceRequest request{
        .buffer = buffer, .size = datagram.size(), .path = path, .received = received};
    Answer answer{.drop = {}, .data = {}, .plan = responder.examine(request)};
    if (drops() != dropped)
      answer.drop = responder.statistics(path.remote.address.family()).last_drops.back().reason;
    EXPECT_EQ(answer.plan.size == 0, buffer == before) << "written to exactly if there is a reply";
    if (answer.plan.size == 0) return answer;
    EXPECT_LE(answer.plan.size, datagram.size());
    const auto size = responder.complete(request, answer.plan, received + kTurnaround);
    EXPECT_EQ(size, answer.plan.size);
    answer.data.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    answer.header = wire::decode(answer.data, &KeyTable::is_mac_of_key, &keys)->header;
    EXPECT_NE(answer.header.receive, answer.header.transmit) << "RFC 9769 section 2";
    return answer;
  }
  Answer ask(const Octets& datagram, Timestamp received = kStart) {
    return ask(datagram, path_from("192.0.2.9"), received);
  }
  Answer ask(const wire::Header& header, Timestamp received) { return ask(octets(header), received); }

  Octets sign(Octets datagram, std::uint32_t key_id, std::size_t length) {
    datagram.resize(wire::kHeaderSize + wire::kKeyIdSize + length);
    keys.find(key_id)->sign(datagram, wire::kHeaderSize, length);
    return datagram;
  }
  bool is_signed_by(const Answer& answer, std::uint32_t key_id) {
    const auto packet = wire::decode(answer.data, &KeyTable::is_mac_of_key, &keys);
    return authenticate(*keys.find(key_id), answer.data, *packet) == Authenticity::verified;
  }
  std::uint64_t drops() const {
    return responder.statistics(Family::ipv4).dropped() + responder.statistics(Family::ipv6).dropped();
  }
  std::uint64_t drops(DropReason reason) const {
    return responder.client_totals().drops[static_cast<std::size_t>(reason)];
  }

  NtpConfig config;
  NetworkView network;
  base::SeededRandom random{1};
  Responder responder{random};
  KeyTable keys = *KeyTable::create(kKeys);
};

}  // namespace noonmark::core::testing
