#include "sim/app.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/file.h"
#include "sim/scenario_format.h"

namespace noonmark::sim {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr std::size_t kMaxTraced = 64;  // clients

base::Result<std::vector<Variation::Setting>> parse_settings(std::string_view option,
                                                             const std::vector<std::string>& texts) {
  std::vector<Variation::Setting> settings;
  for (const auto& text : texts) {
    auto setting = parse_setting(option, text);
    if (!setting) return tl::unexpected(setting.error());
    settings.push_back(std::move(*setting));
  }
  return settings;
}

base::Result<std::string> read(const std::string& path) {
  auto text = io::read_file(path, kMaxScenarioFile);
  if (!text) return base::fail(text.error().message);
  return text;
}

struct Source {
  std::string name;
  std::string path;  // as typed, for messages
  std::string text;
};

base::Result<Source> read_source(const std::string& path) {
  auto text = read(path);
  if (!text) return tl::unexpected(text.error());
  return Source{path.substr(path.rfind('/') + 1), path, std::move(*text)};
}

class Preparation {
 public:
  explicit Preparation(const Request& request) : request_(request) {}

  base::Result<std::vector<Variant>> variants_of(const Source& source) {
    auto settings = parse_settings("--set", request_.settings);
    if (!settings) return tl::unexpected(settings.error());
    base_.settings = std::move(*settings);
    if (auto added = add(source, source.name, base_); !added) return tl::unexpected(added.error());
    if (auto added = add_what_if(source); !added) return tl::unexpected(added.error());
    if (auto added = add_config(source); !added) return tl::unexpected(added.error());
    if (auto added = add_compared(); !added) return tl::unexpected(added.error());
    return std::move(variants_);
  }

 private:
  base::Result<void> add(const Source& source, std::string name, const Variation& variation) {
    auto scenario = parse_scenario(source.text, source.path, variation);
    if (!scenario) return tl::unexpected(scenario.error());
    variants_.push_back({std::move(name), std::move(*scenario)});
    return {};
  }
  base::Result<void> add_what_if(const Source& source) {
    if (request_.what_if.empty()) return {};
    const auto settings = parse_settings("--what-if", request_.what_if);
    if (!settings) return tl::unexpected(settings.error());
    auto variation = base_;
    variation.settings.insert(variation.settings.end(), settings->begin(), settings->end());
    return add(source, fmt::format("{} with {}", source.name, fmt::join(request_.what_if, ", ")), variation);
  }
  base::Result<void> add_config(const Source& source) {
    if (request_.config.empty()) return {};
    auto commands = read(request_.config);
    if (!commands) return tl::unexpected(commands.error());
    auto variation = base_;
    variation.commands = std::move(*commands);
    variation.commands_name = request_.config;
    return add(source, fmt::format("{} under {}", source.name, request_.config), variation);
  }
  base::Result<void> add_compared() {
    if (request_.compare.empty()) return {};
    const auto other = read_source(request_.compare);
    if (!other) return tl::unexpected(other.error());
    return add(*other, other->name, base_);
  }

  const Request& request_;
  Variation base_;
  std::vector<Variant> variants_;
};

base::Result<std::vector<Source>> sources_of(const Request& request) {
  if (request.tree) return std::vector<Source>{{"tree", "tree --print", tree_scenario(*request.tree)}};
  std::vector<Source> sources;
  for (const auto& path : request.files) {
    auto source = read_source(path);
    if (!source) return tl::unexpected(source.error());
    sources.push_back(std::move(*source));
  }
  return sources;
}

/// A tree's lines are in no file.
base::Error explained(base::Error error) {
  error.message += "\n`noonmark-sim tree --print` with the same options shows these lines";
  return error;
}

base::Result<void> check_drawing(const Request& request, const std::vector<std::vector<Variant>>& prepared) {
  if (request.plot.empty() && request.trace.empty()) return {};
  if (prepared.size() != 1) return base::fail("--plot and --trace take one scenario");
  for (const auto& variant : prepared.front())
    if (client_count(variant.scenario) > kMaxTraced)
      return base::fail(fmt::format("--plot and --trace take scenarios of at most {} clients, and {} has {}",
                                    kMaxTraced, variant.name, client_count(variant.scenario)));
  if (!request.plot.empty() && !request.plot.ends_with(".svg") && !request.plot.ends_with(".png"))
    return base::fail(fmt::format("--plot {}: the name of a plot ends in .svg or .png", request.plot));
  return {};
}

/// Before hours of work rather than after them.
base::Result<void> check_output(std::string_view option, const std::string& path) {
  if (path.empty()) return {};
  const auto refuse = [&](const std::string& why) {
    return base::fail(fmt::format("{} {}: {}", option, path, why), base::ErrorCode::io);
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return refuse("this is a directory; give a file's name");
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (!std::filesystem::is_directory(folder, error))
    return refuse(fmt::format("there is no directory {}", folder.string()));
  const auto found = std::filesystem::symlink_status(path, error);
  const bool is_replaced = !std::filesystem::exists(found) || std::filesystem::is_regular_file(found);
  if (!is_replaced && !std::filesystem::exists(path, error)) return {};  // a link to what is to become a file
  const auto written = is_replaced ? folder : std::filesystem::path(path);
  if (::access(written.c_str(), W_OK) != 0)
    return refuse("it cannot be written: " + std::string(std::strerror(errno)));
  return {};
}

/// A name that other programs take for their standard output would become a file.
base::Result<void> check_dashes(const Request& request) {
  for (const auto& [option, path] : {std::pair{"--json", &request.json}, std::pair{"--trace", &request.trace},
                                     std::pair{"--plot", &request.plot}})
    if (*path == "-")
      return base::fail(fmt::format(
          "{} -: give a file's name; /dev/stdout as a name of --json or --trace is standard output", option));
  return {};
}

base::Result<void> check_outputs(const Request& request) {
  std::set<std::string> paths;
  for (const auto& [option, path] : {std::pair{"--json", &request.json}, std::pair{"--trace", &request.trace},
                                     std::pair{"--plot", &request.plot}}) {
    if (auto fit = check_output(option, *path); !fit) return fit;
    if (!path->empty() && !paths.insert(*path).second)
      return base::fail(
          fmt::format("{} {}: another result goes there; each needs a file of its own", option, *path));
  }
  return {};
}

/// Each sentence once: the variants are mostly alike.
void pass_on_warnings(const std::vector<std::vector<Variant>>& prepared,
                      const std::function<void(const std::string&)>& warn) {
  std::set<std::string> told;
  for (const auto& variants : prepared)
    for (const auto& variant : variants)
      for (const auto& warning : variant.scenario.warnings)
        if (told.insert(warning).second) warn(warning);
}

base::Result<Report> run(std::vector<Variant> variants, const Request& request, const std::atomic<bool>& stop,
                         const Listener& listener) {
  RunPlan plan{.first_seed = request.first_seed,
               .seeds = request.seeds > 0 ? request.seeds : variants.front().scenario.world.seeds,
               .jobs = request.jobs,
               .trace = !request.plot.empty() || !request.trace.empty(),
               .stop = &stop,
               .progress = listener.progress};
  Report report{.variants = std::move(variants), .runs = {}};
  report.runs = run_all(report.variants, plan);
  if (stop) return base::fail("interrupted; nothing was written", base::ErrorCode::unavailable);
  return report;
}

/// Devices, pipes and what a link points to are written to; a file appears as a whole.
base::Result<void> write_result(const std::string& path, const std::string& content) {
  std::error_code error;
  const auto found = std::filesystem::symlink_status(path, error);
  if (!std::filesystem::exists(found) || std::filesystem::is_regular_file(found))
    return io::write_file_atomically(path, content, kFileMode);
  std::ofstream out(path);
  out << content << std::flush;
  if (!out) return base::fail(fmt::format("{} cannot be written", path), base::ErrorCode::io);
  return {};
}

base::Result<void> write_files(const Request& request, const std::vector<Report>& reports) {
  if (!request.json.empty())
    if (auto written = write_result(request.json, report_json(reports)); !written) return written;
  if (!request.trace.empty())
    if (auto written = write_result(request.trace, report_trace(reports.front())); !written) return written;
  if (!request.plot.empty()) return report_plot(reports.front(), request.plot);
  return {};
}

void judge(const Report& report, bool strict, Outcome& outcome) {
  auto remarks = never_synchronized(report);
  if (strict)
    for (auto& sentence : bound_violations(report)) remarks.push_back(std::move(sentence));
  outcome.failed = outcome.failed || (strict && !remarks.empty());
  outcome.remarks.insert(outcome.remarks.end(), remarks.begin(), remarks.end());
}

}  // namespace

base::Result<Outcome> carry_out(const Request& request, const std::atomic<bool>& stop,
                                const Listener& listener) {
  const auto sources = sources_of(request);
  if (!sources) return tl::unexpected(sources.error());
  std::vector<std::vector<Variant>> prepared;
  for (const auto& source : *sources) {
    auto variants = Preparation(request).variants_of(source);
    if (!variants) return tl::unexpected(request.tree ? explained(variants.error()) : variants.error());
    prepared.push_back(std::move(*variants));
  }
  if (auto fit = check_dashes(request); !fit) return tl::unexpected(fit.error());
  if (auto fit = check_drawing(request, prepared); !fit) return tl::unexpected(fit.error());
  if (auto fit = check_outputs(request); !fit) return tl::unexpected(fit.error());
  pass_on_warnings(prepared, listener.warn);
  std::vector<Report> reports;
  Outcome outcome;
  for (auto& variants : prepared) {
    auto report = run(std::move(variants), request, stop, listener);
    if (!report) return tl::unexpected(report.error());
    outcome.text += (outcome.text.empty() ? "" : "\n") + report_table(*report);
    judge(*report, request.strict, outcome);
    reports.push_back(std::move(*report));
  }
  if (auto written = write_files(request, reports); !written) {
    outcome.remarks.push_back(written.error().message);
    outcome.failed = true;
  }
  return outcome;
}

base::Result<void> check_files(const std::vector<std::string>& files,
                               const std::function<void(const std::string&)>& warn) {
  std::vector<std::string> problems;
  for (const auto& path : files) {
    const auto source = read_source(path);
    if (!source) {
      problems.push_back(source.error().message);
      continue;
    }
    const auto scenario = parse_scenario(source->text, path);
    if (!scenario)
      problems.push_back(scenario.error().message);
    else
      for (const auto& warning : scenario->warnings) warn(warning);
  }
  if (problems.empty()) return {};
  return base::fail(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace noonmark::sim
