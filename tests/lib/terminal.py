"""The interactive shell as an operator sees it: through a pseudo-terminal, line by line, prompts included.

    shell = terminal.Terminal(test, daemon)          # waits for the prompt <H>
    shell.type("system-view", "[~H]")                # returns what was printed; a Failure if another prompt follows
"""

import os
import pty
import re
import select
import signal
import socket
import time

import noonmark

HOST = socket.gethostname()
PROMPT = re.compile(r"(?:\A|\n)(<[^<>\n]+>|\[[~*][^\[\]\n]+\]|.*\[Y/N/C\]:|.*C\(cancel\)\]:)\Z")


class Terminal:
    """A `noonmark` without arguments on a pseudo-terminal of its own."""

    def __init__(self, test, daemon, seconds=10):
        self.seconds = seconds
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            program = str(noonmark.BIN / "noonmark")
            os.execv(program, [program, "--run-dir", str(daemon.run_dir)])
        self.ended = False
        test.on_exit(self.close)
        self.printed, self.prompt = self._read()

    def type(self, line, prompt=None):
        """Types a line as a whole; returns what the shell printed before its next prompt, which must be `prompt`.

        H in `prompt` stands for this machine's host name.
        """
        os.write(self.terminal, line.encode() + b"\n")
        self.printed, self.prompt = self._read()
        echo, _, answer = self.printed.partition("\n")
        if echo != line:
            raise noonmark.Failure(f"the terminal shows {echo!r} instead of {line!r}")
        if prompt is not None and self.prompt != prompt.replace("H", HOST):
            raise noonmark.Failure(f"after {line!r} the prompt is {self.prompt!r} instead of "
                                   f"{prompt.replace('H', HOST)!r}; printed:\n{answer}")
        return answer

    def leave(self):
        """`quit` in the user view. Returns the exit status."""
        os.write(self.terminal, b"quit\n")
        self._read()
        if not self.ended:
            raise noonmark.Failure(f"quit does not end the shell; it shows {self.printed!r} {self.prompt!r}")
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def close(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None
        os.close(self.terminal)

    def _read(self):
        """What comes until a prompt (or the end), and the prompt."""
        seen, end = "", time.monotonic() + self.seconds
        while not (found := PROMPT.search(seen)):
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise noonmark.Failure(f"the shell shows no prompt within {self.seconds} s:\n{seen}")
            try:
                data = os.read(self.terminal, 65536)
            except OSError:  # how a pseudo-terminal says that the other end is closed
                data = b""
            if not data:
                self.ended = True
                return seen, ""
            seen += data.decode(errors="replace").replace("\r\n", "\n")
        return seen[:found.start(1)], found.group(1)
