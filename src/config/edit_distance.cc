#include "config/edit_distance.h"

#include <algorithm>
#include <numeric>

namespace noonmark::config {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::vector<std::string> nearest(std::string_view wanted, std::vector<std::string> names, std::size_t count) {
  std::ranges::stable_sort(names, {}, [&](const std::string& name) { return edit_distance(wanted, name); });
  if (names.size() > count) names.resize(count);
  return names;
}

}  // namespace noonmark::config
