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

constexpr std::uint8_t kLastPolls = 0x07;  // of the reach register: none answered, an exchange is begun anew
constexpr std::uint32_t kInterleavedRequests = 4;  // between two replies: the timestamps get old
constexpr Duration kLostBroadcast =
    Duration::from_seconds(1);         // RFC 9769: a larger difference is a lost packet
constexpr double kMissingAfter = 1.5;  // intervals, until what the other side sends unasked counts as missing

constexpr std::uint32_t kRate = kiss_code("RATE"), kDeny = kiss_code("DENY"), kRestrict = kiss_code("RSTR");

/// The bits below the clock's precision are random: who does not see our packets cannot guess their
/// timestamps (RFC 5905 section 6).
Timestamp below_precision(Timestamp time, int precision, base::Random& random) {
  const int bits = std::clamp(32 + precision, 1, 31);
  const auto mask = (std::uint64_t{1} << bits) - 1;
  const auto raw = (time.raw() & ~mask) | (random.next() & mask);
  return Timestamp::from_raw(raw == 0 ? 1 : raw);
}

}  // namespace

bool is_kiss(const wire::Header& h) {
  return h.stratum == 0 &&
         (h.reference_id == kRate || h.reference_id == kDeny || h.reference_id == kRestrict);
}

std::optional<DropReason> judge_reply(const wire::Header& h, bool is_interleaved) {
  if (h.receive.is_zero() || h.transmit.is_zero()) return DropReason::zero_timestamp;  // test 3
  const bool no_stratum = h.stratum == 0 || h.stratum >= wire::kMaxStratum;
  if (h.leap == wire::Leap::unknown || no_stratum) return DropReason::unsynchronized;  // test 6
  const bool impossible = h.root_delay.seconds() / 2 + h.root_dispersion.seconds() >= kMaxRootError;
  // Interleaved, the transmit timestamp is that of an earlier packet.
  const bool is_early = !is_interleaved && (h.transmit - h.reference) < Duration{};
  if (impossible || is_early) return DropReason::bad_header;  // test 7
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
  fresh.group = state_.group;
  fresh.last_local = state_.last_local;
  fresh.vpn = state_.vpn;
  fresh.source = state_.source;
  fresh.source_interface = state_.source_interface;
  fresh.scope = state_.scope;
  state_ = fresh;
  filter_.clear();
  held_.reset();
  last_transmit_.reset();
  last_receive_ = {};
  turn_.reset();
  choice_ = {};
  heard_.reset();
  has_heard_ = was_only_answer_ = peer_interleaves_ = false;
  answers_ = 0;
  last_sent_.reset();
  broadcast_delay_.reset();
  last_broadcast_.reset();
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
  // The other side sets the pace of a passive session. Two of our packets between two of its would end the
  // interleaved mode (RFC 9769 section 3).
  if (mode() == AssociationMode::passive) poll_.answer_at(now.raw + (poll_.next() - now.raw) * kMissingAfter);
  state_.host_poll = poll_.host_poll();
  ++state_.sent;
  ++state_.unanswered;
  state_.last_sent = now.served;
  last_sent_ = now.raw;
  has_heard_ = false;
  ++answers_;
  requests_.push_back(request);
}

std::vector<Request> Association::take_superseded(Instant now) {
  std::vector<Request> old;
  while (requests_.size() > 1) {
    old.push_back(requests_.front());
    if (!old.back().settled) record({.kind = Outcome::Kind::timed_out, .when = now.served});
    requests_.pop_front();
  }
  return old;
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

std::optional<Match> Association::find_request(Timestamp origin) const {
  const auto is_asked = [&](const Request& r) {
    return r.origin == origin || r.interleaved_origin == origin;
  };
  const auto it = origin.is_zero() ? requests_.end() : std::ranges::find_if(requests_, is_asked);
  if (it == requests_.end()) return std::nullopt;
  return Match{*it, it->origin != origin};
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
  if (!requests_.empty() && requests_.back().id == id && stamp.source != StampSource::daemon)
    last_sent_ = stamp.at.raw;
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
  take_packet(header, received);
  state_.last.origin = request.sent.served;  // the random number on the wire would tell a reader nothing
}

void Association::take_packet(const wire::Header& header, const Instant& received) {
  last_transmit_ = header.transmit;
  last_receive_ = header.receive;
  state_.last = header;
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

void Association::on_reply(const Match& match, const wire::Header& header, const Instant& received,
                           RawTime now) {
  const Request& request = match.request;
  const bool was_refused =
      mode() == AssociationMode::client && !match.is_interleaved && !request.interleaved_origin.is_zero();
  if (was_refused) choice_.on_refused();
  use_up(request, header, received);
  answered_.push_back(request.id);
  poll_.on_reply(state_.reach == 0, now);
  if (is_symmetric()) poll_.on_peer_poll(header.poll);
  state_.reach |= 1;
  state_.host_poll = poll_.host_poll();
  problem_.reset();
  error_ = false;
  held_ = HeldReply{request, match.is_interleaved, header, received,
                    request.stamped ? now : now + kStampPatience};
}

bool Association::on_peer_packet(const wire::Header& header, const Instant& received, bool is_valid,
                                 bool is_interleaved) {
  const bool works = (state_.reach & kLastPolls) != 0;
  const bool is_older = heard_ && (header.transmit - heard_->transmit) <= Duration{};
  if (!is_valid && (works || has_heard_ || is_older)) return false;
  heard_ = Heard{header.transmit, header.receive, received.raw};
  if (!is_valid) return true;
  has_heard_ = true;
  was_only_answer_ = answers_ == 1;
  answers_ = 0;
  peer_interleaves_ = peer_interleaves_ || is_interleaved;
  return true;
}

bool Association::asks_interleaved() const {
  return mode() == AssociationMode::client && choice_.asks() && turn_ &&
         state_.unanswered < kInterleavedRequests;
}

/// RFC 9769 section 3: the three conditions, under which neither side can mistake one packet for another.
bool Association::answers_interleaved() const {
  return (state_.config.interleaved || peer_interleaves_) && has_heard_ && answers_ == 0 &&
         was_only_answer_ && last_sent_ && !heard_->receive.is_zero();
}

wire::Header Association::compose(const ServerView& system, const ClockRate& rate, Instant now,
                                  bool may_interleave, base::Random& random) const {
  wire::Header header;
  header.leap = wire::Leap::none;
  header.version = state_.config.version;
  header.poll = state_.host_poll;
  const auto nonce = [&] {
    const auto value = random.next();
    return Timestamp::from_raw(value == 0 ? 1 : value);
  };
  if (!is_symmetric()) {
    header.transmit = nonce();
    if (!may_interleave || !asks_interleaved()) return header;
    header.origin = turn_->received_there;
    header.receive = Timestamp::from_raw(~header.transmit.raw());  // as secret as that one, and another one
    return header;
  }
  // Not the exact time: a local clock's reference timestamp must not be later (test 7 of the other side).
  header.transmit = below_precision(now.served, system.precision, random);
  describe_system(system, header.transmit, now.served, header);
  header.mode =
      mode() == AssociationMode::active ? wire::Mode::symmetric_active : wire::Mode::symmetric_passive;
  // Moments that passed are told by the clock of now: between them and now it may have been corrected.
  const auto served_at = [&](RawTime moment) {
    const Duration ago = now.raw - moment;
    return now.served - (ago + ago * rate.frequency);
  };
  if (heard_) {
    header.origin = heard_->transmit;
    header.receive = served_at(heard_->at);
  }
  if (answers_interleaved()) {
    header.origin = heard_->receive;
    header.transmit = served_at(*last_sent_);
  }
  if (header.transmit == header.receive) header.transmit = header.transmit + Duration::from_raw(1);
  return header;
}

std::optional<std::pair<Timestamp, RawTime>> Association::held_true_time() const {
  if (!held_ || held_->is_interleaved) return std::nullopt;
  return std::pair{held_->header.transmit, held_->received.raw};
}

/// RFC 5905 section 8, on the raw scale: T1 and T4 are readings of the uncorrected oscillator. None:
/// impossible.
std::optional<Sample> Association::sample_of(const Turn& turn, Timestamp transmit, int remote_precision,
                                             Timestamp origin, double frequency) const {
  const auto outbound = (turn.received_there - (origin + turn.sent.since_start())).seconds();
  const auto inbound = (transmit - (origin + turn.received.since_start())).seconds();
  const double elapsed = (turn.received - turn.sent).seconds();
  const double there = (transmit - turn.received_there).seconds();
  if (elapsed < 0 || there < 0 || there > elapsed + 1) return std::nullopt;
  return Sample{.at = turn.sent + (turn.received - turn.sent) / 2,
                .offset = (outbound + inbound) / 2,
                .delay = std::max(elapsed * (1 + frequency) - there, precision_),
                .dispersion = std::exp2(remote_precision) + precision_ + kDispersionRate * elapsed};
}

std::optional<Sample> Association::take_sample(Timestamp origin, const ClockRate& rate, double correction,
                                               RawTime now) {
  if (!held_ || (!held_->request.stamped && now < held_->until)) return std::nullopt;
  const HeldReply reply = *std::exchange(held_, std::nullopt);
  const Turn turn{reply.request.sent.raw, reply.header.receive, reply.received.raw, !reply.is_interleaved};
  const auto previous = std::exchange(turn_, turn);
  if (reply.is_interleaved && (!previous || previous->is_used)) return std::nullopt;
  auto sample = sample_of(reply.is_interleaved ? *previous : turn, reply.header.transmit,
                          reply.header.precision, origin, rate.frequency);
  if (!sample) {
    note_problem(Reason::reply_invalid);
    return std::nullopt;
  }
  if (reply.is_interleaved) {
    const double age = bring_up(*sample, turn.sent + (turn.received - turn.sent) / 2, rate);
    choice_.on_interleaved(sample->delay, precision_ + rate.error * age);
  } else {
    choice_.on_basic(sample->delay);
  }
  state_.interleaved = reply.is_interleaved;
  accept(*sample, reply.received.served, correction);
  if (mode() == AssociationMode::broadcast_client) learn_delay(now);
  return sample;
}

/// A sample of an earlier moment counts as of `at`, by the rate that is known. Gives its age, s.
double Association::bring_up(Sample& sample, RawTime at, const ClockRate& rate) {
  const double age = (at - sample.at).seconds();
  sample.offset += rate.frequency * age;
  sample.dispersion += rate.error * age;
  sample.at = at;
  return age;
}

void Association::accept(const Sample& sample, Timestamp when, double correction) {
  filter_.add(sample);
  record({.kind = Outcome::Kind::accepted,
          .when = when,
          .offset = sample.offset - correction,
          .delay = sample.delay});
}

/// Enough answers to the volley: from now on the broadcasts suffice.
void Association::learn_delay(RawTime now) {
  if (state_.replies < static_cast<std::uint32_t>(PollProcess::kWantedReplies)) return;
  const auto output = filter_.output(now, 0);
  if (!output) return;
  broadcast_delay_ = output->delay;
  await_broadcast(now);
}

void Association::await_broadcast(RawTime now) {
  poll_.answer_at(now + Duration::from_exponent(state_.host_poll) * kMissingAfter);
}

std::optional<Sample> Association::on_broadcast(const wire::Header& header, const Instant& received,
                                                Timestamp origin, const ClockRate& rate, double correction) {
  const auto before = std::exchange(last_broadcast_, Broadcast{header.transmit, received.raw});
  state_.host_poll = std::clamp<std::int8_t>(header.poll, 3, 17);
  if (!broadcast_delay_) {
    last_transmit_ = header.transmit;
    return std::nullopt;
  }
  take_packet(header, received);
  state_.reach = static_cast<std::uint8_t>(state_.reach << 1 | 1);
  problem_.reset();
  await_broadcast(received.raw);
  Broadcast measured = *last_broadcast_;
  if (!header.origin.is_zero() && before) {  // RFC 9769 section 4
    const Duration difference = header.origin - before->transmit;
    if (difference > kLostBroadcast || -difference > kLostBroadcast) return std::nullopt;
    measured = {header.origin, before->received};
  }
  Sample sample{.at = measured.received,
                .offset = (measured.transmit - (origin + measured.received.since_start())).seconds() +
                          *broadcast_delay_ / 2,
                .delay = *broadcast_delay_,
                .dispersion = std::exp2(header.precision) + precision_};
  bring_up(sample, received.raw, rate);
  state_.interleaved = measured.transmit != last_broadcast_->transmit;
  accept(sample, received.served, correction);
  return sample;
}

void Association::on_missing_broadcast(Instant now) {
  state_.reach = static_cast<std::uint8_t>(state_.reach << 1);
  ++state_.unanswered;
  await_broadcast(now.raw);
}

void Association::adapt_poll(double growth, double surprise, RawTime now) {
  poll_.adapt(growth, surprise, now);
  state_.host_poll = poll_.host_poll();
}

bool Association::is_duplicate(const wire::Header& header) const {
  return last_transmit_ && !header.transmit.is_zero() && header.transmit == *last_transmit_ &&
         header.receive == last_receive_;  // RFC 9769: interleaved, the transmit timestamp may come twice
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
  if (mode() == AssociationMode::broadcast_client && !is_listening()) return Reason::measuring_delay;
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
