#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace noonmark::bench {

/// A table with a head line; "#" begins a comment line. Cells by name of the row and of the column; the first
/// column is the name of the row, the others are numbers.
using Table = std::map<std::string, std::map<std::string, double>>;
/// Ends the program with a message when the file cannot be read.
Table read_table(const std::string& path);

/// Means of several kinds over what is added.
class Mean {
 public:
  void add(double value) { values_.push_back(value); }
  double root_of_squares() const;
  double arithmetic() const;
  double geometric() const;
  double median() const;
  double largest() const;

 private:
  std::vector<double> values_;
};

}  // namespace noonmark::bench
