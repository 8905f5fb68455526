#include "shell/program.h"

#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/daemon.h"
#include "shell/interactive.h"
#include "shell/line_editor.h"
#include "shell/line_source.h"
#include "shell/options.h"
#include "shell/outcome.h"
#include "shell/output.h"
#include "shell/script.h"
#include "shell/terminal.h"
#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

int usage_error(Output& errors, std::string_view text) {
  errors.write(fmt::format("noonmark: {}\n", text));
  return kExitUsage;
}

/// What a user of the restricted shell may bring along is the kind of the terminal: libraries look for files
/// by other variables. Returns the command that the user gave to ssh, if there is one.
std::string restrict_environment() {
  const auto value_of = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  auto command = value_of("SSH_ORIGINAL_COMMAND");
  const auto terminal = value_of("TERM");
  clearenv();
  if (!terminal.empty()) setenv("TERM", terminal.c_str(), 1);
  return command;
}

struct Program {
  DescriptorOutput out{STDOUT_FILENO};
  DescriptorOutput errors{STDERR_FILENO};

  int run(Options options) {
    if (options.restricted) {
      auto command = restrict_environment();
      if (options.commands.empty() && !command.empty()) options.commands = lines_of(command);
      wipe(command);
    }
    if (!options.commands.empty()) {
      ListSource lines(std::move(options.commands));
      return run_lines(options, lines);
    }
    if (!options.file.empty()) return run_file(options);
    if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) return converse(options);
    DescriptorSource lines(STDIN_FILENO);
    return run_lines(options, lines);
  }

  int run_file(const Options& options) {
    const int file = open(options.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return usage_error(errors, fmt::format("{}: {}", options.file, strerrordesc_np(errno)));
    struct stat status{};
    if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
      close(file);
      return usage_error(errors, fmt::format("{}: {}", options.file, strerrordesc_np(EISDIR)));
    }
    DescriptorSource lines(file);
    const int code = run_lines(options, lines);
    close(file);
    return code;
  }

  int run_lines(const Options& options, LineSource& lines) {
    SocketDaemon daemon;
    const auto greeting = daemon.open(options.run_dir, {false, options.json, options.force});
    if (!greeting) return unreachable(greeting.error());
    return run_script(daemon, lines, {out, errors, files(options)}).exit_code();
  }

  int converse(const Options& options) {
    Terminal terminal(STDIN_FILENO);  // first: what is typed from now on is echoed with its line
    std::setlocale(LC_CTYPE, "C.UTF-8");
    SocketDaemon daemon;
    const auto greeting = daemon.open(options.run_dir, {true, options.json, options.force});
    if (!greeting) return unreachable(greeting.error());
    const auto editor = LineEditor::open(terminal, out);
    if (!editor) return usage_error(errors, editor.error().message);
    return run_interactive(daemon, *greeting, {**editor, terminal, out, errors, files(options)}).exit_code();
  }

  int unreachable(const base::Error& error) {
    errors.write(fmt::format("noonmark: {}\n", error.message));
    return Outcome{.unreachable = true}.exit_code();
  }

  static Files files(const Options& options) { return options.restricted ? Files::none : Files::allowed; }
};

}  // namespace

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  auto parsed = parse_options(argc > 0 ? argv[0] : "", take_arguments(argc, argv));
  Program program;
  if (const auto* stop = std::get_if<Stop>(&parsed)) {
    (stop->exit_code == 0 ? program.out : program.errors).write(stop->text);
    return stop->exit_code;
  }
  return program.run(std::move(std::get<Options>(parsed)));
}

}  // namespace noonmark::shell
