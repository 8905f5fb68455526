#include "shell/interactive.h"

#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shell/pager.h"
#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

constexpr int kPatience = 3;  // Ctrl+C so often for one command: the daemon hangs

class Interactive final : public Listener, public Assistant {
 public:
  Interactive(Daemon& daemon, const Greeting& greeting, const Console& console)
      : daemon_(daemon), console_(console), prompt_(greeting.prompt) {
    daemon_.listen(*this);
  }

  Outcome run() {
    while (running_) {
      step();
      wipe_traces();
    }
    return outcome_;
  }

  void on_message(const Message& message) override { console_.lines.show(message.text); }

  bool wait_for(int descriptor) override {
    for (;;) {
      switch (console_.keyboard.wait_for(descriptor)) {
        case Keyboard::Wait::ready: return true;
        case Keyboard::Wait::gone: gone_ = true; return false;
        case Keyboard::Wait::interrupted:
          if (++interrupts_ == kPatience) return false;
          daemon_.interrupt();
      }
    }
  }

  std::optional<std::string> help(std::string_view line, int columns) override {
    interrupts_ = 0;
    auto response = daemon_.help(line, columns);
    if (!response) return note(response.error());
    return std::move(response->output);
  }
  std::optional<std::vector<std::string>> completions(std::string_view line) override {
    interrupts_ = 0;
    auto response = daemon_.complete(line);
    if (!response) return note(response.error());
    return std::move(response->completions);
  }
  int descriptor() const override { return daemon_.descriptor(); }
  bool on_readable() override {
    if (const auto received = daemon_.receive(); !received) note(received.error());
    return !lost_;
  }

 private:
  void step() {
    if (!on_readable()) return lose(*lost_);
    auto line = console_.lines.read(prompt_, LineReader::Purpose::command, *this);
    if (lost_) return lose(*lost_);
    switch (line.status) {
      case Line::Status::interrupted: return;
      case Line::Status::end: return leave();
      case Line::Status::line: break;
    }
    execute(line.text);
    wipe(line.text);
  }

  void execute(const std::string& line) {
    interrupts_ = 0;
    auto response = daemon_.execute(line);
    if (response && response->keep) console_.lines.remember(line);
    while (response && response->question) response = ask(*response);
    while (response && response->refresh > 0 && show(*response) && pause(response->refresh))
      response = daemon_.execute(line);
    if (!response) return gone_ ? stop() : lose(response.error());
    if (response->refresh == 0) show(*response);
  }

  bool pause(int seconds) { return console_.keyboard.pause(std::chrono::seconds(seconds)); }

  base::Result<Response> ask(const Response& question) {
    auto line = console_.lines.read(question.output + *question.question, LineReader::Purpose::answer, *this);
    if (lost_) return tl::unexpected(*lost_);
    if (line.status == Line::Status::line) return daemon_.answer(line.text);
    if (line.status == Line::Status::end) {
      if (question.uncommitted) say_discarded();
      stop();
    }
    return daemon_.answer(std::nullopt);
  }

  /// False if there is nothing more to be shown.
  bool show(const Response& response) {
    prompt_ = response.prompt;
    uncommitted_ = response.uncommitted;
    const bool is_read = response.redirect ? write_file(response) : write(response);
    if (response.end || !is_read) stop();
    return running_;
  }

  bool write(const Response& response) {
    if (!response.display || response.refresh > 0) return console_.out.write(response.output);
    return write_paged(response.output, response.screen_length, console_.out, console_.keyboard);
  }

  bool write_file(const Response& response) {
    const auto written = write_redirected(*response.redirect, response.output, console_.files);
    if (!written) return console_.out.write(fmt::format("Error: {}\n", written.error().message));
    return console_.out.write(fmt::format("Info: The output is in {}.\n", response.redirect->file));
  }

  void leave() {
    if (uncommitted_) say_discarded();
    stop();
  }

  void lose(const base::Error& error) {
    outcome_.unreachable = true;
    console_.errors.write(fmt::format("noonmark: {}\n", error.message));
    stop();
  }

  /// Remembers that the daemon is lost: the line that is being typed ends.
  std::nullopt_t note(const base::Error& error) {
    if (!gone_) lost_ = error;
    return std::nullopt;
  }

  void say_discarded() { console_.out.write("Info: The uncommitted configuration is discarded.\n"); }
  void stop() { running_ = false; }

  Daemon& daemon_;
  const Console& console_;
  std::string prompt_;
  Outcome outcome_;
  std::optional<base::Error> lost_;  // while a line was being typed
  int interrupts_ = 0;               // of the command that runs
  bool gone_ = false;                // the terminal
  bool uncommitted_ = false;
  bool running_ = true;
};

}  // namespace

Outcome run_interactive(Daemon& daemon, const Greeting& greeting, const Console& console) {
  if (!greeting.privileged)
    console.out.write("Info: You may only display here; root and the members of group noonmark configure.\n");
  return Interactive(daemon, greeting, console).run();
}

}  // namespace noonmark::shell
