#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "core/clock_driver.h"
#include "daemon/time_service.h"
#include "io/loop.h"

namespace noonmark::daemon {

/// RUN_DIR/quality.json, the contract with other software (docs/quality.md): replaced as a whole when the
/// clock or its state changes, at most once a second, and removed at the end. What is passed in outlives the
/// object.
class QualityFile {
 public:
  QualityFile(std::string path, io::Loop& loop, const TimeService& service, core::ClockDriver& clock,
              base::LogSink& log, std::int64_t build_date);
  ~QualityFile();
  QualityFile(const QualityFile&) = delete;
  QualityFile& operator=(const QualityFile&) = delete;

  /// The quality is another one than at the last call.
  void changed();

 private:
  void write();
  std::string text() const;

  std::string path_;
  io::Loop& loop_;
  const TimeService& service_;
  core::ClockDriver& clock_;
  base::LogSink& log_;
  std::int64_t build_date_;
  std::optional<io::Loop::TaskId> soon_;
  std::optional<std::int64_t> written_ns_;  // CLOCK_MONOTONIC
  bool failing_ = false;
};

}  // namespace noonmark::daemon
