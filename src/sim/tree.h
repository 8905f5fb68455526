#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace noonmark::sim {

/// A data centre's tree: a few servers with a reference clock, and clients of which each level serves the
/// next.
struct TreeShape {
  std::uint32_t nodes = 1000;      // clients
  std::uint32_t fan_out = 20;      // clients of one server, on average
  std::uint32_t upstream = 3;      // servers of one client, where there are so many
  std::uint32_t masters = 4;       // servers with a reference clock
  std::string options = "iburst";  // of the server lines
  double hours = 6;
};

/// The sizes of the levels, from the top.
std::vector<std::uint32_t> level_sizes(const TreeShape& shape);
/// The text of the scenario.
std::string tree_scenario(const TreeShape& shape);

}  // namespace noonmark::sim
