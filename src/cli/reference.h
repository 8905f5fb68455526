#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace noonmark::cli {

/// What the reference says of a command beyond its row in the command table.
struct ReferenceText {
  std::string_view grammar;  // of the row
  std::string_view about;    // sentences: what it does and what is to be known
  std::string_view example;  // a line that the command takes
};
/// None if there is none.
const ReferenceText* reference_text(std::string_view grammar);
/// How many there are.
std::size_t reference_texts();

/// All commands, for the generator of docs/commands.md and of the man pages:
///   [ { "group", "syntax", "undo"?, "help", "about", "example", "views": [...], "privileged",
///       "parameters": [ { "name", "values", "help", "default"? } ] } ]
nlohmann::json reference();

}  // namespace noonmark::cli
