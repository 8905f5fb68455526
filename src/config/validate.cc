#include "config/validate.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

#include "config/access_lists.h"
#include "config/server_name.h"

namespace noonmark::config {
namespace {

constexpr std::size_t kNamesShown = 3;

/// "a, b, c" or "a, b, c and 997 more".
std::string listed(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), kNamesShown);
  const auto text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return names.size() == shown ? text : fmt::format("{} and {} more", text, names.size() - shown);
}

template <class Row>
bool is_new(const Row& row, const Table<Row>& running) {
  const auto* old = running.find(row.key());
  return old == nullptr || *old != row;
}

class Validation {
 public:
  Validation(const Configuration& next, const Configuration& running) : next_(next), running_(running) {}

  std::vector<std::string> run() {
    check_bounds();
    check_keys();
    check_weak_gate();
    check_link_local();
    check_poll_ranges();
    check_acls();
    return std::move(errors_);
  }

 private:
  template <class... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) {
    errors_.push_back(fmt::format(text, std::forward<Args>(args)...));
  }
  template <class Predicate>
  std::vector<std::string> servers_where(Predicate predicate) const {
    std::vector<std::string> names;
    for (const auto& server : next_.servers)
      if (predicate(server)) names.push_back(name_of(server));
    return names;
  }

  void check_bound(std::size_t count, std::size_t most, std::string_view what) {
    if (count > most) error("{} {} are configured; at most {} are supported.", count, what, most);
  }

  void check_bounds() {
    check_bound(next_.servers.size(), core::kMaxServers, "servers and peers");
    check_bound(next_.acls.size(), kMaxAcls, "access lists");
    check_bound(next_.acl_rules.size(), kMaxAclRules, "rules of access lists");
    check_bound(next_.group_servers.size() + next_.group_clients.size() + next_.manycast_servers.size() +
                    next_.manycast_clients.size(),
                kMaxGroupLines, "broadcast, multicast and manycast lines");
  }

  void check_keys() {
    using Users = std::map<std::uint32_t, std::vector<std::string>>;
    Users servers, groups;
    const auto need = [&](std::uint32_t id, Users& users, std::string name) {
      if (id != 0 && !next_.keys.contains(id)) users[id].push_back(std::move(name));
    };
    for (const auto& server : next_.servers) need(server.key_id, servers, name_of(server));
    for (const auto& row : next_.group_servers)
      need(row.key_id, groups, group_name(row.interface_name, row.group));
    for (const auto& row : next_.manycast_clients)
      need(row.key_id, groups, group_name(row.interface_name, row.group));
    for (const auto& [id, names] : servers)
      error(
          "Authentication key {} of server {} does not exist; configure ntp-service authentication-keyid {}, "
          "or enter the server without it.",
          id, listed(names), id);
    for (const auto& [id, names] : groups)
      error(
          "Authentication key {} of {} does not exist; configure ntp-service authentication-keyid {}, or "
          "enter the line without it.",
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
    std::map<crypto::MacAlgorithm, std::vector<std::string>> users;
    for (const auto& key : next_.keys)
      if (crypto::is_weak(key.algorithm) && (gate_moved || is_new(key, running_.keys)))
        users[key.algorithm].push_back(std::to_string(key.id));
    for (const auto& [algorithm, ids] : users)
      error(
          "The weak algorithm is disabled, but {} is the algorithm of authentication key {}; remove or "
          "replace it first, or run undo crypto weak-algorithm disable.",
          crypto::to_string(algorithm), fmt::join(ids, ", "));
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

  /// Two sessions together can do what one cannot: rules without a list, a number that two lists have.
  void check_acls() {
    std::set<std::pair<Family, std::string>> orphans;
    for (const auto& rule : next_.acl_rules)
      if (!next_.acls.contains({rule.family, rule.acl})) orphans.emplace(rule.family, rule.acl);
    for (const auto& [family, name] : orphans)
      error("{} has rules but does not exist any more; enter it again, or clear configuration candidate.",
            acl_name(family, name));
    for (const auto& acl : next_.acls)
      if (const auto* other = find_acl(next_, acl.family, std::to_string(acl.number));
          acl.number != 0 && other != nullptr && other->name != acl.name)
        error("Number {} stands for {} and for {}; give one of them another.", acl.number,
              acl_name(acl.family, other->name), acl_name(acl.family, acl.name));
  }

  const Configuration& next_;
  const Configuration& running_;
  std::vector<std::string> errors_;
};

}  // namespace

std::vector<std::string> validate(const Configuration& next, const Configuration& running) {
  return Validation(next, running).run();
}

}  // namespace noonmark::config
