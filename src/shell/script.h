#pragma once

#include "shell/daemon.h"
#include "shell/line_source.h"
#include "shell/outcome.h"
#include "shell/output.h"

namespace noonmark::shell {

/// Executes line after line; a question takes the next line as its answer, the end of the lines means No. A
/// refused line does not end the script. `out` gets what VRP would show, `errors` what the shell has to say.
Outcome run_script(Daemon& daemon, LineSource& lines, Output& out, Output& errors);

}  // namespace noonmark::shell
