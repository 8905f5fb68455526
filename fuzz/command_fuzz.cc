// Any line is recognized or refused with a place inside it; what is recognized is written as a line that
// means the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "cli/pipeline.h"
#include "cli/parser.h"

namespace {

using namespace noonmark;

void check_rendered(const cli::Match& match, cli::View view) {
  if (match.command->schema == nullptr || cli::is_of_one_thing(view)) return;
  if (match.undo && !match.command->undo_grammar.empty()) return;  // what is typed says less than the row
  const config::RowText row{match.values};
  const auto& parser = cli::parser();
  // A typed password is no value of the configuration: the entry makes it ciphertext before it is shown.
  const auto line =
      match.undo ? parser.undo_line_of(*match.command, row) : parser.line_of(*match.command, row);
  if (line.find('"') != std::string::npos) return;
  const auto again = parser.parse(line, view);
  CHECK(again);
  CHECK(again->command == match.command && again->undo == match.undo && again->values == match.values);
}

void check_line(std::string_view line, cli::View view) {
  const auto& parser = cli::parser();
  if (const auto match = parser.parse(line, view))
    check_rendered(*match, view);
  else
    CHECK(match.error().offset <= line.size() + 1);
  if (const auto piped = cli::split_pipeline(line)) CHECK(piped->command.size() <= line.size());
  (void)cli::expected_in_pipeline(line);
  (void)parser.expected_next(line, view);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (!cli::check_line(line)) return 0;
  for (const auto view :
       {cli::View::user, cli::View::system, cli::View::interface, cli::View::acl4, cli::View::acl6})
    check_line(line, view);
  return 0;
}
