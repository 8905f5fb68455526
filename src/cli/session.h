#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/configuration_text.h"
#include "cli/display.h"
#include "cli/log_relay.h"
#include "cli/operation.h"
#include "cli/pipeline.h"
#include "config/datastore.h"

namespace noonmark::cli {

struct SessionOptions {
  config::Author author{};
  bool privileged = true;   // may configure; others only display
  bool interactive = true;  // no script: a refused line does not stop a later commit
  bool json = false;        // displays give JSON
  bool force = false;       // a script commits although lines were refused
};

/// What a line, or the answer to a question, led to.
struct Response {
  std::string output{};  // whole lines, or empty
  std::string prompt{};  // of the next line
  bool refused = false;
  bool uncommitted = false;               // the end of the session would lose changes
  bool display = false;                   // `output` may be paged at `screen_length` lines
  unsigned screen_length = 24;            // 0: never
  std::optional<std::string> question{};  // has to be answered before the next line; shown without a newline
  bool end = false;                       // the session is over
  bool keep_in_history = true;            // false: the line may hold a password
  unsigned refresh_seconds = 0;           // execute the line again after that time; 0: not
  std::optional<Redirection> redirection{};  // where `output` goes to instead of the terminal
  std::vector<std::string> completions{};
  bool pending = false;  // an operation runs: the response comes through SessionOutput
};

/// Where a session writes to apart from its responses.
struct SessionOutput {
  std::function<void(std::string_view)> progress;  // whole lines of the operation that runs
  std::function<void(Response)> respond;           // the operation is done
  std::function<void(std::string_view)> notice;    // whole lines, at any time
};

/// An operator's session: the view, the candidate, and what a line does. Lives between two requests only in
/// its members, waits for nothing. One thread.
class Session {
 public:
  enum class Answer { yes, no, cancel };
  struct Question {
    std::string text;
    std::string retry;  // after a wrong answer
    bool may_cancel = false;
    std::function<void(Answer)> act;
  };

  Session(const Services& services, SessionOptions options, SessionOutput output = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The prompt of the user view.
  static std::string user_prompt(const Services& services);

  std::string prompt();
  /// One line without its newline. While a question is open it is taken as its answer.
  Response execute(std::string_view line);
  /// The answer to the open question; none means the end of input, which is No.
  Response answer(std::optional<std::string_view> text);
  /// What `?` shows behind `line`. Changes nothing.
  Response help(std::string_view line, std::size_t width);
  Response complete(std::string_view line);
  /// Ends the operation that runs, if one does.
  void interrupt();

  // for the commands (Command::run and Command::show)
  const Services& services() const { return services_; }
  const SessionOptions& options() const { return options_; }
  config::Candidate& candidate() { return candidate_; }
  View view() const { return view_; }
  /// What the view is that of: an interface, an access list.
  const std::string& thing() const { return thing_; }
  void enter(View view, std::string thing = {});
  void end() { response_.end = true; }
  void set_screen_length(unsigned lines) { screen_length_ = lines; }
  /// A terminal without pages (`screen-length 0 temporary`): what no device of VRP would say is left out
  /// there.
  bool is_read_by_a_program() const { return options_.interactive && screen_length_ == 0; }
  std::deque<std::string>& history() { return history_; }
  void monitor(bool on);
  /// Whether a line of this script was refused, and the script was not started with --force.
  bool must_not_commit() const { return script_refused_ && !options_.force; }

  void say(std::string_view line);
  /// Says "Error: " and the sentence; the line counts as refused.
  void refuse(std::string_view sentence);
  void ask(Question question) { question_ = std::move(question); }
  void ask_yes_no(std::string text, std::function<void()> yes);

 private:
  void begin();
  /// A trial that is rolled back when this session ends.
  bool has_trial_to_lose() const;
  Response finish();
  /// What became of this session's trial in the meantime stands before what a line says.
  void tell_news();
  void take_line(std::string_view line);
  void dispatch(const Match& match, const Pipeline& pipeline);
  void remember(std::string_view line);
  void enter_configuration(const Match& match);
  void display(const Match& match, const Pipeline& pipeline);
  void operate(const Match& match, const Pipeline& pipeline);
  void show(const base::Result<DisplayOutput>& output, const Pipeline& pipeline, std::size_t shown);
  base::Result<std::string> rendered(const DisplayOutput& output, const Pipeline& pipeline) const;

  const Services& services_;
  const SessionOptions options_;
  const SessionOutput output_;
  View view_ = View::user;
  std::string thing_;
  config::Candidate candidate_;
  unsigned screen_length_ = 24;
  bool script_refused_ = false;  // a line of this script was refused
  std::deque<std::string> history_;
  std::optional<Question> question_;
  bool may_tell_ = true;                  // the output is text for this terminal
  std::unique_ptr<Operation> operation_;  // one that is done stays until the next request
  bool operating_ = false;
  std::optional<LogRelay::Subscription> monitor_;
  Response response_;
};

}  // namespace noonmark::cli
