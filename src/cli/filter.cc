#include "cli/filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace noonmark::cli {
namespace {

using Kind = FilterText::Kind;

constexpr std::size_t kMaxExpression = 255;
/// Each repetition of a `{n,m}` is a copy in the compiled expression.
constexpr unsigned kMaxCopies = 999;

struct Keyword {
  std::string_view text;
  Kind kind;
};
constexpr std::array kKeywords{Keyword{"include", Kind::include}, Keyword{"exclude", Kind::exclude},
                               Keyword{"begin", Kind::begin}};

bool is_bar(const Token& token) { return token.text == "|" && !token.quoted; }

auto error(SyntaxError::Kind kind, std::size_t offset) {
  return tl::unexpected<SyntaxError>(SyntaxError{kind, offset});
}

/// The expression reaches to the next bar or the end of the line, blanks inside included.
std::string expression_between(std::string_view line, const Token& first, const Token& last) {
  if (&first == &last) return first.text;
  return std::string(
      line.substr(first.offset, last.offset + last.text.size() + (last.quoted ? 2 : 0) - first.offset));
}

/// Product of the upper bounds of all `{n,m}`: how often a part may be copied when they are nested.
unsigned copies(std::string_view expression) {
  unsigned product = 1;
  for (auto open = expression.find('{'); open != std::string_view::npos;
       open = expression.find('{', open + 1)) {
    const auto bounds = expression.substr(open + 1, expression.find('}', open) - open - 1);
    const auto comma = bounds.rfind(',');
    const auto last =
        comma == std::string_view::npos || comma + 1 == bounds.size() ? bounds : bounds.substr(comma + 1);
    unsigned bound = 1;
    const auto [end, failed] = std::from_chars(last.data(), last.data() + last.size(), bound);
    if (failed == std::errc::result_out_of_range || bound > kMaxCopies) return kMaxCopies + 1;
    product = std::min(product * std::max(bound, 1u), kMaxCopies + 1);
  }
  return product;
}

/// glibc takes \1 to \9 as an extension of extended expressions, and may need exponential time for them.
bool has_back_reference(std::string_view expression) {
  for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    if (expression[++i] >= '1' && expression[i] <= '9') return true;
  }
  return false;
}

/// A compiled expression.
class CompiledExpression {
 public:
  static base::Result<CompiledExpression> compile(const std::string& text) {
    if (text.size() > kMaxExpression)
      return base::fail(fmt::format("A regular expression has at most {} characters.", kMaxExpression));
    if (copies(text) > kMaxCopies)
      return base::fail(fmt::format("The regular expression repeats a part more than {} times.", kMaxCopies));
    if (has_back_reference(text)) return base::fail("A regular expression has no back references here.");
    CompiledExpression expression;
    const int failed = ::regcomp(&expression.compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (failed == 0) {
      expression.valid_ = true;
      return expression;
    }
    std::array<char, 128> reason{};
    ::regerror(failed, &expression.compiled_, reason.data(), reason.size());
    return base::fail(fmt::format("The regular expression is wrong: {}.", reason.data()));
  }
  CompiledExpression(CompiledExpression&& other) noexcept
      : compiled_(other.compiled_), valid_(std::exchange(other.valid_, false)) {}
  CompiledExpression& operator=(CompiledExpression&&) = delete;
  ~CompiledExpression() {
    if (valid_) ::regfree(&compiled_);
  }

  bool matches(const std::string& line) const {
    return ::regexec(&compiled_, line.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  CompiledExpression() = default;
  regex_t compiled_{};
  bool valid_ = false;
};

std::string filtered(Kind kind, const CompiledExpression& expression, std::string_view text) {
  std::string kept;
  bool begun = false;
  while (!text.empty()) {
    const auto size = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string line(text.substr(0, text[size - 1] == '\n' ? size - 1 : size));
    text.remove_prefix(size);
    const bool matches = expression.matches(line);
    begun |= matches;
    if (kind == Kind::include ? matches : kind == Kind::exclude ? !matches : begun) kept += line + '\n';
  }
  return kept;
}

/// Reads the filter whose bar is tokens[at]; moves `at` behind it.
tl::expected<FilterText, SyntaxError> read_filter(std::string_view line, const std::vector<Token>& tokens,
                                                  std::size_t& at) {
  if (++at == tokens.size())
    return error(SyntaxError::Kind::incomplete, line.size() + (line.ends_with(' ') ? 0 : 1));
  const auto keyword =
      std::ranges::find_if(kKeywords, [&](const Keyword& k) { return abbreviates(tokens[at].text, k.text); });
  if (keyword == kKeywords.end()) return error(SyntaxError::Kind::unrecognized, tokens[at].offset);
  const auto first = ++at;
  while (at < tokens.size() && !is_bar(tokens[at])) ++at;
  if (at == first) return error(SyntaxError::Kind::incomplete, line.size() + (line.ends_with(' ') ? 0 : 1));
  return FilterText{keyword->kind, expression_between(line, tokens[first], tokens[at - 1])};
}

}  // namespace

tl::expected<FilteredLine, SyntaxError> split_filters(std::string_view line) {
  const auto tokens = split(line);
  const auto bar = std::ranges::find_if(tokens, is_bar);
  if (bar == tokens.end() || !abbreviates(tokens.front().text, "display")) return FilteredLine{line, {}};
  FilteredLine result{line.substr(0, bar->offset), {}};
  for (auto at = static_cast<std::size_t>(bar - tokens.begin()); at < tokens.size();) {
    if (result.filters.size() == kMaxFilters) return error(SyntaxError::Kind::too_many, tokens[at].offset);
    auto filter = read_filter(line, tokens, at);
    if (!filter) return tl::unexpected<SyntaxError>(filter.error());
    result.filters.push_back(std::move(*filter));
  }
  return result;
}

base::Result<std::string> apply_filters(const std::vector<FilterText>& filters, std::string text) {
  for (const auto& filter : filters) {
    const auto expression = CompiledExpression::compile(filter.expression);
    if (!expression) return tl::unexpected(expression.error());
    text = filtered(filter.kind, *expression, text);
  }
  return text;
}

}  // namespace noonmark::cli
