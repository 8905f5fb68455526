#include "cli/pipeline.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <re2/re2.h>

namespace noonmark::cli {
namespace {

constexpr std::size_t kMaxExpression = 255;
constexpr std::size_t kMaxFileName = 255;
constexpr std::int64_t kMaxExpressionMemory = 1 << 20;  // octets, when compiled
/// Steps that the filters of a display may need: states of the expression times octets of the text.
constexpr std::size_t kMaxSteps = 100'000'000;

enum class Word { include, exclude, begin, ignore_case, section, count, no_more, json, refresh };
struct Keyword {
  std::string_view text;
  Word word;
  std::string_view help;
};
constexpr std::array kKeywords{
    Keyword{"begin", Word::begin, "Begin with the line that matches"},
    Keyword{"count", Word::count, "Count the lines"},
    Keyword{"exclude", Word::exclude, "Leave out the lines that match"},
    Keyword{"ignore-case", Word::ignore_case, "Match capital and small letters alike"},
    Keyword{"include", Word::include, "Only the lines that match"},
    Keyword{"json", Word::json, "As JSON, with units in the names"},
    Keyword{"no-more", Word::no_more, "Without stops at full screens"},
    Keyword{"refresh", Word::refresh, "Again every 5 seconds, until Ctrl+C"},
    Keyword{"section", Word::section, "Match whole sections"},
};
constexpr bool is_modifier(Word word) { return word == Word::ignore_case || word == Word::section; }
constexpr bool takes_expression(Word word) {
  return word == Word::include || word == Word::exclude || word == Word::begin;
}

bool is_bar(const Token& token) { return token.text == "|" && !token.quoted; }
bool is_arrow(const Token& token) { return (token.text == ">" || token.text == ">>") && !token.quoted; }
bool opens(const Token& token) { return is_bar(token) || is_arrow(token); }

bool may_be_piped(const std::vector<Token>& tokens) {
  const auto is = [&](std::string_view keyword) { return abbreviates(tokens.front().text, keyword); };
  return !tokens.empty() && (is("display") || is("test"));
}

auto error(SyntaxError::Kind kind, std::size_t offset) {
  return tl::unexpected<SyntaxError>(SyntaxError{kind, offset});
}

/// The expression reaches to the next bar, arrow or the end of the line, blanks inside included.
std::string expression_between(std::string_view line, const Token& first, const Token& last) {
  if (&first == &last) return first.text;
  return std::string(
      line.substr(first.offset, last.offset + last.text.size() + (last.quoted ? 2 : 0) - first.offset));
}

tl::expected<Word, SyntaxError> keyword_of(const Token& token) {
  std::vector<Word> found;
  for (const auto& keyword : kKeywords)
    if (!token.quoted && abbreviates(token.text, keyword.text)) found.push_back(keyword.word);
  if (found.size() == 1) return found.front();
  return error(found.empty() ? SyntaxError::Kind::unrecognized : SyntaxError::Kind::ambiguous, token.offset);
}

/// Reads what stands behind a display, from its first bar or arrow on.
class Reader {
 public:
  Reader(std::string_view line, const std::vector<Token>& tokens, std::size_t at)
      : line_(line), tokens_(tokens), at_(at) {}

  tl::expected<Pipeline, SyntaxError> read() {
    while (at_ < tokens_.size()) {
      const auto& opener = tokens_[at_++];
      if (!opens(opener)) return error(SyntaxError::Kind::too_many, opener.offset);
      segment_ = opener.offset;
      const auto taken = is_arrow(opener) ? take_file(opener.text == ">>") : take_segment();
      if (!taken) return tl::unexpected<SyntaxError>(taken.error());
    }
    return std::move(pipeline_);
  }

 private:
  using Taken = tl::expected<void, SyntaxError>;

  auto incomplete() const {
    return error(SyntaxError::Kind::incomplete, line_.size() + (line_.ends_with(' ') ? 0 : 1));
  }

  Taken take_file(bool append) {
    if (at_ == tokens_.size()) return incomplete();
    const auto& file = tokens_[at_++];
    if (file.unterminated || file.text.empty() || file.text.size() > kMaxFileName)
      return error(SyntaxError::Kind::wrong_parameter, file.offset);
    pipeline_.redirection = Redirection{file.text, append};
    if (at_ < tokens_.size()) return error(SyntaxError::Kind::too_many, tokens_[at_].offset);
    return {};
  }

  /// What stands between two bars: modifiers, and at most one other keyword with its expression.
  Taken take_segment() {
    Filter modified;
    for (bool is_first = true;; is_first = false) {
      if (at_ == tokens_.size() || opens(tokens_[at_]))
        return is_first ? incomplete() : modify_last(modified);
      const auto& token = tokens_[at_];
      const auto word = keyword_of(token);
      if (!word) return tl::unexpected<SyntaxError>(word.error());
      ++at_;
      if (*word == Word::ignore_case) {
        modified.ignore_case = true;
      } else if (*word == Word::section) {
        modified.by_section = true;
      } else if (!is_first && !takes_expression(*word)) {
        return error(SyntaxError::Kind::unrecognized, token.offset);
      } else {
        return take_keyword(*word, std::move(modified));
      }
    }
  }

  Taken take_keyword(Word word, Filter filter) {
    switch (word) {
      case Word::json: pipeline_.json = true; return {};
      case Word::no_more: pipeline_.no_more = true; return {};
      case Word::refresh: pipeline_.refresh = true; return {};
      case Word::count: filter.kind = Filter::Kind::count; return add(std::move(filter));
      case Word::exclude: filter.kind = Filter::Kind::exclude; break;
      case Word::begin: filter.kind = Filter::Kind::begin; break;
      default: filter.kind = Filter::Kind::include; break;
    }
    const auto first = at_;
    while (at_ < tokens_.size() && !opens(tokens_[at_])) {
      if (tokens_[at_].unterminated) return error(SyntaxError::Kind::wrong_parameter, tokens_[at_].offset);
      ++at_;
    }
    if (at_ == first) return incomplete();
    filter.expression = expression_between(line_, tokens_[first], tokens_[at_ - 1]);
    return add(std::move(filter));
  }

  /// `| include RE | ignore-case`
  Taken modify_last(const Filter& modified) {
    const auto& filters = pipeline_.filters;
    if (filters.empty() || filters.back().kind == Filter::Kind::count)
      return error(SyntaxError::Kind::unrecognized, tokens_[at_ - 1].offset);
    pipeline_.filters.back().ignore_case |= modified.ignore_case;
    pipeline_.filters.back().by_section |= modified.by_section;
    return {};
  }

  Taken add(Filter filter) {
    if (pipeline_.filters.size() == kMaxFilters) return error(SyntaxError::Kind::too_many, segment_);
    pipeline_.filters.push_back(std::move(filter));
    return {};
  }

  std::string_view line_;
  const std::vector<Token>& tokens_;
  std::size_t at_;
  std::size_t segment_ = 0;  // where the segment that is read begins
  Pipeline pipeline_;
};

/// Takes time that is linear in the text, whatever the expression.
base::Result<std::unique_ptr<re2::RE2>> compile(const Filter& filter) {
  if (filter.expression.size() > kMaxExpression)
    return base::fail(fmt::format("A regular expression has at most {} characters.", kMaxExpression));
  re2::RE2::Options options;
  options.set_posix_syntax(true);
  options.set_never_capture(true);
  options.set_log_errors(false);
  options.set_case_sensitive(!filter.ignore_case);
  options.set_max_mem(kMaxExpressionMemory);
  auto expression = std::make_unique<re2::RE2>(filter.expression, options);
  if (!expression->ok())
    return base::fail(fmt::format("The regular expression is wrong: {}.", expression->error()));
  return expression;
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

/// Lines, or sections with the `#` or empty line that ends them.
std::vector<std::string> parts(std::string_view text, bool by_section) {
  std::vector<std::string> found;
  std::string section;
  while (!text.empty()) {
    const auto line = take_line(text);
    section.append(line).push_back('\n');
    if (!by_section || line.empty() || line == "#") found.push_back(std::exchange(section, {}));
  }
  if (!section.empty()) found.push_back(std::move(section));
  return found;
}

bool any_line_matches(const re2::RE2& expression, std::string_view part) {
  while (!part.empty()) {
    const auto line = take_line(part);
    if (re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), expression)) return true;
  }
  return false;
}

std::string filtered(const Filter& filter, const re2::RE2& expression, std::string_view text) {
  std::string kept;
  bool begun = false;
  for (const auto& part : parts(text, filter.by_section)) {
    const bool matches = any_line_matches(expression, part);
    begun |= matches;
    if (filter.kind == Filter::Kind::include   ? matches
        : filter.kind == Filter::Kind::exclude ? !matches
                                               : begun)
      kept += part;
  }
  return kept;
}

bool is_keyword_place(const std::vector<Token>& tokens, std::size_t at) {
  if (at == 0) return false;
  if (is_bar(tokens[at - 1])) return true;
  if (!is_keyword_place(tokens, at - 1)) return false;
  const auto word = keyword_of(tokens[at - 1]);
  return word && is_modifier(*word);
}

Expectations keywords_with(std::string_view prefix) {
  Expectations expected;
  for (const auto& keyword : kKeywords)
    if (prefix.empty() || abbreviates(prefix, keyword.text))
      expected.words.push_back({std::string(keyword.text), keyword.help});
  return expected;
}

}  // namespace

tl::expected<PipedLine, SyntaxError> split_pipeline(std::string_view line) {
  const auto tokens = split(line);
  const auto opener = std::ranges::find_if(tokens, opens);
  if (opener == tokens.end() || !may_be_piped(tokens)) return PipedLine{line, {}};
  auto pipeline = Reader(line, tokens, static_cast<std::size_t>(opener - tokens.begin())).read();
  if (!pipeline) return tl::unexpected<SyntaxError>(pipeline.error());
  return PipedLine{line.substr(0, opener->offset), std::move(*pipeline)};
}

std::span<const Expectation> pipeline_openers() {
  static const std::array kOpeners{Expectation{"|", "Filter the output"},
                                   Expectation{">", "Write the output to a file"},
                                   Expectation{">>", "Append the output to a file"}};
  return kOpeners;
}

std::optional<Expectations> expected_in_pipeline(std::string_view line) {
  const auto tokens = split(line);
  if (!may_be_piped(tokens) || std::ranges::none_of(tokens, opens)) return std::nullopt;
  const bool partial = !line.ends_with(' ');
  const auto at = tokens.size() - (partial ? 1 : 0);  // the word that is asked for
  if (at == 0) return std::nullopt;
  const auto parameter = [&](std::size_t most, std::string_view help) {
    Expectations expected;
    if (!partial) expected.words.push_back({fmt::format("STRING<1-{}>", most), help, false});
    return expected;
  };
  if (is_arrow(tokens[at - 1])) return parameter(kMaxFileName, "Name of the file");
  if (at < tokens.size() && opens(tokens[at])) return Expectations{};
  if (is_bar(tokens[at - 1]) || is_keyword_place(tokens, at))
    return keywords_with(partial ? tokens[at].text : "");
  if (const auto word = keyword_of(tokens[at - 1]);
      word && is_keyword_place(tokens, at - 1) && takes_expression(*word))
    return parameter(kMaxExpression, "Regular expression");
  Expectations expected;
  if (partial) return expected;
  if (at < 2 || !is_arrow(tokens[at - 2]))
    expected.words.assign(pipeline_openers().begin(), pipeline_openers().end());
  expected.complete = true;
  return expected;
}

base::Result<std::string> apply_filters(const std::vector<Filter>& filters, std::string text) {
  std::size_t steps = 0;
  for (const auto& filter : filters) {
    if (filter.kind == Filter::Kind::count) {
      text = fmt::format("Total lines: {}.\n", std::ranges::count(text, '\n'));
      continue;
    }
    const auto expression = compile(filter);
    if (!expression) return tl::unexpected(expression.error());
    steps += static_cast<std::size_t>((*expression)->ProgramSize()) * text.size();
    if (steps > kMaxSteps)
      return base::fail("The regular expression is too costly for this much text; write a simpler one.");
    text = filtered(filter, **expression, text);
  }
  return text;
}

}  // namespace noonmark::cli
