#include "shell/pager.h"

#include <algorithm>
#include <cstddef>

#include "shell/text.h"

namespace noonmark::shell {
namespace {

constexpr std::string_view kMore = "  ---- More ----";
constexpr std::string_view kErase = "\033[16D                \033[16D";

constexpr std::size_t kPiece = 4096;  // octets; then to the end of the line

/// The first lines of `text`: so many as fit into `rows`, but at least one.
std::string_view head(std::string_view text, int rows, int columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    const auto newline = std::min(text.find('\n', end), text.size());
    rows -= rows_of(text.substr(end, newline - end), columns);
    if (rows < 0 && end > 0) break;
    end = std::min(newline + 1, text.size());
  }
  return text.substr(0, end);
}

/// Piece by piece, so that Ctrl+C is seen although the terminal is slow.
bool write_at_once(std::string_view text, Output& out, Keyboard& keyboard) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n', kPiece), text.size() - 1) + 1;
    if (!out.write(text.substr(0, end))) return false;
    if (keyboard.is_interrupted()) return true;
    text.remove_prefix(end);
  }
  return true;
}

}  // namespace

bool write_paged(std::string_view text, int screen_length, Output& out, Keyboard& keyboard) {
  if (screen_length <= 0) return write_at_once(text, out, keyboard);
  // The last row is for the question.
  const int all_rows = keyboard.rows();
  const int page_rows = all_rows > 1 ? std::min(screen_length, all_rows - 1) : screen_length;
  for (int rows = page_rows;;) {
    const auto page = head(text, rows, keyboard.columns());
    if (!out.write(page)) return false;
    text.remove_prefix(page.size());
    if (text.empty()) return true;
    if (!out.write(kMore)) return false;
    const auto key = keyboard.read_key();
    if (!out.write(kErase)) return false;
    if (key == Keyboard::Key::stop) return true;
    rows = key == Keyboard::Key::line ? 1 : page_rows;
  }
}

}  // namespace noonmark::shell
