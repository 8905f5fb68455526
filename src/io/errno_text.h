#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <fmt/format.h>

#include "base/result.h"

namespace noonmark::io {

/// The system's words for an errno value; unlike strerror() safe in every thread.
inline std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

/// "cannot WHAT PATH: ..." of the call that has just failed.
inline tl::unexpected<base::Error> system_failure(std::string_view what, const std::string& path) {
  const int error = errno;
  return base::fail(fmt::format("cannot {} {}: {}", what, path, errno_text(error)), base::ErrorCode::io);
}

}  // namespace noonmark::io
