#include "config/datastore.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/merge.h"
#include "config/translate.h"
#include "config/validate.h"

namespace noonmark::config {

base::Result<void> Datastore::load() {
  auto stored = store_.read_running();
  if (!stored) return tl::unexpected(stored.error());
  if (*stored) {
    auto configuration = codec_.parse((*stored)->content, keyring_);
    if (!configuration)
      return base::fail(
          fmt::format("{} is damaged: {} Correct that line, or restore the file from a saved copy.",
                      store_.running_path(), configuration.error().message));
    running_ = std::make_shared<const Configuration>(std::move(*configuration));
    running_commit_ = (*stored)->commit;
  }
  for (const auto& sentence : history_.load(running_commit_))
    surroundings_.log().write(base::LogLevel::warning, sentence);
  if (const auto* trial = history_.cut_short() ? history_.find(*history_.cut_short()) : nullptr)
    last_trial_ = Ending{false, trial->id, surroundings_.now(), trial->reason, {}};
  const auto known = history_.text(running_commit_);
  const bool is_known = known && *known == (*stored ? (*stored)->text : "");
  if (!is_known || (running_commit_ == CommitId::none && !history_.points().empty()))
    adopt("found at the start of noonmarkd");
  return {};
}

void Datastore::start_with(Configuration configuration, const std::string& origin) {
  running_ = std::make_shared<const Configuration>(std::move(configuration));
  adopt(origin);
}

void Datastore::adopt(const std::string& description) {
  auto point = new_point({"noonmarkd", "-"}, CommitType::file);
  point.description = description.substr(0, kMaxDescription);
  if (history_.find(point.base) == nullptr) point.base = CommitId::none;
  if (auto installed = install({running_, point.id}, point, true); !installed)
    surroundings_.log().write(base::LogLevel::warning,
                              "This configuration makes no rollback point: " + installed.error().message);
}

std::string conflict_sentence(const std::vector<std::string>& lines) {
  return fmt::format(
      "The running configuration was changed by another session in lines that this session changed too: {}. "
      "Run refresh configuration candidate to keep this session's lines, or clear configuration candidate to "
      "give them up.",
      fmt::join(lines, "; "));
}

std::optional<std::string> Datastore::rebase(Candidate& candidate) const {
  if (!candidate.edited_ || candidate.base_ == running_) return std::nullopt;
  auto result = merge(*candidate.base_, *candidate.edited_, *running_);
  if (result.conflict) return conflict_sentence(codec_.lines(result.contested));
  candidate.base_ = running_;
  candidate.edited_ = std::move(result.merged);
  return std::nullopt;
}

std::vector<std::string> Datastore::contested(const Candidate& candidate) const {
  if (!candidate.edited_ || candidate.base_ == running_) return {};
  return codec_.lines(merge(*candidate.base_, *candidate.edited_, *running_).contested);
}

Configuration Datastore::merged(const Candidate& candidate) const {
  if (!candidate.edited_) return *running_;
  return merge(*candidate.base_, *candidate.edited_, *running_).merged;
}

void Datastore::refresh(Candidate& candidate) const {
  if (!candidate.edited_) return;
  candidate.edited_ = merge(*candidate.base_, *candidate.edited_, *running_).merged;
  candidate.base_ = running_;
}

const Configuration& Datastore::view(Candidate& candidate) const {
  rebase(candidate);
  return candidate.edited_ ? *candidate.edited_ : *running_;
}

Configuration& Datastore::edit(Candidate& candidate) const {
  rebase(candidate);
  if (!candidate.edited_) {
    candidate.base_ = running_;
    candidate.edited_ = *running_;
  }
  return *candidate.edited_;
}

bool Datastore::is_changed(Candidate& candidate) const {
  rebase(candidate);
  if (!candidate.edited_ || *candidate.edited_ != *running_) return candidate.edited_.has_value();
  discard(candidate);
  return false;
}

void Datastore::discard(Candidate& candidate) const {
  candidate.base_.reset();
  candidate.edited_.reset();
}

CommitOutcome Datastore::commit(Candidate& candidate, const CommitRequest& request) {
  CommitOutcome outcome;
  const auto done = [&]() -> base::Result<void> {
    if (auto allowed = may_commit(candidate.author(), request); !allowed) return allowed;
    if (auto conflict = rebase(candidate)) return base::fail(std::move(*conflict));
    const bool changed = is_changed(candidate);
    if (auto fine = check_request(request, changed); !fine) return fine;
    if (changed) return commit_changes(candidate, request, outcome);
    if (!trial_) return {};
    if (!request.trial) return confirm_trial(request, candidate.author());
    if (auto named = name_trial(request); !named) return named;
    begin_trial(candidate.author(), request, {});
    return {};
  }();
  if (!done && !done.error().message.empty()) outcome.errors.push_back(done.error().message);
  outcome.committed = outcome.errors.empty();
  if (outcome.committed && request.trial)
    std::ranges::move(trial_notices(), std::back_inserter(outcome.notices));
  return outcome;
}

base::Result<void> Datastore::check_lock(const Author& author) const {
  if (!lock_ || lock_->session == author.session) return {};
  return base::fail(
      fmt::format("The configuration is locked by {}; it can be committed when that session runs undo "
                  "configuration exclusive, or ends.",
                  name_of(*lock_)));
}

base::Result<void> Datastore::may_commit(const Author& author, const CommitRequest& request) const {
  if (auto free = check_lock(author); !free) return free;
  const bool confirms = !request.trial && !request.persist.empty();
  if (confirms && !(trial_ && trial_->persist == request.persist))
    return base::fail(fmt::format("There is no trial with the persist ID {}.", request.persist));
  if (!trial_ || confirms || trial_->belongs_to(author)) return {};
  return base::fail(
      fmt::format("A trial configuration of {} is in force for {} more seconds; commit when it is confirmed "
                  "or rolled back.",
                  name_of(trial_->author), trial_left().count()));
}

base::Result<void> Datastore::check_request(const CommitRequest& request, bool changed) const {
  const bool asks = request.trial || !request.label.empty() || !request.description.empty();
  if (asks && !changed && !trial_)
    return base::fail(
        "There is nothing to commit: the configuration was not changed. set configuration commit gives an "
        "earlier commit a label.");
  if (request.label.empty()) return {};
  return history_.check_label(request.label);
}

base::Result<void> Datastore::commit_changes(Candidate& candidate, const CommitRequest& request,
                                             CommitOutcome& outcome) {
  auto next = std::make_shared<const Configuration>(*candidate.edited_);
  outcome.errors = validate(*next, *running_);
  if (!outcome.errors.empty()) return {};
  if (auto problems = key_problems(*next); !problems.empty()) return base::fail(problems.front());
  if (auto prepared = prepare_all(*next); !prepared) return prepared;
  auto point = new_point(candidate.author(), CommitType::cli);
  point.label = request.label;
  point.description = request.description;
  if (request.trial) point.trial = TrialOutcome::pending;
  const Target before{running_, running_commit_};
  if (auto installed = install({next, point.id}, point, !request.trial); !installed) return installed;
  discard(candidate);
  if (request.trial)
    begin_trial(candidate.author(), request, before);
  else if (trial_)
    end_trial(TrialOutcome::confirmed, "by " + name_of(candidate.author()), {}, &candidate.author());
  history_.prune();
  return {};
}

CommitPoint Datastore::new_point(const Author& author, CommitType type) const {
  CommitPoint point;
  point.id = history_.next_id();
  point.base = running_commit_;
  point.type = type;
  point.user = author.user;
  point.interface = author.interface;
  point.time = surroundings_.now();
  return point;
}

std::vector<std::string> Datastore::key_problems(const Configuration& next) const {
  auto problems = to_ntp_config(next, keyring_).problems;
  const auto known = to_ntp_config(*running_, keyring_).problems;
  std::erase_if(problems, [&](const auto& p) { return std::ranges::find(known, p) != known.end(); });
  return problems;
}

base::Result<void> Datastore::prepare_all(const Configuration& next) {
  const auto translation = to_ntp_config(next, keyring_);
  for (auto* participant : participants_) {
    if (auto prepared = participant->prepare(next, translation.config); !prepared) {
      abort_all();
      return prepared;
    }
    prepared_.push_back(participant);
  }
  return {};
}

void Datastore::abort_all() {
  for (auto participant = prepared_.rbegin(); participant != prepared_.rend(); ++participant)
    (*participant)->abort();
  prepared_.clear();
}

base::Result<void> Datastore::install(Target next, CommitPoint point, bool lasting) {
  const auto text = codec_.render(*next.configuration);
  auto stored = history_.add(point, text);
  if (stored && lasting) {
    stored = store_running(text, point.id);
    if (!stored) history_.withdraw();
  }
  if (!stored) {
    abort_all();
    return base::fail(fmt::format("Nothing has changed, since the commit cannot be stored: {}. Make room or "
                                  "give noonmarkd the right to write there, and commit again.",
                                  stored.error().message),
                      stored.error().code);
  }
  enter(std::move(next));
  return {};
}

base::Result<void> Datastore::store_running(std::string_view text, CommitId commit) {
  auto written = store_.write_running(text, commit);
  if (written) return {};
  // A write that is reported as failed may have reached the disk: then it is taken back.
  const auto now = store_.read_running();
  const Target& before = trial_ ? before_trial_ : Target{running_, running_commit_};
  if (now && *now && (*now)->commit == commit && before.commit != commit)
    (void)store_.write_running(codec_.render(*before.configuration), before.commit);
  return written;
}

void Datastore::enter(Target target) {
  running_ = std::move(target.configuration);
  running_commit_ = target.commit;
  for (auto* participant : prepared_) participant->apply();
  prepared_.clear();
}

base::Result<void> Datastore::may_roll_back(const Author& author) const {
  if (auto allowed = may_commit(author, {}); !allowed) return allowed;
  if (!trial_) return {};
  return base::fail("A trial configuration is in force; confirm it with commit, or run abort trial.");
}

CommitOutcome Datastore::roll_back(const Author& author, Configuration next, const std::string& origin) {
  CommitOutcome outcome;
  const auto before = running_commit_;
  const auto done = [&]() -> base::Result<void> {
    if (auto allowed = may_roll_back(author); !allowed) return allowed;
    if (next == *running_) {
      outcome.notices.push_back(fmt::format("Info: The configuration is that of {} already.", origin));
      return {};
    }
    outcome.errors = validate(next, *running_);
    if (!outcome.errors.empty()) return base::fail(outcome.errors.front());
    for (const auto& problem : key_problems(next)) outcome.notices.push_back("Warning: " + problem);
    if (auto prepared = prepare_all(next); !prepared) return prepared;
    auto point = new_point(author, CommitType::rollback);
    point.description = ("to " + origin).substr(0, kMaxDescription);
    return install({std::make_shared<const Configuration>(std::move(next)), point.id}, point, true);
  }();
  if (!done && outcome.errors.empty()) outcome.errors.push_back(done.error().message);
  outcome.committed = outcome.errors.empty();
  last_rollback_ = Ending{outcome.committed,
                          running_commit_ == before ? CommitId::none : running_commit_,
                          surroundings_.now(),
                          outcome.committed ? "to " + origin : outcome.errors.front(),
                          {}};
  history_.prune();
  return outcome;
}

base::Result<Configuration> Datastore::configuration_at(CommitId id) const {
  const auto text = history_.text(id);
  if (!text) return tl::unexpected(text.error());
  auto configuration = codec_.parse(*text, keyring_);
  if (!configuration)
    return base::fail(fmt::format("The configuration of commit {} is not of this program: {}", number(id),
                                  configuration.error().message));
  return configuration;
}

base::Result<CommitId> Datastore::commit_before(std::size_t steps) const {
  auto id = running_commit_;
  for (std::size_t step = 0; step < steps; ++step) {
    const auto* point = history_.find(id);
    const bool known =
        point != nullptr && (point->base == CommitId::none || history_.find(point->base) != nullptr);
    if (!known)
      return base::fail(
          fmt::format("It is possible to go back {} commits at most; display configuration commit "
                      "list shows those that are kept.",
                      step));
    id = point->base;
  }
  return id;
}

base::Result<void> Datastore::lock(const Author& author) {
  if (auto free = check_lock(author); !free) return free;
  if (trial_ && !trial_->belongs_to(author))
    return base::fail(
        fmt::format("A trial configuration of {} is in force for {} more seconds; lock the "
                    "configuration when it is confirmed or rolled back.",
                    name_of(trial_->author), trial_left().count()));
  lock_ = author;
  return {};
}

base::Result<void> Datastore::unlock(const Author& author) {
  if (!lock_) return base::fail("The configuration is not locked.");
  if (auto own = check_lock(author); !own) return own;
  lock_.reset();
  return {};
}

void Datastore::end_session(std::uint32_t session) {
  if (lock_ && lock_->session == session) lock_.reset();
  if (trial_ && trial_->author.session == session && !trial_->session_ended) {
    trial_->session_ended = true;
    if (trial_->ends_with_session()) roll_trial_back("the session ended", {}, nullptr);
  }
  news_.erase(session);
}

std::string Datastore::take_news(std::uint32_t session) {
  const auto news = news_.extract(session);
  return news.empty() ? std::string{} : news.mapped();
}

}  // namespace noonmark::config
