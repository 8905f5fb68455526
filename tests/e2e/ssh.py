"""The shell behind a real sshd: what automation for VRP8 devices does, and what a restricted user cannot do.

sshd is Debian's, with keys, users and a configuration of its own, on the loopback. Users, /run and sshd's directory
are made in a mount namespace of the test's: the machine is not changed.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
from noonmark import expect

PEERS = noonmark.ROOT / "build/peers"
LIBRARIES = {"LD_LIBRARY_PATH": f"{PEERS}/usr/lib/x86_64-linux-gnu:{PEERS}/lib/x86_64-linux-gnu"}
USER_ID, GROUP_ID = 61234, 61235
PROMPT = re.compile(rb"(?:<[^<>\r\n]+>|\[[~*][^\[\]\r\n]+\])$")
QUESTION = re.compile(rb"\[Y\(yes\)/N\(no\)/C\(cancel\)\]:$")


def program(name):
    """One of OpenSSH's programs: the machine's, else that which was fetched."""
    return shutil.which(name) or PEERS / "usr/bin" / name


class Server:
    """sshd on a port of its own. User `operator` has rnoonmark as login shell, `forced` is forced to it."""

    def __init__(self, test):
        self.directory = test.directory
        self.directory.chmod(0o711)
        self.programs = self.directory / "bin"
        self.programs.mkdir()
        shutil.copy(noonmark.BIN / "noonmark", self.programs / "noonmark")
        (self.programs / "rnoonmark").symlink_to("noonmark")
        self._private_machine()
        self.daemon = test.process("noonmarkd", noonmark.BIN / "noonmarkd", "--clock", "observe", "--state-dir",
                                   self.directory / "state")
        noonmark.wait_until(pathlib.Path("/run/noonmark/control.sock").exists, 10, self.daemon.log, 0.05)
        for name in ("host", "user"):
            subprocess.run([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", self.directory / name],
                           check=True, env={**os.environ, **LIBRARIES})
        (self.directory / "user.pub").chmod(0o644)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        key = (self.directory / "host.pub").read_text()
        (self.directory / "known").write_text(f"[127.0.0.1]:{self.port} {key}")
        self._start(test)

    def _private_machine(self):
        """Users and directories that only this process and its children see."""
        passwd, group = self.directory / "passwd", self.directory / "group"
        passwd.write_text(pathlib.Path("/etc/passwd").read_text() +
                          "sshd:*:61233:65534::/run/sshd:/usr/sbin/nologin\n"
                          f"operator:*:{USER_ID}:{GROUP_ID}::/:{self.programs}/rnoonmark\n"
                          f"forced:*:{USER_ID + 1}:{GROUP_ID}::/:/bin/sh\n")
        group.write_text(pathlib.Path("/etc/group").read_text() + f"noonmark:x:{GROUP_ID}:\n")
        for path in (passwd, group):
            path.chmod(0o644)
            noonmark.run("mount", "--bind", path, f"/etc/{path.name}")
        noonmark.run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run")
        for directory in ("/run/sshd", "/run/noonmark"):
            os.mkdir(directory)

    def _start(self, test):
        configuration = self.directory / "sshd_config"
        lines = [f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.directory}/host",
                 f"AuthorizedKeysFile {self.directory}/user.pub", "StrictModes no", "UsePAM no", "PidFile none",
                 "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PrintMotd no", "PrintLastLog no",
                 "AcceptEnv *", "MaxStartups 100", "Match User forced",
                 f"  ForceCommand {self.programs}/noonmark --restricted"]
        configuration.write_text("".join(f"{line}\n" for line in lines))
        self.sshd = test.process("sshd", PEERS / "usr/sbin/sshd", "-D", "-e", "-f", configuration,
                                 environment=LIBRARIES)
        noonmark.wait_until(self._answers, 10, lambda: f"sshd answers; its log:\n{self.sshd.log()}", 0.05)

    def _answers(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def command(self, user, *options, command=None):
        """The words that run `ssh` as that user."""
        fixed = [f"UserKnownHostsFile={self.directory}/known", "BatchMode=yes", "LogLevel=ERROR", "IdentitiesOnly=yes"]
        words = [program("ssh"), "-F", "none", "-p", self.port, "-i", self.directory / "user", "-e", "none",
                 *(word for option in fixed for word in ("-o", option)), *options, f"{user}@127.0.0.1"]
        return [str(word) for word in words] + (["--", command] if command is not None else [])

    def run(self, user, command=None, lines=(), options=()):
        """ssh without a terminal. `lines` are its standard input."""
        return subprocess.run(self.command(user, "-T", *options, command=command), capture_output=True, text=True,
                              input="".join(f"{line}\n" for line in lines), timeout=20,
                              env={**os.environ, **LIBRARIES})

    def shells(self):
        """The pids of the shells that sshd has started."""
        return [int(path.name) for path in pathlib.Path("/proc").iterdir()
                if path.name.isdigit() and _is_program(path, self.programs / "noonmark")]


def _is_program(process, path):
    try:
        return os.readlink(process / "exe") == str(path)
    except OSError:
        return False


class Device:
    """A script that talks to a VRP8 device: it knows prompts, and cuts the echo of each line off exactly."""

    def __init__(self, test, server, user):
        words = server.command(user, "-tt")
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(words[0], words, {**os.environ, **LIBRARIES, "TERM": "vt100"})
        test.on_exit(self.close)
        self.prompt = self.read(PROMPT).decode()

    def read(self, pattern, seconds=10):
        seen, end = b"", time.monotonic() + seconds
        while not pattern.search(seen):
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise noonmark.Failure(f"not {pattern.pattern}, but {seen!r}")
            try:
                data = os.read(self.terminal, 65536)
            except OSError:
                data = b""
            if not data:
                raise noonmark.Failure(f"the connection ends; not {pattern.pattern}, but {seen!r}")
            seen += data
        return seen

    def send(self, line, pattern=PROMPT):
        """What the device prints for the line; its prompt is kept."""
        os.write(self.terminal, line.encode() + b"\n")
        seen = self.read(re.compile(re.escape(line.encode()) + rb"\r\n(?s:.*)" + pattern.pattern))
        expect(seen.startswith(line.encode() + b"\r\n"), f"the echo of {line!r} is {seen!r}")
        answer = seen[len(line.encode()) + 2:]
        found = pattern.search(answer)
        self.prompt = found[0].decode()
        expect(b"\033" not in answer, f"escape sequences: {answer!r}")
        return answer[:found.start()].decode().replace("\r\n", "\n")

    def wait_end(self):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = None
                return os.waitstatus_to_exitcode(status)
            if select.select([self.terminal], [], [], 0.05)[0]:
                try:
                    os.read(self.terminal, 65536)
                except OSError:
                    time.sleep(0.05)
        raise noonmark.Failure("ssh does not end")

    def close(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None


LONG = ("ntp-service unicast-server 127.0.0.9 version 4 authentication-keyid 7 source-interface lo preference maxpoll 6 "
        "minpoll 4 burst iburst port 12399")
LINES = ["ntp-service authentication-keyid 7 authentication-mode hmac-sha256 Noonmark-2026",
         "ntp-service unicast-server 127.0.0.8", LONG]


def automation(test, server):
    """a VRP8 session: configures, commits without output, reads back, leaves"""
    for user in ("operator", "forced"):
        device = Device(test, server, user)
        name = device.prompt[1:-1]
        expect(device.prompt == f"<{name}>", f"the first prompt is {device.prompt!r}")
        printed = device.send("screen-length 0 temporary")
        expect(printed == "Info: The configuration takes effect on the current user terminal interface only.\n",
               f"printed: {printed!r}")
        device.send("system-view")
        expect(device.prompt == f"[~{name}]", f"system-view leads to {device.prompt!r}")
        for line in LINES:
            printed = device.send(line)
            expect("Error" not in printed and device.prompt == f"[*{name}]", f"{line}: {printed!r} {device.prompt!r}")
        printed = device.send("commit")
        expect(device.prompt == f"[~{name}]" and printed == "", f"commit: {printed!r} {device.prompt!r}")
        device.send("ntp-service max-distance 9")
        printed = device.send("commit")
        expect(printed == "", f"commit prints {printed!r}")
        device.send("return")
        shown = device.send("display current-configuration")
        for line in ("ntp-service max-distance 9", "ntp-service unicast-server 127.0.0.8",
                     "ntp-service authentication-keyid 7 authentication-mode hmac-sha256 cipher "):
            expect(line in shown, f"not in the configuration: {line}\n{shown}")
        expect("Noonmark-2026" not in shown, "a password is shown")
        device.send("system-view")
        device.send("sysname UNWANTED")
        device.send("quit", QUESTION)
        device.send("c")
        expect(device.prompt == f"[*{name}]", f"c leads to {device.prompt!r}")
        device.send("return", QUESTION)
        device.send("n")
        expect(device.prompt == f"<{name}>", f"n leads to {device.prompt!r}")
        os.write(device.terminal, b"quit\n")
        status = device.wait_end()
        expect(status == 0, f"ssh ends with {status}")
        undone = server.run(user, "system-view\nundo ntp-service unicast-server 127.0.0.8\n"
                                  "undo ntp-service unicast-server 127.0.0.9\nundo ntp-service authentication-keyid 7\n"
                                  "undo ntp-service max-distance\ncommit")
        expect(undone.returncode == 0, f"cleaning up: {undone}")


def quiet_commit(test, server):
    """a commit that has nothing to tell prints nothing at all"""
    device = Device(test, server, "operator")
    device.send("system-view")
    for line in ("sysname OTHER", "undo sysname"):
        device.send(line)
        printed = device.send("commit")
        expect(printed == "", f"commit prints {printed!r}")
    device.send("return")
    os.write(device.terminal, b"quit\n")
    expect(device.wait_end() == 0, "quit fails")


def pasted(test, server):
    """many lines at once: each is echoed as it is, and none is lost"""
    device = Device(test, server, "operator")
    prompt = device.prompt.encode()
    lines = [f"display unknown {'x' * (number % 200)}{number}" for number in range(200)]
    for line in lines:
        os.write(device.terminal, line.encode() + b"\r")
    seen = b""
    while seen.count(prompt) < len(lines):
        expect(select.select([device.terminal], [], [], 10)[0], f"only {seen.count(prompt)} prompts")
        seen += os.read(device.terminal, 65536)
    for line in lines:
        expect(line.encode() + b"\r\n" in seen, f"not echoed as it is: {line!r}")
    os.write(device.terminal, b"quit\n")
    expect(device.wait_end() == 0, "quit fails")


def single_commands(test, server):
    """ssh HOST COMMAND: output alone, several lines, exit status"""
    for user in ("operator", "forced"):
        done = server.run(user, "display ntp-service status")
        expect(done.returncode == 0 and done.stdout.startswith(" clock status: unsynchronized\n"), f"{done}")
        expect(done.stderr == "", f"{done}")
        done = server.run(user, "display version\ndisplay clock")
        expect(done.returncode == 0 and "Noonmark Version" in done.stdout and "UTC" in done.stdout, f"{done}")
        done = server.run(user, "display nonsense")
        expect(done.returncode == 1 and "Unrecognized" in done.stdout, f"{done}")


def piped(test, server):
    """commands on standard input without a terminal: no echo, no prompts; exit status"""
    for user in ("operator", "forced"):
        done = server.run(user, lines=["system-view", "ntp-service max-distance 5", "commit", "display this"])
        expect(done.returncode == 0, f"{done}")
        expect("ntp-service max-distance 5\n" in done.stdout and "system-view\n" not in done.stdout, f"{done}")
        done = server.run(user, lines=["system-view", "undo ntp-service max-distance", "commit"])
        expect(done.returncode == 0, f"{done}")
        done = server.run(user, lines=["system-view", "ntp-service max-distance 5"])
        expect(done.returncode == 4 and "discarded" in done.stderr, f"{done}")


def no_files(test, server):
    """a restricted user opens no file: not by >, not by options, not by the environment, not by another subsystem"""
    target = pathlib.Path("/tmp") / test.unique("ssh")
    environment = ["-o", f"SetEnv=TERMINFO={server.directory} HOME=/tmp EDITRC={server.directory}/known"]
    for user in ("operator", "forced"):
        done = server.run(user, f"display version > {target}", options=environment)
        expect(done.returncode == 1 and "restricted" in done.stdout, f"{done}")
        for command in (f"noonmark -f {server.directory}/known", "-f /etc/passwd", "/bin/sh -c id", "--help"):
            done = server.run(user, command)
            expect(done.returncode == 1 and "Error: " in done.stdout, f"{done}")
        done = server.run(user, "sftp", options=["-s"])
        expect(done.returncode != 0, f"{done}")
        device = Device(test, server, user)
        printed = device.send(f"display version >> {target}")
        expect("Error: This shell is restricted" in printed, f"printed: {printed!r}")
        device.close()
        expect(not target.exists(), "a file is written")


def lost_connection(test, server):
    """a connection that breaks ends the shell and discards its changes"""
    noonmark.wait_until(lambda: server.shells() == [], 10, "no shells left")
    device = Device(test, server, "operator")
    device.send("system-view")
    device.send("sysname GONE")
    expect(len(server.shells()) == 1, f"the shells: {server.shells()}")
    device.close()
    noonmark.wait_until(lambda: server.shells() == [], 10, "the shell ends")
    shown = server.run("operator", "display current-configuration").stdout
    expect("GONE" not in shown, f"what was not committed is there:\n{shown}")


SCENARIOS = [automation, quiet_commit, pasted, single_commands, piped, no_files, lost_connection]


def main():
    noonmark.need_root()
    if "NOONMARK_SSH_TEST" not in os.environ:
        os.environ["NOONMARK_SSH_TEST"] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    got = subprocess.run([noonmark.ROOT / "tools/fetch-peers", PEERS], capture_output=True, text=True)
    if got.returncode != 0:
        noonmark.skip(f"OpenSSH cannot be fetched: {got.stderr.strip()}")
    wanted = [scenario for scenario in SCENARIOS if scenario.__name__ in sys.argv[1:]] or SCENARIOS
    with noonmark.test() as test:
        server = Server(test)
        for scenario in wanted:
            try:
                scenario(test, server)
            except noonmark.Failure as failure:
                raise noonmark.Failure(f"{scenario.__doc__}: {failure}") from failure
            print(f"ok: {scenario.__doc__}", flush=True)


if __name__ == "__main__":
    main()
