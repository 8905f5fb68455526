#include "sim/link.h"

#include <algorithm>
#include <cmath>

namespace noonmark::sim {
namespace {

constexpr double kLeastDelay = 100e-9;  // s: nothing arrives before it was sent
constexpr double kShortestLoad = 0.1;   // s: load comes and goes no faster
constexpr double kQueueSteps = 32;      // of a queue's time constant: it is constant between

}  // namespace

Link::Link(const DirectionConfig& config, std::uint64_t seed)
    : config_(&config),
      packets_(stream_seed(seed, "packets")),
      load_draws_(stream_seed(seed, "load")),
      queue_draws_(stream_seed(seed, "queue")),
      flow_seed_(stream_seed(seed, "flows")) {
  queue_state_ = queue_draws_.normal();
}

double Link::base_delay(double time) const {
  double delay = config_->delay;
  for (const auto& route : config_->routes)
    if (time >= route.at) delay = route.delay;
  return delay;
}

double Link::parallel(std::uint16_t port) {
  const auto& extra = config_->parallel;
  if (extra.empty()) return 0;
  const auto drawn = config_->by_packet ? packets_.next() : base::SeededRandom(flow_seed_ + port).next();
  return extra[static_cast<std::size_t>(drawn % extra.size())];
}

double Link::load(double time) {
  const auto& load = config_->load;
  if (load.queue.kind == Law::Kind::none) return 0;
  while (time >= load_until_) {
    loaded_ = !loaded_;
    const double least = std::max(kShortestLoad, loaded_ ? load.on : load.off);
    load_until_ += least * std::pow(load_draws_.uniform(), -1 / load.shape);
    load_level_ = loaded_ ? load.low + (load.high - load.low) * load_draws_.uniform() : 0;
  }
  return load_level_ > 0 ? load_level_ * packets_.of(load.queue) : 0;
}

double Link::queue(double time) {
  const auto& queue = config_->queue;
  if (queue.scale == 0) return 0;
  const double step = queue.constant / kQueueSteps;
  const double kept = std::exp(-1 / kQueueSteps);
  for (; time >= queue_time_ + step; queue_time_ += step)
    queue_state_ = kept * queue_state_ + std::sqrt(1 - kept * kept) * queue_draws_.normal();
  return queue.scale * std::max(0.0, queue_state_);
}

std::optional<double> Link::carry(double time, std::uint16_t port) {
  const auto& c = *config_;
  const bool lost = c.loss > 0 && packets_.uniform() < c.loss;
  double delay = base_delay(time) + packets_.of(c.jitter) + parallel(port) + load(time) + queue(time);
  if (c.spike_probability > 0 && packets_.uniform() < c.spike_probability) delay += packets_.of(c.spike);
  if (lost) return std::nullopt;
  return std::max(kLeastDelay, delay);
}

LinkPair::LinkPair(const PathConfig& config, std::uint64_t seed)
    : config_(&config),
      forward_(config.forward, stream_seed(seed, "forward")),
      backward_(config.backward, stream_seed(seed, "backward")) {}

std::optional<double> LinkPair::carry(bool backward, double time, std::uint16_t port) {
  if (std::ranges::any_of(config_->outages, [&](const Span& s) { return time >= s.from && time < s.until; }))
    return std::nullopt;
  return backward ? backward_.carry(time, port) : forward_.carry(time, port);
}

}  // namespace noonmark::sim
