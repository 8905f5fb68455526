#include "cli/keywords.h"

#include <algorithm>
#include <array>
#include <utility>

namespace noonmark::cli {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr std::array kKeywords{
    Row{"20", "20 octets"},
    Row{"32", "32 octets"},
    Row{"aes-128-cmac", "AES-128-CMAC algorithm"},
    Row{"aes-256-cmac", "AES-256-CMAC algorithm"},
    Row{"all", "All interfaces"},
    Row{"authentication", "NTP authentication"},
    Row{"authentication-keyid", "Authentication key"},
    Row{"authentication-mode", "Authentication algorithm"},
    Row{"authentication-password", "Password of an authentication key"},
    Row{"brief", "Brief information"},
    Row{"burst", "Send bursts while the server is reachable"},
    Row{"candidate", "Changes that are not committed"},
    Row{"cipher", "Password in cipher text"},
    Row{"clear", "Discard"},
    Row{"clock", "Clock of the system"},
    Row{"clock-unsync", "Losses of synchronization"},
    Row{"commit", "Make the changes effective"},
    Row{"complexity-check", "Check of the strength of passwords"},
    Row{"configuration", "Configuration"},
    Row{"crypto", "Cryptographic algorithms"},
    Row{"current-configuration", "Running configuration"},
    Row{"disable", "Disable"},
    Row{"display", "Display information"},
    Row{"enable", "Enable"},
    Row{"event", "Events"},
    Row{"explain", "Why each session is as it is"},
    Row{"hex", "Key in hexadecimal digits"},
    Row{"history-command", "Commands that were typed"},
    Row{"hmac-sha256", "HMAC-SHA256 algorithm (recommended)"},
    Row{"iburst", "Send a burst while the server is unreachable"},
    Row{"in-interface", "NTP packets that come in on the interface"},
    Row{"interface", "Interface"},
    Row{"ip", "IP"},
    Row{"ipv6", "IPv6"},
    Row{"lint", "Advice on the running configuration"},
    Row{"mac-length", "Octets of the MAC that are sent"},
    Row{"max-distance", "Maximum synchronization distance"},
    Row{"maxpoll", "Maximum poll interval"},
    Row{"md5", "MD5 algorithm (weak)"},
    Row{"merge", "Whole configuration as it would be after commit"},
    Row{"minpoll", "Minimum poll interval"},
    Row{"monitor", "Log lines on this terminal"},
    Row{"ntp-service", "Network Time Protocol"},
    Row{"offset-limit", "Maximum clock offset"},
    Row{"packet", "Packets"},
    Row{"peer", "NTP sessions"},
    Row{"port", "UDP port"},
    Row{"preempt", "Give the server up after an error"},
    Row{"preference", "Prefer this server"},
    Row{"quit", "Leave the view"},
    Row{"refclock-master", "Local clock as a reference clock"},
    Row{"reliable", "Reliable keys"},
    Row{"reset", "Start anew"},
    Row{"return", "Return to the user view"},
    Row{"run", "Execute a command of the user view"},
    Row{"save", "Keep a named copy of the configuration"},
    Row{"screen-length", "Lines of a screen"},
    Row{"server", "NTP server function"},
    Row{"session", "NTP sessions"},
    Row{"sessions", "NTP sessions"},
    Row{"source-address", "Address that requests are received on"},
    Row{"source-interface", "Interface whose address packets leave from"},
    Row{"source-port", "UDP port that requests leave from"},
    Row{"statistics", "Statistics"},
    Row{"status", "Status of the clock"},
    Row{"sysname", "Host name of the device"},
    Row{"system-view", "Enter the system view"},
    Row{"temporary", "For this session only"},
    Row{"terminal", "This terminal"},
    Row{"test", "Ask without steering"},
    Row{"this", "Configuration of the view"},
    Row{"trace", "Chain of servers up to the reference clock"},
    Row{"undo", "Remove a line or restore its default"},
    Row{"unicast-server", "NTP server to synchronize with"},
    Row{"verbose", "In detail"},
    Row{"version", "Version"},
    Row{"vpn-instance", "VPN instance"},
    Row{"weak-algorithm", "Weak algorithms"},
};
static_assert(std::ranges::is_sorted(kKeywords));

}  // namespace

std::string_view keyword_help(std::string_view keyword) {
  const auto row = std::ranges::lower_bound(kKeywords, keyword, {}, &Row::first);
  return row != kKeywords.end() && row->first == keyword ? row->second : std::string_view{};
}

}  // namespace noonmark::cli
