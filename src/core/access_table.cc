#include "core/access_table.h"

#include <algorithm>

#include "core/access.h"
#include "core/octets.h"

namespace noonmark::core {
namespace {

using Bits = std::array<std::uint64_t, 2>;

Bits bits_of(const IpAddress& address) {
  const auto* octets = address.bytes().data();
  return {load<std::uint64_t>(octets), load<std::uint64_t>(octets + 8)};
}

Bits masked(const Bits& bits, const Bits& mask) { return {bits[0] & mask[0], bits[1] & mask[1]}; }

}  // namespace

AccessTable::AccessTable(const AccessConfig& access) {
  for (std::size_t level = 0; level < kAccessLevels; ++level)
    for (const auto family : {Family::ipv4, Family::ipv6}) {
      const auto at = static_cast<std::size_t>(family);
      if (!access.lists[level][at]) continue;
      open_ = false;
      lists_[level][at] = make_list(*access.lists[level][at], family);
    }
}

AccessTable::List AccessTable::make_list(const AccessList& list, Family family) {
  List groups;
  for (std::size_t place = 0; place < list.rules.size(); ++place) {
    const AclRule& rule = list.rules[place];
    if (rule.source.family() != family) continue;
    const Bits mask = bits_of(rule.mask);
    auto group =
        std::ranges::find_if(groups, [&](const Group& g) { return g.mask == mask && g.vpn == rule.vpn; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {.mask = mask, .vpn = rule.vpn, .rules = {}});
    group->rules.push_back({masked(bits_of(rule.source), mask), place, rule.permit});
  }
  for (auto& group : groups) {
    std::ranges::sort(group.rules);
    const auto repeated = std::ranges::unique(group.rules, {}, &Rule::source);
    group.rules.erase(repeated.begin(), repeated.end());
  }
  return groups;
}

const AccessTable::Rule* AccessTable::Group::find(const Bits& source) const {
  const auto it = std::ranges::lower_bound(rules, masked(source, mask), {}, &Rule::source);
  return it != rules.end() && it->source == masked(source, mask) ? &*it : nullptr;
}

bool AccessTable::permits(const List& list, const Bits& source, std::string_view vpn) {
  const Rule* first = nullptr;
  for (const auto& group : list) {
    if (group.vpn && *group.vpn != vpn) continue;
    const Rule* rule = group.find(source);
    if (rule != nullptr && (first == nullptr || rule->place < first->place)) first = rule;
  }
  return first != nullptr && first->permit;
}

std::optional<AccessLevel> AccessTable::level_of(const IpAddress& source, std::string_view vpn) const {
  if (open_) return AccessLevel::peer;
  const IpAddress address = unmapped(source);
  const Bits bits = bits_of(address);
  for (std::size_t level = 0; level < kAccessLevels; ++level) {
    const auto& list = lists_[level][static_cast<std::size_t>(address.family())];
    if (list && permits(*list, bits, vpn)) return static_cast<AccessLevel>(level);
  }
  return std::nullopt;
}

}  // namespace noonmark::core
