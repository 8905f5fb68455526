#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/association.h"
#include "core/engine.h"
#include "core/estimator/estimator.h"
#include "core/leap.h"
#include "core/selection.h"
#include "core/server_view.h"
#include "core/steering.h"

namespace noonmark::core {

/// The system process of RFC 5905 section 11: judges the associations, selects, lets the selected ones feed
/// the estimator, steers the clock and keeps the system variables. The local clock takes no part in the
/// intersection: it is used when no survivor has a smaller stratum.
///
/// When no source is left, or none may move the clock, a synchronized clock goes into holdover: everything is
/// kept, the error bound grows, until it is beyond max-distance.
class SystemProcess {
 public:
  using Associations = std::span<const std::unique_ptr<Association>>;

  SystemProcess(const Environment& environment, Instant now);

  /// A new sample of `fresh` arrived, or something else changed (no `fresh`): select anew, and steer if it
  /// tells something new of the clock.
  void update(Associations associations, const NtpConfig& config, const KeyTable& keys, Association* fresh,
              const std::optional<Sample>& sample, Instant now, Outbox& out);
  /// Own addresses, for the loop test.
  void set_network(const NetworkView& view);
  void on_deadline(Instant now, Outbox& out);
  void on_clock_applied(const base::Result<void>& result) { state_.clock_settable = result.has_value(); }
  RawTime next_deadline() const;

  // Each of these is to be followed by an update().
  void on_clock_disturbed(const ClockDisturbance& disturbance, Instant now, Outbox& out);
  void set_leap_table(LeapTable table);
  /// False: the clock is not held back.
  bool release_hold();
  /// Why the next loss of synchronization will have happened, if the engine knows better than "no selectable
  /// clock".
  void blame(UnsyncReason reason) { blame_ = reason; }
  /// Sources come and go.
  void expect(const Association& association);
  void forget(AssociationId id) { estimator_.forget(id); }

  /// Why a probed server could not be followed; Reason::usable if it could.
  Reason judge_probe(const Association& probed, const NtpConfig& config, const KeyTable& keys,
                     Instant now) const;
  /// Offset and synchronization distance of a session as the estimator knows them.
  void measure(Association& association, Instant now) const;

  const SystemState& state() const { return state_; }
  Quality quality(Instant now) const;
  /// Without the sources' names; none before the first samples were evaluated.
  std::optional<SavedClock> saved_clock(Instant now) const;
  std::optional<SavedSource> saved_source(AssociationId id) const { return estimator_.save(id); }
  /// The last losses of synchronization, newest last, at most kUnsyncEvents.
  const std::deque<UnsyncEvent>& unsync_events() const { return unsync_events_; }
  ServerView server_view(Instant now) const;
  /// The raw scale's zero as a timestamp: offsets of samples are relative to it.
  Timestamp origin() const { return origin_; }
  /// Whether our own service has told that reference time lately. A reply with it is our own, brought back in
  /// the name of a server whose key we answer with.
  bool is_own_reference(Timestamp reference) const {
    return !reference.is_zero() && std::ranges::find(own_references_, reference) != own_references_.end();
  }
  ClockRate rate() const { return rate_; }
  /// Served minus raw scale, s.
  double correction(Instant now) const;
  /// Before the first sample of all: moves the origin near true time, so that offsets of decades keep their
  /// nanoseconds.
  void place_origin(Timestamp true_time, RawTime raw);
  /// A clock before the build date (no battery) is first brought there, so that its distance to true time is
  /// less than half an era. True if that was ordered: `now` is no longer what the clock shows.
  bool raise_to_build_date(Instant now, Outbox& out);

 private:
  /// What the judging of all associations found.
  struct Field {
    std::vector<Association*> contenders;
    Selection selection;
    Association* peer = nullptr;
    std::vector<Association*> feeding;
    std::optional<Reason> peer_problem;  // of the system peer so far
    std::optional<Hold> hold;            // nobody is fit, and this is why
    std::vector<Association*> growing;   // they answer, but have too few samples yet
  };
  /// A leap second that comes within seconds, or was just there.
  struct LeapPassage {
    LeapSecond leap;
    RawTime moment;         // when the clock jumps
    double correction = 0;  // before it
    bool is_entered = false;
    bool is_over = false;
    bool is_checked = false;
  };

  // --- judging and following (system_process.cc)
  std::optional<Reason> unfit(const Association& association, const NtpConfig& config, const KeyTable& keys,
                              Instant now) const;
  std::optional<Reason> unfit_but_for_distance(const AssociationState& server, const NtpConfig& config,
                                               const KeyTable& keys, Instant now) const;
  bool follows_us(const AssociationState& server) const;
  Field judge(Associations associations, const NtpConfig& config, const KeyTable& keys, Instant now);
  bool awaits_others(const Field& field, RawTime now);
  void put_off(const Field& field, RawTime now) const;
  void take_verdicts(const Field& field);
  void absorb(const Field& field, Association* fresh, Instant now);
  void adapt_polls(const Field& field, Association& fresh, Instant now) const;
  void doubt(Association& fresh, Instant now);
  void take_votes(const Field& field, Instant now);
  void follow_field(const Field& field, const Association* fed, Instant now, Outbox& out);
  void follow(const Association& peer, const Association* fed, Instant now, Outbox& out);
  void hold_back(const Field& field, Instant now, Outbox& out);
  void follow_local_clock(const LocalClockConfig& local, Instant now, Outbox& out);
  void stay_without(bool may_hold, Instant now, Outbox& out);
  void lose_synchronization(Instant now, Outbox& out);
  void note_loss(Instant now, Outbox& out);
  void announce(bool synchronized, UnsyncReason reason, Outbox& out) const;
  void set_hold(const std::optional<Hold>& hold, Outbox& out);

  // --- the clock (system_clock.cc)
  std::int64_t unix_time(Instant now) const;
  bool is_majority_of_all() const;
  void steer(Instant now, Outbox& out);
  void order(const ClockCommand& command, Outbox& out);
  double bound_at(RawTime now) const;
  double growth_from(RawTime now, double seconds) const;
  void extend_bound(Instant now);
  std::optional<Slew> slew_in_progress(Instant now) const;
  bool mind_leap(Instant now, Outbox& out);
  void watch_leap(Instant now);
  void announce_leap(Instant now, Outbox& out);
  void mind_leap_table(std::int64_t now, Outbox& out);
  void mind_budget(RawTime now, Outbox& out);
  RawTime next_upkeep(Instant now) const;
  KernelClockStatus kernel_status(Instant now) const;
  /// To be called at the end of whatever may have changed something.
  void conclude(Instant now, Outbox& out);
  void set_reference(Timestamp reference) {
    state_.reference = own_references_[next_own_reference_++ % kOwnReferences] = reference;
  }

  static constexpr std::size_t kOwnReferences = 32;  // more than the updates while a request waits

  Environment environment_;
  std::array<Timestamp, kOwnReferences> own_references_{};
  std::size_t next_own_reference_ = 0;
  Timestamp origin_;
  bool origin_placed_ = false;
  ClockEstimator estimator_;
  Steering steering_;
  SystemState state_;
  ClockRate rate_;
  std::uint32_t next_command_ = 1;
  std::string source_;  // who is followed, for the event when it is lost
  std::string source_vpn_;
  std::optional<AssociationMode> source_mode_;
  std::string source_interface_;
  std::optional<UnsyncReason> blame_;
  std::optional<Reason> held_back_;  // why the clock is not moved to what the sources say

  // of the configuration
  SteeringLimits limits_;
  double max_distance_ = 1;
  ErrorBudget budget_;

  // steering
  std::vector<AssociationId> feeding_;
  double horizon_ = kMinSlewTime;  // s, until the next sample that counts
  double commanded_;               // the clock's frequency in force, slew included, s/s
  std::size_t configured_ = 0;     // sources
  bool has_started_ = false;
  std::optional<RawTime> first_fit_;  // when the first source was
  bool is_settled_ = false;           // the first setting is done: others may have our time
  bool is_provisional_ = false;       // it was not by a majority of all sources
  bool must_steer_ = false;           // something other than a sample changed the course
  bool is_limit_waived_ = false;      // offset-limit, by release_hold()

  // upkeep
  RawTime upkeep_ = kNever;
  KernelClockStatus told_status_;
  bool is_status_due_ = false;
  std::optional<bool> is_budget_exceeded_;
  LeapSeconds leap_;
  std::optional<LeapSecond> announced_;
  std::optional<LeapPassage> passage_;
  enum class TableAge : std::uint8_t { fresh, ending, expired };
  TableAge table_age_ = TableAge::fresh;

  std::deque<UnsyncEvent> unsync_events_;

  struct OwnReferenceId {
    std::uint32_t id;
    bool loopback;
  };
  std::vector<OwnReferenceId> own_reference_ids_;
};

}  // namespace noonmark::core
