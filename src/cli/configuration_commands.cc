#include "cli/configuration_commands.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "cli/commit_arguments.h"
#include "cli/configuration_diff.h"
#include "cli/display_format.h"
#include "cli/session.h"

namespace noonmark::cli {
namespace {

constexpr std::string_view kSaveQuestion =
    "Warning: The current configuration will be written to the device. Continue? [Y/N]:";

/// "acl" stands for "acl number 2000" and all others.
bool is_in(const ConfigurationLine& line, std::string_view section) {
  return line.section == section ||
         (line.section.starts_with(section) && line.section[section.size()] == ' ');
}

}  // namespace

void clear_candidate(Session& session, const Match&) {
  session.services().datastore.discard(session.candidate());
  session.enter(View::system);
}

void save(Session& session, const Match& match) {
  const auto name = match.values[common_file_name].value_or(std::string(config::kDefaultCopy));
  session.ask_yes_no(std::string(kSaveQuestion), [&session, name] {
    const auto path = session.services().datastore.save(name);
    if (!path) return session.refuse(path.error().message);
    session.say(fmt::format("Now saving the current configuration to {} ........", *path));
    session.say("Info: Save the configuration successfully.");
    session.say("Info: A restart loads the last commit; the saved file is a copy of it.");
  });
}

base::Result<DisplayOutput> show_this(Session& session, const Match&) {
  auto lines = configuration_lines(session.services().datastore.running());
  const bool of_one = is_of_one_thing(session.view());
  const auto section = of_one ? section_of(session.view(), session.thing()) : std::string{};
  std::erase_if(lines, [&](const ConfigurationLine& line) {
    return of_one ? line.section != section
                  : line.is_indented() || line.leads || session.view() == View::user;
  });
  return configuration_output(lines);
}

base::Result<DisplayOutput> show_current_configuration(Session& session, const Match& match) {
  auto lines = configuration_lines(session.services().datastore.running());
  if (match.arguments.has("interface")) {
    const auto name = match.arguments.value("<interface-name>");
    std::erase_if(lines, [&](const ConfigurationLine& line) {
      return name ? line.section != section_of(View::interface, *name) : line.view != View::interface;
    });
  } else if (const auto section = match.arguments.value("<section>")) {
    std::set<std::string> sections;
    for (const auto& line : lines) sections.insert(line.section);
    if (std::ranges::none_of(lines, [&](const ConfigurationLine& line) { return is_in(line, *section); }))
      return base::fail(
          fmt::format("The configuration has no section {}; it has {}.", *section,
                      sections.empty() ? "none" : fmt::format("{}", fmt::join(sections, ", "))));
    std::erase_if(lines, [&](const ConfigurationLine& line) { return !is_in(line, *section); });
  }
  return configuration_output(lines);
}

base::Result<DisplayOutput> show_saved_configuration(Session& session, const Match& match) {
  const auto& datastore = session.services().datastore;
  const auto configuration = saved_configuration(
      datastore, match.arguments.value("<file-name>").value_or(datastore.copies().last_name()));
  if (!configuration) return tl::unexpected(configuration.error());
  return configuration_output(configuration_lines(*configuration));
}

void refresh_candidate(Session& session, const Match&) {
  session.services().datastore.refresh(session.candidate());
}

base::Result<DisplayOutput> show_candidate(Session& session, const Match& match) {
  const auto& datastore = session.services().datastore;
  const auto candidate = datastore.merged(session.candidate());
  if (match.arguments.has("merge")) return configuration_output(configuration_lines(candidate));
  return configuration_output(difference(datastore.running(), candidate));
}

base::Result<DisplayOutput> show_candidate_changes(Session& session, const Match&) {
  const auto& datastore = session.services().datastore;
  const auto list = changes(configuration_lines(datastore.running()),
                            configuration_lines(datastore.merged(session.candidate())));
  DisplayOutput output{"Building configuration\n" + render_changes(list),
                       {{"schema", kJsonSchema}, {"changes", changes_json(list)}}};
  const auto contested = datastore.contested(session.candidate());
  output.json["contested"] = contested;
  if (!contested.empty())
    output.text = fmt::format("Warning: {}\n", config::conflict_sentence(contested)) + output.text;
  return output;
}

}  // namespace noonmark::cli
