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
  std::uint8_t mac_length = 0;  // octets sent of longer digests; 0: all, in version 4: 20
  bool reliable = false;
  bool operator==(const KeyConfig&) const = default;
};

/// What we are in an association (RFC 5905 section 3), and how it came to be.
enum class AssociationMode : std::uint8_t {
  client,            // ntp-service unicast-server
  active,            // ntp-service unicast-peer
  passive,           // another machine's unicast-peer, mobilized by its packet
  broadcast_client,  // a broadcast or multicast server heard on an interface that listens for them
  manycast_client,   // a server that answered a manycast request: a client's association from then on
};
/// Whether it was mobilized by a packet; max-dynamic-sessions counts these.
constexpr bool is_dynamic(AssociationMode mode) { return mode > AssociationMode::active; }

/// The identity of an association: one address in two VPNs is two servers, and may be server and peer.
struct ServerKey {
  IpAddress address;
  std::string vpn;  // empty: public
  AssociationMode mode = AssociationMode::client;
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
  bool interleaved = false;  // RFC 9769; of a client only where NtpConfig::interleaved allows it
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

inline constexpr std::uint32_t kDefaultClients = 1U << 17;
inline constexpr std::uint32_t kMaxClients = 1U << 20;

/// A rule of a basic access list.
struct AclRule {
  std::uint32_t id = 0;
  bool permit = false;
  IpAddress source;
  IpAddress mask;                  // the bits of `source` that count: all zero matches any
  std::optional<std::string> vpn;  // only packets of that VPN instance; none: of any
  bool operator==(const AclRule&) const = default;
};

struct AccessList {
  std::string name;            // "2000", or as it was called
  std::vector<AclRule> rules;  // in the order in which they are tried
  bool operator==(const AccessList&) const = default;
};

/// What a source may do (ntp-service access); tried in this order.
enum class AccessLevel : std::uint8_t {
  peer,             // time requests, control queries, and the clock may follow it
  server,           // time requests and control queries
  synchronization,  // time requests
  query,            // control queries
  limited,          // time requests, at a limited rate
};
inline constexpr std::size_t kAccessLevels = 5;

/// By level and Family; a list that a line names but that does not exist is an empty one, which permits
/// nothing.
struct AccessConfig {
  std::array<std::array<std::optional<AccessList>, 2>, kAccessLevels> lists;
  bool operator==(const AccessConfig&) const = default;
};

/// ntp-service discard: log2 s between requests of a source that is `limited`.
struct RateLimits {
  std::int8_t min_interval = 1;  // 1..8, between two requests
  std::int8_t avg_interval = 5;  // 1..8, on the average
  bool operator==(const RateLimits&) const = default;
};

/// Periodic packets of mode 5 on an interface (broadcast-server, multicast-server).
struct GroupServer {
  std::string interface_name;
  IpAddress group;           // 255.255.255.255: broadcast
  std::uint32_t key_id = 0;  // 0: none
  std::uint8_t version = 3;  // IPv6: always 4
  std::uint8_t ttl = 16;     // multicast
  std::uint16_t port = 123;  // destination
  bool interleaved = false;
  bool operator==(const GroupServer&) const = default;
};

/// An interface that listens to a group: 255.255.255.255 is broadcast.
struct GroupMember {
  std::string interface_name;
  IpAddress group;
  auto operator<=>(const GroupMember&) const = default;
};

struct ManycastClient {
  std::string interface_name;
  IpAddress group;
  std::uint32_t key_id = 0;  // 0: none
  std::uint8_t ttl = 255;
  std::uint16_t port = 123;  // destination
  bool operator==(const ManycastClient&) const = default;
};

struct NtpConfig {
  bool authentication_enabled = false;
  std::vector<KeyConfig> keys;
  std::vector<ServerConfig> servers;  // and peers
  std::vector<SourceInterface> source_interfaces;
  std::optional<LocalClockConfig> local_clock;
  std::array<FamilyConfig, 2> families;  // by Family
  std::uint16_t port = 123;              // listening socket
  std::uint16_t source_port = 0;         // 0: random for each request (RFC 9109)
  double max_distance = 1.0;             // s, 1..16
  double offset_limit = 0;               // s, 5..7620; 0: none
  StepPolicy step_policy;
  ErrorBudget error_budget;
  AccessConfig access;
  bool kod_enabled = false;
  RateLimits rate_limits;
  std::uint32_t max_clients = kDefaultClients;  // that the server remembers, of each of its threads
  std::uint8_t max_dynamic_sessions = 100;      // 0..100
  bool queries_enabled = false;                 // mode 6
  bool interleaved = true;                      // client and server: where both ends can
  std::vector<GroupServer> group_servers;
  std::vector<GroupMember> broadcast_clients;  // and multicast clients
  std::vector<GroupMember> manycast_servers;
  std::vector<ManycastClient> manycast_clients;
  bool operator==(const NtpConfig&) const = default;

  const FamilyConfig& family(Family f) const { return families[static_cast<std::size_t>(f)]; }
  FamilyConfig& family(Family f) { return families[static_cast<std::size_t>(f)]; }
};

inline constexpr std::size_t kMaxServers = 4096;  // and peers

}  // namespace noonmark::core
