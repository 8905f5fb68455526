#include "cli/existing.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/grammar.h"
#include "config/access_lists.h"
#include "config/datastore.h"

namespace noonmark::cli {
namespace {

using Values = std::vector<ExistingValue>;

std::string vpn_text(const core::NetworkView& network, core::VpnId id) {
  const auto* vpn = network.find_vpn(id);
  return vpn == nullptr || vpn->name.empty() ? std::string{} : fmt::format(", VPN instance {}", vpn->name);
}

Values interfaces(const core::NetworkView& network) {
  Values values;
  for (const auto& interface : network.interfaces) {
    std::vector<std::string> facts{interface.up ? "up" : "down"};
    for (const auto& address : interface.addresses) facts.push_back(address.address.to_string());
    const auto help =
        fmt::format("Interface ({}{})", fmt::join(facts, ", "), vpn_text(network, interface.vpn));
    values.push_back({interface.name, help});
    if (!interface.alias.empty() && network.find_interfaces(interface.alias).size() == 1)
      values.push_back({interface.alias, fmt::format("Alias of {}", interface.name)});
  }
  return values;
}

Values vpns(const core::NetworkView& network) {
  Values values;
  for (const auto& vpn : network.vpns)
    if (!vpn.name.empty())
      values.push_back({vpn.name, vpn.kind == core::Vpn::Kind::vrf ? "VRF" : "Network namespace"});
  return values;
}

Values keys(const config::Configuration& candidate) {
  Values values;
  for (const auto& key : candidate.keys)
    values.push_back({std::to_string(key.id), fmt::format("Key of {}", crypto::to_string(key.algorithm))});
  return values;
}

Values servers(const config::Configuration& candidate, base::Family family) {
  Values values;
  for (const auto& server : candidate.servers)
    if (server.address.family() == family)
      values.push_back({server.address.to_string(),
                        fmt::format("Configured {}{}", server.is_peer() ? "peer" : "server",
                                    server.vpn.empty() ? "" : " in VPN instance " + server.vpn)});
  return values;
}

/// By number where `numbers`, else by name.
Values acls(const config::Configuration& candidate, base::Family family, bool numbers) {
  Values values;
  for (const auto& acl : candidate.acls)
    if (acl.family == family && config::is_acl_number(acl.name) == numbers)
      values.push_back({acl.name, acl.description.empty() ? "Access list" : acl.description});
  return values;
}

Values commits(const config::History& history, bool by_label) {
  Values values;
  for (auto point = history.points().rbegin(); point != history.points().rend(); ++point) {
    const auto number = std::to_string(config::number(point->id));
    if (by_label && !point->label.empty())
      values.push_back({quoted_if_needed(point->label), fmt::format("Commit {}", number)});
    else if (!by_label)
      values.push_back({number, fmt::format("Commit of {} {}", point->user, point->label)});
  }
  return values;
}

Values copies(const config::Datastore& datastore) {
  Values values;
  for (const auto& name : datastore.copies().names()) values.push_back({name, "Saved copy"});
  return values;
}

}  // namespace

Values existing(const config::LeafInfo& parameter, const Services& services,
                const config::Configuration& candidate) {
  using config::LeafType;
  Values values;
  if (parameter.type == LeafType::interface_name) values = interfaces(services.network);
  if (parameter.type == LeafType::vpn_name) values = vpns(services.network);
  if (parameter.name == "key-id") values = keys(candidate);
  if (parameter.type == LeafType::ipv4_address) values = servers(candidate, base::Family::ipv4);
  if (parameter.type == LeafType::ipv6_address) values = servers(candidate, base::Family::ipv6);
  if (parameter.name == "acl-number") values = acls(candidate, base::Family::ipv4, true);
  if (parameter.name == "acl-name") values = acls(candidate, base::Family::ipv4, false);
  if (parameter.name == "acl6-number") values = acls(candidate, base::Family::ipv6, true);
  if (parameter.name == "acl6-name") values = acls(candidate, base::Family::ipv6, false);
  if (parameter.name == "commit-id") values = commits(services.datastore.history(), false);
  if (parameter.name == "label") values = commits(services.datastore.history(), true);
  if (parameter.name == "file-name") values = copies(services.datastore);
  return values;
}

}  // namespace noonmark::cli
