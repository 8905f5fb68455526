// Trials: a configuration in force until it is confirmed, or rolled back.

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/datastore.h"

namespace noonmark::config {
namespace {

constexpr std::chrono::seconds kRetryAfter{10};
constexpr std::size_t kServersNamed = 16;

std::string_view servers_word(std::size_t count) { return count == 1 ? "server is" : "servers are"; }

std::size_t count_usable(const std::vector<ServerVerdict>& servers) {
  return static_cast<std::size_t>(std::ranges::count_if(servers, &ServerVerdict::usable));
}

/// "a, b and 3 more" of the servers that are usable, or not.
std::string named(const std::vector<ServerVerdict>& servers, bool usable) {
  std::vector<std::string> names;
  for (const auto& s : servers)
    if (s.usable == usable) names.push_back(usable ? s.server : fmt::format("{} ({})", s.server, s.code));
  const auto more = names.size() > kServersNamed ? names.size() - kServersNamed : 0;
  names.resize(names.size() - more);
  return more == 0 ? fmt::format("{}", fmt::join(names, ", "))
                   : fmt::format("{} and {} more", fmt::join(names, ", "), more);
}

std::string timeout_reason(const TrialTerms& terms, const std::vector<ServerVerdict>& servers) {
  if (!terms.servers) return fmt::format("not confirmed within {} seconds", terms.time.count());
  const auto unusable = servers.empty() ? "no server is configured" : "not usable: " + named(servers, false);
  return fmt::format("{} of {} servers usable within {} seconds; {}", count_usable(servers), *terms.servers,
                     terms.time.count(), unusable);
}

}  // namespace

void Datastore::begin_trial(const Author& author, const CommitRequest& request, Target before) {
  if (!trial_) {
    trial_.emplace();
    before_trial_ = std::move(before);
  }
  trial_->author = author;
  trial_->session_ended = trial_->canceling = false;
  trial_->persist = request.persist;
  trial_->terms = *request.trial;
  if (trial_->points.empty() || trial_->points.back() != running_commit_)
    trial_->points.push_back(running_commit_);
  surroundings_.set_alarm(trial_->terms.time, [this] { on_trial_timeout(); });
  if (trial_->terms.servers)
    surroundings_.watch_servers([this] { confirm_if_usable(); });
  else
    surroundings_.watch_servers({});
}

std::vector<std::string> Datastore::trial_notices() {
  std::vector<std::string> notices{
      "Info: The system enters the trial configuration mode.",
      fmt::format(
          "The system will revert to previous configuration if the trial configuration is not confirmed "
          "in {} seconds.",
          trial_->terms.time.count())};
  if (!trial_->terms.servers) return notices;
  notices.push_back(fmt::format("Info: The trial configuration is confirmed by itself when {} {} usable.",
                                *trial_->terms.servers, servers_word(*trial_->terms.servers)));
  const auto session = trial_->author.session;
  if (confirm_if_usable()) notices.push_back(take_news(session));
  return notices;
}

base::Result<void> Datastore::name_trial(const CommitRequest& request) {
  if (request.label.empty() && request.description.empty()) return {};
  const auto* known = history_.find(running_commit_);
  if (known == nullptr) return {};
  auto point = *known;
  if (!request.label.empty()) point.label = request.label;
  if (!request.description.empty()) point.description = request.description;
  return history_.amend(point);
}

base::Result<void> Datastore::confirm_trial(const CommitRequest& request, const Author& by) {
  if (auto named = name_trial(request); !named) return named;
  if (auto stored = store_running(codec_.render(*running_), running_commit_); !stored)
    return base::fail(fmt::format("The trial is not confirmed and goes on, since it cannot be stored: {}.",
                                  stored.error().message),
                      stored.error().code);
  end_trial(TrialOutcome::confirmed, "by " + name_of(by), {}, &by);
  return {};
}

bool Datastore::confirm_if_usable() {
  if (!trial_ || !trial_->terms.servers) return false;
  const auto servers = surroundings_.servers();
  const auto usable = count_usable(servers);
  if (usable < *trial_->terms.servers) return false;
  if (auto stored = store_running(codec_.render(*running_), running_commit_); !stored)
    roll_trial_back("it cannot be stored: " + stored.error().message, {}, nullptr);
  else
    end_trial(TrialOutcome::confirmed,
              fmt::format("{} {} usable: {}", usable, servers_word(usable), named(servers, true)), {},
              nullptr);
  return true;
}

void Datastore::on_trial_timeout() {
  if (confirm_if_usable()) return;
  auto servers = trial_->terms.servers ? surroundings_.servers() : std::vector<ServerVerdict>{};
  const auto reason = timeout_reason(trial_->terms, servers);
  std::erase_if(servers, &ServerVerdict::usable);
  if (servers.size() > kServersNamed) servers.resize(kServersNamed);
  roll_trial_back(reason, std::move(servers), nullptr);
}

base::Result<void> Datastore::may_abort_trial(const Author& author, std::optional<std::uint32_t> session,
                                              const std::optional<std::string>& persist) const {
  if (!trial_) return base::fail("There is no trial configuration.");
  if (persist && (persist->empty() || *persist != trial_->persist))
    return base::fail(fmt::format("There is no trial with the persist ID {}.", *persist));
  if (session && *session != trial_->author.session)
    return base::fail(fmt::format("Session {} has no trial; the one in force is of {}.", *session,
                                  name_of(trial_->author)));
  if (persist || session || trial_->belongs_to(author)) return {};
  return base::fail(fmt::format("The trial configuration is of {}; abort trial session {} ends it.",
                                name_of(trial_->author), trial_->author.session));
}

void Datastore::abort_trial(const Author& author) {
  if (trial_) roll_trial_back("aborted by " + name_of(author), {}, &author);
}

void Datastore::roll_trial_back(const std::string& reason, std::vector<ServerVerdict> unusable,
                                const Author* by) {
  surroundings_.watch_servers({});
  if (auto prepared = prepare_all(*before_trial_.configuration); !prepared) {
    surroundings_.log().write(base::LogLevel::error,
                              fmt::format("The trial cannot be rolled back now and will be again in {} s: {}",
                                          kRetryAfter.count(), prepared.error().message));
    trial_->canceling = true;
    surroundings_.set_alarm(kRetryAfter,
                            [this, reason, unusable] { roll_trial_back(reason, unusable, nullptr); });
    return;
  }
  enter(before_trial_);
  end_trial(TrialOutcome::rolled_back, reason, std::move(unusable), by);
}

void Datastore::end_trial(TrialOutcome outcome, const std::string& reason,
                          std::vector<ServerVerdict> unusable, const Author* by) {
  surroundings_.cancel_alarm();
  surroundings_.watch_servers({});
  const auto trial = std::move(*trial_);
  trial_.reset();
  before_trial_ = {};
  const bool confirmed = outcome == TrialOutcome::confirmed;
  for (const auto id : trial.points) {
    const auto* known = history_.find(id);
    if (known == nullptr) continue;
    auto point = *known;
    point.trial = outcome;
    point.reason = reason;
    point.unusable = unusable;
    if (auto recorded = history_.record_outcome(point); !recorded)
      surroundings_.log().write(base::LogLevel::warning, recorded.error().message);
  }
  const auto what = confirmed ? "confirmed" : "rolled back";
  surroundings_.log().write(
      confirmed ? base::LogLevel::notice : base::LogLevel::warning,
      fmt::format("The trial of commit {} is {}: {}", number(trial.points.back()), what, reason));
  if (!trial.session_ended && (by == nullptr || !trial.belongs_to(*by)))
    news_[trial.author.session] =
        fmt::format("{}: The trial configuration was {}: {}.", confirmed ? "Info" : "Warning", what, reason);
  last_trial_ = Ending{confirmed, trial.points.back(), surroundings_.now(), reason, std::move(unusable)};
  if (confirmed) return;
  last_rollback_ = last_trial_;
  last_rollback_->success = true;
  last_rollback_->commit = CommitId::none;
  last_rollback_->reason = fmt::format("trial of commit {}: {}", number(trial.points.back()), reason);
}

}  // namespace noonmark::config
