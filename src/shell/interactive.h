#pragma once

#include "shell/daemon.h"
#include "shell/keyboard.h"
#include "shell/line_reader.h"
#include "shell/outcome.h"
#include "shell/output.h"
#include "shell/redirect.h"

namespace noonmark::shell {

/// Where an operator sits.
struct Console {
  LineReader& lines;
  Keyboard& keyboard;
  Output& out;
  Output& errors;
  Files files = Files::allowed;
};

/// Prompts, executes what is typed and shows the answers, until the session ends, the input ends (Ctrl+D) or
/// the daemon is lost. Ctrl+C throws away the line that is being typed, ends early what runs, or answers a
/// question with No; pressed three times it no longer waits for the daemon.
Outcome run_interactive(Daemon& daemon, const Greeting& greeting, const Console& console);

}  // namespace noonmark::shell
