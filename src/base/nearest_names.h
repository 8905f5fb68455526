#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace noonmark::base {

/// The names that somebody who wrote `wanted` may have meant, best first, at most `limit`: the fewest edits
/// (insertions, deletions, replacements, swaps of neighbours; upper and lower case are alike), then
/// alphabetically.
std::vector<std::string> nearest_names(std::string_view wanted, std::span<const std::string> existing,
                                       std::size_t limit = 3);

}  // namespace noonmark::base
