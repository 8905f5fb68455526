#include "sim/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/units.h"

namespace noonmark::sim {
namespace {

using Json = nlohmann::ordered_json;

/// One figure, as tables, JSON and documents show it.
struct Column {
  std::string_view key;    // in JSON
  std::string_view title;  // in tables; empty: not there
  std::string_view meaning;
  double (*value)(const Figures&);
  std::string (*text)(double);
  bool whole = false;
};

std::string plain_count(double value) { return fmt::format("{:.0f}", value); }
std::string percent(double value) { return fmt::format("{:.1f}%", 100 * value); }
std::string ratio(double value) { return fmt::format("{:.2f}", value); }

template <double Figures::* Member>
double real(const Figures& f) {
  return f.*Member;
}
template <std::uint64_t Figures::* Member>
double whole(const Figures& f) {
  return static_cast<double>(f.*Member);
}

constexpr std::array kColumns{
    // clang-format off
    Column{"rms", "rms", "of the error after the warm-up, s", real<&Figures::rms>, format_time},
    Column{"p50", "p50", "of the error's absolute value after the warm-up: half of the samples are below, s", real<&Figures::p50>, format_time},
    Column{"p99", "p99", "99 of 100 are below, s", real<&Figures::p99>, format_time},
    Column{"max", "max", "the largest, s", real<&Figures::max>, format_time},
    Column{"first-hour", "first hour", "rms of the error from 15 s to an hour after the (last) start of the daemon, s", real<&Figures::first_hour>, format_time},
    Column{"frequency-error", "frequency", "rms of the frequency error of the corrected clock, from one sample to the next, s/s", real<&Figures::frequency>, format_rate},
    Column{"synchronized", "synchronized", "share of the time, from the start, in which a source (or the local clock) was followed", real<&Figures::synchronized>, percent},
    Column{"holdover", "holdover", "share of the time in which none was left and the clock ran on with what it had learned", real<&Figures::holdover>, percent},
    Column{"mean-bound", "mean bound", "of the published error bound, root delay / 2 + root dispersion, s; a local clock has none", real<&Figures::mean_bound>, format_time},
    Column{"bound-use", "error/bound", "largest error as a share of the bound published at that time", real<&Figures::bound_use>, ratio},
    Column{"bound-violations", "violations", "samples, from the start, with an error beyond that bound. 0 as long as the servers are honest and nobody else sets the clock", whole<&Figures::violations>, plain_count, true},
    Column{"never-synchronized", "", "clients that never were; over several seeds their sum. A line below the tables says why", whole<&Figures::never_synchronized>, plain_count, true},
    Column{"requests-sent", "requests", "as a client, and packets to symmetric peers", whole<&Figures::sent>, plain_count, true},
    Column{"requests-received", "", "as a server", whole<&Figures::received>, plain_count, true},
    Column{"steps", "steps", "of the clock", whole<&Figures::steps>, plain_count, true},
    Column{"losses", "losses", "of synchronization", whole<&Figures::losses>, plain_count, true},
    // clang-format on
};

/// A figure that does not exist is a dash.
std::string shown(double value, std::string (*text)(double)) { return std::isnan(value) ? "-" : text(value); }

/// One column of a trace.
struct TraceColumn {
  std::string_view name, unit, meaning;
  std::string (*text)(std::size_t variant, const TracePoint&);
};

constexpr std::array kTraceColumns{
    // clang-format off
    TraceColumn{"variant", "", "0: A, 1: B", [](std::size_t variant, const TracePoint&) { return std::to_string(variant); }},
    TraceColumn{"client", "", "in the order of the scenario, each of a group by itself, from 0", [](std::size_t, const TracePoint& p) { return std::to_string(p.client); }},
    TraceColumn{"time", "s", "of the sample, since the world began", [](std::size_t, const TracePoint& p) { return fmt::format("{:.6f}", p.time); }},
    TraceColumn{"error", "s", "the clock minus true time", [](std::size_t, const TracePoint& p) { return fmt::format("{:.9e}", p.error); }},
    TraceColumn{"bound", "s", "the published error bound; empty: there is none", [](std::size_t, const TracePoint& p) { return p.bound ? fmt::format("{:.9e}", *p.bound) : ""; }},
    TraceColumn{"frequency", "s/s", "the correction in force, without slews; positive: the clock is made faster", [](std::size_t, const TracePoint& p) { return fmt::format("{:.6e}", p.frequency); }},
    TraceColumn{"stratum", "", "16: not synchronized", [](std::size_t, const TracePoint& p) { return std::to_string(p.stratum); }},
    TraceColumn{"state", "", "0: unsynchronized, 1: holdover, 2: synchronized", [](std::size_t, const TracePoint& p) { return std::to_string(static_cast<int>(p.state)); }},
    // clang-format on
};
static_assert(static_cast<int>(core::ClockState::synchronized) == 2 &&
              static_cast<int>(core::ClockState::holdover) == 1);

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
    for (const double error : {f.rms, f.p50, f.p99, f.max}) row.push_back(shown(error, format_time));
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
    if (!column.title.empty()) row.push_back(shown(column.value(figures), column.text));
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
    const double number = column.value(figures);
    if (column.whole)
      value = static_cast<std::uint64_t>(number);
    else if (!std::isnan(number))
      value = number;
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

/// Calls with a name for people, the runs of its variant, and the index, for each group of clients.
template <class Call>
void each_group(const Report& report, Call call) {
  for (std::size_t v = 0; v < report.variants.size(); ++v) {
    const auto& clients = report.variants[v].scenario.clients;
    const auto variant = report.variants.size() > 1 ? variant_letter(v) + ": " : "";
    for (std::size_t g = 0; g < clients.size(); ++g)
      call(fmt::format("{}client {}", variant, group_name(clients[g])), report.runs[v], g);
  }
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
  std::string text;
  for (const auto& column : kTraceColumns) text += fmt::format("{}{}", text.empty() ? "" : "\t", column.name);
  text += '\n';
  for (std::size_t v = 0; v < report.variants.size(); ++v)
    for (const auto& point : report.runs[v].front().trace) {
      for (const auto& column : kTraceColumns) text += column.text(v, point) + '\t';
      text.back() = '\n';
    }
  return text;
}

std::vector<std::string> never_synchronized(const Report& report) {
  std::vector<std::string> sentences;
  each_group(report, [&](const std::string& name, const std::vector<RunResult>& runs, std::size_t group) {
    std::size_t count = 0;
    const Unsynchronized* first = nullptr;
    for (const auto& run : runs)
      for (const auto& client : run.unsynchronized)
        if (client.group == group && ++count == 1) first = &client;
    if (count == 0) return;
    const auto members = runs.front().groups[group].members;
    const auto share = members * runs.size() == 1
                           ? ""
                           : fmt::format(" ({} of {} {})", count, members * runs.size(),
                                         members == 1 ? "seeds" : "clients, of all seeds");
    sentences.push_back(fmt::format("{} never synchronized{}: {}", name, share, first->why));
  });
  return sentences;
}

std::vector<std::string> bound_violations(const Report& report) {
  std::vector<std::string> sentences;
  each_group(report, [&](const std::string& name, const std::vector<RunResult>& runs, std::size_t group) {
    std::uint64_t samples = 0;
    for (const auto& run : runs) samples += run.groups[group].violations;
    if (samples > 0)
      sentences.push_back(
          fmt::format("{} was beyond its published error bound in {} samples", name, samples));
  });
  return sentences;
}

std::string results_reference() {
  std::string text = "| column | member in JSON | meaning |\n|---|---|---|\n";
  for (const auto& column : kColumns)
    text += fmt::format("| {} | `{}` | {} |\n", column.title, column.key, column.meaning);
  text +=
      "\n### A trace\nThe columns of `--trace`, tab-separated below a line with their names:\n\n"
      "| column | unit | meaning |\n|---|---|---|\n";
  for (const auto& column : kTraceColumns)
    text += fmt::format("| `{}` | {} | {} |\n", column.name, column.unit, column.meaning);
  return text;
}

}  // namespace noonmark::sim
