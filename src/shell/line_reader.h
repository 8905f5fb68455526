#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/line_source.h"

namespace noonmark::shell {

/// Who knows the commands: is asked while a line is being typed.
class Assistant {
 public:
  virtual ~Assistant() = default;
  /// Whole lines that tell what may follow `line`, for a terminal that wide. None ends the input.
  virtual std::optional<std::string> help(std::string_view line, int columns) = 0;
  /// Words that may stand in place of the last word of `line`. None ends the input.
  virtual std::optional<std::vector<std::string>> completions(std::string_view line) = 0;
  /// A descriptor to be watched meanwhile; on_readable() is called when it is readable. False ends the input.
  virtual int descriptor() const = 0;
  virtual bool on_readable() = 0;
};

/// A person who types lines.
class LineReader {
 public:
  enum class Purpose { command, answer };  // an answer has no help, no completion and no history

  virtual ~LineReader() = default;
  /// Prompts (whole lines go before the last one) and returns what is typed.
  virtual Line read(std::string_view prompt, Purpose purpose, Assistant& assistant) = 0;
  /// Keeps a line for Up and Down.
  virtual void remember(std::string_view line) = 0;
  /// Shows whole lines: above the line that is being typed, if there is one.
  virtual void show(std::string_view lines) = 0;
};

}  // namespace noonmark::shell
