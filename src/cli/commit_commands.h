#pragma once

namespace noonmark::cli {

class Session;
struct Match;

// Commands that commit, try, roll back, and look after the rollback points.

void commit(Session&, const Match&);
void commit_trial(Session&, const Match&);
void abort_trial(Session&, const Match&);
void roll_back(Session&, const Match&);
void label_commit(Session&, const Match&);
void clear_commits(Session&, const Match&);
void lock_configuration(Session&, const Match&);
void unlock_configuration(Session&, const Match&);

}  // namespace noonmark::cli
