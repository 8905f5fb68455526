#pragma once

#include <string>

#include "base/log.h"
#include "core/outbox.h"

namespace noonmark::cli {

struct EventText {
  base::LogLevel level = base::LogLevel::notice;
  std::string line;
};

/// The log line of an event. The synchronization events have VRP's names and words; the others are ours, in
/// the same form: MODULE/SEVERITY/NAME: what happened. (Fact = value, ...)
EventText event_text(const core::Event& event);

}  // namespace noonmark::cli
