#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/responder.h"
#include "io/udp_socket.h"
#include "wire/packet.h"

/// For the tests of this folder only: clients and a policy that serves them.
namespace noonmark::io::testing {

inline std::vector<std::uint8_t> request_with(std::uint64_t transmit) {
  wire::Header header;
  header.leap = wire::Leap::none;
  header.transmit = core::Timestamp::from_raw(transmit);
  std::vector<std::uint8_t> octets(wire::kHeaderSize);
  wire::encode(header, std::span(octets).first<wire::kHeaderSize>());
  return octets;
}

/// A socket of the world outside.
class Client {
 public:
  explicit Client(const base::IpAddress& address) : socket_(*UdpSocket::open({}, {address, 0, 0})) {}

  void send(base::Bytes octets, const base::Endpoint& to, const Departing& departing = {}) {
    socket_.send(octets, to, departing);
  }
  std::optional<Datagram> receive() { return socket_.receive(buffer_); }
  /// The header of the next reply that is there.
  std::optional<wire::Header> receive_header() {
    const auto datagram = receive();
    if (!datagram) return std::nullopt;
    const auto packet = wire::decode(datagram->data, nullptr, nullptr);
    return packet ? std::optional(packet->header) : std::nullopt;
  }
  std::uint16_t port() const { return socket_.port(); }
  int fd() const { return socket_.fd(); }

 private:
  UdpSocket socket_;
  std::array<std::uint8_t, core::kMaxDatagram> buffer_;
};

/// Everything is answered, in the public instance, at all addresses.
inline std::shared_ptr<const core::ServerPolicy> open_policy() {
  core::NtpConfig config;
  core::NetworkView network;
  network.vpns.push_back({});
  for (auto& family : config.families) family.serving = core::Serving::always;
  return core::make_policy(config, network);
}

inline core::ServerView synchronized_view() {
  core::ServerView view;
  view.leap = wire::Leap::none;
  view.stratum = 3;
  return view;
}

}  // namespace noonmark::io::testing
