#pragma once

#include <regex.h>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/result.h"
#include "cli/parser.h"

namespace noonmark::cli {

inline constexpr std::size_t kMaxFilters = 32;

/// `| include RE`, `| exclude RE` or `| begin RE` behind a display. RE is a POSIX extended regular
/// expression, case-sensitive.
struct FilterText {
  enum class Kind { include, exclude, begin };
  Kind kind = Kind::include;
  std::string expression;
};

/// A line divided into its command and the filters behind it. Only a display has filters: in other lines `|`
/// is a word like others.
struct FilteredLine {
  std::string_view command;
  std::vector<FilterText> filters;
};
tl::expected<FilteredLine, SyntaxError> split_filters(std::string_view line);

/// The lines of `text` that pass all filters, one after the other. Fails on an expression that is none, or
/// that could take much memory.
base::Result<std::string> apply_filters(const std::vector<FilterText>& filters, std::string text);

}  // namespace noonmark::cli
