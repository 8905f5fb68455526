#include "core/leap.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace noonmark::core {
namespace {

using wire::Leap;

constexpr std::int64_t kDay = 86400;

constexpr std::array<int, 12> kDaysBefore{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};  // a month
constexpr int kJune = 5, kDecember = 11;                                                           // from 0

struct Month {
  std::int64_t year = 1970;
  int month = 0;  // from 0
};

bool is_leap_year(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/// Days from 1970 to the first day of it.
std::int64_t days_to(const Month& m) {
  const std::int64_t before = m.year - 1;  // years that are over
  const std::int64_t leap_days = before / 4 - before / 100 + before / 400 - 477;
  const bool has_own = m.month > 1 && is_leap_year(m.year);
  return (m.year - 1970) * 365 + leap_days + kDaysBefore[static_cast<std::size_t>(m.month)] +
         (has_own ? 1 : 0);
}

Month after(const Month& m) {
  return m.month == kDecember ? Month{m.year + 1, 0} : Month{m.year, m.month + 1};
}

Month month_of(std::int64_t now) {
  const std::int64_t day = now / kDay;
  Month m{.year = 1970 + std::max<std::int64_t>(0, day) / 366, .month = 0};
  while (days_to(after(m)) <= day) m = after(m);
  return m;
}

bool is_month_of_leap_seconds(std::int64_t now) {
  const int month = month_of(now).month;
  return month == kJune || month == kDecember;
}

}  // namespace

std::int64_t end_of_month(std::int64_t now) { return days_to(after(month_of(now))) * kDay; }

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
