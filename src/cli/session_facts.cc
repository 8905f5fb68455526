#include "cli/session_facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/explanation.h"

namespace noonmark::cli {
namespace {

using core::AssociationState;
using core::DropReason;
using core::Outcome;

struct TestText {
  DropReason reason;
  std::string_view text;  // why a packet was dropped
};

/// The numbers are those of RFC 5905's packet tests.
constexpr std::array<TestText, static_cast<std::size_t>(DropReason::kCount)> kTests{{
    {DropReason::too_short, "it is shorter than a header"},
    {DropReason::bad_length, "its length is impossible"},
    {DropReason::bad_version, "its version is unknown"},
    {DropReason::bad_extension, "an extension field in it is impossible"},
    {DropReason::bad_mode, "its mode is not served"},
    {DropReason::no_association, "nobody asked for it"},
    {DropReason::wrong_source, "it came from another address, port or VPN instance than asked"},
    {DropReason::duplicate, "test 1: it came before"},
    {DropReason::bogus, "test 2: it answers no request of ours"},
    {DropReason::zero_timestamp, "test 3: a time stamp in it is zero"},
    {DropReason::authentication, "test 5: its MAC is missing or wrong"},
    {DropReason::unknown_key, "test 5: its key is not configured here"},
    {DropReason::unsynchronized, "test 6: its sender is not synchronized"},
    {DropReason::bad_header, "test 7: its root distance or reference time is impossible"},
    {DropReason::kiss, "a kiss code: the server refuses, or wants to be asked less often"},
    {DropReason::myself, "it is our own request"},
    {DropReason::server_disabled, "requests are not served"},
    {DropReason::interface_disabled, "NTP is disabled on the interface that it came in on"},
    {DropReason::not_listening, "its address is not listened on"},
    {DropReason::access_denied, "test 4: ntp-service access denies its source"},
    {DropReason::rate_limited, "its source asks too often"},
    {DropReason::max_sessions, "there are as many dynamic sessions as max-dynamic-sessions allows"},
    {DropReason::not_newer, "it is not newer than the one before"},
    {DropReason::family_disabled, "NTP is disabled for its family"},
    {DropReason::offset_limit, "its offset is beyond the offset-limit"},
    {DropReason::too_late, "it came too late"},
    {DropReason::no_resources, "resources were short"},
    {DropReason::source_unavailable, "the source interface has no address to answer from"},
}};
constexpr bool is_complete() {
  for (std::size_t i = 0; i < kTests.size(); ++i)
    if (static_cast<std::size_t>(kTests[i].reason) != i || kTests[i].text.empty()) return false;
  return true;
}
static_assert(is_complete(), "every core::DropReason has its text, in the order of the enumeration");

std::string ago(core::Timestamp when, const Snapshot& s) {
  const auto seconds = std::max(0LL, std::llround((s.now.served - when).seconds()));
  return fmt::format("{} s ago", seconds);
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

bool is_symmetric(const AssociationState& session) {
  return session.config.key.mode == core::AssociationMode::active ||
         session.config.key.mode == core::AssociationMode::passive;
}

std::string chooser_text(const AssociationState& session, std::string_view chosen_by) {
  if (chosen_by == "server-line")
    return session.group ? std::string("the interface of its group")
                         : fmt::format("by the source-interface of the {}", line_text(session));
  if (chosen_by == "source-interface") return "by ntp-service source-interface";
  return "chosen by routing";
}

std::string sent_text(const AssociationState& session, const Snapshot& s) {
  if (session.sent == 0) return "sent: nothing yet";
  const auto sent = is_symmetric(session) ? counted(session.sent, "packet", "packets")
                                          : counted(session.sent, "request", "requests");
  return fmt::format("sent: {}, the last {}, from {}", sent, ago(session.last_sent.value_or(s.now.served), s),
                     origin_text(session, s));
}

std::string received_text(const AssociationState& session, const Snapshot& s) {
  if (!session.answered) return "received: no valid reply";
  std::string text = fmt::format("received: {}, the last {}: stratum {}, leap {}, reference clock ID {}",
                                 counted(session.replies, "valid reply", "valid replies"),
                                 ago(*session.last_heard, s), session.stratum, leap_text(session.last.leap),
                                 reference_id_text(session.last.reference_id, session.last.stratum));
  if (!session.last_interface.empty()) text += fmt::format(", in through {}", session.last_interface);
  if (session.interleaved) text += ", in interleaved mode";
  return text;
}

/// "dropped: bogus 3, duplicate 1"; empty if there are none.
std::string drops_text(const core::PacketStatistics& statistics) {
  std::vector<std::string> drops;
  for (std::size_t i = 0; i < statistics.drops.size(); ++i)
    if (statistics.drops[i] != 0)
      drops.push_back(fmt::format("{} {}", core::code(static_cast<DropReason>(i)), statistics.drops[i]));
  return drops.empty() ? std::string{} : fmt::format("dropped: {}", fmt::join(drops, ", "));
}

std::string agreement_text(const core::Agreement& agreement) {
  if (agreement.majority)
    return fmt::format("{} of {} servers agree on {} to {}", agreement.agreeing, agreement.voters,
                       offset_text(agreement.low), offset_text(agreement.high));
  return fmt::format("at most {} of {} servers agree on a time, which is no majority", agreement.agreeing,
                     agreement.voters);
}

std::string fitness_text(const AssociationState& session, const Snapshot& s) {
  return fmt::format("stratum {}, synchronization distance {} of at most {} s{}", session.stratum,
                     offset_text(session.root_distance), s.config.max_distance,
                     session.config.preference ? ", preference" : "");
}

void add_selection(std::vector<std::string>& lines, const AssociationState& session, const Snapshot& s) {
  if (!session.answered) return;
  if (!session.selectable) {
    lines.push_back(fmt::format("selection: took no part; {}", fitness_text(session, s)));
    return;
  }
  lines.push_back(fmt::format("selection: its time is between {} and {} (offset {}); {}",
                              offset_text(session.offset - session.root_distance),
                              offset_text(session.offset + session.root_distance),
                              offset_text(session.offset), agreement_text(s.system.agreement)));
  lines.push_back(fmt::format("selection: {}", fitness_text(session, s)));
  if (session.reason == core::Reason::outlier)
    lines.push_back(
        fmt::format("selection: left out: its offset of {} is hardly ever wrong by more than {}, and most of "
                    "the others agree on another time",
                    offset_text(session.offset), offset_text(session.likely_error)));
}

nlohmann::json selection_json(const AssociationState& session, const Snapshot& s) {
  nlohmann::json json{{"took_part", session.selectable},
                      {"stratum", session.stratum},
                      {"synchronization_distance_s", session.root_distance},
                      {"max_distance_s", s.config.max_distance},
                      {"preference", session.config.preference}};
  if (!session.selectable) return json;
  const auto& agreement = s.system.agreement;
  json["low_ms"] = json_ms(session.offset - session.root_distance);
  json["high_ms"] = json_ms(session.offset + session.root_distance);
  json["servers"] = agreement.voters;
  json["agreeing"] = agreement.agreeing;
  json["majority"] = agreement.majority;
  json["agreed_low_ms"] = json_ms(agreement.low);
  json["agreed_high_ms"] = json_ms(agreement.high);
  if (session.reason == core::Reason::outlier) json["likely_error_ms"] = json_ms(session.likely_error);
  return json;
}

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

nlohmann::json sent_json(const AssociationState& session, const Snapshot& s) {
  const auto from = origin_of(session, s);
  return {{"requests", session.sent},
          {"last_time", session.last_sent ? json_time(*session.last_sent, s.build_date) : nlohmann::json()},
          {"address", text_or_null(from.address)},
          {"interface", text_or_null(from.interface)},
          {"chosen_by", from.chosen_by}};
}

nlohmann::json received_json(const AssociationState& session, const Snapshot& s) {
  nlohmann::json json{{"replies", session.replies}};
  if (!session.answered) return json;
  json["last_time"] = json_time(*session.last_heard, s.build_date);
  json["stratum"] = session.stratum;
  json["leap"] = leap_text(session.last.leap);
  json["reference_id"] = reference_id_text(session.last.reference_id, session.last.stratum);
  json["interface"] = text_or_null(session.last_interface);
  json["interleaved"] = session.interleaved;
  return json;
}

std::string_view result_of(Outcome::Kind kind) {
  constexpr std::array<std::string_view, 5> kResults{"none", "accepted", "dropped", "timed-out",
                                                     "send-failed"};
  return kResults[static_cast<std::size_t>(kind)];
}

}  // namespace

std::vector<std::string> facts_text(const AssociationState& session, const core::PacketStatistics* statistics,
                                    const Snapshot& s) {
  std::vector<std::string> lines{sent_text(session, s), received_text(session, s)};
  if (statistics != nullptr)
    if (auto drops = drops_text(*statistics); !drops.empty()) lines.push_back(std::move(drops));
  for (const auto& outcome : session.outcomes)
    if (outcome.kind != Outcome::Kind::none)
      lines.push_back(fmt::format("[{}] {}", short_time(outcome.when, s.build_date), outcome_text(outcome)));
  add_selection(lines, session, s);
  return lines;
}

nlohmann::json facts_json(const AssociationState& session, const core::PacketStatistics* statistics,
                          const Snapshot& s) {
  nlohmann::json json{{"sent", sent_json(session, s)},
                      {"received", received_json(session, s)},
                      {"drops", nlohmann::json::object()},
                      {"outcomes", nlohmann::json::array()},
                      {"selection", selection_json(session, s)}};
  if (statistics != nullptr)
    for (std::size_t i = 0; i < statistics->drops.size(); ++i)
      if (statistics->drops[i] != 0)
        json["drops"][std::string(core::code(static_cast<DropReason>(i)))] = statistics->drops[i];
  for (const auto& outcome : session.outcomes)
    if (outcome.kind != Outcome::Kind::none) json["outcomes"].push_back(outcome_json(outcome, s.build_date));
  return json;
}

std::string outcome_text(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::accepted:
      return fmt::format("reply accepted: offset {}, delay {}", milliseconds(outcome.offset, 4),
                         milliseconds(outcome.delay, 2));
    case Outcome::Kind::dropped:
      return fmt::format("reply dropped: {} ({})", kTests[static_cast<std::size_t>(outcome.drop)].text,
                         core::code(outcome.drop));
    case Outcome::Kind::send_failed: return fmt::format("not delivered ({})", core::code(outcome.reason));
    case Outcome::Kind::timed_out:
    case Outcome::Kind::none: break;
  }
  return "no reply came";
}

nlohmann::json outcome_json(const Outcome& outcome, std::int64_t build_date) {
  nlohmann::json json{{"time", json_time(outcome.when, build_date)}, {"result", result_of(outcome.kind)}};
  if (outcome.kind == Outcome::Kind::dropped) json["code"] = core::code(outcome.drop);
  if (outcome.kind == Outcome::Kind::send_failed) json["code"] = core::code(outcome.reason);
  if (outcome.kind != Outcome::Kind::accepted) return json;
  json["offset_ms"] = json_ms(outcome.offset);
  json["delay_ms"] = json_ms(outcome.delay);
  return json;
}

std::string origin_text(const AssociationState& session, const Snapshot& s) {
  const auto from = origin_of(session, s);
  std::string text = from.address.empty() ? "an address of the kernel's choice" : from.address;
  if (!from.interface.empty()) text += fmt::format(" through {}", from.interface);
  return text + fmt::format(" in {} ({})", place_text(session.config.key.vpn),
                            chooser_text(session, from.chosen_by));
}

Origin origin_of(const AssociationState& session, const Snapshot& s) {
  Origin from;
  from.chosen_by = !session.config.source_interface.empty()          ? "server-line"
                   : configured_interface(session, s.config).empty() ? "routing"
                                                                     : "source-interface";
  for (const auto& address : {session.sent_from, session.source, session.last_local})
    if (address && from.address.empty()) from.address = address->to_string();
  from.interface = session.last_interface;
  for (const auto& interface : s.network.interfaces)
    if (interface.index == session.sent_through && s.network.share_namespace(interface.vpn, session.vpn))
      from.interface = interface.name;
  return from;
}

}  // namespace noonmark::cli
