#include "shell/text.h"

#include <cstddef>
#include <cwchar>

#include "shell/keys.h"

namespace noonmark::shell {
namespace {

bool is_blank(wchar_t c) { return c == L' ' || c == L'\t'; }

void append_utf8(std::string& text, char32_t c) {
  const auto put = [&text](char32_t octet) { text += static_cast<char>(octet); };
  const auto put_tail = [&](int shift) { put(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | (c >> 6));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put_tail(6);
  } else {
    put(0xF0 | (c >> 18));
    put_tail(12);
    put_tail(6);
  }
  put_tail(0);
}

/// The quote that closes the string which begins at `start`, or npos.
std::size_t closing_quote(std::wstring_view line, std::size_t start) {
  for (auto i = start + 1; i < line.size(); ++i)
    if (line[i] == L'"' && (i + 1 == line.size() || is_blank(line[i + 1]))) return i;
  return std::wstring_view::npos;
}

}  // namespace

std::string utf8_of(std::wstring_view text) {
  std::string result;
  result.reserve(text.size());
  for (const wchar_t c : text) append_utf8(result, static_cast<char32_t>(c));
  return result;
}

std::wstring wide_of(std::string_view text) {
  std::u32string characters;
  characters.reserve(text.size());
  Utf8Decoder decoder;
  for (const char octet : text) decoder.feed(static_cast<unsigned char>(octet), characters);
  if (decoder.is_open()) characters += kReplacement;
  return {characters.begin(), characters.end()};
}

Place place_behind(std::wstring_view text, int columns, Place place) {
  for (const wchar_t c : text) {
    const int width = wcwidth(c) > 0 ? wcwidth(c) : 0;
    if (place.column + width > columns) place = {place.row + 1, 0};
    place.column += width;
    if (place.column >= columns) place = {place.row + 1, 0};
  }
  return place;
}

int rows_of(std::string_view line, int columns) {
  const auto end = place_behind(wide_of(line), columns);
  return end.column > 0 || end.row == 0 ? end.row + 1 : end.row;
}

bool has_open_quote(std::wstring_view line) {
  for (std::size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      ++at;
    } else if (line[at] == L'"') {
      const auto end = closing_quote(line, at);
      if (end == std::wstring_view::npos) return true;
      at = end + 1;
    } else {
      while (at < line.size() && !is_blank(line[at])) ++at;
    }
  }
  return false;
}

}  // namespace noonmark::shell
