"""The procedure "Configuring the Client/Server Mode", typed by an operator: every step, every optional one included.

Four algorithms over IPv4 and IPv6, in the interactive shell; then with abbreviations and the options in another
order, as a script, and with -c. Each way has a client of its own, and all of them measure at the same time.
"""

import itertools
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
from noonmark import expect
import terminal

# Long enough for each algorithm, and strong enough for the complexity check.
KEYS = {"md5": (1, "Clock-of-md5-77"), "hmac-sha256": (2, "Noonmark-2026"),
        "aes-128-cmac": (3, "0123456789aBcD-f"), "aes-256-cmac": (4, "0123456789aBcD-f0123456789AbCd+F")}
FAMILIES = {"IPv4": ("", "127.0.0.1"), "IPv6": ("ipv6 ", "::1")}
CLOCK = ("--clock", "virtual:offset=0.3,frequency=10")
WEAK_GATE = "undo crypto weak-algorithm disable"


def server_line(algorithm, family, port):
    """Every option of the page that needs no VPN instance, in the page's order."""
    key, _ = KEYS[algorithm]
    keyword, address = FAMILIES[family]
    version = "version 4 " if family == "IPv4" else ""
    return (f"ntp-service unicast-server {keyword}{address} {version}authentication-keyid {key} source-interface lo "
            f"preference maxpoll 6 minpoll 4 burst iburst preempt port {port}")


def procedure(algorithm, family, port):
    """The lines of the page that change the configuration."""
    key, password = KEYS[algorithm]
    keyword, _ = FAMILIES[family]
    return [*([WEAK_GATE] if algorithm == "md5" else []),
            f"ntp-service authentication-keyid {key} authentication-mode {algorithm} {password}",
            "ntp-service authentication-password complexity-check enable",
            f"ntp-service {keyword}source-interface lo",
            server_line(algorithm, family, port)]


def expect_canonical(shown, algorithm, family, port):
    """The running configuration is the procedure's lines in canonical form, with a ciphertext and nothing else."""
    key, password = KEYS[algorithm]
    expect(password not in shown, f"the configuration shows a password:\n{shown}")
    hidden, ciphers = re.subn(r"cipher %\^%#[A-Za-z0-9+/]+%\^%#$", f"{password}", shown, flags=re.MULTILINE)
    expect(ciphers == 1, f"not one ciphertext:\n{shown}")
    lines = {line for line in hidden.splitlines() if line.startswith(("ntp-service", "undo"))}
    wanted = set(procedure(algorithm, family, port))
    expect(lines == wanted, f"missing: {sorted(wanted - lines)}\nnot entered: {sorted(lines - wanted)}\n{shown}")


def expect_only_notices(printed, what):
    strange = [line for line in printed.splitlines() if not line.startswith(("Info: ", "Warning: "))]
    expect(not strange, f"{what} prints {strange}")


class Lab:
    def __init__(self, test):
        self.test = test
        self.port = noonmark.free_port()
        server = test.noonmarkd("server", "--clock", "observe")
        server.configure(WEAK_GATE, f"ntp-service port {self.port}", "ntp-service refclock-master 2",
                         *(f"ntp-service authentication-keyid {key} authentication-mode {algorithm} {password}"
                           for algorithm, (key, password) in KEYS.items()))

    def client(self, name):
        return self.test.noonmarkd(name, *CLOCK)


# Each scenario is a generator: up to its first yield it configures, so that all clients measure at the same time.

def typed(lab, algorithm, family):
    client = lab.client(f"typed-{algorithm}-{family}")
    shell = terminal.Terminal(lab.test, client)
    expect(shell.prompt == f"<{terminal.HOST}>", f"the first prompt is {shell.prompt!r}")
    shell.type("system-view", "[~H]")
    for line in procedure(algorithm, family, lab.port):
        printed = shell.type(line, "[*H]")
        expect_only_notices(printed, line)
        warned = "Warning: " in printed
        expect(warned == ("authentication-mode md5" in line), f"{line}: printed {printed!r}")
    expect_only_notices(shell.type("commit", "[~H]"), "commit")
    yield
    client.wait_synchronized()
    shell.type("return", "<H>")
    shell.type("screen-length 0 temporary", "<H>")
    expect_canonical(shell.type("display current-configuration", "<H>"), algorithm, family, lab.port)
    status = shell.leave()
    expect(status == 0, f"the shell ends with status {status}")


def abbreviated(lab):
    client = lab.client("abbreviated")
    key, password = KEYS["hmac-sha256"]
    shell = terminal.Terminal(lab.test, client)
    shell.type("sys", "[~H]")
    for line in (f"ntp unicast-s 127.0.0.1 po {lab.port} pree ib b minp 4 max 6 pref so lo au {key} ver 4",
                 "ntp source-i lo",
                 "ntp authentication-p c e",
                 f"ntp authentication-k {key} a hm {password}"):
        expect_only_notices(shell.type(line, "[*H]"), line)
    expect_only_notices(shell.type("com", "[~H]"), "com")
    yield
    client.wait_synchronized()
    expect_canonical(client.text("dis cur"), "hmac-sha256", "IPv4", lab.port)


def script(lab):
    client = lab.client("script")
    client.configure(*procedure("aes-256-cmac", "IPv6", lab.port))
    yield
    client.wait_synchronized()
    expect_canonical(client.text("display current-configuration"), "aes-256-cmac", "IPv6", lab.port)


def arguments(lab):
    client = lab.client("arguments")
    lines = ["system-view", *procedure("aes-128-cmac", "IPv4", lab.port), "commit"]
    done = subprocess.run([noonmark.BIN / "noonmark", "--run-dir", client.run_dir,
                           *itertools.chain.from_iterable(("-c", line) for line in lines)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    expect(done.returncode == 0, f"-c: status {done.returncode}\n{done.stdout}{done.stderr}")
    yield
    client.wait_synchronized()
    expect_canonical(client.text("display current-configuration"), "aes-128-cmac", "IPv4", lab.port)


def main():
    with noonmark.test() as test:
        lab = Lab(test)
        scenarios = {f"typed, {algorithm}, {family}": typed(lab, algorithm, family)
                     for algorithm, family in itertools.product(KEYS, FAMILIES)}
        scenarios.update({"typed by abbreviations, options in another order": abbreviated(lab),
                          "a script on standard input": script(lab), "with -c": arguments(lab)})
        for stage in ("configure", "measure"):
            for name, steps in scenarios.items():
                try:
                    next(steps, None)
                except noonmark.Failure as failure:
                    raise noonmark.Failure(f"{name}: {failure}") from failure
                if stage == "measure":
                    print(f"ok: {name}", flush=True)


if __name__ == "__main__":
    main()
