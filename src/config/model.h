#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "base/net_address.h"
#include "config/table.h"
#include "core/config.h"
#include "crypto/mac.h"

namespace noonmark::config {

using base::Family;
using base::IpAddress;

/// The configuration as the operator's lines: plain values, a default means that the line or option is not
/// there. Secrets are held enciphered only (keyring.h).

struct Key {  // ntp-service authentication-keyid
  std::uint32_t id = 0;
  crypto::MacAlgorithm algorithm = crypto::MacAlgorithm::hmac_sha256;
  std::string cipher;           // marked ciphertext
  std::uint8_t mac_length = 0;  // 20 or 32 octets; 0: not given
  std::uint32_t key() const { return id; }
  bool operator==(const Key&) const = default;
};

struct ReliableKey {  // ntp-service reliable authentication-keyid
  std::uint32_t id = 0;
  std::uint32_t key() const { return id; }
  bool operator==(const ReliableKey&) const = default;
};

inline constexpr std::int8_t kDefaultMinpoll = 6;
inline constexpr std::int8_t kDefaultMaxpoll = 10;

struct Server {  // ntp-service unicast-server, and unicast-peer (mode active)
  IpAddress address;
  std::string vpn;  // empty: public
  core::AssociationMode mode = core::AssociationMode::client;
  std::uint8_t version = 3;  // IPv4 only; IPv6 lines have none and speak version 4
  std::uint32_t key_id = 0;  // 0: not given
  std::string source_interface;
  bool preference = false;
  std::int8_t maxpoll = kDefaultMaxpoll;
  std::int8_t minpoll = kDefaultMinpoll;
  bool burst = false;
  bool iburst = false;
  bool preempt = false;
  std::uint16_t port = 123;
  bool interleaved = false;  // of a peer; servers: Configuration::interleaved_disabled
  bool is_peer() const { return mode == core::AssociationMode::active; }
  core::ServerKey key() const { return {address, vpn, mode}; }
  bool operator==(const Server&) const = default;
};

/// The poll exponents in force: where one is given beyond the other's default, the other follows.
struct PollRange {
  std::int8_t minimum;
  std::int8_t maximum;
};
PollRange poll_range(const Server& server);

struct SourceInterface {  // ntp-service [ ipv6 ] source-interface
  Family family = Family::ipv4;
  std::string vpn;
  std::string interface_name;
  std::pair<Family, std::string> key() const { return {family, vpn}; }
  bool operator==(const SourceInterface&) const = default;
};

enum class ClockUnit : std::uint8_t {};  // U of 127.127.1.U

struct LocalClock {  // ntp-service refclock-master
  ClockUnit unit{};
  std::uint8_t stratum = 8;
  bool operator==(const LocalClock&) const = default;
};

struct StepPolicy {  // ntp-service step-policy
  core::StepPolicy::When when = core::StepPolicy::When::at_start;
  std::uint16_t threshold_ms = 128;  // RFC 5905, STEPT
  std::uint32_t backward_limit = 0;  // s; 0: not given
  bool operator==(const StepPolicy&) const = default;
};

struct ErrorBudget {           // ntp-service error-budget
  std::uint16_t limit_ms = 0;  // 0: none
  bool stop_serving = false;
  bool operator==(const ErrorBudget&) const = default;
};

struct ListenInterface {  // ntp-service server source-interface
  std::string interface_name;
  std::string key() const { return interface_name; }
  bool operator==(const ListenInterface&) const = default;
};

struct ListenAddress {  // ntp-service ipv6 server source-address
  IpAddress address;
  std::string vpn;
  std::pair<IpAddress, std::string> key() const { return {address, vpn}; }
  bool operator==(const ListenAddress&) const = default;
};

struct ReceiveDisabled {  // ntp-service [ ipv6 ] in-interface disable, in the interface's view
  std::string interface_name;
  Family family = Family::ipv4;
  std::pair<std::string, Family> key() const { return {interface_name, family}; }
  bool operator==(const ReceiveDisabled&) const = default;
};

// ---- access lists

inline constexpr std::uint32_t kNoRule = 0xFFFFFFFF;
inline constexpr std::uint32_t kMaxRule = kNoRule - 1;
inline constexpr std::size_t kMaxAcls = 1000;
inline constexpr std::size_t kMaxAclRules = 2000;  // of all lists together

enum class MatchOrder : std::uint8_t {
  config,     // by the numbers of the rules
  automatic,  // the most specific rule first
};

struct Acl {  // acl [ ipv6 ] [ number ], acl [ ipv6 ] name
  Family family = Family::ipv4;
  std::string name;          // "2000", or as it is called
  std::uint16_t number = 0;  // of one with a name; 0: none
  MatchOrder match_order = MatchOrder::config;
  std::uint8_t step = 5;  // between the numbers that rules are given
  std::string description{};
  std::pair<Family, std::string> key() const { return {family, name}; }
  bool operator==(const Acl&) const = default;
};

struct AclRule {  // rule, in the list's view
  Family family = Family::ipv4;
  std::string acl;
  std::uint32_t id = kNoRule;
  bool permit = false;
  IpAddress source;
  IpAddress mask;   // the bits of `source` that count, which are zero elsewhere
  std::string vpn;  // empty: any
  std::tuple<Family, std::string, std::uint32_t> key() const { return {family, acl, id}; }
  bool operator==(const AclRule&) const = default;
};

struct Access {  // ntp-service access
  core::AccessLevel level = core::AccessLevel::peer;
  std::string ipv4;  // an access list's number or name; empty: none
  std::string ipv6;
  core::AccessLevel key() const { return level; }
  bool operator==(const Access&) const = default;
};

// ---- one to many, in the interface's view

inline constexpr std::size_t kMaxGroupLines = 1024;

/// 255.255.255.255: broadcast among the groups.
inline IpAddress broadcast_group() { return IpAddress::v4(0xFFFFFFFF); }
/// 224.0.1.1 and ff0e::101 (IANA: NTP).
IpAddress ntp_group(Family family);

struct GroupServer {  // ntp-service broadcast-server, multicast-server
  std::string interface_name;
  IpAddress group;  // or broadcast_group()
  std::uint32_t key_id = 0;
  std::uint8_t version = 3;  // IPv6 lines have none and speak version 4
  std::uint8_t ttl = 16;
  std::uint16_t port = 123;
  bool interleaved = false;
  std::pair<std::string, IpAddress> key() const { return {interface_name, group}; }
  bool operator==(const GroupServer&) const = default;
};

struct GroupMember {  // ntp-service broadcast-client, multicast-client, manycast-server
  std::string interface_name;
  IpAddress group;  // or broadcast_group()
  std::pair<std::string, IpAddress> key() const { return {interface_name, group}; }
  bool operator==(const GroupMember&) const = default;
};

struct ManycastClient {  // ntp-service manycast-client
  std::string interface_name;
  IpAddress group;
  std::uint32_t key_id = 0;
  std::uint8_t ttl = 255;
  std::uint16_t port = 123;
  std::pair<std::string, IpAddress> key() const { return {interface_name, group}; }
  bool operator==(const ManycastClient&) const = default;
};

enum class WeakAlgorithms : std::uint8_t {
  unset,     // no line: disabled
  disabled,  // crypto weak-algorithm disable
  enabled,   // undo crypto weak-algorithm disable
};

template <class T>
using PerFamily = std::array<T, 2>;  // by Family

struct Configuration {
  std::string sysname;  // empty: the machine's host name
  WeakAlgorithms weak_algorithms = WeakAlgorithms::unset;
  Table<Acl> acls;
  Table<AclRule> acl_rules;
  PerFamily<core::Serving> serving{};
  PerFamily<core::ListenAll> listen_all{};
  PerFamily<bool> family_disabled{};
  std::uint16_t port = 123;
  std::uint16_t source_port = 0;  // 0: random
  Table<SourceInterface> source_interfaces;
  bool complexity_check = false;
  Table<Key> keys;
  Table<ReliableKey> reliable_keys;
  std::optional<LocalClock> local_clock;
  Table<Server> servers;  // and peers
  bool interleaved_disabled = false;
  Table<Access> access;
  bool kod_enabled = false;
  core::RateLimits rate_limits;  // ntp-service discard
  std::uint8_t max_dynamic_sessions = 100;
  std::uint32_t max_clients = core::kDefaultClients;
  bool queries_enabled = false;
  std::uint8_t max_distance = 1;   // s
  std::uint16_t offset_limit = 0;  // s; 0: none
  StepPolicy step_policy;
  ErrorBudget error_budget;
  bool authentication_enabled = false;
  Table<ListenInterface> listen_interfaces;
  Table<ListenAddress> listen_addresses;
  Table<GroupServer> group_servers;
  Table<GroupMember> group_clients;
  Table<GroupMember> manycast_servers;
  Table<ManycastClient> manycast_clients;
  Table<ReceiveDisabled> receive_disabled;

  bool operator==(const Configuration&) const = default;
};

/// Calls visit(pointer to member) for each member of Configuration: the list that merging goes by.
template <class Visitor>
void visit_members(Visitor&& visit) {
  visit(&Configuration::sysname);
  visit(&Configuration::weak_algorithms);
  visit(&Configuration::acls);
  visit(&Configuration::acl_rules);
  visit(&Configuration::serving);
  visit(&Configuration::listen_all);
  visit(&Configuration::family_disabled);
  visit(&Configuration::port);
  visit(&Configuration::source_port);
  visit(&Configuration::source_interfaces);
  visit(&Configuration::complexity_check);
  visit(&Configuration::keys);
  visit(&Configuration::reliable_keys);
  visit(&Configuration::local_clock);
  visit(&Configuration::servers);
  visit(&Configuration::interleaved_disabled);
  visit(&Configuration::access);
  visit(&Configuration::kod_enabled);
  visit(&Configuration::rate_limits);
  visit(&Configuration::max_dynamic_sessions);
  visit(&Configuration::max_clients);
  visit(&Configuration::queries_enabled);
  visit(&Configuration::max_distance);
  visit(&Configuration::offset_limit);
  visit(&Configuration::step_policy);
  visit(&Configuration::error_budget);
  visit(&Configuration::authentication_enabled);
  visit(&Configuration::listen_interfaces);
  visit(&Configuration::listen_addresses);
  visit(&Configuration::group_servers);
  visit(&Configuration::group_clients);
  visit(&Configuration::manycast_servers);
  visit(&Configuration::manycast_clients);
  visit(&Configuration::receive_disabled);
}

}  // namespace noonmark::config
