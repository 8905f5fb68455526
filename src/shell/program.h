#pragma once

namespace noonmark::shell {

/// The whole program `noonmark`: returns its exit code.
///   0 all went well   3 the daemon cannot be reached   1 a command was refused
///   4 a script ended with uncommitted changes   2 wrong usage       (3, 1, 4: the earlier wins)
int run(int argc, char** argv);

}  // namespace noonmark::shell
