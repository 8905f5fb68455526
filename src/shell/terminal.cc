#include "shell/terminal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace noonmark::shell {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned char kInterrupt = 3;
constexpr std::size_t kMaxAhead =
    1024 * 1024;  // octets typed ahead; what comes beyond them waits in the kernel
constexpr int kMaxRows = 500;
constexpr int kMaxColumns = 2000;

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGWINCH, SIGCONT}) sigaddset(&set, number);
  return set;
}

int remaining(std::optional<steady_clock::time_point> end) {
  if (!end) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*end - steady_clock::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 1'000'000));
}

}  // namespace

Terminal::Terminal(int descriptor) : descriptor_(descriptor) {
  const auto set = handled_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (termios mode{}; tcgetattr(descriptor_, &mode) == 0) before_ = mode;
  enter_raw_mode();
}

Terminal::~Terminal() {
  std::ranges::fill(octets_, '\0');
  if (before_) tcsetattr(descriptor_, TCSADRAIN, &*before_);
  close(signals_);
  signal(SIGHUP, SIG_IGN);  // it may follow the end of input by which the terminal has told that it is gone
  const auto set = handled_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

/// Newlines of the output still become "\r\n", and Ctrl+S and Ctrl+Q work as before.
void Terminal::enter_raw_mode() {
  if (!before_) return;
  termios mode = *before_;
  mode.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IUCLC);
  mode.c_oflag |= OPOST | ONLCR;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  tcsetattr(descriptor_, TCSADRAIN, &mode);
}

Terminal::Fill Terminal::fill() {
  std::array<unsigned char, 4096> chunk;
  const auto n = read(descriptor_, chunk.data(), chunk.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return Fill::nothing;
  if (n <= 0) return Fill::gone;
  octets_.insert(octets_.end(), chunk.begin(), chunk.begin() + n);
  explicit_bzero(chunk.data(), static_cast<std::size_t>(n));
  return Fill::more;
}

Terminal::Event Terminal::take_signal() {
  signalfd_siginfo info{};
  if (read(signals_, &info, sizeof info) != sizeof info) return Event::timeout;
  if (info.ssi_signo == SIGCONT) enter_raw_mode();  // another program may have had the terminal
  return info.ssi_signo == SIGWINCH || info.ssi_signo == SIGCONT ? Event::resized : Event::gone;
}

Terminal::Event Terminal::wait(int other, std::optional<milliseconds> time) {
  const auto end = time ? std::optional(steady_clock::now() + *time) : std::nullopt;
  for (;;) {
    const bool is_full = octets_.size() >= kMaxAhead;
    std::array<pollfd, 3> waiting{
        {{signals_, POLLIN, 0}, {other, POLLIN, 0}, {is_full ? -1 : descriptor_, POLLIN, 0}}};
    const int count = poll(waiting.data(), waiting.size(), remaining(end));
    if (count == 0) return Event::timeout;
    if (count < 0) continue;
    if (waiting[0].revents != 0)
      if (const auto event = take_signal(); event != Event::timeout) return event;
    if (waiting[2].revents != 0) {
      const auto got = fill();
      if (got != Fill::nothing) return got == Fill::more ? Event::octets : Event::gone;
    }
    if (waiting[1].revents != 0) return Event::other;
  }
}

std::optional<unsigned char> Terminal::take() {
  if (octets_.empty()) return std::nullopt;
  const auto octet = octets_.front();
  explicit_bzero(&octets_.front(), 1);
  octets_.pop_front();
  return octet;
}

Terminal::Size Terminal::size() const {
  Size size;
  winsize window{};
  if (ioctl(descriptor_, TIOCGWINSZ, &window) != 0) return size;
  if (window.ws_row > 0) size.rows = std::min<int>(window.ws_row, kMaxRows);
  if (window.ws_col > 1) size.columns = std::min<int>(window.ws_col, kMaxColumns);
  return size;
}

Keyboard::Key Terminal::read_key() {
  for (;;) {
    while (const auto octet = take()) {
      if (*octet == ' ') return Key::page;
      if (*octet == '\n' || *octet == '\r') return Key::line;
      if (*octet == 'q' || *octet == 'Q' || *octet == kInterrupt) return Key::stop;
    }
    if (wait(-1) == Event::gone) return Key::stop;
  }
}

/// True if Ctrl+C has been pressed: it and what was typed before it are gone.
bool Terminal::drop_up_to_interrupt() {
  const auto last = std::ranges::find(octets_.rbegin(), octets_.rend(), kInterrupt);
  if (last == octets_.rend()) return false;
  std::fill(octets_.begin(), last.base(), '\0');
  octets_.erase(octets_.begin(), last.base());
  return true;
}

Keyboard::Wait Terminal::wait_for(int descriptor) {
  for (;;) {
    if (drop_up_to_interrupt()) return Wait::interrupted;
    switch (wait(descriptor)) {
      case Event::other: return Wait::ready;
      case Event::gone: return Wait::gone;
      default: break;
    }
  }
}

bool Terminal::is_interrupted() {
  while (wait(-1, milliseconds(0)) == Event::octets) continue;
  return drop_up_to_interrupt();
}

bool Terminal::pause(std::chrono::seconds time) {
  const auto end = steady_clock::now() + time;
  for (;;) {
    while (const auto octet = take())
      if (*octet == 'q' || *octet == 'Q' || *octet == kInterrupt) return false;
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    if (left.count() <= 0) return true;
    if (wait(-1, left) == Event::gone) return false;
  }
}

}  // namespace noonmark::shell
