#include "core/system_process.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "core/reference_id.h"

namespace noonmark::core {
namespace {

constexpr double kMinRootDispersion = 0.010;   // s, a local clock's
constexpr double kMinDispersionStep = 0.005;   // s, MINDISP: root dispersion grows strictly from hop to hop
constexpr std::uint8_t kWorstSelectable = 14;  // a source of stratum 15 would make us 16
constexpr std::size_t kStagesToTrust = 5;      // samples until the filter's dispersion is below a second
constexpr std::size_t kUnsyncEvents = 10;

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

bool survived(Verdict v) { return v == Verdict::survivor || v == Verdict::system_peer; }

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

Contender contender_of(const AssociationState& s) {
  return {.offset = s.offset,
          .root_delay = s.root_delay + s.delay,
          .root_distance = s.root_distance,
          .jitter = s.jitter,
          .stratum = s.stratum,
          .preference = s.config.preference};
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
      discipline_(environment.initial_frequency, environment.build_date) {
  state_.precision = environment.precision;
  state_.frequency = environment.initial_frequency;
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
  if (s.stratum > kWorstSelectable) return Reason::stratum_too_high;
  if (follows_us(s)) return Reason::loop;
  if (config.authentication_enabled) {
    if (s.config.key_id == 0) return Reason::key_missing;
    const Key* key = keys.find(s.config.key_id);
    if (key == nullptr || !key->is_reliable()) return Reason::key_not_reliable;
  }
  if (config.offset_limit > 0 && std::abs(s.offset) > config.offset_limit) return Reason::offset_limit;
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
  if (s.root_distance <= config.max_distance) return std::nullopt;
  if (association.is_silent()) return association.why_silent();
  std::size_t filled = 0;
  for (std::size_t i = 0; i < ClockFilter::kStages; ++i) filled += association.filter().stage(i) ? 1 : 0;
  return filled < kStagesToTrust ? Reason::collecting_samples : Reason::distance_exceeded;
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

double SystemProcess::correction(Instant now) const {
  return (now.served - (origin_ + now.raw.since_start())).seconds();
}

void SystemProcess::place_origin(Timestamp true_time, RawTime raw) {
  if (origin_placed_) return;
  origin_placed_ = true;
  origin_ = true_time - raw.since_start();
}

bool SystemProcess::raise_to_build_date(Instant now, Outbox& out) {
  const auto missing = environment_.build_date - now.served.unix_seconds_near(environment_.build_date);
  if (missing <= 0) return false;
  command(ClockCommand{.id = {},
                       .step = Duration::from_seconds(static_cast<double>(missing)),
                       .frequency = discipline_.frequency(),
                       .status = {}},
          now, out);
  return true;
}

DisciplineLimits SystemProcess::limits(const NtpConfig& config) const {
  return {.offset_limit = config.offset_limit, .max_frequency = environment_.max_frequency};
}

void SystemProcess::update(Associations associations, const NtpConfig& config, const KeyTable& keys,
                           const Association* fresh, const std::optional<Sample>& sample, Instant now,
                           Outbox& out) {
  const bool was_synchronized = state_.is_synchronized();
  const auto previous = state_.system_peer;
  std::optional<Reason> peer_problem;
  std::vector<Association*> fit;
  for (const auto& a : associations) {
    auto& s = a->state();
    a->refresh(now.raw, rate(), correction(now));
    auto verdict = a->own_verdict();
    const bool answers = !verdict;
    if (answers) verdict = unfit(*a, config, keys, now);
    s.sane = answers && verdict != Reason::loop && verdict != Reason::stratum_too_high;
    s.selectable = s.selected = s.candidate = s.system_peer = false;
    if (verdict)
      s.reason = *verdict;
    else
      fit.push_back(a.get());
    if (verdict && previous == a->id()) peer_problem = verdict;
  }
  const auto in = eligible(fit);
  for (auto* a : fit)
    if (a->is_out()) a->state().reason = Reason::preempted;

  std::vector<Contender> contenders;
  std::optional<std::size_t> current;
  for (const auto* a : in) {
    if (state_.system_peer == a->id()) current = contenders.size();
    contenders.push_back(contender_of(a->state()));
  }
  const Selection selection = select(contenders, current);
  take_verdicts(selection, in);
  for (const auto* a : in)
    if (previous == a->id() && !a->state().candidate) peer_problem = a->state().reason;

  Association* peer = selection.system_peer ? in[*selection.system_peer] : nullptr;
  if (config.local_clock && (peer == nullptr || peer->state().stratum >= config.local_clock->stratum)) {
    for (std::size_t i = 0; i < in.size(); ++i)
      if (survived(selection.verdicts[i])) in[i]->state().reason = Reason::local_clock_preferred;
    follow_local_clock(*config.local_clock, now);
    if (!was_synchronized) announce(true, {}, out);
    return;
  }
  if (peer == nullptr) {
    if (peer_problem) blame_ = blame_.value_or(unsync_reason_of(*peer_problem));
    if (was_synchronized) lose_synchronization(now, out);
    state_.system_peer.reset();
    blame_.reset();
    return;
  }
  peer->state().system_peer = true;
  const bool was_followed = previous == peer->id() && !state_.local_clock_in_use;
  const bool leads = fresh == peer && sample.has_value();
  if (!was_followed) held_back_.reset();
  double stepped = 0;
  if (leads) {
    stepped = steer(*peer, measurement_of(*peer, *sample, selection), config, now, out);
    state_.agreement.low -= stepped;
    state_.agreement.high -= stepped;
  }
  if (held_back_) peer->state().reason = *held_back_;
  if (!held_back_ && (leads || (was_synchronized && !was_followed))) {
    follow(*peer, selection, stepped, now);
    if (!was_synchronized) announce(true, {}, out);
  } else if (was_synchronized && (!was_followed || held_back_ == Reason::clock_not_settable)) {
    lose_synchronization(now, out);
  }
  if (out.clock) out.clock->status = kernel_status(now.raw);
  blame_.reset();
}

void SystemProcess::take_verdicts(const Selection& selection, std::span<Association* const> contenders) {
  state_.agreement = selection.agreement;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    auto& s = contenders[i]->state();
    s.selectable = true;
    s.reason = reason_of(selection.verdicts[i]);
    s.selected = survived(selection.verdicts[i]) || selection.verdicts[i] == Verdict::outlier;
    s.candidate = survived(selection.verdicts[i]);
  }
  for (const auto& cut : selection.cuts) {
    auto& s = contenders[cut.contender]->state();
    s.cluster_jitter = cut.selection_jitter;
    s.least_jitter = cut.least_jitter;
  }
}

Measurement SystemProcess::measurement_of(const Association& peer, const Sample& sample,
                                          const Selection& selection) const {
  const auto& s = peer.state();
  return {
      .at = sample.at,
      .offset = sample.offset + (selection.offset - s.offset),
      .uncertainty = std::max({std::exp2(environment_.precision), s.jitter, (sample.delay - s.delay) / 2}),
      .bound = s.root_distance};
}

double SystemProcess::steer(Association& peer, const Measurement& measurement, const NtpConfig& config,
                            Instant now, Outbox& out) {
  std::optional<ClockCommand> order;
  const auto result =
      discipline_.update(measurement, now.raw, correction(now),
                         now.served.unix_seconds_near(environment_.build_date), limits(config), order);
  held_back_.reset();
  switch (result) {
    case DisciplineResult::adjusted:
      peer.adapt_poll(measurement.offset - discipline_.predicted_offset(measurement.at));
      state_.sync = discipline_.has_frequency() ? SyncState::synchronized : SyncState::set_frequency_unknown;
      break;
    case DisciplineResult::spike:
      held_back_ = Reason::stepping_soon;
      state_.sync = SyncState::spike;
      break;
    case DisciplineResult::ignored: break;
    case DisciplineResult::over_limit: held_back_ = Reason::offset_limit; break;
    case DisciplineResult::before_build: held_back_ = Reason::before_build_date; break;
  }
  if (!state_.clock_settable) held_back_ = Reason::clock_not_settable;
  state_.spike_remaining = discipline_.spike_remaining(now.raw);
  state_.frequency = discipline_.frequency();
  const double stepped = order && order->step ? order->step->seconds() : 0;
  command(std::move(order), now, out);
  return stepped;
}

/// RFC 5905, A.5.5.4 clock_update().
void SystemProcess::follow(const Association& peer, const Selection& selection, double stepped, Instant now) {
  const auto& s = peer.state();
  const double offset = selection.offset - stepped;
  state_.system_peer = peer.id();
  state_.local_clock_in_use = false;
  state_.leap = s.last.leap;
  state_.stratum = static_cast<std::uint8_t>(s.stratum + 1);
  state_.reference_id = reference_id_of(s.config.key.address);
  state_.reference = s.destination;
  state_.updated = now.raw;
  state_.offset = offset;
  state_.jitter = selection.jitter;
  state_.root_delay = s.root_delay + s.delay;
  state_.peer_dispersion = s.dispersion;
  state_.root_dispersion =
      s.root_dispersion + std::max(kMinDispersionStep, s.dispersion + s.jitter + std::abs(offset));
  source_ = s.config.key.address.to_string();
  source_vpn_ = s.config.key.vpn;
}

void SystemProcess::follow_local_clock(const LocalClockConfig& local, Instant now) {
  state_.system_peer.reset();
  state_.local_clock_in_use = true;
  state_.leap = wire::Leap::none;
  state_.stratum = local.stratum;
  state_.reference_id = local_reference_id(local.unit, local.stratum);
  state_.reference = now.served;
  state_.updated = now.raw;
  state_.offset = state_.jitter = state_.root_delay = state_.peer_dispersion = 0;
  state_.root_dispersion = kMinRootDispersion;
  state_.sync = SyncState::synchronized;
  source_ = fmt::format("LOCAL({})", local.unit);
  source_vpn_.clear();
}

void SystemProcess::lose_synchronization(Instant now, Outbox& out) {
  state_.system_peer.reset();
  state_.local_clock_in_use = false;
  state_.leap = wire::Leap::unknown;
  state_.stratum = wire::kMaxStratum;
  state_.reference_id = 0;
  state_.sync = discipline_.has_been_set() ? SyncState::set : SyncState::not_set;
  const auto reason = blame_.value_or(UnsyncReason::selection_no_selectable_clock);
  announce(false, reason, out);
  if (unsync_events_.size() == kUnsyncEvents) unsync_events_.pop_front();
  unsync_events_.push_back({.source = source_, .vpn = source_vpn_, .reason = reason, .when = now.served});
  command(ClockCommand{.id = {}, .step = {}, .frequency = discipline_.frequency(), .status = {}}, now, out);
}

void SystemProcess::announce(bool synchronized, UnsyncReason reason, Outbox& out) const {
  out.events.emplace_back(SynchronizationChanged{
      .synchronized = synchronized, .source = source_, .vpn = source_vpn_, .reason = reason});
}

KernelClockStatus SystemProcess::kernel_status(RawTime now) const {
  if (!state_.is_synchronized()) return {};
  const double age = std::max(0.0, (now - state_.updated).seconds());
  return {.synchronized = true,
          .leap = state_.leap,
          .max_error = state_.root_delay / 2 + state_.root_dispersion + kDispersionRate * age,
          .estimated_error = std::max(state_.jitter, discipline_.deviation(now))};
}

void SystemProcess::command(std::optional<ClockCommand>&& order, Instant now, Outbox& out) {
  if (!order) return;
  if (order->step) out.events.emplace_back(ClockStepped{*order->step});
  order->id = static_cast<CommandId>(next_command_++);
  order->status = kernel_status(now.raw);
  out.clock = std::move(order);
}

void SystemProcess::on_deadline(const NtpConfig& config, Instant now, Outbox& out) {
  if (discipline_.next_deadline() > now.raw) return;
  std::optional<ClockCommand> order;
  discipline_.on_deadline(now.raw, correction(now), limits(config), order);
  command(std::move(order), now, out);
}

ServerView SystemProcess::server_view() const {
  return {.leap = state_.leap,
          .stratum = state_.stratum,
          .precision = state_.precision,
          .reference_id = state_.reference_id,
          .reference = state_.reference,
          .local_clock = state_.local_clock_in_use,
          .root_delay = state_.root_delay,
          .root_dispersion = state_.root_dispersion,
          .updated = state_.updated};
}

}  // namespace noonmark::core
