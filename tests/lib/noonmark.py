"""What the end-to-end tests share: daemons of our own and of others, network namespaces, waiting, cleaning up.

Everything that a test makes has a name of this run alone, so that tests run side by side, and is gone when the test
ends, however it ends. Standard library only.

    import noonmark
    with noonmark.test() as test:
        daemon = test.noonmarkd("client", "--clock", "observe")
        daemon.configure("ntp-service unicast-server 127.0.0.1 port 5123 iburst")
        noonmark.wait_until(lambda: daemon.display("display ntp-service status")["synchronized"], 15, "synchronized")
"""

import atexit
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("NOONMARK_BIN", ROOT / "build/release/bin"))
SKIPPED = 77  # the status that ctest takes for "cannot run here"

CLONE_NEWNET = 0x40000000
# A peer must not be able to touch this machine's clock, whatever its configuration says.
WITHOUT_SYS_TIME = ["setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"]


class Failure(Exception):
    """The test has failed; the text says in what."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def need_root():
    """Skips the test unless this process may make network namespaces."""
    if os.geteuid() != 0:
        skip("needs root (network namespaces)")
    probe = f"nm{os.getpid()}probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode != 0:
        skip(f"cannot make network namespaces: {made.stderr.strip()}")
    subprocess.run(["ip", "netns", "delete", probe], check=True)


def run(*command, **options):
    """Runs a program to its end and returns its output; a Failure with all of the output if it does not succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until(condition, seconds, what, interval=0.2):
    """Returns the first true value of condition(); a Failure that names `what` when the time is over.

    `what` may be a function: it is asked at the end, so it can tell how things stood.
    """
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Failure(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(interval)


def free_port():
    """A UDP port above 1024 of the loopback that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def session_of(display, source, vpn=""):
    """The session of that server in a JSON display of sessions, or None."""
    return next((s for s in display["sessions"] if s["source"] == source and s["vpn_instance"] == vpn), None)


class Process:
    """A program in the background with a log file of its own."""

    def __init__(self, test, name, command, namespace=None, environment=None):
        self.name = name
        self.log_path = test.directory / f"{name}.log"
        words = [*namespace.prefix(), *command] if namespace else command
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={**os.environ, **(environment or {})})
        test.on_exit(self.stop)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def stop(self, seconds=10):
        """SIGTERM, and SIGKILL when that is not heeded. Returns the exit status."""
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def kill(self):
        """The end of a power cut: no handler runs."""
        self.process.kill()
        return self.process.wait()


class Noonmarkd(Process):
    """A noonmarkd with its own state and run directories, and its shell."""

    def __init__(self, test, name, *options, namespace=None, environment=None):
        self.run_dir = test.directory / name / "run"
        self.state_dir = test.directory / name / "state"
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self.state_dir.mkdir(exist_ok=True)
        command = [BIN / "noonmarkd", "--run-dir", self.run_dir, "--state-dir", self.state_dir, *options]
        super().__init__(test, name, command, namespace, environment)
        if "--no-control" not in options:
            wait_until(self.answers, 20, lambda: f"{name} answers its shell; its log:\n{self.log()}", 0.05)

    def answers(self):
        if not self.is_running():
            raise Failure(f"{self.name} ended with status {self.process.returncode}; its log:\n{self.log()}")
        return self.shell("display version").returncode != 3

    def shell(self, *commands, json_output=False, force=False):
        """Gives the commands to a shell as a script; returns its end (returncode, stdout, stderr)."""
        options = (["--json"] if json_output else []) + (["--force"] if force else [])
        return subprocess.run([BIN / "noonmark", "--run-dir", self.run_dir, *options], text=True, timeout=60,
                              input="".join(f"{command}\n" for command in commands), capture_output=True)

    def configure(self, *lines):
        """Lines of the system view, committed. Returns what the shell printed; a Failure if anything was refused."""
        done = self.shell("system-view", *lines, "commit")
        if done.returncode != 0:
            raise Failure(f"{self.name}: the shell ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def display(self, command):
        """A display as JSON."""
        done = self.shell(command, json_output=True)
        if done.returncode != 0:
            raise Failure(f"{self.name}: {command}: status {done.returncode}:\n{done.stdout}{done.stderr}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError as error:
            raise Failure(f"{self.name}: {command}: no JSON ({error}):\n{done.stdout}") from error

    def text(self, command):
        """A display as an operator sees it."""
        done = self.shell(command)
        if done.returncode != 0:
            raise Failure(f"{self.name}: {command}: status {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def status(self):
        return self.display("display ntp-service status")

    def is_synchronized(self):
        return self.status()["synchronized"]

    def session(self, source, vpn=""):
        """The session of that server, in verbose form; None if there is none."""
        return session_of(self.display("display ntp-service sessions verbose"), source, vpn)

    def code(self, source, vpn=""):
        """The reason code of `display ntp-service explain` for that server; None if there is no such session."""
        session = session_of(self.display("display ntp-service explain"), source, vpn)
        return session and session["code"]

    def wait_synchronized(self, seconds=20):
        wait_until(self.is_synchronized, seconds,
                   lambda: f"{self.name} is synchronized\n{self.text('display ntp-service explain')}")

    def wait_code(self, code, source, vpn="", seconds=20):
        codes = {code} if isinstance(code, str) else set(code)
        wait_until(lambda: self.code(source, vpn) in codes, seconds,
                   lambda: f"{self.name}: code {' or '.join(sorted(codes))} for {source} {vpn}\n"
                           f"{self.text('display ntp-service explain')}")


class Namespace:
    """A named network namespace; its name is of this run alone."""

    def __init__(self, test, name):
        self.name = test.unique(name)
        self.test = test
        test.on_exit(self.delete)
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    def delete(self):
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)

    def prefix(self):
        """Words before a command that make it run in here. Not `ip netns exec`: that has mounts of its own."""
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    def ip(self, *words):
        return run("ip", "-netns", self.name, *words)

    def run(self, *command):
        return run(*self.prefix(), *command)

    @contextlib.contextmanager
    def entered(self):
        """Sockets that are made under `with namespace.entered():` belong to the namespace."""
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(path):
            with open(path, "rb") as target:
                if libc.setns(target.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"setns {path}")

        with open("/proc/thread-self/ns/net", "rb") as home:
            enter(f"/run/netns/{self.name}")
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def address(self, device, *addresses):
        """Adds addresses ("10.0.0.1/24"); IPv6 ones without duplicate address detection, so usable at once."""
        for address in addresses:
            self.ip("address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))


def connect(one, device, other, other_device):
    """A veth pair between two namespaces, both ends up, IPv6 link-local addresses usable at once."""
    one.ip("link", "add", device, "type", "veth", "peer", "name", other_device, "netns", other.name)
    for namespace, name in ((one, device), (other, other_device)):
        namespace.run("sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{name}/accept_dad")
    for namespace, name in ((one, device), (other, other_device)):
        namespace.ip("link", "set", name, "up")


class Test:
    """What a test has made, and its end. Made by test()."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="noonmark-test-"))
        self._cleanups = []
        self._owner = os.getpid()
        atexit.register(self.clean)

    def on_exit(self, action):
        self._cleanups.append(action)

    def unique(self, name):
        return f"nm{self._owner}{name}"

    def namespace(self, name):
        return Namespace(self, name)

    def noonmarkd(self, name, *options, **where):
        return Noonmarkd(self, name, *options, **where)

    def process(self, name, *command, **where):
        return Process(self, name, command, **where)

    def clean(self):
        """What was made last goes first. Every action is tried."""
        if os.getpid() != self._owner:
            return
        while self._cleanups:
            try:
                self._cleanups.pop()()
            except Exception as error:  # the rest must be cleaned up all the same
                print(f"cleaning up: {error}", file=sys.stderr)
        shutil.rmtree(self.directory, ignore_errors=True)


@contextlib.contextmanager
def stopped(process):
    """Holds a process still, as if it hung."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def _exit_on_signal(number, _frame):
    if number == signal.SIGALRM:
        raise Failure("the test takes too long")
    sys.exit(128 + number)


@contextlib.contextmanager
def test(seconds=240):
    """The frame of a test: a Failure inside becomes a message and status 1; whatever happens, all is cleaned up.

    It fails after that many seconds: ctest, when a test times out, leaves nobody to clean up.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _exit_on_signal)
    signal.alarm(seconds)
    frame = Test()
    try:
        yield frame
    except Failure as failure:
        print(f"FAILED: {failure}", flush=True)
        sys.exit(1)
    finally:
        signal.alarm(0)
        frame.clean()
