#include "shell/options.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <sstream>
#include <CLI/CLI.hpp>

#include "shell/outcome.h"
#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

/// What CLI11 prints for a way of ending, and its exit code made ours.
Stop stop_of(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, errors;
  const bool is_success = app.exit(error, out, errors) == 0;
  return is_success ? Stop{0, out.str()} : Stop{kExitUsage, errors.str()};
}

bool is_restricted_name(std::string_view program) {
  program.remove_prefix(program.rfind('/') + 1);  // npos + 1 is 0
  if (program.starts_with('-')) program.remove_prefix(1);
  return program == "rnoonmark";
}

void split_commands(std::vector<std::string>& commands) {
  std::vector<std::string> lines;
  for (auto& command : commands) {
    std::ranges::move(lines_of(command), std::back_inserter(lines));
    wipe(command);
  }
  commands = std::move(lines);
}

}  // namespace

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  do {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    if (lines.back().ends_with('\r')) lines.back().pop_back();
    text.remove_prefix(std::min(end + 1, text.size()));
  } while (!text.empty());
  return lines;
}

std::variant<Options, Stop> parse_options(std::string_view program, std::vector<std::string> arguments) {
  Options options;
  CLI::App app(
      "The operator's shell of noonmarkd. Without -c and -f it reads commands from standard input:\n"
      "interactively if it and standard output are terminals, else as a script. Passwords belong there, not "
      "into -c.",
      "noonmark");
  app.add_option("--run-dir", options.run_dir, "Where noonmarkd has its control socket")
      ->capture_default_str();
  auto* commands = app.add_option("-c", options.commands,
                                  "Execute a command, or several lines of them; may be given several times")
                       ->type_name("COMMAND")
                       ->allow_extra_args(false)
                       ->take_all();
  app.add_option("-f", options.file, "Execute the commands of a file")->type_name("FILE")->excludes(commands);
  app.add_flag("--json", options.json, "Displays as JSON, with units in the names");
  app.add_flag("--force", options.force, "In a script: commit although a line before was refused");
  app.add_flag(
      "--restricted", options.restricted,
      "Open no file for the user: neither -f nor '> FILE'. Without -c, $SSH_ORIGINAL_COMMAND is executed if\n"
      "there is one, so this can be OpenSSH's ForceCommand. Called as rnoonmark the shell is restricted.");
  app.footer(
      "Exit codes: 0 all went well, 1 a command was refused, 2 wrong usage, 3 noonmarkd cannot be reached,\n"
      "4 the script ended with uncommitted changes (they are discarded).");
  std::ranges::reverse(arguments);  // the order that CLI11 wants of a vector
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return stop_of(app, error);
  }
  options.restricted |= is_restricted_name(program);
  if (options.restricted && !options.file.empty())
    return Stop{
        kExitUsage,
        "noonmark: the restricted shell opens no files: give the commands with -c or on standard input\n"};
  split_commands(options.commands);
  return options;
}

std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    arguments.emplace_back(argv[i]);
    explicit_bzero(argv[i], std::strlen(argv[i]));
  }
  return arguments;
}

}  // namespace noonmark::shell
