#include "cli/configuration_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <set>

#include "cli/display_format.h"
#include "cli/session_commands.h"
#include "config/schema_tables.h"

namespace noonmark::cli {
namespace {

std::string first_word(std::string_view grammar) { return std::string(grammar.substr(0, grammar.find(' '))); }

bool is_ipv6_thing(std::string_view thing) { return thing.starts_with(config::kIpv6Thing); }

View view_of(const Command& command, std::string_view thing) {
  if (!command.is_of_one_thing()) return View::system;
  if (contains(command.views, View::interface)) return View::interface;
  return is_ipv6_thing(thing) ? View::acl6 : View::acl4;
}

ConfigurationLine configuration_line(const Command& command, const config::RowText& row) {
  const auto& thing = command.is_of_one_thing() ? *row.values[0] : std::string{};
  const auto view = view_of(command, thing);
  ConfigurationLine line{first_word(command.grammar), parser().line_of(command, row),
                         parser().undo_line_of(command, row), view, command.leads_to != View::user};
  if (line.leads) line.section = section_of(command.leads_to, thing_of({&command, false, row.values, {}}));
  if (line.is_indented()) line.section = section_of(view, thing);
  return line;
}

/// Whether the line is one of many that a key tells apart, so that undoing it supposes that it is there. The
/// thing of the view is none.
bool is_keyed(const Command& command) {
  return std::ranges::any_of(
      command.leaves.subspan(command.is_of_one_thing() ? 1 : 0), [](const config::LeafInfo& leaf) {
        return leaf.role == config::LeafRole::key && leaf.type != config::LeafType::flag;
      });
}

base::Result<void> undo(const Match& match, config::Configuration& candidate) {
  const auto& command = *match.command;
  if (command.schema->undo(candidate, match.values) || !is_keyed(command)) return {};
  constexpr std::size_t undo_and_blank = 5;
  return base::fail(fmt::format("The configuration {} does not exist.",
                                parser().undo_line_of(command, {match.values}).substr(undo_and_blank)));
}

/// Reads a configuration line by line; knows the view.
class Loader {
 public:
  Loader(const config::KeyRing& keyring, Judgement judgement) : keyring_(keyring), judgement_(judgement) {}

  /// False at the end of the configuration.
  bool take(std::string_view line, std::size_t number) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto tokens = split(line);
    if (tokens.empty()) return true;
    if (tokens.front().text.front() == '#') {
      leave();
      return true;
    }
    if (tokens.size() == 1 && same_keyword(tokens.front().text, "return")) return false;
    if (auto taken = take_command(line); !taken) refuse(number, std::move(taken.error().message));
    return true;
  }

  LoadedConfiguration result() { return std::move(loaded_); }

 private:
  void leave() { enter_view(View::system, {}); }
  void enter_view(View view, std::string thing) {
    view_ = view;
    thing_ = std::move(thing);
  }

  base::Result<void> take_command(std::string_view line) {
    if (auto fine = check_line(line); !fine) return fine;
    auto match = parser().parse(line, view_);
    if (!match)
      return base::fail(
          fmt::format("{} found at column {}.", to_string(match.error().kind), match.error().offset + 1));
    const auto& command = *match->command;
    if (command.schema != nullptr) return enter_line(*match);
    if (command.run == enter_interface_view)
      enter_view(View::interface, *match->values[common_interface_name]);
    else if (command.run == quit_view)
      leave();
    else
      return base::fail("This command is no part of a configuration.");
    return {};
  }

  base::Result<void> enter_line(Match& match) {
    static const core::NetworkView no_network;
    const EntryContext context{loaded_.configuration, loaded_.configuration, keyring_, no_network,
                               judgement_};
    std::vector<std::string> notices;
    auto entered = enter(context, match, thing_, loaded_.configuration, notices);
    if (entered && !match.undo && match.command->leads_to != View::user)
      enter_view(match.command->leads_to, thing_of(match));
    return entered;
  }

  void refuse(std::size_t number, std::string message) {
    loaded_.refused.push_back({number, std::move(message)});
  }

  const config::KeyRing& keyring_;
  Judgement judgement_;
  LoadedConfiguration loaded_;
  View view_ = View::system;
  std::string thing_;
};

std::string render_configuration(const config::Configuration& configuration) {
  return render(configuration_lines(configuration));
}

std::vector<std::string> line_texts(const config::Configuration& configuration) {
  std::vector<std::string> texts;
  for (auto& line : configuration_lines(configuration))
    texts.push_back(line.is_indented() ? line.section + ": " + line.line : std::move(line.line));
  return texts;
}

base::Result<config::Configuration> parse_stored(std::string_view text, const config::KeyRing& keyring) {
  auto loaded = load_configuration(text, keyring, Judgement::stored);
  if (loaded.refused.empty()) return std::move(loaded.configuration);
  const auto& first = loaded.refused.front();
  return base::fail(fmt::format("line {}: {}", first.number, first.message));
}

}  // namespace

const config::TextCodec kTextCodec{line_texts, render_configuration, parse_stored};

std::string section_of(View view, std::string_view thing) {
  if (view == View::interface) return "interface " + quoted_if_needed(thing);
  const bool ipv6 = is_ipv6_thing(thing);
  const auto name = thing.substr(ipv6 ? config::kIpv6Thing.size() : 0);
  return fmt::format("acl {}{} {}", ipv6 ? config::kIpv6Thing : "",
                     config::is_acl_number(name) ? "number" : "name", quoted_if_needed(name));
}

std::string thing_of(const Match& match) {
  return std::string(match.command->leads_to == View::acl6 ? config::kIpv6Thing : "") +
         match.values[config::leaves::acl_itself].value_or("");
}

/// Lines of one thing stand behind the line that leads to it, or at the end.
std::vector<ConfigurationLine> configuration_lines(const config::Configuration& configuration) {
  std::vector<ConfigurationLine> lines;
  std::map<std::string, std::vector<ConfigurationLine>> of_things;  // by section
  for (const auto& command : commands())
    if (command.schema != nullptr && command.is_of_one_thing())
      for (const auto& row : command.schema->rows(configuration)) {
        auto line = configuration_line(command, row);
        auto& section = of_things[line.section];
        section.push_back(std::move(line));
      }
  const auto append = [&lines](std::vector<ConfigurationLine>& more) {
    std::ranges::move(more, std::back_inserter(lines));
  };
  for (const auto& command : commands())
    if (command.schema != nullptr && !command.is_of_one_thing())
      for (const auto& row : command.schema->rows(configuration)) {
        lines.push_back(configuration_line(command, row));
        if (!lines.back().leads) continue;
        if (auto section = of_things.extract(lines.back().section)) append(section.mapped());
      }
  for (auto& [name, section] : of_things) append(section);
  return lines;
}

std::vector<ConfigurationLine> difference(const config::Configuration& from,
                                          const config::Configuration& to) {
  const auto old_lines = configuration_lines(from);
  const auto new_lines = configuration_lines(to);
  std::map<std::string, std::string> before, after;  // section and undo line -> line
  const auto identity = [](const ConfigurationLine& line) { return line.section + '\n' + line.undo; };
  for (const auto& line : old_lines) before[identity(line)] = line.line;
  for (const auto& line : new_lines) after[identity(line)] = line.line;
  std::set<std::string> gone;  // sections that go with the line that leads to them
  for (const auto& line : old_lines)
    if (line.leads && !after.contains(identity(line))) gone.insert(line.section);
  std::map<std::string, const ConfigurationLine*> leading;  // by section
  for (const auto& line : new_lines)
    if (line.leads) leading[line.section] = &line;
  std::vector<ConfigurationLine> result;
  // A line in full leads to the others: entered without its options it would take them away.
  const auto add = [&](ConfigurationLine line) {
    const auto leads = leading.find(line.section);
    if (line.is_indented() && leads != leading.end() &&
        (result.empty() || result.back().section != line.section))
      result.push_back(*leads->second);
    result.push_back(std::move(line));
  };
  for (auto line = old_lines.rbegin(); line != old_lines.rend(); ++line)
    if (!after.contains(identity(*line)) && !(line->is_indented() && gone.contains(line->section)))
      add({line->section, line->undo, line->undo, line->view});
  for (const auto& line : new_lines) {
    const auto old = before.find(identity(line));
    if (old == before.end() || old->second != line.line) add(line);
  }
  return result;
}

std::string render(const std::vector<ConfigurationLine>& lines) {
  std::string text;
  const ConfigurationLine* last = nullptr;
  for (const auto& line : lines) {
    if (last == nullptr || last->section != line.section || (last->is_indented() && !line.is_indented())) {
      text += "#\n";
      if (line.is_indented()) text += line.section + '\n';
    }
    last = &line;
    text += (line.is_indented() ? " " : "") + line.line + '\n';
  }
  return text + "#\nreturn\n";
}

DisplayOutput configuration_output(const std::vector<ConfigurationLine>& lines) {
  auto rows = nlohmann::json::array();
  for (const auto& line : lines) rows.push_back({{"section", line.section}, {"line", line.line}});
  return {render(lines), {{"schema", kJsonSchema}, {"configuration", std::move(rows)}}};
}

base::Result<void> enter(const EntryContext& context, Match& match, const std::string& thing,
                         config::Configuration& candidate, std::vector<std::string>& notices) {
  const auto& command = *match.command;
  if (command.is_of_one_thing()) match.values[0] = thing;
  if (match.undo) return undo(match, candidate);
  if (command.admit != nullptr)
    if (auto admitted = command.admit(context, match.values, notices); !admitted) return admitted;
  return command.schema->enter(candidate, match.values);
}

LoadedConfiguration load_configuration(std::string_view text, const config::KeyRing& keyring,
                                       Judgement judgement) {
  Loader loader(keyring, judgement);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    if (!loader.take(text.substr(0, end), number)) break;
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return loader.result();
}

}  // namespace noonmark::cli
