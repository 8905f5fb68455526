#include "config/advice.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_names.h"
#include "config/access_lists.h"
#include "config/leaf_text.h"
#include "config/server_name.h"

namespace noonmark::config {
namespace {

using core::AssociationState;

constexpr std::size_t kNamesShown = 3;
constexpr std::uint32_t kMaxPortableKeyId = 65535;
constexpr std::int64_t kDay = 86400;                   // s
constexpr std::int64_t kLeapTableWarning = 28 * kDay;  // tzdata is updated half a year ahead

enum class Say : std::uint8_t { at_commit, in_review };

/// In braces: {0} the subjects, {1} the detail. In brackets: what is said of one subject, and of several.
struct Row {
  AdviceCode code;
  std::string_view name;
  std::string_view level;
  Say when;
  std::string_view sentence;
  std::string_view source;
};

constexpr std::array<Row, static_cast<std::size_t>(AdviceCode::kCount)> kRows{{
    {AdviceCode::interface_elsewhere, "interface-elsewhere", "Warning", Say::at_commit,
     "Interface[|s] {0} [lies|lie] in {1}; lines that name [it wait until it does|them wait until they do].",
     "VRP: ntp-service source-interface (the interface is bound to the VPN instance)"},
    {AdviceCode::interface_unknown, "interface-unknown", "Warning", Say::at_commit,
     "Interface[|s] {0} [does|do] not exist; {1}. Lines that name [it wait until it does|them wait until "
     "they do].",
     "VRP: ntp-service source-interface (an existing interface)"},
    {AdviceCode::vpn_unknown, "vpn-unknown", "Warning", Say::at_commit,
     "VPN instance[|s] {0} [does|do] not exist; {1}. Lines that name [it wait until it does|them wait until "
     "they do].",
     "VRP: ntp-service unicast-server (an existing VPN instance)"},
    {AdviceCode::key_id_not_portable, "key-id-not-portable", "Warning", Say::at_commit,
     "The authentication key ID[|s] of server[|s] {0} [is|are] above 65535; VRP devices refuse such an ID "
     "with version "
     "4 and IPv6.",
     "VRP: ntp-service unicast-server (authentication-keyid)"},
    {AdviceCode::key_checked_all_the_same, "key-checked", "Info", Say::at_commit,
     "The key[|s] of server[|s] {0} [is|are] checked although authentication is not enabled; a VRP device "
     "would not "
     "check [it|them] unless ntp-service authentication enable is configured.",
     "VRP: ntp-service authentication enable"},
    {AdviceCode::server_without_key, "server-without-key", "Warning", Say::at_commit,
     "Authentication is enabled, and server[|s] {0} [has no key: it|have no key: they] cannot steer the "
     "clock. Add authentication-keyid with a reliable key to the server line[|s].",
     "VRP: ntp-service authentication enable"},
    {AdviceCode::key_not_reliable, "key-not-reliable", "Warning", Say::at_commit,
     "Authentication is enabled, and the key of server[|s] {0} is not declared reliable: the server[|s] "
     "cannot steer the clock. Run ntp-service reliable authentication-keyid {1}.",
     "VRP: ntp-service reliable authentication-keyid"},
    {AdviceCode::peer_without_key, "peer-without-key", "Warning", Say::at_commit,
     "Peer[|s] {0} [has|have] no key: whoever can send packets in [its|their] name can set this clock. Add "
     "authentication-keyid on both sides.",
     "RFC 8633 section 5.6, Symmetric Mode Only with Trusted Peers"},
    {AdviceCode::broadcast_unauthenticated, "broadcast-unauthenticated", "Warning", Say::at_commit,
     "Authentication is not enabled, and this device listens to {0}: whoever can send there can set this "
     "clock. Run ntp-service authentication enable and declare the key of the servers reliable.",
     "RFC 8633 section 5.5, Broadcast Mode Only on Trusted Networks"},
    {AdviceCode::acl_missing, "acl-missing", "Warning", Say::at_commit,
     "{0} [does|do] not exist or [has|have] no rule: ntp-service access {1} grants nothing by [it|them].",
     "VRP: ntp-service access (a list that does not exist denies)"},
    {AdviceCode::wildcard_like_netmask, "wildcard-like-netmask", "Warning", Say::at_commit,
     "The wildcard[|s] of {0} [looks|look] like a netmask: [it compares|they compare] the last bits of an "
     "address and [ignores|ignore] the first ones. A wildcard is the inverse of a netmask; write {1}.",
     "VRP: rule (basic ACL), source-wildcard"},
    {AdviceCode::access_denies_source, "access-denies-source", "Warning", Say::at_commit,
     "The access lists do not grant peer to server[|s] {0}: the clock will never follow [it. Permit it|them. "
     "Permit them] in the list of ntp-service access peer.",
     "VRP: ntp-service access"},
    {AdviceCode::access_one_family, "access-one-family", "Warning", Say::at_commit,
     "ntp-service access has lists of the other family only: everything over {0} is denied. Add an {0} list, "
     "or ntp-service {1}disable.",
     "VRP: ntp-service access"},
    {AdviceCode::kod_without_access, "kod-without-access", "Info", Say::at_commit,
     "ntp-service kod-enable has no effect without ntp-service access: nobody is refused or limited.",
     "VRP: ntp-service kod-enable"},
    {AdviceCode::single_server, "single-server", "Warning", Say::at_commit,
     "Server {0} is the only one: if its time is wrong, nothing can tell. Configure three or more others.",
     "RFC 8633 section 3.2, Using Enough Time Sources"},
    {AdviceCode::two_servers, "two-servers", "Warning", Say::in_review,
     "There are two servers, {0}: if they disagree, none of them has a majority. Configure two or more "
     "others.",
     "RFC 8633 section 3.2, Using Enough Time Sources"},
    {AdviceCode::few_servers, "few-servers", "Info", Say::in_review,
     "There are three servers, {0}: when one of them fails, the others have no majority. Configure a fourth.",
     "RFC 8633 section 3.2, Using Enough Time Sources"},
    {AdviceCode::same_upstream, "same-upstream", "Warning", Say::at_commit,
     "Servers {0} follow the same source, {1}: when it is wrong, all of them are, and they outvote others. "
     "Configure servers that do not depend on each other.",
     "RFC 8633 section 3.3, Using a Diversity of Reference Clocks"},
    {AdviceCode::follows_another, "follows-another", "Warning", Say::at_commit,
     "Server[|s] {0} [follows|follow] server {1}, which is configured as well: when that is wrong, [both|all "
     "of them] are. Configure servers that do not depend on each other.",
     "RFC 8633 section 3.3, Using a Diversity of Reference Clocks"},
    {AdviceCode::local_clock_preferred, "local-clock-preferred", "Warning", Say::at_commit,
     "Server[|s] {0} [has|have] stratum {1}: refclock-master makes the local clock [its|their] better, so "
     "the server[ is|s are] not followed. Configure refclock-master with a stratum above that.",
     "VRP: ntp-service refclock-master"},
    {AdviceCode::serves_everybody, "serves-everybody", "Info", Say::at_commit,
     "With ntp-service refclock-master this device answers {0} NTP requests on all interfaces and VRFs of "
     "its own network namespace; ntp-service server disable and ntp-service ipv6 server disable end that.",
     "RFC 8633 section 5.1, Minimizing Information Leakage"},
    {AdviceCode::serves_without_local_clock, "serves-without-local-clock", "Info", Say::at_commit,
     "With undo ntp-service server disable this device answers {0} NTP requests also without "
     "refclock-master; ntp-service server disable and ntp-service ipv6 server disable end that.",
     "RFC 8633 section 5.1, Minimizing Information Leakage"},
    {AdviceCode::steps_under_clients, "steps-under-clients", "Warning", Say::at_commit,
     "With step-policy always the clock may be set back at any time, also under the clients that this device "
     "serves. Configure ntp-service step-policy at-start or forward-only.",
     "RFC 5905 section 11.3, Clock Discipline Algorithm"},
    {AdviceCode::never_steps, "never-steps", "Info", Say::at_commit,
     "With step-policy never a clock that is wrong at the start is slewed, by 5 minutes in an hour at most.",
     "RFC 5905 section 11.3, Clock Discipline Algorithm"},
    {AdviceCode::unauthenticated, "unauthenticated", "Info", Say::in_review,
     "The replies of {0} are not authenticated: whoever is on the way can set this clock. Configure a key on "
     "both sides.",
     "RFC 8633 section 4.1, Pre-Shared Key Approach"},
    {AdviceCode::weak_key, "weak-key", "Warning", Say::in_review,
     "Key[|s] {0} [uses|use] {1}, which is too weak. Replace [it|them] by hmac-sha256 or aes-128-cmac on "
     "both sides.",
     "RFC 8633 section 4.1, Pre-Shared Key Approach; RFC 8573"},
    {AdviceCode::shared_key, "shared-key", "Info", Say::in_review,
     "Servers {0} share key {1}: each of them can speak for the others. Give each server a key of its own.",
     "RFC 8633 section 4.1, Pre-Shared Key Approach"},
    {AdviceCode::passwords_unchecked, "passwords-unchecked", "Info", Say::in_review,
     "The strength of passwords is not checked when keys are entered. Run ntp-service "
     "authentication-password complexity-check enable.",
     "VRP: ntp-service authentication-password complexity-check enable"},
    {AdviceCode::leap_table_missing, "leap-table-missing", "Info", Say::in_review,
     "This machine has no table of leap seconds: only the servers can announce them. Install tzdata, or "
     "start noonmarkd with --leap-file.",
     "RFC 8633 section 3.7, Leap-Second Handling"},
    {AdviceCode::leap_table_expires, "leap-table-expires", "Warning", Say::in_review,
     "The table of leap seconds on this machine {1}: later ones are only known from the servers. Update "
     "tzdata.",
     "RFC 8633 section 3.7, Leap-Second Handling"},
}};

constexpr bool is_complete() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].code) != i || kRows[i].source.empty()) return false;
  return true;
}
static_assert(is_complete(), "every AdviceCode has its row, in the order of the enumeration");

const Row& row_of(AdviceCode code) { return kRows[static_cast<std::size_t>(code)]; }

/// `sentence` for one subject or for several: of "[it|them]" the first or the second.
std::string in_number(std::string_view sentence, bool several) {
  std::string text;
  while (true) {
    const auto open = sentence.find('[');
    text += sentence.substr(0, open);
    if (open == std::string_view::npos) return text;
    const auto bar = sentence.find('|', open), close = sentence.find(']', bar);
    text += several ? sentence.substr(bar + 1, close - bar - 1) : sentence.substr(open + 1, bar - open - 1);
    sentence.remove_prefix(close + 1);
  }
}

/// "a, b and c", or "a, b, c and 997 more".
std::string listed(std::vector<std::string> names) {
  if (names.size() < 2) return names.empty() ? std::string{} : names.front();
  auto last = std::move(names.back());
  names.pop_back();
  if (names.size() >= kNamesShown) {
    last = fmt::format("{} more", names.size() + 1 - kNamesShown);
    names.resize(kNamesShown);
  }
  return fmt::format("{} and {}", fmt::join(names, ", "), last);
}

std::string vpn_in_words(const std::string& vpn) {
  return vpn.empty() ? "the public instance" : "VPN instance " + vpn;
}

std::string nearest(const std::string& name, const std::vector<std::string>& existing) {
  if (existing.empty()) return "there is none";
  return fmt::format("nearest: {}", fmt::join(base::nearest_names(name, existing, kNamesShown), ", "));
}

class Adviser {
 public:
  Adviser(const Configuration& configuration, const core::NetworkView& network,
          std::span<const AssociationState> sessions, const std::optional<LeapTableFacts>& leap_table)
      : configuration_(configuration), network_(network), leap_table_(leap_table) {
    for (const auto& session : sessions)
      if (session.answered) answered_.emplace(session.config.key, &session);
  }

  std::vector<Advice> run() {
    look_at_interfaces();
    look_at_vpns();
    look_at_keys();
    look_at_authentication();
    look_at_groups();
    look_at_access();
    look_at_number_of_servers();
    look_at_upstreams();
    look_at_local_clock();
    look_at_serving();
    look_at_steps();
    look_at_leap_seconds();
    return std::move(advice_);
  }

 private:
  void add(AdviceCode code, std::string subject, std::string detail = {}, std::string identity = {}) {
    advice_.push_back({code, std::move(subject), std::move(detail), std::move(identity)});
  }

  // ---- what lines refer to

  void look_at_interface(const std::string& name, const std::string* vpn, const std::string& line) {
    const auto found = network_.find_interfaces(name);
    if (found.empty()) {
      std::vector<std::string> existing;
      for (const auto& interface : network_.interfaces) existing.push_back(interface.name);
      return add(AdviceCode::interface_unknown, name, nearest(name, existing), line);
    }
    const auto* wanted = vpn == nullptr ? nullptr : network_.find_vpn(*vpn);
    if (found.size() > 1 || wanted == nullptr || wanted->id == found.front()->vpn) return;
    const auto* own = network_.find_vpn(found.front()->vpn);
    add(AdviceCode::interface_elsewhere, name,
        fmt::format("{}, not in {}", vpn_in_words(own == nullptr ? std::string{} : own->name),
                    vpn_in_words(*vpn)),
        line);
  }

  void look_at_interfaces() {
    for (const auto& row : configuration_.source_interfaces)
      look_at_interface(row.interface_name, &row.vpn, row.vpn + std::string(base::to_string(row.family)));
    for (const auto& row : configuration_.servers)
      if (!row.source_interface.empty()) look_at_interface(row.source_interface, &row.vpn, name_of(row));
    for (const auto& row : configuration_.listen_interfaces)
      look_at_interface(row.interface_name, nullptr, "listen");
    for (const auto& row : configuration_.receive_disabled)
      look_at_interface(row.interface_name, nullptr, "receive");
    look_at_interfaces_of(configuration_.group_servers, "server");
    look_at_interfaces_of(configuration_.group_clients, "client");
    look_at_interfaces_of(configuration_.manycast_servers, "manycast server");
    look_at_interfaces_of(configuration_.manycast_clients, "manycast client");
  }

  template <class Rows>
  void look_at_interfaces_of(const Rows& rows, std::string_view what) {
    for (const auto& row : rows)
      look_at_interface(row.interface_name, nullptr, fmt::format("{} {}", what, row.group.to_string()));
  }

  void look_at_vpn(const std::string& name, const std::string& line) {
    if (name.empty() || network_.find_vpn(name) != nullptr) return;
    std::vector<std::string> existing;
    for (const auto& vpn : network_.vpns)
      if (!vpn.name.empty()) existing.push_back(vpn.name);
    add(AdviceCode::vpn_unknown, name, nearest(name, existing), line);
  }

  void look_at_vpns() {
    for (const auto& row : configuration_.source_interfaces)
      look_at_vpn(row.vpn, row.interface_name + std::string(base::to_string(row.family)));
    for (const auto& row : configuration_.servers) look_at_vpn(row.vpn, name_of(row));
    for (const auto& row : configuration_.listen_addresses) look_at_vpn(row.vpn, row.address.to_string());
    for (const auto& row : configuration_.acl_rules)
      look_at_vpn(row.vpn, fmt::format("{} {}", acl_name(row.family, row.acl), row.id));
  }

  // ---- authentication

  void look_at_keys() {
    std::map<std::uint32_t, std::vector<std::string>> users;
    for (const auto& server : configuration_.servers) {
      const bool version_4 = !server.address.is_v4() || server.version == 4;
      if (server.key_id > kMaxPortableKeyId && version_4)
        add(AdviceCode::key_id_not_portable, name_of(server));
      if (server.key_id != 0) users[server.key_id].push_back(name_of(server));
    }
    for (const auto& [id, names] : users)
      if (names.size() > 1) add(AdviceCode::shared_key, listed(names), std::to_string(id));
    for (const auto& key : configuration_.keys)
      if (crypto::is_weak(key.algorithm))
        add(AdviceCode::weak_key, std::to_string(key.id), std::string(crypto::to_string(key.algorithm)));
    if (!configuration_.keys.empty() && !configuration_.complexity_check)
      add(AdviceCode::passwords_unchecked, "");
  }

  void look_at_authentication() {
    for (const auto& server : configuration_.servers) {
      const auto name = name_of(server);
      if (!configuration_.authentication_enabled && server.key_id == 0 && server.is_peer())
        add(AdviceCode::peer_without_key, name);
      else if (!configuration_.authentication_enabled)
        add(server.key_id == 0 ? AdviceCode::unauthenticated : AdviceCode::key_checked_all_the_same, name);
      else if (server.key_id == 0)
        add(AdviceCode::server_without_key, name);
      else if (!configuration_.reliable_keys.contains(server.key_id))
        add(AdviceCode::key_not_reliable, name, std::to_string(server.key_id));
    }
  }

  void look_at_groups() {
    for (const auto& row : configuration_.group_clients)
      if (!configuration_.authentication_enabled)
        add(AdviceCode::broadcast_unauthenticated, group_name(row.interface_name, row.group));
    for (const auto& row : configuration_.manycast_clients)
      if (configuration_.authentication_enabled && !configuration_.reliable_keys.contains(row.key_id))
        add(row.key_id == 0 ? AdviceCode::server_without_key : AdviceCode::key_not_reliable,
            group_name(row.interface_name, row.group), row.key_id == 0 ? "" : std::to_string(row.key_id));
    for (const auto& row : configuration_.group_servers)
      if (row.key_id > kMaxPortableKeyId && (row.version == 4 || !row.group.is_v4()))
        add(AdviceCode::key_id_not_portable, group_name(row.interface_name, row.group));
  }

  // ---- access

  void look_at_access() {
    const auto& c = configuration_;
    if (c.access.empty()) {
      if (c.kod_enabled) add(AdviceCode::kod_without_access, "");
      return;
    }
    for (const auto& row : c.access) {
      look_at_acl(row, Family::ipv4, row.ipv4);
      look_at_acl(row, Family::ipv6, row.ipv6);
    }
    look_at_family(Family::ipv4, &Access::ipv4);
    look_at_family(Family::ipv6, &Access::ipv6);
    const auto access = access_config(c);
    for (const auto& server : c.servers)
      if (core::decide_access(access, server.address, server.vpn).level != core::AccessLevel::peer)
        add(AdviceCode::access_denies_source, name_of(server));
  }

  /// Lists of one family deny the other one, which matters where it is used.
  void look_at_family(Family family, std::string Access::* list) {
    const auto& c = configuration_;
    const auto i = static_cast<std::size_t>(family);
    const bool listed =
        std::ranges::any_of(c.access, [&](const Access& row) { return !(row.*list).empty(); });
    const bool asks = std::ranges::any_of(
        c.servers, [&](const Server& server) { return server.address.family() == family; });
    if (listed || c.family_disabled[i] || (!asks && c.serving[i] == core::Serving::never)) return;
    add(AdviceCode::access_one_family, std::string(base::to_string(family)),
        family == Family::ipv4 ? "" : "ipv6 ");
  }

  void look_at_acl(const Access& row, Family family, const std::string& name) {
    if (name.empty()) return;
    const auto* acl = find_acl(configuration_, family, name);
    if (acl == nullptr || rules_in_order(configuration_, *acl).empty())
      add(AdviceCode::acl_missing, acl_name(family, name), to_text(row.level));
    else if (family == Family::ipv4)
      for (const auto* rule : rules_in_order(configuration_, *acl)) look_at_wildcard(*rule, name);
  }

  void look_at_wildcard(const AclRule& rule, const std::string& list) {
    const auto counting = rule.mask.v4_value();
    const bool last_bits_only = counting != 0 && counting != ~0U && (counting & (counting + 1)) == 0;
    if (last_bits_only)
      add(AdviceCode::wildcard_like_netmask,
          fmt::format("rule {} of {}", rule.id, acl_name(rule.family, list)),
          base::IpAddress::v4(counting).to_string());
  }

  // ---- sources

  void look_at_number_of_servers() {
    std::vector<std::string> names;
    for (const auto& server : configuration_.servers) names.push_back(name_of(server));
    if (names.size() == 1) add(AdviceCode::single_server, names.front());
    if (names.size() == 2) add(AdviceCode::two_servers, listed(names));
    if (names.size() == 3) add(AdviceCode::few_servers, listed(names));
  }

  const AssociationState* session_of(const Server& server) const {
    const auto found = answered_.find(server.key());
    return found == answered_.end() ? nullptr : found->second;
  }

  /// The reference ID of a server is an address (or a hash of one) from stratum 2 on, RFC 5905 section 7.3.
  void look_at_upstreams() {
    std::map<std::uint32_t, std::vector<std::string>> followers;
    for (const auto& server : configuration_.servers) {
      const auto* session = server.is_peer() ? nullptr : session_of(server);
      if (session == nullptr || session->stratum < 2 || session->stratum >= wire::kMaxStratum) continue;
      const auto reference = base::IpAddress::v4(session->last.reference_id);
      if (reference.is_loopback() || server.address == reference) continue;  // each host has its own
      followers[session->last.reference_id].push_back(name_of(server));
    }
    for (const auto& [reference_id, names] : followers) {
      const auto leader = std::ranges::find_if(configuration_.servers, [id = reference_id](const Server& s) {
        return s.address.is_v4() && s.address.v4_value() == id;
      });
      if (leader != configuration_.servers.end())
        for (const auto& name : names) add(AdviceCode::follows_another, name, name_of(*leader));
      else if (names.size() > 1)
        add(AdviceCode::same_upstream, listed(names), base::IpAddress::v4(reference_id).to_string());
    }
  }

  void look_at_local_clock() {
    if (!configuration_.local_clock) return;
    for (const auto& server : configuration_.servers) {
      const auto* session = session_of(server);
      if (session != nullptr && session->stratum < wire::kMaxStratum &&
          session->stratum >= configuration_.local_clock->stratum)
        add(AdviceCode::local_clock_preferred, name_of(server), std::to_string(session->stratum));
    }
  }

  // ---- serving

  void look_at_serving() {
    const auto& c = configuration_;
    if (!c.access.empty()) return;
    for (const auto family : {Family::ipv4, Family::ipv6}) {
      const auto i = static_cast<std::size_t>(family);
      const bool listed_only =
          family == Family::ipv4 ? !c.listen_interfaces.empty() : !c.listen_addresses.empty();
      if (c.family_disabled[i] || listed_only || c.listen_all[i] == core::ListenAll::disable) continue;
      const std::string name(base::to_string(family));
      if (c.local_clock && c.serving[i] == core::Serving::automatic) add(AdviceCode::serves_everybody, name);
      if (!c.local_clock && c.serving[i] == core::Serving::always)
        add(AdviceCode::serves_without_local_clock, name);
    }
  }

  bool serves() const {
    const auto& c = configuration_;
    for (std::size_t i = 0; i < c.serving.size(); ++i)
      if (!c.family_disabled[i] && (c.serving[i] == core::Serving::always ||
                                    (c.local_clock && c.serving[i] == core::Serving::automatic)))
        return true;
    return false;
  }

  void look_at_steps() {
    using When = core::StepPolicy::When;
    const auto when = configuration_.step_policy.when;
    if (when == When::always && serves()) add(AdviceCode::steps_under_clients, "");
    if (when == When::never) add(AdviceCode::never_steps, "");
  }

  void look_at_leap_seconds() {
    if (!leap_table_ || configuration_.servers.empty()) return;
    if (!leap_table_->expires) return add(AdviceCode::leap_table_missing, "");
    const auto left = *leap_table_->expires - leap_table_->now;
    if (left <= 0)
      add(AdviceCode::leap_table_expires, "", "has expired");
    else if (left < kLeapTableWarning)
      add(AdviceCode::leap_table_expires, "", fmt::format("expires in {} days", left / kDay));
  }

  const Configuration& configuration_;
  const core::NetworkView& network_;
  const std::optional<LeapTableFacts>& leap_table_;
  std::map<core::ServerKey, const AssociationState*> answered_;
  std::vector<Advice> advice_;
};

}  // namespace

std::vector<Advice> advise(const Configuration& configuration, const core::NetworkView& network,
                           std::span<const AssociationState> sessions,
                           const std::optional<LeapTableFacts>& leap_table) {
  return Adviser(configuration, network, sessions, leap_table).run();
}

std::string AdviceText::line() const { return fmt::format("{}: {}", level, sentence); }

std::vector<AdviceText> in_words(std::span<const Advice> advice) {
  std::map<std::pair<AdviceCode, std::string>, std::vector<std::string>> subjects;
  std::set<std::tuple<AdviceCode, std::string_view, std::string_view>> seen;
  for (const auto& a : advice) {
    // One line for all subjects, but for those of which different things are to be said.
    auto& together = subjects[{a.code, a.detail}];
    if (!a.subject.empty() && seen.emplace(a.code, a.detail, a.subject).second) together.push_back(a.subject);
  }
  std::vector<AdviceText> texts;
  for (const auto& [key, names] : subjects) {
    const auto& row = row_of(key.first);
    const auto sentence = in_number(row.sentence, names.size() > 1);
    texts.push_back({row.name, row.level, fmt::format(fmt::runtime(sentence), listed(names), key.second),
                     row.source, names});
  }
  return texts;
}

std::vector<Advice> news(std::span<const Advice> before, std::span<const Advice> now) {
  const std::set<Advice> said(before.begin(), before.end());
  std::vector<Advice> fresh;
  for (const auto& advice : now)
    if (row_of(advice.code).when == Say::at_commit && !said.contains(advice)) fresh.push_back(advice);
  return fresh;
}

}  // namespace noonmark::config
