#pragma once

#include <optional>
#include <string_view>

#include "core/config.h"

namespace noonmark::core {

/// What ntp-service access says about a source, and which rule decided.
struct AccessDecision {
  std::optional<AccessLevel> level{};       // none: denied
  std::optional<AccessLevel> decided_by{};  // whose list `rule` is of
  const AccessList* list = nullptr;  // null: no list is configured at all, or none of the source's family
  const AclRule* rule = nullptr;     // that permitted, or the last one that denied; null: none matched
};

/// Without any list everything is permitted as a peer. With one, the levels are tried in their order, and the
/// first whose list permits is granted; a family without lists is denied. An IPv4-mapped IPv6 address counts
/// as its IPv4 address. The decision points into `access`.
AccessDecision decide_access(const AccessConfig& access, const IpAddress& source, std::string_view vpn);

/// ::ffff:192.0.2.1 is 192.0.2.1: no family's lists may be evaded by writing an address in the other one.
IpAddress unmapped(const IpAddress& address);

/// The level lets the source ask for the time; control queries; and be followed.
constexpr bool may_ask_time(AccessLevel level) { return level != AccessLevel::query; }
constexpr bool may_query(AccessLevel level) {
  return level == AccessLevel::peer || level == AccessLevel::server || level == AccessLevel::query;
}
constexpr bool may_be_followed(AccessLevel level) { return level == AccessLevel::peer; }

/// Whether the control queries of `source` are answered: those of this machine itself are, whatever the lists
/// say. Without any list time requests are free for all, queries are not.
bool may_query(const IpAddress& source, const AccessDecision& decision);

}  // namespace noonmark::core
