#pragma once

#include <string_view>

#include "shell/output.h"

namespace noonmark::shell {

/// Single keys, as they are pressed.
class Keyboard {
 public:
  enum class Key { page, line, stop };
  virtual ~Keyboard() = default;
  virtual Key read_key() = 0;
};

/// The terminal on a descriptor; between two keys it is as it was.
class TerminalKeyboard final : public Keyboard {
 public:
  explicit TerminalKeyboard(int descriptor) : descriptor_(descriptor) {}
  /// Space, Enter, or q and Ctrl+C; other keys are passed over. A terminal that is gone stops.
  Key read_key() override;

 private:
  int descriptor_;
};

/// Writes `text` in pages of `screen_length` lines (0: at once) with VRP's "---- More ----" between them.
/// False once nobody reads the output any more.
bool write_paged(std::string_view text, int screen_length, Output& out, Keyboard& keyboard);

}  // namespace noonmark::shell
