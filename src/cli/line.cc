#include "cli/line.h"

#include <algorithm>
#include <fmt/format.h>

namespace noonmark::cli {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The length of the UTF-8 sequence at the start of `text`, 0 if there is none (RFC 3629: no overlong forms,
/// no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(i < text.size() ? text[i] : '\0');
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool out_of_range = (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
    return follows(1) && follows(2) && follows(3) && !out_of_range ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// The quote that closes the word which begins at `start`, or npos.
std::size_t closing_quote(std::string_view line, std::size_t start) {
  for (auto i = start + 1; i < line.size(); ++i)
    if (line[i] == '"' && (i + 1 == line.size() || is_blank(line[i + 1]))) return i;
  return std::string_view::npos;
}

Token quoted_token(std::string_view line, std::size_t start) {
  const auto end = closing_quote(line, start);
  if (end == std::string_view::npos) return {std::string(line.substr(start)), start, false, true};
  return {std::string(line.substr(start + 1, end - start - 1)), start, true, false};
}

}  // namespace

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

base::Result<void> check_line(std::string_view line) {
  if (line.size() > kMaxLine)
    return base::fail(fmt::format("The command is too long: it may have {} octets at most.", kMaxLine));
  if (std::ranges::any_of(line, is_control))
    return base::fail("The command contains a control character; type printable characters only.");
  // The shell sends the replacement character where it read octets that are no UTF-8.
  if (!is_utf8(line) || line.find("\xEF\xBF\xBD") != std::string_view::npos)
    return base::fail("The command is not valid UTF-8; type printable characters only.");
  return {};
}

std::vector<Token> split(std::string_view line) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      ++at;
      continue;
    }
    if (line[at] == '"') {
      tokens.push_back(quoted_token(line, at));
      at += tokens.back().text.size() + (tokens.back().quoted ? 2 : 0);
      continue;
    }
    const auto end = std::min(line.find_first_of(" \t", at), line.size());
    tokens.push_back({std::string(line.substr(at, end - at)), at, false, false});
    at = end;
  }
  return tokens;
}

bool same_keyword(std::string_view word, std::string_view keyword) {
  return std::ranges::equal(word, keyword, {}, lower);
}

bool abbreviates(std::string_view word, std::string_view keyword) {
  if (keyword.front() >= '0' && keyword.front() <= '9') return word == keyword;
  return !word.empty() && word.size() <= keyword.size() && same_keyword(word, keyword.substr(0, word.size()));
}

}  // namespace noonmark::cli
