#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <fmt/format.h>

#include "sim/report.h"

namespace noonmark::sim {
namespace {

constexpr std::size_t kMaxCurves = 6;
constexpr std::size_t kPoints = 1500;  // of a curve: of the samples between, the worst is drawn

struct Curve {
  std::string title;
  std::vector<TracePoint> points;
};

std::string client_title(const Variant& variant, std::uint32_t index) {
  for (const auto& group : variant.scenario.clients) {
    if (index < group.count) return group.count == 1 ? group.name : fmt::format("{}/{}", group.name, index);
    index -= group.count;
  }
  return "";
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

std::vector<Curve> curves_of(const Report& report) {
  std::vector<Curve> curves;
  for (std::size_t v = 0; v < report.variants.size(); ++v) {
    const auto& variant = report.variants[v];
    const auto clients = static_cast<std::uint32_t>(client_count(variant.scenario));
    for (std::uint32_t client = 0; client < clients && curves.size() < kMaxCurves; ++client) {
      Curve curve{.title = client_title(variant, client), .points = {}};
      if (report.variants.size() > 1) curve.title += ", " + variant_letter(v);
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

/// Above the error; below its absolute value and the published bound, on a logarithmic scale.
std::string script_of(const Report& report, const std::string& path) {
  const auto& world = report.variants.front().scenario.world;
  const auto curves = curves_of(report);
  const double range = range_of(curves, world.warm_up);
  const auto scale = scale_of(range);
  std::string script = data_of(curves, scale.unit);
  script += fmt::format(
      "set terminal {} size 1200,800 noenhanced\nset output {}\n"
      "set multiplot layout 2,1 title {}\nset grid\nset ylabel \"error, {}\"\nset yrange [{}:{}]\nplot ",
      path.ends_with(".png") ? "png" : "svg", quoted(path),
      quoted(world.description.empty() ? report.variants.front().name : world.description), scale.name,
      -range / scale.unit, range / scale.unit);
  for (std::size_t i = 0; i < curves.size(); ++i)
    script += fmt::format("{}$curve{} using 1:2 with lines linetype {} title {}", i == 0 ? "" : ", ", i,
                          i + 1, quoted(curves[i].title));
  script += fmt::format(
      "\nset xlabel \"hours\"\nset ylabel \"|error| and published bound, {}\"\nset logscale y\nset yrange "
      "[*:*]\nplot ",
      scale.name);
  for (std::size_t i = 0; i < curves.size(); ++i)
    script += fmt::format(
        "{0}$curve{1} using 1:3 with dots linetype {2} notitle, $curve{1} using 1:4 with lines linetype {2} "
        "linewidth 2 title {3}",
        i == 0 ? "" : ", ", i, i + 1, quoted(curves[i].title + ": bound"));
  return script + "\nunset multiplot\n";
}

}  // namespace

base::Result<void> report_plot(const Report& report, const std::string& path) {
  if (!path.ends_with(".svg") && !path.ends_with(".png"))
    return base::fail(fmt::format("--plot {}: the name of a plot ends in .svg or .png", path));
  const auto directory = std::filesystem::absolute(path).parent_path();
  if (!std::filesystem::is_directory(directory))
    return base::fail(fmt::format("--plot {}: there is no directory {}", path, directory.string()),
                      base::ErrorCode::io);
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
