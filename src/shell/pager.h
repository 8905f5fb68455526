#pragma once

#include <string_view>

#include "shell/keyboard.h"
#include "shell/output.h"

namespace noonmark::shell {

/// Writes `text` in pages of `screen_length` rows (0: at once), or fewer where the terminal has fewer, with
/// VRP's "---- More ----" between them; a line that is longer than the terminal is wide takes several rows.
/// False once nobody reads the output any more.
bool write_paged(std::string_view text, int screen_length, Output& out, Keyboard& keyboard);

}  // namespace noonmark::shell
