#pragma once

#include <string_view>

namespace noonmark::cli {

/// What help says about a keyword; empty if it is none of ours.
std::string_view keyword_help(std::string_view keyword);

}  // namespace noonmark::cli
