#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/scenario.h"

namespace noonmark::sim {

inline constexpr std::size_t kMaxScenarioFile = 1 << 20;

/// What differs from the file.
struct Variation {
  struct Setting {
    std::string section, line;
    std::string origin{};  // as it was typed, for messages: "--set wan.loss=10%"
  };
  std::vector<Setting> settings{};        // added to the sections of these names
  std::optional<std::string> commands{};  // instead of the clients' command lines
  std::string commands_name{};            // the file that they come from
};

/// "NAME.KEY=VALUE" as a line "KEY VALUE" of the section NAME. `option`: it was given with, as "--set".
base::Result<Variation::Setting> parse_setting(std::string_view option, std::string_view text);

/// The error names the lines of `name` that are wrong, and what would be right. What is right in itself but
/// can never happen becomes a warning of the scenario.
base::Result<Scenario> parse_scenario(std::string_view text, std::string_view name,
                                      const Variation& variation = {});

/// The format in Markdown, from the parser's own table.
std::string format_reference();

}  // namespace noonmark::sim
