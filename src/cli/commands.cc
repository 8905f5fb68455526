#include "cli/commands.h"

#include <array>

#include "cli/commit_commands.h"
#include "cli/commit_displays.h"
#include "cli/configuration_commands.h"
#include "cli/grammar.h"
#include "cli/server_test_operation.h"
#include "cli/session_commands.h"
#include "cli/trace_operation.h"
#include "config/commit_point.h"
#include "config/schema_tables.h"

namespace noonmark::cli {
namespace {

namespace schemas = config::schemas;
using config::CommitId;
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
    LeafInfo{"commit-id", LeafType::number, LeafRole::option, "Number of a commit",
             config::number(CommitId::first), config::number(CommitId::last)},
    LeafInfo{"label", LeafType::label, LeafRole::option, "Label of a commit", 1, config::kMaxLabel},
    LeafInfo{"description", LeafType::rest_of_line, LeafRole::option, "What is committed, and why", 1,
             config::kMaxDescription},
    LeafInfo{"count", LeafType::number, LeafRole::option, "Number of commits", 1, 80},
    LeafInfo{"seconds", LeafType::number, LeafRole::option, "Time to confirm the trial, in seconds", 60,
             65535},
    LeafInfo{"servers", LeafType::number, LeafRole::option, "Usable servers that confirm the trial", 1,
             core::kMaxServers},
    LeafInfo{"persist-id", LeafType::label, LeafRole::option, "What confirms the trial in any session", 1,
             config::kMaxLabel},
    LeafInfo{"section", LeafType::name, LeafRole::option, "Section of the configuration: ntp-service", 1,
             config::kMaxInterfaceName},
    LeafInfo{"session-id", LeafType::number, LeafRole::option, "Number of a session: N of VTY N", 0, 65535},
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
    line("sysname <host-name>", "Set the host name", schemas::sysname, admit_sysname),
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
         " { md5 | hmac-sha256 | aes-128-cmac | aes-256-cmac"
         " | digest-sha1 | digest-sha256 | digest-sha384 | digest-sha512 }"
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
    line("ntp-service step-policy { at-start | always | never | forward-only }"
         " [ threshold <milliseconds> | backward-limit <seconds> ] *",
         "Set when the clock may be stepped", schemas::step_policy),
    line("ntp-service error-budget <milliseconds> [ stop-serving ]", "Set the largest error bound accepted",
         schemas::error_budget),
    line("ntp-service authentication enable", "Synchronize to authenticated sources only",
         schemas::authentication),
    line("ntp-service query enable", "Answer control queries", schemas::queries),
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
    act("commit [ label <label> ] [ description <description> ]", "Make the changes effective", kConfiguring,
        commit),
    act("commit trial [ <seconds> ] [ synchronized [ <servers> ] ] [ label <label> ] [ persist <persist-id> ]"
        " [ description <description> ]",
        "Make the changes effective for a while", kConfiguring, commit_trial),
    act("commit persist <persist-id>", "Confirm a trial of any session", kConfiguring, commit),
    act("abort trial [ session <session-id> | persist <persist-id> ]", "Roll a trial back", kAll,
        abort_trial),
    act("clear configuration candidate", "Discard the changes that are not committed", kConfiguring,
        clear_candidate),
    act("refresh configuration candidate", "Put the changes upon the running configuration of now",
        kConfiguring, refresh_candidate),
    act("configuration exclusive", "Let only this session commit", kAll, lock_configuration),
    act("undo configuration exclusive", "Let every session commit", kAll, unlock_configuration),
    act("rollback configuration { to commit-id <commit-id> | to label <label> | last <count> | to file "
        "<file-name> }",
        "Go back to an earlier configuration", kUser, roll_back),
    act("set configuration commit <commit-id> label <label>", "Give a commit a label", kUser, label_commit),
    act("clear configuration commit { <commit-id> label | oldest <count> | label <label> }",
        "Remove rollback points or their labels", kUser, clear_commits),
    act("save [ <file-name> ]", "Keep a named copy of the configuration", kAll, save),
    display("display this", "Display the configuration of the view", kAll, show_this),
    display("display current-configuration [ interface [ <interface-name> ] | configuration <section> ]",
            "Display the running configuration", kAll, show_current_configuration),
    display("display saved-configuration [ <file-name> ]", "Display a saved copy of the configuration", kAll,
            show_saved_configuration),
    display("display configuration candidate [ merge ]", "Display the changes that are not committed",
            kConfiguring, show_candidate),
    display("display configuration candidate changes", "Display what a commit would change", kConfiguring,
            show_candidate_changes),
    display("display configuration changes [ running { label <label> | commit-id <commit-id> | file "
            "<file-name> } ]",
            "Display how the running configuration differs from a saved one", kAll, show_running_changes),
    display("display configuration commit list [ verbose ] [ <count> | label ]",
            "Display the rollback points", kAll, show_commits),
    display("display configuration commit changes"
            " [ at <commit-id> | since <commit-id> | last <count> | <count> ]",
            "Display what commits changed", kAll, show_commit_changes),
    display("display configuration commit at <commit-id>", "Display the configuration of a commit", kAll,
            show_commit),
    display("display configuration trial status", "Display the trial that runs, or how the last one ended",
            kAll, show_trial),
    display("display configuration rollback result", "Display how the last rollback went", kAll,
            show_rollback_result),
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
    act("reset ntp-service hold", "Take the time of the servers although the clock is held back", kUser,
        reset_ntp_hold),
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
