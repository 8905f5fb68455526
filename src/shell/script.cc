#include "shell/script.h"

#include <cstddef>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // as editors of other systems write it

class Script final : public Listener {
 public:
  Script(Daemon& daemon, LineSource& lines, const ScriptOutput& output)
      : daemon_(daemon), lines_(lines), out_(output.out), errors_(output.errors), files_(output.files) {
    daemon_.listen(*this);
  }

  Outcome run() {
    for (auto line = next_line(); line && execute(std::move(*line));) line = next_line();
    if (uncommitted_ && !outcome_.unreachable) discard();
    return outcome_;
  }

  void on_message(const Message& message) override { out_.write(message.text); }
  bool wait_for(int) override { return true; }  // the socket waits as well

 private:
  std::optional<std::string> next_line() {
    auto line = lines_.next();
    if (line.status != Line::Status::line) return std::nullopt;
    ++line_number_;
    if (line_number_ == 1 && line.text.starts_with(kByteOrderMark)) line.text.erase(0, kByteOrderMark.size());
    return std::move(line.text);
  }

  /// False if the script cannot go on.
  bool execute(std::string line) {
    const auto number = line_number_;
    auto response = daemon_.execute(line);
    wipe(line);
    wipe_traces();
    while (response && response->question) {
      if (!out_.write(response->output + *response->question + '\n')) return false;
      response = answer(response->uncommitted);
    }
    if (!response) return lose(response.error());
    uncommitted_ = response->uncommitted;
    const bool is_read = write(*response);
    if (response->refused) refuse(number);
    if (response->end) skip_rest(number);
    return is_read && !response->end;
  }

  bool write(Response& response) {
    if (!response.redirect) return out_.write(response.output);
    const auto written = write_redirected(*response.redirect, response.output, files_);
    response.refused |= !written;
    return written || out_.write(fmt::format("Error: {}\n", written.error().message));
  }

  base::Result<Response> answer(bool uncommitted) {
    auto text = next_line();
    if (!text && uncommitted)
      discard();
    else if (!text)
      leave_open();
    auto response = daemon_.answer(text);
    if (text) wipe(*text);
    return response;
  }

  bool lose(const base::Error& error) {
    outcome_.unreachable = true;
    say(error.message);
    return false;
  }

  void leave_open() {
    outcome_.refused = true;
    say(fmt::format("the question of line {} is not answered, which means No", line_number_));
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
  const Files files_;
  Outcome outcome_;
  std::size_t line_number_ = 0;
  bool uncommitted_ = false;
};

}  // namespace

Outcome run_script(Daemon& daemon, LineSource& lines, const ScriptOutput& output) {
  return Script(daemon, lines, output).run();
}

}  // namespace noonmark::shell
