#pragma once

#include <string>
#include <system_error>

namespace noonmark::io {

/// The system's words for an errno value; unlike strerror() safe in every thread.
inline std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

}  // namespace noonmark::io
