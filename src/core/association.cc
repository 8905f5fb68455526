#include "core/association.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace noonmark::core {
namespace {

constexpr Duration kStampPatience = Duration::from_milliseconds(10);
constexpr std::uint32_t kFreshProblem =
    4;                                 // requests after which a problem that was not seen again is history
constexpr std::uint32_t kSilence = 3;  // unanswered requests before silence is called by its name
constexpr double kMaxRootError = 16;   // s, test 7: MAXDISP

constexpr std::uint32_t kiss_code(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

constexpr std::uint32_t kRate = kiss_code("RATE"), kDeny = kiss_code("DENY"), kRestrict = kiss_code("RSTR");

}  // namespace

bool is_kiss(const wire::Header& h) {
  return h.stratum == 0 &&
         (h.reference_id == kRate || h.reference_id == kDeny || h.reference_id == kRestrict);
}

std::optional<DropReason> judge_reply(const wire::Header& h) {
  if (h.receive.is_zero() || h.transmit.is_zero()) return DropReason::zero_timestamp;  // test 3
  const bool no_stratum = h.stratum == 0 || h.stratum >= wire::kMaxStratum;
  if (h.leap == wire::Leap::unknown || no_stratum) return DropReason::unsynchronized;  // test 6
  const bool impossible = h.root_delay.seconds() / 2 + h.root_dispersion.seconds() >= kMaxRootError;
  if (impossible || (h.transmit - h.reference) < Duration{}) return DropReason::bad_header;  // test 7
  return std::nullopt;
}

Association::Association(AssociationId id, const ServerConfig& config, std::int8_t precision)
    : precision_(std::exp2(precision)), filter_(precision_) {
  state_.id = id;
  reconfigure(config);
}

void Association::reconfigure(const ServerConfig& config) {
  state_.config = config;
  poll_.configure(config);
  state_.host_poll = poll_.host_poll();
  if (!config.preempt) out_ = false;
}

std::vector<Request> Association::restart(RawTime when) {
  AssociationState fresh;
  fresh.id = state_.id;
  fresh.config = state_.config;
  fresh.vpn = state_.vpn;
  fresh.source = state_.source;
  fresh.source_interface = state_.source_interface;
  fresh.scope = state_.scope;
  state_ = fresh;
  filter_.clear();
  held_.reset();
  last_transmit_.reset();
  problem_.reset();
  last_heard_.reset();
  denied_ = out_ = error_ = false;
  is_restarted_ = true;
  poll_.start(when);
  state_.host_poll = poll_.host_poll();
  if (source() == nullptr) poll_.stop();
  return {std::make_move_iterator(requests_.begin()),
          std::make_move_iterator(std::exchange(requests_, {}).end())};
}

std::vector<Request> Association::set_source(const std::variant<SourceChoice, Reason>& choice, RawTime when) {
  if (choice == source_) return {};
  const bool address_only = source() != nullptr && std::holds_alternative<SourceChoice>(choice);
  source_ = choice;
  if (const auto* place = source()) {
    state_.vpn = place->vpn;
    state_.source = place->address;
    state_.source_interface = place->interface_name;
    state_.scope = place->scope;
    if (address_only) return {};  // the next request goes from the new address; the samples stay good
  }
  return restart(when);
}

RawTime Association::next_deadline() const { return std::min(poll_.next(), next_expiry()); }

RawTime Association::next_expiry() const {
  RawTime next = kNever;
  for (const auto& r : requests_) next = std::min(next, r.expires);
  if (held_) next = std::min(next, held_->until);
  return next;
}

void Association::on_sent(const Request& request, Instant now, base::Random& random) {
  const bool was_reachable = state_.reach != 0;
  if (poll_.begins_poll()) {
    state_.reach = static_cast<std::uint8_t>(state_.reach << 1);
    if ((state_.reach & 0x07) == 0 && was_reachable)
      filter_.add_missing();  // RFC 5905 section 13.2: three polls missed
  }
  const bool reachable = state_.reach != 0;
  if (was_reachable && !reachable) take_error();
  poll_.on_sent(now.raw, reachable, state_.selectable, was_reachable && !reachable, random);
  state_.host_poll = poll_.host_poll();
  ++state_.sent;
  ++state_.unanswered;
  state_.last_sent = now.served;
  requests_.push_back(request);
}

std::vector<Request> Association::take_expired(Instant now) {
  std::vector<Request> expired;
  while (!requests_.empty() && requests_.front().expires <= now.raw) {
    expired.push_back(requests_.front());
    if (!expired.back().settled) record({.kind = Outcome::Kind::timed_out, .when = now.served});
    requests_.pop_front();
  }
  return expired;
}

std::optional<Request> Association::find_request(Timestamp origin) const {
  const auto it = std::ranges::find(requests_, origin, &Request::origin);
  if (it == requests_.end()) return std::nullopt;
  return *it;
}

/// The daemon's own stamp is a late one: the moment at which the request was made is nearer to its departure.
void Association::on_transmitted(TransmitId id, const Stamp& stamp, const Departure& departure) {
  state_.sent_from = departure.address;
  state_.sent_through = departure.interface_index;
  const auto take = [&](Request& r) {
    if (r.id != id || r.stamped) return;
    if (stamp.source != StampSource::daemon) r.sent = stamp.at;
    r.stamped = true;
  };
  std::ranges::for_each(requests_, take);
  if (held_) take(held_->request);
}

bool Association::on_send_error(TransmitId id, Reason reason, int error_number, Timestamp now) {
  if (!settle(id, {.kind = Outcome::Kind::send_failed, .reason = reason, .when = now})) return false;
  state_.send_errno = error_number;
  note_problem(reason);
  return true;
}

bool Association::settle(TransmitId id, const Outcome& outcome) {
  const auto request = std::ranges::find(requests_, id, &Request::id);
  if (request == requests_.end() || std::exchange(request->settled, true)) return false;
  record(outcome);
  return true;
}

void Association::record(const Outcome& outcome) {
  std::shift_right(state_.outcomes.begin(), state_.outcomes.end(), 1);
  state_.outcomes.front() = outcome;
}

void Association::note_problem(Reason reason) {
  problem_ = reason;
  problem_at_ = state_.sent;
  const bool authentication = reason == Reason::reply_without_mac || reason == Reason::reply_mac_wrong ||
                              reason == Reason::crypto_nak;
  if (authentication) take_error();
}

void Association::take_error() {
  if (!state_.config.preempt) return;
  out_ = error_ = true;
}

void Association::use_up(const Request& request, const wire::Header& header, const Instant& received) {
  std::erase_if(requests_, [&](const Request& r) { return r.id == request.id; });
  last_transmit_ = header.transmit;
  state_.last = header;
  state_.last.origin = request.sent.served;  // the random number on the wire would tell a reader nothing
  state_.destination = received.served;
  state_.last_heard = received.served;
  last_heard_ = received.raw;
  state_.answered = true;
  state_.unanswered = 0;
  ++state_.replies;
  state_.stratum =
      header.stratum == 0 || header.stratum > wire::kMaxStratum ? wire::kMaxStratum : header.stratum;
  state_.root_delay = header.root_delay.seconds();
  state_.root_dispersion = header.root_dispersion.seconds();
}

void Association::on_kiss(const Request& request, const wire::Header& header, RawTime now) {
  std::erase_if(requests_, [&](const Request& r) { return r.id == request.id; });
  last_transmit_ = header.transmit;
  state_.unanswered = 0;
  if (header.reference_id == kRate) {
    poll_.on_rate(header.poll, now);
    state_.host_poll = poll_.host_poll();
    note_problem(Reason::kiss_rate);
    return;
  }
  note_problem(header.reference_id == kDeny ? Reason::kiss_deny : Reason::kiss_restrict);
  denied_ = true;
  poll_.stop();
  filter_.clear();
  state_.reach = 0;
  take_error();
}

void Association::on_unfit_reply(const Request& request, const wire::Header& header, const Instant& received,
                                 Reason reason) {
  use_up(request, header, received);
  note_problem(reason);
  take_error();
}

void Association::on_reply(const Request& request, const wire::Header& header, const Instant& received,
                           RawTime now) {
  use_up(request, header, received);
  answered_.push_back(request.id);
  poll_.on_reply(state_.reach == 0, now);
  state_.reach |= 1;
  state_.host_poll = poll_.host_poll();
  problem_.reset();
  error_ = false;
  held_ = HeldReply{request, header, received, request.stamped ? now : now + kStampPatience};
}

std::optional<std::pair<Timestamp, RawTime>> Association::held_true_time() const {
  if (!held_) return std::nullopt;
  return std::pair{held_->header.transmit, held_->received.raw};
}

std::optional<Sample> Association::take_sample(Timestamp origin, double frequency, double correction,
                                               RawTime now) {
  if (!held_ || (!held_->request.stamped && now < held_->until)) return std::nullopt;
  const HeldReply reply = *std::exchange(held_, std::nullopt);
  // RFC 5905 section 8, on the raw scale: T1 and T4 are readings of the uncorrected oscillator.
  const RawTime t1 = reply.request.sent.raw, t4 = reply.received.raw;
  const auto outbound = (reply.header.receive - (origin + t1.since_start())).seconds();
  const auto inbound = (reply.header.transmit - (origin + t4.since_start())).seconds();
  const double elapsed = (t4 - t1).seconds();
  const double at_server = (reply.header.transmit - reply.header.receive).seconds();
  if (elapsed < 0 || at_server < 0 || at_server > elapsed + 1) {
    note_problem(Reason::reply_invalid);
    return std::nullopt;
  }
  Sample sample;
  sample.at = t1 + (t4 - t1) / 2;
  sample.offset = (outbound + inbound) / 2;
  sample.delay = std::max(elapsed * (1 + frequency) - at_server, precision_);
  sample.dispersion = std::exp2(reply.header.precision) + precision_ + kDispersionRate * elapsed;
  filter_.add(sample);
  record({.kind = Outcome::Kind::accepted,
          .when = reply.received.served,
          .offset = sample.offset - correction,
          .delay = sample.delay});
  return sample;
}

void Association::adapt_poll(double growth, double surprise, RawTime now) {
  poll_.adapt(growth, surprise, now);
  state_.host_poll = poll_.host_poll();
}

bool Association::is_duplicate(const wire::Header& header) const {
  return last_transmit_ && !header.transmit.is_zero() && header.transmit == *last_transmit_;
}

bool Association::is_silent() const { return state_.unanswered >= kSilence; }

Reason Association::why_silent() const {
  if (has_fresh_problem()) return *problem_;
  return state_.config.key_id != 0 ? Reason::no_reply_signed : Reason::no_reply;
}

bool Association::has_fresh_problem() const { return problem_ && state_.sent - problem_at_ < kFreshProblem; }

std::optional<Reason> Association::own_verdict() const {
  if (const auto* reason = std::get_if<Reason>(&source_)) return *reason;
  if (denied_) return problem_;
  if (problem_ == Reason::myself) return problem_;
  if (is_answering()) return std::nullopt;
  if (!is_silent() && !has_fresh_problem()) return Reason::waiting_for_reply;
  return why_silent();
}

void Association::refresh(RawTime now, const ClockRate& rate, double correction) {
  for (std::size_t i = 0; i < ClockFilter::kStages; ++i) {
    auto& shown = state_.filter[i];
    shown = {};
    if (const auto stage = filter_.stage(i)) {
      const double age = (now - stage->at).seconds();
      shown = {stage->offset + rate.frequency * age - correction, stage->delay,
               std::min(stage->dispersion + kDispersionRate * age, kMaxDispersion)};
    }
  }
  const auto output = filter_.output(now, rate.frequency, rate.error);
  if (!output) {
    state_.offset = state_.delay = state_.jitter = 0;
    state_.dispersion = state_.root_distance = kMaxDispersion;
    return;
  }
  state_.offset = output->offset + rate.frequency * (now - output->at).seconds() - correction;
  state_.delay = output->delay;
  state_.dispersion = output->dispersion;
  state_.jitter = output->jitter;
  // RFC 5905, A.5.5.2 root_dist(); the filter's dispersion is already aged.
  state_.root_distance =
      (state_.root_delay + state_.delay) / 2 + state_.root_dispersion + state_.dispersion + state_.jitter;
}

}  // namespace noonmark::core
