#include "base/log.h"

#include <array>
#include <cstdio>
#include <utility>
#include <unistd.h>

namespace noonmark::base {

std::optional<LogLevel> parse_log_level(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kNames{
      {{"error", LogLevel::error},
       {"warning", LogLevel::warning},
       {"notice", LogLevel::notice},
       {"info", LogLevel::info},
       {"debug", LogLevel::debug}}};
  for (const auto& [text, level] : kNames)
    if (text == name) return level;
  return std::nullopt;
}

StderrLog::StderrLog(LogLevel limit) : limit_(limit), terminal_(isatty(STDERR_FILENO) == 1) {}

void StderrLog::write(LogLevel level, std::string_view line) {
  if (level > limit_) return;
  const int length = static_cast<int>(line.size());
  if (terminal_)
    std::fprintf(stderr, "%.*s\n", length, line.data());
  else
    std::fprintf(stderr, "<%d>%.*s\n", static_cast<int>(level), length, line.data());
}

}  // namespace noonmark::base
