#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/model.h"
#include "core/access.h"

namespace noonmark::config {

/// Whether the text names an access list by its number: digits alone, which no name consists of.
bool is_acl_number(std::string_view text);

/// The list of that name; a number also stands for a named list that has it. Null: there is none.
const Acl* find_acl(const Configuration& configuration, Family family, std::string_view name_or_number);

/// The rules of a list in the order in which they are tried.
std::vector<const AclRule*> rules_in_order(const Configuration& configuration, const Acl& acl);

/// The number that a rule entered without one gets: the first multiple of the step above all others.
base::Result<std::uint32_t> next_rule_id(const Configuration& configuration, const Acl& acl);

/// Takes the list and its rules away; false if there is none.
bool erase_acl(Configuration& configuration, Family family, std::string_view name_or_number);

/// `length` leading ones.
IpAddress prefix_mask(Family family, unsigned length);
/// The leading ones of a mask; none if others follow.
std::optional<unsigned> prefix_length(const IpAddress& mask);
/// `address` where `mask` has ones, zero elsewhere.
IpAddress masked(const IpAddress& address, const IpAddress& mask);
/// All bits turned: a wildcard of a mask.
IpAddress inverted(const IpAddress& mask);

/// The engine's form of `ntp-service access` and the lists that it names.
core::AccessConfig access_config(const Configuration& configuration);

}  // namespace noonmark::config
