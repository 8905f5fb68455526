#include "config/validate.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

#include "base/nearest_names.h"

namespace noonmark::config {
namespace {

constexpr std::size_t kNamesShown = 3;
constexpr std::uint32_t kMaxPortableKeyId = 65535;

/// "a, b, c" or "a, b, c and 997 more".
std::string listed(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), kNamesShown);
  const auto text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return names.size() == shown ? text : fmt::format("{} and {} more", text, names.size() - shown);
}

std::string name_of(const Server& server) {
  return server.vpn.empty() ? server.address.to_string()
                            : fmt::format("{} (vpn-instance {})", server.address.to_string(), server.vpn);
}

template <class Row>
bool is_new(const Row& row, const Table<Row>& running) {
  const auto* old = running.find(row.key());
  return old == nullptr || *old != row;
}

class Validation {
 public:
  Validation(const Configuration& next, const Configuration& running, const core::NetworkView& network)
      : next_(next), running_(running), network_(network) {}

  Findings run() {
    check_bounds();
    check_keys();
    check_weak_gate();
    check_link_local();
    check_poll_ranges();
    note_interfaces();
    note_vpns();
    note_key_ids();
    note_authentication();
    note_serving();
    return std::move(findings_);
  }

 private:
  template <class... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) {
    findings_.errors.push_back(fmt::format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> text, Args&&... args) {
    findings_.notices.push_back("Warning: " + fmt::format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void inform(fmt::format_string<Args...> text, Args&&... args) {
    findings_.notices.push_back("Info: " + fmt::format(text, std::forward<Args>(args)...));
  }

  template <class Predicate>
  std::vector<std::string> servers_where(Predicate predicate) const {
    std::vector<std::string> names;
    for (const auto& server : next_.servers)
      if (predicate(server)) names.push_back(name_of(server));
    return names;
  }

  void check_bounds() {
    if (next_.servers.size() > core::kMaxServers)
      error("{} servers are configured; at most {} are supported.", next_.servers.size(), core::kMaxServers);
  }

  void check_keys() {
    std::map<std::uint32_t, std::vector<std::string>> missing;
    for (const auto& server : next_.servers)
      if (server.key_id != 0 && !next_.keys.contains(server.key_id))
        missing[server.key_id].push_back(name_of(server));
    for (const auto& [id, names] : missing)
      error(
          "Authentication key {} of server {} does not exist; configure ntp-service authentication-keyid {}, "
          "or "
          "enter the server without it.",
          id, listed(names), id);
    for (const auto& reliable : next_.reliable_keys)
      if (!next_.keys.contains(reliable.id))
        error(
            "Authentication key {} is declared reliable but does not exist; configure ntp-service "
            "authentication-keyid {}, or undo ntp-service reliable authentication-keyid {}.",
            reliable.id, reliable.id, reliable.id);
  }

  /// A stored configuration is not judged again: only what this commit changes.
  void check_weak_gate() {
    if (next_.weak_algorithms == WeakAlgorithms::enabled) return;
    const bool gate_moved = next_.weak_algorithms != running_.weak_algorithms;
    std::vector<std::string> ids;
    for (const auto& key : next_.keys)
      if (key.algorithm == crypto::MacAlgorithm::md5 && (gate_moved || is_new(key, running_.keys)))
        ids.push_back(std::to_string(key.id));
    if (!ids.empty())
      error(
          "The weak algorithm is disabled, but md5 is the algorithm of authentication key {}; remove or "
          "replace it "
          "first, or run undo crypto weak-algorithm disable.",
          fmt::join(ids, ", "));
  }

  bool has_source_interface(const Server& server) const {
    return !server.source_interface.empty() || next_.source_interfaces.contains({Family::ipv6, server.vpn});
  }

  void check_link_local() {
    const auto names = servers_where([&](const Server& server) {
      return server.address.is_link_local() && !has_source_interface(server);
    });
    if (!names.empty())
      error(
          "Server {} has a link-local address and no source interface, so that its link is unknown; add "
          "source-interface to the server, or configure ntp-service ipv6 source-interface.",
          listed(names));
  }

  void check_poll_ranges() {
    for (const auto& server : next_.servers)
      if (const auto range = poll_range(server); range.minimum > range.maximum)
        error("minpoll {} of server {} is greater than its maxpoll {}.", server.minpoll, name_of(server),
              server.maxpoll);
  }

  /// The interface names that changed lines use, with the VPN instances they are used in.
  std::set<std::pair<std::string, std::string>> changed_interfaces() const {
    std::set<std::pair<std::string, std::string>> names;
    for (const auto& row : next_.source_interfaces)
      if (is_new(row, running_.source_interfaces)) names.insert({row.interface_name, row.vpn});
    for (const auto& row : next_.servers)
      if (!row.source_interface.empty() && is_new(row, running_.servers))
        names.insert({row.source_interface, row.vpn});
    return names;
  }
  /// Those of lines that are not bound to a VPN instance.
  std::set<std::string> changed_listeners() const {
    std::set<std::string> names;
    for (const auto& row : next_.listen_interfaces)
      if (is_new(row, running_.listen_interfaces)) names.insert(row.interface_name);
    for (const auto& row : next_.receive_disabled)
      if (is_new(row, running_.receive_disabled)) names.insert(row.interface_name);
    return names;
  }

  void note_interfaces() {
    std::set<std::string> unknown;
    for (const auto& [name, vpn] : changed_interfaces()) {
      const auto found = network_.find_interfaces(name);
      if (found.empty())
        unknown.insert(name);
      else if (found.size() == 1)
        note_vpn_of(*found.front(), name, vpn);
    }
    for (const auto& name : changed_listeners())
      if (network_.find_interfaces(name).empty()) unknown.insert(name);
    std::vector<std::string> existing;
    for (const auto& interface : network_.interfaces) existing.push_back(interface.name);
    for (const auto& name : unknown) note_unknown("Interface", name, existing);
  }

  void note_vpn_of(const core::Interface& interface, const std::string& name, const std::string& vpn_name) {
    const auto* vpn = network_.find_vpn(vpn_name);
    if (vpn == nullptr || vpn->id == interface.vpn) return;
    const auto* own = network_.find_vpn(interface.vpn);
    const auto in_words = [](const std::string& v) {
      return v.empty() ? "the public instance" : "VPN instance " + v;
    };
    warn("Interface {} lies in {}, not in {}; lines that name it wait until it does.", name,
         in_words(own == nullptr ? std::string{} : own->name), in_words(vpn_name));
  }

  void note_vpns() {
    std::set<std::string> names;
    for (const auto& row : next_.source_interfaces)
      if (is_new(row, running_.source_interfaces)) names.insert(row.vpn);
    for (const auto& row : next_.servers)
      if (is_new(row, running_.servers)) names.insert(row.vpn);
    for (const auto& row : next_.listen_addresses)
      if (is_new(row, running_.listen_addresses)) names.insert(row.vpn);
    std::vector<std::string> existing;
    for (const auto& vpn : network_.vpns)
      if (!vpn.name.empty()) existing.push_back(vpn.name);
    for (const auto& name : names)
      if (network_.find_vpn(name) == nullptr && !name.empty()) note_unknown("VPN instance", name, existing);
  }

  void note_unknown(std::string_view what, const std::string& name,
                    const std::vector<std::string>& existing) {
    if (existing.empty())
      warn("{} {} does not exist; there is none. Lines that name it wait until it does.", what, name);
    else
      warn("{} {} does not exist; nearest: {}. Lines that name it wait until it does.", what, name,
           fmt::join(base::nearest_names(name, existing, kNamesShown), ", "));
  }

  void note_key_ids() {
    const auto names = servers_where([&](const Server& server) {
      const bool version_4 = !server.address.is_v4() || server.version == 4;
      return server.key_id > kMaxPortableKeyId && version_4 && is_new(server, running_.servers);
    });
    if (!names.empty())
      warn(
          "The authentication key ID of server {} is above {}; VRP devices refuse such an ID with version 4 "
          "and IPv6.",
          listed(names), kMaxPortableKeyId);
  }

  void note_authentication() {
    const bool switched = next_.authentication_enabled != running_.authentication_enabled;
    const auto concerns = [&](const Server& server) { return switched || is_new(server, running_.servers); };
    if (!next_.authentication_enabled) {
      const auto keyed = servers_where([&](const Server& s) { return s.key_id != 0 && concerns(s); });
      if (!keyed.empty())
        inform(
            "The key of server {} is checked although authentication is not enabled; a VRP device would not "
            "check "
            "it unless ntp-service authentication enable is configured.",
            listed(keyed));
      return;
    }
    const auto unfit = servers_where([&](const Server& server) {
      return !next_.reliable_keys.contains(server.key_id) && concerns(server);
    });
    if (!unfit.empty())
      warn(
          "Authentication is enabled, and server {} has no reliable key: it cannot steer the clock. Give it "
          "a key, and "
          "declare that key with ntp-service reliable authentication-keyid.",
          listed(unfit));
  }

  bool answers_everywhere(Family family, const Configuration& c) const {
    const auto i = static_cast<std::size_t>(family);
    const bool listed_only =
        family == Family::ipv4 ? !c.listen_interfaces.empty() : !c.listen_addresses.empty();
    return c.local_clock && c.serving[i] == core::Serving::automatic && !c.family_disabled[i] &&
           !listed_only && c.listen_all[i] != core::ListenAll::disable;
  }

  void note_serving() {
    std::vector<std::string_view> families;
    bool is_changed = false;
    for (const auto family : {Family::ipv4, Family::ipv6}) {
      if (!answers_everywhere(family, next_)) continue;
      families.push_back(base::to_string(family));
      is_changed |= !answers_everywhere(family, running_);
    }
    if (is_changed)
      inform(
          "With ntp-service refclock-master this device answers {} NTP requests on all interfaces and VRFs "
          "of its "
          "own network namespace; ntp-service server disable and ntp-service ipv6 server disable end that.",
          fmt::join(families, " and "));
  }

  const Configuration& next_;
  const Configuration& running_;
  const core::NetworkView& network_;
  Findings findings_;
};

}  // namespace

Findings validate(const Configuration& next, const Configuration& running, const core::NetworkView& network) {
  return Validation(next, running, network).run();
}

}  // namespace noonmark::config
