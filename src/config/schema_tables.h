#pragma once

#include "config/access_lists.h"
#include "config/schema.h"

namespace noonmark::config {

/// THE leaf tables: one row for each value an operator can set. Everything else about a leaf (parsing,
/// ranges, rendering, help) comes from here and from the command table.

inline constexpr std::uint32_t kMaxInterfaceName = 47;
inline constexpr std::uint32_t kMaxVpnName = 31;
inline constexpr std::uint32_t kMaxAclName = 32;
inline constexpr std::string_view kIpv6Thing = "ipv6 ";
inline constexpr std::uint32_t kFirstAcl = 2000, kLastAcl = 2999;  // basic lists

inline constexpr LeafInfo kInterfaceNameKey{
    "interface-name", LeafType::interface_name, LeafRole::key, "Name of the interface", 1, kMaxInterfaceName};
inline constexpr LeafInfo kVpnNameKey{
    "vpn-name", LeafType::vpn_name,   LeafRole::key, "Name of the VPN instance", 1, kMaxVpnName,
    {},         "the public instance"};
inline constexpr LeafInfo kIpv6FlagKey{"ipv6", LeafType::flag, LeafRole::key, "IPv6 instead of IPv4"};

namespace leaves {

inline constexpr std::array sysname{
    leaf<&Configuration::sysname>({"host-name",
                                   LeafType::name,
                                   LeafRole::option,
                                   "Host name of the device",
                                   1,
                                   246,
                                   {},
                                   "the host name of the machine"}),
};

inline constexpr std::array port{
    leaf<&Configuration::port>({"port",
                                LeafType::port,
                                LeafRole::option,
                                "UDP port that requests are received on",
                                0,
                                0,
                                {},
                                "123"}),
};

inline constexpr std::array source_port{
    leaf<&Configuration::source_port>({"port",
                                       LeafType::port,
                                       LeafRole::option,
                                       "UDP port that requests leave from",
                                       0,
                                       0,
                                       {},
                                       "a random one for each request"}),
};

inline constexpr std::array max_distance{
    leaf<&Configuration::max_distance>({"distance",
                                        LeafType::number,
                                        LeafRole::option,
                                        "Maximum synchronization distance, in seconds",
                                        1,
                                        16,
                                        {},
                                        "1"}),
};

inline constexpr std::array offset_limit{
    leaf<&Configuration::offset_limit>({"offset",
                                        LeafType::number,
                                        LeafRole::option,
                                        "Maximum clock offset, in seconds",
                                        5,
                                        7620,
                                        {},
                                        "no limit"}),
};

inline constexpr std::array step_policy{
    leaf<&StepPolicy::when>({"when", LeafType::choice, LeafRole::required, "When the clock is stepped", 0, 0,
                             "at-start|always|never|forward-only"}),
    leaf<&StepPolicy::threshold_ms>({"milliseconds",
                                     LeafType::number,
                                     LeafRole::option,
                                     "Smallest offset that is stepped, in milliseconds",
                                     1,
                                     60000,
                                     {},
                                     "128"}),
    leaf<&StepPolicy::backward_limit>({"seconds",
                                       LeafType::number,
                                       LeafRole::option,
                                       "Largest step backwards, in seconds",
                                       1,
                                       4294967295,
                                       {},
                                       "no limit"}),
};

inline constexpr std::array error_budget{
    leaf<&ErrorBudget::limit_ms>({"milliseconds", LeafType::number, LeafRole::required,
                                  "Largest error bound that is accepted, in milliseconds", 1, 60000}),
    leaf<&ErrorBudget::stop_serving>(
        {"stop-serving", LeafType::flag, LeafRole::option, "Answer as unsynchronized beyond it"}),
};

inline constexpr std::array source_interface{
    leaf<&SourceInterface::family>(kIpv6FlagKey),
    leaf<&SourceInterface::interface_name>({"interface-name", LeafType::interface_name, LeafRole::option,
                                            "Name of the interface", 1, kMaxInterfaceName}),
    leaf<&SourceInterface::vpn>(kVpnNameKey),
};

/// Positions in `key`, for the entry, which turns what was typed into `cipher-text`.
enum KeyLeaf : std::size_t { key_id, key_mode, key_password, key_cipher, key_hex, key_mac_length };
inline constexpr std::array key{
    leaf<&Key::id>({"key-id", LeafType::number, LeafRole::key, "Authentication key ID", 1, 4294967295}),
    leaf<&Key::algorithm>(
        {"mode", LeafType::choice, LeafRole::required, "Authentication algorithm", 0, 0,
         "md5|hmac-sha256|aes-128-cmac|aes-256-cmac|digest-sha1|digest-sha256|digest-sha384|"
         "digest-sha512"}),
    typed_only<Key>({"password", LeafType::password, LeafRole::option, "Password in plain text", 1, 255}),
    leaf<&Key::cipher>({"cipher-text", LeafType::password, LeafRole::required,
                        "Password in cipher text or plain text", 1, 432}),
    typed_only<Key>({"digits", LeafType::hex_digits, LeafRole::option, "Key in hexadecimal digits", 1, 510}),
    leaf<&Key::mac_length>({"mac-length", LeafType::choice, LeafRole::option,
                            "Octets of the MAC that are sent", 0, 0, "20|32", "all, and 20 in version 4"}),
};

inline constexpr std::array reliable_key{
    leaf<&ReliableKey::id>(
        {"key-id", LeafType::number, LeafRole::key, "Authentication key ID", 1, 4294967295}),
};

/// Positions in `local_clock`.
enum LocalClockLeaf : std::size_t { local_clock_unit, local_clock_stratum };
inline constexpr std::array local_clock{
    leaf<&LocalClock::unit>({"clock-address",
                             LeafType::refclock_address,
                             LeafRole::key,
                             "Address of the local clock",
                             0,
                             0,
                             {},
                             "127.127.1.0"}),
    leaf<&LocalClock::stratum>(
        {"stratum", LeafType::number, LeafRole::option, "Stratum of the local clock", 1, 15, {}, "8"}),
};

/// Positions in `server`.
enum ServerLeaf : std::size_t {
  server_address,
  server_version,
  server_key,
  server_source_interface,
  server_vpn,
  server_preference,
  server_maxpoll,
  server_minpoll,
  server_burst,
  server_iburst,
  server_preempt,
  server_port,
  server_interleaved
};
/// Of peers as well: the grammars say what either has.
template <LeafType AddressType>
inline constexpr std::array server{
    leaf<&Server::address>({"ip-address", AddressType, LeafRole::key, "IP address of the NTP server"}),
    leaf<&Server::version>(
        {"version-number", LeafType::number, LeafRole::option, "NTP version", 1, 4, {}, "3"}),
    leaf<&Server::key_id>(
        {"key-id", LeafType::number, LeafRole::option, "Authentication key ID", 1, 4294967295, {}, "none"}),
    leaf<&Server::source_interface>({"interface-name",
                                     LeafType::interface_name,
                                     LeafRole::option,
                                     "Name of the interface",
                                     1,
                                     kMaxInterfaceName,
                                     {},
                                     "that of ntp-service source-interface, else routing decides"}),
    leaf<&Server::vpn>(kVpnNameKey),
    leaf<&Server::preference>({"preference", LeafType::flag, LeafRole::option, "Prefer this server"}),
    leaf<&Server::maxpoll>({"max-number",
                            LeafType::number,
                            LeafRole::option,
                            "Maximum poll interval, as a power of 2 seconds",
                            3,
                            17,
                            {},
                            "10"}),
    leaf<&Server::minpoll>({"min-number",
                            LeafType::number,
                            LeafRole::option,
                            "Minimum poll interval, as a power of 2 seconds",
                            3,
                            17,
                            {},
                            "6"}),
    leaf<&Server::burst>(
        {"burst", LeafType::flag, LeafRole::option, "Send bursts while the server is reachable"}),
    leaf<&Server::iburst>(
        {"iburst", LeafType::flag, LeafRole::option, "Send a burst while the server is unreachable"}),
    leaf<&Server::preempt>(
        {"preempt", LeafType::flag, LeafRole::option, "Give the server up after an error"}),
    leaf<&Server::port>(
        {"port-number", LeafType::port, LeafRole::option, "UDP port of the server", 0, 0, {}, "123"}),
    leaf<&Server::interleaved>({"interleaved", LeafType::flag, LeafRole::option,
                                "Send precise transmit timestamps one packet later"}),
};

// ---- access lists

template <Family F>
Acl blank_acl() {
  Acl acl;
  acl.family = F;
  return acl;
}

inline constexpr LeafInfo kAclOfView{"acl", LeafType::name, LeafRole::key, "Access list", 1, kMaxAclName};

/// The access list of the view: "2000", "ipv6 2000".
template <auto Name>
constexpr auto acl_of_view() {
  using Row = typename MemberOf<Name>::Row;
  return Leaf<Row>{kAclOfView,
                   [](Row& row, std::string_view text) {
                     row.family = text.starts_with(kIpv6Thing) ? Family::ipv6 : Family::ipv4;
                     if (row.family == Family::ipv6) text.remove_prefix(kIpv6Thing.size());
                     row.*Name = text;
                     return true;
                   },
                   [](const Row& row) -> std::optional<std::string> {
                     return std::string(row.family == Family::ipv6 ? kIpv6Thing : "") + row.*Name;
                   },
                   [](Row& row) { (row.*Name).clear(); }};
}
inline constexpr LeafInfo kAclName{"acl-name", LeafType::acl_name, LeafRole::key, "Name of the access list",
                                   1,          kMaxAclName};
inline constexpr LeafInfo kAclNumber{
    "acl-number", LeafType::number, LeafRole::key, "Number of the access list", kFirstAcl, kLastAcl};
inline constexpr LeafInfo kMatchOrder{
    "match-order", LeafType::choice, LeafRole::option, "Order in which the rules are tried", 0, 0,
    "config|auto", "config"};

constexpr LeafInfo as_option(LeafInfo info) {
  info.role = LeafRole::option;
  return info;
}

/// An access list referred to by its number or, by another leaf of the same member, by its name.
template <auto Member>
constexpr auto acl_number_leaf(const LeafInfo& info) {
  using Row = typename MemberOf<Member>::Row;
  return Leaf<Row>{info,
                   [](Row& row, std::string_view text) {
                     std::uint32_t number = 0;
                     if (!from_text(text, number)) return false;
                     row.*Member = to_text(number);
                     return true;
                   },
                   [](const Row& row) -> std::optional<std::string> {
                     if (!is_acl_number(row.*Member)) return std::nullopt;
                     return row.*Member;
                   },
                   [](Row& row) { (row.*Member).clear(); }};
}
template <auto Member>
constexpr auto acl_name_leaf(const LeafInfo& info) {
  using Row = typename MemberOf<Member>::Row;
  return Leaf<Row>{info,
                   [](Row& row, std::string_view text) {
                     row.*Member = text;
                     return true;
                   },
                   [](const Row& row) -> std::optional<std::string> {
                     if ((row.*Member).empty() || is_acl_number(row.*Member)) return std::nullopt;
                     return row.*Member;
                   },
                   [](Row& row) { (row.*Member).clear(); }};
}

/// Positions in `numbered_acl` and `named_acl`.
enum AclLeaf : std::size_t { acl_itself, acl_keyword, acl_match_order, acl_number };
inline constexpr std::array numbered_acl{
    leaf<&Acl::name>(kAclNumber),
    shown_only<Acl>({"number", LeafType::flag, LeafRole::key, "By number"}),
    leaf<&Acl::match_order>(kMatchOrder),
};
inline constexpr std::array named_acl{
    leaf<&Acl::name>(kAclName),
    shown_only<Acl>({"basic", LeafType::flag, LeafRole::option, "By source only"}),
    leaf<&Acl::match_order>(kMatchOrder),
    leaf<&Acl::number>({"acl-number", LeafType::number, LeafRole::option,
                        "Number that stands for the access list as well", kFirstAcl, kLastAcl}),
};

inline constexpr std::array acl_step{
    acl_of_view<&Acl::name>(),
    leaf<&Acl::step>({"step",
                      LeafType::number,
                      LeafRole::option,
                      "Distance of the numbers that rules are given",
                      1,
                      20,
                      {},
                      "5"}),
};
inline constexpr std::array acl_description{
    acl_of_view<&Acl::name>(),
    leaf<&Acl::description>(
        {"text", LeafType::rest_of_line, LeafRole::option, "What the access list is for", 1, 127}),
};

template <Family F>
AclRule blank_rule() {
  AclRule rule;
  rule.family = F;
  rule.source = rule.mask = IpAddress::any(F);
  return rule;
}

inline bool is_any(const AclRule& rule) { return rule.mask == IpAddress::any(rule.family); }
inline bool is_host(const AclRule& rule) { return rule.mask == inverted(IpAddress::any(rule.family)); }

inline constexpr LeafInfo kRuleVpn{
    "vpn-name", LeafType::vpn_name, LeafRole::option, "Only packets of this VPN instance", 1, kMaxVpnName, {},
    "any"};
inline constexpr LeafInfo kRuleNumber{
    "rule-id", LeafType::number, LeafRole::key, "Number of the rule", 0, kMaxRule, {}, "the next step"};

inline constexpr Leaf<AclRule> kRuleAction{
    {"action", LeafType::choice, LeafRole::required, "What the rule does", 0, 0, "permit|deny"},
    [](AclRule& rule, std::string_view text) {
      rule.permit = text == "permit";
      return true;
    },
    [](const AclRule& rule) -> std::optional<std::string> { return rule.permit ? "permit" : "deny"; },
    [](AclRule& rule) { rule.permit = false; }};

/// Positions in `ipv4_rule` and `ipv6_rule`.
enum RuleLeaf : std::size_t {
  rule_acl,
  rule_id,
  rule_action,
  rule_source,
  rule_wildcard,
  rule_host,
  rule_any,
  rule_vpn,
  rule_prefix = rule_source,
  rule_ipv6_source = rule_wildcard,
  rule_prefix_length = rule_host
};
inline constexpr std::array ipv4_rule{
    acl_of_view<&AclRule::acl>(),
    leaf<&AclRule::id>(kRuleNumber),
    kRuleAction,
    Leaf<AclRule>{{"source-address", LeafType::ipv4_source, LeafRole::option, "Source address"},
                  [](AclRule& rule, std::string_view text) { return from_text(text, rule.source); },
                  [](const AclRule& rule) -> std::optional<std::string> {
                    if (is_any(rule)) return std::nullopt;
                    return to_text(rule.source);
                  },
                  [](AclRule& rule) { rule.source = IpAddress{}; }},
    Leaf<AclRule>{
        {"wildcard", LeafType::ipv4_source, LeafRole::option, "Bits of the address that do not count"},
        [](AclRule& rule, std::string_view text) {
          const bool read = from_text(text, rule.mask);
          if (read) rule.mask = inverted(rule.mask);
          return read;
        },
        [](const AclRule& rule) -> std::optional<std::string> {
          if (is_any(rule) || is_host(rule)) return std::nullopt;
          return to_text(inverted(rule.mask));
        },
        [](AclRule& rule) { rule.mask = IpAddress{}; }},
    Leaf<AclRule>{{"0", LeafType::flag, LeafRole::option, "Exactly this address"},
                  [](AclRule& rule, std::string_view) {
                    rule.mask = inverted(IpAddress::any(rule.family));
                    return true;
                  },
                  [](const AclRule& rule) -> std::optional<std::string> {
                    if (!is_host(rule)) return std::nullopt;
                    return "";
                  },
                  [](AclRule& rule) { rule.mask = IpAddress{}; }},
    typed_only<AclRule>({"any", LeafType::flag, LeafRole::option, "Any source"}),
    leaf<&AclRule::vpn>(kRuleVpn),
};
/// Address and length, as they are typed in two words, become a prefix at the entry.
inline constexpr std::array ipv6_rule{
    acl_of_view<&AclRule::acl>(),
    leaf<&AclRule::id>(kRuleNumber),
    kRuleAction,
    Leaf<AclRule>{{"prefix", LeafType::ipv6_prefix, LeafRole::option, "Source prefix"},
                  [](AclRule& rule, std::string_view text) {
                    const auto slash = text.find('/');
                    unsigned length = 0;
                    if (slash == std::string_view::npos || !from_text(text.substr(slash + 1), length) ||
                        length > 128 || !from_text(text.substr(0, slash), rule.source))
                      return false;
                    rule.mask = prefix_mask(Family::ipv6, length);
                    return true;
                  },
                  [](const AclRule& rule) -> std::optional<std::string> {
                    const auto length = prefix_length(rule.mask);
                    if (!length || is_any(rule)) return std::nullopt;
                    return to_text(rule.source) + "/" + to_text(*length);
                  },
                  [](AclRule& rule) { rule.source = rule.mask = IpAddress::any(Family::ipv6); }},
    typed_only<AclRule>({"source-address", LeafType::ipv6_source, LeafRole::option, "Source address"}),
    typed_only<AclRule>(
        {"prefix-length", LeafType::number, LeafRole::option, "Bits of the address that count", 0, 128}),
    typed_only<AclRule>({"any", LeafType::flag, LeafRole::option, "Any source"}),
    leaf<&AclRule::vpn>(kRuleVpn),
};

/// Positions in `access`.
enum AccessLeaf : std::size_t {
  access_level,
  access_acl_number,
  access_acl_name,
  access_ipv6,
  access_acl6_number,
  access_acl6_name,
  access_all
};
inline constexpr std::array access{
    leaf<&Access::level>({"level", LeafType::choice, LeafRole::key, "What is granted", 0, 0,
                          "peer|server|synchronization|query|limited"}),
    acl_number_leaf<&Access::ipv4>(as_option(kAclNumber)),
    acl_name_leaf<&Access::ipv4>(as_option(kAclName)),
    Leaf<Access>{{"ipv6", LeafType::flag, LeafRole::option, "IPv6 access list"},
                 [](Access&, std::string_view) { return true; },
                 [](const Access& row) -> std::optional<std::string> {
                   if (row.ipv6.empty()) return std::nullopt;
                   return "";
                 },
                 [](Access&) {}},
    acl_number_leaf<&Access::ipv6>({"acl6-number", LeafType::number, LeafRole::option,
                                    "Number of the IPv6 access list", kFirstAcl, kLastAcl}),
    acl_name_leaf<&Access::ipv6>(
        {"acl6-name", LeafType::acl_name, LeafRole::option, "Name of the IPv6 access list", 1, kMaxAclName}),
    typed_only<Access>({"all", LeafType::flag, LeafRole::option, "All access lists of the level"}),
};

inline constexpr std::array rate_limits{
    leaf<&core::RateLimits::min_interval>({"min-seconds",
                                           LeafType::number,
                                           LeafRole::option,
                                           "Least time between two requests, as a power of 2 seconds",
                                           1,
                                           8,
                                           {},
                                           "1"}),
    leaf<&core::RateLimits::avg_interval>(
        {"avg-seconds",
         LeafType::number,
         LeafRole::option,
         "Least time between requests on the average, as a power of 2 seconds",
         1,
         8,
         {},
         "5"}),
};

inline constexpr std::array max_dynamic_sessions{
    leaf<&Configuration::max_dynamic_sessions>({"sessions",
                                                LeafType::number,
                                                LeafRole::option,
                                                "Most sessions that packets may start",
                                                0,
                                                100,
                                                {},
                                                "100"}),
};

inline constexpr std::array max_clients{
    leaf<&Configuration::max_clients>({"clients",
                                       LeafType::number,
                                       LeafRole::option,
                                       "Clients that the server remembers",
                                       1024,
                                       core::kMaxClients,
                                       {},
                                       "131072"}),
};

// ---- one to many; the interface comes from the view

template <class Row>
Row broadcast_row() {
  Row row;
  row.group = broadcast_group();
  return row;
}
template <class Row, Family F>
Row multicast_row() {
  Row row;
  row.group = ntp_group(F);
  return row;
}

template <class Row, Family F>
inline constexpr auto kGroup = leaf<&Row::group, &multicast_row<Row, F>>(
    {"group-address",
     F == Family::ipv4 ? LeafType::ipv4_group : LeafType::ipv6_group,
     LeafRole::key,
     "Multicast group",
     0,
     0,
     {},
     F == Family::ipv4 ? "224.0.1.1" : "ff0e::101"});

inline constexpr LeafInfo kGroupKeyId{
    "key-id", LeafType::number, LeafRole::option, "Authentication key ID", 1, 4294967295, {}, "none"};
inline constexpr LeafInfo kGroupPort{
    "port-number", LeafType::port, LeafRole::option, "UDP port of the group", 0, 0, {}, "123"};

constexpr LeafInfo ttl_info(std::string_view by_default) {
  return {"ttl-number", LeafType::number, LeafRole::option, "Hops that the packets may take", 1, 255,
          {},           by_default};
}

inline constexpr auto kGroupServerKey = leaf<&GroupServer::key_id>(kGroupKeyId);
inline constexpr auto kGroupServerVersion = leaf<&GroupServer::version>(
    {"version-number", LeafType::number, LeafRole::option, "NTP version", 1, 4, {}, "3"});
inline constexpr auto kGroupServerPort = leaf<&GroupServer::port>(kGroupPort);
inline constexpr auto kGroupServerInterleaved = leaf<&GroupServer::interleaved>(
    {"interleaved", LeafType::flag, LeafRole::option, "Send precise transmit timestamps one packet later"});

inline constexpr std::array broadcast_server{
    leaf<&GroupServer::interface_name>(kInterfaceNameKey),
    kGroupServerKey,
    kGroupServerVersion,
    kGroupServerPort,
    kGroupServerInterleaved,
};
/// The grammar of IPv6 lines has no version.
template <Family F>
inline constexpr std::array multicast_server{
    leaf<&GroupServer::interface_name>(kInterfaceNameKey),
    kGroup<GroupServer, F>,
    kGroupServerKey,
    leaf<&GroupServer::ttl>(ttl_info("16")),
    kGroupServerVersion,
    kGroupServerPort,
    kGroupServerInterleaved,
};

inline constexpr std::array broadcast_client{
    leaf<&GroupMember::interface_name>(kInterfaceNameKey),
};
template <Family F>
inline constexpr std::array group_member{
    leaf<&GroupMember::interface_name>(kInterfaceNameKey),
    kGroup<GroupMember, F>,
};

/// Position of the group in rows of interfaces that have one.
inline constexpr std::size_t kGroupLeaf = 1;

template <Family F>
inline constexpr std::array manycast_client{
    leaf<&ManycastClient::interface_name>(kInterfaceNameKey),
    kGroup<ManycastClient, F>,
    leaf<&ManycastClient::key_id>(
        {"key-id", LeafType::number, LeafRole::option, "Authentication key ID", 1, 65535, {}, "none"}),
    leaf<&ManycastClient::ttl>(ttl_info("255")),
    leaf<&ManycastClient::port>(kGroupPort),
};

/// `all` stands in the place of the name.
inline constexpr std::array listen_interface{
    leaf<&ListenInterface::interface_name>({"interface-name", LeafType::interface_name, LeafRole::key,
                                            "Name of the interface", 1, kMaxInterfaceName, "all"}),
};

inline constexpr std::array listen_address{
    leaf<&ListenAddress::address>(
        {"ipv6-address", LeafType::ipv6_address, LeafRole::key, "IPv6 address to listen on"}),
    leaf<&ListenAddress::vpn>(kVpnNameKey),
};

/// The interface comes from the view, not from the line.
inline constexpr std::array receive_disabled{
    leaf<&ReceiveDisabled::interface_name>(kInterfaceNameKey),
    leaf<&ReceiveDisabled::family>(kIpv6FlagKey),
};

inline constexpr std::array listen_all{
    kIpv6FlagKey,
    LeafInfo{"state", LeafType::choice, LeafRole::required, "Whether all interfaces listen", 0, 0,
             "enable|disable"},
};

}  // namespace leaves

namespace schemas {

inline constexpr Schema sysname = value_schema<leaves::sysname>();
inline constexpr Schema weak_algorithms =
    tristate_schema<&Configuration::weak_algorithms, WeakAlgorithms::disabled, WeakAlgorithms::enabled>();
inline constexpr Schema server_disable =
    family_tristate_schema<&Configuration::serving, core::Serving::never, core::Serving::always>();
inline constexpr Schema family_disable = family_switch_schema<&Configuration::family_disabled>();
inline constexpr Schema port = value_schema<leaves::port>();
inline constexpr Schema source_port = value_schema<leaves::source_port>();
inline constexpr Schema source_interface =
    table_schema<&Configuration::source_interfaces, leaves::source_interface>();
inline constexpr Schema complexity_check = switch_schema<&Configuration::complexity_check>();
inline constexpr Schema reliable_key = table_schema<&Configuration::reliable_keys, leaves::reliable_key>();
inline constexpr Schema max_distance = value_schema<leaves::max_distance>();
inline constexpr Schema offset_limit = value_schema<leaves::offset_limit>();
inline constexpr Schema step_policy = line_schema<&Configuration::step_policy, leaves::step_policy>();
inline constexpr Schema error_budget = line_schema<&Configuration::error_budget, leaves::error_budget>();
inline constexpr Schema authentication = switch_schema<&Configuration::authentication_enabled>();
inline constexpr Schema listen_interface =
    table_schema<&Configuration::listen_interfaces, leaves::listen_interface>();
inline constexpr Schema listen_address =
    table_schema<&Configuration::listen_addresses, leaves::listen_address>();
inline constexpr Schema receive_disabled =
    table_schema<&Configuration::receive_disabled, leaves::receive_disabled>();

inline constexpr Schema listen_all = {
    leaves::listen_all,
    [](Configuration& c, const Values& values) -> base::Result<void> {
      if (!values[1] || !from_text(*values[1], c.listen_all[family_index(values)]))
        return base::fail("state is enable or disable");
      return {};
    },
    [](Configuration& c, const Values& values) {
      return std::exchange(c.listen_all[family_index(values)], core::ListenAll::unset) !=
             core::ListenAll::unset;
    },
    [](const Configuration& c) {
      std::vector<RowText> rows;
      for (std::size_t i = 0; i < c.listen_all.size(); ++i) {
        if (c.listen_all[i] == core::ListenAll::unset) continue;
        rows.push_back({family_values(i)});
        rows.back().values.push_back(to_text(c.listen_all[i]));
      }
      return rows;
    }};

/// Undone without an address whichever it is, with one only if it is that.
inline constexpr Schema local_clock = {
    kInfos<leaves::local_clock>,
    [](Configuration& c, const Values& values) -> base::Result<void> {
      LocalClock clock;
      if (auto read = read_row<leaves::local_clock>(values, clock); !read) return read;
      c.local_clock = clock;
      return {};
    },
    [](Configuration& c, const Values& values) {
      LocalClock clock;
      if (!c.local_clock || !read_row<leaves::local_clock>(values, clock)) return false;
      if (values[leaves::local_clock_unit] && clock.unit != c.local_clock->unit) return false;
      c.local_clock.reset();
      return true;
    },
    [](const Configuration& c) {
      std::vector<RowText> rows;
      if (c.local_clock) rows.push_back(write_row<leaves::local_clock>(*c.local_clock));
      return rows;
    }};

/// Undoing a key takes its `reliable` line along: VRP keeps both in one entry.
inline constexpr Schema key = [] {
  Schema schema = table_schema<&Configuration::keys, leaves::key>();
  schema.undo = [](Configuration& c, const Values& values) {
    Key row;
    if (!read_row<leaves::key>(values, row)) return false;
    c.reliable_keys.erase(row.id);
    return c.keys.erase(row.id);
  };
  return schema;
}();

template <core::AssociationMode Mode, Family F>
bool is_server(const Server& server) {
  return server.mode == Mode && server.address.family() == F;
}
template <core::AssociationMode Mode>
Server blank_server() {
  Server server;
  server.mode = Mode;
  return server;
}
template <core::AssociationMode Mode, Family F>
constexpr Schema server_schema() {
  constexpr auto type = F == Family::ipv4 ? LeafType::ipv4_address : LeafType::ipv6_address;
  return table_schema<&Configuration::servers, leaves::server<type>, &is_server<Mode, F>,
                      &blank_server<Mode>>();
}
inline constexpr Schema ipv4_server = server_schema<core::AssociationMode::client, Family::ipv4>();
inline constexpr Schema ipv6_server = server_schema<core::AssociationMode::client, Family::ipv6>();
inline constexpr Schema ipv4_peer = server_schema<core::AssociationMode::active, Family::ipv4>();
inline constexpr Schema ipv6_peer = server_schema<core::AssociationMode::active, Family::ipv6>();
inline constexpr Schema interleaved_disable = switch_schema<&Configuration::interleaved_disabled>();

// ---- access lists

/// Leads to the list; what other lines say of it stays.
template <const auto& Leaves, Family F, bool Numbered>
constexpr Schema acl_schema() {
  return {kInfos<Leaves>,
          [](Configuration& c, const Values& values) -> base::Result<void> {
            Acl acl = leaves::blank_acl<F>();
            if (const auto* known = c.acls.find({F, values[leaves::acl_itself].value_or("")})) acl = *known;
            for (const auto& one : Leaves) one.reset(acl);
            if (auto read = read_row<Leaves>(values, acl); !read) return read;
            c.acls.put(std::move(acl));
            return {};
          },
          [](Configuration& c, const Values& values) {
            return erase_acl(c, F, values[leaves::acl_itself].value_or(""));
          },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            for (const auto& acl : c.acls)
              if (acl.family == F && is_acl_number(acl.name) == Numbered)
                rows.push_back(write_row<Leaves>(acl));
            return rows;
          }};
}
template <Family F>
inline constexpr Schema numbered_acl = acl_schema<leaves::numbered_acl, F, true>();
template <Family F>
inline constexpr Schema named_acl = acl_schema<leaves::named_acl, F, false>();

inline base::Result<void> acl_is_gone(std::string_view name) {
  return base::fail("ACL " + std::string(name) + " does not exist any more; enter it again.");
}

/// A line of the list's view that holds one value of it.
template <const auto& Leaves>
constexpr Schema acl_value_schema() {
  return {kInfos<Leaves>,
          [](Configuration& c, const Values& values) -> base::Result<void> {
            Acl acl;
            if (auto read = read_row<Leaves>(values, acl); !read) return read;
            const auto* known = c.acls.find(acl.key());
            if (known == nullptr) return acl_is_gone(acl.name);
            acl = *known;
            if (auto read = read_row<Leaves>(values, acl); !read) return read;
            c.acls.put(std::move(acl));
            return {};
          },
          [](Configuration& c, const Values& values) {
            Acl acl;
            if (!read_row<Leaves>(values, acl)) return false;
            const auto* known = c.acls.find(acl.key());
            if (known == nullptr || !Leaves[1].get(*known)) return false;
            acl = *known;
            Leaves[1].reset(acl);
            c.acls.put(std::move(acl));
            return true;
          },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            for (const auto& acl : c.acls)
              if (Leaves[1].get(acl)) rows.push_back(write_row<Leaves>(acl));
            return rows;
          }};
}
inline constexpr Schema acl_step = acl_value_schema<leaves::acl_step>();
inline constexpr Schema acl_description = acl_value_schema<leaves::acl_description>();

template <Family F>
bool is_rule(const AclRule& rule) {
  return rule.family == F;
}
template <const auto& Leaves, Family F>
constexpr Schema rule_schema() {
  Schema schema = table_schema<&Configuration::acl_rules, Leaves, &is_rule<F>, &leaves::blank_rule<F>>();
  schema.enter = [](Configuration& c, const Values& values) -> base::Result<void> {
    AclRule rule = leaves::blank_rule<F>();
    if (auto read = read_row<Leaves>(values, rule); !read) return read;
    if (!c.acls.contains({F, rule.acl})) return acl_is_gone(rule.acl);
    rule.source = masked(rule.source, rule.mask);
    c.acl_rules.put(std::move(rule));
    return {};
  };
  return schema;
}
inline constexpr Schema ipv4_rule = rule_schema<leaves::ipv4_rule, Family::ipv4>();
inline constexpr Schema ipv6_rule = rule_schema<leaves::ipv6_rule, Family::ipv6>();

/// `ipv6` alone takes the IPv6 list away, and a list only itself; else the whole level goes.
inline constexpr Schema access = [] {
  Schema schema = table_schema<&Configuration::access, leaves::access>();
  schema.undo = [](Configuration& c, const Values& values) {
    Access named;
    if (!read_row<leaves::access>(values, named)) return false;
    const auto* row = c.access.find(named.level);
    if (row == nullptr) return false;
    const bool ipv6 = values[leaves::access_ipv6].has_value();
    if (named.ipv4.empty() && !ipv6) return c.access.erase(named.level);
    Access left = *row;
    if (ipv6 && named.ipv6.empty()) named.ipv6 = left.ipv6;
    if (named.ipv4 == left.ipv4) left.ipv4.clear();
    if (named.ipv6 == left.ipv6) left.ipv6.clear();
    if (left == *row) return false;
    if (left.ipv4.empty() && left.ipv6.empty()) return c.access.erase(named.level);
    c.access.put(std::move(left));
    return true;
  };
  return schema;
}();

inline constexpr Schema kod_enable = switch_schema<&Configuration::kod_enabled>();
inline constexpr Schema rate_limits = line_schema<&Configuration::rate_limits, leaves::rate_limits>();
inline constexpr Schema max_dynamic_sessions = value_schema<leaves::max_dynamic_sessions>();
inline constexpr Schema max_clients = value_schema<leaves::max_clients>();
inline constexpr Schema query_enable = switch_schema<&Configuration::queries_enabled>();

// ---- one to many

template <class Row>
bool is_broadcast(const Row& row) {
  return row.group == broadcast_group();
}
template <class Row, Family F>
bool is_multicast(const Row& row) {
  return !is_broadcast(row) && row.group.family() == F;
}
template <auto Member, const auto& Leaves>
constexpr Schema broadcast_schema() {
  using Row = RowOf<Member>;
  return table_schema<Member, Leaves, &is_broadcast<Row>, &leaves::broadcast_row<Row>>();
}
template <auto Member, const auto& Leaves, Family F>
constexpr Schema multicast_schema() {
  using Row = RowOf<Member>;
  return table_schema<Member, Leaves, &is_multicast<Row, F>, &leaves::multicast_row<Row, F>>();
}
inline constexpr Schema broadcast_server =
    broadcast_schema<&Configuration::group_servers, leaves::broadcast_server>();
inline constexpr Schema broadcast_client =
    broadcast_schema<&Configuration::group_clients, leaves::broadcast_client>();
template <Family F>
inline constexpr Schema multicast_server =
    multicast_schema<&Configuration::group_servers, leaves::multicast_server<F>, F>();
template <Family F>
inline constexpr Schema multicast_client =
    multicast_schema<&Configuration::group_clients, leaves::group_member<F>, F>();
template <Family F>
inline constexpr Schema manycast_server =
    multicast_schema<&Configuration::manycast_servers, leaves::group_member<F>, F>();
template <Family F>
inline constexpr Schema manycast_client =
    multicast_schema<&Configuration::manycast_clients, leaves::manycast_client<F>, F>();

}  // namespace schemas
}  // namespace noonmark::config
