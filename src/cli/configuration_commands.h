#pragma once

#include "base/result.h"
#include "cli/display.h"

namespace noonmark::cli {

class Session;
struct Match;

// Commands on the configuration as a whole: the candidate, the running one, saved copies.

void clear_candidate(Session&, const Match&);
void save(Session&, const Match&);
base::Result<DisplayOutput> show_this(Session&, const Match&);
base::Result<DisplayOutput> show_current_configuration(Session&, const Match&);
base::Result<DisplayOutput> show_saved_configuration(Session&, const Match&);
void refresh_candidate(Session&, const Match&);
base::Result<DisplayOutput> show_candidate(Session&, const Match&);
base::Result<DisplayOutput> show_candidate_changes(Session&, const Match&);

}  // namespace noonmark::cli
