#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/result.h"
#include "cli/parser.h"

namespace noonmark::cli {

inline constexpr std::size_t kMaxFilters = 32;
inline constexpr unsigned kRefreshSeconds = 5;

/// One filter behind a display. `expression` is a POSIX extended regular expression.
struct Filter {
  enum class Kind { include, exclude, begin, count };
  Kind kind = Kind::include;
  std::string expression{};
  bool ignore_case = false;
  bool by_section = false;  // whole sections (between `#` or empty lines) instead of lines
  bool operator==(const Filter&) const = default;
};

/// The file of the user's, opened by the shell, that a display goes to.
struct Redirection {
  std::string file;
  bool append = false;
  bool operator==(const Redirection&) const = default;
};

/// What stands behind a display.
struct Pipeline {
  std::vector<Filter> filters{};
  bool json = false;
  bool no_more = false;  // not paged
  bool refresh = false;  // shown again every kRefreshSeconds
  std::optional<Redirection> redirection{};
  bool empty() const { return *this == Pipeline{}; }
  bool operator==(const Pipeline&) const = default;
};

/// A line divided into its command and the pipeline behind it:
///   | include RE   | exclude RE   | begin RE     `ignore-case` and `section` before them, or behind a bar
///   after | count   | no-more   | json   | refresh   > FILE   >> FILE
/// Only commands that display have one: in other lines `|` and `>` are words like others.
struct PipedLine {
  std::string_view command;
  Pipeline pipeline;
};
tl::expected<PipedLine, SyntaxError> split_pipeline(std::string_view line);

/// What may come next behind the bar or the `>` of a line that has one; none if the line has no pipeline.
std::optional<Expectations> expected_in_pipeline(std::string_view line);
/// What may follow a display that is complete: `|`, `>` and `>>`.
std::span<const Expectation> pipeline_openers();

/// The lines of `text` that pass all filters, one after the other. Fails on an expression that is none, or
/// that would take too long.
base::Result<std::string> apply_filters(const std::vector<Filter>& filters, std::string text);

}  // namespace noonmark::cli
