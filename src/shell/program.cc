#include "shell/program.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

#include "shell/daemon.h"
#include "shell/interactive.h"
#include "shell/line_source.h"
#include "shell/options.h"
#include "shell/outcome.h"
#include "shell/output.h"
#include "shell/pager.h"
#include "shell/script.h"

namespace noonmark::shell {
namespace {

void do_nothing(int) {}

/// Ctrl+C ends what waits for the terminal (EINTR), not the shell.
void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = do_nothing;
  sigaction(SIGINT, &action, nullptr);
}

int usage_error(Output& errors, std::string_view text) {
  errors.write(fmt::format("noonmark: {}\n", text));
  return kExitUsage;
}

struct Program {
  DescriptorOutput out{STDOUT_FILENO};
  DescriptorOutput errors{STDERR_FILENO};

  int run(Options options) {
    const bool has_commands = !options.commands.empty();
    if (has_commands)
      return converse(options, std::make_unique<ListSource>(std::move(options.commands)), false);
    if (options.file.empty())
      return converse(options, std::make_unique<DescriptorSource>(STDIN_FILENO), isatty(STDIN_FILENO) == 1);
    const int file = open(options.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return usage_error(errors, fmt::format("{}: {}", options.file, strerrordesc_np(errno)));
    const int code = converse(options, std::make_unique<DescriptorSource>(file), false);
    close(file);
    return code;
  }

  int converse(const Options& options, std::unique_ptr<LineSource> lines, bool interactive) {
    SocketDaemon daemon;
    const auto greeting = daemon.open(options.run_dir, {interactive, options.json, options.force});
    if (!greeting) {
      errors.write(fmt::format("noonmark: {}\n", greeting.error().message));
      return Outcome{.unreachable = true}.exit_code();
    }
    if (!interactive) return run_script(daemon, *lines, out, errors).exit_code();
    catch_interrupts();
    TerminalKeyboard keyboard(STDIN_FILENO);
    const bool paged = isatty(STDOUT_FILENO) == 1;
    return run_interactive(daemon, *greeting, {*lines, out, errors, paged ? &keyboard : nullptr}).exit_code();
  }
};

}  // namespace

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  auto parsed = parse_options(take_arguments(argc, argv));
  Program program;
  if (const auto* stop = std::get_if<Stop>(&parsed)) {
    (stop->exit_code == 0 ? program.out : program.errors).write(stop->text);
    return stop->exit_code;
  }
  return program.run(std::move(std::get<Options>(parsed)));
}

}  // namespace noonmark::shell
