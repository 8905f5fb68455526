#include "accuracy/figures.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>

namespace noonmark::bench {

Table read_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  Table table;
  std::vector<std::string> columns;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream cells(line);
    std::string name;
    if (columns.empty()) {
      while (cells >> name) columns.push_back(name);
      continue;
    }
    cells >> name;
    for (std::size_t i = 1; i < columns.size(); ++i) cells >> table[name][columns[i]];
  }
  return table;
}

double Mean::root_of_squares() const {
  const double sum = std::inner_product(values_.begin(), values_.end(), values_.begin(), 0.0);
  return std::sqrt(sum / static_cast<double>(values_.size()));
}

double Mean::arithmetic() const {
  return std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size());
}

double Mean::geometric() const {
  double sum = 0;
  for (const double value : values_) sum += std::log(value);
  return std::exp(sum / static_cast<double>(values_.size()));
}

double Mean::median() const {
  auto sorted = values_;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Mean::largest() const { return *std::ranges::max_element(values_); }

}  // namespace noonmark::bench
