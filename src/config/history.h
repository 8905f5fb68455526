#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/commit_point.h"
#include "config/store.h"

namespace noonmark::config {

inline constexpr std::size_t kMaxPoints = 100;
inline constexpr std::size_t kMaxLabels = 50;  // so that there is always a point that may go

/// The rollback points. What is known about them is in memory, their configurations are in the store. Errors
/// are sentences for the operator.
class History {
 public:
  explicit History(Store& store) : store_(store) {}

  /// Takes what the store has. `running` is the commit that running.cfg names: one newer point is a commit
  /// that did not come to its end and is removed; trials that were not confirmed are noted as rolled back.
  /// Gives sentences for the log.
  std::vector<std::string> load(CommitId running);

  /// The trial that load() found unconfirmed.
  std::optional<CommitId> cut_short() const { return cut_short_; }

  /// Oldest first.
  const std::vector<CommitPoint>& points() const { return points_; }
  const CommitPoint* find(CommitId id) const;
  const CommitPoint* find_label(std::string_view label) const;
  /// The text of a point; of CommitId::none the empty one.
  base::Result<std::string> text(CommitId id) const;
  /// Whether points between this one and the next newer one are gone.
  bool is_followed_by_gap(const CommitPoint& point) const;

  /// Numbers are never given twice, also not over a restart.
  CommitId next_id() const { return CommitId{number(highest_) + 1}; }
  /// Why the label cannot be given to a point.
  base::Result<void> check_label(std::string_view label) const;

  base::Result<void> add(const CommitPoint& point, std::string_view text);
  /// Takes back the newest point, which did not become a commit.
  void withdraw();
  /// Writes anew what is known about a point; no effect on one that is gone. On an error nothing changes.
  base::Result<void> amend(const CommitPoint& point);
  /// How a trial ended is known whether or not it can be written.
  base::Result<void> record_outcome(const CommitPoint& point);
  /// Removes the oldest points without a label until there are at most kMaxPoints.
  void prune();

  base::Result<void> set_label(CommitId id, std::string_view label);
  base::Result<void> clear_label(CommitId id);
  /// The `count` oldest points; those with a label and of a trial that runs stay, and so does `kept`. Gives
  /// how many were removed.
  base::Result<std::size_t> erase_oldest(std::size_t count, CommitId kept);
  base::Result<void> erase_label(std::string_view label, CommitId kept);

 private:
  CommitPoint* find_mutable(CommitId id);
  base::Result<CommitPoint*> existing(CommitId id);
  void drop_leftovers(CommitId running, std::vector<std::string>& log);
  void end_trials(CommitId running, std::vector<std::string>& log);
  base::Result<void> erase(CommitId id);

  Store& store_;
  std::vector<CommitPoint> points_;
  std::optional<CommitId> cut_short_;
  CommitId highest_{number(CommitId::first) - 1};
};

}  // namespace noonmark::config
