#pragma once

#include "config/schema.h"

namespace noonmark::config {

/// THE leaf tables: one row for each value an operator can set. Everything else about a leaf (parsing,
/// ranges, rendering, help) comes from here and from the command table.

inline constexpr std::uint32_t kMaxInterfaceName = 47;
inline constexpr std::uint32_t kMaxVpnName = 31;

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
  server_port
};
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
inline constexpr Schema queries = switch_schema<&Configuration::queries_enabled>();
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

inline bool is_ipv4_server(const Server& server) { return server.address.is_v4(); }
inline bool is_ipv6_server(const Server& server) { return !server.address.is_v4(); }
inline constexpr Schema ipv4_server =
    table_schema<&Configuration::servers, leaves::server<LeafType::ipv4_address>, &is_ipv4_server>();
inline constexpr Schema ipv6_server =
    table_schema<&Configuration::servers, leaves::server<LeafType::ipv6_address>, &is_ipv6_server>();

}  // namespace schemas
}  // namespace noonmark::config
