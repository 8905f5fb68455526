#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <termios.h>

#include "shell/keyboard.h"

namespace noonmark::shell {

/// The terminal on a descriptor, in raw mode while this lives: nothing is echoed, every key is an octet.
/// Signals that end a program (SIGHUP, SIGTERM, SIGINT, SIGQUIT), SIGWINCH and SIGCONT are taken as events
/// while this lives; SIGHUP is ignored from then on. One at a time.
class Terminal final : public Keyboard {
 public:
  enum class Event { octets, other, resized, timeout, gone };
  struct Size {
    int rows = 24;
    int columns = 80;
    bool operator==(const Size&) const = default;
  };

  explicit Terminal(int descriptor);
  ~Terminal() override;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Waits for octets, for `other` (a descriptor, or -1) to be readable, for a new size or for the time to
  /// pass.
  Event wait(int other, std::optional<std::chrono::milliseconds> time = std::nullopt);
  /// The next octet that has come; does not wait.
  std::optional<unsigned char> take();
  /// Within sane bounds, 24 by 80 where the terminal does not tell.
  Size size() const;

  Key read_key() override;
  Wait wait_for(int descriptor) override;
  bool is_interrupted() override;
  bool pause(std::chrono::seconds time) override;
  int columns() override { return size().columns; }
  int rows() override { return size().rows; }

 private:
  enum class Fill { more, nothing, gone };
  void enter_raw_mode();
  Fill fill();
  Event take_signal();
  bool drop_up_to_interrupt();

  int descriptor_;
  int signals_;  // signalfd
  std::optional<termios> before_;
  std::deque<unsigned char> octets_;  // that have come and were not taken
};

}  // namespace noonmark::shell
