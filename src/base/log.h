#pragma once

#include <optional>
#include <string_view>

namespace noonmark::base {

/// syslog's severities, so that "<N>" in front of a line is understood by journald.
enum class LogLevel { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

std::optional<LogLevel> parse_log_level(std::string_view name);

class LogSink {
 public:
  virtual ~LogSink() = default;
  /// `line` is one line without newline, without secrets.
  virtual void write(LogLevel level, std::string_view line) = 0;
};

/// Writes "<N>line" to standard error when it is not a terminal, "line" when it is; levels above `limit` are
/// left out.
class StderrLog final : public LogSink {
 public:
  explicit StderrLog(LogLevel limit);
  void write(LogLevel level, std::string_view line) override;

 private:
  LogLevel limit_;
  bool terminal_;
};

}  // namespace noonmark::base
