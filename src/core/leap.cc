#include "core/leap.h"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace noonmark::core {
namespace {

using wire::Leap;

constexpr std::int64_t kDay = 86400;

std::chrono::year_month_day date_of(std::int64_t now) {
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(now)));
}

bool is_month_of_leap_seconds(std::int64_t now) {
  const auto month = date_of(now).month();
  return month == std::chrono::June || month == std::chrono::December;
}

}  // namespace

std::int64_t end_of_month(std::int64_t now) {
  const auto today = date_of(now);
  const auto next = std::chrono::sys_days((today.year() / today.month() / 1) + std::chrono::months(1));
  return std::chrono::sys_seconds(next).time_since_epoch().count();
}

void LeapSeconds::take_votes(const LeapVotes& votes, std::int64_t now) {
  voted_.reset();
  if (!is_month_of_leap_seconds(now)) return;
  if (2 * votes.inserts > votes.voters) voted_ = LeapSecond{Leap::insert, end_of_month(now)};
  if (2 * votes.deletes > votes.voters) voted_ = LeapSecond{Leap::remove, end_of_month(now)};
}

std::optional<LeapSecond> LeapSeconds::by_table(std::int64_t month_end) const {
  const auto entry = std::ranges::find(table_.entries, month_end, &LeapTable::Entry::from);
  if (entry == table_.entries.end() || entry == table_.entries.begin()) return std::nullopt;
  const int change = entry->tai_offset - std::prev(entry)->tai_offset;
  if (change == 0) return std::nullopt;
  return LeapSecond{change > 0 ? Leap::insert : Leap::remove, month_end};
}

std::optional<LeapSecond> LeapSeconds::ahead(std::int64_t now) const {
  const std::int64_t month_end = end_of_month(now);
  if (month_end == passed_) return std::nullopt;
  if (const auto known = by_table(month_end)) return known;
  const bool table_reaches = table_.expires >= month_end;
  if (table_reaches || !voted_ || voted_->at != month_end) return std::nullopt;
  return voted_;
}

std::optional<LeapSecond> LeapSeconds::today(std::int64_t now) const {
  const auto leap = ahead(now);
  return leap && now >= leap->at - kDay ? leap : std::nullopt;
}

std::optional<int> LeapSeconds::tai_offset(std::int64_t now) const {
  if (now >= table_.expires) return std::nullopt;
  std::optional<int> offset;
  for (const auto& entry : table_.entries)
    if (entry.from <= now || entry.from == passed_) offset = entry.tai_offset;
  return offset;
}

std::optional<std::int64_t> LeapSeconds::table_expires() const {
  return table_.entries.empty() ? std::nullopt : std::optional(table_.expires);
}

}  // namespace noonmark::core
