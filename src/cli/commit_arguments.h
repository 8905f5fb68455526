#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/parser.h"
#include "config/datastore.h"

namespace noonmark::cli {

// What the parameters of the commands on commits stand for.

std::optional<config::CommitId> commit_id_in(const Match& match);
std::optional<std::size_t> count_in(const Match& match);  // <count>
/// The commit that `commit-id ID`, `label L` or `last N` names, if it is kept.
base::Result<config::CommitId> target_commit(const config::Datastore& datastore, const Match& match);
/// The copy that `save` kept; an error names all its lines that do not parse.
base::Result<config::Configuration> saved_configuration(const config::Datastore& datastore,
                                                        const std::string& name);

}  // namespace noonmark::cli
