#include "accuracy/harness.h"

#include <algorithm>
#include <cmath>

#include "accuracy/pilot.h"

namespace noonmark::bench {
namespace {

constexpr int kBurst = 4;
constexpr double kBurstGap = 2;     // s
constexpr double kFirstPacket = 2;  // s, and
constexpr double kStagger = 0.3;    // s between sources
constexpr double kTail = 5;         // s at the end that are not evaluated
constexpr double kGridsPerPoll = 32;

struct Source {
  std::uint64_t sent = 0;
  int burst_left = kBurst;
  double next = 0;
};

std::vector<Source> make_sources(std::size_t count, double when) {
  std::vector<Source> sources(count);
  for (std::size_t i = 0; i < count; ++i)
    sources[i].next = when + kFirstPacket + kStagger * static_cast<double>(i);
  return sources;
}

}  // namespace

std::vector<double> Trace::part(double from, double until) const {
  std::vector<double> result;
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    const double t = kFirst + grid_ * static_cast<double>(i);
    if (t >= from && t < until) result.push_back(std::abs(errors_[i]));
  }
  return result;
}

double Trace::rms(double from, double until) const {
  double sum = 0;
  const auto errors = part(from, until);
  for (const double error : errors) sum += error * error;
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, errors.size())));
}

double Trace::quantile(double share, double from, double until) const {
  auto errors = part(from, until);
  const auto place = static_cast<std::size_t>(static_cast<double>(errors.size()) * share);
  const auto it = errors.begin() + static_cast<std::ptrdiff_t>(std::min(place, errors.size() - 1));
  std::nth_element(errors.begin(), it, errors.end());
  return *it;
}

double Trace::settling(double band, double from, double until) const {
  const auto errors = part(from, until);
  const auto last = std::find_if(errors.rbegin(), errors.rend(), [&](double error) { return error > band; });
  return grid_ * static_cast<double>(errors.rend() - last);
}

Run run(const World& world, const RunOptions& options) {
  const Scenario& scenario = world.scenario();
  const double end = world.end() - kTail;
  const double silent = scenario.silent_hours > 0 ? scenario.silent_hours * 3600 : world.end();
  Run result{.trace = Trace(std::max(1.0, std::ldexp(1.0, scenario.poll) / kGridsPerPoll))};
  Pilot pilot(scenario.paths.size(), scenario.poll, options.is_adaptive);
  auto sources = make_sources(scenario.paths.size(), 0);
  bool is_announced = !options.announces_jump;
  bool is_restarted = options.restart_at <= 0;
  for (double now = 0; now < end;) {
    const auto due = std::ranges::min_element(sources, {}, &Source::next);
    const auto number = static_cast<std::size_t>(due - sources.begin());
    if (!is_restarted && due->next > options.restart_at) {
      is_restarted = true;
      const auto sent = due->sent;
      pilot.restart(options.restart_at, options.keeps_learned);
      sources = make_sources(sources.size(), options.restart_at);
      for (Source& source : sources) source.sent = sent;
      continue;
    }
    if (!is_announced && due->next > scenario.jump_at) {
      is_announced = true;
      pilot.on_jump();
      for (Source& source : sources) source.next = scenario.jump_at + kBurstGap;
      continue;
    }
    const Exchange exchange = world.exchange(number, due->sent, due->next);
    while (result.trace.next() < std::min(exchange.received, end)) {
      const double t = result.trace.next();
      result.trace.add(world.raw_error(t) + pilot.correction(t));
    }
    now = exchange.received;
    if (!exchange.is_lost && now <= silent) pilot.on_sample(number, exchange);
    ++due->sent;
    ++result.packets;
    if (due->burst_left > 0) --due->burst_left;
    const bool is_soon = due->burst_left > 0 || pilot.asks_again();
    due->next += is_soon ? kBurstGap : std::ldexp(1.0, pilot.poll());
  }
  return result;
}

}  // namespace noonmark::bench
