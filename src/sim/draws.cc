#include "sim/draws.h"

#include <cmath>
#include <numbers>

namespace noonmark::sim {

double Draws::uniform() { return (static_cast<double>(random_.next() >> 11) + 0.5) * 0x1p-53; }

double Draws::normal() {  // Box and Muller
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(2 * exponential());
  const double angle = 2 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

double Draws::exponential() { return -std::log(uniform()); }

double Draws::gamma(double shape) {  // Marsaglia and Tsang, 2000
  if (shape < 1) return gamma(shape + 1) * std::pow(uniform(), 1 / shape);
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = normal();
    const double v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double Draws::of(const Law& law) {
  switch (law.kind) {
    case Law::Kind::none: return 0;
    case Law::Kind::exponential: return law.first * exponential();
    case Law::Kind::gamma: return law.second * gamma(law.first);
    case Law::Kind::normal: return law.first + law.second * normal();
    case Law::Kind::half_normal: return law.first * std::abs(normal());
    case Law::Kind::lognormal: return law.first * std::exp(law.second * normal());
    case Law::Kind::uniform: return law.first + (law.second - law.first) * uniform();
  }
  return 0;
}

std::uint64_t stream_seed(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return base::SeededRandom(hash ^ (seed * 0x9E3779B97F4A7C15u)).next();
}

}  // namespace noonmark::sim
