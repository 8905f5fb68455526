#pragma once

#include <string>
#include <string_view>

namespace noonmark::shell {

/// UTF-8 of wide characters (UTF-32 on Linux).
std::string utf8_of(std::wstring_view text);

/// The characters of `text`; an octet that is no UTF-8 becomes U+FFFD.
std::wstring wide_of(std::string_view text);

/// A place on a terminal, counted from the place where the text begins.
struct Place {
  int row = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

/// Where the cursor belongs after `text`, written at `place` of a terminal `columns` wide. A full row ends
/// in column 0 of the next one. Needs a UTF-8 locale (widths of characters).
Place place_behind(std::wstring_view text, int columns, Place place = {});

/// The rows that one line of text, without its newline, takes: at least one.
int rows_of(std::string_view line, int columns);

/// True if a quoted string is open at the end of `line`: a quote that begins a word closes before a blank or
/// at the end of the line, as the daemon reads it.
bool has_open_quote(std::wstring_view line);

}  // namespace noonmark::shell
