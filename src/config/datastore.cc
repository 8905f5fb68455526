#include "config/datastore.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/merge.h"
#include "config/translate.h"
#include "config/validate.h"

namespace noonmark::config {

base::Result<void> Datastore::load() {
  auto text = store_.read_running();
  if (!text) return tl::unexpected(text.error());
  if (!*text) return {};
  auto configuration = codec_.parse(**text, keyring_);
  if (!configuration)
    return base::fail(
        fmt::format("{} is damaged: {} Correct that line, or restore the file from a saved copy.",
                    store_.running_path(), configuration.error().message));
  running_ = std::make_shared<const Configuration>(std::move(*configuration));
  return {};
}

void Datastore::start_with(Configuration configuration) {
  in_memory_ = true;
  running_ = std::make_shared<const Configuration>(std::move(configuration));
}

std::optional<std::string> Datastore::rebase(Candidate& candidate) const {
  if (!candidate.edited_ || candidate.base_ == running_) return std::nullopt;
  auto result = merge(*candidate.base_, *candidate.edited_, *running_);
  if (result.conflict)
    return fmt::format(
        "The running configuration was changed by another session in lines that this session changed "
        "too: {}. Run clear configuration candidate and enter the changes again.",
        fmt::join(codec_.lines(result.contested), "; "));
  candidate.base_ = running_;
  candidate.edited_ = std::move(result.merged);
  return std::nullopt;
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

CommitOutcome Datastore::commit(Candidate& candidate, const core::NetworkView&) {
  if (auto conflict = rebase(candidate)) return {false, {std::move(*conflict)}, {}};
  if (!is_changed(candidate)) return {true, {}, {}};
  const auto& next = *candidate.edited_;
  if (auto errors = validate(next, *running_); !errors.empty()) return {false, std::move(errors), {}};
  if (auto prepared = prepare_all(next); !prepared) return {false, {prepared.error().message}, {}};
  if (!in_memory_) {
    if (auto stored = store_.write_running(codec_.render(next)); !stored) {
      abort_all();
      return {false, {stored.error().message}, {}};
    }
  }
  running_ = std::make_shared<const Configuration>(std::move(*candidate.edited_));
  discard(candidate);
  for (auto* participant : prepared_) participant->apply();
  prepared_.clear();
  return {true, {}, {}};
}

base::Result<void> Datastore::prepare_all(const Configuration& next) {
  const auto translation = to_ntp_config(next, keyring_);
  const auto known = to_ntp_config(*running_, keyring_).problems;
  for (const auto& problem : translation.problems)
    if (std::ranges::find(known, problem) == known.end()) return base::fail(problem);
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

base::Result<std::string> Datastore::save(std::string_view name) const {
  return store_.save(name, codec_.render(*running_));
}

}  // namespace noonmark::config
