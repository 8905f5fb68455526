#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/display.h"
#include "cli/entry.h"
#include "cli/parser.h"
#include "config/datastore.h"

namespace noonmark::cli {

/// A line of the configuration as it is shown.
struct ConfigurationLine {
  std::string section;  // "ntp-service", "interface eth0": lines of one section stand together
  std::string line;
  std::string undo;          // what removes it; the same for two values of one row
  View view = View::system;  // where it is entered; of one thing: shown indented below its section's name
  bool leads = false;        // to the view of its section's other lines, which go with it
  bool is_indented() const { return is_of_one_thing(view); }
};

/// The section of the lines that are entered in the view of `thing`, and the command that leads there.
std::string section_of(View view, std::string_view thing);

/// All lines of a configuration in canonical order; defaults are left out.
std::vector<ConfigurationLine> configuration_lines(const config::Configuration& configuration);

/// What leads from one configuration to another: undo lines first, the last line's before the first one's (a
/// key's reliable line goes before the key), then new and changed lines.
std::vector<ConfigurationLine> difference(const config::Configuration& from, const config::Configuration& to);

/// Sections separated by `#`, and `return` at the end, as VRP shows a configuration.
std::string render(const std::vector<ConfigurationLine>& lines);
DisplayOutput configuration_output(const std::vector<ConfigurationLine>& lines);

/// The thing whose view a line that was entered leads to (Command::leads_to).
std::string thing_of(const Match& match);

/// Carries out one configuration line (or its undo form) on `candidate`, which context.candidate refers to.
/// `thing` is that of the view; the entry may rewrite the match. An error leaves the candidate as it was;
/// notices are whole lines.
base::Result<void> enter(const EntryContext& context, Match& match, const std::string& thing,
                         config::Configuration& candidate, std::vector<std::string>& notices);

struct RefusedLine {
  std::size_t number = 0;  // from 1
  std::string message;     // never shows what was typed: it may be a password
};
struct LoadedConfiguration {
  config::Configuration configuration;
  std::vector<RefusedLine> refused;
};

/// Reads the text of system-view commands, as render() writes it. `#` leads back to the system view, `return`
/// ends.
LoadedConfiguration load_configuration(std::string_view text, const config::KeyRing& keyring,
                                       Judgement judgement);

/// The text form of the datastore.
extern const config::TextCodec kTextCodec;

}  // namespace noonmark::cli
