#include "cli/explanation.h"

#include <array>
#include <cmath>
#include <cstring>
#include <fmt/args.h>
#include <fmt/format.h>
#include <vector>

#include "base/check.h"
#include "base/nearest_names.h"
#include "cli/display_quality.h"
#include "core/config.h"

namespace noonmark::cli {
namespace {

using core::AssociationState;
using core::Reason;

constexpr double kLargeSlew = 1e-3;  // s: what somebody would see in the clock

/// Words in braces are facts: see facts_of().
struct Row {
  Reason reason;
  std::string_view sentence;
  std::string_view advice;
};

constexpr std::array<Row, static_cast<std::size_t>(Reason::kCount)> kRows{{
    {Reason::system_peer, "the clock follows this {server}", "nothing: all is well"},
    {Reason::survivor, "selected: it contributes to the time of the clock", "nothing: all is well"},
    {Reason::outlier, "its time is right, but other servers agree more closely, so it is left out",
     "nothing: it comes back when it agrees as closely as the others"},
    {Reason::usable, "the server can be used", "configure it with ntp-service unicast-server"},
    {Reason::vpn_unknown, "VPN instance {vpn} does not exist on this machine{nearest_vpns}",
     "create the VRF device or named network namespace {vpn}, or correct the name"},
    {Reason::interface_unknown, "source interface {interface} does not exist in {place}{nearest_interfaces}",
     "create the interface, give one of them this name as its alias, or correct the name"},
    {Reason::interface_ambiguous,
     "source interface {interface} is the name of several interfaces: {namesakes}",
     "leave that alias to one of them, or configure the Linux name"},
    {Reason::interface_down, "source interface {interface} is down", "bring the interface up"},
    {Reason::interface_without_address,
     "source interface {interface} has no {family} address that could be a source",
     "give the interface a primary {family} address that is in full use"},
    {Reason::interface_in_other_vpn,
     "source interface {interface} is not in {place}, but in {interface_place}",
     "move the interface to {place}, or configure another source interface or vpn-instance for this "
     "{server}"},
    {Reason::scope_unknown, "a link-local {server} needs a source interface, which says on which link it is",
     "add source-interface to the {line}, or configure ntp-service ipv6 source-interface"},
    {Reason::address_refused,
     "{address} is not the address of a host here: broadcast, or otherwise no unicast address",
     "configure the address of a host"},
    {Reason::family_disabled, "the NTP service for {family} is disabled",
     "run undo ntp-service {ipv6}disable"},
    {Reason::key_unusable, "key {key} of the {line} is not configured",
     "configure ntp-service authentication-keyid {key}, or another key on the {line}"},
    {Reason::waiting_for_reply, "waiting for the first reply ({sent} sent)", "wait a few seconds"},
    {Reason::collecting_samples,
     "it answers, but too few replies have come yet to bound the error (distance {distance})",
     "wait for some more polls{faster}"},
    {Reason::awaiting_others,
     "its time is known; before the clock is first set, the other servers that answer are heard as well",
     "wait for some more polls; with iburst on all server lines they come faster"},
    {Reason::no_reply, "no reply to {requests} from {source}: unreachable, or no NTP {server} answers there",
     "see that {address} answers NTP on UDP port {port} in {place}, and that no filter on the way drops it"},
    {Reason::no_reply_signed,
     "no reply to {requests} signed with key {key} from {source}: unreachable, or the {server} has no such "
     "key "
     "(many stay silent)",
     "see that {address} answers NTP on UDP port {port} in {place}, and that key {key} has the same id, "
     "algorithm and password there"},
    {Reason::no_route, "there is no way to the {server} in {place}: {error}",
     "see the routing table of {place} and the neighbours on the way, or correct the vpn-instance of the "
     "{line}"},
    {Reason::host_unreachable,
     "the host cannot be reached: {error}; it does not answer on its link, or a router or filter on the way "
     "says so",
     "see that the host is up and has the address {address}, and see to the filters on the way"},
    {Reason::port_unreachable,
     "UDP port {port} of the host is reported unreachable: nothing listens there, or a filter rejects it",
     "start the NTP {server} there, correct the port of the {line}, or see to the filters on the way"},
    {Reason::source_address_gone,
     "there is nothing to send from in {place} ({source}): the address is not on this machine",
     "give the interface on the way to the {server} (or the source interface) an address"},
    {Reason::send_failed, "requests cannot be sent: {error}",
     "see what the system's error says; it is tried again at each poll"},
    {Reason::reply_from_other_address, "the reply comes from {impostor}, not from the address asked",
     "configure the {server} by the address that it answers from: {impostor_address}; or, on the {server}, "
     "remove its source interface"},
    {Reason::reply_without_mac,
     "{server} answers without MAC: it lacks key {key} or its authentication is off",
     "configure key {key} on the {server} with the same algorithm and password, or remove "
     "authentication-keyid from the {line}"},
    {Reason::reply_mac_wrong, "{mac_fault}",
     "configure key {key} with the same algorithm and password on both sides"},
    {Reason::crypto_nak,
     "{server} refuses the MAC of key {key} (crypto-NAK): it lacks the key, or has another one by that id",
     "configure key {key} with the same algorithm and password on both sides"},
    {Reason::kiss_deny,
     "denied: the {server} refuses to serve this machine (kiss code DENY), so it is not asked any more",
     "ask the {server}'s operator for access; then re-enter the {line} or run reset ntp-service session"},
    {Reason::kiss_restrict,
     "denied: the {server}'s policy keeps this machine out (kiss code RSTR), so it is not asked any more",
     "ask the {server}'s operator for access; then re-enter the {line} or run reset ntp-service session"},
    {Reason::kiss_rate,
     "the {server} wants to be asked less often (kiss code RATE): it is polled every {poll} s now",
     "nothing; a larger minpoll on the {line} avoids it"},
    {Reason::reply_invalid,
     "the {server}'s replies cannot be used: a header field or time stamp in them is impossible",
     "see the drop reasons of display ntp-service statistics packet, and what kind of {server} this is"},
    {Reason::myself, "this is myself", "configure the address of another machine"},
    {Reason::server_unsynchronized, "the {server} itself is not synchronized",
     "see to the time source of the {server}; or wait until it has one"},
    {Reason::stratum_too_high,
     "stratum {stratum} of the {server} is too high: 14 is the most that can be followed",
     "configure a {server} nearer to a reference clock, or a smaller stratum on its refclock-master"},
    {Reason::loop, "the {server} follows this machine, so following it would make a loop", "{loop_advice}"},
    {Reason::key_missing, "authentication is enabled, but the {line} has no key",
     "add authentication-keyid with a reliable key to the {line}, or run undo ntp-service "
     "authentication enable"},
    {Reason::key_not_reliable, "authentication is enabled, but key {key} is not reliable",
     "run ntp-service reliable authentication-keyid {key}"},
    {Reason::distance_exceeded,
     "its synchronization distance of {distance} exceeds max-distance {max_distance} s",
     "wait for more replies; if it stays, configure a nearer server or a larger ntp-service max-distance"},
    {Reason::falseticker,
     "its time disagrees with that of the majority: it lies between {low} and {high}, theirs between "
     "{agreed_low} "
     "and {agreed_high}: a falseticker",
     "see to the time of that {server}, or remove it"},
    {Reason::no_majority,
     "the servers disagree (offset {offset}) and no majority agrees on a time, so none is followed",
     "find out which of them is wrong and remove it, or configure more servers: three can outvote one"},
    {Reason::preempted,
     "out after an error (preempt): it comes back when the error is gone and no other source is left",
     "see to the error; or remove preempt from the {line}"},
    {Reason::another_session,
     "another session of this {server} takes part in the selection: one server has one vote",
     "nothing; it takes the place of the other one when that fails"},
    {Reason::local_clock_preferred,
     "the local clock of stratum {local_stratum} is preferred to a {server} of stratum {stratum}",
     "configure refclock-master with a stratum above {stratum} to follow the {server}"},
    {Reason::offset_limit, "its offset of {offset} is beyond the offset-limit of {offset_limit} s",
     "see which clock is wrong; to take the server's time, run undo ntp-service offset-limit, or reset "
     "ntp-service hold while the clock is held back"},
    {Reason::before_build_date, "its time is before this program was built, so it is not believed",
     "see to the time of that {server}"},
    {Reason::clock_not_settable, "the clock of this machine cannot be set",
     "give noonmarkd the capability CAP_SYS_TIME, or start it with --clock observe or --clock virtual"},
    {Reason::stepping_soon,
     "its offset of {offset} must persist for another {spike} s before the clock is stepped",
     "nothing; if the server is wrong, remove it before then"},
    {Reason::step_refused, "its offset of {offset} needs a step that ntp-service step-policy forbids",
     "see which clock is wrong; to take the server's time once, run reset ntp-service hold"},
    {Reason::access_denied, "ntp-service access does not let the clock follow it",
     "permit its address in the list of ntp-service access peer; test ntp-service access tells the rule"},
    {Reason::measuring_delay,
     "its broadcasts are heard; it does not answer yet when asked how far away it is",
     "see that it answers requests of this machine; the broadcasts count as soon as it did"},
}};

constexpr bool is_complete() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].reason) != i || kRows[i].sentence.empty() ||
        kRows[i].advice.empty())
      return false;
  return true;
}
static_assert(is_complete(), "every core::Reason has its row, in the order of the enumeration");

/// Whether a session waits for what the advice says, and goes on without further ado.
bool heals_by_itself(Reason reason) {
  switch (reason) {
    case Reason::vpn_unknown:
    case Reason::interface_unknown:
    case Reason::interface_down:
    case Reason::interface_without_address:
    case Reason::source_address_gone: return true;
    default: return false;
  }
}

std::string place(const core::NetworkView& network, core::VpnId id) {
  const auto* vpn = network.find_vpn(id);
  return vpn == nullptr ? "another VPN instance" : place_text(vpn->name);
}

std::string requests_text(std::uint32_t count) {
  return fmt::format("{} request{}", count, count == 1 ? "" : "s");
}

std::string nearest_text(std::string_view wanted, const std::vector<std::string>& existing) {
  const auto names = base::nearest_names(wanted, existing);
  return names.empty() ? std::string{} : fmt::format(" (the nearest names are {})", fmt::join(names, ", "));
}

std::string nearest_vpns(std::string_view wanted, const core::NetworkView& network) {
  std::vector<std::string> existing;
  for (const auto& vpn : network.vpns)
    if (!vpn.name.empty()) existing.push_back(vpn.name);
  return nearest_text(wanted, existing);
}

std::string nearest_interfaces(std::string_view wanted, std::string_view vpn,
                               const core::NetworkView& network) {
  const auto* instance = network.find_vpn(vpn);
  std::vector<std::string> existing;
  for (const auto& interface : network.interfaces) {
    if (instance != nullptr && interface.vpn != instance->id) continue;
    existing.push_back(interface.name);
    if (!interface.alias.empty()) existing.push_back(interface.alias);
    existing.insert(existing.end(), interface.alternative_names.begin(), interface.alternative_names.end());
  }
  return nearest_text(wanted, existing);
}

std::string namesakes(std::string_view name, const core::NetworkView& network) {
  std::vector<std::string> names;
  for (const auto* interface : network.find_interfaces(name)) names.push_back(interface->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string interface_place(std::string_view name, const core::NetworkView& network) {
  const auto found = network.find_interfaces(name);
  return found.empty() ? "another VPN instance" : place(network, found.front()->vpn);
}

std::string source_text(const AssociationState& session) {
  if (session.sent_from) return session.sent_from->to_string();
  if (session.source) return session.source->to_string();
  if (session.last_local) return session.last_local->to_string();
  return "an address of the kernel's choice";
}

std::string impostor_text(const AssociationState& session) {
  if (!session.impostor) return "another address";
  const auto other_vpn = session.impostor_vpn != session.config.key.vpn;
  return base::to_string(*session.impostor) +
         (other_vpn ? fmt::format(" in {}", place_text(session.impostor_vpn)) : "");
}

std::string_view loop_advice(const AssociationState& session) {
  if (server_text(session) == "peer")
    return "nothing: when this machine loses its servers, that ends, and the peer can be followed";
  return "configure another server, here or there";
}

std::string mac_fault(const AssociationState& session) {
  const auto key = session.config.key_id;
  if (session.received_key_id != 0 && session.received_key_id != key)
    return fmt::format("{} answers with a MAC of key {}, but key {} was asked for", server_text(session),
                       session.received_key_id, key);
  return fmt::format("the MAC of the {}'s replies is wrong: its key {} has another algorithm or password",
                     server_text(session), key);
}

/// A message without the locale and the shared buffer of strerror().
std::string error_text(int error_number) {
  const char* text = strerrordesc_np(error_number);
  return error_number != 0 && text != nullptr ? text : "the system gives no reason";
}

fmt::dynamic_format_arg_store<fmt::format_context> facts_of(const AssociationState& session,
                                                            const Snapshot& s) {
  const auto& key = session.config.key;
  const auto interface = configured_interface(session, s.config);
  const bool is_v4 = key.address.is_v4();
  fmt::dynamic_format_arg_store<fmt::format_context> facts;
  const auto add = [&facts](const char* name, auto value) {
    facts.push_back(fmt::arg(name, std::move(value)));
  };
  add("address", key.address.to_string());
  add("port", session.config.port);
  add("vpn", key.vpn);
  add("place", place_text(key.vpn));
  add("family", std::string(base::to_string(key.address.family())));
  add("ipv6", std::string(is_v4 ? "" : "ipv6 "));
  add("server", std::string(server_text(session)));
  add("line", std::string(line_text(session)));
  add("faster", std::string(key.mode == core::AssociationMode::client
                                ? "; with iburst on the server line they come faster"
                                : ""));
  add("loop_advice", std::string(loop_advice(session)));
  add("key", session.config.key_id);
  add("mac_fault", mac_fault(session));
  add("interface", interface);
  add("interface_place", interface_place(interface, s.network));
  add("namesakes", namesakes(interface, s.network));
  const auto only_if = [&](Reason reason, auto fact) {
    return session.reason == reason ? fact() : std::string{};
  };
  add("nearest_vpns", only_if(Reason::vpn_unknown, [&] { return nearest_vpns(key.vpn, s.network); }));
  add("nearest_interfaces",
      only_if(Reason::interface_unknown, [&] { return nearest_interfaces(interface, key.vpn, s.network); }));
  add("source", source_text(session));
  add("sent", requests_text(session.sent));
  add("requests", requests_text(session.unanswered));
  add("error", error_text(session.send_errno));
  add("impostor", impostor_text(session));
  add("impostor_address",
      session.impostor ? session.impostor->address.to_string() : std::string("see the packets"));
  add("poll", poll_seconds(session.host_poll));
  add("stratum", static_cast<int>(session.stratum));
  add("local_stratum", s.config.local_clock ? static_cast<int>(s.config.local_clock->stratum) : 0);
  add("distance", offset_text(session.root_distance));
  add("max_distance", s.config.max_distance);
  add("low", offset_text(session.offset - session.root_distance));
  add("high", offset_text(session.offset + session.root_distance));
  add("agreed_low", offset_text(s.system.agreement.low));
  add("agreed_high", offset_text(s.system.agreement.high));
  add("offset", offset_text(session.offset));
  add("offset_limit", s.config.offset_limit);
  add("spike", std::llround(std::ceil(s.system.spike_remaining)));
  return facts;
}

std::string fill(std::string_view pattern, const fmt::dynamic_format_arg_store<fmt::format_context>& facts) {
  return fmt::vformat(pattern, facts);
}

}  // namespace

std::string_view server_text(const AssociationState& session) {
  switch (session.config.key.mode) {
    case core::AssociationMode::active:
    case core::AssociationMode::passive: return "peer";
    case core::AssociationMode::broadcast_client: return "broadcast server";
    case core::AssociationMode::client:
    case core::AssociationMode::manycast_client: break;
  }
  return "server";
}

std::string_view line_text(const AssociationState& session) {
  switch (session.config.key.mode) {
    case core::AssociationMode::client: break;
    case core::AssociationMode::active: return "peer line";
    case core::AssociationMode::passive: return "peer's own line";
    case core::AssociationMode::broadcast_client: return "broadcast server's own line";
    case core::AssociationMode::manycast_client: return "manycast-client line";
  }
  return "server line";
}

std::string configured_interface(const AssociationState& session, const core::NtpConfig& config) {
  if (!session.config.source_interface.empty()) return session.config.source_interface;
  for (const auto& source : config.source_interfaces)
    if (source.family == session.config.key.address.family() && source.vpn == session.config.key.vpn)
      return source.interface_name;
  return session.source_interface;
}

Explanation explain(const AssociationState& session, const Snapshot& snapshot) {
  auto explanation = explain_probe(session, snapshot);
  if (heals_by_itself(session.reason)) explanation.advice += "; the session then starts by itself";
  return explanation;
}

Explanation explain_probe(const AssociationState& session, const Snapshot& snapshot) {
  const auto index = static_cast<std::size_t>(session.reason);
  CHECK(index < kRows.size());
  const auto facts = facts_of(session, snapshot);
  return {core::code(session.reason), fill(kRows[index].sentence, facts), fill(kRows[index].advice, facts)};
}

std::optional<Explanation> explain_clock(const Snapshot& s) {
  const auto& quality = s.quality;
  if (quality.hold)
    return Explanation{"clock-held", "the clock is held back: " + hold_text(*quality.hold),
                       fmt::format("find out which clock is wrong; {}", hold_advice(*quality.hold))};
  if (quality.slew && std::abs(quality.slew->left) > kLargeSlew)
    return Explanation{
        "clock-slewing",
        "the clock is brought to the servers' time without a step: " + slew_text(*quality.slew),
        "wait; a step takes it at once where ntp-service step-policy allows it"};
  if (quality.state != core::ClockState::holdover) return std::nullopt;
  const auto last = quality.last_update ? fmt::format(" (the last sample was that of {} UTC)",
                                                      short_time(*quality.last_update, s.build_date))
                                        : std::string{};
  return Explanation{
      "holdover",
      fmt::format(
          "no server can be followed{}; the clock runs on with what was learned from {}: its error bound "
          "is {} and grows by {} us in a second",
          last, source_name(quality.source, quality.vpn), milliseconds(quality.error_bound, 3),
          fixed(quality.error_growth * 1e6, 4)),
      "see to the servers below; this ends when one of them can be followed, or when the bound reaches "
      "max-distance"};
}

Explanation explain_local_clock(const Snapshot& snapshot) {
  const auto& local = snapshot.config.local_clock;
  CHECK(local);
  if (snapshot.system.local_clock_in_use)
    return {"local-clock-in-use",
            fmt::format("the local clock is the reference, at stratum {}", local->stratum),
            "nothing: all is well"};
  return {
      "local-clock-standby",
      fmt::format("the local clock stands by: a server of a stratum below {} is followed", local->stratum),
      "nothing: it takes over when that server is lost"};
}

}  // namespace noonmark::cli
