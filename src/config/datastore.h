#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/history.h"
#include "config/keyring.h"
#include "config/model.h"
#include "config/store.h"
#include "config/surroundings.h"

namespace noonmark::config {

/// How a Configuration is written as lines; the grammar is the command line's.
struct TextCodec {
  std::vector<std::string> (*lines)(const Configuration&);
  /// What the store keeps.
  std::string (*render)(const Configuration&);
  /// Of a whole file: lines that begin with "#" may precede what render() gave. An error names the line.
  base::Result<Configuration> (*parse)(std::string_view content, const KeyRing& keyring);
};

/// What has to go along with a commit: sockets, the engine. A commit calls prepare() of all, then either
/// apply() of all, or abort() of those that were prepared.
class Participant {
 public:
  virtual ~Participant() = default;
  /// Takes what apply() needs; an error refuses the commit.
  virtual base::Result<void> prepare(const Configuration& next, const core::NtpConfig& ntp) = 0;
  virtual void apply() = 0;  // cannot fail
  virtual void abort() = 0;
};

/// An operator's changes that are not committed. Belongs to one session (or client); a value apart from the
/// running configuration that it started from.
class Candidate {
 public:
  explicit Candidate(Author author) : author_(std::move(author)) {}
  const Author& author() const { return author_; }

 private:
  friend class Datastore;
  Author author_;
  std::shared_ptr<const Configuration> base_;  // what `edited_` started from; null: nothing was edited
  std::optional<Configuration> edited_;
};

struct TrialTerms {
  std::chrono::seconds time{600};
  std::optional<std::size_t> servers;  // the trial is confirmed by itself when so many are usable
};

struct CommitRequest {
  std::string label;
  std::string description;
  std::string persist;  // with `trial`: what confirms it in any session; else the trial that is confirmed
  std::optional<TrialTerms> trial;
};

struct CommitOutcome {
  bool committed = false;            // also when there was nothing to change
  std::vector<std::string> errors;   // sentences
  std::vector<std::string> notices;  // lines that begin with "Warning: " or "Info: "
};

/// A configuration that is in force for a while and not yet what a restart loads.
struct Trial {
  Author author;
  std::string persist;
  TrialTerms terms;
  std::vector<CommitId> points;  // of each `commit trial` of it that had changes
  bool session_ended = false;
  bool canceling = false;  // it is to be rolled back, which is tried again and again
  bool belongs_to(const Author& one) const { return !session_ended && author.session == one.session; }
  bool ends_with_session() const { return persist.empty() && !terms.servers; }
};

/// How a trial ended, or a rollback.
struct Ending {
  bool success = false;              // the trial was confirmed; the configuration was rolled back
  CommitId commit = CommitId::none;  // of the trial; that the rollback made, none if it made none
  std::int64_t time = 0;             // s since 1970, served
  std::string reason;                // clause without a full stop
  std::vector<ServerVerdict> unusable;
};

/// What an operator is told whose changes meet those of another session in these lines.
std::string conflict_sentence(const std::vector<std::string>& lines);

/// The running configuration, and the only way to change it. One thread.
class Datastore {
 public:
  /// The references outlive the datastore.
  Datastore(const TextCodec& codec, const KeyRing& keyring, Store& store, Copies& copies,
            Surroundings& surroundings)
      : codec_(codec),
        keyring_(keyring),
        store_(store),
        copies_(copies),
        surroundings_(surroundings),
        history_(store) {}

  /// Takes the stored configuration as the running one; participants are not told. Fails on a broken file.
  base::Result<void> load();
  /// Takes `configuration`, which came from `origin`, as the running one. Participants are not told.
  void start_with(Configuration configuration, const std::string& origin);
  void add(Participant& participant) { participants_.push_back(&participant); }

  const Configuration& running() const { return *running_; }
  CommitId running_commit() const { return running_commit_; }
  const KeyRing& keyring() const { return keyring_; }
  History& history() { return history_; }
  const History& history() const { return history_; }

  /// What the candidate would make of the running configuration. Valid until the next call with that
  /// candidate.
  const Configuration& view(Candidate& candidate) const;
  /// For changing; call is_changed() or commit() afterwards.
  Configuration& edit(Candidate& candidate) const;
  bool is_changed(Candidate& candidate) const;
  void discard(Candidate& candidate) const;
  /// As view(), also in a conflict: there the candidate's lines stand.
  Configuration merged(const Candidate& candidate) const;
  /// Lines that this session and another one changed, each in its own way.
  std::vector<std::string> contested(const Candidate& candidate) const;
  /// Puts the changes upon the running configuration of now; where both changed a line, the candidate's
  /// stays.
  void refresh(Candidate& candidate) const;

  /// All or nothing: rebases, validates, prepares, stores and applies. On success the candidate has no
  /// changes left; on an error nothing has changed, the candidate included. Confirms the trial that it may.
  CommitOutcome commit(Candidate& candidate, const CommitRequest& request = {});
  base::Result<void> may_roll_back(const Author& author) const;
  /// Commits `next`, which is `origin` ("commit 1000000001"), as a rollback.
  CommitOutcome roll_back(const Author& author, Configuration next, const std::string& origin);
  base::Result<Configuration> configuration_at(CommitId id) const;
  /// The commit that was in force `steps` commits ago. Trials that were rolled back are no steps.
  base::Result<CommitId> commit_before(std::size_t steps) const;

  const std::optional<Trial>& trial() const { return trial_; }
  std::chrono::seconds trial_left() const { return surroundings_.alarm_left(); }
  std::vector<ServerVerdict> servers() const { return surroundings_.servers(); }
  /// The error of one who may not end the trial. Which one it is, the caller's session says, or `session`, or
  /// `persist`.
  base::Result<void> may_abort_trial(const Author& author, std::optional<std::uint32_t> session,
                                     const std::optional<std::string>& persist) const;
  /// may_abort_trial() has allowed it.
  void abort_trial(const Author& author);
  const std::optional<Ending>& last_trial() const { return last_trial_; }
  const std::optional<Ending>& last_rollback() const { return last_rollback_; }
  /// What became of this session's trial in the meantime, told once; empty if nothing.
  std::string take_news(std::uint32_t session);

  /// Only the session with the lock commits.
  base::Result<void> lock(const Author& author);
  base::Result<void> unlock(const Author& author);
  const std::optional<Author>& lock_holder() const { return lock_; }
  /// What ends with a session: its lock, and its trial unless that goes on by itself.
  void end_session(std::uint32_t session);

  /// Keeps a copy of the running configuration; gives its path.
  base::Result<std::string> save(std::string_view name) {
    return copies_.save(name, codec_.render(*running_));
  }
  const Copies& copies() const { return copies_; }

 private:
  struct Target {
    std::shared_ptr<const Configuration> configuration;
    CommitId commit = CommitId::none;
  };

  /// Puts the changes upon the running configuration of now. A sentence if that is not possible.
  std::optional<std::string> rebase(Candidate& candidate) const;
  base::Result<void> check_lock(const Author& author) const;
  base::Result<void> may_commit(const Author& author, const CommitRequest& request) const;
  base::Result<void> check_request(const CommitRequest& request, bool changed) const;
  base::Result<void> commit_changes(Candidate& candidate, const CommitRequest& request,
                                    CommitOutcome& outcome);
  CommitPoint new_point(const Author& author, CommitType type) const;
  /// Makes a commit of the running configuration, which came from outside.
  void adopt(const std::string& description);
  /// Sentences about keys that cannot be deciphered and are not running already.
  std::vector<std::string> key_problems(const Configuration& next) const;
  base::Result<void> prepare_all(const Configuration& next);
  void abort_all();
  /// Stores and applies what was prepared; aborts it on an error. `lasting`: a restart shall load it.
  base::Result<void> install(Target next, CommitPoint point, bool lasting);
  base::Result<void> store_running(std::string_view text, CommitId commit);
  void enter(Target target);

  void begin_trial(const Author& author, const CommitRequest& request, Target before);
  base::Result<void> name_trial(const CommitRequest& request);
  std::vector<std::string> trial_notices();
  base::Result<void> confirm_trial(const CommitRequest& request, const Author& by);
  void on_trial_timeout();
  /// True if that was the trial's end.
  bool confirm_if_usable();
  void roll_trial_back(const std::string& reason, std::vector<ServerVerdict> unusable, const Author* by);
  /// `by` is who knows already.
  void end_trial(TrialOutcome outcome, const std::string& reason, std::vector<ServerVerdict> unusable,
                 const Author* by);

  const TextCodec codec_;
  const KeyRing& keyring_;
  Store& store_;
  Copies& copies_;
  Surroundings& surroundings_;
  History history_;
  std::shared_ptr<const Configuration> running_ = std::make_shared<const Configuration>();
  CommitId running_commit_ = CommitId::none;
  std::vector<Participant*> participants_;
  std::vector<Participant*> prepared_;

  std::optional<Trial> trial_;
  Target before_trial_;
  std::optional<Ending> last_trial_;
  std::optional<Ending> last_rollback_;
  std::optional<Author> lock_;
  std::map<std::uint32_t, std::string> news_;  // by session
};

}  // namespace noonmark::config
