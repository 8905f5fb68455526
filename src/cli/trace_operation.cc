#include "cli/trace_operation.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "cli/explanation.h"
#include "cli/running_probe.h"
#include "cli/session.h"
#include "cli/snapshot.h"

namespace noonmark::cli {
namespace {

using core::AssociationState;
using core::IpAddress;

constexpr std::size_t kMaxHops = 16;

/// How a trace ended.
struct End {
  std::string_view code;
  std::string sentence;  // no full stop; empty: the reference ID says it
};

/// An address that a host can have: what a reference ID that is none of it names is a hash.
bool is_host(const IpAddress& address) {
  const auto first = address.v4_value() >> 24;
  return first != 0 && first < 224;
}

bool is_reference_clock(const IpAddress& address) { return address.v4_value() >> 16 == 0x7F7F; }

class Trace final : public Operation {
 public:
  explicit Trace(const Services& services) : services_(services), probe_(services.probes) {}

  /// Asks the system peer.
  base::Result<void> begin() {
    return with_snapshot(services_, [this](const Snapshot& s) -> base::Result<void> {
      const auto peer = std::ranges::find_if(
          s.associations, [&](const AssociationState& a) { return a.id == s.system.system_peer; });
      if (peer == s.associations.end())
        return base::fail("The clock follows no server, so there is nothing to trace.");
      add_hop("127.0.0.1", s.system.stratum, s.system.offset,
              s.system.root_delay / 2 + root_dispersion_now(s.system, s.now.raw));
      reference_id_ = source_name(peer->config.key);
      next_ = peer->config;
      next_.key.mode = core::AssociationMode::client;
      return ask_next();
    });
  }

  void start(Listener listener) override {
    listener_ = std::move(listener);
    listener_.progress(text_);
  }
  void interrupt() override { end({"interrupted", "interrupted"}); }

 private:
  base::Result<void> ask_next() {
    asked_.insert(next_.key.address);
    return probe_.start({.server = next_, .requests = 1, .patience = core::Duration::from_milliseconds(1000)},
                        [this] { on_news(); });
  }

  void add_hop(const std::string& server, unsigned stratum, double offset, double distance) {
    const auto line = fmt::format("server {}, stratum {}, offset {} s, synch distance {}\n", server, stratum,
                                  fixed(offset, 6), fixed(distance, 5));
    text_ += line;
    hops_.push_back({{"server", server},
                     {"stratum", stratum},
                     {"offset_ms", json_ms(offset)},
                     {"synchronization_distance_s", distance}});
    if (listener_.progress) listener_.progress(line);
  }

  void on_news() {
    const auto state = probe_.state();
    if (!state || !state->done) return;
    const auto& session = state->session;
    if (session.outcomes.front().kind != core::Outcome::Kind::accepted) return end(no_reply(session));
    add_hop(session.config.key.address.to_string(), session.stratum, session.outcomes.front().offset,
            session.last.root_delay.seconds() / 2 + session.last.root_dispersion.seconds());
    reference_id_ = reference_id_text(session.last.reference_id, session.last.stratum);
    if (const auto last = end_at(session)) return end(*last);
    next_.key.address = IpAddress::v4(session.last.reference_id);
    next_.port = kNtpPort;
    next_.key_id = 0;
    if (const auto asked = ask_next(); !asked) end({"refused", asked.error().message});
  }

  End no_reply(const AssociationState& session) const {
    const auto server = session.config.key.address.to_string();
    if (session.outcomes.front().kind == core::Outcome::Kind::timed_out)
      return {"timeout",
              fmt::format("{} does not answer within 1 s{}", server,
                          hops_.size() > 1 ? ", or is no address but the hash of an IPv6 address" : "")};
    const auto explanation =
        with_snapshot(services_, [&](const Snapshot& s) { return explain_probe(session, s); });
    return {explanation.code, fmt::format("{}: {}", server, explanation.sentence)};
  }

  /// Whether the server that has just answered is the last one that can be asked.
  std::optional<End> end_at(const AssociationState& session) const {
    const auto reference = IpAddress::v4(session.last.reference_id);
    if (session.stratum == 1 || is_reference_clock(reference)) return End{"reference-clock", ""};
    if (!is_host(reference)) return End{"ipv6-hash", "the reference ID is the hash of an IPv6 address"};
    if (reference.is_loopback() && !session.config.key.address.is_loopback())
      return End{"loopback", "the reference is on the server itself"};
    if (asked_.contains(reference) || services_.network.is_own_address(reference))
      return End{"loop", fmt::format("{} is in the chain already: a loop", reference.to_string())};
    if (hops_.size() > kMaxHops)
      return End{"too-long", fmt::format("the chain is longer than {} servers", kMaxHops)};
    return std::nullopt;
  }

  void end(const End& end) {
    if (ended_) return;
    ended_ = true;
    probe_.stop();
    listener_.done(output(end));
  }

  DisplayOutput output(const End& end) const {
    auto text = text_ + fmt::format("refid {}\n", reference_id_);
    if (!end.sentence.empty()) text += fmt::format("Info: The trace ends here: {}.\n", end.sentence);
    return {.text = std::move(text),
            .json = {{"schema", kJsonSchema},
                     {"hops", hops_},
                     {"reference_id", reference_id_},
                     {"end", end.code},
                     {"reason", end.sentence}}};
  }

  static constexpr std::uint16_t kNtpPort = 123;

  const Services& services_;
  RunningProbe probe_;
  Listener listener_;
  core::ServerConfig next_;
  std::set<IpAddress> asked_;
  std::string text_;
  nlohmann::json hops_ = nlohmann::json::array();
  std::string reference_id_;  // of the last server
  bool ended_ = false;
};

}  // namespace

base::Result<std::unique_ptr<Operation>> trace(Session& session, const Match&) {
  auto operation = std::make_unique<Trace>(session.services());
  if (auto begun = operation->begin(); !begun) return tl::unexpected(begun.error());
  return operation;
}

}  // namespace noonmark::cli
