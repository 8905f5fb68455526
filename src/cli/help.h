#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "config/model.h"

namespace noonmark::cli {

/// Where help is asked for.
struct HelpContext {
  const Services& services;
  const config::Configuration& candidate;
  View view = View::user;
  bool privileged = true;
  std::string_view prompt;
};

/// What `?` shows behind `line`: whole lines with an empty one at the end, at most `width` columns wide where
/// that is possible. Behind a blank all that may follow, with descriptions; else the words that the last one
/// may become.
std::string help_text(const HelpContext& context, std::string_view line, std::size_t width);

/// The words that may stand in the place of the last one of `line`, in alphabetical order: keywords, and
/// names and numbers that exist on this machine or in the candidate.
std::vector<std::string> completions(const HelpContext& context, std::string_view line);

}  // namespace noonmark::cli
