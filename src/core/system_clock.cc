// The clock's side of the system process: what is ordered, how wrong it may be, leap seconds, upkeep.

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/reference_id.h"
#include "core/system_process.h"

namespace noonmark::core {
namespace {

constexpr double kKnownFrequency = 10e-6;  // s/s, a standard deviation below which it counts as measured
constexpr double kSettled = 100e-6;        // s: slewing less misleads nobody who asks meanwhile
constexpr double kHoldoverUpkeep = 64;     // s
constexpr double kLongestSleep = 86400;    // s: deadlines far away are computed anew, oscillators differ
constexpr double kBudgetPolls = 2;         // that the bound has to keep to the budget for an alarm to end
constexpr double kCrossing = 1e-3;         // s, to be surely behind a moment
constexpr double kDay = 86400;             // s
constexpr std::int64_t kTableWarning = 28 * 86400;  // s before the leap second table expires

// Around a leap second, s. Servers do not leap in the same microsecond, and some not at all.
constexpr double kLeapWatch = 10;
constexpr double kLeapWindow = 5;      // nothing is measured and steered, before and after
constexpr double kLeapPatience = 1.5;  // for the kernel to do it
constexpr double kLeapMissed = 0.5;

// What a resume leaves in doubt: the machine's sleep is known by a clock that counts whole seconds.
constexpr double kResumeDoubt = 1;              // s
constexpr double kResumeDrift = 100e-6;         // s/s, of that clock
constexpr double kResumeFrequencyDoubt = 1e-6;  // s/s

RawTime after(RawTime now, double seconds) {
  return now + Duration::from_seconds(std::clamp(seconds, 0.0, kLongestSleep));
}

}  // namespace

std::int64_t SystemProcess::unix_time(Instant now) const {
  return now.served.unix_seconds_near(environment_.build_date);
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
  const auto missing = environment_.build_date - unix_time(now);
  if (missing <= 0) return false;
  ClockCommand command = steering_.coast(state_.frequency, limits_);
  command.step = Duration::from_seconds(static_cast<double>(missing));
  order(command, out);
  conclude(now, out);
  return true;
}

// --- steering

void SystemProcess::order(const ClockCommand& command, Outbox& out) {
  if (command.step) out.events.emplace_back(ClockStepped{*command.step});
  commanded_ = command.frequency;
  out.clock = command;
}

bool SystemProcess::is_majority_of_all() const { return 2 * state_.agreement.agreeing > configured_; }

/// A first setting by few of the sources is made anew when most of them agree on something else.
void SystemProcess::steer(Instant now, Outbox& out) {
  const auto clock = estimator_.estimate(now.raw);
  if (!clock) return order(steering_.coast(state_.frequency, limits_), out);
  must_steer_ = false;
  double deviation = clock->offset_deviation;
  for (const AssociationId id : feeding_) deviation = std::min(deviation, estimator_.tracking_deviation(id));
  if (is_provisional_ && is_majority_of_all()) steering_.begin_anew();
  const bool is_first = !steering_.has_been_set();
  ClockCommand command;
  const auto result = steering_.steer({.offset = clock->offset,
                                       .frequency = clock->frequency,
                                       .deviation = deviation,
                                       .correction = correction(now),
                                       .served_unix = unix_time(now)},
                                      now.raw, horizon_, limits_, command);
  order(command, out);
  if (is_first && steering_.has_been_set()) is_provisional_ = !is_majority_of_all();
  const bool is_near = std::abs(clock->offset - correction(now)) <= kSettled;
  if (result == SteeringResult::steered && (command.step || is_near)) is_settled_ = true;
  held_back_.reset();
  const bool is_known = clock->frequency_deviation < kKnownFrequency;
  state_.sync = is_known ? SyncState::synchronized : SyncState::set_frequency_unknown;
  if (result == SteeringResult::waiting) {
    held_back_ = Reason::stepping_soon;
    state_.sync = SyncState::spike;
  } else if (result == SteeringResult::held) {
    held_back_ = steering_.hold()->reason;
  } else {
    is_limit_waived_ = false;
  }
  if (!state_.clock_settable) held_back_ = Reason::clock_not_settable;
  state_.spike_remaining = steering_.step_remaining(now.raw);
}

void SystemProcess::on_deadline(Instant now, Outbox& out) {
  if (next_deadline() > now.raw) return;
  if (mind_leap(now, out)) {
    if (steering_.next_deadline() <= now.raw) {
      state_.local_clock_in_use ? order(steering_.coast(state_.frequency, limits_), out) : steer(now, out);
    }
    if (state_.clock_state == ClockState::holdover) {
      extend_bound(now);
      is_status_due_ = true;
      if (bound_at(now.raw) > max_distance_) lose_synchronization(now, out);
    }
  }
  conclude(now, out);
}

void SystemProcess::on_clock_disturbed(const ClockDisturbance& disturbance, Instant now, Outbox& out) {
  const double by = std::abs(disturbance.by.seconds());
  out.events.emplace_back(ClockDisturbed{.how = disturbance.how, .by = disturbance.by});
  blame(UnsyncReason::clock_change_detected);
  if (disturbance.how == ClockDisturbed::How::stepped) {
    extend_bound(now);
    state_.root_dispersion += by;
    must_steer_ = true;
    return;
  }
  // The raw scale stood while true time went on, and the kernel has set the clock forward by as much.
  const double doubt = kResumeDoubt + kResumeDrift * by;
  origin_ = origin_ + disturbance.by;
  state_.root_dispersion += doubt;
  estimator_.disturb(doubt, kResumeFrequencyDoubt);
  steering_.begin_anew();
  is_settled_ = false;
}

// --- how wrong the clock may be

double SystemProcess::bound_at(RawTime now) const {
  if (state_.clock_state == ClockState::unsynchronized) return kMaxDispersion;
  return state_.root_delay / 2 + state_.dispersion_at(now);
}

/// How fast the bound grows within the next `seconds`, s/s. At least as RFC 5905 has it.
double SystemProcess::growth_from(RawTime now, double seconds) const {
  const auto first = estimator_.estimate(now);
  const auto last = estimator_.estimate(now + Duration::from_seconds(seconds));
  if (!first || !last) return kDispersionRate;
  const double growth = (last->offset_deviation - first->offset_deviation) / seconds;
  return std::max(kDispersionRate, kDeviations * growth);
}

/// The bound so far is where its growth begins anew.
void SystemProcess::extend_bound(Instant now) {
  state_.root_dispersion = state_.dispersion_at(now.raw);
  state_.updated = now.raw;
  if (state_.local_clock_in_use) return;
  state_.dispersion_rate = growth_from(now.raw, kHoldoverUpkeep);
  if (const auto clock = estimator_.estimate(now.raw)) state_.offset = clock->offset - correction(now);
}

void SystemProcess::mind_budget(RawTime now, Outbox& out) {
  if (budget_.limit <= 0) return is_budget_exceeded_.reset();
  const bool was_never_known = !is_budget_exceeded_ && state_.clock_state == ClockState::unsynchronized;
  if (was_never_known) return;
  const double bound = bound_at(now);
  const bool was_exceeded = is_budget_exceeded_.value_or(false);
  const double until_news = was_exceeded ? kBudgetPolls * horizon_ : 0;
  const bool is_exceeded = bound + state_.dispersion_rate * until_news > budget_.limit;
  is_budget_exceeded_ = is_exceeded;
  if (is_exceeded != was_exceeded)
    out.events.emplace_back(
        BudgetCrossed{.exceeded = is_exceeded, .error_bound = bound, .limit = budget_.limit});
}

// --- leap seconds

void SystemProcess::set_leap_table(LeapTable table) {
  leap_.set_table(std::move(table));
  table_age_ = TableAge::fresh;
}

/// The moment at which the clock jumps: an inserted second repeats the one before it, a deleted one is the
/// one before it.
void SystemProcess::watch_leap(Instant now) {
  if (passage_ && now.raw >= passage_->moment - Duration::from_seconds(kLeapWindow)) return;
  passage_.reset();
  if (state_.clock_state == ClockState::unsynchronized) return;
  const auto leap = leap_.today(unix_time(now));
  if (!leap) return;
  const auto last = leap->leap == wire::Leap::remove ? leap->at - 1 : leap->at;
  const Duration left = Timestamp::from_unix(last, 0) - now.served;
  if (left.seconds() > kLeapWatch) return;
  passage_ = LeapPassage{.leap = *leap, .moment = now.raw + left, .correction = correction(now)};
}

/// A leap second moves true time and the clock alike, by the kernel's or the driver's act; so the origin of
/// the raw scale moves with them, and neither the estimate nor a sample notices. False while it passes.
bool SystemProcess::mind_leap(Instant now, Outbox& out) {
  watch_leap(now);
  if (!passage_) return true;
  const double since = (now.raw - passage_->moment).seconds();
  if (since < -kLeapWindow) return true;
  if (!std::exchange(passage_->is_entered, true)) order(steering_.coast(state_.frequency, limits_), out);
  if (since >= 0 && !std::exchange(passage_->is_over, true)) {
    const double jump = passage_->leap.leap == wire::Leap::insert ? -1 : 1;
    origin_ = origin_ + Duration::from_seconds(jump);
    set_reference(state_.reference + Duration::from_seconds(jump));
    leap_.pass(passage_->leap);
  }
  if (since >= kLeapPatience && !std::exchange(passage_->is_checked, true)) {
    const double missed = passage_->correction - correction(now);
    if (std::abs(missed) > kLeapMissed) {
      ClockCommand command = steering_.coast(state_.frequency, limits_);
      command.step = Duration::from_seconds(std::round(missed));
      order(command, out);
    }
  }
  if (since < kLeapWindow) return false;
  passage_.reset();
  return true;
}

void SystemProcess::announce_leap(Instant now, Outbox& out) {
  const bool is_known = state_.clock_state != ClockState::unsynchronized;
  const auto ahead = is_known ? leap_.ahead(unix_time(now)) : announced_;
  if (ahead != announced_) {
    const std::int64_t at = ahead ? ahead->at : announced_->at;
    out.events.emplace_back(LeapChanged{.leap = ahead ? ahead->leap : wire::Leap::none, .at = at});
    announced_ = ahead;
  }
  state_.leap = !is_known ? wire::Leap::unknown : announced_ ? announced_->leap : wire::Leap::none;
}

void SystemProcess::mind_leap_table(std::int64_t now, Outbox& out) {
  const auto expires = leap_.table_expires();
  if (!expires || state_.clock_state == ClockState::unsynchronized) return;
  const TableAge age = now >= *expires                   ? TableAge::expired
                       : now >= *expires - kTableWarning ? TableAge::ending
                                                         : TableAge::fresh;
  if (age > std::exchange(table_age_, std::max(age, table_age_)))
    out.events.emplace_back(LeapTableExpires{.at = *expires, .expired = age == TableAge::expired});
}

// --- upkeep

RawTime SystemProcess::next_deadline() const {
  const bool is_leaping = passage_ && upkeep_ > passage_->moment - Duration::from_seconds(kLeapWindow);
  return is_leaping ? upkeep_ : std::min(upkeep_, steering_.next_deadline());
}

RawTime SystemProcess::next_upkeep(Instant now) const {
  if (passage_) {
    for (const double at : {-kLeapWindow, 0.0, kLeapPatience, kLeapWindow}) {
      const RawTime moment = passage_->moment + Duration::from_seconds(at);
      if (moment > now.raw) return moment;
    }
  }
  if (state_.clock_state == ClockState::unsynchronized) return kNever;
  RawTime next = kNever;
  const auto at_unix = [&](std::int64_t moment, double earlier) {
    const double left = (Timestamp::from_unix(moment, 0) - now.served).seconds() - earlier;
    if (left > 0) next = std::min(next, after(now.raw, left + kCrossing));
  };
  if (announced_) {
    at_unix(announced_->at, kDay);
    at_unix(announced_->at, kLeapWatch);
  } else if (leap_.table_expires()) {
    at_unix(end_of_month(unix_time(now)), 0);
  }
  if (const auto expires = leap_.table_expires()) {
    at_unix(*expires, static_cast<double>(kTableWarning));
    at_unix(*expires, 0);
  }
  if (state_.dispersion_rate <= 0) return next;
  const auto at_bound = [&](double bound) {
    const double left = (bound - bound_at(now.raw)) / state_.dispersion_rate;
    if (left >= 0) next = std::min(next, after(now.raw, left + kCrossing));
  };
  if (budget_.limit > 0) at_bound(budget_.limit);
  if (state_.clock_state == ClockState::holdover) {
    at_bound(max_distance_);
    next = std::min(next, after(now.raw, kHoldoverUpkeep));
  }
  return next;
}

KernelClockStatus SystemProcess::kernel_status(Instant now) const {
  if (state_.clock_state == ClockState::unsynchronized) return {};
  const auto clock = estimator_.estimate(now.raw);
  const auto leap = leap_.today(unix_time(now));
  return {.tai_offset = leap_.tai_offset(unix_time(now)),
          .synchronized = true,
          .leap = leap ? leap->leap : wire::Leap::none,
          .max_error = bound_at(now.raw),
          .estimated_error = clock && !state_.local_clock_in_use
                                 ? std::hypot(clock->offset_deviation, clock->offset - correction(now))
                                 : state_.jitter};
}

void SystemProcess::conclude(Instant now, Outbox& out) {
  const bool is_said =
      state_.sync == SyncState::synchronized || state_.sync == SyncState::set_frequency_unknown;
  if (is_said && state_.clock_state == ClockState::unsynchronized)
    state_.sync = steering_.has_been_set() ? SyncState::set : SyncState::not_set;
  announce_leap(now, out);
  mind_leap_table(unix_time(now), out);
  mind_budget(now.raw, out);
  watch_leap(now);
  upkeep_ = next_upkeep(now);
  const KernelClockStatus status = kernel_status(now);
  const bool is_changed = status.synchronized != told_status_.synchronized ||
                          status.leap != told_status_.leap || status.tai_offset != told_status_.tai_offset;
  const bool is_leaping = passage_ && (now.raw - passage_->moment).seconds() >= -kLeapWindow;
  if (!out.clock) {
    if (is_leaping || !(is_changed || is_status_due_)) return;
    out.clock = ClockCommand{.id = {}, .step = {}, .frequency = commanded_, .status = {}};
  }
  is_status_due_ = false;
  told_status_ = status;
  out.clock->status = status;
  out.clock->id = static_cast<CommandId>(next_command_++);
}

// --- what others are told

ServerView SystemProcess::server_view(Instant now) const {
  ServerView view{.leap = state_.leap,
                  .stratum = state_.stratum,
                  .precision = state_.precision,
                  .reference_id = state_.reference_id,
                  .reference = state_.reference,
                  .local_clock = state_.local_clock_in_use,
                  .root_delay = state_.root_delay,
                  .root_dispersion = state_.dispersion_at(now.raw),
                  .dispersion_rate = state_.dispersion_rate,
                  .at = now.served};
  // Whoever names a source that it does not follow any more would keep that one from following it.
  if (state_.clock_state == ClockState::holdover) view.reference_id = local_reference_id(0, state_.stratum);
  const bool is_settling = !is_settled_ && !state_.local_clock_in_use;
  if (is_settling || (budget_.stop_serving && is_budget_exceeded_.value_or(false))) {
    view.leap = wire::Leap::unknown;
    view.stratum = wire::kMaxStratum;
  }
  return view;
}

std::optional<Slew> SystemProcess::slew_in_progress(Instant now) const {
  const auto clock = estimator_.estimate(now.raw);
  const double rate = commanded_ - state_.frequency;
  if (!clock || steering_.next_deadline() == kNever) return std::nullopt;
  const double left = clock->offset - correction(now);
  if (left * rate <= 0) return std::nullopt;
  return Slew{.left = left, .time = left / rate};
}

Quality SystemProcess::quality(Instant now) const {
  const bool is_known = state_.clock_state != ClockState::unsynchronized;
  const auto clock = estimator_.estimate(now.raw);
  Quality quality{.state = state_.clock_state,
                  .error_bound = bound_at(now.raw),
                  .error_growth = is_known ? state_.dispersion_rate : 0,
                  .estimated_error = kernel_status(now).estimated_error,
                  .frequency = state_.frequency,
                  .frequency_error = rate_.error / kDeviations,
                  .source = is_known ? source_ : "",
                  .vpn = is_known ? source_vpn_ : "",
                  .stratum = state_.stratum,
                  .leap = state_.leap,
                  .leap_at = {},
                  .tai_offset = is_known ? leap_.tai_offset(unix_time(now)) : std::nullopt,
                  .leap_table_expires = leap_.table_expires(),
                  .hold = state_.hold,
                  .slew = slew_in_progress(now),
                  .budget_exceeded = is_budget_exceeded_.value_or(budget_.limit > 0),
                  .last_update = {}};
  if (state_.local_clock_in_use) quality.error_bound = quality.estimated_error = kMaxDispersion;
  if (is_known && announced_) quality.leap_at = announced_->at;
  if (!state_.reference.is_zero() && !state_.local_clock_in_use) quality.last_update = state_.reference;
  if (clock) quality.frequency_error = clock->frequency_deviation;
  return quality;
}

std::optional<SavedClock> SystemProcess::saved_clock(Instant now) const {
  if (estimator_.is_starting() || !estimator_.estimate(now.raw)) return std::nullopt;
  SavedClock saved = estimator_.save(now.raw);
  saved.saved_at = unix_time(now);
  return saved;
}

}  // namespace noonmark::core
