// Whatever samples come, in whatever order, and whatever else happens: the clock estimator stays finite, and
// every covariance positive definite.

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "core/estimator/estimator.h"

namespace {

using namespace noonmark;
using core::AssociationId;

constexpr std::size_t kSources = 10;  // more than may feed
constexpr int kCheckEvery = 8;        // actions
constexpr double kMaxStep = 256;      // s per octet of time

/// The input as a sequence of actions; one that is cut off ends it.
class Script {
 public:
  explicit Script(base::Bytes octets) : in_(octets) {}
  bool is_over() const { return in_.remaining() < 10; }
  std::uint8_t octet() { return in_.read<std::uint8_t>(); }
  double number() { return std::bit_cast<double>(in_.read<std::uint64_t>()); }  // any double at all
  /// An ordinary offset, +-0.5 s.
  double offset() { return (in_.read<std::uint32_t>() - 2147483648.0) * 0x1p-32; }
  double delay() { return (in_.read<std::uint32_t>() + 1.0) * 0x1p-34; }

 private:
  base::ByteReader in_;
};

core::SavedSource saved_source(Script& script) {
  core::SavedSource saved{
      .server = {}, .min_delay = script.number(), .typical_excess = 1e-3, .bias = 0, .bias_variance = 1e-8};
  saved.law_weights.fill(0.1);
  saved.law_variances.fill(1e-6);
  return saved;
}

class Player {
 public:
  void play(Script& script) {
    const std::uint8_t action = script.octet();
    const auto source = static_cast<AssociationId>(script.octet() % kSources);
    switch (action % 16) {
      case 0: return estimator_.forget(source);
      case 1: return estimator_.disturb(script.number(), 1e-6);
      case 2: return estimator_.distrust(source);
      case 3: return estimator_.expect(source, saved_source(script));
      case 4: return choose(action);
      case 5: estimator_.learn(source, {.at = now_, .offset = script.number(), .delay = 0.01}, 64); break;
      case 6: estimator_.learn(source, {.at = now_, .offset = 0, .delay = script.number()}, 64); break;
      case 7: now_ = now_ - core::Duration::from_seconds(action); break;
      default: estimator_.learn(source, ordinary(script, action), 64);
    }
    estimator_.absorb(feeding_);
  }
  void check() const {
    CHECK(estimator_.is_sound());
    const auto estimate = estimator_.estimate(now_);
    CHECK(!estimate || (std::isfinite(estimate->offset) && std::isfinite(estimate->frequency) &&
                        std::isfinite(estimate->offset_deviation) && estimate->offset_deviation > 0));
    for (std::size_t i = 0; i < kSources; ++i) {
      const auto id = static_cast<AssociationId>(i);
      CHECK(std::isfinite(estimator_.growth(id, 64)) && std::isfinite(estimator_.tracking_deviation(id)));
    }
  }

 private:
  core::Sample ordinary(Script& script, std::uint8_t action) {
    now_ = now_ + core::Duration::from_seconds(action * kMaxStep / 256);
    return {.at = now_, .offset = script.offset(), .delay = script.delay()};
  }
  void choose(std::uint8_t bits) {
    feeding_.clear();
    for (std::size_t i = 0; i < kSources; ++i) {
      if (((bits >> (i % 8)) & 1) == 0) feeding_.push_back(static_cast<AssociationId>(i));
    }
  }

  core::ClockEstimator estimator_{core::ClockEstimator::Prior{}};
  core::RawTime now_;
  std::vector<AssociationId> feeding_{AssociationId{0}, AssociationId{1}, AssociationId{2}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(base::Bytes(data, size));
  Player player;
  for (int i = 1; !script.is_over(); ++i) {
    player.play(script);
    if (i % kCheckEvery == 0) player.check();
  }
  player.check();
  return 0;
}
