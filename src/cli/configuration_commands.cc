#include "cli/configuration_commands.h"

#include <fmt/format.h>

#include "cli/advice.h"
#include "cli/display_format.h"
#include "cli/session.h"

namespace noonmark::cli {
namespace {

constexpr std::string_view kSaveQuestion =
    "Warning: The current configuration will be written to the device. Continue? [Y/N]:";
constexpr std::string_view kDefaultCopy = "saved.cfg";

DisplayOutput configuration_output(const std::vector<ConfigurationLine>& lines) {
  auto rows = nlohmann::json::array();
  for (const auto& line : lines) rows.push_back({{"section", line.section}, {"line", line.line}});
  return {render(lines), {{"schema", kJsonSchema}, {"configuration", std::move(rows)}}};
}

}  // namespace

void commit(Session& session, const Match&) {
  if (session.must_not_commit())
    return session.refuse(
        "A line of this script was refused, so nothing is committed. Correct the script, or run it with "
        "--force.");
  const auto& services = session.services();
  const auto before = advice_on(services, services.datastore.running());
  const auto outcome = services.datastore.commit(session.candidate());
  for (const auto& error : outcome.errors) session.refuse(error);
  for (const auto& notice : outcome.notices) session.say(notice);
  if (outcome.committed && !session.is_read_by_a_program())
    for (const auto& text :
         config::in_words(config::news(before, advice_on(services, services.datastore.running()))))
      session.say(text.line());
}

void clear_candidate(Session& session, const Match&) {
  session.services().datastore.discard(session.candidate());
  session.enter(View::system);
}

void save(Session& session, const Match& match) {
  const auto name = match.values[common_file_name].value_or(std::string(kDefaultCopy));
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
  std::erase_if(lines, [&](const ConfigurationLine& line) {
    return session.view() == View::interface ? line.section != interface_section(session.interface_name())
                                             : line.in_interface_view || session.view() == View::user;
  });
  return configuration_output(lines);
}

base::Result<DisplayOutput> show_current_configuration(Session& session, const Match&) {
  return configuration_output(configuration_lines(session.services().datastore.running()));
}

base::Result<DisplayOutput> show_candidate(Session& session, const Match& match) {
  auto& datastore = session.services().datastore;
  const auto& candidate = datastore.view(session.candidate());
  return configuration_output(match.arguments.has("merge") ? configuration_lines(candidate)
                                                           : difference(datastore.running(), candidate));
}

}  // namespace noonmark::cli
