#include "shell/interactive.h"

#include <fmt/format.h>
#include <optional>
#include <string>

#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

class Interactive {
 public:
  Interactive(Daemon& daemon, const Greeting& greeting, const Terminal& terminal)
      : daemon_(daemon), terminal_(terminal), prompt_(greeting.prompt) {}

  Outcome run() {
    while (running_) step();
    return outcome_;
  }

 private:
  void step() {
    if (!terminal_.out.write(prompt_)) return stop();
    auto line = terminal_.lines.next();
    switch (line.status) {
      case Line::Status::interrupted: terminal_.out.write("\n"); return;
      case Line::Status::end: return leave();
      case Line::Status::line: break;
    }
    auto response = daemon_.execute(line.text);
    wipe(line.text);
    while (response && response->question) response = ask(*response);
    if (!response) return lose(response.error());
    show(*response);
  }

  base::Result<Response> ask(const Response& question) {
    terminal_.out.write(question.output + *question.question);
    const auto line = terminal_.lines.next();
    if (line.status == Line::Status::line) return daemon_.answer(line.text);
    terminal_.out.write("\n");
    if (line.status == Line::Status::end) {
      if (question.uncommitted) say_discarded();
      stop();
    }
    return daemon_.answer(std::nullopt);
  }

  void show(const Response& response) {
    prompt_ = response.prompt;
    uncommitted_ = response.uncommitted;
    const bool paged = response.display && terminal_.keyboard != nullptr;
    const bool is_read =
        paged ? write_paged(response.output, response.screen_length, terminal_.out, *terminal_.keyboard)
              : terminal_.out.write(response.output);
    if (response.end || !is_read) stop();
  }

  void leave() {
    terminal_.out.write("\n");
    if (uncommitted_) say_discarded();
    stop();
  }

  void lose(const base::Error& error) {
    outcome_.unreachable = true;
    terminal_.errors.write(fmt::format("noonmark: {}\n", error.message));
    stop();
  }

  void say_discarded() { terminal_.out.write("Info: The uncommitted configuration is discarded.\n"); }
  void stop() { running_ = false; }

  Daemon& daemon_;
  const Terminal& terminal_;
  std::string prompt_;
  Outcome outcome_;
  bool uncommitted_ = false;
  bool running_ = true;
};

}  // namespace

Outcome run_interactive(Daemon& daemon, const Greeting& greeting, const Terminal& terminal) {
  if (!greeting.privileged)
    terminal.out.write(
        "Info: You may only display here; root and the members of group noonmark configure.\n");
  return Interactive(daemon, greeting, terminal).run();
}

}  // namespace noonmark::shell
