#include "daemon/leap_watch.h"

#include <chrono>
#include <fmt/format.h>
#include <utility>

#include "io/file.h"
#include "io/leap_file.h"

namespace noonmark::daemon {
namespace {

constexpr std::size_t kMaxFile = 64 << 10;  // that of tzdata has 5 KiB
constexpr auto kEvery = std::chrono::hours(1);

}  // namespace

LeapWatch::LeapWatch(std::string path, io::Loop& loop, TimeService& service, base::LogSink& log)
    : path_(std::move(path)), loop_(loop), service_(service), log_(log) {
  look();
}

LeapWatch::~LeapWatch() { loop_.cancel(next_); }

/// So small a file is read rather than asked for its time of change.
void LeapWatch::look() {
  next_ = loop_.after(kEvery, [this] { look(); });
  auto text = io::read_file(path_, kMaxFile);
  const bool is_absent = !text && text.error().code == base::ErrorCode::unavailable;
  auto found = text ? std::optional(std::move(*text)) : std::nullopt;
  if (found == known_ && (found || is_absent)) return;
  known_ = found;
  auto table = found ? io::parse_leap_file(*found) : base::Result<core::LeapTable>(core::LeapTable{});
  if (!text && !is_absent) log_.write(base::LogLevel::warning, text.error().message);
  if (!table)
    log_.write(base::LogLevel::warning,
               fmt::format("The leap seconds in {} are not used: {}", path_, table.error().message));
  service_.set_leap_table(table ? std::move(*table) : core::LeapTable{});
}

}  // namespace noonmark::daemon
