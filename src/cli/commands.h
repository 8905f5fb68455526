#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/display.h"
#include "cli/entry.h"
#include "config/schema.h"

namespace noonmark::cli {

enum class View : std::uint8_t { user = 1, system = 2, interface = 4 };
using ViewSet = std::uint8_t;
constexpr ViewSet operator|(View a, View b) {
  return static_cast<ViewSet>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool contains(ViewSet set, View view) { return (set & static_cast<unsigned>(view)) != 0; }

enum class Action : std::uint8_t {
  configure,  // Command::schema says what
  display,    // Command::display says what
  display_this,
  display_current_configuration,
  display_candidate,
  system_view,
  interface_view,
  quit,
  return_to_user_view,
  commit,
  save,
  clear_candidate,
  screen_length,
  reset_sessions,
};

/// A row of THE command table.
struct Command {
  std::string_view grammar;  // in the vendor's notation, see grammar.h
  std::string_view help;     // what it does, a phrase without a full stop
  ViewSet views = 0;
  Action action = Action::configure;
  std::span<const config::LeafInfo> leaves{};  // what the grammar's parameters are
  const config::Schema* schema = nullptr;      // Action::configure: its `undo` form exists as well
  Admit admit = nullptr;  // Action::configure: what is checked at entry beyond the grammar
  std::string (*question)(const config::Values&) = nullptr;  // asked in a session first; empty: not asked
  const DisplayCommand* display = nullptr;                   // Action::display
};

/// All commands but the displays of display_commands(). Configuration lines are in the canonical order in
/// which the configuration is shown.
std::span<const Command> commands();

/// Parameters that grammars of displays and of session commands may use.
std::span<const config::LeafInfo> common_leaves();

/// Positions in common_leaves().
enum CommonLeaf : std::size_t {
  common_interface_name,
  common_vpn_name,
  common_ipv4_address,
  common_ipv6_address,
  common_lines,
  common_file_name
};

}  // namespace noonmark::cli
