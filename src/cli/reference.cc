#include "cli/reference.h"

#include <fmt/format.h>
#include <set>
#include <vector>

#include "cli/keywords.h"
#include "cli/parser.h"

namespace noonmark::cli {
namespace {

using nlohmann::json;
using Kind = Expression::Kind;

void collect_terminals(const Expression& e, std::vector<const Expression*>& terminals) {
  if (e.kind == Kind::keyword || e.kind == Kind::parameter) terminals.push_back(&e);
  for (const auto& child : e.children) collect_terminals(*child, terminals);
}

/// What an operator chooses: parameters, and keywords that set a value.
json parameters(const Expression& expression) {
  std::vector<const Expression*> terminals;
  collect_terminals(expression, terminals);
  auto rows = json::array();
  std::set<std::string> seen;
  for (const auto* terminal : terminals) {
    if (terminal->leaf == nullptr || !seen.insert(terminal->text).second) continue;
    const auto& leaf = *terminal->leaf;
    const bool is_keyword = terminal->kind == Kind::keyword;
    json row{{"name", terminal->text},
             {"values", is_keyword ? "" : config::placeholder(leaf)},
             {"help", is_keyword ? keyword_help(terminal->text) : leaf.help}};
    if (!leaf.by_default.empty()) row["default"] = leaf.by_default;
    rows.push_back(std::move(row));
  }
  return rows;
}

json views(ViewSet set) {
  auto names = json::array();
  if (contains(set, View::user)) names.push_back("user");
  if (contains(set, View::system)) names.push_back("system");
  if (contains(set, View::interface)) names.push_back("interface");
  if (contains(set, View::acl4)) names.push_back("acl");
  if (contains(set, View::acl6)) names.push_back("acl ipv6");
  return names;
}

std::string_view group(const Command& command) {
  if (command.schema != nullptr) return "Configuration lines";
  return command.is_display() ? "Displays and tests" : "Session and transactions";
}

json entry(const Command& command) {
  const auto expression = read_notation(command.grammar, command.leaves);
  json row{{"group", group(command)},
           {"syntax", command.grammar},
           {"help", command.help},
           {"views", views(command.views)},
           {"privileged", command.privileged},
           {"parameters", parameters(*expression)}};
  if (command.schema != nullptr)
    row["undo"] = fmt::format("undo {}", command.undo_grammar.empty() ? notation_of(*undo_form(expression))
                                                                      : std::string(command.undo_grammar));
  if (const auto* text = reference_text(command.grammar)) {
    row["about"] = text->about;
    row["example"] = text->example;
  }
  return row;
}

}  // namespace

json reference() {
  auto rows = json::array();
  parser().for_each_command([&](const Command& command) { rows.push_back(entry(command)); });
  return rows;
}

}  // namespace noonmark::cli
