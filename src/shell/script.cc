#include "shell/script.h"

#include <cstddef>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

class Script {
 public:
  Script(Daemon& daemon, LineSource& lines, Output& out, Output& errors)
      : daemon_(daemon), lines_(lines), out_(out), errors_(errors) {}

  Outcome run() {
    for (auto line = next_line(); line && execute(std::move(*line));) line = next_line();
    if (uncommitted_ && !outcome_.unreachable) discard();
    return outcome_;
  }

 private:
  std::optional<std::string> next_line() {
    auto line = lines_.next();
    if (line.status != Line::Status::line) return std::nullopt;
    ++line_number_;
    return std::move(line.text);
  }

  /// False if the script cannot go on.
  bool execute(std::string line) {
    const auto number = line_number_;
    auto response = daemon_.execute(line);
    wipe(line);
    while (response && response->question) {
      if (!out_.write(response->output + *response->question + '\n')) return false;
      response = answer(response->uncommitted);
    }
    if (!response) return lose(response.error());
    uncommitted_ = response->uncommitted;
    const bool is_read = out_.write(response->output);
    if (response->refused) refuse(number);
    if (response->end) skip_rest(number);
    return is_read && !response->end;
  }

  base::Result<Response> answer(bool uncommitted) {
    auto text = next_line();
    if (!text && uncommitted) discard();
    auto response = daemon_.answer(text);
    if (text) wipe(*text);
    return response;
  }

  bool lose(const base::Error& error) {
    outcome_.unreachable = true;
    say(error.message);
    return false;
  }

  void refuse(std::size_t number) {
    outcome_.refused = true;
    say(fmt::format("line {} refused", number));
  }

  void discard() {
    if (!outcome_.uncommitted) say("the script ended with uncommitted changes: they are discarded");
    outcome_.uncommitted = true;
  }

  /// Lines behind the end of the session were meant to do something.
  void skip_rest(std::size_t number) {
    while (auto line = next_line()) {
      if (line->find_first_not_of(" \t") == std::string::npos) continue;
      wipe(*line);
      outcome_.refused = true;
      say(fmt::format("line {} ended the session: the lines from {} on are not executed", number,
                      line_number_));
      break;
    }
  }

  void say(std::string_view text) { errors_.write(fmt::format("noonmark: {}\n", text)); }

  Daemon& daemon_;
  LineSource& lines_;
  Output& out_;
  Output& errors_;
  Outcome outcome_;
  std::size_t line_number_ = 0;
  bool uncommitted_ = false;
};

}  // namespace

Outcome run_script(Daemon& daemon, LineSource& lines, Output& out, Output& errors) {
  return Script(daemon, lines, out, errors).run();
}

}  // namespace noonmark::shell
