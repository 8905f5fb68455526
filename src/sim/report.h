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
/// Tab-separated, of the first seed; results_reference() tells the columns.
std::string report_trace(const Report& report);
/// Draws error and published bound of the clients over time, by gnuplot, into a file that ends in .svg
/// or .png.
base::Result<void> report_plot(const Report& report, const std::string& path);
/// A sentence for each client, or group, of which one never was synchronized: which, and why.
std::vector<std::string> never_synchronized(const Report& report);
/// The same of clocks that were beyond their published bounds.
std::vector<std::string> bound_violations(const Report& report);
/// The figures and the columns of a trace in Markdown, from the tables that write them.
std::string results_reference();

}  // namespace noonmark::sim
