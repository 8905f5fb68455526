#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/net_address.h"
#include "crypto/mac.h"

namespace noonmark::core {

using base::Family;
using base::IpAddress;

/// The protocol engine's configuration: what is left of the operator's lines once keys are deciphered. Names
/// of interfaces and VPN instances stay names; they are looked up in the NetworkView each time it changes.

struct KeyConfig {
  std::uint32_t id = 0;  // 1..4294967295
  crypto::MacAlgorithm algorithm = crypto::MacAlgorithm::hmac_sha256;
  crypto::Secret secret;
  std::uint8_t mac_length =
      0;  // octets sent; 0: by algorithm and packet version (hmac-sha256: 32, in version 4: 20)
  bool reliable = false;
  bool operator==(const KeyConfig&) const = default;
};

/// The identity of a server line: one address in two VPNs is two servers.
struct ServerKey {
  IpAddress address;
  std::string vpn;  // empty: public
  auto operator<=>(const ServerKey&) const = default;
};

struct ServerConfig {
  ServerKey key;
  std::uint8_t version = 3;      // 1..4; IPv6: always 4
  std::uint32_t key_id = 0;      // 0: none
  std::string source_interface;  // empty: the global one, else the kernel's choice
  bool preference = false;
  bool preempt = false;
  bool burst = false;
  bool iburst = false;
  std::int8_t minpoll = 6;  // 3..17, log2 s
  std::int8_t maxpoll = 10;
  std::uint16_t port = 123;  // destination
  bool operator==(const ServerConfig&) const = default;
};

struct SourceInterface {
  Family family = Family::ipv4;
  std::string vpn;
  std::string interface_name;
  auto operator<=>(const SourceInterface&) const = default;
};

struct LocalClockConfig {
  std::uint8_t unit = 0;     // 127.127.1.unit, 0..3
  std::uint8_t stratum = 8;  // 1..15, advertised exactly
  bool operator==(const LocalClockConfig&) const = default;
};

enum class Serving : std::uint8_t {
  automatic,  // answers exactly if a local clock is configured
  never,      // ntp-service server disable
  always,     // undo ntp-service server disable
};

enum class ListenAll : std::uint8_t { unset, enable, disable };

struct ListenAddress {  // ntp-service ipv6 server source-address
  IpAddress address;
  std::string vpn;
  auto operator<=>(const ListenAddress&) const = default;
};

struct FamilyConfig {
  bool disabled = false;  // ntp-service [ ipv6 ] disable
  Serving serving = Serving::automatic;
  ListenAll listen_all = ListenAll::unset;
  std::set<std::string> listen_interfaces;   // server source-interface (IPv4)
  std::set<ListenAddress> listen_addresses;  // server source-address (IPv6)
  std::set<std::string> receive_disabled;    // in-interface disable, by interface
  bool operator==(const FamilyConfig&) const = default;
};

/// When the clock may be stepped instead of slewed (ntp-service step-policy).
struct StepPolicy {
  enum class When : std::uint8_t {
    at_start,      // the first setting; later an offset beyond the threshold has to persist
    always,        // whenever an offset is beyond the threshold
    never,         // slews only
    forward_only,  // as at_start, but the clock never goes back by a step
  };
  When when = When::at_start;
  double threshold = 0.128;   // s: smaller offsets are slewed
  double backward_limit = 0;  // s: no step goes further back; 0: no limit
  bool operator==(const StepPolicy&) const = default;
};

/// The largest error bound that the operator accepts (ntp-service error-budget).
struct ErrorBudget {
  double limit = 0;           // s; 0: none
  bool stop_serving = false;  // beyond it the service answers as unsynchronized
  bool operator==(const ErrorBudget&) const = default;
};

struct NtpConfig {
  bool authentication_enabled = false;
  std::vector<KeyConfig> keys;
  std::vector<ServerConfig> servers;
  std::vector<SourceInterface> source_interfaces;
  std::optional<LocalClockConfig> local_clock;
  std::array<FamilyConfig, 2> families;  // by Family
  std::uint16_t port = 123;              // listening socket
  std::uint16_t source_port = 0;         // 0: random for each request (RFC 9109)
  double max_distance = 1.0;             // s, 1..16
  double offset_limit = 0;               // s, 5..7620; 0: none
  StepPolicy step_policy;
  ErrorBudget error_budget;
  bool operator==(const NtpConfig&) const = default;

  const FamilyConfig& family(Family f) const { return families[static_cast<std::size_t>(f)]; }
  FamilyConfig& family(Family f) { return families[static_cast<std::size_t>(f)]; }
};

inline constexpr std::size_t kMaxServers = 4096;

}  // namespace noonmark::core
