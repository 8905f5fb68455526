#include "cli/commands.h"

#include <array>

#include "cli/commit_commands.h"
#include "cli/commit_displays.h"
#include "cli/configuration_commands.h"
#include "cli/display_access.h"
#include "cli/display_clients.h"
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
using config::Family;
using config::LeafInfo;
using config::LeafRole;
using config::LeafType;
using config::Schema;

constexpr ViewSet kSystem = static_cast<ViewSet>(View::system);
constexpr ViewSet kUser = static_cast<ViewSet>(View::user);
constexpr ViewSet kInterface = static_cast<ViewSet>(View::interface);
constexpr ViewSet kAcl4 = static_cast<ViewSet>(View::acl4);
constexpr ViewSet kAcl6 = static_cast<ViewSet>(View::acl6);
constexpr ViewSet kConfiguring = View::system | View::interface | View::acl4 | View::acl6;
constexpr ViewSet kAll = kConfiguring | View::user;

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
    LeafInfo{"clients", LeafType::number, LeafRole::option, "Number of clients, 20 by default", 1,
             kMostClients},
    LeafInfo{"seconds", LeafType::number, LeafRole::option, "Time to confirm the trial, in seconds", 60,
             65535},
    LeafInfo{"servers", LeafType::number, LeafRole::option, "Usable servers that confirm the trial", 1,
             core::kMaxServers},
    LeafInfo{"persist-id", LeafType::label, LeafRole::option, "What confirms the trial in any session", 1,
             config::kMaxLabel},
    LeafInfo{"section", LeafType::name, LeafRole::option, "Section of the configuration: ntp-service, acl", 1,
             config::kMaxInterfaceName},
    config::leaves::kAclNumber,
    config::leaves::kAclName,
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

consteval Command in_views(ViewSet views, Command command) {
  command.views = views;
  return command;
}
consteval Command in_interface_view(Command command) { return in_views(kInterface, command); }

consteval Command leads_to(View view, Command command) {
  command.leads_to = view;
  return command;
}

consteval Command undone_by(const char* grammar, Command command) {
  command.undo_grammar = checked(grammar, command.leaves);
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
    leads_to(View::acl4, line("acl [ number ] <acl-number> [ match-order { config | auto } ]",
                              "Enter the view of an access list, which is made if it does not exist",
                              schemas::numbered_acl<Family::ipv4>, admit_acl<Family::ipv4>)),
    leads_to(View::acl4, line("acl name <acl-name> [ basic ] [ number <acl-number> ]"
                              " [ match-order { config | auto } ]",
                              "Enter the view of an access list with a name",
                              schemas::named_acl<Family::ipv4>, admit_acl<Family::ipv4>)),
    leads_to(View::acl6, line("acl ipv6 [ number ] <acl-number> [ match-order { config | auto } ]",
                              "Enter the view of an IPv6 access list, which is made if it does not exist",
                              schemas::numbered_acl<Family::ipv6>, admit_acl<Family::ipv6>)),
    leads_to(View::acl6, line("acl ipv6 name <acl-name> [ basic ] [ number <acl-number> ]"
                              " [ match-order { config | auto } ]",
                              "Enter the view of an IPv6 access list with a name",
                              schemas::named_acl<Family::ipv6>, admit_acl<Family::ipv6>)),
    in_views(kAcl4 | View::acl6, line("description <text>", "Say what the access list is for",
                                      schemas::acl_description, admit_acl_description)),
    in_views(kAcl4 | View::acl6,
             line("step <step>", "Set the distance of the numbers that rules are given", schemas::acl_step)),
    in_views(kAcl4,
             undone_by("rule <rule-id>",
                       line("rule [ <rule-id> ] { permit | deny } [ source { <source-address> { <wildcard> "
                            "| 0 } | any } | vpn-instance <vpn-name> ] *",
                            "Add a rule, or replace the one of that number", schemas::ipv4_rule,
                            admit_rule<Family::ipv4>))),
    in_views(kAcl6,
             undone_by("rule <rule-id>",
                       line("rule [ <rule-id> ] { permit | deny } [ source { <prefix> | <source-address> "
                            "<prefix-length> | any } | vpn-instance <vpn-name> ] *",
                            "Add an IPv6 rule, or replace the one of that number", schemas::ipv6_rule,
                            admit_rule<Family::ipv6>))),
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
    line("ntp-service unicast-peer <ip-address> [ version <version-number> | authentication-keyid <key-id>"
         " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll <max-number>"
         " | minpoll <min-number> | preempt | port <port-number> | interleaved ] *",
         "Configure an NTP peer", schemas::ipv4_peer, admit_server),
    line("ntp-service unicast-peer ipv6 <ip-address> [ authentication-keyid <key-id>"
         " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll <max-number>"
         " | minpoll <min-number> | preempt | port <port-number> | interleaved ] *",
         "Configure an IPv6 NTP peer", schemas::ipv6_peer, admit_server),
    line("ntp-service interleaved disable", "Neither ask servers nor answer clients in interleaved mode",
         schemas::interleaved_disable),
    undone_by(
        "ntp-service access { peer | server | synchronization | query | limited }"
        " [ all | ipv6 [ <acl6-number> | acl6-name <acl6-name> ]"
        " | { <acl-number> | acl-name <acl-name> } [ ipv6 { <acl6-number> | acl6-name <acl6-name> } ] ]",
        line("ntp-service access { peer | server | synchronization | query | limited }"
             " { { <acl-number> | acl-name <acl-name> } [ ipv6 { <acl6-number> | acl6-name <acl6-name> } ]"
             " | ipv6 { <acl6-number> | acl6-name <acl6-name> } [ <acl-number> | acl-name <acl-name> ] }",
             "Say which sources may do what", schemas::access)),
    line("ntp-service kod-enable", "Answer those who are refused or limited with a kiss code",
         schemas::kod_enable),
    line("ntp-service discard { min-interval <min-seconds> | avg-interval <avg-seconds> } *",
         "Set how often a limited source may ask", schemas::rate_limits),
    line("ntp-service max-dynamic-sessions <sessions>", "Set how many sessions packets may start",
         schemas::max_dynamic_sessions),
    line("ntp-service max-clients <clients>", "Set how many clients the server remembers",
         schemas::max_clients),
    line("ntp-service query enable", "Answer control queries", schemas::query_enable),
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
    line("ntp-service server source-interface <interface-name>", "Receive IPv4 NTP requests on an interface",
         schemas::listen_interface, admit_listen_interface),
    line("ntp-service ipv6 server source-address <ipv6-address> [ vpn-instance <vpn-name> ]",
         "Receive IPv6 NTP requests on an address", schemas::listen_address, admit_listen_address),
    in_interface_view(line("ntp-service broadcast-server [ authentication-keyid <key-id>"
                           " | version <version-number> | port <port-number> | interleaved ] *",
                           "Broadcast the time on the interface", schemas::broadcast_server)),
    in_interface_view(line("ntp-service broadcast-client", "Listen to broadcast servers on the interface",
                           schemas::broadcast_client)),
    in_interface_view(line("ntp-service multicast-server [ <group-address> ] [ authentication-keyid <key-id>"
                           " | ttl <ttl-number> | version <version-number> | port <port-number>"
                           " | interleaved ] *",
                           "Send the time to a multicast group", schemas::multicast_server<Family::ipv4>,
                           admit_group)),
    in_interface_view(line("ntp-service multicast-server ipv6 [ <group-address> ]"
                           " [ authentication-keyid <key-id> | ttl <ttl-number> | port <port-number>"
                           " | interleaved ] *",
                           "Send the time to an IPv6 multicast group",
                           schemas::multicast_server<Family::ipv6>, admit_group)),
    in_interface_view(line("ntp-service multicast-client [ <group-address> ]",
                           "Listen to the servers of a multicast group",
                           schemas::multicast_client<Family::ipv4>, admit_group)),
    in_interface_view(line("ntp-service multicast-client ipv6 [ <group-address> ]",
                           "Listen to the servers of an IPv6 multicast group",
                           schemas::multicast_client<Family::ipv6>, admit_group)),
    in_interface_view(line("ntp-service manycast-server [ <group-address> ]",
                           "Answer those who look for a server in a multicast group",
                           schemas::manycast_server<Family::ipv4>, admit_group)),
    in_interface_view(line("ntp-service manycast-server ipv6 [ <group-address> ]",
                           "Answer those who look for a server in an IPv6 multicast group",
                           schemas::manycast_server<Family::ipv6>, admit_group)),
    in_interface_view(line("ntp-service manycast-client [ <group-address> ] [ authentication-keyid <key-id>"
                           " | ttl <ttl-number> | port <port-number> ] *",
                           "Look for servers in a multicast group", schemas::manycast_client<Family::ipv4>,
                           admit_group)),
    in_interface_view(line("ntp-service manycast-client ipv6 [ <group-address> ]"
                           " [ authentication-keyid <key-id> | ttl <ttl-number> | port <port-number> ] *",
                           "Look for servers in an IPv6 multicast group",
                           schemas::manycast_client<Family::ipv6>, admit_group)),
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
    display("test ntp-service access { <ipv4-address> | ipv6 <ipv6-address> } [ vpn-instance <vpn-name> ]",
            "Whether a client would be served, and which rule decides", kAll, test_access),
    act("reset ntp-service session", "Start all NTP sessions anew", kUser, reset_ntp_sessions),
    act("reset ntp-service hold", "Take the time of the servers although the clock is held back", kUser,
        reset_ntp_hold),
    act("reset ntp-service clients", "Forget the clients of the server", kUser, reset_ntp_clients),
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
