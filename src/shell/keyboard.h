#pragma once

#include <chrono>

namespace noonmark::shell {

/// The keys of a terminal while no line is being typed, and its width.
class Keyboard {
 public:
  /// Of the pager.
  enum class Key { page, line, stop };
  enum class Wait { ready, interrupted, gone };

  virtual ~Keyboard() = default;
  /// Space, Enter, or q and Ctrl+C; other keys are passed over. A terminal that is gone stops.
  virtual Key read_key() = 0;
  /// Waits until `descriptor` is readable, Ctrl+C is pressed or the terminal is gone. Other keys stay for
  /// later; Ctrl+C throws away those before it.
  virtual Wait wait_for(int descriptor) = 0;
  /// True if Ctrl+C has been pressed; does not wait. Other keys as with wait_for().
  virtual bool is_interrupted() = 0;
  /// Waits so long. False once q or Ctrl+C is pressed or the terminal is gone; other keys are passed over.
  virtual bool pause(std::chrono::seconds time) = 0;
  /// Of the terminal, now; 0 rows: it does not say.
  virtual int columns() = 0;
  virtual int rows() = 0;
};

}  // namespace noonmark::shell
