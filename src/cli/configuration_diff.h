#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/configuration_text.h"
#include "cli/display.h"

namespace noonmark::cli {

/// The lines of a text that render() wrote, `undo` left out: what a rollback point is compared by. Nothing is
/// judged.
std::vector<ConfigurationLine> lines_of_text(std::string_view text);

/// A line that one of two configurations has. A line with another value stands twice: removed, then added.
struct LineChange {
  bool added = false;
  ConfigurationLine line;
};
std::vector<LineChange> changes(const std::vector<ConfigurationLine>& from,
                                const std::vector<ConfigurationLine>& to);

/// In VRP's margin of two columns, each section between `#`; empty without changes.
std::string render_changes(const std::vector<LineChange>& changes);
nlohmann::json changes_json(const std::vector<LineChange>& changes);

}  // namespace noonmark::cli
