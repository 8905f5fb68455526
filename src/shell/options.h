#pragma once

#include <string>
#include <variant>
#include <vector>

namespace noonmark::shell {

struct Options {
  std::string run_dir = "/run/noonmark";
  std::vector<std::string> commands;  // -c
  std::string file;                   // -f, empty: none
  bool json = false;
  bool force = false;
};

/// The run is over before it began: --help, --version or wrong usage.
struct Stop {
  int exit_code = 0;
  std::string text;  // for standard output if exit_code is 0, else for standard error
};

/// `arguments` without the program's name.
std::variant<Options, Stop> parse_options(std::vector<std::string> arguments);

/// Overwrites the arguments as other users see them in /proc: a command may hold a password. Returns a copy.
std::vector<std::string> take_arguments(int argc, char** argv);

}  // namespace noonmark::shell
