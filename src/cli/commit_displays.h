#pragma once

#include "base/result.h"
#include "cli/display.h"

namespace noonmark::cli {

class Session;
struct Match;

// Displays of commits, trials and rollbacks.

base::Result<DisplayOutput> show_commits(Session&, const Match&);
base::Result<DisplayOutput> show_commit_changes(Session&, const Match&);
base::Result<DisplayOutput> show_commit(Session&, const Match&);
base::Result<DisplayOutput> show_running_changes(Session&, const Match&);
base::Result<DisplayOutput> show_trial(Session&, const Match&);
base::Result<DisplayOutput> show_rollback_result(Session&, const Match&);

}  // namespace noonmark::cli
