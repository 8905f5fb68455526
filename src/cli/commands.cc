#include "cli/commands.h"

#include <array>

#include "cli/configuration_commands.h"
#include "cli/grammar.h"
#include "cli/server_test_operation.h"
#include "cli/session_commands.h"
#include "cli/trace_operation.h"
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
    LeafInfo{"command", LeafType::name, LeafRole::option, "Command of the user view", 1, 1604},
};

/// A configuration line of the system view.
consteval Command line(const char* grammar, std::string_view help, const Schema& schema,
                       Admit admit = nullptr) {
  return {.grammar = checked(grammar, schema.leaves),
          .help = help,
          .views = kSystem,
          .leaves = schema.leaves,
          .schema = &schema,
          .admit = admit};
}

using Run = decltype(Command::run);
using Show = decltype(Command::show);
using Operate = decltype(Command::operate);

/// A command of the session.
consteval Command act(const char* grammar, std::string_view help, ViewSet views, Run run) {
  return {.grammar = checked(grammar, kCommonLeaves),
          .help = help,
          .views = views,
          .leaves = kCommonLeaves,
          .run = run};
}

consteval Command display(const char* grammar, std::string_view help, ViewSet views, Show show) {
  return {.grammar = checked(grammar, kCommonLeaves),
          .help = help,
          .views = views,
          .leaves = kCommonLeaves,
          .privileged = false,
          .show = show};
}

consteval Command for_everybody(Command command) {
  command.privileged = false;
  return command;
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

consteval Command operate(const char* grammar, std::string_view help, ViewSet views,
                          std::span<const LeafInfo> leaves, Operate operation) {
  return {.grammar = checked(grammar, leaves),
          .help = help,
          .views = views,
          .leaves = leaves,
          .operate = operation};
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
    act("system-view", "Enter the system view", kUser, enter_system_view),
    act("interface <interface-name>", "Enter the view of an interface", kConfiguring, enter_interface_view),
    for_everybody(act("quit", "Leave the view", kAll, quit_view)),
    act("return", "Return to the user view", kConfiguring, return_to_user_view),
    for_everybody(act("run <command>", "Execute a command of the user view", kConfiguring, run_nothing)),
    for_everybody(act("screen-length <lines> temporary", "Set the lines of a screen for this session", kAll,
                      set_screen_length)),
    for_everybody(act("terminal monitor", "Show log lines on this terminal", kUser, start_monitor)),
    for_everybody(act("undo terminal monitor", "Show no log lines on this terminal", kUser, stop_monitor)),
    for_everybody(act("reset history-command", "Forget the commands that were typed", kUser, reset_history)),
    display("display history-command", "Display the commands that were typed", kAll, show_history),
    // the configuration as a whole
    act("commit", "Make the changes effective", kConfiguring, commit),
    act("clear configuration candidate", "Discard the changes that are not committed", kConfiguring,
        clear_candidate),
    act("save [ <file-name> ]", "Keep a named copy of the configuration", kAll, save),
    display("display this", "Display the configuration of the view", kAll, show_this),
    display("display current-configuration", "Display the running configuration", kAll,
            show_current_configuration),
    display("display configuration candidate [ merge ]", "Display the changes that are not committed",
            kConfiguring, show_candidate),
    // the time service
    for_everybody(operate("display ntp-service trace", "The chain of servers up to the reference clock", kAll,
                          kCommonLeaves, trace)),
    operate("test ntp-service unicast-server <ip-address> [ version <version-number>"
            " | authentication-keyid <key-id> | source-interface <interface-name> | vpn-instance <vpn-name>"
            " | port <port-number> ] *",
            "Test an NTP server without following it", kAll, schemas::ipv4_server.leaves, test_server),
    operate("test ntp-service unicast-server ipv6 <ip-address> [ authentication-keyid <key-id>"
            " | source-interface <interface-name> | vpn-instance <vpn-name> | port <port-number> ] *",
            "Test an IPv6 NTP server without following it", kAll, schemas::ipv6_server.leaves, test_server),
    act("reset ntp-service session", "Start all NTP sessions anew", kUser, reset_ntp_sessions),
    act("reset ntp-service statistics packet [ ipv6 ]", "Set the counters of NTP packets to zero", kUser,
        reset_ntp_statistics),
    act("reset ntp-service statistics packet [ ipv6 ] interface { <interface-name> | all }",
        "Set the counters of interfaces to zero", kUser, reset_ntp_statistics),
    act("reset ntp-service statistics packet peer"
        " [ <ipv4-address> [ vpn-instance <vpn-name> ] | ipv6 [ <ipv6-address> [ vpn-instance <vpn-name> ] ] "
        "]",
        "Set the counters of NTP sessions to zero", kUser, reset_ntp_statistics),
};

}  // namespace

std::span<const Command> commands() { return kCommands; }
std::span<const LeafInfo> common_leaves() { return kCommonLeaves; }

}  // namespace noonmark::cli
