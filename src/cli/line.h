#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace noonmark::cli {

inline constexpr std::size_t kMaxLine = 3100;  // characters, as on the NE40E

/// A word of a command line. In double quotes it may hold blanks and question marks.
struct Token {
  std::string text;
  std::size_t offset = 0;  // of its first character in the line, quotes included
  bool quoted = false;
  bool unterminated = false;  // a quote was opened and not closed
};

/// A control character but the tabulator.
bool is_control(char c);

/// Whether a line may be looked at: not too long, UTF-8, no control characters but the tabulator.
base::Result<void> check_line(std::string_view line);

/// Splits at blanks. A double quote at the start of a word begins a quoted one; it ends at a quote before a
/// blank or the end of the line.
std::vector<Token> split(std::string_view line);

/// Whether `word` is `keyword`, in any case.
bool same_keyword(std::string_view word, std::string_view keyword);
/// Whether `word` abbreviates `keyword`, in any case. A keyword that starts with a digit has no abbreviation.
bool abbreviates(std::string_view word, std::string_view keyword);

}  // namespace noonmark::cli
