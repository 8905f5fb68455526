#include "core/system_process.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/estimator/constants.h"
#include "core/reference_id.h"

namespace noonmark::core {
namespace {

static_assert(kMaxFeeding == ClockEstimator::kMaxFeeding);

constexpr double kLocalDispersion = 0.010;     // s, of a local clock
constexpr std::uint8_t kWorstSelectable = 14;  // a source of stratum 15 would make us 16
constexpr double kMaxOscillator = 1000e-6;     // s/s: no clock is that wrong
constexpr int kSamplesToTrust = 4;             // before them one that met a queue could be all there is
constexpr double kStartPatience = 5;           // s, of the first source to be fit, for the others
constexpr double kReachPolls = 8;              // without a reply, until a source is lost
constexpr std::size_t kUnsyncEvents = 10;
constexpr double kLongestAge = 365 * 86400.0;  // s, of a saved clock

bool is_plausible(const SavedClock& saved) {
  constexpr double kMaxSavedFrequency = 500e-6;  // s/s
  return std::abs(saved.frequency) <= kMaxSavedFrequency && saved.frequency_deviation > 0 &&
         std::isfinite(saved.frequency_deviation) && saved.wander >= 0 && std::isfinite(saved.wander);
}

/// What the run before learned, less sure with every hour since; else what the clock corrects already.
ClockEstimator::Prior prior_of(const Environment& environment, std::int64_t now) {
  ClockEstimator::Prior prior;
  if (std::isfinite(environment.initial_frequency)) prior.frequency = environment.initial_frequency;
  if (!environment.saved || !is_plausible(*environment.saved)) return prior;
  const SavedClock& saved = *environment.saved;
  const double age = std::clamp(static_cast<double>(now - saved.saved_at), 0.0, kLongestAge);
  const double deviation = std::hypot(saved.frequency_deviation, saved.wander * std::sqrt(age));
  return {.frequency = saved.frequency,
          .frequency_deviation = std::min(deviation, prior.frequency_deviation),
          .wander = saved.wander};
}

Reason reason_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::falseticker: return Reason::falseticker;
    case Verdict::no_majority: return Reason::no_majority;
    case Verdict::outlier: return Reason::outlier;
    case Verdict::survivor: return Reason::survivor;
    case Verdict::system_peer: return Reason::system_peer;
  }
  return Reason::falseticker;
}

/// Survived the intersection.
bool survived(Verdict v) {
  return v == Verdict::outlier || v == Verdict::survivor || v == Verdict::system_peer;
}

/// Sources that an error put out (preempt) come back only when nobody else is left and the error is gone.
std::vector<Association*> eligible(std::vector<Association*> fit) {
  std::vector<Association*> in;
  for (auto* a : fit)
    if (!a->is_out()) in.push_back(a);
  if (!in.empty()) return in;
  for (auto* a : fit) {
    if (!a->is_out_error_gone()) continue;
    a->bring_back();
    in.push_back(a);
  }
  return in;
}

/// One server has one vote, however it is reached: the first of its sessions, which is a configured one if it
/// has any.
std::vector<Association*> one_of_each_server(const std::vector<Association*>& fit) {
  std::set<std::tuple<IpAddress, std::string_view, std::uint32_t>> servers;
  std::vector<Association*> firsts;
  for (auto* a : fit) {
    const auto& key = a->config().key;
    if (servers.emplace(key.address, key.vpn, a->state().scope).second) {
      firsts.push_back(a);
      continue;
    }
    a->state().reason = Reason::another_session;
    a->state().candidate = false;
  }
  return firsts;
}

bool is_beyond_limit(Reason reason) {
  return reason == Reason::offset_limit || reason == Reason::before_build_date;
}

UnsyncReason unsync_reason_of(Reason reason) {
  switch (reason) {
    case Reason::reply_without_mac:
    case Reason::reply_mac_wrong:
    case Reason::crypto_nak: return UnsyncReason::authentication_failure;
    case Reason::key_missing:
    case Reason::key_not_reliable: return UnsyncReason::authentication_configuration_changed;
    case Reason::kiss_deny:
    case Reason::kiss_restrict: return UnsyncReason::kod_deny_received;
    case Reason::server_unsynchronized:
    case Reason::stratum_too_high:
    case Reason::distance_exceeded:
    case Reason::loop: return UnsyncReason::peer_clock_unsynchronized;
    case Reason::vpn_unknown: return UnsyncReason::vpn_change_detected;
    case Reason::interface_unknown:
    case Reason::interface_ambiguous:
    case Reason::interface_down:
    case Reason::interface_without_address:
    case Reason::interface_in_other_vpn: return UnsyncReason::source_interface_unavailable;
    case Reason::falseticker:
    case Reason::no_majority: return UnsyncReason::selection_excessive_falsetickers;
    default: return UnsyncReason::peer_reachability_lost;
  }
}

}  // namespace

SystemProcess::SystemProcess(const Environment& environment, Instant now)
    : environment_(environment),
      origin_(now.served - now.raw.since_start()),
      estimator_(prior_of(environment, now.served.unix_seconds_near(environment.build_date))),
      steering_(environment.build_date),
      commanded_(environment.initial_frequency) {
  state_.precision = environment.precision;
  const SavedClock known = estimator_.save(now.raw);
  state_.frequency = known.frequency;
  rate_ = {known.frequency, kDeviations * known.frequency_deviation};
}

void SystemProcess::expect(const Association& association) {
  if (!environment_.saved) return;
  const auto& sources = environment_.saved->sources;
  const auto known = std::ranges::find(sources, association.config().key, &SavedSource::server);
  if (known != sources.end()) estimator_.expect(association.id(), *known);
}

void SystemProcess::set_network(const NetworkView& view) {
  own_reference_ids_.clear();
  for (const auto& interface : view.interfaces)
    for (const auto& a : interface.addresses)
      own_reference_ids_.push_back({reference_id_of(a.address), a.address.is_loopback()});
}

/// The server's reference ID names one of our own addresses. Loopback is everybody's address, so there it
/// tells something only of a server on loopback.
bool SystemProcess::follows_us(const AssociationState& server) const {
  return server.stratum > 1 && std::ranges::any_of(own_reference_ids_, [&](const OwnReferenceId& own) {
           return own.id == server.last.reference_id &&
                  (!own.loopback || server.config.key.address.is_loopback());
         });
}

std::optional<Reason> SystemProcess::unfit_but_for_distance(const AssociationState& s,
                                                            const NtpConfig& config, const KeyTable& keys,
                                                            Instant now) const {
  if (!s.may_be_followed) return Reason::access_denied;
  if (s.stratum > kWorstSelectable) return Reason::stratum_too_high;
  if (follows_us(s)) return Reason::loop;
  if (config.authentication_enabled) {
    if (s.config.key_id == 0) return Reason::key_missing;
    const Key* key = keys.find(s.config.key_id);
    if (key == nullptr || !key->is_reliable()) return Reason::key_not_reliable;
  }
  if (config.offset_limit > 0 && !is_limit_waived_ && std::abs(s.offset) > config.offset_limit)
    return Reason::offset_limit;
  const auto served = static_cast<double>(now.served.unix_seconds_near(environment_.build_date));
  if (served + s.offset < static_cast<double>(environment_.build_date)) return Reason::before_build_date;
  return std::nullopt;
}

/// Why an association that answers may still not take part in the selection (RFC 5905, A.5.5.3 fit()); none:
/// it may.
std::optional<Reason> SystemProcess::unfit(const Association& association, const NtpConfig& config,
                                           const KeyTable& keys, Instant now) const {
  const auto& s = association.state();
  if (const auto reason = unfit_but_for_distance(s, config, keys, now)) return reason;
  const auto source = estimator_.source(association.id(), now.raw);
  const bool is_young = !source || source->samples < kSamplesToTrust;
  if (is_young || s.replies < static_cast<std::uint32_t>(kSamplesToTrust))
    return association.is_silent() ? association.why_silent() : Reason::collecting_samples;
  if (s.root_distance <= config.max_distance) return std::nullopt;
  return association.is_silent() ? association.why_silent() : Reason::distance_exceeded;
}

/// The correctness interval of a source is its offset +- root_distance: half of what the packets travel, all
/// the way from the reference clock, what the servers there do not know, and what is noise.
void SystemProcess::measure(Association& association, Instant now) const {
  auto& s = association.state();
  const auto source = estimator_.source(association.id(), now.raw);
  if (!source) return;
  const double age = std::max(0.0, (now.raw - association.last_heard()).seconds());
  const double precisions = std::exp2(s.last.precision) + std::exp2(environment_.precision);
  s.offset = source->offset - correction(now);
  s.root_distance = (s.root_delay + source->min_delay) / 2 + s.root_dispersion + kDispersionRate * age +
                    precisions + kDeviations * source->offset_deviation;
  const double asymmetry = source->asymmetry + estimator::kAsymmetry * s.root_delay;
  s.likely_error =
      std::min(s.root_distance, s.root_dispersion + precisions +
                                    kDeviations * std::hypot(source->offset_deviation, asymmetry));
}

Reason SystemProcess::judge_probe(const Association& probed, const NtpConfig& config, const KeyTable& keys,
                                  Instant now) const {
  if (const auto reason = probed.own_verdict()) return *reason;
  const auto& s = probed.state();
  if (const auto reason = unfit_but_for_distance(s, config, keys, now)) return *reason;
  // Without the filter's dispersion: that of empty stages would say more of the probe than of the server.
  const double distance = (s.root_delay + s.delay) / 2 + s.root_dispersion + s.jitter;
  return distance > config.max_distance ? Reason::distance_exceeded : Reason::usable;
}

SystemProcess::Field SystemProcess::judge(Associations associations, const NtpConfig& config,
                                          const KeyTable& keys, Instant now) {
  Field field;
  std::vector<Association*> fit;
  for (const auto& a : associations) {
    auto& s = a->state();
    auto verdict = a->own_verdict();
    const bool answers = !verdict;
    if (answers) {
      measure(*a, now);
      verdict = unfit(*a, config, keys, now);
    }
    s.sane = answers && verdict != Reason::loop && verdict != Reason::stratum_too_high;
    s.selectable = s.selected = s.system_peer = false;
    if (!verdict) {
      fit.push_back(a.get());
      continue;
    }
    s.reason = *verdict;
    s.candidate = false;
    if (verdict == Reason::collecting_samples) field.growing.push_back(a.get());
    if (state_.system_peer == a->id()) field.peer_problem = verdict;
    const bool is_measured = s.replies >= static_cast<std::uint32_t>(kSamplesToTrust);
    if (!field.hold && is_measured && is_beyond_limit(*verdict))
      field.hold = Hold{.reason = *verdict, .offset = s.offset};
  }
  if (!fit.empty() || !field.growing.empty()) field.hold.reset();
  fit = one_of_each_server(fit);
  field.contenders = eligible(fit);
  for (auto* a : fit) {
    if (!a->is_out()) continue;
    a->state().reason = Reason::preempted;
    a->state().candidate = false;
  }
  std::vector<Contender> contenders;
  std::optional<std::size_t> current;
  for (const auto* a : field.contenders) {
    const auto& s = a->state();
    if (state_.system_peer == a->id()) current = contenders.size();
    contenders.push_back({.offset = s.offset,
                          .bound = s.root_distance,
                          .likely = s.likely_error,
                          .stratum = s.stratum,
                          .preference = s.config.preference,
                          .is_feeding = s.candidate});
  }
  field.selection = select(contenders, current);
  take_verdicts(field);
  if (awaits_others(field, now.raw)) {
    put_off(field, now.raw);
    return field;
  }
  if (field.selection.system_peer) field.peer = field.contenders[*field.selection.system_peer];
  for (const std::size_t i : field.selection.feeding) {
    field.feeding.push_back(field.contenders[i]);
    field.feeding.back()->state().candidate = true;
  }
  for (const auto* a : field.contenders)
    if (state_.system_peer == a->id() && !a->state().selected) field.peer_problem = a->state().reason;
  return field;
}

/// The first to be measured may be the one that is wrong: it does not set the clock alone while others
/// answer. For a moment all of them are waited for, then until most of them agree as far as is known. The
/// wait ends with a sample, or when the others fall silent, so nothing has to be timed.
bool SystemProcess::awaits_others(const Field& field, RawTime now) {
  if (steering_.has_been_set() || field.growing.empty() || field.contenders.empty()) return false;
  if (!first_fit_) first_fit_ = now;
  if ((now - *first_fit_).seconds() < kStartPatience) return true;
  const auto& agreement = field.selection.agreement;
  const auto may_agree = [&](const Association* a) {
    const auto& s = a->state();
    return s.offset - s.root_distance <= agreement.high && s.offset + s.root_distance >= agreement.low;
  };
  const auto agreeing =
      agreement.agreeing + static_cast<std::size_t>(std::ranges::count_if(field.growing, may_agree));
  return 2 * agreeing <= field.contenders.size() + field.growing.size();
}

/// The others are asked at once rather than at their next poll.
void SystemProcess::put_off(const Field& field, RawTime now) const {
  for (auto* a : field.contenders)
    if (a->state().selected) a->state().reason = Reason::awaiting_others;
  for (auto* a : field.growing)
    if (a->next_deadline() > now + PollProcess::kBurstGap) a->confirm(now);
}

void SystemProcess::take_verdicts(const Field& field) {
  state_.agreement = field.selection.agreement;
  for (std::size_t i = 0; i < field.contenders.size(); ++i) {
    auto& s = field.contenders[i]->state();
    s.selectable = true;
    s.reason = reason_of(field.selection.verdicts[i]);
    s.selected = survived(field.selection.verdicts[i]);
    s.candidate = false;
  }
}

/// What was learned goes to the clock's estimate.
void SystemProcess::absorb(const Field& field, Association* fresh, Instant now) {
  feeding_.clear();
  for (const auto* a : field.feeding) feeding_.push_back(a->id());
  estimator_.absorb(feeding_);
  for (std::size_t i = 0; i < field.contenders.size(); ++i)
    if (field.selection.verdicts[i] == Verdict::falseticker) estimator_.distrust(field.contenders[i]->id());
  if (const auto clock = estimator_.estimate(now.raw)) {
    rate_ = {clock->frequency, kDeviations * clock->frequency_deviation};
    state_.frequency = clock->frequency;
  }
  if (fresh == nullptr) return;
  if (fresh->state().candidate) {
    const auto shares = static_cast<double>(feeding_.size());
    horizon_ = estimator_.is_starting() ? kMinSlewTime : std::exp2(fresh->state().host_poll) / shares;
  }
  if (!estimator_.is_starting()) adapt_polls(field, *fresh, now);
}

/// A source that does not feed the clock is asked less and less often.
void SystemProcess::adapt_polls(const Field& field, Association& fresh, Instant now) const {
  if (!fresh.state().candidate) return fresh.adapt_poll(1, 0, now.raw);
  const double surprise = estimator_.surprise();
  fresh.adapt_poll(estimator_.growth(fresh.id(), horizon_), surprise, now.raw);
  for (auto* a : field.feeding) {
    if (estimator_.needs_confirmation()) a->confirm(now.raw);
    if (surprise > kSurprise && a != &fresh) a->adapt_poll(1, surprise, now.raw);
  }
}

/// A source that runs away as no oscillator does was set or slewed while it was sampled: its samples tell
/// nothing.
void SystemProcess::doubt(Association& fresh, Instant now) {
  const auto source = estimator_.source(fresh.id(), now.raw);
  if (!source || std::abs(source->frequency) <= kMaxOscillator) return;
  estimator_.forget(fresh.id());
  fresh.confirm(now.raw);
}

void SystemProcess::take_votes(const Field& field, Instant now) {
  if (field.feeding.empty()) return;
  LeapVotes votes{.voters = field.feeding.size()};
  for (const auto* a : field.feeding) {
    votes.inserts += a->state().last.leap == wire::Leap::insert ? 1 : 0;
    votes.deletes += a->state().last.leap == wire::Leap::remove ? 1 : 0;
  }
  leap_.take_votes(votes, unix_time(now));
}

void SystemProcess::update(Associations associations, const NtpConfig& config, const KeyTable& keys,
                           Association* fresh, const std::optional<Sample>& sample, Instant now,
                           Outbox& out) {
  limits_ = {.policy = config.step_policy,
             .offset_limit = is_limit_waived_ ? 0 : config.offset_limit,
             .max_frequency = environment_.max_frequency};
  max_distance_ = config.max_distance;
  configured_ = config.servers.size();
  budget_ = config.error_budget;
  if (!mind_leap(now, out)) return conclude(now, out);
  if (!std::exchange(has_started_, true) && state_.frequency != commanded_)
    order(steering_.coast(state_.frequency, limits_), out);
  for (const auto& a : associations)
    if (a->take_restart()) estimator_.forget(a->id());
  const bool is_new = fresh != nullptr && sample &&
                      estimator_.learn(fresh->id(), *sample, std::exp2(fresh->state().host_poll));
  if (is_new) doubt(*fresh, now);
  Field field = judge(associations, config, keys, now);
  absorb(field, is_new ? fresh : nullptr, now);
  take_votes(field, now);
  const bool is_fed = is_new && fresh->state().candidate;

  if (config.local_clock &&
      (field.peer == nullptr || field.peer->state().stratum >= config.local_clock->stratum)) {
    for (auto* a : field.contenders)
      if (a->state().selected) a->state().reason = Reason::local_clock_preferred;
    set_hold(std::nullopt, out);
    follow_local_clock(*config.local_clock, now, out);
  } else if (field.peer != nullptr) {
    follow_field(field, is_fed ? fresh : nullptr, now, out);
  } else {
    set_hold(field.hold, out);
    held_back_.reset();
    if (state_.sync == SyncState::spike) state_.sync = SyncState::set;
    if (field.peer_problem) blame_ = blame_.value_or(unsync_reason_of(*field.peer_problem));
    const bool may_hold = std::ranges::any_of(config.servers, [&](const ServerConfig& s) {
      return !config.family(s.key.address.family()).disabled;
    });
    stay_without(may_hold, now, out);
  }
  blame_.reset();
  conclude(now, out);
}

/// There is a system peer. The clock is moved if something is new, and followed if it may be moved.
void SystemProcess::follow_field(const Field& field, const Association* fed, Instant now, Outbox& out) {
  const bool is_new_peer = state_.system_peer != field.peer->id() || state_.local_clock_in_use;
  const bool has_news = fed != nullptr || is_new_peer || must_steer_;
  field.peer->state().system_peer = true;
  if (!estimator_.estimate(now.raw)) return;
  if (has_news) steer(now, out);
  set_hold(steering_.hold(), out);
  if (held_back_) return hold_back(field, now, out);
  if (has_news) follow(*field.peer, fed, now, out);
}

/// The sources may be followed, but the clock is not moved to where they say. Whatever the reason, they say
/// how wrong it is.
void SystemProcess::hold_back(const Field& field, Instant now, Outbox& out) {
  for (auto* a : field.feeding) a->state().reason = *held_back_;
  field.peer->state().reason = *held_back_;
  blame_ = blame_.value_or(UnsyncReason::clock_change_detected);
  const auto clock = estimator_.estimate(now.raw);
  if (clock && state_.clock_state != ClockState::unsynchronized) {
    extend_bound(now);
    const double bound = std::abs(clock->offset - correction(now)) + field.peer->state().root_distance;
    state_.root_dispersion = std::max(state_.root_dispersion, bound - state_.root_delay / 2);
  }
  stay_without(held_back_ != Reason::clock_not_settable, now, out);
}

/// RFC 5905, A.5.5.4 clock_update().
void SystemProcess::follow(const Association& peer, const Association* fed, Instant now, Outbox& out) {
  const auto& s = peer.state();
  const auto source = estimator_.source(peer.id(), now.raw);
  const auto clock = estimator_.estimate(now.raw);
  if (!source || !clock) return;
  const double stepped = out.clock && out.clock->step ? out.clock->step->seconds() : 0;
  const double left = clock->offset - correction(now) - stepped;
  state_.root_delay = s.root_delay + source->min_delay;
  state_.peer_dispersion = kDeviations * source->offset_deviation;
  // The peer's interval holds true time; the clock is besides its middle by what the others say, and by what
  // is still to be slewed.
  const double bound = s.root_distance + std::abs(clock->offset - source->offset) + std::abs(left);
  state_.updated = now.raw;
  state_.root_dispersion = bound - state_.root_delay / 2;
  state_.dispersion_rate = growth_from(now.raw, kReachPolls * std::exp2(s.host_poll));
  state_.offset = left;
  state_.jitter = source->noise;
  state_.agreement.low -= stepped;
  state_.agreement.high -= stepped;
  if (bound > max_distance_) {  // a long slew
    blame_ = blame_.value_or(UnsyncReason::clock_change_detected);
    return stay_without(false, now, out);
  }
  state_.system_peer = peer.id();
  state_.local_clock_in_use = false;
  state_.stratum = static_cast<std::uint8_t>(s.stratum + 1);
  state_.reference_id = reference_id_of(s.config.key.address);
  set_reference(now.served - (now.raw - (fed != nullptr ? *fed : peer).last_heard()) +
                Duration::from_seconds(stepped));
  source_ = s.config.key.address.to_string();
  source_vpn_ = s.config.key.vpn;
  source_mode_ = s.config.key.mode;
  source_interface_ = s.group ? s.group->interface_name : std::string{};
  if (std::exchange(state_.clock_state, ClockState::synchronized) != ClockState::synchronized)
    announce(true, {}, out);
}

void SystemProcess::follow_local_clock(const LocalClockConfig& local, Instant now, Outbox& out) {
  const bool was_slewing = steering_.next_deadline() != kNever;
  if (!state_.local_clock_in_use || was_slewing) order(steering_.coast(state_.frequency, limits_), out);
  state_.system_peer.reset();
  state_.local_clock_in_use = true;
  state_.stratum = local.stratum;
  state_.reference_id = local_reference_id(local.unit, local.stratum);
  set_reference(now.served);
  state_.updated = now.raw;
  state_.offset = state_.jitter = state_.root_delay = state_.peer_dispersion = 0;
  state_.root_dispersion = kLocalDispersion;
  state_.dispersion_rate = 0;
  state_.sync = SyncState::synchronized;
  source_ = fmt::format("LOCAL({})", local.unit);
  source_mode_.reset();
  source_interface_.clear();
  source_vpn_.clear();
  if (std::exchange(state_.clock_state, ClockState::synchronized) != ClockState::synchronized)
    announce(true, {}, out);
}

/// No source may be followed. A clock that was right until now still is, within a bound that grows.
void SystemProcess::stay_without(bool may_hold, Instant now, Outbox& out) {
  state_.system_peer.reset();
  if (state_.clock_state == ClockState::unsynchronized) return;
  const double bound = bound_at(now.raw);
  if (!may_hold || state_.local_clock_in_use || bound > max_distance_) return lose_synchronization(now, out);
  if (state_.clock_state == ClockState::holdover) return;
  note_loss(now, out);
  state_.clock_state = ClockState::holdover;
  out.events.emplace_back(HoldoverChanged{.begins = true, .error_bound = bound});
}

void SystemProcess::lose_synchronization(Instant now, Outbox& out) {
  if (state_.clock_state == ClockState::holdover)
    out.events.emplace_back(HoldoverChanged{.begins = false, .error_bound = bound_at(now.raw)});
  else
    note_loss(now, out);
  state_.clock_state = ClockState::unsynchronized;
  state_.system_peer.reset();
  state_.local_clock_in_use = false;
  state_.stratum = wire::kMaxStratum;
  state_.reference_id = 0;
}

void SystemProcess::note_loss(Instant now, Outbox& out) {
  if (state_.sync == SyncState::synchronized || state_.sync == SyncState::set_frequency_unknown)
    state_.sync = steering_.has_been_set() ? SyncState::set : SyncState::not_set;
  const auto reason = blame_.value_or(UnsyncReason::selection_no_selectable_clock);
  announce(false, reason, out);
  if (unsync_events_.size() == kUnsyncEvents) unsync_events_.pop_front();
  unsync_events_.push_back({.source = source_,
                            .vpn = source_vpn_,
                            .mode = source_mode_,
                            .interface = source_interface_,
                            .reason = reason,
                            .when = now.served});
}

void SystemProcess::announce(bool synchronized, UnsyncReason reason, Outbox& out) const {
  out.events.emplace_back(SynchronizationChanged{
      .synchronized = synchronized, .source = source_, .vpn = source_vpn_, .reason = reason});
}

void SystemProcess::set_hold(const std::optional<Hold>& hold, Outbox& out) {
  const auto reason = [](const std::optional<Hold>& h) {
    return h ? std::optional(h->reason) : std::nullopt;
  };
  if (reason(state_.hold) != reason(hold)) out.events.emplace_back(HoldChanged{hold});
  state_.hold = hold;
}

/// True if there is something to release. What nobody was let say yet is taken from the next samples.
bool SystemProcess::release_hold() {
  if (!state_.hold) return false;
  steering_.release();
  is_limit_waived_ = true;
  must_steer_ = steering_.hold().has_value();
  if (!must_steer_) estimator_.disturb(std::abs(state_.hold->offset), 0);
  return true;
}

}  // namespace noonmark::core
