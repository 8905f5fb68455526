#include "sim/tree.h"

#include <algorithm>
#include <fmt/format.h>

namespace noonmark::sim {
namespace {

constexpr std::string_view kHead = R"(# Made by noonmark-sim tree
world
 description a tree of {} clients under {} servers with a reference clock
 duration {}h
 warm-up {}m
 sample-interval 60s
 grid 16s
#
oscillator quartz
 offset-spread 10ms
 frequency-spread 20ppm
 wander 1e-9
 temperature sine 0.2ppm 4h
#
path fabric
 delay 50us
 jitter exponential 20us
 spikes 1% exponential 500us
 loss 0.1%
#
client master
 count {}
 path fabric
 ntp-service refclock-master 1
)";

constexpr std::string_view kLevel = R"(#
client level{}
 count {}
 oscillator quartz
 path fabric
 start-spread 10m
 follow {} {} {}
)";

}  // namespace

std::vector<std::uint32_t> level_sizes(const TreeShape& shape) {
  std::vector<std::uint32_t> sizes;
  const std::uint32_t fan_out = std::max(2u, shape.fan_out);
  std::uint32_t left = shape.nodes;
  while (left > 2 * fan_out) {
    const std::uint32_t above = (left + fan_out - 1) / fan_out;
    sizes.push_back(left - above);
    left = above;
  }
  sizes.push_back(left);
  std::ranges::reverse(sizes);
  return sizes;
}

std::string tree_scenario(const TreeShape& shape) {
  const auto sizes = level_sizes(shape);
  std::string text =
      fmt::format(kHead, shape.nodes, shape.masters, shape.hours, 20 * shape.hours, shape.masters);
  std::string above = "master";
  std::uint32_t above_size = shape.masters;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    text += fmt::format(kLevel, i + 1, sizes[i], above, std::min(shape.upstream, above_size), shape.options);
    if (i + 1 < sizes.size()) text += " undo ntp-service server disable\n";
    above = fmt::format("level{}", i + 1);
    above_size = sizes[i];
  }
  return text;
}

}  // namespace noonmark::sim
