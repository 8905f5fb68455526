#include "shell/pager.h"

#include <cstddef>
#include <optional>
#include <termios.h>
#include <unistd.h>

namespace noonmark::shell {
namespace {

constexpr std::string_view kMore = "  ---- More ----";
constexpr std::string_view kErase = "\033[16D                \033[16D";

/// The first `lines` lines of `text`.
std::string_view head(std::string_view text, int lines) {
  std::size_t end = 0;
  while (lines-- > 0 && end < text.size()) {
    const auto newline = text.find('\n', end);
    end = newline == std::string_view::npos ? text.size() : newline + 1;
  }
  return text.substr(0, end);
}

/// Takes keys one by one and unseen while it lives. Ctrl+C still is a signal.
class KeyMode {
 public:
  explicit KeyMode(int descriptor) : descriptor_(descriptor) {
    termios mode{};
    if (tcgetattr(descriptor_, &mode) != 0) return;
    before_ = mode;
    mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    tcsetattr(descriptor_, TCSADRAIN, &mode);
  }
  ~KeyMode() {
    if (before_) tcsetattr(descriptor_, TCSADRAIN, &*before_);
  }
  KeyMode(const KeyMode&) = delete;
  KeyMode& operator=(const KeyMode&) = delete;

 private:
  int descriptor_;
  std::optional<termios> before_;
};

}  // namespace

Keyboard::Key TerminalKeyboard::read_key() {
  const KeyMode mode(descriptor_);
  for (;;) {
    char key = 0;
    if (read(descriptor_, &key, 1) != 1) return Key::stop;
    if (key == ' ') return Key::page;
    if (key == '\n' || key == '\r') return Key::line;
    if (key == 'q' || key == 'Q' || key == '\003') return Key::stop;
  }
}

bool write_paged(std::string_view text, int screen_length, Output& out, Keyboard& keyboard) {
  if (screen_length <= 0) return out.write(text);
  for (int lines = screen_length;;) {
    const auto page = head(text, lines);
    if (!out.write(page)) return false;
    text.remove_prefix(page.size());
    if (text.empty()) return true;
    if (!out.write(kMore)) return false;
    const auto key = keyboard.read_key();
    if (!out.write(kErase)) return false;
    if (key == Keyboard::Key::stop) return true;
    lines = key == Keyboard::Key::line ? 1 : screen_length;
  }
}

}  // namespace noonmark::shell
