#include "sim/ideal_server.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "wire/packet.h"

namespace noonmark::sim {
namespace {

constexpr std::int8_t kPrecision = -24;          // log2 s
constexpr double kAnnounced = 86400;             // s before a leap second that servers announce it
constexpr std::uint32_t kGps = 0x47505300;       // reference id "GPS"
constexpr std::uint32_t kRate = 0x52415445;      // kiss code "RATE", RFC 5905 section 7.4
constexpr std::uint32_t kUpstream = 0xC6336401;  // 198.51.100.1: whom a server of a lower stratum follows

wire::Leap true_leap(const TrueTime& truth, double time) {
  if (!truth.leap) return wire::Leap::none;
  const double left = truth.leap->at - (static_cast<double>(truth.epoch) + time);
  if (left <= 0 || left > kAnnounced) return wire::Leap::none;
  return truth.leap->change < 0 ? wire::Leap::insert : wire::Leap::remove;
}

}  // namespace

IdealServer::IdealServer(const ServerConfig& config, const TrueTime& truth, const core::Endpoint& self,
                         std::uint64_t seed)
    : config_(&config), truth_(&truth), self_(self), draws_(seed) {}

double IdealServer::error_at(double time) {
  const auto& c = *config_;
  double error = c.offset + c.drift * time;
  for (const auto& step : c.steps)
    if (time >= step.at) error += step.by;
  if (c.wobble.amplitude > 0)
    error += c.wobble.amplitude * std::sin(2 * std::numbers::pi * time / c.wobble.period);
  if (c.noise > 0) error += c.noise * draws_.normal();
  return error;
}

bool IdealServer::is_absent(double time) const {
  return std::ranges::any_of(config_->absences,
                             [&](const Span& s) { return time >= s.from && time < s.until; });
}

bool IdealServer::is_too_fast(const IpAddress& client, double time) {
  if (config_->rate_limit == 0) return false;
  const auto [it, fresh] = last_requests_.try_emplace(client, time);
  const double last = std::exchange(it->second, time);
  return !fresh && time - last < config_->rate_limit;
}

Timestamp IdealServer::shown_at(double time, double error) const {
  const auto missed = config_->steps_at_leap ? 0 : -truth_->leap_offset(time);
  return truth_->at(time) + Duration::from_seconds(missed) + Duration::from_seconds(error);
}

std::optional<core::Transmit> IdealServer::answer(const core::Transmit& request, double time) {
  if (is_absent(time)) return std::nullopt;
  const auto packet = wire::decode(request.bytes(), nullptr, nullptr);
  if (!packet) return std::nullopt;
  const bool is_peer = packet->header.mode == wire::Mode::symmetric_active;
  if (!is_peer && packet->header.mode != wire::Mode::client) return std::nullopt;
  const double error = error_at(time);
  const bool synchronized = config_->stratum < wire::kMaxStratum;
  wire::Header reply;
  reply.leap = config_->leap ? static_cast<wire::Leap>(*config_->leap) : true_leap(*truth_, time);
  reply.version = packet->header.version;
  reply.mode = is_peer ? wire::Mode::symmetric_passive : wire::Mode::server;
  reply.stratum = synchronized ? config_->stratum : std::uint8_t{0};
  reply.poll = packet->header.poll;
  reply.precision = kPrecision;
  reply.root_delay = core::ShortDuration::from_seconds(config_->root_delay);
  reply.root_dispersion = core::ShortDuration::from_seconds(config_->root_dispersion);
  reply.reference_id = config_->stratum == 1 ? kGps : kUpstream;
  reply.reference = shown_at(time - std::fmod(time, 16), error);
  reply.origin = packet->header.transmit;
  reply.receive = shown_at(time, error);
  reply.transmit = shown_at(time + config_->turnaround, error);
  if (is_too_fast(request.local.address, time)) {
    reply.stratum = 0;
    reply.leap = wire::Leap::unknown;
    reply.reference_id = kRate;
  }
  core::Transmit out;
  out.purpose = core::Transmit::Purpose::reply;
  out.local = self_;
  out.remote = request.local;
  wire::encode(reply, std::span(out.data).first<wire::kHeaderSize>());
  out.size = wire::kHeaderSize;
  return out;
}

}  // namespace noonmark::sim
