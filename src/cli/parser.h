#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "cli/commands.h"
#include "cli/grammar.h"
#include "cli/line.h"

namespace noonmark::cli {

/// VRP's five messages.
struct SyntaxError {
  enum class Kind { unrecognized, incomplete, ambiguous, wrong_parameter, too_many };
  Kind kind = Kind::unrecognized;
  std::size_t offset = 0;  // column in the line that the caret points at
};
std::string_view to_string(SyntaxError::Kind kind);
/// The caret line and the message, as printed below a line that was typed behind `prompt`.
std::string render(const SyntaxError& error, std::string_view prompt);

/// A command that a line was recognized as.
struct Match {
  const Command* command = nullptr;
  bool undo = false;
  config::Values values;  // by position in command->leaves
  Arguments arguments;    // the same and the keywords, for displays
};

/// What may come next in a line.
struct Expectation {
  std::string text;  // a keyword, or the placeholder of a parameter
  std::string_view help{};
  bool is_keyword = true;
  const config::LeafInfo* leaf = nullptr;  // of a parameter
  bool operator==(const Expectation&) const = default;
};
struct Expectations {
  std::vector<Expectation> words{};
  std::vector<const config::LeafInfo*> parameters{};  // also those that the word begun may become
  bool complete = false;                              // <cr>: the line may end here
  bool displays = false;                              // ... and a pipeline may follow
};

/// The part of a line that is a command, and the view that it is meant for: `run` executes a command of the
/// user view in another one.
struct CommandPlace {
  std::string_view command;
  std::size_t offset = 0;  // of the command in the line
  View view = View::user;
};
CommandPlace command_place(std::string_view line, View view);

/// The grammar of all commands. Immutable once made; one serves all sessions.
class Parser {
 public:
  explicit Parser(std::span<const DisplayCommand> displays);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  tl::expected<Match, SyntaxError> parse(std::string_view line, View view) const;

  /// Behind a blank (or at the start) the words that may follow, else those that the last word may become.
  tl::expected<Expectations, SyntaxError> expected_next(std::string_view line, View view,
                                                        bool privileged = true) const;

  /// In the order of the tables.
  void for_each_command(const std::function<void(const Command&)>& visit) const;

  /// The line of a row of `command` that has these values.
  std::string line_of(const Command& command, const config::RowText& row) const;
  /// What undoes that line. Rows of equal undo lines are the same row.
  std::string undo_line_of(const Command& command, const config::RowText& row) const;

 private:
  struct Form {
    const Command* command;
    ExpressionPtr expression;
    bool undo;
    ExpressionPtr shown;  // what the line is written by
  };
  struct Thread;
  class Matcher;

  void add(const Command& command);
  const Form& form_of(const Command& command, bool undo) const;

  std::deque<Command> display_rows_;
  std::vector<Form> forms_;
};

/// The grammar of this program, made at the first use.
const Parser& parser();

}  // namespace noonmark::cli
