#include "cli/session_commands.h"

#include <fmt/format.h>

#include "base/check.h"
#include "cli/display_statistics.h"
#include "cli/commit_commands.h"
#include "cli/display_format.h"
#include "cli/session.h"

namespace noonmark::cli {
namespace {

constexpr std::string_view kLeaveQuestion =
    "Warning: Uncommitted configurations found. Are you sure to commit them before exiting? "
    "[Y(yes)/N(no)/C(cancel)]:";
constexpr std::string_view kLeaveRetry =
    "Error: Please choose 'YES', 'NO' or 'CANCEL' first before pressing 'Enter'. [Y/N/C]:";

}  // namespace

void enter_system_view(Session& session, const Match&) {
  session.enter(View::system);
  session.say("Enter system view, return user view with return command.");
}

void enter_interface_view(Session& session, const Match& match) {
  const auto& name = *match.values[common_interface_name];
  if (auto single = check_interface_name(session.services().network, name); !single)
    return session.refuse(single.error().message);
  session.enter(View::interface, name);
}

void quit_view(Session& session, const Match& match) {
  switch (session.view()) {
    case View::user: return session.end();
    case View::system: return return_to_user_view(session, match);
    case View::interface:
    case View::acl4:
    case View::acl6: return session.enter(View::system);
  }
}

void return_to_user_view(Session& session, const Match& match) {
  if (!session.services().datastore.is_changed(session.candidate())) return session.enter(View::user);
  session.ask({std::string(kLeaveQuestion), std::string(kLeaveRetry), true,
               [&session, match](Session::Answer answer) {
                 auto& datastore = session.services().datastore;
                 if (answer == Session::Answer::cancel) return;
                 if (answer == Session::Answer::yes) commit(session, match);
                 if (answer == Session::Answer::yes && datastore.is_changed(session.candidate())) return;
                 datastore.discard(session.candidate());
                 session.enter(View::user);
               }});
}

void run_nothing(Session&, const Match&) { CHECK(false); }

void set_screen_length(Session& session, const Match& match) {
  session.set_screen_length(static_cast<unsigned>(std::stoul(*match.values[common_lines])));
  session.say("Info: The configuration takes effect on the current user terminal interface only.");
}

void start_monitor(Session& session, const Match&) {
  if (!session.options().interactive)
    return session.refuse("Log lines are shown on a terminal; a script has none.");
  session.monitor(true);
  session.say("Info: Current terminal monitor is on.");
}

void stop_monitor(Session& session, const Match&) {
  session.monitor(false);
  session.say("Info: Current terminal monitor is off.");
}

void reset_history(Session& session, const Match&) { session.history().clear(); }

base::Result<DisplayOutput> show_history(Session& session, const Match&) {
  DisplayOutput output;
  auto commands = nlohmann::json::array();
  for (const auto& line : session.history()) {
    output.text += fmt::format("  {}\n", line);
    commands.push_back(line);
  }
  output.json = {{"schema", kJsonSchema}, {"commands", std::move(commands)}};
  return output;
}

void reset_ntp_sessions(Session& session, const Match&) { session.services().reset_sessions(); }

void reset_ntp_hold(Session& session, const Match&) {
  const auto& hold = session.services().engine.state().hold;
  if (!hold) return session.say("Info: The clock is not held back.");
  if (hold->reason == core::Reason::before_build_date)
    return session.refuse(
        "No clock is set to before this program was built; see to the time of the servers.");
  session.ask_yes_no(
      fmt::format("Warning: The clock will be set to the time of the servers, by {}. Continue? [Y/N]:",
                  offset_text(hold->offset)),
      [&session] { session.services().release_hold(); });
}

void reset_ntp_clients(Session& session, const Match&) { session.services().clients.forget(); }

void reset_ntp_statistics(Session& session, const Match& match) {
  if (const auto done = reset_statistics(session.services(), match.arguments); !done)
    session.refuse(done.error().message);
}

}  // namespace noonmark::cli
