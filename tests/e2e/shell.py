"""The interactive shell at a terminal: keys, help, completion, history, pages, width, and the echo octet by octet."""

import contextlib
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
from noonmark import expect, stopped
import screen
import terminal
from screen import BACKSPACE, DELETE, DOWN, END, HOME, LEFT, RIGHT, UP, control

OBSERVE = ("--clock", "observe")
HELP_LIMIT = 0.020  # s, from the key to the help


def leave(shell):
    shell.press(control("C") + "quit\r")
    status = shell.wait_end()
    expect(status == 0, f"quit ends with {status}")


class Lab:
    def __init__(self, test):
        self.test = test
        self.daemon = test.noonmarkd("machine", *OBSERVE)

    def shell(self, *arguments, **how):
        return screen.Screen(self.test, self.daemon, *arguments, **how)


def help_key(lab):
    """`?` helps at once, is not echoed, and the line stays as it was"""
    shell = lab.shell()
    shell.forget()
    shell.press("display clock ?")
    shell.wait_for_rows("<H>display clock", "  |     Filter the output", "  >     Write the output to a file",
                        "  >>    Append the output to a file", "  <cr>", "", "<H>display clock ")
    expect(b"?" not in shell.received, f"? is echoed: {shell.received!r}")
    shell.press(control("U") + "d?")
    shell.wait_for_rows("<H>d", "  display", "", "<H>d")
    shell.press("isplay clock" + LEFT * 8 + "?")  # behind "displ"
    shell.wait_for_rows("<H>display clock", "  display", "", "<H>display clock", column=len(terminal.HOST) + 7)
    shell.press("\r")
    shell.wait_for_text(r"UTC\+")
    shell.press("display \"a ?" + control("V") + "?\" " + control("V") + "?x")
    shell.wait_for_rows("<H>display \"a ??\" ?x")
    leave(shell)


def tab_key(lab):
    """Tab completes, then goes through the words; without a match nothing changes"""
    shell = lab.shell()
    shell.press("disp\tclo\t")
    shell.wait_for_rows("<H>display clock ")
    shell.press(control("U") + "s")
    for word in ("save", "screen-length", "set", "system-view", "save"):
        shell.press("\t")
        shell.wait_for_rows(f"<H>{word}")
    shell.press("\t ")
    shell.wait_for_rows("<H>screen-length ")
    shell.press(control("U") + "xyzzy")
    shell.wait_for_rows("<H>xyzzy")
    shell.forget()
    shell.press("\t")
    shell.expect_quiet()
    shell.press(control("U") + "dis clock" + LEFT * 6 + "\t")
    shell.wait_for_rows("<H>display  clock", column=len(terminal.HOST) + 10)
    shell.press("\r")
    shell.wait_for_text(r"UTC\+")
    leave(shell)


def editing_keys(lab):
    """arrows, Home, End, Delete, Ctrl+A E B F W U K; a bell at the limits"""
    shell = lab.shell()
    start = len(terminal.HOST) + 2
    for keys, line, cursor in (
            ("acd" + LEFT * 2 + "b", "abcd", 2), (END + "e", "abcde", 5), (HOME + DELETE, "bcde", 0),
            (RIGHT + BACKSPACE, "cde", 0), (control("E") + "f", "cdef", 4), (control("A") + "1", "1cdef", 1),
            (control("F") + control("B") + control("H"), "cdef", 0), (control("D"), "def", 0),
            (END + " second third ", "def second third ", 17), (control("W"), "def second ", 11),
            (control("W") + "x y" + LEFT + control("K"), "def x ", 6), (LEFT * 2 + control("U"), "x ", 0),
            (control("K"), "", 0)):
        shell.press(keys)
        shell.wait_for_rows(f"<H>{line}", column=start + cursor)
        expect(shell.bells == 0, f"a bell after {keys!r}")
    for key in (LEFT, RIGHT, UP, DOWN, BACKSPACE, DELETE, control("T"), "\033[Z"):
        shell.press(key)
        shell.expect_bell()
    shell.wait_for_rows("<H>")
    leave(shell)


def history_keys(lab):
    """Up and Down, Ctrl+P and N; a repeated line once, a line with a password never"""
    secret, abandoned = "Never-Kept-0815", "Thrown-Away-4711"
    shell = lab.shell()
    shell.press("display clock\rdisplay clock\rsystem-view\r")
    shell.wait_for_rows("[~H]")
    shell.press(f"ntp-service authentication-keyid 9 authentication-mode hmac-sha256 {secret}\r")
    shell.wait_for_rows("[*H]")
    shell.press(f"ntp-service authentication-keyid 8 authentication-mode hmac-sha256 {abandoned}" + control("C"))
    shell.press("ntp" + UP)
    shell.wait_for_rows("[*H]system-view")
    shell.press(control("P"))
    shell.wait_for_rows("[*H]display clock")
    shell.press(UP)
    shell.expect_bell()
    shell.wait_for_rows("[*H]display clock")
    shell.press(DOWN)
    shell.wait_for_rows("[*H]system-view")
    shell.press(control("N"))
    shell.wait_for_rows("[*H]ntp")
    shell.press(DOWN)
    shell.expect_bell()
    shell.press(control("C") + "clear configuration candidate\r")
    shell.wait_for_rows("[~H]")
    memory = memory_of(shell.pid)
    expect(b"Enter system view" in memory or b"[~" in memory, "nothing is found in the shell's memory at all")
    for form in (text.encode(octets) for text in (secret, abandoned) for octets in ("utf-8", "utf-32-le")):
        expect(form not in memory, f"the shell's memory has the password as {form!r}")
    shell.press("return\r")
    shell.wait_for_rows("<H>")
    leave(shell)


def memory_of(pid):
    """All writable memory of a process."""
    data = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            addresses, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            begin, end = (int(address, 16) for address in addresses.split("-"))
            memory.seek(begin)
            with contextlib.suppress(OSError):
                data.append(memory.read(end - begin))
    return b"".join(data)


def pages(lab):
    """---- More ----: a page, a line, stop; long lines take several rows"""
    shell = lab.shell()
    shell.press("display ?")
    shell.wait_for_rows("<H>display ")
    shell.press(control("U") + "screen-length 5 temporary\r")
    shell.wait_for_text("Info: ")
    shell.wait_for_rows("<H>")
    more = "  ---- More ----"
    command = "display ntp-service status"
    shell.press(command + "\r")
    shell.wait_for_rows(f"<H>{command}", " clock status: unsynchronized", " clock stratum: 16",
                        " reference clock ID: none", " nominal frequency: 100.0000 Hz",
                        " actual frequency: 100.0000 Hz", more)
    shell.press("\r")
    shell.wait_until(lambda: shell.rows()[-2].startswith(" clock precision") and shell.rows()[-1] == more, "no line")
    shell.press("x")  # no key of the pager
    shell.expect_quiet()
    shell.press(" ")
    shell.wait_until(lambda: shell.rows()[-2].startswith(" reference time") and shell.rows()[-1] == more, "no page")
    shell.press("q")
    shell.wait_for_rows("<H>")
    expect(shell.rows()[-2].startswith(" reference time"), "more than that is shown")
    for key in ("q", control("C")):
        shell.press(command + "\r")
        shell.wait_for_rows(more)
        shell.press(key)
        shell.wait_for_rows("<H>")
    shell.resize(24, 20)  # " nominal frequency: 100.0000 Hz" takes two rows
    shell.press("display ntp-service status\r")
    shell.wait_until(lambda: shell.rows()[-1] == more, "no page")
    expect(shell.rows()[-3:-1] == [" reference clock ID:", " none"], f"the page ends elsewhere: {shell.rows()}")
    shell.press("q")
    shell.wait_for_rows("<H>")
    leave(shell)


def control_keys(lab):
    """Ctrl+Z is return, Ctrl+C throws a line away and breaks a question off, Ctrl+D ends"""
    shell = lab.shell()
    shell.press("system-view\r")
    shell.wait_for_rows("[~H]")
    shell.forget()
    shell.press(control("Z"))
    shell.wait_for_rows("[~H]return", "<H>")
    shell.wait_for_received(f"return\r\n<{terminal.HOST}>".encode())
    shell.press("system-view\rsysname LATER" + LEFT * 3 + control("Z"))
    shell.wait_until(lambda: shell.rows().count(f"[~{terminal.HOST}]return") == 2, "no second return")
    shell.wait_for_rows("<H>")
    shell.press("some words" + control("Z"))
    shell.expect_bell()
    shell.press(control("C"))
    shell.wait_for_rows("<H>some words", "<H>")
    shell.press("system-view\rsysname LATER\rquit\r")
    shell.wait_for_text(r"C\(cancel\)\]:$")
    shell.press("?x\t" + UP)  # no help, no history in an answer
    shell.expect_bell()
    shell.wait_until(lambda: shell.rows()[-1].endswith("]:?x"), "the answer is not echoed")
    shell.press(control("C"))  # Cancel: nothing is lost
    shell.wait_for_rows("[*H]")
    shell.press("abc" + control("D"))  # not on an empty line
    shell.expect_bell()
    shell.press(control("U") + control("D"))
    status = shell.wait_end()
    expect(status == 0, f"Ctrl+D ends with {status}")
    expect(shell.rows()[-1] == "Info: The uncommitted configuration is discarded.", f"{shell.rows()}")


def refresh(lab):
    """| refresh shows again and again, until Ctrl+C or q"""
    shell = lab.shell()
    for key in (control("C"), "q"):
        shell.press("display clock | refresh\r")
        shell.wait_for_text(r"(?s)UTC\+.*UTC\+") if key == "q" else shell.wait_for_text(r"UTC\+")
        shell.press("x" + key)
        shell.wait_for_rows("<H>")
    leave(shell)


def running(lab):
    """what a command says while it runs is seen at once; Ctrl+C ends it, and what was typed ahead"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        shell = lab.shell()
        shell.press(f"test ntp-service unicast-server 127.0.0.1 port {silent.getsockname()[1]}\r")
        shell.wait_for_text(r"CTRL\+C to stop")
        shell.press("display version\r")  # typed ahead
        start = time.monotonic()
        shell.press(control("C"))
        shell.wait_for_rows("<H>")
        expect(time.monotonic() - start < 1, "it goes on")
        expect(not any("Noonmark Version" in row for row in shell.rows()), "what was typed before Ctrl+C is executed")
        leave(shell)


def long_display(lab):
    """Ctrl+C stops a long display that is not paged, although the terminal is slow"""
    daemon = lab.test.noonmarkd("long", *OBSERVE)
    port = noonmark.free_port()
    daemon.configure(*(
        f"ntp-service unicast-server 127.9.{number // 250}.{number % 250 + 1} port {port}" for number in range(500)))
    whole = len(daemon.text("display ntp-service sessions verbose"))
    shell = screen.Screen(lab.test, daemon)
    shell.press("screen-length 0 temporary\r")
    shell.wait_for_text("Info: ")
    shell.wait_for_rows("<H>")
    shell.forget()
    os.write(shell.terminal, b"display ntp-service sessions verbose\r")
    time.sleep(0.5)  # nobody reads: the shell waits for the terminal
    os.write(shell.terminal, control("C").encode())
    shell.wait_until(lambda: shell.received.endswith(f"\r\n<{terminal.HOST}>".encode()), "no prompt")
    expect(len(shell.received) < whole / 2, f"{len(shell.received)} of {whole} octets are shown")
    shell.press("display clock\r")
    shell.wait_for_text(r"UTC\+")
    leave(shell)


def wrapped_lines(lab):
    """a line of several rows: help eats nothing, edits land where they should, also at the margin"""
    columns = 40
    shell = lab.shell(columns=columns, rows=60)
    prompt = f"[~{terminal.HOST}]"
    shell.press("display clock\rsystem-view\r")
    shell.wait_for_rows("[~H]")
    above = shell.rows()[:-1]
    text = "ntp-service unicast-server 192.0.2.1 version 4 minpoll 4 maxpoll 6 "
    shell.press(text + "?")
    line = rows_of(prompt + text, columns)
    shell.wait_until(lambda: shell.rows()[-len(line):] == line and shell.rows().count(line[0]) == 2, "no help")
    expect(shell.rows()[:len(above) + len(line)] == above + line, "the rows above are not as they were")
    full = "x" * (2 * columns - len(prompt))  # ends at the margin
    shell.press(control("U") + full)
    shell.wait_until(lambda: shell.rows()[-2:] == rows_of(prompt + full, columns), "no full rows")
    shell.press(BACKSPACE * 2 + "yz")
    shell.wait_until(lambda: shell.rows()[-1].endswith("xyz") and len(shell.rows()[-1]) == columns, "not erased")
    shell.press(LEFT * 3 + "A" + HOME + "B" + END + "C")
    edited = "B" + full[:-3] + "A" + "xyzC"
    shell.wait_until(lambda: shell.rows()[-3:] == rows_of(prompt + edited, columns), f"not {edited}")
    shell.forget()
    shell.press(RIGHT)
    shell.wait_for_received(b"\a")
    shell.press(control("U") + full + "\r")
    shell.wait_for_text("Unrecognized")
    shell.wait_for_rows("[~H]")
    expect(shell.rows()[-6:-4] == rows_of(prompt + full, columns), f"an empty row? {shell.rows()}")
    shell.press(UP)
    shell.wait_until(lambda: shell.rows()[-2:] == rows_of(prompt + full, columns), "no long line")
    shell.press(UP)
    shell.wait_for_rows("[~H]system-view")
    shell.press(DOWN + DOWN)
    shell.wait_for_rows("[~H]")
    tall = "".join(random.Random(5).choices("abcdefgh", k=columns * 65))  # more rows than the screen
    shell.press(tall + BACKSPACE * 3 + LEFT * 2 + "Z")
    shell.wait_until(lambda: shell.rows()[-1].endswith("Z" + tall[-5:-3]), "the end of a very long line")
    shell.press(control("C") + "return\r")
    shell.wait_for_rows("<H>")
    leave(shell)


def rows_of(text, columns):
    return [text[begin:begin + columns].rstrip() for begin in range(0, len(text), columns)]


class Model:
    """The line as it must be after each key."""

    def __init__(self):
        self.text, self.cursor = "", 0

    def press(self, key):
        before, behind = self.text[:self.cursor], self.text[self.cursor:]
        if key == LEFT:
            self.cursor = max(self.cursor - 1, 0)
        elif key == RIGHT:
            self.cursor = min(self.cursor + 1, len(self.text))
        elif key == HOME:
            self.cursor = 0
        elif key == END:
            self.cursor = len(self.text)
        else:
            if key == BACKSPACE:
                before = before[:-1]
            elif key == DELETE:
                behind = behind[1:]
            elif key == control("W"):
                before = before[:before.rstrip(" ").rfind(" ") + 1]
            elif key == control("U"):
                before = ""
            elif key == control("K"):
                behind = ""
            else:
                before += key
            self.text, self.cursor = before + behind, len(before)

    def is_upon(self, shell, prompt, columns):
        """True if the screen ends with prompt and line, and has the cursor at its place."""
        rows, place = (prompt + self.text), len(prompt) + self.cursor
        wanted = rows_of(rows, columns)
        row, column = shell.screen.cursor()
        first = row - (place // columns if column < columns else place // columns - 1)
        column_is_right = column == place % columns or (column == columns and place % columns == 0)
        return column_is_right and first >= 0 and [*shell.screen.display()[first:], ""][:len(wanted)] == wanted and \
            not any(shell.screen.display()[first + len(wanted):])


def any_keys(lab):
    """whatever keys are pressed, the screen shows the line and the cursor where they are"""
    prompt = f"<{terminal.HOST}>"
    keys = [LEFT, RIGHT, HOME, END, BACKSPACE, DELETE] + [control(letter) for letter in "WUK"]
    weights = [12, 6, 1, 2, 10, 4, 1, 0.3, 0.3]
    for seed, columns in enumerate((20, 33, 80)):
        source = random.Random(seed)
        shell, model = lab.shell(columns=columns, rows=40), Model()
        for number in range(120):
            for _ in range(source.choice((1, 1, 3, 20))):
                pressed = [source.choice("abcde fghi  jklm/.:") for _ in range(source.choice((1, 1, 4, columns)))] \
                    if source.random() < 0.5 else source.choices(keys, weights)
                if len(model.text) > 8 * columns:
                    pressed = [control("W")]
                shell.press("".join(pressed))
                for key in pressed:
                    model.press(key)
            if source.random() < 0.05:
                shell.press("?" if model.text[:model.cursor].endswith(" ") else "\033[20~")
            shell.wait_until(lambda: model.is_upon(shell, prompt, columns),
                             f"seed {seed}, step {number}: not {model.text!r} with the cursor at {model.cursor}")
        leave(shell)


def utf8(lab):
    """UTF-8 in every locale: nothing is lost, wide characters count twice"""
    text = "größe 世界 🕛"
    for variables in ({}, {"LC_ALL": "C"}, {"LANG": "de_DE.ISO-8859-1"}):
        shell = lab.shell(environment=variables)
        shell.forget()
        shell.press(text)
        shell.wait_for_received(text.encode())
        shell.press(LEFT * 3 + BACKSPACE + "X" + RIGHT + BACKSPACE)
        shell.wait_until(lambda: shell.rows()[0].endswith(">größe X 🕛"), "not edited")
        shell.press("\r")
        shell.wait_for_text("Unrecognized")
        leave(shell)
    for octets in (b"a\xffb", b"\xc3", b"\xed\xa0\x80"):
        shell = lab.shell()
        shell.press(b"sysname " + octets + b"\r")
        shell.wait_for_text("not valid UTF-8")
        leave(shell)


def simple_terminals(lab):
    """TERM=dumb, an unknown one and none: the same keys"""
    for kind in ("dumb", "no-such-terminal", "", None):
        shell = lab.shell(environment={"TERM": kind})
        expect(shell.received.endswith(f"<{terminal.HOST}>".encode()) and b"\033" not in shell.received,
               f"TERM={kind}: the shell begins with {shell.received!r}")
        shell.press("dispay" + LEFT * 2 + "l" + END + " cl?")
        shell.wait_for_rows("  clock", "", "<H>display cl")
        shell.press("\t\r")
        shell.wait_for_text(r"UTC\+")
        shell.wait_for_rows("<H>")
        shell.press(UP + control("U") + "x" + BACKSPACE)
        shell.wait_for_rows("<H>")
        expect(b"\033" not in shell.received, f"TERM={kind}: escape sequences in {shell.received!r}")
        leave(shell)


def user_files(lab):
    """the editor's configuration files of the user are not read"""
    home = lab.test.directory / "home"
    home.mkdir()
    for name in (".editrc", ".inputrc"):
        (home / name).write_text("bind a ed-newline\nbind -v\n\"a\": accept-line\n")
    shell = lab.shell(environment={"HOME": str(home), "EDITRC": str(home / ".editrc"),
                                   "INPUTRC": str(home / ".inputrc")})
    shell.press("display cl" + LEFT + "a")
    shell.wait_for_rows("<H>display cal", column=len(terminal.HOST) + 12)
    leave(shell)


def window_size(lab):
    """a new width is respected, for lines of several rows too, and nothing of the rows above is lost"""
    shell = lab.shell(columns=80)
    prompt = f"<{terminal.HOST}>"
    text = "display " + "clock " * 10
    shell.press("display clock\r" + text)
    shell.wait_for_rows(f"<H>{text}")
    above = shell.rows()[:-1]
    shell.resize(24, 40)
    shell.wait_until(lambda: shell.rows()[-2:] == rows_of(prompt + text, 40), "not drawn for 40 columns")
    expect(shell.rows()[:len(above)] == above, "the rows above are not as they were")
    shell.press(HOME + "Z" + END)
    shell.wait_until(lambda: shell.rows()[-2:] == rows_of(f"{prompt}Z{text}", 40), "not edited")
    shell.resize(24, 100)
    shell.wait_until(lambda: shell.rows()[-1] == f"{prompt}Z{text}".rstrip(), "not drawn for 100 columns")
    shell.press(control("U"))
    shell.wait_for_rows("<H>")
    shell.forget()
    shell.resize(24, 60)  # nothing to be drawn anew
    shell.expect_quiet()
    leave(shell)


def random_line(source):
    """A line that the daemon refuses, of any length and with any printable ASCII but `?`."""
    alphabet = [chr(c) for c in range(0x20, 0x7F) if chr(c) != "?"]
    length = source.choice((1, 5, 20, 70, 79, 80, 81, 160, 400, 1000))
    return "x" + "".join(source.choices(alphabet, k=source.randint(1, length)))


def echo(lab):
    """the terminal gets exactly the characters that are typed: any line, any width, typed or pasted"""
    source = random.Random(20261122)
    prompt = f"<{terminal.HOST}>".encode()
    for rows, columns, kind in ((24, 80, "xterm"), (0, 0, "vt100"), (24, 20, "xterm"), (24, 511, "dumb"), (1, 1, None)):
        shell = lab.shell(rows=rows, columns=columns, environment={"TERM": kind}, prompt=None)
        shell.wait_for_received(prompt)
        lines = [random_line(source) for _ in range(25)]
        refusal = [answer_to(shell, line) for line in lines]
        # As a paste of many lines: prompts and answers come between them, nothing else.
        shell.forget()
        shell.press("".join(f"{line}\n" for line in lines))
        shell.wait_for_received(b"".join(line.encode() + b"\r\n" + answer for line, answer in zip(lines, refusal)))
        # Key by key.
        for line in lines[:5]:
            shell.forget()
            for character in line:
                shell.press(character)
            shell.press("\r\n")
            shell.wait_for_received(line.encode() + b"\r\n" + refusal[lines.index(line)])
        leave(shell)


def answer_to(shell, line):
    """What follows the echo of a line, the next prompt included; the echo must be the line."""
    shell.forget()
    shell.press(line)
    shell.wait_for_received(line.encode())
    shell.forget()
    shell.press("\r")
    prompt = f"\r\n<{terminal.HOST}>".encode()
    shell.wait_until(lambda: shell.received.endswith(prompt) and b"Error" in shell.received, f"no answer to {line!r}")
    expect(shell.received.startswith(b"\r\n"), f"after {line!r}: {shell.received!r}")
    return shell.received[2:]


def typed_ahead(lab):
    """what is typed before the prompt and while a command runs is neither lost nor echoed twice"""
    prompt = f"<{terminal.HOST}>".encode()
    lines = [f"display unknown{number}" for number in range(400)]
    with stopped(lab.daemon):
        shell = lab.shell(prompt=None)
        noonmark.wait_until(shell.is_raw, 5, "the shell takes the terminal", 0.01)
        shell.press("".join(f"{line}\n" for line in lines))
        expect(shell.received == b"", f"echoed before the prompt: {shell.received!r}")
    for line in lines:
        shell.wait_until(lambda: prompt + line.encode() + b"\r\n" in shell.received, f"lost: {line}")
    shell.wait_until(lambda: shell.received.count(prompt) == len(lines) + 1, "not all prompts")
    expect(shell.received.count(b"display unknown") == len(lines), "echoed twice")
    shell.forget()
    with stopped(lab.daemon):
        shell.press("display nonsense\n")
        shell.wait_for_received(b"display nonsense\r\n")
        shell.press("".join(f"{line}\n" for line in lines))
        shell.expect_quiet()
    shell.wait_until(lambda: shell.received.count(prompt) == len(lines) + 1, "not all prompts")
    expect(all(line.encode() + b"\r\n" in shell.received for line in lines), "a line is lost")
    leave(shell)


def hanging_daemon(lab):
    """Ctrl+C gives up a daemon that hangs; a daemon that ends ends the shell, which says so"""
    shell = lab.shell()
    with stopped(lab.daemon):
        shell.press("display clock\r")
        for _ in range(3):
            time.sleep(0.05)
            shell.press(control("C"))
        status = shell.wait_end()
        expect(status == 3, f"the shell ends with {status}")
    lost = lab.test.noonmarkd("lost", *OBSERVE)
    shell = screen.Screen(lab.test, lost)
    shell.press("half a line")
    shell.wait_for_rows("<H>half a line")
    lost.kill()
    status = shell.wait_end()
    expect(status == 3, f"the shell ends with {status}")
    expect(any("is lost" in row for row in shell.rows()), f"not said: {shell.rows()}")


def hang_up(lab):
    """a terminal that goes away ends the shell quietly; SIGTERM gives the terminal back as it was"""
    shell = lab.shell()
    shell.press("system-view\rsysname GONE\r")
    shell.wait_for_rows("[*H]")
    status = shell.hang_up()
    expect(status == 0, f"the shell ends with {status}")
    shell = lab.shell()
    with stopped(lab.daemon):  # so that the command runs on
        shell.press("display clock\r")
        shell.wait_until(lambda: shell.received.endswith(b"display clock\r\n"), "no echo")
        status = shell.hang_up()
        expect(status == 0, f"the shell ends with {status}")
    shell = lab.shell()
    expect(shell.is_raw(), "the kernel echoes")
    held = os.open(os.readlink(f"/proc/{shell.pid}/fd/0"), os.O_RDWR | os.O_NOCTTY)
    os.kill(shell.pid, signal.SIGTERM)
    shell.wait_end()
    expect(not shell.is_raw(), "the terminal stays raw")
    os.close(held)


def monitor(lab):
    """log lines come only after `terminal monitor`, above the line that is being typed"""
    daemon = lab.test.noonmarkd("monitored", *OBSERVE)
    shell, silent = screen.Screen(lab.test, daemon, columns=40), screen.Screen(lab.test, daemon)
    shell.press("terminal monitor\r")
    shell.wait_for_text("Info: ")
    text = "display " + "clock " * 8
    shell.press(text)
    line = rows_of(f"<{terminal.HOST}>{text}", 40)
    shell.wait_until(lambda: shell.rows()[-len(line):] == line, "the line")
    silent.forget()
    daemon.configure("ntp-service refclock-master 3")
    shell.wait_until(lambda: shell.rows()[-len(line):] == line and "NTP" in "".join(shell.rows()[:-len(line)]),
                     "no log line above")
    expect(shell.rows().count(line[0]) == 1, f"the line is there twice: {shell.rows()}")
    shell.press("Z" + control("C"))
    shell.wait_for_rows("<H>")
    silent.expect_quiet()


def files(lab):
    """`>` and `>>` write files of the user; the restricted shell opens none"""
    target = lab.test.directory / "written"
    shell = lab.shell()
    shell.press(f"display version > {target}\r")
    shell.wait_for_text("Info: ")
    first = target.read_text()
    expect("Noonmark" in first, f"the file has {first!r}")
    expect(target.stat().st_mode & 0o077 == 0, "others may read the file")
    shell.press(f"display version >> {target}\r")
    shell.wait_until(lambda: target.read_text() == 2 * first, "not appended")
    shell.press("display version > /nowhere/file\r")
    shell.wait_for_text("Error: The output cannot be written to /nowhere/file: No such file")
    leave(shell)
    redirected = lab.daemon.shell(f"display version > {target}")
    expect((redirected.returncode, redirected.stdout) == (0, ""), f"a script: {redirected}")
    expect(target.read_text() == first, "a script does not write the file anew")

    link = lab.test.directory / "rnoonmark"
    link.symlink_to(noonmark.BIN / "noonmark")
    for program, arguments in ((noonmark.BIN / "noonmark", ("--restricted",)), (link, ())):
        target.write_text("untouched")
        shell = lab.shell(*arguments, program=program)
        shell.press(f"display version > {target}\r")
        shell.wait_for_text("Error: This shell is restricted")
        leave(shell)
        command = [program, "--run-dir", lab.daemon.run_dir, *arguments]
        done = subprocess.run([*command, "-c", f"display version > {target}"], capture_output=True, text=True)
        expect(done.returncode == 1 and "restricted" in done.stdout, f"-c: {done}")
        done = subprocess.run([*command, "-f", target], capture_output=True, text=True)
        expect(done.returncode == 2 and "opens no files" in done.stderr, f"-f: {done}")
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={"SSH_ORIGINAL_COMMAND": "display version\ndisplay clock"})
        expect(done.returncode == 0 and "Noonmark" in done.stdout and "UTC" in done.stdout, f"the command of ssh: {done}")
        expect(target.read_text() == "untouched", "the restricted shell writes a file")


def many_shells(lab):
    """fifty shells at once, and one that sends an octet now and then: nobody waits for it"""
    slow = socket.socket(socket.AF_UNIX)
    slow.connect(str(lab.daemon.run_dir / "control.sock"))
    request = b'{"op":"open","interactive":true,"json":false,"force":false}\n'
    shells = [lab.shell() for _ in range(50)]
    times = []
    for number, shell in enumerate(shells):
        slow.send(request[number:number + 1])
        start = time.monotonic()
        shell.press("display clock\r")
        shell.wait_for_text(r"UTC\+")
        times.append(time.monotonic() - start)
    slow.send(request[50:])
    slow.settimeout(5)
    answer = b""
    while answer.count(b"\n") < 2:
        answer += slow.recv(65536)
    expect(b'"status":"ok"' in answer, f"the slow one is not answered: {answer!r}")
    slow.close()
    expect(statistics.median(times) < 0.1, f"the median of the answers is {statistics.median(times):.3f} s")
    for shell in shells:
        leave(shell)


def help_times(lab, count=200):
    """The times from a `?` to the end of its help, in seconds."""
    shell = lab.shell()
    times = []
    shell.press("system-view\r")
    shell.wait_for_rows("[~H]")
    wanted = f"\r\n\r\n[~{terminal.HOST}]ntp-service ".encode()
    shell.press("ntp-service ")
    shell.wait_for_rows("[~H]ntp-service ")
    for _ in range(count):
        shell.forget()
        start = time.monotonic()
        os.write(shell.terminal, b"?")
        shell.wait_until(lambda: shell.received.endswith(wanted), "no help")
        times.append(time.monotonic() - start)
    shell.press(control("Z"))
    shell.wait_for_rows("<H>")
    leave(shell)
    return times


def help_time(lab):
    """from the key to its help: under 20 ms"""
    times = help_times(lab)
    median = statistics.median(times)
    print(f"    from ? to help: median {median * 1e3:.2f} ms, longest {max(times) * 1e3:.2f} ms")
    expect(median < HELP_LIMIT, f"the median is {median * 1e3:.1f} ms")


SCENARIOS = [help_key, tab_key, editing_keys, history_keys, pages, control_keys, refresh, running, long_display, wrapped_lines, any_keys, utf8,
             simple_terminals, user_files, window_size, echo, typed_ahead, hanging_daemon, hang_up, monitor, files,
             many_shells, help_time]


def main():
    wanted = [scenario for scenario in SCENARIOS if scenario.__name__ in sys.argv[1:]] or SCENARIOS
    with noonmark.test() as test:
        lab = Lab(test)
        for scenario in wanted:
            try:
                scenario(lab)
            except noonmark.Failure as failure:
                raise noonmark.Failure(f"{scenario.__doc__}: {failure}") from failure
            print(f"ok: {scenario.__doc__}", flush=True)


if __name__ == "__main__":
    main()
