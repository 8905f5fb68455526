#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/leaf.h"

namespace noonmark::cli {

/// Grammars of commands, written in the vendor's notation, words separated by blanks:
///   keyword   <parameter>   { a | b } one of   [ a ] optional   [ a | b ] *  any of them, in any order, each
///   once   { a | b } *  the same, at least one
/// A parameter names a leaf. A keyword that is a flag leaf, or a choice of a choice leaf, sets that leaf.

/// A checked notation: a bracket too many or an unknown parameter in the table does not compile.
consteval std::string_view checked(std::string_view notation, std::span<const config::LeafInfo> leaves) {
  int depth = 0;
  for (std::string_view rest = notation; !rest.empty();) {
    const auto blank = rest.find(' ');
    const auto word = rest.substr(0, blank);
    rest = blank == std::string_view::npos ? std::string_view{} : rest.substr(blank + 1);
    if (word.empty()) throw "two blanks in a grammar";
    if (word == "[" || word == "{") ++depth;
    if ((word == "]" || word == "}") && --depth < 0) throw "unbalanced bracket in a grammar";
    if (word == "|" && depth == 0) throw "'|' outside brackets in a grammar";
    if (word.front() != '<') continue;
    bool known = false;
    for (const auto& leaf : leaves) known |= word.substr(1, word.size() - 2) == leaf.name;
    if (!known) throw "a grammar names an unknown parameter";
  }
  if (depth != 0) throw "unbalanced bracket in a grammar";
  return notation;
}

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

/// A regular expression over the words of a line. Immutable.
struct Expression {
  enum class Kind { empty, keyword, parameter, sequence, choice, subset };
  Kind kind = Kind::empty;
  std::string text;                        // a keyword, or "<parameter>"
  const config::LeafInfo* leaf = nullptr;  // what a terminal sets
  std::size_t leaf_index = 0;
  std::vector<ExpressionPtr> children;  // sequence: head and tail
};

/// `notation` has passed checked(), or the program ends. `leaves` outlive the expression.
ExpressionPtr read_notation(std::string_view notation, std::span<const config::LeafInfo> leaves);

/// Whether the empty line matches.
bool nullable(const Expression& expression);

/// One possible first word, and the expression of what may follow it (Brzozowski's derivative by that word).
struct Step {
  const Expression* terminal;  // lives as long as the expression that read_notation() gave
  ExpressionPtr rest;
};
std::vector<Step> steps(const ExpressionPtr& expression);

/// The form behind `undo`: keywords and keys; options without a key go, and so does all behind the last key.
ExpressionPtr undo_form(const ExpressionPtr& expression);

/// In the vendor's notation, as read_notation() takes it.
std::string notation_of(const Expression& expression);

/// The line that sets these values: options in the grammar's order, those without a value left out.
std::string render(const Expression& expression, const config::Values& values);

/// In double quotes if the text would else not be read back as one word.
std::string quoted_if_needed(std::string_view text);

}  // namespace noonmark::cli
