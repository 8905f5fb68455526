#include "accuracy/world.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace noonmark::bench {
namespace {

constexpr std::size_t kMargin = 100;  // s beyond the end
constexpr double kLeastDelay = 1e-7;  // s, of one direction
constexpr double kTwoPi = 6.283185307179586;

}  // namespace

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9E3779B97F4A7C15U;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Random::next() {
  const std::uint64_t result = state_[0] + state_[3];
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }

double Random::normal() {  // Box and Muller
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2 * std::log(uniform()));
  const double angle = kTwoPi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

double Random::exponential() { return -std::log(uniform()); }

double Random::gamma(double shape) {  // Marsaglia and Tsang
  if (shape < 1) {
    const double rest = gamma(shape + 1);
    return rest * std::pow(uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

World::World(const Scenario& scenario, std::uint64_t seed) : scenario_(scenario), seed_(seed) {
  make_clock();
  if (!scenario_.load) return;
  Random random(seed * 104729 + 5);
  load_.resize(raw_error_.size());
  scenario_.load(random, load_);
}

void World::make_clock() {
  const Scenario& s = scenario_;
  Random random(seed_ * 7919 + 17);
  const double sign = random.uniform() < 0.5 ? -1 : 1;
  double frequency = s.first_frequency * sign * (0.5 + random.uniform());
  double offset = s.first_offset * (random.uniform() < 0.5 ? -1 : 1);
  raw_error_.resize(static_cast<std::size_t>(end()) + kMargin);
  for (std::size_t i = 0; i < raw_error_.size(); ++i) {
    if (s.jump_at > 0 && i == static_cast<std::size_t>(s.jump_at)) offset += s.jump;
    raw_error_[i] = offset;
    const double drift = s.frequency ? s.frequency(static_cast<double>(i)) : 0;
    offset += frequency + drift + (s.white_fm > 0 ? s.white_fm * random.normal() : 0);
    frequency += s.wander * random.normal();
  }
}

double World::raw_error(double t) const {
  const std::size_t i = std::min(static_cast<std::size_t>(t), raw_error_.size() - 2);
  return raw_error_[i] + (raw_error_[i + 1] - raw_error_[i]) * (t - static_cast<double>(i));
}

double World::load(double t) const {
  return load_.empty() ? 0 : load_[std::min(static_cast<std::size_t>(t), load_.size() - 1)];
}

Exchange World::exchange(std::size_t source, std::uint64_t count, double t) const {
  const Path& path = scenario_.paths[source];
  Random random((seed_ * 1000003 + source) * 2654435761U + count * 40503 + 99);
  random.uniform();
  const bool is_lost = random.uniform() < path.loss;
  const double to = std::max(kLeastDelay, path.base + path.queue(random, t, load(t), Direction::to_server));
  const double back = std::max(kLeastDelay, path.base + path.queue(random, t, load(t), Direction::back));
  const double server = path.server_error + (path.server_drift ? path.server_drift(t) : 0);
  const double sent_error = raw_error(t);
  const double received_error = raw_error(t + to + back);
  return {.midpoint = t + 0.5 * (to + back),
          .received = t + to + back,
          .offset = 0.5 * ((to - sent_error) + (-back - received_error)) + server,
          .delay = to + back + (received_error - sent_error),
          .is_lost = is_lost};
}

}  // namespace noonmark::bench
