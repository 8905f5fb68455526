#include "cli/commands.h"

#include <array>

#include "cli/grammar.h"
#include "config/schema_tables.h"

namespace noonmark::cli {
namespace {

namespace schemas = config::schemas;
using config::LeafInfo;
using config::LeafRole;
using config::LeafType;
using config::Schema;

constexpr ViewSet kSystem = static_cast<ViewSet>(View::system);
constexpr ViewSet kInterface = static_cast<ViewSet>(View::interface);
constexpr ViewSet kUser = static_cast<ViewSet>(View::user);
constexpr ViewSet kConfiguring = View::system | View::interface;
constexpr ViewSet kAll = kUser | kConfiguring;

constexpr std::array kCommonLeaves{
    LeafInfo{"interface-name", LeafType::interface_name, LeafRole::option, "Name of the interface", 1,
             config::kMaxInterfaceName},
    LeafInfo{"vpn-name", LeafType::vpn_name, LeafRole::option, "Name of the VPN instance", 1,
             config::kMaxVpnName},
    LeafInfo{"ipv4-address", LeafType::ipv4_address, LeafRole::option, "IPv4 address"},
    LeafInfo{"ipv6-address", LeafType::ipv6_address, LeafRole::option, "IPv6 address"},
    LeafInfo{"lines", LeafType::number, LeafRole::option, "Lines of a screen, 0: no paging", 0, 512},
    LeafInfo{"file-name", LeafType::name, LeafRole::option, "Name of the copy, *.cfg", 5, 64},
};

/// A configuration line of the system view.
consteval Command line(const char* grammar, std::string_view help, const Schema& schema,
                       Admit admit = nullptr) {
  return {checked(grammar, schema.leaves), help, kSystem, Action::configure, schema.leaves, &schema, admit};
}

consteval Command session(const char* grammar, std::string_view help, ViewSet views, Action action) {
  return {checked(grammar, kCommonLeaves), help, views, action, kCommonLeaves};
}

consteval Command with_question(Command command, std::string (*question)(const config::Values&)) {
  command.question = question;
  return command;
}

consteval Command in_interface_view(Command command) {
  command.views = kInterface;
  return command;
}

std::string listen_all_question(const config::Values& values) {
  if (values[1] != "enable") return {};
  return std::string("Warning: NTP ") + (values[0] ? "IPv6" : "IPv4") +
         " server listening all interface will be enabled. Continue? [Y/N]:";
}

constexpr std::array kCommands{
    // the configuration, in its canonical order
    line("sysname <host-name>", "Set the host name", schemas::sysname),
    line("crypto weak-algorithm disable", "Disable weak algorithms", schemas::weak_algorithms),
    line("ntp-service [ ipv6 ] server disable", "Answer no NTP request", schemas::server_disable),
    with_question(line("ntp-service [ ipv6 ] server source-interface all { enable | disable }",
                       "Receive NTP requests on all interfaces", schemas::listen_all, admit_listen_all),
                  listen_all_question),
    line("ntp-service [ ipv6 ] disable", "Stop NTP", schemas::family_disable),
    line("ntp-service port <port>", "Set the port that requests are received on", schemas::port),
    line("ntp-service source-port <port>", "Set the port that requests leave from", schemas::source_port),
    line("ntp-service [ ipv6 ] source-interface <interface-name> [ vpn-instance <vpn-name> ]",
         "Set the interface whose address NTP packets leave from", schemas::source_interface,
         admit_source_interface),
    line("ntp-service authentication-password complexity-check enable",
         "Check the strength of entered passwords", schemas::complexity_check),
    line("ntp-service authentication-keyid <key-id> authentication-mode"
         " { md5 | hmac-sha256 | aes-128-cmac | aes-256-cmac }"
         " { <password> | cipher <cipher-text> | hex <digits> } [ mac-length { 20 | 32 } ]",
         "Configure an authentication key", schemas::key, admit_key),
    line("ntp-service reliable authentication-keyid <key-id>", "Declare a key reliable",
         schemas::reliable_key),
    line("ntp-service refclock-master [ <clock-address> ] [ <stratum> ]",
         "Make the local clock a reference clock", schemas::local_clock),
    line("ntp-service unicast-server <ip-address> [ version <version-number> | authentication-keyid <key-id>"
         " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll <max-number>"
         " | minpoll <min-number> | burst | iburst | preempt | port <port-number> ] *",
         "Configure an NTP server", schemas::ipv4_server, admit_server),
    line("ntp-service unicast-server ipv6 <ip-address> [ authentication-keyid <key-id>"
         " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll <max-number>"
         " | minpoll <min-number> | burst | iburst | preempt | port <port-number> ] *",
         "Configure an IPv6 NTP server", schemas::ipv6_server, admit_server),
    line("ntp-service max-distance <distance>", "Set the maximum synchronization distance",
         schemas::max_distance),
    line("ntp-service offset-limit <offset>", "Set the maximum clock offset", schemas::offset_limit),
    line("ntp-service authentication enable", "Synchronize to authenticated sources only",
         schemas::authentication),
    line("ntp-service server source-interface <interface-name>", "Receive IPv4 NTP requests on an interface",
         schemas::listen_interface, admit_listen_interface),
    line("ntp-service ipv6 server source-address <ipv6-address> [ vpn-instance <vpn-name> ]",
         "Receive IPv6 NTP requests on an address", schemas::listen_address, admit_listen_address),
    in_interface_view(line("ntp-service [ ipv6 ] in-interface disable",
                           "Receive no NTP packets on the interface", schemas::receive_disabled)),
    // the session
    session("system-view", "Enter the system view", kUser, Action::system_view),
    session("interface <interface-name>", "Enter the view of an interface", kConfiguring,
            Action::interface_view),
    session("quit", "Leave the view", kAll, Action::quit),
    session("return", "Return to the user view", kConfiguring, Action::return_to_user_view),
    session("commit", "Make the changes effective", kConfiguring, Action::commit),
    session("clear configuration candidate", "Discard the changes that are not committed", kConfiguring,
            Action::clear_candidate),
    session("save [ <file-name> ]", "Keep a named copy of the configuration", kAll, Action::save),
    session("screen-length <lines> temporary", "Set the lines of a screen for this session", kAll,
            Action::screen_length),
    session("reset ntp-service session", "Start all NTP sessions anew", kUser, Action::reset_sessions),
    session("display this", "Display the configuration of the view", kAll, Action::display_this),
    session("display current-configuration", "Display the running configuration", kAll,
            Action::display_current_configuration),
    session("display configuration candidate [ merge ]", "Display the changes that are not committed",
            kConfiguring, Action::display_candidate),
};

}  // namespace

std::span<const Command> commands() { return kCommands; }
std::span<const LeafInfo> common_leaves() { return kCommonLeaves; }

}  // namespace noonmark::cli
