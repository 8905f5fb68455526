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

struct Server {  // ntp-service unicast-server
  IpAddress address;
  std::string vpn;           // empty: public
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
  core::ServerKey key() const { return {address, vpn}; }
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
  Table<Server> servers;
  std::uint8_t max_distance = 1;   // s
  std::uint16_t offset_limit = 0;  // s; 0: none
  StepPolicy step_policy;
  ErrorBudget error_budget;
  bool authentication_enabled = false;
  bool queries_enabled = false;
  Table<ListenInterface> listen_interfaces;
  Table<ListenAddress> listen_addresses;
  Table<ReceiveDisabled> receive_disabled;

  bool operator==(const Configuration&) const = default;
};

/// Calls visit(pointer to member) for each member of Configuration: the list that merging goes by.
template <class Visitor>
void visit_members(Visitor&& visit) {
  visit(&Configuration::sysname);
  visit(&Configuration::weak_algorithms);
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
  visit(&Configuration::max_distance);
  visit(&Configuration::offset_limit);
  visit(&Configuration::step_policy);
  visit(&Configuration::error_budget);
  visit(&Configuration::authentication_enabled);
  visit(&Configuration::queries_enabled);
  visit(&Configuration::listen_interfaces);
  visit(&Configuration::listen_addresses);
  visit(&Configuration::receive_disabled);
}

}  // namespace noonmark::config
