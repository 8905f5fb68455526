#include "core/control.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>

#include "core/access.h"

namespace noonmark::core {
namespace {

using wire::ControlError;
using wire::ControlMessage;
using wire::ControlOpcode;

constexpr double kMilliseconds = 1e3;
constexpr double kPpm = 1e6;
constexpr std::string_view kSeparator = ", ";
constexpr std::string_view kEnd = "\r\n";

// ---- status words

/// Bits 8-13 of the system status word: the clock source.
enum class ClockSource : std::uint8_t { none = 0, local = 5, ntp = 6 };

/// RFC 9327 section 3.2; bits 0-2 of the peer status.
enum class PeerSelection : std::uint8_t {
  reject = 0,
  falseticker = 1,
  outlier = 3,
  candidate = 4,
  system_peer = 6
};

// Events are not counted: who watches sees them in the log, or as states.
std::uint16_t system_status(const ControlView& view) {
  auto source = ClockSource::none;
  if (view.system.is_synchronized())
    source = view.system.local_clock_in_use ? ClockSource::local : ClockSource::ntp;
  return static_cast<std::uint16_t>(static_cast<unsigned>(view.system.leap) << 14 |
                                    static_cast<unsigned>(source) << 8);
}

PeerSelection selection_of(const AssociationState& peer) {
  if (peer.system_peer) return PeerSelection::system_peer;
  if (peer.candidate) return PeerSelection::candidate;
  if (peer.selected) return PeerSelection::outlier;
  return peer.selectable ? PeerSelection::falseticker : PeerSelection::reject;
}

std::uint16_t peer_status(const AssociationState& peer) {
  constexpr unsigned kConfigured = 0x80, kHasKey = 0x40, kAuthentic = 0x20, kReachable = 0x10;
  auto bits = static_cast<unsigned>(selection_of(peer));
  if (!is_dynamic(peer.config.key.mode)) bits |= kConfigured;
  if (peer.reach != 0) bits |= kReachable;
  if (peer.config.key_id != 0) bits |= kHasKey;
  // A packet without the right MAC would not have made it reachable.
  if (peer.config.key_id != 0 && peer.reach != 0) bits |= kAuthentic;
  return static_cast<std::uint16_t>(bits << 8);
}

// ---- values

std::string milliseconds(double seconds) { return fmt::format("{:.6f}", seconds * kMilliseconds); }
std::string text_of(Timestamp time) {
  return fmt::format("0x{:08x}.{:08x}", time.seconds(), time.fraction());
}

/// A code of up to four characters where the stratum says that it is one, else in the form of an address. A
/// server's octets are not trusted to be text.
std::string reference_id(std::uint32_t id, std::uint8_t stratum) {
  std::array<std::uint8_t, 4> octets{};
  base::ByteWriter(octets).write(id);
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  const auto code = text.substr(0, text.find('\0'));
  const bool is_text = !code.empty() && std::ranges::all_of(text.substr(code.size()), [](char c) {
    return c == 0;
  }) && std::ranges::all_of(code, [](unsigned char c) { return c < 128 && std::isalnum(c) != 0; });
  if ((stratum <= 1 || stratum >= wire::kMaxStratum) && is_text) return std::string(code);
  return fmt::format("{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
}

/// The mode of our packets in that association, by the numbers of RFC 5905 figure 10; 6 is a broadcast
/// client.
unsigned host_mode(AssociationMode mode) {
  switch (mode) {
    case AssociationMode::active: return 1;
    case AssociationMode::passive: return 2;
    case AssociationMode::broadcast_client: return 6;
    default: return 3;
  }
}

const AssociationState* system_peer(const ControlView& view) {
  const auto it = std::ranges::find_if(view.associations, [](const auto* a) { return a->system_peer; });
  return it == view.associations.end() ? nullptr : *it;
}

const AssociationState* find_peer(const ControlView& view, std::uint16_t id) {
  const auto it = std::ranges::find(view.associations, id, [](const auto* a) { return control_id(a->id); });
  return it == view.associations.end() ? nullptr : *it;
}

std::string destination_of(const AssociationState& peer) {
  const auto address = peer.last_local ? peer.last_local : peer.source;
  return address.value_or(IpAddress::any(peer.config.key.address.family())).to_string();
}

template <class Field>
std::string filter_text(const AssociationState& peer, Field field) {
  std::string text;
  for (const auto& stage : peer.filter)
    text += fmt::format("{}{:.2f}", text.empty() ? "" : " ", stage.*field * kMilliseconds);
  return text;
}

/// A variable by the name that ntpq knows it by (RFC 1305 tables 2 and 4, and later ones); an empty value: it
/// has none now, and is left out.
template <class From>
struct Variable {
  std::string_view name;
  std::string (*value)(const From& from);
  bool is_listed = true;  // where all are asked for
};

using System = ControlView;
using Peer = AssociationState;

constexpr auto kSystemVariables = std::to_array<Variable<System>>({
    {"version", [](const System&) { return std::string("\"noonmark\""); }},
    {"leap", [](const System& s) { return fmt::format("{}", static_cast<unsigned>(s.system.leap)); }},
    {"stratum", [](const System& s) { return fmt::format("{}", s.system.stratum); }},
    {"precision", [](const System& s) { return fmt::format("{}", s.system.precision); }},
    {"rootdelay", [](const System& s) { return milliseconds(s.system.root_delay); }},
    {"rootdisp", [](const System& s) { return milliseconds(s.system.dispersion_at(s.now.raw)); }},
    {"rootdist",
     [](const System& s) {
       return milliseconds(s.system.root_delay / 2 + s.system.dispersion_at(s.now.raw));
     },
     false},
    {"refid", [](const System& s) { return reference_id(s.system.reference_id, s.system.stratum); }},
    {"reftime",
     [](const System& s) {
       return text_of(s.system.local_clock_in_use ? s.now.served : s.system.reference);
     }},
    {"clock", [](const System& s) { return text_of(s.now.served); }},
    {"peer",
     [](const System& s) {
       const auto* peer = system_peer(s);
       return fmt::format("{}", peer == nullptr ? 0 : control_id(peer->id));
     }},
    {"peeradr",
     [](const System& s) {
       const auto* peer = system_peer(s);
       return peer == nullptr ? std::string() : peer->config.key.address.to_string();
     },
     false},
    {"peermode",
     [](const System& s) {
       const auto* peer = system_peer(s);
       return peer == nullptr ? std::string() : fmt::format("{}", host_mode(peer->config.key.mode));
     },
     false},
    {"tc",
     [](const System& s) {
       const auto* peer = system_peer(s);
       return peer == nullptr ? std::string() : fmt::format("{}", peer->host_poll);
     }},
    {"offset", [](const System& s) { return milliseconds(s.system.offset); }},
    {"frequency", [](const System& s) { return fmt::format("{:.6f}", s.quality.frequency * kPpm); }},
    {"sys_jitter", [](const System& s) { return milliseconds(s.system.jitter); }},
    // Of the local clock nothing is known, and it is its own reference.
    {"clk_jitter",
     [](const System& s) {
       return milliseconds(s.system.local_clock_in_use ? 0 : s.quality.estimated_error);
     }},
    {"clk_wander", [](const System& s) { return fmt::format("{:.6f}", s.quality.frequency_error * kPpm); }},
    {"tai",
     [](const System&
            s) { return s.quality.tai_offset ? fmt::format("{}", *s.quality.tai_offset) : std::string(); }},
});

constexpr auto kPeerVariables = std::to_array<Variable<Peer>>({
    {"srcadr", [](const Peer& p) { return p.config.key.address.to_string(); }},
    {"srcport", [](const Peer& p) { return fmt::format("{}", p.config.port); }},
    {"dstadr", destination_of},
    {"leap", [](const Peer& p) { return fmt::format("{}", static_cast<unsigned>(p.last.leap)); }},
    {"stratum", [](const Peer& p) { return fmt::format("{}", p.stratum); }},
    {"precision", [](const Peer& p) { return fmt::format("{}", p.last.precision); }},
    {"rootdelay", [](const Peer& p) { return milliseconds(p.root_delay); }},
    {"rootdisp", [](const Peer& p) { return milliseconds(p.root_dispersion); }},
    {"refid", [](const Peer& p) { return reference_id(p.last.reference_id, p.stratum); }},
    // ntpq shows the age of the last one of these two.
    {"reftime", [](const Peer& p) { return p.answered ? text_of(p.last.reference) : std::string(); }},
    {"rec", [](const Peer& p) { return p.last_heard ? text_of(*p.last_heard) : std::string(); }},
    {"xmt", [](const Peer& p) { return p.answered ? text_of(p.last.transmit) : std::string(); }, false},
    {"reach", [](const Peer& p) { return fmt::format("0x{:x}", p.reach); }},
    {"unreach", [](const Peer& p) { return fmt::format("{}", p.unanswered); }},
    {"hmode", [](const Peer& p) { return fmt::format("{}", host_mode(p.config.key.mode)); }},
    {"pmode",
     [](const Peer& p) {
       return p.answered ? fmt::format("{}", static_cast<unsigned>(p.last.mode)) : std::string("0");
     }},
    {"hpoll", [](const Peer& p) { return fmt::format("{}", p.host_poll); }},
    {"ppoll", [](const Peer& p) { return fmt::format("{}", p.answered ? p.last.poll : p.host_poll); }},
    {"delay", [](const Peer& p) { return milliseconds(p.delay); }},
    {"offset", [](const Peer& p) { return milliseconds(p.offset); }},
    {"jitter", [](const Peer& p) { return milliseconds(p.jitter); }},
    {"dispersion", [](const Peer& p) { return milliseconds(p.dispersion); }},
    {"filtdelay", [](const Peer& p) { return filter_text(p, &FilterStage::delay); }, false},
    {"filtoffset", [](const Peer& p) { return filter_text(p, &FilterStage::offset); }, false},
    {"filtdisp", [](const Peer& p) { return filter_text(p, &FilterStage::dispersion); }, false},
});

// ---- answers

/// "name=value, name=value" within one message; what does not fit is left out.
class VariableText {
 public:
  template <class From>
  void add(const Variable<From>& variable, const From& from) {
    const auto value = variable.value(from);
    if (value.empty()) return;
    const auto pair = fmt::format("{}{}={}", text_.empty() ? "" : kSeparator, variable.name, value);
    if (text_.size() + pair.size() + kEnd.size() <= wire::kMaxControlData) text_ += pair;
  }
  std::string take() { return text_.empty() ? std::string() : std::move(text_) + std::string(kEnd); }

 private:
  std::string text_;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks(" \t\r\n\0", 5);
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The variables whose names are in `wanted`, "name[=value],...", in that order; without names those that are
/// listed. None: one of the names is unknown.
template <class From, std::size_t size>
std::optional<std::string> read_variables(const std::array<Variable<From>, size>& variables,
                                          std::string_view wanted, const From& from) {
  VariableText text;
  wanted = trimmed(wanted);
  if (wanted.empty())
    for (const auto& variable : variables)
      if (variable.is_listed) text.add(variable, from);
  while (!wanted.empty()) {
    const auto comma = std::min(wanted.find(','), wanted.size());
    const auto item = wanted.substr(0, comma);
    wanted.remove_prefix(std::min(comma + 1, wanted.size()));
    const auto name = trimmed(item.substr(0, item.find('=')));
    if (name.empty()) continue;
    const auto it = std::ranges::find(variables, name, &Variable<From>::name);
    if (it == variables.end()) return std::nullopt;
    text.add(*it, from);
  }
  return text.take();
}

/// Identifier and status word of each association; where they are too many for one message, of the ones
/// nearest to being followed.
std::vector<std::uint8_t> association_list(const ControlView& view) {
  constexpr std::size_t kEntry = 4;
  auto peers = view.associations;
  std::ranges::sort(peers, [](const auto* a, const auto* b) {
    return std::pair(selection_of(*b), a->id) < std::pair(selection_of(*a), b->id);
  });
  peers.resize(std::min(peers.size(), wire::kMaxControlData / kEntry));
  std::vector<std::uint8_t> list(kEntry * peers.size());
  base::ByteWriter out(list);
  for (const auto* peer : peers) {
    out.write(control_id(peer->id));
    out.write(peer_status(*peer));
  }
  return list;
}

ControlMessage response_to(const ControlMessage& query) {
  ControlMessage response = query;
  response.is_response = true;
  response.is_error = response.has_more = false;
  response.offset = 0;
  response.data = {};
  return response;
}

std::vector<std::uint8_t> error_response(const ControlMessage& query, ControlError error) {
  auto response = response_to(query);
  response.is_error = true;
  response.status = static_cast<std::uint16_t>(static_cast<unsigned>(error) << 8);
  return wire::encode_control(response);
}

bool writes(ControlOpcode opcode) {
  return opcode == ControlOpcode::write_variables || opcode == ControlOpcode::write_clock_variables ||
         opcode == ControlOpcode::set_trap || opcode == ControlOpcode::configure;
}

}  // namespace

std::uint16_t control_id(AssociationId id) {
  return static_cast<std::uint16_t>((static_cast<std::uint32_t>(id) - 1) % 0xFFFF + 1);
}

std::vector<std::uint8_t> answer_control(const ControlMessage& query, const ControlView& view) {
  if (writes(query.opcode)) return error_response(query, ControlError::prohibited);
  const bool reads_status = query.opcode == ControlOpcode::read_status;
  if (!reads_status && query.opcode != ControlOpcode::read_variables)
    return error_response(query, ControlError::bad_opcode);
  if (query.offset != 0) return error_response(query, ControlError::bad_format);

  auto response = response_to(query);
  const auto* peer = find_peer(view, query.association);
  if (query.association != 0 && peer == nullptr)
    return error_response(query, ControlError::unknown_association);
  response.status = peer != nullptr ? peer_status(*peer) : system_status(view);
  if (reads_status) {
    const auto list = peer != nullptr ? std::vector<std::uint8_t>{} : association_list(view);
    response.data = list;
    return wire::encode_control(response);
  }
  const std::string_view wanted(reinterpret_cast<const char*>(query.data.data()), query.data.size());
  const auto text = peer != nullptr ? read_variables(kPeerVariables, wanted, *peer)
                                    : read_variables(kSystemVariables, wanted, view);
  if (!text) return error_response(query, ControlError::unknown_variable);
  response.data = {reinterpret_cast<const std::uint8_t*>(text->data()), text->size()};
  return wire::encode_control(response);
}

std::optional<DropReason> ControlGate::refuses(const ServerPolicy& policy, const Path& path, RawTime now) {
  if (const auto refusal = policy.refuses(path)) return refusal;
  const auto* place = policy.find_place(path.remote.address.family(), path.vpn);
  if (place == nullptr || !(place->any_address || place->addresses.contains(path.local.address)))
    return DropReason::not_listening;
  const Vpn* vpn = policy.network.find_vpn(path.vpn);
  const auto decision =
      decide_access(policy.config.access, path.remote.address, vpn != nullptr ? vpn->name : "");
  if (!may_query(path.remote.address, decision)) return DropReason::access_denied;
  tokens_ = std::min(kBurst, tokens_ + kRate * std::max(0.0, (now - filled_).seconds()));
  filled_ = now;
  if (tokens_ < 1) return DropReason::rate_limited;
  --tokens_;
  return std::nullopt;
}

}  // namespace noonmark::core
