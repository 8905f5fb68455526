#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/keyring.h"
#include "config/model.h"
#include "config/store.h"
#include "core/network_view.h"

namespace noonmark::config {

/// How a Configuration is written as lines; the grammar is the command line's.
struct TextCodec {
  std::vector<std::string> (*lines)(const Configuration&);
  /// What the store keeps, and load() reads back.
  std::string (*render)(const Configuration&);
  base::Result<Configuration> (*parse)(std::string_view text, const KeyRing& keyring);
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
  explicit Candidate(std::string owner) : owner_(std::move(owner)) {}
  const std::string& owner() const { return owner_; }

 private:
  friend class Datastore;
  std::string owner_;
  std::shared_ptr<const Configuration> base_;  // what `edited_` started from; null: nothing was edited
  std::optional<Configuration> edited_;
};

struct CommitOutcome {
  bool committed = false;            // also when there was nothing to change
  std::vector<std::string> errors;   // sentences
  std::vector<std::string> notices;  // lines that begin with "Warning: " or "Info: "
};

/// The running configuration, and the only way to change it. One thread.
class Datastore {
 public:
  /// The keyring and the store outlive the datastore.
  Datastore(const TextCodec& codec, const KeyRing& keyring, const Store& store)
      : codec_(codec), keyring_(keyring), store_(store) {}

  /// Takes the stored configuration as the running one; participants are not told. Fails on a broken file.
  base::Result<void> load();
  /// Takes `configuration` as the running one (--config): the stored one is neither read nor written from now
  /// on, commits live in memory. Participants are not told.
  void start_with(Configuration configuration);
  void add(Participant& participant) { participants_.push_back(&participant); }

  const Configuration& running() const { return *running_; }
  const KeyRing& keyring() const { return keyring_; }

  /// What the candidate would make of the running configuration. Valid until the next call with that
  /// candidate.
  const Configuration& view(Candidate& candidate) const;
  /// For changing; call is_changed() or commit() afterwards.
  Configuration& edit(Candidate& candidate) const;
  bool is_changed(Candidate& candidate) const;
  void discard(Candidate& candidate) const;

  /// All or nothing: rebases, validates, prepares, stores and applies. On success the candidate has no
  /// changes left; on an error nothing has changed, the candidate included.
  CommitOutcome commit(Candidate& candidate, const core::NetworkView& network);

  /// Keeps a copy of the running configuration; gives its path.
  base::Result<std::string> save(std::string_view name) const;

 private:
  /// Puts the changes upon the running configuration of now. A sentence if that is not possible.
  std::optional<std::string> rebase(Candidate& candidate) const;
  base::Result<void> prepare_all(const Configuration& next);
  void abort_all();

  const TextCodec codec_;
  const KeyRing& keyring_;
  const Store& store_;
  bool in_memory_ = false;
  std::shared_ptr<const Configuration> running_ = std::make_shared<const Configuration>();
  std::vector<Participant*> participants_;
  std::vector<Participant*> prepared_;
};

}  // namespace noonmark::config
