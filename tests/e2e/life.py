"""The life of a configuration and of the programs: restarts, second instances, exit codes, users, secrets."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
from noonmark import expect, stopped
import terminal

OBSERVE = ("--clock", "observe")
AS_NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]


def lines_of(daemon):
    """The lines of the running configuration, without those that only structure it."""
    shown = daemon.text("display current-configuration")
    return [line for line in shown.splitlines() if line not in ("#", "return")]


def commands(*lines):
    return [word for line in lines for word in ("-c", line)]


def noonmark_run(daemon, *arguments, lines=None, prefix=()):
    """A `noonmark` with these arguments; `lines` is its standard input, else a pipe that never says anything."""
    command = [*prefix, noonmark.BIN / "noonmark", "--run-dir", daemon.run_dir, *arguments]
    if lines is not None:
        return subprocess.run(command, input="".join(f"{line}\n" for line in lines), capture_output=True, text=True,
                              timeout=20)
    silent, writer = os.pipe()
    try:
        return subprocess.run(command, stdin=silent, capture_output=True, text=True, timeout=20)
    finally:
        os.close(silent)
        os.close(writer)


def expect_end(done, status, *parts):
    """The exit status, and what the output contains."""
    printed = done.stdout + done.stderr
    command = " ".join(map(str, done.args))
    expect(done.returncode == status, f"{command}: status {done.returncode} instead of {status}\n{printed}")
    for part in parts:
        expect(part in printed, f"{command}: not said: {part!r}\n{printed}")


def daemon_that_ends(*options):
    """A noonmarkd that is expected to end by itself."""
    return subprocess.run([str(word) for word in (noonmark.BIN / "noonmarkd", *OBSERVE, *options)],
                          capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)


class Script:
    """A shell that reads its script from a pipe, line by line, each as a conversation with the test."""

    def __init__(self, test, daemon):
        self.process = subprocess.Popen([noonmark.BIN / "noonmark", "--run-dir", daemon.run_dir], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        test.on_exit(self.process.kill)

    def run(self, *lines):
        """Returns what the lines print."""
        self.process.stdin.write("".join(f"{line}\n" for line in lines) + "display version | include Version\n")
        printed = ""
        while "Noonmark Version" not in printed:
            line = self.process.stdout.readline()
            if not line:
                raise noonmark.Failure(f"the shell ends early:\n{printed}")
            printed += line
        return printed

    def end(self, *lines):
        """The last lines. Returns the exit status and what is printed."""
        printed, _ = self.process.communicate("".join(f"{line}\n" for line in lines), timeout=20)
        return self.process.returncode, printed


def restart(test):
    """a restart has the last commit, and nothing that was not committed; SIGTERM and SIGINT end cleanly"""
    daemon = test.noonmarkd("restart", *OBSERVE)
    daemon.configure("sysname R1", "ntp-service max-distance 5",
                     "ntp-service authentication-keyid 7 authentication-mode hmac-sha256 Noonmark-2026",
                     "ntp-service unicast-server ipv6 ::1 authentication-keyid 7 minpoll 4")
    before = lines_of(daemon)
    expect(len(before) == 4, f"not the four lines: {before}")
    expect_end(daemon.shell("save", "y"), 0, "Info: ", str(daemon.state_dir / "saved"))
    expect_end(daemon.shell("system-view", "sysname R2"), 4, "discarded")
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(daemon.pid, number)
        status = daemon.process.wait(10)
        expect(status == 0, f"{number.name} ends the daemon with status {status}:\n{daemon.log()}")
        daemon = test.noonmarkd("restart", *OBSERVE)
        expect(lines_of(daemon) == before, f"after the restart {lines_of(daemon)} instead of {before}")


def one_instance(test):
    """the second daemon on a directory names the first; what a killed one leaves behind is taken over"""
    first = test.noonmarkd("first", *OBSERVE)
    first.configure("sysname FIRST")
    other = test.directory / "elsewhere"
    for options in (("--state-dir", first.state_dir, "--run-dir", other),
                    ("--state-dir", other, "--run-dir", first.run_dir)):
        done = daemon_that_ends(*options)
        expect_end(done, 1)
        expect(re.search(rf"\b{first.pid}\b", done.stderr), f"the first's pid {first.pid} is not named:\n{done.stderr}")
    expect(lines_of(first) == ["sysname FIRST"], "the first daemon is disturbed")
    first.kill()
    expect((first.run_dir / "control.sock").exists(), "kill -9 leaves no stale socket: this proves nothing")
    expect_end(noonmark_run(first, *commands("display version")), 3, "cannot be reached")
    again = test.noonmarkd("first", *OBSERVE)
    expect(lines_of(again) == ["sysname FIRST"], "the killed daemon's configuration is not back")


def config_file(test):
    """--config: all refused lines are listed; the stored configuration is neither read nor written"""
    daemon = test.noonmarkd("config-file", *OBSERVE)
    daemon.configure("sysname STORED")
    daemon.stop()
    stored = (daemon.state_dir / "running.cfg").read_bytes()
    bad = test.directory / "bad.cfg"
    bad.write_text("sysname GOOD\nntp-service unicast-server 224.0.0.1\nntp-service nonsense\n"
                   "ntp-service unicast-server 127.0.0.1\nntp-service unicast-server 10.1.1.1 version 9\n"
                   "ntp-service authentication-keyid 1 authentication-mode aes-128-cmac Short-Secret-1\n")
    done = daemon_that_ends("--config", bad, "--state-dir", daemon.state_dir, "--run-dir", daemon.run_dir)
    expect_end(done, 1, str(bad), "line 2", "line 3", "line 5", "line 6")
    for part in ("line 1:", "line 4:", "Short-Secret-1"):
        expect(part not in done.stderr, f"said: {part}\n{done.stderr}")
    good = test.directory / "good.cfg"
    good.write_text("#\nsysname FILE\n#\nntp-service unicast-server 127.0.0.1 minpoll 4\n#\nreturn\n")
    daemon = test.noonmarkd("config-file", *OBSERVE, "--config", good)
    expect(lines_of(daemon) == ["sysname FILE", "ntp-service unicast-server 127.0.0.1 minpoll 4"],
           f"not the file's configuration: {lines_of(daemon)}")
    daemon.configure("sysname MEMORY")
    expect("sysname MEMORY" in lines_of(daemon), "a commit has no effect")
    expect((daemon.state_dir / "running.cfg").read_bytes() == stored, "a commit is written")
    expect("MEMORY" not in good.read_text(), "the file is written")
    daemon.stop()
    fresh = test.noonmarkd("config-file-fresh", *OBSERVE, "--config", good)
    fresh.configure("sysname MEMORY")
    expect(not (fresh.state_dir / "running.cfg").exists(), "a commit is written into an empty state directory")
    missing = daemon_that_ends("--config", test.directory / "missing.cfg", "--state-dir", daemon.state_dir,
                               "--run-dir", daemon.run_dir)
    expect_end(missing, 1, "missing.cfg")


def exit_codes(test):
    """the exit codes of noonmark, the worst one wins; --force"""
    daemon = test.noonmarkd("codes", *OBSERVE)
    change, bad = "ntp-service max-distance 3", "ntp-service max-distance x"
    expect_end(noonmark_run(daemon, *commands("display version")), 0)
    expect_end(noonmark_run(daemon, *commands("display nothing")), 1)
    for usage in (("--nonsense",), ("-c",), ("-c", "display version", "-f", "/dev/null"), ("-f", "/nowhere/script")):
        expect_end(noonmark_run(daemon, *usage), 2)
    expect_end(noonmark_run(daemon, *commands("system-view", change)), 4, "discarded")
    expect_end(noonmark_run(daemon, lines=["system-view", change]), 4, "discarded")
    expect_end(noonmark_run(daemon, *commands("system-view", bad, change)), 1, "discarded")
    expect_end(noonmark_run(daemon, *commands("system-view", change, bad, "commit")), 1, "refused", "--force")
    expect(lines_of(daemon) == [], f"committed after a refused line: {lines_of(daemon)}")
    expect_end(noonmark_run(daemon, "--force", *commands("system-view", change, bad, "commit")), 1)
    expect(lines_of(daemon) == [change], f"--force does not commit: {lines_of(daemon)}")
    script = test.directory / "script"
    script.write_text("system-view\nundo ntp-service max-distance\ncommit\n")
    expect_end(noonmark_run(daemon, "-f", script), 0)
    expect(lines_of(daemon) == [], f"-f does not commit: {lines_of(daemon)}")

    conversation = Script(test, daemon)
    conversation.run("system-view", change, bad)
    daemon.kill()
    status, printed = conversation.end("commit")
    expect(status == 3, f"refused, uncommitted and daemon lost: status {status}\n{printed}")
    expect_end(noonmark_run(daemon, *commands("display version")), 3, "cannot be reached")


def questions(test):
    """a question takes the next line as its answer"""
    daemon = test.noonmarkd("questions", *OBSERVE)

    def leave(answers, status, name):
        """Leaves with `sysname NAME` uncommitted, as a script and with -c; True if it was committed."""
        committed = []
        for kind in ("I", "C"):
            lines = ["system-view", f"sysname {name}{kind}", "quit", *answers]
            done = (noonmark_run(daemon, lines=lines) if kind == "I" else noonmark_run(daemon, *commands(*lines)))
            expect_end(done, status)
            committed.append(f"sysname {name}{kind}" in lines_of(daemon))
        expect(committed[0] == committed[1], f"{answers}: a script and -c differ: {committed}")
        return committed[0]

    expect(leave(["y"], 0, "YES"), "y does not commit")
    expect(not leave(["n"], 0, "NO"), "n commits")
    expect(leave(["what", "YES"], 0, "LATE"), "a wrong answer does not repeat the question")
    expect(not leave(["c"], 4, "CANCEL"), "c commits")
    expect(not leave([], 4, "END"), "the end of input commits")

    shell = terminal.Terminal(test, daemon)
    shell.type("system-view")
    shell.type("sysname TYPED")
    changed = shell.prompt
    shell.type("quit")
    expect(shell.prompt.endswith("[Y(yes)/N(no)/C(cancel)]:"), f"no question: {shell.prompt!r}")
    shell.type("c")
    expect(shell.prompt == changed, f"after c the prompt is {shell.prompt!r} instead of {changed!r}")
    shell.type("quit")
    shell.type("y", "<TYPED>")
    status = shell.leave()
    expect(status == 0, f"the shell ends with status {status}")


def two_shells(test):
    """two shells have candidates of their own; a conflicting commit is refused and says why"""
    daemon = test.noonmarkd("two", *OBSERVE)
    one, other = Script(test, daemon), Script(test, daemon)
    one.run("system-view", "sysname ONE", "ntp-service unicast-server 127.0.0.1 minpoll 4")
    other.run("system-view", "ntp-service unicast-server 127.0.0.1 minpoll 5", "ntp-service max-distance 9")
    expect(lines_of(daemon) == [], "a candidate is in force")
    shown = one.run("display configuration candidate")
    expect("max-distance" not in shown, f"the other's candidate is seen:\n{shown}")
    printed = one.run("commit")
    expect("Error" not in printed, f"the first commit is refused:\n{printed}")
    printed = other.run("commit")
    expect("Error: " in printed and "another session" in printed and "127.0.0.1" in printed,
           f"the conflicting commit does not say why:\n{printed}")
    after_one = ["sysname ONE", "ntp-service unicast-server 127.0.0.1 minpoll 4"]
    expect(lines_of(daemon) == after_one, f"after the refused commit: {lines_of(daemon)}")
    status, printed = other.end("clear configuration candidate", "ntp-service max-distance 9")
    expect(status == 1, f"a refused commit, then uncommitted changes: status {status}\n{printed}")
    # Changes of different lines do not meet.
    third = Script(test, daemon)
    third.run("system-view", "ntp-service max-distance 8")
    one.run("ntp-service unicast-server 127.0.0.2", "commit")
    status, printed = third.end("commit")
    expect(status == 0, f"a commit of other lines: status {status}\n{printed}")
    expect(sorted(lines_of(daemon)) == sorted([*after_one, "ntp-service max-distance 8",
                                               "ntp-service unicast-server 127.0.0.2"]),
           f"not both changes: {lines_of(daemon)}")


def other_users(test):
    """who is neither root nor the daemon's user only displays"""
    if os.geteuid() != 0:
        return "skipped: needs root"
    test.directory.chmod(0o711)
    daemon = test.noonmarkd("roots", *OBSERVE)
    daemon.configure("ntp-service authentication-keyid 7 authentication-mode hmac-sha256 Noonmark-2026")
    for display in ("display version", "display ntp-service status", "display current-configuration"):
        expect_end(noonmark_run(daemon, *commands(display), prefix=AS_NOBODY), 0)
    for command in ("system-view", "save", "reset ntp-service session"):
        expect_end(noonmark_run(daemon, *commands(command), prefix=AS_NOBODY), 1, "You do not have permission")
    for path in (daemon.state_dir / "key", daemon.state_dir / "running.cfg"):
        done = subprocess.run([*AS_NOBODY, "cat", path], capture_output=True, text=True)
        expect(done.returncode != 0, f"nobody reads {path}")

    # A daemon of nobody's is configured by nobody.
    home = test.directory / "nobodys"
    for directory in (home, home / "run", home / "state"):
        directory.mkdir()
        os.chown(directory, 65534, 65534)
    own = test.process("own", *AS_NOBODY, noonmark.BIN / "noonmarkd", *OBSERVE, "--run-dir", home / "run",
                       "--state-dir", home / "state")
    own.run_dir = home / "run"
    noonmark.wait_until((own.run_dir / "control.sock").exists, 10, "the daemon of nobody's")
    done = noonmark_run(own, *commands("system-view", "sysname NOBODY", "commit"), prefix=AS_NOBODY)
    expect_end(done, 0)
    # What is not dumpable belongs to root in /proc.
    expect(os.stat(f"/proc/{own.pid}/environ").st_uid == 0, "a user can trace the daemon, and read its memory")
    return None


def core_dumps(test):
    """no core dumps"""
    daemon = test.noonmarkd("core", *OBSERVE)
    limits = pathlib.Path(f"/proc/{daemon.pid}/limits").read_text()
    expect(re.search(r"^Max core file size\s+0\s+0\s", limits, re.MULTILINE), f"core dumps are allowed:\n{limits}")


PLAIN, CIPHERED, TYPED, ARGUMENT, REFUSED = (f"Hidden-{name}-9x7Q" for name in ("p", "c", "t", "a", "r"))
HEX = "8f3a5c7e9b1d2f4a6c8e0b1d3f5a7c9e"
SECRETS = [word.encode() for word in (PLAIN, CIPHERED, TYPED, ARGUMENT, REFUSED, HEX, HEX.upper())]
SECRETS.append(bytes.fromhex(HEX))


def expect_no_secret(data, where):
    for secret in SECRETS:
        expect(secret not in data, f"{where} has the password {secret!r}")


def key_line(number, algorithm, password):
    return f"ntp-service authentication-keyid {number} authentication-mode {algorithm} {password}"


def secrets(test):
    """a password that was typed is nowhere: no file, log, display, and no command line of a process"""
    daemon = test.noonmarkd("secrets", *OBSERVE, "--log-level", "debug")
    printed = daemon.configure(key_line(1, "hmac-sha256", PLAIN), key_line(2, "hmac-sha256", f"cipher {CIPHERED}"),
                               key_line(3, "hmac-sha256", f"hex {HEX}"),
                               "ntp-service unicast-server 127.0.0.1 authentication-keyid 1")
    shell = terminal.Terminal(test, daemon)
    shell.type("system-view")
    printed += shell.type(key_line(4, "hmac-sha256", TYPED))
    printed += shell.type("display configuration candidate") + shell.type("display this") + shell.type("commit")
    refused = daemon.shell("system-view", key_line(5, "hmac-sha256", f"{REFUSED} more"),
                           key_line(5, "aes-128-cmac", REFUSED + "-of-another-length"), key_line(5, "sha1", REFUSED),
                           f"{REFUSED} {REFUSED}", f"sysname {'x' * 300} {REFUSED}")
    expect(refused.returncode == 1, f"passwords that must be refused: {refused.stdout}")
    printed += refused.stdout + refused.stderr

    with stopped(daemon):  # so that the shell waits, and can be looked at
        arguments = subprocess.Popen([noonmark.BIN / "noonmark", "--run-dir", daemon.run_dir, *commands(
            "system-view", key_line(6, "hmac-sha256", ARGUMENT), "commit")], stdout=subprocess.PIPE, text=True)
        test.on_exit(arguments.kill)
        time.sleep(0.3)
        command_line = pathlib.Path(f"/proc/{arguments.pid}/cmdline").read_bytes()
        expect(b"noonmark" in command_line, "the shell does not wait for its daemon")
        expect_no_secret(command_line, "the shell's command line")
    printed += arguments.communicate(timeout=20)[0]
    expect(arguments.returncode == 0, f"-c with a password: status {arguments.returncode}")

    expect_end(daemon.shell("save", "y"), 0)
    for display in ("display current-configuration", "display ntp-service sessions verbose",
                    "display ntp-service status", "display ntp-service explain",
                    "display ntp-service statistics packet", "display version"):
        printed += daemon.text(display)
        printed += noonmark_run(daemon, "--json", *commands(display)).stdout
    for number in (1, 2, 3, 4, 6):
        expect(f"authentication-keyid {number} " in printed, f"key {number} was not made")
    expect_no_secret(printed.encode(), "what the shell printed")
    expect_no_secret(daemon.log().encode(), "the log")
    files = [path for path in (*daemon.state_dir.rglob("*"), *daemon.run_dir.rglob("*")) if path.is_file()]
    expect(any(path.name == "running.cfg" for path in files), f"no stored configuration among {files}")
    for path in files:
        expect_no_secret(path.read_bytes(), str(path))
        is_private = path.name in ("lock", "quality.json") or path.stat().st_mode & 0o077 == 0
        expect(is_private, f"others may read {path}")


def foreign_ciphertext(test):
    """a ciphertext is good where its key file is, and refused elsewhere"""
    here, there = test.noonmarkd("here", *OBSERVE), test.noonmarkd("there", *OBSERVE)
    here.configure(key_line(1, "hmac-sha256", PLAIN))
    line = next(line for line in lines_of(here) if "cipher" in line)
    expect_end(here.shell("system-view", line.replace("keyid 1", "keyid 2"), "commit"), 0)
    refused = there.shell("system-view", line, "commit")
    expect_end(refused, 1, "cannot be decrypted", "enter the password in plain text")
    expect(lines_of(there) == [], f"configured: {lines_of(there)}")
    # A lost key file costs the keys, not the time of day.
    here.configure("ntp-service unicast-server 127.0.0.1")
    before = lines_of(here)
    here.stop()
    (here.state_dir / "key").unlink()
    here = test.noonmarkd("here", *OBSERVE)
    expect(lines_of(here) == before, f"after the loss of the key file: {lines_of(here)}")
    expect("decrypt" in here.log(), f"the log does not tell of the keys:\n{here.log()}")
    expect(here.session("127.0.0.1"), "the server without a key has no session")


def ntp_answers(port):
    """True if somebody answers a client's request at that port of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        client.connect(("127.0.0.1", port))
        try:
            client.send(bytes([0o43]) + bytes(39) + os.urandom(8))  # leap 0, version 4, mode 3
            return len(client.recv(1024)) == 48
        except OSError:
            return False


def busy_port(test):
    """a port that is busy at start: the daemon is up, says so, and serves when the port is free"""
    port = noonmark.free_port()
    daemon = test.noonmarkd("busy", *OBSERVE)
    daemon.configure(f"ntp-service port {port}", "ntp-service refclock-master 3")
    noonmark.wait_until(lambda: ntp_answers(port), 5, "the server answers")
    daemon.stop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first, \
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as second:
        second.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        first.bind(("0.0.0.0", port))
        second.bind(("::", port))
        daemon = test.noonmarkd("busy", *OBSERVE)
        expect(daemon.status()["stratum"] == 3, "the local clock does not run")
        noonmark.wait_until(lambda: str(port) in daemon.log(), 5,
                            lambda: f"the log tells of the port:\n{daemon.log()}")
        expect(not ntp_answers(port), "somebody answers at the busy port")
    noonmark.wait_until(lambda: ntp_answers(port), 30, lambda: f"served when the port is free:\n{daemon.log()}")


SCENARIOS = [restart, one_instance, config_file, exit_codes, questions, two_shells, other_users, core_dumps,
             secrets, foreign_ciphertext, busy_port]


def main():
    wanted = [scenario for scenario in SCENARIOS if scenario.__name__ in sys.argv[1:]] or SCENARIOS
    with noonmark.test() as test:
        for scenario in wanted:
            try:
                skipped = scenario(test)
            except noonmark.Failure as failure:
                raise noonmark.Failure(f"{scenario.__doc__}: {failure}") from failure
            print(f"ok: {scenario.__doc__}{f' ({skipped})' if skipped else ''}", flush=True)


if __name__ == "__main__":
    main()
