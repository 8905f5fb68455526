#include "config/history.h"

#include <algorithm>
#include <fmt/format.h>

namespace noonmark::config {
namespace {

constexpr std::string_view kListHint = "display configuration commit list shows those that are kept";

bool may_go(const CommitPoint& point, CommitId kept) {
  return point.id != kept && point.trial != TrialOutcome::pending;
}

}  // namespace

std::vector<std::string> History::load(CommitId running) {
  std::vector<std::string> log;
  points_.clear();
  highest_ = std::max({highest_, store_.read_mark(), running});
  const auto ids = store_.point_ids();
  if (!ids) return {ids.error().message};
  for (const auto id : *ids) {
    highest_ = std::max(highest_, id);
    auto point = store_.read_point(id);
    if (point)
      points_.push_back(std::move(point->point));
    else
      log.push_back(fmt::format("This rollback point is left out: {}", point.error().message));
  }
  drop_leftovers(running, log);
  end_trials(running, log);
  prune();
  return log;
}

/// A crash leaves one such point at most. More of them are the history of a running.cfg that was put back by
/// hand; they stay.
void History::drop_leftovers(CommitId running, std::vector<std::string>& log) {
  const auto is_leftover = [&](const CommitPoint& p) {
    return p.id > running && p.trial == TrialOutcome::none;
  };
  if (std::ranges::count_if(points_, is_leftover) != 1) return;
  const auto leftover = std::ranges::find_if(points_, is_leftover);
  log.push_back(fmt::format("Commit {} did not come to its end and is removed", number(leftover->id)));
  if (auto removed = store_.remove_point(leftover->id); !removed) log.push_back(removed.error().message);
  points_.erase(leftover);
}

void History::end_trials(CommitId running, std::vector<std::string>& log) {
  for (auto point : points_) {
    if (point.trial != TrialOutcome::pending) continue;
    const bool confirmed = point.id <= running;
    point.trial = confirmed ? TrialOutcome::confirmed : TrialOutcome::rolled_back;
    if (!confirmed) {
      point.reason = "noonmarkd ended during the trial";
      log.push_back(fmt::format("The trial of commit {} is rolled back: {}", number(point.id), point.reason));
      cut_short_ = point.id;
    }
    if (auto recorded = record_outcome(point); !recorded) log.push_back(recorded.error().message);
  }
}

const CommitPoint* History::find(CommitId id) const {
  const auto it = std::ranges::find(points_, id, &CommitPoint::id);
  return it == points_.end() ? nullptr : &*it;
}

CommitPoint* History::find_mutable(CommitId id) { return const_cast<CommitPoint*>(find(id)); }

base::Result<CommitPoint*> History::existing(CommitId id) {
  auto* point = find_mutable(id);
  if (point == nullptr)
    return base::fail(fmt::format("There is no commit {} on this device; {}.", number(id), kListHint));
  return point;
}

const CommitPoint* History::find_label(std::string_view label) const {
  const auto it = std::ranges::find(points_, label, &CommitPoint::label);
  return it == points_.end() ? nullptr : &*it;
}

base::Result<std::string> History::text(CommitId id) const {
  if (id == CommitId::none) return std::string{};
  if (find(id) == nullptr)
    return base::fail(fmt::format("There is no commit {} on this device; {}.", number(id), kListHint));
  auto point = store_.read_point(id);
  if (!point) return tl::unexpected(point.error());
  return std::move(point->text);
}

bool History::is_followed_by_gap(const CommitPoint& point) const {
  const auto next = std::ranges::upper_bound(points_, point.id, {}, &CommitPoint::id);
  return next != points_.end() && number(next->id) != number(point.id) + 1;
}

base::Result<void> History::check_label(std::string_view label) const {
  if (const auto* holder = find_label(label))
    return base::fail(
        fmt::format("The label {} belongs to commit {}; choose another one, or take it away with clear "
                    "configuration commit {} label.",
                    label, number(holder->id), number(holder->id)));
  const auto labels = std::ranges::count_if(points_, [](const CommitPoint& p) { return !p.label.empty(); });
  if (static_cast<std::size_t>(labels) >= kMaxLabels)
    return base::fail(
        fmt::format("{} commits have a label, and no more can be kept; take one away with clear "
                    "configuration commit ID label.",
                    kMaxLabels));
  return {};
}

base::Result<void> History::add(const CommitPoint& point, std::string_view text) {
  if (auto written = store_.write_point(point, text); !written) {
    (void)store_.remove_point(point.id);  // it may have reached the disk all the same
    return written;
  }
  points_.push_back(point);
  highest_ = point.id;
  return {};
}

void History::withdraw() {
  const auto id = points_.back().id;
  (void)store_.remove_point(id);
  points_.pop_back();
  highest_ = CommitId{number(id) - 1};
}

base::Result<void> History::amend(const CommitPoint& point) {
  auto* known = find_mutable(point.id);
  if (known == nullptr) return {};
  const auto stored = store_.read_point(point.id);
  if (!stored) return tl::unexpected(stored.error());
  if (auto written = store_.write_point(point, stored->text); !written) return written;
  *known = point;
  return {};
}

base::Result<void> History::record_outcome(const CommitPoint& point) {
  auto amended = amend(point);
  if (auto* known = find_mutable(point.id); known != nullptr) *known = point;
  return amended;
}

void History::prune() {
  while (points_.size() > kMaxPoints) {
    const auto oldest = std::ranges::find_if(points_, [](const CommitPoint& p) { return p.label.empty(); });
    (void)store_.remove_point(oldest->id);  // what stays on the disk goes at the next start
    points_.erase(oldest);
  }
}

base::Result<void> History::set_label(CommitId id, std::string_view label) {
  const auto point = existing(id);
  if (!point) return tl::unexpected(point.error());
  if (!(*point)->label.empty())
    return base::fail(fmt::format(
        "Commit {} has the label {}; take it away with clear configuration commit {} label first.",
        number(id), (*point)->label, number(id)));
  if (auto free = check_label(label); !free) return free;
  auto amended = **point;
  amended.label = label;
  return amend(amended);
}

base::Result<void> History::clear_label(CommitId id) {
  const auto point = existing(id);
  if (!point) return tl::unexpected(point.error());
  if ((*point)->label.empty()) return base::fail(fmt::format("Commit {} has no label.", number(id)));
  auto amended = **point;
  amended.label.clear();
  return amend(amended);
}

base::Result<void> History::erase(CommitId id) {
  if (id == highest_)
    if (auto marked = store_.write_mark(highest_); !marked) return marked;
  if (auto removed = store_.remove_point(id); !removed) return removed;
  std::erase_if(points_, [&](const CommitPoint& p) { return p.id == id; });
  return {};
}

base::Result<std::size_t> History::erase_oldest(std::size_t count, CommitId kept) {
  if (count > points_.size())
    return base::fail(fmt::format("There are only {} commits; {}.", points_.size(), kListHint));
  std::vector<CommitId> going;
  for (std::size_t i = 0; i < count; ++i)
    if (points_[i].label.empty() && may_go(points_[i], kept)) going.push_back(points_[i].id);
  for (const auto id : going)
    if (auto erased = erase(id); !erased) return tl::unexpected(erased.error());
  return going.size();
}

base::Result<void> History::erase_label(std::string_view label, CommitId kept) {
  const auto* point = find_label(label);
  if (point == nullptr) return base::fail(fmt::format("No commit has the label {}; {}.", label, kListHint));
  if (!may_go(*point, kept))
    return base::fail(fmt::format("Commit {} is the configuration in force and stays.", number(point->id)));
  return erase(point->id);
}

}  // namespace noonmark::config
