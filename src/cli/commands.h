#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/display.h"
#include "cli/entry.h"
#include "config/schema.h"

namespace noonmark::cli {

enum class View : std::uint8_t { user = 1, system = 2, interface = 4, acl4 = 8, acl6 = 16 };
using ViewSet = std::uint8_t;
constexpr ViewSet operator|(View a, View b) {
  return static_cast<ViewSet>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr ViewSet operator|(ViewSet set, View view) {
  return static_cast<ViewSet>(set | static_cast<unsigned>(view));
}
constexpr bool contains(ViewSet set, View view) { return (set & static_cast<unsigned>(view)) != 0; }
/// A view below the system view is that of one thing: an interface ("eth0"), an access list ("2000", or "ipv6
/// 2000"). The thing is the first value of each configuration line there, and stands in none of them.
constexpr bool is_of_one_thing(View view) { return view > View::system; }

class Session;
struct Match;

class Operation;

/// A row of THE command table. Exactly one of `schema`, `run`, `show`, `operate` and `display` says what it
/// is.
struct Command {
  std::string_view grammar;  // in the vendor's notation, see grammar.h
  std::string_view help;     // what it does, a phrase without a full stop
  ViewSet views = 0;
  std::span<const config::LeafInfo> leaves{};  // what the grammar's parameters are
  bool privileged = true;                      // for those who may configure

  const config::Schema* schema = nullptr;  // a configuration line: its `undo` form exists as well
  std::string_view undo_grammar{};         // what may be typed behind `undo`; empty: see undo_form()
  View leads_to = View::user;              // a view of one thing that the line enters; user: none
  Admit admit = nullptr;                   // what is checked at its entry beyond the grammar
  std::string (*question)(const config::Values&) = nullptr;  // asked in a session first; empty: not asked

  void (*run)(Session&, const Match&) = nullptr;  // changes the session, or something outside of it
  base::Result<DisplayOutput> (*show)(Session&, const Match&) = nullptr;  // a display of the session's
  base::Result<std::unique_ptr<Operation>> (*operate)(Session&,
                                                      const Match&) = nullptr;  // one that takes a while
  const DisplayCommand* display = nullptr;                                      // a display of Services

  /// Whether it is only for views of one thing.
  bool is_of_one_thing() const { return !contains(views, View::user) && !contains(views, View::system); }
  bool is_display() const { return show != nullptr || operate != nullptr || display != nullptr; }
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
  common_file_name,
  common_command
};

}  // namespace noonmark::cli
