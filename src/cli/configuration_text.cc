#include "cli/configuration_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "cli/display_format.h"
#include "cli/session_commands.h"

namespace noonmark::cli {
namespace {

constexpr View kConfigurationViews[] = {View::system, View::interface};

std::string first_word(std::string_view grammar) { return std::string(grammar.substr(0, grammar.find(' '))); }

ConfigurationLine configuration_line(const Command& command, const config::RowText& row) {
  const bool in_interface = command.views == static_cast<ViewSet>(View::interface);
  return {in_interface ? interface_section(*row.values[0]) : first_word(command.grammar),
          parser().line_of(command, row), parser().undo_line_of(command, row), in_interface};
}

/// Whether the line is one of many that a key tells apart, so that undoing it supposes that it is there.
bool is_keyed(const Command& command) {
  if (command.views == static_cast<ViewSet>(View::interface)) return false;  // the key is the view's
  return std::ranges::any_of(command.leaves, [](const config::LeafInfo& leaf) {
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
      interface_name_.clear();
      return true;
    }
    if (tokens.size() == 1 && same_keyword(tokens.front().text, "return")) return false;
    if (auto taken = take_command(line); !taken) refuse(number, std::move(taken.error().message));
    return true;
  }

  LoadedConfiguration result() { return std::move(loaded_); }

 private:
  View view() const { return interface_name_.empty() ? View::system : View::interface; }

  base::Result<void> take_command(std::string_view line) {
    if (auto fine = check_line(line); !fine) return fine;
    auto match = parser().parse(line, view());
    if (!match)
      return base::fail(
          fmt::format("{} found at column {}.", to_string(match.error().kind), match.error().offset + 1));
    const auto& command = *match->command;
    if (command.schema != nullptr) return enter_line(std::move(*match));
    if (command.run == enter_interface_view) {
      interface_name_ = *match->values[common_interface_name];
    } else if (command.run == quit_view) {
      interface_name_.clear();
    } else {
      return base::fail("This command is no part of a configuration.");
    }
    return {};
  }

  base::Result<void> enter_line(Match match) {
    static const core::NetworkView no_network;
    const EntryContext context{loaded_.configuration, loaded_.configuration, keyring_, no_network,
                               judgement_};
    std::vector<std::string> notices;
    return enter(context, std::move(match), interface_name_, loaded_.configuration, notices);
  }

  void refuse(std::size_t number, std::string message) {
    loaded_.refused.push_back({number, std::move(message)});
  }

  const config::KeyRing& keyring_;
  Judgement judgement_;
  LoadedConfiguration loaded_;
  std::string interface_name_;
};

std::string render_configuration(const config::Configuration& configuration) {
  return render(configuration_lines(configuration));
}

std::vector<std::string> line_texts(const config::Configuration& configuration) {
  std::vector<std::string> texts;
  for (auto& line : configuration_lines(configuration))
    texts.push_back(line.in_interface_view ? line.section + ": " + line.line : std::move(line.line));
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

std::string interface_section(std::string_view interface_name) {
  return "interface " + quoted_if_needed(interface_name);
}

std::vector<ConfigurationLine> configuration_lines(const config::Configuration& configuration) {
  std::vector<ConfigurationLine> lines;
  for (const auto view : kConfigurationViews)
    for (const auto& command : commands())
      if (command.schema != nullptr && command.views == static_cast<ViewSet>(view))
        for (const auto& row : command.schema->rows(configuration))
          lines.push_back(configuration_line(command, row));
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
  std::vector<ConfigurationLine> result;
  for (auto line = old_lines.rbegin(); line != old_lines.rend(); ++line)
    if (!after.contains(identity(*line)))
      result.push_back({line->section, line->undo, line->undo, line->in_interface_view});
  for (const auto& line : new_lines) {
    const auto old = before.find(identity(line));
    if (old == before.end() || old->second != line.line) result.push_back(line);
  }
  return result;
}

std::string render(const std::vector<ConfigurationLine>& lines) {
  std::string text;
  const std::string* section = nullptr;
  for (const auto& line : lines) {
    if (section == nullptr || *section != line.section) {
      text += "#\n";
      if (line.in_interface_view) text += line.section + '\n';
    }
    section = &line.section;
    text += (line.in_interface_view ? " " : "") + line.line + '\n';
  }
  return text + "#\nreturn\n";
}

DisplayOutput configuration_output(const std::vector<ConfigurationLine>& lines) {
  auto rows = nlohmann::json::array();
  for (const auto& line : lines) rows.push_back({{"section", line.section}, {"line", line.line}});
  return {render(lines), {{"schema", kJsonSchema}, {"configuration", std::move(rows)}}};
}

base::Result<void> enter(const EntryContext& context, Match match, const std::string& interface_name,
                         config::Configuration& candidate, std::vector<std::string>& notices) {
  const auto& command = *match.command;
  if (command.views == static_cast<ViewSet>(View::interface)) match.values[0] = interface_name;
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
