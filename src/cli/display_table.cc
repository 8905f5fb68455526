#include "cli/display.h"

namespace noonmark::cli {

std::span<const DisplayCommand> display_commands() { return {}; }

}  // namespace noonmark::cli
