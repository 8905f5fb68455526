#pragma once

#include "base/log.h"
#include "base/result.h"
#include "daemon/options.h"

namespace noonmark::daemon {

/// Runs until SIGTERM or SIGINT. An error is why it could not start; one sentence a line.
base::Result<void> run_daemon(const Options& options, base::LogSink& log);

}  // namespace noonmark::daemon
