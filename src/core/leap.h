#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/leap_table.h"
#include "wire/header.h"

namespace noonmark::core {

/// A leap second at the end of the current UTC month.
struct LeapSecond {
  wire::Leap leap = wire::Leap::none;  // insert or remove
  std::int64_t at = 0;                 // s since 1970: the second after it
  bool operator==(const LeapSecond&) const = default;
};

/// How many of the selected sources announce what.
struct LeapVotes {
  std::size_t voters = 0, inserts = 0, deletes = 0;
};

/// What is known of leap seconds. The table decides wherever it reaches; beyond it more than half of the
/// selected sources do, in June and December only (all leap seconds so far were there, and a source that is
/// wrong about leap seconds is more frequent than one elsewhere). Times are seconds since 1970, UTC.
class LeapSeconds {
 public:
  void set_table(LeapTable table) { table_ = std::move(table); }
  /// The present votes; they hold until the next ones, at most to the end of the month.
  void take_votes(const LeapVotes& votes, std::int64_t now);
  /// The leap second is over: within the second that an insertion repeats it would look as if it were still
  /// ahead.
  void pass(const LeapSecond& leap) { passed_ = leap.at; }

  std::optional<LeapSecond> ahead(std::int64_t now) const;
  /// The same, but on its day only: when the kernel is to be told (RFC 5905 appendix A; adjtimex inserts at
  /// the end of whatever day it is told on).
  std::optional<LeapSecond> today(std::int64_t now) const;
  std::optional<int> tai_offset(std::int64_t now) const;
  std::optional<std::int64_t> table_expires() const;

 private:
  std::optional<LeapSecond> by_table(std::int64_t month_end) const;

  LeapTable table_;
  std::optional<LeapSecond> voted_;
  std::int64_t passed_ = 0;
};

/// The first second of the next UTC month.
std::int64_t end_of_month(std::int64_t now);

}  // namespace noonmark::core
