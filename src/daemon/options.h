#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/log.h"
#include "base/result.h"
#include "io/leap_file.h"

namespace noonmark::daemon {

struct SystemClockOption {};
struct ObserveClockOption {};
struct VirtualClockOption {
  double offset = 0;     // s ahead of the kernel's clock
  double frequency = 0;  // s/s that the oscillator gains
};
using ClockOption = std::variant<SystemClockOption, ObserveClockOption, VirtualClockOption>;

/// "system", "observe", "virtual" or "virtual:offset=SECONDS,frequency=PPM" (each part at most once, both
/// optional).
base::Result<ClockOption> parse_clock_option(const std::string& text);

struct Options {
  std::string state_dir = "/var/lib/noonmark";
  std::string run_dir = "/run/noonmark";
  std::optional<std::string> config_file;  // the configuration is this file's, and is never stored
  ClockOption clock = SystemClockOption{};
  std::string leap_file = io::kSystemLeapFile;
  unsigned server_workers = 0;  // threads that answer requests beside the main one
  bool control = true;
  bool sandbox = true;
  base::LogLevel log_level = base::LogLevel::info;
};

}  // namespace noonmark::daemon
