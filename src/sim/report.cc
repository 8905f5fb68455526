#include "sim/report.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/units.h"

namespace noonmark::sim {
namespace {

using Json = nlohmann::ordered_json;

/// One figure, as tables and JSON show it.
struct Column {
  std::string_view key;    // in JSON
  std::string_view title;  // in tables; empty: not there
  double (*value)(const Figures&);
  std::string (*text)(double);
  bool whole = false;
};

std::string plain_count(double value) { return fmt::format("{:.0f}", value); }
std::string percent(double value) { return fmt::format("{:.1f}%", 100 * value); }
std::string ratio(double value) { return fmt::format("{:.2f}", value); }

constexpr std::array kColumns{
    Column{"rms", "rms", [](const Figures& f) { return f.rms; }, format_time},
    Column{"p50", "p50", [](const Figures& f) { return f.p50; }, format_time},
    Column{"p99", "p99", [](const Figures& f) { return f.p99; }, format_time},
    Column{"max", "max", [](const Figures& f) { return f.max; }, format_time},
    Column{"first-hour", "first hour", [](const Figures& f) { return f.first_hour; }, format_time},
    Column{"frequency-error", "frequency", [](const Figures& f) { return f.frequency; }, format_rate},
    Column{"synchronized", "synchronized", [](const Figures& f) { return f.synchronized; }, percent},
    Column{"mean-bound", "mean bound", [](const Figures& f) { return f.mean_bound; }, format_time},
    Column{"bound-use", "error/bound", [](const Figures& f) { return f.bound_use; }, ratio},
    Column{"bound-violations", "violations",
           [](const Figures& f) { return static_cast<double>(f.violations); }, plain_count, true},
    Column{"requests-sent", "requests", [](const Figures& f) { return static_cast<double>(f.sent); },
           plain_count, true},
    Column{"requests-received", "", [](const Figures& f) { return static_cast<double>(f.received); },
           plain_count, true},
    Column{"steps", "steps", [](const Figures& f) { return static_cast<double>(f.steps); }, plain_count,
           true},
    Column{"losses", "losses", [](const Figures& f) { return static_cast<double>(f.losses); }, plain_count,
           true},
};

using Cells = std::vector<std::string>;

/// The first column to the left, the others to the right, as wide as they need.
std::string aligned(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) line += fmt::format("  {:>{}}", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::vector<Figures> of_group(const std::vector<RunResult>& runs, std::size_t group) {
  std::vector<Figures> found;
  for (const auto& run : runs) found.push_back(run.groups[group]);
  return found;
}

std::string group_name(const ClientConfig& client) {
  return client.count == 1 ? client.name : fmt::format("{} ({})", client.name, client.count);
}

/// The strata of all seeds, each with its figures over the seeds that have it.
struct StratumFigures {
  std::size_t servers = 0;
  std::vector<Figures> seeds;
};
std::map<unsigned, StratumFigures> strata_of(const std::vector<RunResult>& runs) {
  std::map<unsigned, StratumFigures> strata;
  for (const auto& run : runs)
    for (const auto& s : run.strata) {
      strata[s.stratum].servers = s.servers;
      strata[s.stratum].seeds.push_back(s.figures);
    }
  return strata;
}

double per_second(std::uint64_t count, double duration) { return static_cast<double>(count) / duration; }

std::string strata_table(const Variant& variant, const std::vector<RunResult>& runs) {
  std::vector<Cells> rows{
      {"stratum", "servers", "clients", "rms", "p50", "p99", "max", "sends/s", "is asked/s"}};
  for (const auto& [number, stratum] : strata_of(runs)) {
    const auto f = over_seeds(stratum.seeds);
    const double duration = variant.scenario.world.duration;
    Cells row{number < 16 ? std::to_string(number) : "none", std::to_string(stratum.servers),
              std::to_string(f.members)};
    for (const double error : {f.rms, f.p50, f.p99, f.max})
      row.push_back(f.members > 0 ? format_time(error) : "");
    row.push_back(fmt::format("{:.2f}", per_second(f.sent, duration)));
    row.push_back(fmt::format("{:.2f}", per_second(f.received, duration)));
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

Cells table_head() {
  Cells head{"client"};
  for (const auto& column : kColumns)
    if (!column.title.empty()) head.emplace_back(column.title);
  return head;
}

Cells table_row(std::string name, const Figures& figures) {
  Cells row{std::move(name)};
  for (const auto& column : kColumns)
    if (!column.title.empty()) row.push_back(column.text(column.value(figures)));
  return row;
}

std::string times(double x, double y) { return y > 0 ? fmt::format("x {:.2f}", x / y) : "-"; }

/// The clients that the first variant and another one both have: the other one's figures as multiples.
std::string comparison(const Report& report, std::size_t other) {
  std::vector<Cells> rows{{"client", "rms", "p99", "max", "first hour", "requests"}};
  const auto& first = report.variants.front().scenario.clients;
  const auto& second = report.variants[other].scenario.clients;
  for (std::size_t g = 0; g < first.size(); ++g) {
    const auto same = std::ranges::find(second, first[g].name, &ClientConfig::name);
    if (same == second.end()) continue;
    const auto a = over_seeds(of_group(report.runs[0], g));
    const auto b = over_seeds(of_group(report.runs[other], static_cast<std::size_t>(same - second.begin())));
    rows.push_back({group_name(first[g]), times(b.rms, a.rms), times(b.p99, a.p99), times(b.max, a.max),
                    times(b.first_hour, a.first_hour),
                    times(static_cast<double>(b.sent), static_cast<double>(a.sent))});
  }
  return fmt::format("{} as multiples of A:\n{}\n", variant_letter(other), aligned(rows));
}

Json json_of(const Figures& figures) {
  Json json{{"members", figures.members}};
  for (const auto& column : kColumns) {
    auto& value = json[std::string(column.key)];
    if (column.whole)
      value = static_cast<std::uint64_t>(column.value(figures));
    else
      value = column.value(figures);
  }
  return json;
}

Json json_of(const Variant& variant, const std::vector<RunResult>& runs) {
  Json clients = Json::array(), strata = Json::array(), seeds = Json::array();
  for (const auto& run : runs) seeds.push_back(run.seed);
  for (std::size_t g = 0; g < variant.scenario.clients.size(); ++g) {
    const auto all = of_group(runs, g);
    auto json = json_of(over_seeds(all));
    json["seeds"] = Json::array();
    for (const auto& figures : all) json["seeds"].push_back(json_of(figures));
    Json named{{"name", variant.scenario.clients[g].name}};
    named.update(json);
    clients.push_back(std::move(named));
  }
  const double duration = variant.scenario.world.duration;
  for (const auto& [number, stratum] : strata_of(runs)) {
    const auto figures = over_seeds(stratum.seeds);
    Json json{{"stratum", number}, {"servers", stratum.servers}};
    json.update(json_of(figures));
    json["sent-per-second"] = per_second(figures.sent, duration);
    json["received-per-second"] = per_second(figures.received, duration);
    strata.push_back(std::move(json));
  }
  return {{"name", variant.name},       {"description", variant.scenario.world.description},
          {"duration", duration},       {"warm-up", variant.scenario.world.warm_up},
          {"seeds", std::move(seeds)},  {"clients", std::move(clients)},
          {"strata", std::move(strata)}};
}

}  // namespace

std::string variant_letter(std::size_t variant) { return std::string(1, static_cast<char>('A' + variant)); }

std::string report_table(const Report& report) {
  std::string text;
  const bool several = report.variants.size() > 1;
  for (std::size_t v = 0; v < report.variants.size(); ++v) {
    const auto& variant = report.variants[v];
    const auto& runs = report.runs[v];
    const auto& world = variant.scenario.world;
    if (several) text += variant_letter(v) + ": ";
    text += fmt::format("{}{}{}, {:.4g} h, {} seed{}\n", variant.name, world.description.empty() ? "" : ": ",
                        world.description, world.duration / 3600, runs.size(), runs.size() == 1 ? "" : "s");
    std::vector<Cells> rows{table_head()};
    for (std::size_t g = 0; g < variant.scenario.clients.size(); ++g)
      rows.push_back(table_row(group_name(variant.scenario.clients[g]), over_seeds(of_group(runs, g))));
    text += aligned(rows) + '\n';
    if (client_count(variant.scenario) > 1) text += strata_table(variant, runs) + '\n';
  }
  for (std::size_t v = 1; v < report.variants.size(); ++v) text += comparison(report, v);
  text.pop_back();
  return text;
}

std::string report_json(const std::vector<Report>& reports) {
  Json scenarios = Json::array();
  for (const auto& report : reports) {
    Json variants = Json::array();
    for (std::size_t v = 0; v < report.variants.size(); ++v)
      variants.push_back(json_of(report.variants[v], report.runs[v]));
    scenarios.push_back({{"variants", std::move(variants)}});
  }
  return Json{{"format", "noonmark-sim 1"}, {"scenarios", std::move(scenarios)}}.dump(1) + '\n';
}

std::string report_trace(const Report& report) {
  std::string text = "variant\tclient\ttime\terror\tbound\tfrequency\tstratum\n";
  for (std::size_t v = 0; v < report.variants.size(); ++v)
    for (const auto& p : report.runs[v].front().trace)
      text += fmt::format("{}\t{}\t{:.6f}\t{:.9e}\t{}\t{:.6e}\t{}\n", v, p.client, p.time, p.error,
                          p.bound ? fmt::format("{:.9e}", *p.bound) : "", p.frequency, p.stratum);
  return text;
}

std::uint64_t violations(const Report& report) {
  std::uint64_t sum = 0;
  for (const auto& runs : report.runs)
    for (const auto& run : runs)
      for (const auto& figures : run.groups) sum += figures.violations;
  return sum;
}

}  // namespace noonmark::sim
