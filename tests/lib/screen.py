"""The shell at a terminal emulator: keys go in, and the screen is looked at.

    shell = screen.Screen(test, daemon, columns=40)     # waits for the prompt
    shell.press("display ?")
    shell.wait_for_rows("<H>display ")                  # the last rows; a Failure that shows the screen
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import emulator
import noonmark
import terminal

UP, DOWN, RIGHT, LEFT = "\033[A", "\033[B", "\033[C", "\033[D"
HOME, END, DELETE, BACKSPACE = "\033[H", "\033[F", "\033[3~", "\x7f"


def control(letter):
    return chr(ord(letter) & 0x1F)


class Screen:
    """A program on a pseudo-terminal with an emulator behind it. H of a prompt in expected rows is this machine's host name."""

    def __init__(self, test, daemon, *arguments, rows=24, columns=80, environment=None, prompt="<H>", program=None,
                 seconds=10):
        self.seconds = seconds
        self.received = b""  # all that the program has written
        self.screen = emulator.Emulator(rows or 24, columns or 80)
        command = [str(program or noonmark.BIN / "noonmark"), "--run-dir", str(daemon.run_dir), *arguments]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            set_size(0, rows, columns)
            variables = {"TERM": "xterm", "PATH": os.environ["PATH"], **(environment or {})}
            os.execve(command[0], command, {name: value for name, value in variables.items() if value is not None})
        test.on_exit(self.close)
        if prompt is not None:
            self.wait_for_rows(prompt)

    def press(self, keys):
        """Types all of it at once."""
        data = keys if isinstance(keys, bytes) else keys.encode()
        while data:  # a pseudo-terminal takes 4 KiB, then it waits for the program
            if select.select([self.terminal], [self.terminal], [], self.seconds)[0]:
                self._read()
            data = data[os.write(self.terminal, data[:1024]):]

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        set_size(self.terminal, rows, columns)

    def rows(self):
        """What is on the screen, without the empty rows below."""
        return "\n".join(self.screen.display()).rstrip().split("\n")

    @property
    def bells(self):
        """Since forget()."""
        return self.screen.bells

    def wait_until(self, condition, what):
        end = time.monotonic() + self.seconds
        while not condition():
            if not self._read(max(0, end - time.monotonic())):
                shown = "\n".join(f"|{row}" for row in self.rows())
                raise noonmark.Failure(f"{what}; the screen, cursor at {self.screen.cursor()}:\n{shown}")

    def wait_for_rows(self, *rows, column=None):
        """Waits until these are the last rows and the cursor is in the last one, behind its text or in `column`.

        Blanks at the end of a row are not seen on a screen, but the cursor is behind them.
        """
        wanted = [re.sub(r"(?<=[<~*])H(?=[]>-])", terminal.HOST, row) for row in rows]
        column = len(wanted[-1]) if column is None else column
        self.wait_until(lambda: self.rows()[-len(wanted):] == [row.rstrip() for row in wanted] and
                        self.screen.cursor() == (len(self.rows()) - 1, column), f"not the last rows: {wanted}")

    def wait_for_text(self, pattern):
        self.wait_until(lambda: re.search(pattern, "\n".join(self.rows())), f"not seen: {pattern}")

    def wait_for_received(self, data):
        """Waits until exactly these octets have come since forget()."""
        def differs():
            return not data.startswith(self.received)
        self.wait_until(lambda: self.received == data or differs(), f"not received: {data!r}, but {self.received!r}")
        if differs():
            raise noonmark.Failure(f"the terminal gets {self.received!r}\ninstead of      {data!r}")

    def forget(self):
        self.received = b""
        self.screen.bells = 0

    def expect_bell(self):
        self.wait_until(lambda: self.bells > 0, "no bell")
        self.screen.bells = 0

    def expect_quiet(self, seconds=0.1):
        before = len(self.received)
        self._read(seconds)
        if len(self.received) != before:
            raise noonmark.Failure(f"unexpected: {self.received[before:]!r}")

    def wait_end(self):
        """Waits for the end of the program; returns its exit status (negative: a signal)."""
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            self._read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = None
                self._read(0)
                return os.waitstatus_to_exitcode(status)
        raise noonmark.Failure("the program does not end; the screen:\n" + "\n".join(self.rows()))

    def hang_up(self):
        """The terminal goes away."""
        os.close(self.terminal)
        self.terminal = None
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def is_raw(self):
        """True if the program has taken over the terminal: nothing is echoed by the kernel any more."""
        return not termios.tcgetattr(self.terminal)[3] & termios.ECHO

    def close(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None

    def _read(self, seconds=0.0):
        """Takes what comes within that time. False if nothing does."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # how a pseudo-terminal says that the other end is closed
            return False
        self.received += data
        self.screen.feed(data)
        return bool(data)


def set_size(descriptor, rows, columns):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
