#include "core/access.h"

#include <algorithm>

#include "base/bytes.h"

namespace noonmark::core {
namespace {

bool matches(const AclRule& rule, const IpAddress& source, std::string_view vpn) {
  if (rule.source.family() != source.family() || (rule.vpn && *rule.vpn != vpn)) return false;
  const auto wanted = rule.source.bytes(), mask = rule.mask.bytes(), given = source.bytes();
  for (std::size_t i = 0; i < given.size(); ++i)
    if (((wanted[i] ^ given[i]) & mask[i]) != 0) return false;
  return true;
}

}  // namespace

IpAddress unmapped(const IpAddress& address) {
  if (!address.is_v4_mapped()) return address;
  return IpAddress::v4(base::ByteReader(address.bytes().last(4)).read<std::uint32_t>());
}

AccessDecision decide_access(const AccessConfig& access, const IpAddress& source, std::string_view vpn) {
  const auto is_set = [](const auto& lists) {
    return std::ranges::any_of(lists, [](const auto& list) { return list.has_value(); });
  };
  if (std::ranges::none_of(access.lists, is_set)) return {.level = AccessLevel::peer, .decided_by = {}};
  const IpAddress address = unmapped(source);
  AccessDecision decision;
  for (std::size_t i = 0; i < access.lists.size(); ++i) {
    const auto& list = access.lists[i][static_cast<std::size_t>(address.family())];
    if (!list) continue;
    const auto rule =
        std::ranges::find_if(list->rules, [&](const AclRule& r) { return matches(r, address, vpn); });
    const bool found = rule != list->rules.end();
    if (found || decision.rule == nullptr)
      decision = {.level = {},
                  .decided_by = AccessLevel{static_cast<std::uint8_t>(i)},
                  .list = &*list,
                  .rule = found ? &*rule : nullptr};
    if (!found || !rule->permit) continue;
    decision.level = decision.decided_by;
    return decision;
  }
  return decision;
}

bool may_query(const IpAddress& source, const AccessDecision& decision) {
  if (source.is_loopback()) return true;
  return decision.list != nullptr && decision.level && may_query(*decision.level);
}

}  // namespace noonmark::core
