#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>

#include "core/association.h"
#include "core/discipline.h"
#include "core/engine.h"
#include "core/selection.h"
#include "core/server.h"

namespace noonmark::core {

/// The system process of RFC 5905 section 11: judges the associations, selects, combines, feeds the
/// discipline and keeps the system variables. The local clock takes no part in the intersection: it is used
/// when no survivor has a smaller stratum.
class SystemProcess {
 public:
  using Associations = std::span<const std::unique_ptr<Association>>;

  SystemProcess(const Environment& environment, Instant now);

  /// A new sample of `fresh` (id) arrived, or something else changed (no `fresh`): select anew, and steer by
  /// the sample if its source leads.
  void update(Associations associations, const NtpConfig& config, const KeyTable& keys,
              const Association* fresh, const std::optional<Sample>& sample, Instant now, Outbox& out);
  /// Own addresses, for the loop test.
  void set_network(const NetworkView& view);
  void on_deadline(const NtpConfig& config, Instant now, Outbox& out);
  void on_clock_applied(const base::Result<void>& result) { state_.clock_settable = result.has_value(); }
  RawTime next_deadline() const { return discipline_.next_deadline(); }

  /// Why a probed server could not be followed; Reason::usable if it could.
  Reason judge_probe(const Association& probed, const NtpConfig& config, const KeyTable& keys,
                     Instant now) const;

  const SystemState& state() const { return state_; }
  /// The last losses of synchronization, newest last, at most kUnsyncEvents.
  const std::deque<UnsyncEvent>& unsync_events() const { return unsync_events_; }
  ServerView server_view() const;
  /// The raw scale's zero as a timestamp: offsets of samples are relative to it.
  Timestamp origin() const { return origin_; }
  ClockRate rate() const { return {discipline_.frequency(), discipline_.frequency_error()}; }
  /// Served minus raw scale, s.
  double correction(Instant now) const;
  /// Before the first sample of all: moves the origin near true time, so that offsets of decades keep their
  /// nanoseconds.
  void place_origin(Timestamp true_time, RawTime raw);
  /// A clock before the build date (no battery) is first brought there, so that its distance to true time is
  /// less than half an era. True if that was ordered: `now` is no longer what the clock shows.
  bool raise_to_build_date(Instant now, Outbox& out);
  /// Why the next loss of synchronization will have happened, if the engine knows better than "no selectable
  /// clock".
  void blame(UnsyncReason reason) { blame_ = reason; }

 private:
  std::optional<Reason> unfit(const Association& association, const NtpConfig& config, const KeyTable& keys,
                              Instant now) const;
  std::optional<Reason> unfit_but_for_distance(const AssociationState& server, const NtpConfig& config,
                                               const KeyTable& keys, Instant now) const;
  void take_verdicts(const Selection& selection, std::span<Association* const> contenders);
  bool follows_us(const AssociationState& server) const;
  void follow(const Association& peer, const Selection& selection, double stepped, Instant now);
  void follow_local_clock(const LocalClockConfig& local, Instant now);
  void lose_synchronization(Instant now, Outbox& out);
  Measurement measurement_of(const Association& peer, const Sample& sample, const Selection& selection) const;
  /// Gives the step that it ordered, s.
  double steer(Association& peer, const Measurement& measurement, const NtpConfig& config, Instant now,
               Outbox& out);
  void command(std::optional<ClockCommand>&& command, Instant now, Outbox& out);
  void announce(bool synchronized, UnsyncReason reason, Outbox& out) const;
  DisciplineLimits limits(const NtpConfig& config) const;
  KernelClockStatus kernel_status(RawTime now) const;

  Environment environment_;
  Timestamp origin_;
  bool origin_placed_ = false;
  Discipline discipline_;
  SystemState state_;
  std::uint32_t next_command_ = 1;
  std::string source_;  // who is followed, for the event when it is lost
  std::string source_vpn_;
  std::optional<UnsyncReason> blame_;
  std::optional<Reason> held_back_;  // why the leading source's last measurement did not move the clock

  std::deque<UnsyncEvent> unsync_events_;

  struct OwnReferenceId {
    std::uint32_t id;
    bool loopback;
  };
  std::vector<OwnReferenceId> own_reference_ids_;
};

}  // namespace noonmark::core
