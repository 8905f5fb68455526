#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/report.h"

namespace noonmark::sim {
namespace {

constexpr std::size_t kMaxCurves = 8;
constexpr std::size_t kMaxTitle = 120;  // characters
constexpr std::size_t kPoints = 1500;   // of a curve: of the samples between, the worst is drawn

struct Curve {
  std::string title;
  std::vector<TracePoint> points;
};

struct Drawn {
  std::uint32_t client = 0;  // as in a trace
  std::string title;
};

/// The first clients that follow somebody, then the others: the error of a reference clock is always 0.
std::vector<Drawn> drawn_of(const Scenario& scenario, std::size_t most) {
  std::vector<Drawn> drawn;
  for (const bool following : {true, false}) {
    std::uint32_t client = 0;
    for (const auto& group : scenario.clients)
      for (std::uint32_t member = 0; member < group.count; ++member, ++client) {
        const bool follows = !group.follows.empty() || !group.ntp.servers.empty();
        if (follows == following && drawn.size() < most)
          drawn.push_back({client, group.count == 1 ? group.name : fmt::format("{}/{}", group.name, member)});
      }
  }
  return drawn;
}

std::vector<TracePoint> thinned(const std::vector<TracePoint>& points) {
  const std::size_t each = std::max<std::size_t>(1, points.size() / kPoints);
  std::vector<TracePoint> worst;
  for (std::size_t at = 0; at < points.size(); at += each) {
    const auto first = points.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = points.begin() + static_cast<std::ptrdiff_t>(std::min(points.size(), at + each));
    worst.push_back(*std::max_element(
        first, last, [](const auto& a, const auto& b) { return std::abs(a.error) < std::abs(b.error); }));
  }
  return worst;
}

/// Clients of each variant, as many of one as of another.
std::vector<Curve> curves_of(const Report& report) {
  std::vector<Curve> curves;
  const auto share = std::max<std::size_t>(1, kMaxCurves / report.variants.size());
  for (std::size_t v = 0; v < report.variants.size(); ++v) {
    for (const auto& [client, title] : drawn_of(report.variants[v].scenario, share)) {
      Curve curve{.title = title, .points = {}};
      if (report.variants.size() > 1) curve.title = variant_letter(v) + ": " + curve.title;
      for (const auto& p : report.runs[v].front().trace)
        if (p.client == client) curve.points.push_back(p);
      curve.points = thinned(curve.points);
      curves.push_back(std::move(curve));
    }
  }
  return curves;
}

std::string quoted(std::string text) {
  std::erase_if(text, [](char c) { return c == '"' || c == '\\' || c == '\n'; });
  return '"' + text + '"';
}

/// The vertical range: the errors after the warm-up, with room; starts may lie beyond.
double range_of(const std::vector<Curve>& curves, double warm_up) {
  double largest = 0;
  for (const auto& curve : curves)
    for (const auto& p : curve.points)
      if (p.time >= warm_up) largest = std::max(largest, std::abs(p.error));
  return largest > 0 ? 1.2 * largest : 1;
}

struct Scale {
  double unit = 1;
  std::string_view name = "s";
};
Scale scale_of(double range) {
  if (range < 1e-6) return {1e-9, "ns"};
  if (range < 1e-3) return {1e-6, "us"};
  return range < 1 ? Scale{1e-3, "ms"} : Scale{};
}

/// Hours, error, its absolute value, published bound (or NaN).
std::string data_of(const std::vector<Curve>& curves, double unit) {
  std::string text;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    text += fmt::format("$curve{} << END\n", i);
    for (const auto& p : curves[i].points)
      text += fmt::format("{:.5f} {:.6g} {:.6g} {}\n", p.time / 3600, p.error / unit,
                          std::abs(p.error) / unit, p.bound ? fmt::format("{:.6g}", *p.bound / unit) : "NaN");
    text += "END\n";
  }
  return text;
}

std::string title_of(const Report& report) {
  std::string title;
  if (report.variants.size() == 1) {
    const auto& variant = report.variants.front();
    title = variant.scenario.world.description.empty() ? variant.name : variant.scenario.world.description;
  } else {
    const auto& first = report.variants.front().name;
    for (std::size_t v = 0; v < report.variants.size(); ++v) {
      std::string_view name = report.variants[v].name;
      if (name.starts_with(first + ' ')) name.remove_prefix(first.size() + 1);  // "with router..."
      title += fmt::format("{}{}: {}", v == 0 ? "" : "   ", variant_letter(v), name);
    }
  }
  if (title.size() > kMaxTitle) title = title.substr(0, kMaxTitle) + " ...";
  return title;
}

/// Whether a logarithmic axis has anything to show.
bool has_logarithms(const std::vector<Curve>& curves) {
  return std::ranges::any_of(curves, [](const Curve& curve) {
    return std::ranges::any_of(curve.points,
                               [](const auto& p) { return p.error != 0 || p.bound.value_or(0) > 0; });
  });
}

/// What both panels have in common: left and right margins, the hours, colours, and the only key below both.
constexpr std::string_view kHead = R"(set terminal {terminal} size 1200,800 noenhanced
set output {output}
set linetype 1 linecolor rgb "#1450d2"
set linetype 2 linecolor rgb "#e6141e"
set linetype 3 linecolor rgb "#14a028"
set linetype 4 linecolor rgb "#000000"
set linetype 5 linecolor rgb "#ff9600"
set linetype 6 linecolor rgb "#a01ec8"
set linetype 7 linecolor rgb "#00c8e6"
set linetype 8 linecolor rgb "#a0a0a0"
set multiplot title {title}
set grid
set format y "%.6g"
set lmargin at screen 0.12
set rmargin at screen 0.97
set xrange [0:{hours:.6g}]
set label 1 {hidden} at screen 0.97,0.13 right
)";

constexpr std::string_view kUpper = R"(set tmargin at screen 0.93
set bmargin at screen 0.575
set key at screen 0.535,0.01 bottom center horizontal maxrows 2 samplen 2
set ylabel "error, {unit}"
set yrange [{low:.6g}:{high:.6g}]
plot {curves}
)";

constexpr std::string_view kLower = R"(unset key
unset label 1
set tmargin at screen 0.525
set bmargin at screen 0.185
set xlabel "hours"
set ylabel "|error| (dots), bound (line), {unit}"
set logscale y
set yrange [{range}]
plot {curves}
unset multiplot
)";

std::string hidden_note(const Report& report, std::size_t drawn) {
  std::size_t all = 0;
  for (const auto& variant : report.variants) all += client_count(variant.scenario);
  return all == drawn ? "" : fmt::format("{} more are not shown", all - drawn);
}

/// Above the error; below its absolute value and the published bound, on a logarithmic scale.
std::string script_of(const Report& report, const std::string& path) {
  double duration = 0;
  for (const auto& variant : report.variants) duration = std::max(duration, variant.scenario.world.duration);
  const auto curves = curves_of(report);
  const double range = range_of(curves, report.variants.front().scenario.world.warm_up);
  const auto scale = scale_of(range);
  std::vector<std::string> upper, lower;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    upper.push_back(
        fmt::format("$curve{} using 1:2 with lines linetype {} title {}", i, i + 1, quoted(curves[i].title)));
    lower.push_back(
        fmt::format("$curve{0} using 1:3 with points linetype {1} pointtype 7 pointsize 0.2, $curve{0} using "
                    "1:4 with lines "
                    "linetype {1} linewidth 2",
                    i, i + 1));
  }
  using fmt::arg;
  auto script = data_of(curves, scale.unit);
  script +=
      fmt::format(kHead, arg("terminal", path.ends_with(".png") ? "png truecolor" : "svg"),
                  arg("output", quoted(path)), arg("title", quoted(title_of(report))),
                  arg("hours", duration / 3600), arg("hidden", quoted(hidden_note(report, curves.size()))));
  script += fmt::format(kUpper, arg("unit", scale.name), arg("low", -range / scale.unit),
                        arg("high", range / scale.unit), arg("curves", fmt::join(upper, ", ")));
  script +=
      fmt::format(kLower, arg("unit", scale.name), arg("range", has_logarithms(curves) ? "*:*" : "1e-3:1"),
                  arg("curves", fmt::join(lower, ", ")));
  return script;
}

}  // namespace

base::Result<void> report_plot(const Report& report, const std::string& path) {
  const auto script = script_of(report, path);
  std::FILE* pipe = ::popen("gnuplot", "w");
  if (pipe == nullptr)
    return base::fail(fmt::format("gnuplot cannot be started: {}", std::strerror(errno)),
                      base::ErrorCode::io);
  const bool written = std::fwrite(script.data(), 1, script.size(), pipe) == script.size();
  const int status = ::pclose(pipe);
  if (written && status == 0) return {};
  return base::fail(
      fmt::format("{} could not be drawn; if gnuplot is missing, install the package gnuplot-nox", path),
      base::ErrorCode::io);
}

}  // namespace noonmark::sim
