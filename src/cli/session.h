#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/configuration_text.h"
#include "cli/display.h"
#include "cli/filter.h"
#include "config/datastore.h"

namespace noonmark::cli {

struct SessionOptions {
  std::string owner;
  bool privileged = true;   // may configure; others only display
  bool interactive = true;  // no script: a refused line does not stop a later commit
  bool json = false;        // displays give JSON
  bool force = false;       // a script commits although lines were refused
};

/// What a line, or the answer to a question, led to.
struct Response {
  std::string output;  // whole lines, or empty
  std::string prompt;  // of the next line
  bool refused = false;
  bool uncommitted = false;             // the candidate differs from the running configuration
  bool display = false;                 // `output` may be paged at `screen_length` lines
  unsigned screen_length = 24;          // 0: never
  std::optional<std::string> question;  // has to be answered before the next line; shown without a newline
  bool end = false;                     // the session is over
};

/// An operator's session: the view, the candidate, and what a line does. Lives between two requests only in
/// its members, waits for nothing. One thread.
class Session {
 public:
  Session(const Services& services, SessionOptions options);

  /// The prompt of the user view.
  static std::string user_prompt(const Services& services);

  std::string prompt();
  /// One line without its newline. While a question is open it is taken as its answer.
  Response execute(std::string_view line);
  /// The answer to the open question; none means the end of input, which is No.
  Response answer(std::optional<std::string_view> text);

 private:
  enum class Answer { yes, no, cancel };
  struct Question {
    std::string text;
    std::string retry;  // after a wrong answer
    bool may_cancel = false;
    std::function<void(Answer)> act;
  };

  void begin();
  Response finish();
  void take_line(std::string_view line);
  void dispatch(const Match& match, const std::vector<FilterText>& filters);
  void act(const Match& match);
  base::Result<DisplayOutput> display(const Match& match);
  void show(const base::Result<DisplayOutput>& output, const std::vector<FilterText>& filters);

  void say(std::string_view line);
  void refuse(std::string_view sentence);
  void ask_yes_no(std::string text, std::function<void()> yes);

  void enter_view_of_interface(const Match& match);
  void enter_configuration(const Match& match);
  void quit();
  /// Back to the user view; asks if there are uncommitted changes.
  void leave_configuration();
  bool commit();
  void save(const std::string& name);

  const Services& services_;
  const SessionOptions options_;
  View view_ = View::user;
  std::string interface_name_;  // of the interface view
  config::Candidate candidate_;
  unsigned screen_length_ = 24;
  bool script_refused_ = false;  // a line of this script was refused
  std::optional<Question> question_;
  Response response_;
};

}  // namespace noonmark::cli
