#include "cli/display_sessions.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <vector>

#include "cli/explanation.h"
#include "cli/session_facts.h"

namespace noonmark::cli {
namespace {

using core::AssociationState;

constexpr std::string_view kNoSession = "Info: No NTP session exists.\n";
constexpr std::string_view kNoSuchSession = "Info: There is no such NTP session.\n";
constexpr double kLocalClockDispersion = 0.010;  // s, the least that the local clock advertises
constexpr double kReplyDispersionLimit = 16;     // s, RFC 5905 packet test 7

/// What a block of `sessions` shows, made from an association or from the local clock.
struct Session {
  std::string name;  // address, with the VPN instance in parentheses
  std::string address, vpn;
  int stratum = 0;
  std::vector<std::string_view> status;
  std::string reference_id;
  std::string_view local_mode = "client", peer_mode = "unspecified";
  std::int64_t local_poll = 0, peer_poll = 0;                // s
  std::optional<std::int64_t> now;                           // s since the last packet
  double offset = 0, delay = 0, dispersion = 0;              // s
  double root_delay = 0, root_dispersion = 0, distance = 0;  // s
  unsigned reach = 0;
  int precision = 0;  // log2 s
  int version = 3;
  std::string interface;
  bool interleaved = false;
  std::string_view role;  // behind the name, where it is no server of a line
  core::Timestamp reference, origin, receive, transmit;
  std::array<core::FilterStage, 8> filter{};
  bool normal = false;
  Explanation explanation;
};

bool is_unsynchronized(const AssociationState& a) {
  return a.stratum >= wire::kMaxStratum || (a.answered && a.last.leap == wire::Leap::unknown);
}

/// Whether what the server says of itself could be used. Before the first reply nothing speaks against it.
bool is_valid(const AssociationState& a) {
  if (!a.answered) return true;
  return !is_unsynchronized(a) && a.root_delay / 2 + a.root_dispersion < kReplyDispersionLimit;
}

std::vector<std::string_view> status_words(const AssociationState& a) {
  const auto mode = a.config.key.mode;
  std::vector<std::string_view> words{core::is_dynamic(mode) ? "dynamic" : "configured"};
  if (!a.config.key.vpn.empty()) words.push_back("vpn-instance");
  if (mode == core::AssociationMode::active || mode == core::AssociationMode::passive)
    words.push_back("peer");
  if (a.system_peer) {
    words.push_back("master");
  } else {
    if (a.selected) words.push_back("selected");
    if (a.candidate) words.push_back("candidate");
  }
  words.push_back(a.sane ? "sane" : "insane");
  words.push_back(is_valid(a) ? "valid" : "invalid");
  if (is_unsynchronized(a)) words.push_back("unsynced");
  return words;
}

std::string interface_of(const AssociationState& a) {
  if (!a.source_interface.empty()) return a.source_interface;
  if (a.last_interface.empty() && a.group) return a.group->interface_name;
  return a.last_interface.empty() ? "wildcard" : a.last_interface;
}

std::string_view role_text(core::AssociationMode mode) {
  switch (mode) {
    case core::AssociationMode::client: break;
    case core::AssociationMode::active: return ", peer";
    case core::AssociationMode::passive: return ", passive peer";
    case core::AssociationMode::broadcast_client: return ", broadcast server";
    case core::AssociationMode::manycast_client: return ", manycast server";
  }
  return {};
}

/// VRP's names of the four times: the reference, when the last reply left the server, when it came here, and
/// when the request for it left here.
Session session_of(const AssociationState& a, const Snapshot& s) {
  Session session;
  session.name = source_name(a.config.key);
  session.address = a.config.key.address.to_string();
  session.vpn = a.config.key.vpn;
  session.stratum = a.stratum;
  session.status = status_words(a);
  session.reference_id = a.answered ? reference_id_text(a.last.reference_id, a.last.stratum) : "none";
  session.local_mode = mode_text(a.config.key.mode);
  session.peer_mode = a.answered ? mode_text(a.last.mode) : "unspecified";
  session.local_poll = poll_seconds(a.host_poll);
  session.peer_poll = a.answered ? poll_seconds(a.last.poll) : 0;
  if (a.last_heard)
    session.now = std::max<std::int64_t>(0, std::llround((s.now.served - *a.last_heard).seconds()));
  session.offset = a.offset;
  session.delay = a.delay;
  session.dispersion = a.dispersion;
  session.root_delay = a.root_delay;
  session.root_dispersion = a.root_dispersion;
  session.distance = a.root_distance;
  session.reach = a.reach;
  session.precision = a.last.precision;
  session.version = a.config.key.address.is_v4() ? a.config.version : 4;
  session.interface = interface_of(a);
  session.interleaved = a.interleaved;
  session.role = role_text(a.config.key.mode);
  session.reference = a.last.reference;
  session.origin = a.last.transmit;
  session.receive = a.destination;
  session.transmit = a.last.origin;
  session.filter = a.filter;
  session.normal = a.reach != 0 && a.sane && is_valid(a);
  session.explanation = explain(a, s);
  return session;
}

Session local_clock_session(const Snapshot& s) {
  constexpr std::int64_t kPoll = 2;  // what VRP shows
  const auto& local = *s.config.local_clock;
  Session session;
  session.address = session.name = fmt::format("127.127.1.{}", local.unit);
  session.status = {"configured", "sane", "valid"};
  if (s.system.local_clock_in_use) session.status.insert(session.status.begin() + 1, "master");
  session.reference_id = local_clock_name(local.unit);
  session.peer_mode = "server";
  session.local_poll = session.peer_poll = kPoll;
  session.now = 0;
  session.dispersion = session.distance = kLocalClockDispersion;
  session.reach = 255;
  session.precision = s.system.precision;
  session.version = 4;
  session.interface = "InLoopBack0";
  session.reference = s.now.served;
  for (auto& stage : session.filter) stage = {0, 0, kLocalClockDispersion};
  session.normal = true;
  session.explanation = explain_local_clock(s);
  return session;
}

std::vector<Session> sessions_of(const Snapshot& s) {
  std::vector<Session> sessions;
  sessions.reserve(s.associations.size() + 1);
  if (s.config.local_clock) sessions.push_back(local_clock_session(s));
  for (const auto& association : s.associations) sessions.push_back(session_of(association, s));
  return sessions;
}

std::string now_text(const Session& session) { return session.now ? std::to_string(*session.now) : "-"; }

std::string head(const Session& session) {
  return fmt::format(" clock source: {}\n clock stratum: {}\n clock status: {}\n reference clock ID: {}\n",
                     session.name, session.stratum, fmt::join(session.status, ", "), session.reference_id);
}

std::string brief_text(const Session& x) {
  return head(x) +
         fmt::format(" reach: {}\n current poll: {}\n now: {}\n offset: {}\n delay: {}\n disper: {}\n",
                     x.reach, x.local_poll, now_text(x), milliseconds(x.offset, 4), milliseconds(x.delay, 2),
                     milliseconds(x.dispersion, 2));
}

/// " filter delay :  3.86   3.90 ... 3.91 ": the blank at the end is VRP's.
std::string filter_line(std::string_view name, const Session& session, double core::FilterStage::* value) {
  std::string line = fmt::format(" {}:", name);
  for (const auto& stage : session.filter) line += fmt::format(" {:>5} ", fixed(stage.*value * 1e3, 2));
  return line + '\n';
}

std::string verbose_text(const Session& x, const Snapshot& s) {
  std::string text = head(x);
  text += fmt::format(" local mode: {}, local poll: {}, current poll: {}\n", x.local_mode, x.local_poll,
                      x.local_poll);
  text += fmt::format(" peer mode: {}, peer poll: {}, now: {}\n", x.peer_mode, x.peer_poll, now_text(x));
  text += fmt::format(" offset: {}, delay: {}, disper: {}\n", milliseconds(x.offset, 4),
                      milliseconds(x.delay, 2), milliseconds(x.dispersion, 2));
  text += fmt::format(" root delay: {}, root disper: {}\n", milliseconds(x.root_delay, 2),
                      milliseconds(x.root_dispersion, 2));
  text += fmt::format(" reach: {}, sync dist: {}, sync state: {}\n", x.reach, fixed(x.distance, 3),
                      static_cast<int>(s.system.sync));
  text += fmt::format(" precision: 2^{}, version: {}, peer interface: {}\n", -x.precision, x.version,
                      x.interface);
  text += fmt::format(" reftime: {}\n", vrp_time(x.reference, s.build_date));
  text += fmt::format(" orgtime: {}\n", vrp_time(x.origin, s.build_date));
  text += fmt::format(" rcvtime: {}\n", vrp_time(x.receive, s.build_date));
  text += fmt::format(" xmttime: {}\n", vrp_time(x.transmit, s.build_date));
  text += filter_line("filter delay ", x, &core::FilterStage::delay);
  text += filter_line("filter offset", x, &core::FilterStage::offset);
  text += filter_line("filter disper", x, &core::FilterStage::dispersion);
  text += fmt::format(" reference clock status: {}\n", x.normal ? "normal" : "abnormal");
  text += fmt::format(" reason: {}\n", x.explanation.sentence);
  return text;
}

nlohmann::json brief_json(const Session& x) {
  nlohmann::json json{
      {"source", x.address},
      {"vpn_instance", x.vpn},
      {"stratum", x.stratum},
      {"status", x.status},
      {"reference_id", x.reference_id},
      {"reach", x.reach},
      {"poll_s", x.local_poll},
      {"offset_ms", json_ms(x.offset)},
      {"delay_ms", json_ms(x.delay)},
      {"dispersion_ms", json_ms(x.dispersion)},
      {"code", x.explanation.code},
      {"reason", x.explanation.sentence},
  };
  json["since_last_packet_s"] = x.now ? nlohmann::json(*x.now) : nlohmann::json();
  return json;
}

nlohmann::json filter_json(const Session& session, double core::FilterStage::* value) {
  auto json = nlohmann::json::array();
  for (const auto& stage : session.filter) json.push_back(json_ms(stage.*value));
  return json;
}

nlohmann::json verbose_json(const Session& x, const Snapshot& s) {
  auto json = brief_json(x);
  json["local_mode"] = x.local_mode;
  json["peer_mode"] = x.peer_mode;
  json["peer_poll_s"] = x.peer_poll;
  json["root_delay_ms"] = json_ms(x.root_delay);
  json["root_dispersion_ms"] = json_ms(x.root_dispersion);
  json["synchronization_distance_s"] = x.distance;
  json["synchronization_state"] = static_cast<int>(s.system.sync);
  json["precision_log2_s"] = x.precision;
  json["version"] = x.version;
  json["peer_interface"] = x.interface;
  json["interleaved"] = x.interleaved;
  json["reference_time"] = json_time(x.reference, s.build_date);
  json["origin_time"] = json_time(x.origin, s.build_date);
  json["receive_time"] = json_time(x.receive, s.build_date);
  json["transmit_time"] = json_time(x.transmit, s.build_date);
  json["filter_delay_ms"] = filter_json(x, &core::FilterStage::delay);
  json["filter_offset_ms"] = filter_json(x, &core::FilterStage::offset);
  json["filter_dispersion_ms"] = filter_json(x, &core::FilterStage::dispersion);
  json["reference_clock_normal"] = x.normal;
  return json;
}

std::string_view clock_sentence(core::ClockKind clock) {
  switch (clock) {
    case core::ClockKind::system: return {};
    case core::ClockKind::observe: return "the clock is only observed: the kernel's clock is not steered";
    case core::ClockKind::virtual_clock: return "the clock is virtual: the kernel's clock is not steered";
  }
  return {};
}

/// A verdict with the facts behind it.
void add_explanation(DisplayOutput& output, const Session& x, const std::vector<std::string>& facts,
                     nlohmann::json json) {
  if (!output.text.empty()) output.text += '\n';
  output.text +=
      fmt::format(" {}{}: {}\n code: {}\n", x.name, x.role, x.explanation.sentence, x.explanation.code);
  for (const auto& fact : facts) output.text += fmt::format(" {}\n", fact);
  output.text += fmt::format(" do: {}\n", x.explanation.advice);
  json["source"] = x.address;
  json["vpn_instance"] = x.vpn;
  json["local_mode"] = x.local_mode;
  json["code"] = x.explanation.code;
  json["reason"] = x.explanation.sentence;
  json["advice"] = x.explanation.advice;
  output.json["sessions"].push_back(std::move(json));
}

/// One block a session, an empty line between two.
template <class Text, class Json>
DisplayOutput render_blocks(const std::vector<Session>& sessions, Text text_of, Json json_of) {
  DisplayOutput output{"", {{"schema", kJsonSchema}, {"sessions", nlohmann::json::array()}}};
  for (const auto& session : sessions) {
    if (!output.text.empty()) output.text += '\n';
    output.text += text_of(session);
    output.json["sessions"].push_back(json_of(session));
  }
  if (sessions.empty()) output.text = kNoSession;
  return output;
}

}  // namespace

DisplayOutput render_sessions(const Snapshot& snapshot, bool verbose) {
  const auto sessions = sessions_of(snapshot);
  if (!verbose) return render_blocks(sessions, brief_text, brief_json);
  return render_blocks(
      sessions, [&](const Session& x) { return verbose_text(x, snapshot); },
      [&](const Session& x) { return verbose_json(x, snapshot); });
}

DisplayOutput render_explain(const Snapshot& s, const ServerFilter& filter) {
  DisplayOutput output{
      "", {{"schema", kJsonSchema}, {"clock", core::code(s.clock)}, {"sessions", nlohmann::json::array()}}};
  if (const auto sentence = clock_sentence(s.clock); !sentence.empty())
    output.text = fmt::format(" {}\n", sentence);
  if (const auto clock = filter.is_empty() ? explain_clock(s) : std::nullopt) {
    if (!output.text.empty()) output.text += '\n';
    output.text +=
        fmt::format(" clock: {}\n code: {}\n do: {}\n", clock->sentence, clock->code, clock->advice);
    output.json["clock_code"] = clock->code;
    output.json["clock_reason"] = clock->sentence;
    output.json["clock_advice"] = clock->advice;
  }
  if (s.config.local_clock && filter.is_empty())
    add_explanation(output, local_clock_session(s), {}, nlohmann::json::object());
  for (std::size_t i = 0; i < s.associations.size(); ++i) {
    const auto& session = s.associations[i];
    if (!filter.admits(session.config.key)) continue;
    const auto* statistics = i < s.statistics.size() ? s.statistics[i] : nullptr;
    add_explanation(output, session_of(session, s), facts_text(session, statistics, s),
                    facts_json(session, statistics, s));
  }
  if (output.json["sessions"].empty()) output.text += filter.is_empty() ? kNoSession : kNoSuchSession;
  return output;
}

}  // namespace noonmark::cli
