#pragma once

#include "shell/daemon.h"
#include "shell/line_source.h"
#include "shell/outcome.h"
#include "shell/output.h"
#include "shell/pager.h"

namespace noonmark::shell {

struct Terminal {
  LineSource& lines;
  Output& out;
  Output& errors;
  Keyboard* keyboard = nullptr;  // none: displays are not paged
};

/// Prompts, executes what is typed and shows the answers, until the session ends, the input ends (Ctrl+D) or
/// the daemon is lost. Ctrl+C throws away the line that is being typed, or answers a question with No.
Outcome run_interactive(Daemon& daemon, const Greeting& greeting, const Terminal& terminal);

}  // namespace noonmark::shell
