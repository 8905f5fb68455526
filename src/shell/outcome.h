#pragma once

namespace noonmark::shell {

inline constexpr int kExitUsage = 2;

/// What went wrong in a run of the shell; exit_code() names the worst.
struct Outcome {
  bool unreachable = false;  // the daemon could not be reached, or was lost
  bool refused = false;      // a command was refused
  bool uncommitted = false;  // a script ended with changes that were not committed, and so discarded

  int exit_code() const { return unreachable ? 3 : refused ? 1 : uncommitted ? 4 : 0; }
  bool operator==(const Outcome&) const = default;
};

}  // namespace noonmark::shell
