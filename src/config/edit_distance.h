#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace noonmark::config {

/// Insertions, deletions and substitutions of characters between two texts (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The names that are nearest to `wanted`, at most `count`, the nearest first.
std::vector<std::string> nearest(std::string_view wanted, std::vector<std::string> names, std::size_t count);

}  // namespace noonmark::config
