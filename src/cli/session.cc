#include "cli/session.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/check.h"

namespace noonmark::cli {
namespace {

constexpr std::string_view kLeaveQuestion =
    "Warning: Uncommitted configurations found. Are you sure to commit them before exiting? "
    "[Y(yes)/N(no)/C(cancel)]:";
constexpr std::string_view kLeaveRetry =
    "Error: Please choose 'YES', 'NO' or 'CANCEL' first before pressing 'Enter'. [Y/N/C]:";
constexpr std::string_view kYesNoRetry =
    "Error: Please choose 'YES' or 'NO' first before pressing 'Enter'. [Y/N]:";
constexpr std::string_view kSaveQuestion =
    "Warning: The current configuration will be written to the device. Continue? [Y/N]:";
constexpr std::string_view kDefaultCopy = "saved.cfg";

const std::string& device_name(const Services& services) {
  const auto& sysname = services.datastore.running().sysname;
  return sysname.empty() ? services.host_name : sysname;
}

bool needs_privilege(Action action) {
  switch (action) {
    case Action::display:
    case Action::display_this:
    case Action::display_current_configuration:
    case Action::display_candidate:
    case Action::quit:
    case Action::screen_length: return false;
    default: return true;
  }
}

bool is_display(Action action) {
  return action == Action::display || action == Action::display_this ||
         action == Action::display_current_configuration || action == Action::display_candidate;
}

DisplayOutput configuration_output(const std::vector<ConfigurationLine>& lines) {
  auto rows = nlohmann::json::array();
  for (const auto& line : lines) rows.push_back({{"section", line.section}, {"line", line.line}});
  return {render(lines), {{"configuration", std::move(rows)}}};
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Session::Session(const Services& services, SessionOptions options)
    : services_(services), options_(std::move(options)), candidate_(options_.owner) {}

std::string Session::user_prompt(const Services& services) {
  return fmt::format("<{}>", device_name(services));
}

std::string Session::prompt() {
  if (view_ == View::user) return user_prompt(services_);
  const auto& host = device_name(services_);
  const char mark = services_.datastore.is_changed(candidate_) ? '*' : '~';
  if (view_ == View::system) return fmt::format("[{}{}]", mark, host);
  return fmt::format("[{}{}-{}]", mark, host, interface_name_);
}

Response Session::execute(std::string_view line) {
  if (question_) return answer(line);
  begin();
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (auto fine = check_line(line); !fine)
    refuse(fine.error().message);
  else
    take_line(line);
  return finish();
}

Response Session::answer(std::optional<std::string_view> text) {
  begin();
  if (!question_) {
    refuse("There is no question to answer.");
    return finish();
  }
  const auto word = without_blanks(text.value_or("n"));
  const auto is = [&](std::string_view letter, std::string_view in_full) {
    return same_keyword(word, letter) || same_keyword(word, in_full);
  };
  std::optional<Answer> chosen;
  if (is("y", "yes")) chosen = Answer::yes;
  if (is("n", "no")) chosen = Answer::no;
  if (is("c", "cancel") && question_->may_cancel) chosen = Answer::cancel;
  if (!chosen) {
    question_->text = question_->retry;
    return finish();
  }
  const auto act = std::move(question_->act);
  question_.reset();
  act(*chosen);
  return finish();
}

void Session::begin() { response_ = {}; }

Response Session::finish() {
  response_.prompt = prompt();
  response_.uncommitted = services_.datastore.is_changed(candidate_);
  response_.screen_length = screen_length_;
  if (question_) response_.question = question_->text;
  if (response_.refused && !options_.interactive) script_refused_ = true;
  return std::move(response_);
}

void Session::take_line(std::string_view line) {
  const auto tokens = split(line);
  if (tokens.empty()) return;
  if (tokens.front().text.front() == '#' && !tokens.front().quoted) {
    // A shown configuration can be typed back: `#` ends the section of an interface.
    if (view_ == View::interface) view_ = View::system;
    return;
  }
  const auto error = [&](const SyntaxError& syntax) {
    response_.refused = true;
    response_.output += render(syntax, prompt());
  };
  const auto filtered = split_filters(line);
  if (!filtered) return error(filtered.error());
  const auto match = parser().parse(filtered->command, view_);
  if (!match) return error(match.error());
  if (!filtered->filters.empty() && !is_display(match->command->action))
    return error({SyntaxError::Kind::too_many, filtered->command.size()});
  dispatch(*match, filtered->filters);
}

void Session::dispatch(const Match& match, const std::vector<FilterText>& filters) {
  if (!options_.privileged && needs_privilege(match.command->action))
    return refuse("You do not have permission to run the command.");
  if (is_display(match.command->action))
    show(display(match), filters);
  else
    act(match);
}

void Session::act(const Match& match) {
  switch (match.command->action) {
    case Action::configure: return enter_configuration(match);
    case Action::interface_view: return enter_view_of_interface(match);
    case Action::quit: return quit();
    case Action::return_to_user_view: return leave_configuration();
    case Action::commit: commit(); return;
    case Action::reset_sessions: return services_.reset_sessions();
    case Action::system_view:
      view_ = View::system;
      return say("Enter system view, return user view with return command.");
    case Action::clear_candidate:
      services_.datastore.discard(candidate_);
      view_ = View::system;
      return;
    case Action::screen_length:
      screen_length_ = static_cast<unsigned>(std::stoul(*match.values[common_lines]));
      return say("Info: The configuration takes effect on the current user terminal interface only.");
    case Action::save: {
      const auto name = match.values[common_file_name].value_or(std::string(kDefaultCopy));
      return ask_yes_no(std::string(kSaveQuestion), [this, name] { save(name); });
    }
    case Action::display:
    case Action::display_this:
    case Action::display_current_configuration:
    case Action::display_candidate: break;
  }
  CHECK(false);
}

base::Result<DisplayOutput> Session::display(const Match& match) {
  auto& datastore = services_.datastore;
  switch (match.command->action) {
    case Action::display_current_configuration:
      return configuration_output(configuration_lines(datastore.running()));
    case Action::display_candidate: {
      const auto& candidate = datastore.view(candidate_);
      return configuration_output(match.arguments.has("merge") ? configuration_lines(candidate)
                                                               : difference(datastore.running(), candidate));
    }
    case Action::display_this: {
      auto lines = configuration_lines(datastore.running());
      std::erase_if(lines, [&](const ConfigurationLine& line) {
        return view_ == View::interface ? line.section != interface_section(interface_name_)
                                        : line.in_interface_view || view_ == View::user;
      });
      return configuration_output(lines);
    }
    default: return match.command->display->run(services_, match.arguments);
  }
}

void Session::show(const base::Result<DisplayOutput>& output, const std::vector<FilterText>& filters) {
  if (!output) return refuse(output.error().message);
  response_.display = true;
  if (options_.json) {
    if (!filters.empty())
      return refuse("Filters apply to text; run the display without --json, or without a filter.");
    response_.output += output->json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    return;
  }
  const auto text = apply_filters(filters, output->text);
  if (!text) return refuse(text.error().message);
  response_.output += *text;
}

void Session::say(std::string_view line) {
  response_.output += line;
  response_.output += '\n';
}

void Session::refuse(std::string_view sentence) {
  response_.refused = true;
  response_.display = false;
  say(fmt::format("Error: {}", sentence));
}

void Session::ask_yes_no(std::string text, std::function<void()> yes) {
  question_ =
      Question{std::move(text), std::string(kYesNoRetry), false, [yes = std::move(yes)](Answer answer) {
                 if (answer == Answer::yes) yes();
               }};
}

void Session::enter_view_of_interface(const Match& match) {
  const auto& name = *match.values[common_interface_name];
  if (auto single = check_interface_name(services_.network, name); !single)
    return refuse(single.error().message);
  view_ = View::interface;
  interface_name_ = name;
}

void Session::enter_configuration(const Match& match) {
  const auto enter_now = [this, match] {
    auto& datastore = services_.datastore;
    auto& candidate = datastore.edit(candidate_);
    const EntryContext context{candidate, datastore.running(), datastore.keyring(), services_.network,
                               Judgement::shell};
    std::vector<std::string> notices;
    const auto entered = enter(context, match, interface_name_, candidate, notices);
    if (!entered) return refuse(entered.error().message);
    for (const auto& notice : notices) say(notice);
  };
  const auto& command = *match.command;
  const auto question =
      command.question != nullptr && !match.undo ? command.question(match.values) : std::string{};
  if (question.empty())
    enter_now();
  else
    ask_yes_no(question, enter_now);
}

void Session::quit() {
  switch (view_) {
    case View::user: response_.end = true; return;
    case View::system: return leave_configuration();
    case View::interface: view_ = View::system; return;
  }
}

void Session::leave_configuration() {
  if (!services_.datastore.is_changed(candidate_)) {
    view_ = View::user;
    return;
  }
  question_ = Question{std::string(kLeaveQuestion), std::string(kLeaveRetry), true, [this](Answer answer) {
                         if (answer == Answer::cancel || (answer == Answer::yes && !commit())) return;
                         services_.datastore.discard(candidate_);
                         view_ = View::user;
                       }};
}

bool Session::commit() {
  if (script_refused_ && !options_.force) {
    refuse(
        "A line of this script was refused, so nothing is committed. Correct the script, or run it with "
        "--force.");
    return false;
  }
  const auto outcome = services_.datastore.commit(candidate_, services_.network);
  for (const auto& error : outcome.errors) refuse(error);
  for (const auto& notice : outcome.notices) say(notice);
  return outcome.committed;
}

void Session::save(const std::string& name) {
  const auto path = services_.datastore.save(name);
  if (!path) return refuse(path.error().message);
  say(fmt::format("Now saving the current configuration to {} ........", *path));
  say("Info: Save the configuration successfully.");
  say("Info: A restart loads the last commit; the saved file is a copy of it.");
}

}  // namespace noonmark::cli
