#include "cli/server_test_operation.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/check.h"
#include "cli/explanation.h"
#include "cli/running_probe.h"
#include "cli/session.h"
#include "cli/session_facts.h"
#include "cli/snapshot.h"
#include "config/schema_tables.h"
#include "config/translate.h"

namespace noonmark::cli {
namespace {

using core::AssociationState;
using core::Outcome;

/// The server line that the words would be, judged as at its entry.
base::Result<core::ServerConfig> server_of(Session& session, const Match& match) {
  auto& datastore = session.services().datastore;
  const EntryContext context{datastore.view(session.candidate()), datastore.running(), datastore.keyring(),
                             session.services().network, Judgement::shell};
  auto values = match.values;
  std::vector<std::string> notices;
  if (auto admitted = admit_server(context, values, notices); !admitted)
    return tl::unexpected(admitted.error());
  const auto& schema =
      match.arguments.has("ipv6") ? config::schemas::ipv6_server : config::schemas::ipv4_server;
  config::Configuration one;
  if (auto entered = schema.enter(one, values); !entered) return tl::unexpected(entered.error());
  return config::server_config(*one.servers.begin());
}

std::ptrdiff_t count(const AssociationState& session, Outcome::Kind kind) {
  return std::ranges::count(session.outcomes, kind, &Outcome::kind);
}

/// Replies that came, whether they were good or not.
std::ptrdiff_t answered(const AssociationState& session) {
  return count(session, Outcome::Kind::accepted) + count(session, Outcome::Kind::dropped);
}

std::string_view algorithm_of(std::uint32_t key_id, const core::NtpConfig& config) {
  const auto key = std::ranges::find(config.keys, key_id, &core::KeyConfig::id);
  return key == config.keys.end() ? std::string_view("not configured") : crypto::to_string(key->algorithm);
}

class ServerTest final : public Operation {
 public:
  ServerTest(const Services& services, const core::ServerConfig& server)
      : services_(services), server_(server), probe_(services.probes) {}

  base::Result<void> ask() {
    return probe_.start({.server = server_, .requests = kRequests}, [this] { on_news(); });
  }

  void start(Listener listener) override {
    listener_ = std::move(listener);
    say(fmt::format("Testing NTP server {}, port {}, with {} requests; press CTRL+C to stop.\n",
                    source_name(server_.key), server_.port, kRequests));
  }
  void interrupt() override { end(); }

 private:
  static constexpr unsigned kRequests = 4;

  void on_news() {
    const auto state = probe_.state();
    if (!state) return;
    const auto& outcomes = state->session.outcomes;
    const auto known = core::kOutcomes - static_cast<std::size_t>(count(state->session, Outcome::Kind::none));
    for (; told_ < known; ++told_)
      say(fmt::format("  {}: {}\n", told_ + 1, outcome_text(outcomes[known - 1 - told_])));
    if (state->done) end();
  }

  void say(const std::string& lines) {
    text_ += lines;
    listener_.progress(lines);
  }

  void end() {
    const auto state = probe_.state();
    if (!state) return;
    probe_.stop();
    const auto output =
        with_snapshot(services_, [&](const Snapshot& s) { return summary(state->session, s); });
    listener_.done(output);
  }

  DisplayOutput summary(const AssociationState& session, const Snapshot& s) const {
    const auto explanation = explain_probe(session, s);
    return {.text = text_ + text_of(session, explanation, s),
            .json = json_of(session, explanation, s),
            .refused = session.reason != core::Reason::usable};
  }

  std::string text_of(const AssociationState& session, const Explanation& explanation,
                      const Snapshot& s) const {
    std::string text =
        fmt::format(" {}: {}\n code: {}\n", source_name(server_.key), explanation.sentence, explanation.code);
    const auto line = [&text](std::string_view name, std::string_view value) {
      text += fmt::format(" {}: {}\n", name, value);
    };
    const auto replies = answered(session);
    line("reachable",
         fmt::format("{}, {} of {} requests answered", replies > 0 ? "yes" : "no", replies, session.sent));
    line("authenticated", authentication_text(session, s));
    if (session.answered) {
      line("clock stratum", std::to_string(session.stratum));
      line("reference clock ID", reference_id_text(session.last.reference_id, session.last.stratum));
      line("leap", leap_text(session.last.leap));
    }
    if (count(session, Outcome::Kind::accepted) > 0) {
      line("offset", milliseconds(session.offset, 4));
      line("delay", milliseconds(session.delay, 2));
      line("jitter", milliseconds(session.jitter, 4));
    }
    if (session.sent_from) line("source", origin_text(session, s));
    line("do", explanation.advice);
    return text;
  }

  std::string authentication_text(const AssociationState& session, const Snapshot& s) const {
    if (server_.key_id == 0) return "no, no key was asked for";
    return fmt::format("{}, key {} ({})", session.answered ? "yes" : "no", server_.key_id,
                       algorithm_of(server_.key_id, s.config));
  }

  nlohmann::json json_of(const AssociationState& session, const Explanation& explanation,
                         const Snapshot& s) const {
    auto json = facts_json(session, nullptr, s);
    json.erase("drops");
    json.erase("selection");
    json["schema"] = kJsonSchema;
    json["source"] = server_.key.address.to_string();
    json["vpn_instance"] = server_.key.vpn;
    json["port"] = server_.port;
    json["code"] = explanation.code;
    json["reason"] = explanation.sentence;
    json["advice"] = explanation.advice;
    json["usable"] = session.reason == core::Reason::usable;
    json["reachable"] = answered(session) > 0;
    json["authenticated"] = server_.key_id != 0 && session.answered;
    if (server_.key_id != 0) {
      json["key_id"] = server_.key_id;
      json["key_algorithm"] = algorithm_of(server_.key_id, s.config);
    }
    if (count(session, Outcome::Kind::accepted) == 0) return json;
    json["offset_ms"] = json_ms(session.offset);
    json["delay_ms"] = json_ms(session.delay);
    json["jitter_ms"] = json_ms(session.jitter);
    return json;
  }

  const Services& services_;
  const core::ServerConfig server_;
  RunningProbe probe_;
  Listener listener_;
  std::string text_;
  std::size_t told_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Operation>> test_server(Session& session, const Match& match) {
  const auto server = server_of(session, match);
  if (!server) return tl::unexpected(server.error());
  auto test = std::make_unique<ServerTest>(session.services(), *server);
  if (auto asked = test->ask(); !asked) return tl::unexpected(asked.error());
  return test;
}

}  // namespace noonmark::cli
