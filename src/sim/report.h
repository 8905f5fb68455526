#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sim/runner.h"

namespace noonmark::sim {

/// What came out of all variants and seeds.
struct Report {
  std::vector<Variant> variants;
  std::vector<std::vector<RunResult>> runs;  // by variant, then by seed
};

/// "A" for the first.
std::string variant_letter(std::size_t variant);
/// For people. Several variants stand side by side, with the ratio of their errors to the first one's.
std::string report_table(const Report& report);
/// For programs; docs/simulator.md tells the members.
std::string report_json(const std::vector<Report>& reports);
/// Tab-separated: variant, client, time, error, bound, frequency, stratum; of the first seed.
std::string report_trace(const Report& report);
/// Draws error and published bound of the first clients over time, by gnuplot, into a file that ends in .svg
/// or .png.
base::Result<void> report_plot(const Report& report, const std::string& path);
/// Samples in which a clock was beyond its published bound.
std::uint64_t violations(const Report& report);

}  // namespace noonmark::sim
