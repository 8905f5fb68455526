#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace noonmark::shell {

struct Options {
  std::string run_dir = "/run/noonmark";
  std::vector<std::string> commands;  // -c
  std::string file;                   // -f, empty: none
  bool json = false;
  bool force = false;
  bool restricted = false;  // opens no files for its user
};

/// The run is over before it began: --help, --version or wrong usage.
struct Stop {
  int exit_code = 0;
  std::string text;  // for standard output if exit_code is 0, else for standard error
};

/// `program` is the name that it was called by ("-NAME" as a login shell); that of the restricted shell is an
/// option as well. `arguments` are without it.
std::variant<Options, Stop> parse_options(std::string_view program, std::vector<std::string> arguments);

/// The commands of a text: one a line.
std::vector<std::string> lines_of(std::string_view text);

/// Overwrites the arguments as other users see them in /proc: a command may hold a password. Returns a copy.
std::vector<std::string> take_arguments(int argc, char** argv);

}  // namespace noonmark::shell
