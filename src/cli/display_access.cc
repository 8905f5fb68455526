#include "cli/display_access.h"

#include <fmt/format.h>

#include "cli/display_format.h"
#include "cli/parser.h"
#include "cli/session.h"
#include "config/access_lists.h"
#include "config/schema_tables.h"
#include "config/server_name.h"
#include "config/translate.h"
#include "core/groups.h"
#include "core/server_policy.h"

namespace noonmark::cli {
namespace {

using base::Family;
using config::Acl;
using config::AclRule;
using config::Configuration;

// ---- display acl

const Command& command_of(const config::Schema& schema) {
  return *std::ranges::find(commands(), &schema, &Command::schema);
}

/// "rule 10 permit source 192.0.2.0 0.0.0.255"
std::string rule_text(const AclRule& rule) {
  namespace leaves = config::leaves;
  namespace schemas = config::schemas;
  if (rule.family == Family::ipv4)
    return parser().line_of(command_of(schemas::ipv4_rule), config::write_row<leaves::ipv4_rule>(rule));
  return parser().line_of(command_of(schemas::ipv6_rule), config::write_row<leaves::ipv6_rule>(rule));
}

/// A list has a name, a number, or both.
nlohmann::json name_json(const Acl& acl) {
  return config::is_acl_number(acl.name) ? nlohmann::json() : nlohmann::json(acl.name);
}
nlohmann::json number_json(const Acl& acl) {
  if (config::is_acl_number(acl.name)) return std::stoul(acl.name);
  return acl.number == 0 ? nlohmann::json() : nlohmann::json(acl.number);
}

void append_acl(const Configuration& configuration, const Acl& acl, DisplayOutput& output) {
  const auto rules = config::rules_in_order(configuration, acl);
  const bool automatic = acl.match_order == config::MatchOrder::automatic;
  auto& text = output.text;
  if (!text.empty()) text += '\n';
  text += fmt::format("Basic {}{}, {} {}{}\n", config::acl_name(acl.family, acl.name),
                      acl.number == 0 ? "" : fmt::format(" (number {})", acl.number), rules.size(),
                      rules.size() == 1 ? "rule" : "rules", automatic ? ", match-order is auto" : "");
  if (!acl.description.empty()) text += acl.description + '\n';
  text += fmt::format("ACL's step is {}\n", acl.step);
  auto rows = nlohmann::json::array();
  for (const auto* rule : rules) {
    text += fmt::format(" {}\n", rule_text(*rule));
    rows.push_back({{"id", rule->id},
                    {"permit", rule->permit},
                    {"source", rule->source.to_string()},
                    {"mask", rule->mask.to_string()},
                    {"vpn_instance", rule->vpn.empty() ? nlohmann::json() : nlohmann::json(rule->vpn)},
                    {"line", rule_text(*rule)}});
  }
  output.json["access_lists"].push_back({{"family", base::to_string(acl.family)},
                                         {"name", name_json(acl)},
                                         {"number", number_json(acl)},
                                         {"match_order", config::to_text(acl.match_order)},
                                         {"step", acl.step},
                                         {"description", acl.description},
                                         {"rules", std::move(rows)}});
}

// ---- test ntp-service access

/// Whether something is done, and why not, or how.
struct Verdict {
  bool yes = false;
  std::string why{};
};

std::string in_words(const Verdict& verdict, std::string_view yes, std::string_view no) {
  const auto said = verdict.yes ? yes : no;
  return verdict.why.empty() ? std::string(said) : fmt::format("{}, {}", said, verdict.why);
}

class AccessTest {
 public:
  AccessTest(const Services& services, const base::IpAddress& source, const std::string& vpn)
      : network_(services.network),
        running_(services.datastore.running()),
        policy_(core::make_policy(
            config::to_ntp_config(without_keys(running_), services.datastore.keyring()).config, network_)),
        source_(source),
        vpn_(vpn),
        synchronized_(services.engine.server_view(services.clock.now()).is_synchronized()),
        decision_(core::decide_access(policy_->config.access, source_, vpn_)),
        family_(source_.is_v4_mapped() ? Family::ipv4 : source_.family()) {}

  DisplayOutput output() const {
    const auto time = time_requests(), control = control_queries(), followed = may_be_followed();
    const auto level = decision_.level ? config::to_text(*decision_.level) : std::string("none");
    DisplayOutput output;
    output.text = fmt::format(
        " {} in {}: {}\n level granted: {}\n decided by: {}\n time requests: {}\n control queries: {}\n"
        " clock may follow it: {}\n",
        source_.to_string(), place_text(vpn_), time.yes ? "served" : "not served", level, decided_by(),
        in_words(time, "answered", "not answered"), in_words(control, "answered", "not answered"),
        in_words(followed, "yes", "no"));
    const auto json = [](const Verdict& verdict) {
      return nlohmann::json{{"granted", verdict.yes}, {"reason", verdict.why}};
    };
    output.json = {
        {"schema", kJsonSchema},
        {"source", source_.to_string()},
        {"vpn_instance", vpn_},
        {"level", decision_.level ? nlohmann::json(level) : nlohmann::json()},
        {"access_list", decision_.list == nullptr ? nlohmann::json() : nlohmann::json(decision_.list->name)},
        {"rule", decision_.rule == nullptr ? nlohmann::json() : nlohmann::json(decision_.rule->id)},
        {"decided_by", decided_by()},
        {"time_requests", json(time)},
        {"control_queries", json(control)},
        {"followed", json(followed)}};
    output.refused = !time.yes;
    return output;
  }

 private:
  /// Passwords play no part; deciphering them would only take time.
  static Configuration without_keys(Configuration configuration) {
    configuration.keys = {};
    return configuration;
  }

  std::string decided_by() const {
    if (decision_.list == nullptr)
      return running_.access.empty()
                 ? "no ntp-service access is configured"
                 : fmt::format("ntp-service access has no {} access list", base::to_string(family_));
    if (decision_.rule == nullptr) return "no rule matches" + missing_lists();
    const auto& list = decision_.list->name;
    const auto* rule = running_.acl_rules.find({family_, list, decision_.rule->id});
    return fmt::format("{} {}", config::acl_name(family_, list), rule_text(*rule));
  }

  std::string missing_lists() const {
    std::string text;
    for (const auto& row : running_.access) {
      const auto& name = family_ == Family::ipv4 ? row.ipv4 : row.ipv6;
      if (!name.empty() && config::find_acl(running_, family_, name) == nullptr)
        text += fmt::format(", {} does not exist", config::acl_name(family_, name));
    }
    return text;
  }

  /// Why the service answers nobody there; empty if it does.
  std::string silence() const {
    const auto& family = policy_->family(source_.family());
    const std::string ipv6 = source_.is_v4() ? "" : "ipv6 ";
    if (family.disabled) return fmt::format("ntp-service {}disable is configured", ipv6);
    if (!family.serves)
      return running_.serving[static_cast<std::size_t>(source_.family())] == core::Serving::never
                 ? fmt::format("ntp-service {}server disable is configured", ipv6)
                 : std::string("nothing is served without refclock-master or undo ntp-service ") + ipv6 +
                       "server disable";
    const auto* vpn = network_.find_vpn(vpn_);
    if (vpn == nullptr) return place_text(vpn_) + " does not exist";
    if (policy_->find_place(source_.family(), vpn->id) == nullptr)
      return fmt::format("requests are not received in {}", place_text(vpn_));
    return {};
  }

  Verdict time_requests() const {
    if (auto why = silence(); !why.empty()) return {false, why};
    if (!decision_.level) return {false, "denied"};
    if (!core::may_ask_time(*decision_.level)) return {false, "only control queries are granted"};
    std::string how;
    if (*decision_.level == core::AccessLevel::limited)
      how = fmt::format("at least {} s apart, {} s on the average", 1 << running_.rate_limits.min_interval,
                        1 << running_.rate_limits.avg_interval);
    if (!synchronized_) how += fmt::format("{}as unsynchronized at the moment", how.empty() ? "" : ", ");
    return {true, how};
  }

  Verdict control_queries() const {
    if (auto why = silence(); !why.empty()) return {false, why};
    if (!running_.queries_enabled) return {false, "ntp-service query enable is not configured"};
    if (source_.is_loopback()) return {true, "from this machine itself"};
    if (core::may_query(source_, decision_)) return {true};
    return {false, running_.access.empty() ? "only an access list can grant them, but for this machine itself"
                                           : "not granted"};
  }

  Verdict may_be_followed() const {
    if (decision_.level && core::may_be_followed(*decision_.level)) return {true};
    return {false, "only ntp-service access peer grants that"};
  }

  const core::NetworkView& network_;
  const Configuration& running_;
  std::shared_ptr<const core::ServerPolicy> policy_;
  base::IpAddress source_;
  std::string vpn_;
  bool synchronized_;  // what replies say
  core::AccessDecision decision_;
  Family family_;  // of the lists: a mapped address counts as its IPv4 address
};

/// What an address is that no packet may have as its source; none: it may.
std::optional<std::string_view> unfit_as_source(const base::IpAddress& address) {
  if (address.is_unspecified()) return "the unspecified address";
  if (address.is_multicast()) return "a multicast address";
  if (core::is_broadcast_group(address)) return "the broadcast address";
  return std::nullopt;
}

}  // namespace

base::Result<DisplayOutput> render_acls(const Configuration& configuration, const Arguments& arguments) {
  DisplayOutput output;
  output.json = {{"schema", kJsonSchema}, {"access_lists", nlohmann::json::array()}};
  const bool ipv6 = arguments.has("ipv6");
  if (arguments.has("all")) {
    for (const auto& acl : configuration.acls)
      if (!ipv6 || acl.family == Family::ipv6) append_acl(configuration, acl, output);
    return output;
  }
  const auto number = arguments.value("<acl-number>");
  const auto name = number ? *number : *arguments.value("<acl-name>");
  const auto family = ipv6 ? Family::ipv6 : Family::ipv4;
  const auto* acl = config::find_acl(configuration, family, name);
  if (acl == nullptr) return base::fail(fmt::format("{} does not exist.", config::acl_name(family, name)));
  append_acl(configuration, *acl, output);
  return output;
}

DisplayOutput render_access(const Services& services, const base::IpAddress& source, const std::string& vpn) {
  return AccessTest(services, source, vpn).output();
}

base::Result<DisplayOutput> test_access(Session& session, const Match& match) {
  const bool ipv6 = match.arguments.has("ipv6");
  const auto text = *match.arguments.value(ipv6 ? "<ipv6-address>" : "<ipv4-address>");
  const auto source = base::IpAddress::parse(text);
  if (!source) return base::fail(text + " is not the address of a host.");
  if (const auto unfit = unfit_as_source(core::unmapped(*source)))
    return base::fail(
        fmt::format("{} is {}: no packet comes from it. Enter the address of a host.", text, *unfit));
  return render_access(session.services(), *source, match.arguments.value("<vpn-name>").value_or(""));
}

}  // namespace noonmark::cli
