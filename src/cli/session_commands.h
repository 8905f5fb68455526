#pragma once

#include "base/result.h"
#include "cli/display.h"

namespace noonmark::cli {

class Session;
struct Match;

// Commands of the session itself: its view, its terminal, and the daemon as a whole.

void enter_system_view(Session&, const Match&);
void enter_interface_view(Session&, const Match&);
void quit_view(Session&, const Match&);
void return_to_user_view(Session&, const Match&);
/// Of the row that names `run` in the table: command_place() takes the word off the line before it is parsed.
void run_nothing(Session&, const Match&);
void set_screen_length(Session&, const Match&);
void start_monitor(Session&, const Match&);
void stop_monitor(Session&, const Match&);
void reset_history(Session&, const Match&);
base::Result<DisplayOutput> show_history(Session&, const Match&);
void reset_ntp_sessions(Session&, const Match&);
/// Asks before the clock is stepped.
void reset_ntp_hold(Session&, const Match&);
void reset_ntp_clients(Session&, const Match&);
void reset_ntp_statistics(Session&, const Match&);

}  // namespace noonmark::cli
