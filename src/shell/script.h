#pragma once

#include "shell/daemon.h"
#include "shell/line_source.h"
#include "shell/outcome.h"
#include "shell/output.h"
#include "shell/redirect.h"

namespace noonmark::shell {

struct ScriptOutput {
  Output& out;     // what VRP would show
  Output& errors;  // what the shell has to say
  Files files = Files::allowed;
};

/// Executes line after line; a question takes the next line as its answer, the end of the lines means No. A
/// refused line does not end the script.
Outcome run_script(Daemon& daemon, LineSource& lines, const ScriptOutput& output);

}  // namespace noonmark::shell
