#include <algorithm>
#include <array>

#include "cli/reference.h"

namespace noonmark::cli {
namespace {

constexpr std::array kTexts{
    // the configuration
    ReferenceText{"sysname <host-name>", "The name stands in the prompt once it is committed.",
                  "sysname PE1"},
    ReferenceText{"crypto weak-algorithm disable",
                  "While weak algorithms are disabled, which they are by default, no key can use md5 or "
                  "digest-sha1. The undo "
                  "form allows it. It cannot be closed again while a key uses one of them.",
                  "undo crypto weak-algorithm disable"},
    ReferenceText{"acl [ number ] <acl-number> [ match-order { config | auto } ]",
                  "A list of rules about sources, for ntp-service access. The line makes the list if it does "
                  "not exist, and leads to its view; it may stand in any configuration view. match-order "
                  "config (the default): rules are tried by their numbers. auto: those of a VPN instance "
                  "before others, then those with more address bits. A list that is entered without "
                  "match-order keeps its own. Removing a list removes its rules. At most 1,000 lists and "
                  "2,000 rules in all of them.",
                  "acl number 2000"},
    ReferenceText{"acl name <acl-name> [ basic ] [ number <acl-number> ] [ match-order { config | auto } ]",
                  "As acl number, with a name: 1 to 32 characters, the first a letter or digit, not digits "
                  "alone. A number given here stands for the list as well.",
                  "acl name clients"},
    ReferenceText{"acl ipv6 [ number ] <acl-number> [ match-order { config | auto } ]",
                  "As acl number, for IPv6. IPv4 and IPv6 lists of one number are two lists.",
                  "acl ipv6 number 2000"},
    ReferenceText{
        "acl ipv6 name <acl-name> [ basic ] [ number <acl-number> ] [ match-order { config | auto } ]",
        "As acl name, for IPv6.", "acl ipv6 name clients"},
    ReferenceText{"description <text>",
                  "Text to the end of the line, without double quotes, shown in display acl.",
                  "description routers of site A"},
    ReferenceText{"step <step>",
                  "A rule entered without a number gets the first multiple of the step above all others. "
                  "Rules that are there keep their numbers.",
                  "step 10"},
    ReferenceText{
        "rule [ <rule-id> ] { permit | deny } [ source { <source-address> { <wildcard> | 0 } | any "
        "} | vpn-instance <vpn-name> ] *",
        "The first rule that matches decides; what none matches is denied. Ones in the wildcard are "
        "bits that do not count: 0.0.0.255 is a /24; 0 means exactly this address. Without source "
        "any matches, and without vpn-instance packets of every VPN instance. A rule that is there "
        "already is not added again; one with the number of another replaces it.",
        "rule 10 permit source 192.0.2.0 0.0.0.255"},
    ReferenceText{"rule [ <rule-id> ] { permit | deny } [ source { <prefix> | <source-address> "
                  "<prefix-length> | any } | vpn-instance <vpn-name> ] *",
                  "As in an IPv4 list, with a prefix. IPv4-mapped addresses are judged by the IPv4 lists.",
                  "rule 10 permit source 2001:db8::/32"},
    ReferenceText{
        "ntp-service [ ipv6 ] server disable",
        "Requests of this family are answered exactly if refclock-master is configured, unless this "
        "command (never) or its undo form (always) says otherwise.",
        "ntp-service server disable"},
    ReferenceText{"ntp-service [ ipv6 ] server source-interface all { enable | disable }",
                  "enable: requests are answered on all interfaces, whatever the lists of interfaces and "
                  "addresses say; it asks first. disable: only on those of the lists.",
                  "ntp-service server source-interface all disable"},
    ReferenceText{"ntp-service [ ipv6 ] disable",
                  "Neither sends nor takes NTP packets of this family. The configuration stays as it is.",
                  "ntp-service ipv6 disable"},
    ReferenceText{"ntp-service port <port>", "The UDP port on which requests are answered.",
                  "ntp-service port 1123"},
    ReferenceText{"ntp-service source-port <port>",
                  "All requests leave from this port instead of from a random one for each, which protects "
                  "better against forged replies.",
                  "ntp-service source-port 123"},
    ReferenceText{
        "ntp-service [ ipv6 ] source-interface <interface-name> [ vpn-instance <vpn-name> ]",
        "Requests in this VPN instance leave from the primary address of the interface, and replies "
        "too. A server line's own source-interface goes before it. An interface can be named by its "
        "Linux name, its alias or an alternative name; while it is missing or down, nothing is sent.",
        "ntp-service source-interface eth0 vpn-instance MGMT"},
    ReferenceText{
        "ntp-service authentication-password complexity-check enable",
        "A password that is entered from then on has at least 12 characters, among them a lower-case "
        "letter, a capital, a digit and a special character. Off by default.",
        "ntp-service authentication-password complexity-check enable"},
    ReferenceText{
        "ntp-service authentication-keyid <key-id> authentication-mode"
        " { md5 | hmac-sha256 | aes-128-cmac | aes-256-cmac"
        " | digest-sha1 | digest-sha256 | digest-sha384 | digest-sha512 }"
        " { <password> | cipher <cipher-text> | hex <digits> } [ mac-length { 20 | 32 } ]",
        "The same id, algorithm and password are needed on both sides. hmac-sha256 is recommended. "
        "The keys of aes-128-cmac and aes-256-cmac have exactly 16 and 32 characters. The password is "
        "kept and shown as cipher text only. The digest algorithms are what chrony and NTPsec call SHA1, "
        "SHA256, SHA384 and SHA512. mac-length says how much of a longer MAC than 20 octets is sent; NTPsec "
        "needs 20 with digest-sha256, digest-sha384 and digest-sha512.",
        "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Example-Password-1"},
    ReferenceText{
        "ntp-service reliable authentication-keyid <key-id>",
        "With authentication enabled the clock follows only servers that authenticate with a reliable "
        "key.",
        "ntp-service reliable authentication-keyid 1"},
    ReferenceText{"ntp-service refclock-master [ <clock-address> ] [ <stratum> ]",
                  "This device serves its own clock when no server of a smaller stratum is left. At equal "
                  "stratum the local clock is preferred. Requests are answered from then on, unless server "
                  "disable says otherwise.",
                  "ntp-service refclock-master 8"},
    ReferenceText{
        "ntp-service unicast-server <ip-address> [ version <version-number> | authentication-keyid <key-id>"
        " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll <max-number>"
        " | minpoll <min-number> | burst | iburst | preempt | port <port-number> ] *",
        "The clock follows this server, or the best of several. Entering an address (and VPN instance) again "
        "replaces its whole line. preference: preferred among the selected servers of the smallest stratum. "
        "preempt: given up after an error while another source is left. A key always authenticates.",
        "ntp-service unicast-server 192.0.2.1 authentication-keyid 1 source-interface eth0 iburst"},
    ReferenceText{"ntp-service unicast-server ipv6 <ip-address> [ authentication-keyid <key-id>"
                  " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll "
                  "<max-number>"
                  " | minpoll <min-number> | burst | iburst | preempt | port <port-number> ] *",
                  "As for IPv4. Always speaks NTP version 4. A link-local server needs a source interface.",
                  "ntp-service unicast-server ipv6 2001:db8::1 vpn-instance MGMT"},
    ReferenceText{
        "ntp-service unicast-peer <ip-address> [ version <version-number> | authentication-keyid <key-id>"
        " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll <max-number>"
        " | minpoll <min-number> | preempt | port <port-number> | interleaved ] *",
        "Symmetric active mode: either of the two follows the other when that has the better time. The other "
        "machine needs a peer line only if it shall ask by itself, but the key, declared reliable, always. "
        "Options as of unicast-server. interleaved: each packet carries the precise transmit time of the one "
        "before (RFC 9769), if the peer does so too. A server and a peer of one address are two lines.",
        "ntp-service unicast-peer 192.0.2.9 authentication-keyid 1"},
    ReferenceText{"ntp-service unicast-peer ipv6 <ip-address> [ authentication-keyid <key-id>"
                  " | source-interface <interface-name> | vpn-instance <vpn-name> | preference | maxpoll "
                  "<max-number>"
                  " | minpoll <min-number> | preempt | port <port-number> | interleaved ] *",
                  "As for IPv4. Always speaks NTP version 4.",
                  "ntp-service unicast-peer ipv6 2001:db8::9 authentication-keyid 1"},
    ReferenceText{
        "ntp-service interleaved disable",
        "Servers of version 4 are asked in interleaved mode (RFC 9769) where they can answer in it, "
        "and clients that ask in it are answered in it. This ends both. Peers and broadcast servers "
        "have an option of their own.",
        "ntp-service interleaved disable"},
    ReferenceText{
        "ntp-service access { peer | server | synchronization | query | limited }"
        " { { <acl-number> | acl-name <acl-name> } [ ipv6 { <acl6-number> | acl6-name <acl6-name> } ]"
        " | ipv6 { <acl6-number> | acl6-name <acl6-name> } [ <acl-number> | acl-name <acl-name> ] }",
        "The levels are tried in this order, and the first whose list permits the source is granted. peer: "
        "time requests, control queries, and the clock may follow it. server: time requests and control "
        "queries. synchronization: time requests. query: control queries. limited: time requests at the rate "
        "of discard. With any such line, sources that no list permits are denied, and so is a family without "
        "lists. A list that does not exist permits nothing. Entering a level again replaces its line; ipv6 "
        "behind undo takes the IPv6 list away, all the whole line.",
        "ntp-service access server 2000 ipv6 2000"},
    ReferenceText{"ntp-service kod-enable",
                  "A request of version 4 that is denied is answered with the kiss code DENY, one that comes "
                  "too soon from a limited source with RATE. Else both are dropped in silence, the default.",
                  "ntp-service kod-enable"},
    ReferenceText{"ntp-service discard { min-interval <min-seconds> | avg-interval <avg-seconds> } *",
                  "Powers of 2 seconds, for sources that ntp-service access limited permits. By default 1 "
                  "(2 s) and 5 (32 s). The line replaces an earlier one as a whole.",
                  "ntp-service discard min-interval 2 avg-interval 6"},
    ReferenceText{"ntp-service max-dynamic-sessions <sessions>",
                  "Sessions that packets start: passive ones, and those of broadcast, multicast and manycast "
                  "clients. Sessions that are there stay.",
                  "ntp-service max-dynamic-sessions 20"},
    ReferenceText{"ntp-service max-clients <clients>",
                  "Addresses that the server remembers, for rate limits, the interleaved mode and displays. "
                  "Memory is bounded by it; clients beyond it are answered all the same. Each thread of the "
                  "server remembers so many: with noonmarkd --server-workers N there are N + 1.",
                  "ntp-service max-clients 1048576"},
    ReferenceText{
        "ntp-service query enable",
        "This device answers control queries (mode 6, as of ntpq), which read and never change anything. "
        "They "
        "are answered on this device's own loopback addresses, and to sources that an access list of "
        "ntp-service access grants the level peer, server or query; all others get no answer.",
        "ntp-service query enable"},
    ReferenceText{"ntp-service max-distance <distance>",
                  "A server whose synchronization distance (half the delay to its reference clock, and all "
                  "error bounds on the way) exceeds this is not followed.",
                  "ntp-service max-distance 2"},
    ReferenceText{"ntp-service offset-limit <offset>",
                  "Time that differs by more than this from the clock is not taken.",
                  "ntp-service offset-limit 1000"},
    ReferenceText{"ntp-service step-policy { at-start | always | never | forward-only }"
                  " [ threshold <milliseconds> | backward-limit <seconds> ] *",
                  "Offsets below the threshold are slewed, at most 1 s in 12 s. Beyond it, at-start (the "
                  "default): the first "
                  "setting is a step, later an offset has to persist for 900 s. always: a step at once, at "
                  "any time. never: "
                  "no steps. forward-only: as at-start, but never backwards. backward-limit: no step goes "
                  "further back. What "
                  "may not be stepped is slewed if that takes a day at most; else the clock is held back, "
                  "with an alarm: see "
                  "display ntp-service quality and reset ntp-service hold.",
                  "ntp-service step-policy at-start threshold 500 backward-limit 60"},
    ReferenceText{
        "ntp-service error-budget <milliseconds> [ stop-serving ]",
        "An alarm is logged when the error bound of the clock crosses the budget, and again when it "
        "is back and going to stay. stop-serving: beyond it requests are answered as unsynchronized "
        "(stratum 16).",
        "ntp-service error-budget 50 stop-serving"},
    ReferenceText{"ntp-service authentication enable",
                  "The clock follows only servers whose line names a reliable key. Off by default.",
                  "ntp-service authentication enable"},
    ReferenceText{"ntp-service server source-interface <interface-name>",
                  "Requests are answered that come to the primary IPv4 address of this interface, and to no "
                  "others but those of further such lines.",
                  "ntp-service server source-interface eth1"},
    ReferenceText{
        "ntp-service ipv6 server source-address <ipv6-address> [ vpn-instance <vpn-name> ]",
        "Requests are answered that come to this IPv6 address, and to no others but those of further "
        "such lines.",
        "ntp-service ipv6 server source-address 2001:db8::2"},
    ReferenceText{
        "ntp-service broadcast-server [ authentication-keyid <key-id> | version <version-number>"
        " | port <port-number> | interleaved ] *",
        "Sends the time to 255.255.255.255 on the interface, again and again. interleaved: with the "
        "precise transmit time of the packet before (RFC 9769).",
        "ntp-service broadcast-server authentication-keyid 1 version 4"},
    ReferenceText{
        "ntp-service broadcast-client",
        "The clock may follow servers that broadcast on the interface. How far away one is, it is "
        "asked first. Use it with ntp-service authentication enable: else anybody there can set the "
        "clock.",
        "ntp-service broadcast-client"},
    ReferenceText{
        "ntp-service multicast-server [ <group-address> ] [ authentication-keyid <key-id> | ttl <ttl-number>"
        " | version <version-number> | port <port-number> | interleaved ] *",
        "As broadcast-server, to a multicast group. An interface can serve several groups; undo without a "
        "group means the default one.",
        "ntp-service multicast-server 224.0.1.1 authentication-keyid 1 ttl 8"},
    ReferenceText{"ntp-service multicast-server ipv6 [ <group-address> ] [ authentication-keyid <key-id>"
                  " | ttl <ttl-number> | port <port-number> | interleaved ] *",
                  "As for IPv4. Always speaks NTP version 4.",
                  "ntp-service multicast-server ipv6 ff0e::101 authentication-keyid 1"},
    ReferenceText{
        "ntp-service multicast-client [ <group-address> ]",
        "As broadcast-client, for servers of a multicast group. An interface can listen to several.",
        "ntp-service multicast-client 224.0.1.1"},
    ReferenceText{"ntp-service multicast-client ipv6 [ <group-address> ]", "As for IPv4.",
                  "ntp-service multicast-client ipv6 ff0e::101"},
    ReferenceText{"ntp-service manycast-server [ <group-address> ]",
                  "Requests to the group that come in on the interface are answered, as far as this device "
                  "answers requests at all, from the address of the interface.",
                  "ntp-service manycast-server 224.0.1.1"},
    ReferenceText{"ntp-service manycast-server ipv6 [ <group-address> ]", "As for IPv4.",
                  "ntp-service manycast-server ipv6 ff0e::101"},
    ReferenceText{
        "ntp-service manycast-client [ <group-address> ] [ authentication-keyid <key-id> | ttl <ttl-number>"
        " | port <port-number> ] *",
        "Asks the group for servers, and makes a session with each that answers, up to "
        "max-dynamic-sessions.",
        "ntp-service manycast-client 224.0.1.1 authentication-keyid 1 ttl 8"},
    ReferenceText{"ntp-service manycast-client ipv6 [ <group-address> ]"
                  " [ authentication-keyid <key-id> | ttl <ttl-number> | port <port-number> ] *",
                  "As for IPv4.", "ntp-service manycast-client ipv6 ff0e::101 authentication-keyid 1"},
    ReferenceText{"ntp-service [ ipv6 ] in-interface disable",
                  "NTP packets of this family that come in on the interface are dropped and counted.",
                  "ntp-service in-interface disable"},
    // the session
    ReferenceText{
        "system-view",
        "The configuration is changed in the system view. Changes gather in this session's candidate "
        "until commit.",
        "system-view"},
    ReferenceText{"interface <interface-name>", "Lines entered in the view concern this interface.",
                  "interface eth0"},
    ReferenceText{
        "quit",
        "One view up; in the user view the session ends. Asks what to do with uncommitted changes when "
        "the configuration views are left.",
        "quit"},
    ReferenceText{"return",
                  "Straight to the user view, from any other. Ctrl+Z does the same. Asks what to do with "
                  "uncommitted changes.",
                  "return"},
    ReferenceText{"run <command>", "Executes a command of the user view without leaving this one.",
                  "run reset ntp-service session"},
    ReferenceText{
        "screen-length <lines> temporary",
        "Displays stop after so many lines; 0 shows them at once. 24 at the start of a session. With 0 "
        "the terminal is taken to be read by a program: a commit leaves out its warnings there.",
        "screen-length 0 temporary"},
    ReferenceText{"terminal monitor",
                  "Log lines appear on this terminal as they are written. Off by default.",
                  "terminal monitor"},
    ReferenceText{"undo terminal monitor", "No log lines appear on this terminal.", "undo terminal monitor"},
    ReferenceText{"reset history-command", "Forgets what display history-command shows.",
                  "reset history-command"},
    ReferenceText{"display history-command",
                  "The last 50 commands of this session, as they were typed. Lines with passwords are never "
                  "kept.",
                  "display history-command"},
    // the configuration as a whole
    ReferenceText{"commit [ label <label> ] [ description <description> ]",
                  "All changes of this session become effective together, or none of them, and what a "
                  "restart loads. Prints nothing but warnings when it succeeds. Each commit with changes is "
                  "a rollback point; the newest 100 are kept. A label is unique, begins with no digit and "
                  "stands in double quotes if it has blanks; the description runs to the end of the line. "
                  "During a trial of this session it confirms the trial, further changes included.",
                  "commit label golden description second server of site A"},
    ReferenceText{
        "commit trial [ <seconds> ] [ synchronized [ <servers> ] ] [ label <label> ] [ persist <persist-id> ]"
        " [ description <description> ]",
        "The changes become effective, but a restart still loads the old configuration, which is back by "
        "itself after the time (600 s by default), at the end of this session, and after a crash or power "
        "cut, unless commit confirms the trial before. Another commit trial of the session starts the time "
        "anew. persist: the trial outlives the session, and commit persist confirms it in any session. "
        "synchronized: it outlives the session and is confirmed by itself as soon as that many servers (1 by "
        "default) are usable, that is, survive the selection; if they are not in time, display configuration "
        "commit list verbose says which ones were not, and why. Other sessions can neither commit nor roll "
        "back during a trial.",
        "commit trial 120 synchronized 2 description move to the new servers"},
    ReferenceText{"commit persist <persist-id>",
                  "Confirms the trial that was started with this persist ID, in any session; changes of this "
                  "session are committed with it.",
                  "commit persist night-shift"},
    ReferenceText{"abort trial [ session <session-id> | persist <persist-id> ]",
                  "Asks first. Without a parameter the trial must be this session's own; session and persist "
                  "name the trial of another one.",
                  "abort trial session 3"},
    ReferenceText{"clear configuration candidate",
                  "Throws this session's uncommitted changes away and leads to the system view.",
                  "clear configuration candidate"},
    ReferenceText{
        "refresh configuration candidate",
        "When another session has committed, its changes are taken over into this session's candidate. Where "
        "both changed the same line, this session's line stays, and a commit is possible again.",
        "refresh configuration candidate"},
    ReferenceText{"configuration exclusive",
                  "Other sessions may edit and display, but can neither commit nor roll back until undo "
                  "configuration exclusive or the end of this session.",
                  "configuration exclusive"},
    ReferenceText{"undo configuration exclusive", "Takes the lock of this session away.",
                  "undo configuration exclusive"},
    ReferenceText{"rollback configuration { to commit-id <commit-id> | to label <label> | last <count> | to "
                  "file <file-name> }",
                  "The configuration becomes again what it was with that commit, before the last commits, or "
                  "in a copy that save keeps in STATE_DIR/saved. Trials that were rolled back do not count "
                  "as commits. Asks first. The rollback is a commit of its own and can be rolled back too. A "
                  "file with lines that are no configuration is refused, with all its errors.",
                  "rollback configuration last 1"},
    ReferenceText{"set configuration commit <commit-id> label <label>",
                  "Gives a commit without a label one. At most 50 commits have one; they are kept when older "
                  "commits than they are removed.",
                  "set configuration commit 1000000041 label golden"},
    ReferenceText{"clear configuration commit { <commit-id> label | oldest <count> | label <label> }",
                  "<commit-id> label: takes the label away. oldest: removes the oldest rollback points, "
                  "apart from those with a label. label: removes the point with this label. The commit in "
                  "force stays, and numbers are never used again.",
                  "clear configuration commit oldest 20"},
    ReferenceText{
        "save [ <file-name> ]",
        "Keeps a copy of the running configuration under this name, saved.cfg by default, for rollback "
        "configuration to file. A restart loads the last commit, whether saved or not.",
        "save before-migration.cfg"},
    ReferenceText{
        "display this",
        "The running configuration of the view: all of it in the system view, that of the interface in "
        "an interface's view.",
        "display this"},
    ReferenceText{
        "display current-configuration [ interface [ <interface-name> ] | configuration <section> ]",
        "Sections are separated by #. Defaults are left out. interface: only the sections of interfaces, or "
        "of one; configuration: one section by its name.",
        "display current-configuration | include unicast-server"},
    ReferenceText{"display saved-configuration [ <file-name> ]",
                  "The copy of this name; by default the one that was saved last.",
                  "display saved-configuration before-migration.cfg"},
    ReferenceText{"display configuration candidate [ merge ]",
                  "The lines that a commit would enter; merge: the whole configuration as it would be then.",
                  "display configuration candidate merge"},
    ReferenceText{"display configuration candidate changes",
                  "Lines that a commit would remove (-) and add (+). Says so when another session has "
                  "changed the same lines.",
                  "display configuration candidate changes"},
    ReferenceText{"display configuration changes [ running { label <label> | commit-id <commit-id> | file "
                  "<file-name> } ]",
                  "How the running configuration differs from that of a commit or of a copy, by default from "
                  "the copy that was saved last.",
                  "display configuration changes running label golden"},
    ReferenceText{"display configuration commit list [ verbose ] [ <count> | label ]",
                  "The rollback points, newest first; label: those with a label. An asterisk marks a point "
                  "behind which others were removed. verbose: also where it was committed from, its "
                  "description, and the outcome of a trial with its reason.",
                  "display configuration commit list verbose 1"},
    ReferenceText{"display configuration commit changes"
                  " [ at <commit-id> | since <commit-id> | last <count> | <count> ]",
                  "Without a parameter, and with a number, each commit separately, newest first. at: of that "
                  "one. since: of all after that one together. last: of so many commits together, without "
                  "trials that were rolled back.",
                  "display configuration commit changes last 2"},
    ReferenceText{"display configuration commit at <commit-id>",
                  "The whole configuration as it was with that commit.",
                  "display configuration commit at 1000000041"},
    ReferenceText{"display configuration trial status",
                  "The time that is left, who tries, and with synchronized the state of each server; when no "
                  "trial runs, how the last one ended.",
                  "display configuration trial status"},
    ReferenceText{"display configuration rollback result",
                  "How the last rollback since the start of noonmarkd went, that of a trial included.",
                  "display configuration rollback result"},
    ReferenceText{
        "display configuration lint",
        "What can be better in the running configuration, and how sessions behave in it: each advice "
        "with a stable code and the section of RFC 8633 or of the VRP manual that it comes from.",
        "display configuration lint"},
    // the time service
    ReferenceText{"reset ntp-service session",
                  "All sessions forget what they measured and begin with a burst-free first request; servers "
                  "that refused with DENY or RSTR are asked again.",
                  "reset ntp-service session"},
    ReferenceText{
        "reset ntp-service hold",
        "When the time of the servers is so far off that it is not taken (offset-limit, step-policy), the "
        "clock is "
        "held back and an alarm is logged. This takes it all the same, once, by a step of any size. Asks "
        "first. Time from before this program was built is never taken.",
        "reset ntp-service hold"},
    ReferenceText{"display acl { all | <acl-number> | name <acl-name> | ipv6 { all | <acl-number> | name "
                  "<acl-name> } }",
                  "The rules of an access list, or of all, in the order in which they are tried.",
                  "display acl all"},
    ReferenceText{"display clock", "The corrected time, in UTC.", "display clock"},
    ReferenceText{"display interface brief",
                  "Every interface of the machine and of the namespaces that are VPN instances, as the "
                  "configuration can name them.",
                  "display interface brief"},
    ReferenceText{"display ip vpn-instance",
                  "VRF devices and named network namespaces, and names that the configuration uses though "
                  "nothing of that name exists (missing).",
                  "display ip vpn-instance"},
    ReferenceText{
        "display ntp-service clients [ too-often ] [ <clients> ]",
        "Those who ask this server, the busiest first: requests and drops, the reason of the last drop, how "
        "long ago it asked, its average interval (the last requests weigh most), version, key, what "
        "ntp-service access grants it, and whether it asks in interleaved mode. Then of all clients: how "
        "many are remembered, requests by version and key, drops by reason, kiss codes. too-often: only "
        "those whose average interval is below that of ntp-service discard, whether they are limited or "
        "not, the most frequent first; 32 s by default. Who has asked fewer than 16 times is not judged. "
        "20 clients, if no number is given.",
        "display ntp-service clients too-often 50"},
    ReferenceText{
        "display ntp-service clients { <ipv4-address> | ipv6 <ipv6-address> } [ vpn-instance <vpn-name> ]",
        "The same row for one client, in every VPN instance if none is given.",
        "display ntp-service clients 192.0.2.77"},
    ReferenceText{
        "display ntp-service event clock-unsync",
        "The last ten losses of synchronization since the start, newest first: the source that was lost, "
        "and why.",
        "display ntp-service event clock-unsync"},
    ReferenceText{
        "display ntp-service explain [ <ipv4-address> | ipv6 <ipv6-address> ] [ vpn-instance <vpn-name> ]",
        "For each server a verdict with a stable code, the facts it comes from, and what to do. The facts: "
        "what was sent and from where, what came back, which test each of the last eight replies passed or "
        "failed, and how the selection judged it. Without vpn-instance the servers in every VPN instance.",
        "display ntp-service explain 192.0.2.1"},
    ReferenceText{
        "display ntp-service groups",
        "Each broadcast, multicast and manycast line of an interface: how many sessions it brought about, "
        "and whether it works, or why it is silent (the interface is missing or down, the clock is not "
        "synchronized, a key is missing).",
        "display ntp-service groups"},
    ReferenceText{
        "display ntp-service quality",
        "The error bound of the clock and how fast it grows without news, its state (synchronized; holdover: "
        "no "
        "server is left, and the clock runs on with what was learned; unsynchronized), frequency, leap "
        "second, "
        "budget, and whether it is held back. RUN_DIR/quality.json has the same for other software.",
        "display ntp-service quality"},
    ReferenceText{
        "display ntp-service sessions [ verbose ]",
        "A block for each server: what it is (configured, master, selected, candidate, sane, valid), "
        "reachability in the last eight polls, offset, delay and dispersion.",
        "display ntp-service sessions verbose"},
    ReferenceText{"display ntp-service statistics packet [ ipv6 ]",
                  "What was sent, received and dropped, by reason, and the last ten drops.",
                  "display ntp-service statistics packet ipv6"},
    ReferenceText{
        "display ntp-service statistics packet [ ipv6 ] interface { <interface-name> | all }",
        "The same for one interface, or for each that saw an NTP packet. A request counts where the kernel "
        "sent it. An interface that is gone takes its counters along.",
        "display ntp-service statistics packet interface eth0"},
    ReferenceText{
        "display ntp-service statistics packet peer"
        " [ <ipv4-address> [ vpn-instance <vpn-name> ] | ipv6 [ <ipv6-address> [ vpn-instance <vpn-name> ] ] "
        "]",
        "The same for each session of a family, or for those with one server: in every VPN instance, if none "
        "is given. Restarts of the session keep the counters.",
        "display ntp-service statistics packet peer 192.0.2.1 vpn-instance MGMT"},
    ReferenceText{
        "display ntp-service status",
        "Whether the clock is synchronized, to what, and how well: offset, root delay and dispersion, "
        "frequency.",
        "display ntp-service status"},
    ReferenceText{"display ntp-service trace",
                  "Begins with this machine and its system peer and asks each server once for the one that "
                  "it follows, in "
                  "the VPN instance of the first, for at most 1 s each and 16 servers. It ends with the "
                  "reference clock, "
                  "at a server that does not answer, or where the reference ID is no IPv4 address. Only to "
                  "be used while "
                  "the clock follows a configured server.",
                  "display ntp-service trace"},
    ReferenceText{
        "test ntp-service unicast-server <ip-address> [ version <version-number>"
        " | authentication-keyid <key-id> | source-interface <interface-name> | vpn-instance <vpn-name>"
        " | port <port-number> ] *",
        "Sends four requests, one a second, as the server line with these options would, and tells each "
        "reply; "
        "then whether the server could be followed, and else why not. The clock is not touched and nothing "
        "is "
        "configured. A key must be committed. Ctrl+C ends it and sums up what came.",
        "test ntp-service unicast-server 192.0.2.1 authentication-keyid 1 vpn-instance MGMT"},
    ReferenceText{"test ntp-service unicast-server ipv6 <ip-address> [ authentication-keyid <key-id>"
                  " | source-interface <interface-name> | vpn-instance <vpn-name> | port <port-number> ] *",
                  "The same over IPv6. A link-local server needs a source interface.",
                  "test ntp-service unicast-server ipv6 2001:db8::1"},
    ReferenceText{
        "test ntp-service access { <ipv4-address> | ipv6 <ipv6-address> } [ vpn-instance <vpn-name> ]",
        "What the running configuration does with requests of this source, in the public instance if no "
        "other "
        "is given: the level that ntp-service access grants, the rule that decides, and whether time "
        "requests "
        "and control queries are answered and the clock may follow it, or why not. Nothing is sent. In a "
        "script the line counts as refused if time requests are not answered.",
        "test ntp-service access 192.0.2.77"},
    ReferenceText{"reset ntp-service clients",
                  "Forgets all clients of the server, the backlogs of those who are limited, and the totals.",
                  "reset ntp-service clients"},
    ReferenceText{"reset ntp-service statistics packet [ ipv6 ]",
                  "The counters of the family begin again; those of sessions and interfaces stay.",
                  "reset ntp-service statistics packet"},
    ReferenceText{"reset ntp-service statistics packet [ ipv6 ] interface { <interface-name> | all }",
                  "The counters of one interface, or of all, begin again.",
                  "reset ntp-service statistics packet interface all"},
    ReferenceText{"reset ntp-service statistics packet peer"
                  " [ <ipv4-address> [ vpn-instance <vpn-name> ] | ipv6 [ <ipv6-address> [ vpn-instance "
                  "<vpn-name> ] ] ]",
                  "The counters of the sessions of a family, or with one server, begin again.",
                  "reset ntp-service statistics packet peer 192.0.2.1"},
    ReferenceText{"display version", "The version of this program.", "display version"},
};

}  // namespace

const ReferenceText* reference_text(std::string_view grammar) {
  const auto* text = std::ranges::find(kTexts, grammar, &ReferenceText::grammar);
  return text == kTexts.end() ? nullptr : text;
}

std::size_t reference_texts() { return kTexts.size(); }

}  // namespace noonmark::cli
