#include "sim/oscillator.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace noonmark::sim {
namespace {

constexpr double kFlickerFirst = 10;  // s
constexpr double kFlickerRatio = 4;   // see flicker()

double spread(Draws& draws, double width) { return width * (2 * draws.uniform() - 1); }

}  // namespace

Oscillator::Oscillator(const OscillatorConfig& config, std::uint64_t seed, double grid)
    : config_(config), draws_(seed), grid_(grid) {
  error_ = config.offset + spread(draws_, config.offset_spread);
  initial_ = config.frequency + spread(draws_, config.frequency_spread);
  for (auto& term : terms_) term = draws_.normal();
  for (const auto& jump : config_.phase_jumps)
    if (jump.by < 0) pause(jump.at, -jump.by);
  start_ = -grid_;  // the first segment begins at 0
  next_segment();
}

/// Sum of Ornstein-Uhlenbeck processes whose time constants lie a factor r apart, each with the variance v:
/// their spectrum is v / (f ln r) between the outer constants, so the floor of the Allan variance, 2 ln 2 h,
/// is v for r = 4.
double Oscillator::flicker() {
  double sum = 0, constant = kFlickerFirst;
  for (auto& term : terms_) {
    const double kept = std::exp(-grid_ / constant);
    term = kept * term + std::sqrt(1 - kept * kept) * draws_.normal();
    sum += term;
    constant *= kFlickerRatio;
  }
  return config_.flicker_fm * sum;
}

double Oscillator::temperature(double time) const {
  double sum = 0;
  if (config_.sine.amplitude != 0)
    sum += config_.sine.amplitude * std::sin(2 * std::numbers::pi * time / config_.sine.period);
  if (const auto& square = config_.square; square.amplitude != 0) {
    const double half = square.period / 2;
    const double since = std::fmod(time, half);
    const bool high = std::fmod(time, square.period) >= half;
    const double towards = 1 - std::exp(-since / square.constant);
    if (time >= half) sum += square.amplitude * (high ? towards : 1 - towards);
  }
  for (const auto& step : config_.steps)
    if (time > step.at) sum += step.by * (1 - std::exp(-(time - step.at) / step.constant));
  for (const auto& jump : config_.frequency_jumps)
    if (time >= jump.at) sum += jump.by;
  return sum;
}

void Oscillator::next_segment() {
  error_ += frequency_ * grid_;
  start_ += grid_;
  frequency_ = initial_ + walk_ + temperature(start_);
  if (config_.white_fm > 0) frequency_ += config_.white_fm / std::sqrt(grid_) * draws_.normal();
  if (config_.flicker_fm > 0) frequency_ += flicker();
  if (config_.wander > 0) walk_ += config_.wander * std::sqrt(grid_) * draws_.normal();
}

double Oscillator::error_at(double time) {
  while (time >= start_ + grid_) next_segment();
  double error = error_ + frequency_ * (time - start_);
  for (const auto& jump : config_.phase_jumps)
    if (jump.by > 0 && time >= jump.at) error += jump.by;
  for (const auto& pause : pauses_) error -= std::max(0.0, std::min(time, pause.until) - pause.from);
  return error;
}

}  // namespace noonmark::sim
