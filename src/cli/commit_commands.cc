#include "cli/commit_commands.h"

#include <fmt/format.h>

#include "cli/advice.h"
#include "cli/commit_arguments.h"
#include "cli/session.h"

namespace noonmark::cli {
namespace {

constexpr std::string_view kRollbackQuestion =
    "Warning: This operation will revert configuration changes to the previous status. Continue? [Y/N]:";
constexpr std::string_view kAbortQuestion =
    "Warning: The trial configuration will be rolled back. Continue? [Y/N]:";

config::CommitRequest request_of(const Match& match) {
  config::CommitRequest request;
  request.label = match.arguments.value("<label>").value_or("");
  request.description = match.arguments.value("<description>").value_or("");
  request.persist = match.arguments.value("<persist-id>").value_or("");
  return request;
}

/// Whether the session may commit; says why not.
bool may_commit(Session& session) {
  if (!session.must_not_commit()) return true;
  session.refuse(
      "A line of this script was refused, so nothing is committed. Correct the script, or run it with "
      "--force.");
  return false;
}

void tell(Session& session, const config::CommitOutcome& outcome) {
  for (const auto& error : outcome.errors) session.refuse(error);
  for (const auto& notice : outcome.notices) session.say(notice);
}

/// None where it would not be said.
std::vector<config::Advice> advice_now(Session& session) {
  if (session.is_read_by_a_program()) return {};
  return advice_on(session.services(), session.services().datastore.running());
}

/// What there is to say about the configuration that was not to be said before.
void advise(Session& session, const std::vector<config::Advice>& before) {
  for (const auto& text : config::in_words(config::news(before, advice_now(session))))
    session.say(text.line());
}

void commit_as(Session& session, const config::CommitRequest& request) {
  if (!may_commit(session)) return;
  const auto before = advice_now(session);
  const auto outcome = session.services().datastore.commit(session.candidate(), request);
  tell(session, outcome);
  if (outcome.committed) advise(session, before);
}

/// Where a rollback leads.
struct Goal {
  config::Configuration configuration;
  std::string origin;
};

base::Result<Goal> goal_of(const config::Datastore& datastore, const Match& match) {
  if (const auto file = match.arguments.value("<file-name>")) {
    auto configuration = saved_configuration(datastore, *file);
    if (!configuration) return tl::unexpected(configuration.error());
    return Goal{std::move(*configuration), *file};
  }
  const auto id = target_commit(datastore, match);
  if (!id) return tl::unexpected(id.error());
  auto configuration = datastore.configuration_at(*id);
  if (!configuration) return tl::unexpected(configuration.error());
  return Goal{std::move(*configuration), *id == config::CommitId::none
                                             ? "the configuration before the first commit"
                                             : fmt::format("commit {}", number(*id))};
}

void carry_out(Session& session, const Goal& goal) {
  auto& datastore = session.services().datastore;
  const auto before = advice_now(session);
  const auto commit_before = datastore.running_commit();
  session.say("Checking changes...");
  const auto outcome = datastore.roll_back(session.candidate().author(), goal.configuration, goal.origin);
  const bool changed = datastore.running_commit() != commit_before;
  if (changed)
    for (const auto* line : {"Loading rollback changes", "Committing", "Check rollback result",
                             "Configuration rollback succeeded.",
                             "Please use 'display configuration commit changes last 1' to view the changes."})
      session.say(line);
  tell(session, outcome);
  if (changed) advise(session, before);
}

void report(Session& session, const base::Result<void>& done) {
  if (!done) session.refuse(done.error().message);
}

}  // namespace

void commit(Session& session, const Match& match) { commit_as(session, request_of(match)); }

void commit_trial(Session& session, const Match& match) {
  auto request = request_of(match);
  request.trial.emplace();
  if (const auto time = match.arguments.value("<seconds>"))
    request.trial->time = std::chrono::seconds(std::stoul(*time));
  if (match.arguments.has("synchronized"))
    request.trial->servers = std::stoul(match.arguments.value("<servers>").value_or("1"));
  commit_as(session, request);
}

void abort_trial(Session& session, const Match& match) {
  auto& datastore = session.services().datastore;
  const auto& author = session.candidate().author();
  std::optional<std::uint32_t> of_session;
  if (const auto number = match.arguments.value("<session-id>"))
    of_session = static_cast<std::uint32_t>(std::stoul(*number));
  const auto persist = match.arguments.value("<persist-id>");
  const auto check = [&datastore, author, of_session, persist] {
    return datastore.may_abort_trial(author, of_session, persist);
  };
  if (auto allowed = check(); !allowed) return session.refuse(allowed.error().message);
  session.ask_yes_no(std::string(kAbortQuestion), [&session, &datastore, author, check] {
    if (auto still = check(); !still) return session.refuse(still.error().message);
    datastore.abort_trial(author);
    if (datastore.trial())
      return session.refuse(
          "The trial configuration cannot be rolled back now; it will be as soon as it can.");
    session.say("Info: The trial configuration rollback succeeded.");
  });
}

void roll_back(Session& session, const Match& match) {
  if (!may_commit(session)) return;
  const auto& datastore = session.services().datastore;
  if (auto allowed = datastore.may_roll_back(session.candidate().author()); !allowed)
    return session.refuse(allowed.error().message);
  auto goal = goal_of(datastore, match);
  if (!goal) return session.refuse(goal.error().message);
  session.ask_yes_no(std::string(kRollbackQuestion),
                     [&session, goal = std::move(*goal)] { carry_out(session, goal); });
}

void label_commit(Session& session, const Match& match) {
  report(session, session.services().datastore.history().set_label(*commit_id_in(match),
                                                                   *match.arguments.value("<label>")));
}

void clear_commits(Session& session, const Match& match) {
  auto& datastore = session.services().datastore;
  auto& history = datastore.history();
  const auto kept = datastore.running_commit();
  if (const auto id = commit_id_in(match)) return report(session, history.clear_label(*id));
  if (const auto label = match.arguments.value("<label>"))
    return report(session, history.erase_label(*label, kept));
  const auto removed = history.erase_oldest(*count_in(match), kept);
  if (!removed) return session.refuse(removed.error().message);
  if (*removed < *count_in(match))
    session.say(fmt::format(
        "Info: {} removed. Commits with a label, of a trial that runs, and the one in force stay.",
        *removed));
}

void lock_configuration(Session& session, const Match&) {
  report(session, session.services().datastore.lock(session.candidate().author()));
}

void unlock_configuration(Session& session, const Match&) {
  report(session, session.services().datastore.unlock(session.candidate().author()));
}

}  // namespace noonmark::cli
