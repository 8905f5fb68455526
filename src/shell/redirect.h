#pragma once

#include <string_view>

#include "base/result.h"
#include "shell/protocol.h"

namespace noonmark::shell {

/// Whether the shell opens files for its user.
enum class Files { allowed, none };

/// Writes `text` to the file with the rights of the shell's user: created (0600, less the umask), truncated
/// or appended to. The error is a sentence for the user.
base::Result<void> write_redirected(const Redirect& redirect, std::string_view text, Files files);

}  // namespace noonmark::shell
