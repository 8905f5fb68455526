#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace noonmark::shell {

/// The control protocol: one JSON object a line, one response for each request. Between them come progress
/// and notices. The daemon's side is in cli/.
inline constexpr int kProtocolVersion = 2;

struct Greeting {
  std::string version;  // the daemon's
  std::string prompt;
  bool privileged = false;  // may configure
};

/// Where the output goes instead of to the terminal: a file of the user's, opened by the shell.
struct Redirect {
  std::string file;
  bool append = false;
};

struct Response {
  std::string output;  // empty, or whole lines
  std::string prompt;
  bool refused = false;
  bool uncommitted = false;             // the session's candidate differs from the running configuration
  bool display = false;                 // output of a display: may be paged
  int screen_length = 24;               // lines of a page; 0: no paging
  std::optional<std::string> question;  // the next request has to be an answer
  bool end = false;                     // the session is over
  bool keep = true;                     // the line may be kept in the history: it holds no password
  int refresh = 0;                      // the same line again after so many seconds; 0: not
  std::optional<Redirect> redirect;
  std::vector<std::string> completions;
};

/// Whole lines that come by themselves: what a running command has to say, or a line of the log.
struct Message {
  enum class Kind { progress, notice };
  Kind kind = Kind::progress;
  std::string text;
};

struct SessionOptions {
  bool interactive = false;
  bool json = false;
  bool force = false;  // a script's commit goes on after refused lines
};

/// Errors say what is wrong with the daemon's words, above all a version that does not fit.
base::Result<Greeting> parse_greeting(std::string_view line);
base::Result<std::variant<Message, Response>> parse_message(std::string_view line);

/// Requests, each with its newline. What does not fit into a request is cut, which still leaves a line that
/// the daemon refuses as too long; octets that are no UTF-8 become U+FFFD, which it refuses too.
std::string open_request(const SessionOptions& options);
std::string execute_request(std::string_view line);
/// None: the input has ended, which means No.
std::string answer_request(std::optional<std::string_view> text);
std::string help_request(std::string_view line, int columns);
std::string completion_request(std::string_view line);
std::string interrupt_request();

}  // namespace noonmark::shell
