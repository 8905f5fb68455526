#include "daemon/quality_file.h"

#include <chrono>
#include <unistd.h>

#include "cli/display_quality.h"
#include "io/file.h"

namespace noonmark::daemon {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // ns
constexpr std::int64_t kSpacing = kSecond;
constexpr mode_t kMode = 0644;

}  // namespace

QualityFile::QualityFile(std::string path, io::Loop& loop, const TimeService& service,
                         core::ClockDriver& clock, base::LogSink& log, std::int64_t build_date)
    : path_(std::move(path)),
      loop_(loop),
      service_(service),
      clock_(clock),
      log_(log),
      build_date_(build_date) {
  write();
}

QualityFile::~QualityFile() {
  if (soon_) loop_.cancel(*soon_);
  ::unlink(path_.c_str());
}

void QualityFile::changed() {
  if (soon_) return;
  const auto wait = written_ns_ ? *written_ns_ + kSpacing - io::Loop::monotonic_ns() : 0;
  if (wait <= 0) return write();
  soon_ = loop_.after(std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(wait)), [this] {
    soon_.reset();
    write();
  });
}

void QualityFile::write() {
  written_ns_ = io::Loop::monotonic_ns();
  const auto written = io::replace_file(path_, text(), kMode);
  if (!written && !failing_)
    log_.write(base::LogLevel::error, "The quality of the clock cannot be told: " + written.error().message);
  failing_ = !written;
}

std::string QualityFile::text() const {
  const auto now = clock_.now();
  const auto& engine = service_.engine();
  auto json = cli::quality_json(engine.quality(now), engine.config().error_budget, build_date_);
  const auto nanoseconds = (std::int64_t{now.served.fraction()} * kSecond) >> 32;
  json["clock"] = core::code(clock_.kind());
  json["at_unix_ns"] = now.served.unix_seconds_near(build_date_) * kSecond + nanoseconds;
  json["at_monotonic_ns"] = io::Loop::monotonic_ns();
  json["pid"] = ::getpid();
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace noonmark::daemon
