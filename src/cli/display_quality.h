#pragma once

#include "cli/display.h"
#include "cli/display_format.h"

namespace noonmark::cli {

/// `display ntp-service quality`.
DisplayOutput render_quality(const Snapshot& snapshot);

/// The same values for other software: members of the display's JSON, and of RUN_DIR/quality.json.
nlohmann::json quality_json(const core::Quality& quality, const core::ErrorBudget& budget,
                            std::int64_t build_date);

/// "its offset of 90000.000 s is beyond the offset-limit": why the clock is held back.
std::string hold_text(const core::Hold& hold);
/// What to do about it: "to take the servers' time, run reset ntp-service hold".
std::string_view hold_advice(const core::Hold& hold);
/// "-12.500 s left, about 151 s".
std::string slew_text(const core::Slew& slew);
/// "insert", with the moment where it is known: "insert, at 2016-12-31 23:59:60 UTC".
std::string announced_leap_text(const core::Quality& quality);

}  // namespace noonmark::cli
