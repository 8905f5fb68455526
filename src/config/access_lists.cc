#include "config/access_lists.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <fmt/format.h>
#include <tuple>

namespace noonmark::config {
namespace {

template <class Change>
IpAddress changed(const IpAddress& address, Change change) {
  std::array<std::uint8_t, 16> octets{};
  const auto bytes = address.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) octets[i] = change(i, bytes[i]);
  if (!address.is_v4()) return IpAddress::v6(octets);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8 | octets[i];
  return IpAddress::v4(value);
}

int ones(const IpAddress& mask) {
  int count = 0;
  for (const auto octet : mask.bytes()) count += std::popcount(octet);
  return count;
}

core::AclRule engine_rule(const AclRule& rule) {
  return {.id = rule.id,
          .permit = rule.permit,
          .source = rule.source,
          .mask = rule.mask,
          .vpn = rule.vpn.empty() ? std::nullopt : std::optional(rule.vpn)};
}

/// One that does not exist permits nothing.
core::AccessList engine_list(const Configuration& configuration, Family family, const std::string& name) {
  core::AccessList list{name, {}};
  const auto* acl = find_acl(configuration, family, name);
  if (acl == nullptr) return list;
  list.name = acl->name;
  for (const auto* rule : rules_in_order(configuration, *acl)) list.rules.push_back(engine_rule(*rule));
  return list;
}

}  // namespace

bool is_acl_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

const Acl* find_acl(const Configuration& configuration, Family family, std::string_view name_or_number) {
  if (const auto* acl = configuration.acls.find({family, std::string(name_or_number)})) return acl;
  if (!is_acl_number(name_or_number)) return nullptr;
  unsigned number = 0;
  std::from_chars(name_or_number.data(), name_or_number.data() + name_or_number.size(), number);
  const auto found = std::ranges::find_if(configuration.acls, [&](const Acl& acl) {
    return acl.family == family && acl.number != 0 && acl.number == number;
  });
  return found == configuration.acls.end() ? nullptr : &*found;
}

std::vector<const AclRule*> rules_in_order(const Configuration& configuration, const Acl& acl) {
  std::vector<const AclRule*> rules;
  for (const auto& rule : configuration.acl_rules)
    if (rule.family == acl.family && rule.acl == acl.name) rules.push_back(&rule);
  if (acl.match_order == MatchOrder::automatic)
    std::ranges::sort(rules, {}, [](const AclRule* rule) {
      return std::tuple(rule->vpn.empty(), -ones(rule->mask), rule->id);
    });
  return rules;
}

base::Result<std::uint32_t> next_rule_id(const Configuration& configuration, const Acl& acl) {
  std::uint64_t next = acl.step;
  for (const auto& rule : configuration.acl_rules)
    if (rule.family == acl.family && rule.acl == acl.name)
      next = (std::uint64_t{rule.id} / acl.step + 1) * acl.step;  // rules stand in the order of their numbers
  if (next > kMaxRule)
    return base::fail(fmt::format("ACL {} has no number left above its last rule; enter one.", acl.name));
  return static_cast<std::uint32_t>(next);
}

bool erase_acl(Configuration& configuration, Family family, std::string_view name_or_number) {
  const auto* acl = find_acl(configuration, family, name_or_number);
  if (acl == nullptr) return false;
  const auto key = acl->key();
  Table<AclRule> others;
  for (const auto& rule : configuration.acl_rules)
    if (std::pair(rule.family, rule.acl) != key) others.put(rule);
  configuration.acl_rules = std::move(others);
  return configuration.acls.erase(key);
}

IpAddress prefix_mask(Family family, unsigned length) {
  return changed(IpAddress::any(family), [length](std::size_t i, std::uint8_t) {
    const auto bits = std::clamp(static_cast<int>(length) - static_cast<int>(8 * i), 0, 8);
    return static_cast<std::uint8_t>(0xFF00 >> bits);
  });
}

std::optional<unsigned> prefix_length(const IpAddress& mask) {
  const auto length = static_cast<unsigned>(ones(mask));
  return mask == prefix_mask(mask.family(), length) ? std::optional(length) : std::nullopt;
}

IpAddress masked(const IpAddress& address, const IpAddress& mask) {
  return changed(address, [bits = mask.bytes()](std::size_t i, std::uint8_t octet) {
    return static_cast<std::uint8_t>(octet & bits[i]);
  });
}

IpAddress inverted(const IpAddress& mask) {
  return changed(mask, [](std::size_t, std::uint8_t octet) { return static_cast<std::uint8_t>(~octet); });
}

core::AccessConfig access_config(const Configuration& configuration) {
  core::AccessConfig config;
  for (const auto& row : configuration.access)
    for (const auto& [family, name] :
         {std::pair(Family::ipv4, &row.ipv4), std::pair(Family::ipv6, &row.ipv6)})
      if (!name->empty())
        config.lists[static_cast<std::size_t>(row.level)][static_cast<std::size_t>(family)] =
            engine_list(configuration, family, *name);
  return config;
}

}  // namespace noonmark::config
