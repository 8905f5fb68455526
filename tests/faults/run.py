"""Every fault that `display ntp-service explain` can name, produced for real, and the name that it gives.

    home ---- eth1 10.8.0.0/24 ---- hub     servers of this file, each at an address and with a fault of its own
    home ---- eth7 10.7.0.0/24 ---- real    a noonmarkd that serves
    blue ---- eth0 10.9.0.0/24 ---- hub     a server that only the VPN instance `blue` reaches

A row is a server line and what explain must say of it, as JSON and as text. Rows that do not disturb each other share a
client; all clients run side by side in `home`. `--complete` checks that each reason code has a row here or a unit test.
"""

import dataclasses
import hashlib
import hmac
import ipaddress
import pathlib
import re
import select
import socket
import struct
import sys
import threading
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark

HEADER = struct.Struct("!BBbbIII8s8s8s8s")
UNIX_TO_NTP = 2_208_988_800
FAST = "iburst minpoll 3 maxpoll 4"
HOME = "10.8.0.2"
NEAR_THE_REFERENCE = "10.8.0.3"
GOOD_PASSWORD = "Correct-Horse-9"

# Codes that no server line can be brought to from outside, by the unit test that produces them.
UNIT_TESTS = {
    "access-denied": ("Modes", "AccessListsDecideWhoMayBeFollowed"),
    "measuring-delay": ("Groups", "ABroadcastClientMeasuresTheDelayFirstAndThenOnlyListens"),
    "another-session": ("Modes", "AServerHasOneVoteHoweverItIsReached"),
    "awaiting-others": ("Clock", "TheFirstServerToBeMeasuredDoesNotSetTheClockWhileOthersAnswer"),
    "clock-not-settable": ("ClientAndServer", "AClockThatCannotBeSetIsNamed"),
    "collecting-samples": ("ClientAndServer", "FewRepliesAreCalledSamplesToCollect"),
    "preempted": ("ClientAndServer", "APreemptedServerComesBackOnlyWhenNobodyElseIsLeft"),
    "survivor": ("ClientAndServer", "OfTwoThatAgreeTheOtherOneIsASurvivor"),
    "waiting-for-reply": ("ClientAndServer", "BeforeTheFirstReplyASessionWaits"),
}


# --- what a server of this file answers

def timestamp(seconds):
    whole, fraction = divmod(seconds, 1)
    return struct.pack("!II", (int(whole) + UNIX_TO_NTP) & 0xFFFFFFFF, int(fraction * (1 << 32)))


def short(seconds):
    return int(seconds * 65536)


def reference(text):
    return int(ipaddress.IPv4Address(text)) if "." in text else int.from_bytes(text.encode().ljust(4, b"\0"), "big")


@dataclasses.dataclass
class Answer:
    """A reply: its header's fields, and how it is signed."""
    stratum: int = 2
    leap: int = 0
    reference: str = "127.127.1.0"
    offset: float = 0  # s, added to true time
    dispersion: float = 0.01
    delay: float = 0  # s, to the reference clock
    zero: bool = False  # no transmit time
    sign: typing.Callable = None  # from the header to what follows it
    elsewhere: bool = False  # sent from another address
    silent: bool = False

    def reply(self, request):
        now = time.time() + self.offset
        header = HEADER.pack(self.leap << 6 | (request[0] & 0x38) | 4, self.stratum, request[2], -20, short(self.delay),
                             short(self.dispersion), reference(self.reference), timestamp(now - 1), request[40:48],
                             timestamp(now), bytes(8) if self.zero else timestamp(now))
        return header + (self.sign(header) if self.sign else b"")


def hmac_with(key_id, password):
    return lambda header: struct.pack("!I", key_id) + hmac.new(password.encode(), header, hashlib.sha256).digest()


def md5_with(key_id, password):
    return lambda header: struct.pack("!I", key_id) + hashlib.md5(password.encode() + header).digest()


class Servers(threading.Thread):
    """All of them: one socket for each address, and one at the address that some answers come from instead."""

    def __init__(self, namespace, elsewhere):
        super().__init__(daemon=True)
        self.namespace = namespace
        self.answers = {}
        self.elsewhere = self.open(elsewhere)

    def open(self, address):
        with self.namespace.entered():
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((address, 123))
        return opened

    def add(self, address, answer):
        self.answers[self.open(address)] = answer

    def run(self):
        while True:
            for ready in select.select(list(self.answers), [], [])[0]:
                request, client = ready.recvfrom(2048)
                answer = self.answers[ready]
                if not answer.silent and len(request) >= HEADER.size:
                    (self.elsewhere if answer.elsewhere else ready).sendto(answer.reply(request), client)


# --- the faults

@dataclasses.dataclass
class Row:
    fault: str
    code: str
    words: str  # of the sentence
    answer: Answer = None  # of the server; it gets an address of its own then
    address: str = None
    options: str = ""
    vpn: str = ""
    line: str = None  # instead of a server line
    seen: str = None  # what explain last said

    def server_line(self):
        if self.line is not None:
            return self.line
        vpn = f"vpn-instance {self.vpn} " if self.vpn else ""
        family = "ipv6 " if ":" in self.address else ""
        return f"ntp-service unicast-server {family}{self.address} {vpn}{self.options} {FAST}"


@dataclasses.dataclass
class Client:
    name: str
    rows: list
    lines: list = dataclasses.field(default_factory=list)  # of the system view, before the server lines
    then: typing.Callable = None  # what happens to the machine once they are committed
    from_file: bool = False  # a configuration that no commit would take
    daemon: typing.Any = None


def keys(*ids):
    return [f"ntp-service authentication-keyid {i} authentication-mode hmac-sha256 {GOOD_PASSWORD}" for i in ids]


SIGNED = hmac_with(7, GOOD_PASSWORD)
KEY = "authentication-keyid 7"


def packet_rows(blue):
    """What is wrong with the reply, or why none comes."""
    return [
        Row("wrong key", "reply-mac-wrong", "another algorithm or password",
            Answer(sign=hmac_with(7, "Another-Password-1")), options=KEY),
        Row("another key", "reply-mac-wrong", "a MAC of key 9, but key 7", Answer(sign=hmac_with(9, GOOD_PASSWORD)),
            options=KEY),
        Row("wrong algorithm", "reply-mac-wrong", "another algorithm", Answer(sign=md5_with(8, "0123456789abcdef")),
            options="authentication-keyid 8"),
        Row("server without MAC", "reply-without-mac", "without MAC: it lacks key 7", Answer(), options=KEY),
        Row("crypto-NAK", "crypto-nak", "refuses the MAC of key 7", Answer(sign=lambda header: bytes(4)), options=KEY),
        Row("a server that has not the key", "no-reply-signed", "no such key", address="10.7.0.1", options=KEY),
        Row("a silent server", "no-reply", "from 10.8.0.2: unreachable", Answer(silent=True)),
        Row("nobody at the address", "host-unreachable", "No route to host", address="10.8.0.250"),
        Row("a router that says so", "host-unreachable", "router or filter", address="10.66.0.1"),
        Row("no route", "no-route", "Network is unreachable", address="192.0.2.1"),
        Row("a server in another VPN instance", "no-route", "in the public instance", address="10.9.0.1"),
        Row("unknown VPN instance", "vpn-unknown", "does not exist", address="10.8.0.1", vpn="no-such-vpn"),
        Row("a prohibited way", "send-failed", "Permission denied", address="10.67.0.1"),
        Row("port unreachable", "port-unreachable", "UDP port 5123", address=NEAR_THE_REFERENCE, options="port 5123"),
        Row("reply from another address", "reply-from-other-address", "comes from 10.8.0.9:123",
            Answer(elsewhere=True)),
        Row("unsynchronized server", "server-unsynchronized", "itself is not synchronized", Answer(16, leap=3)),
        Row("stratum too high", "stratum-too-high", "stratum 15", Answer(15)),
        Row("kiss code DENY", "kiss-deny", "DENY", Answer(0, leap=3, reference="DENY")),
        Row("kiss code RSTR", "kiss-restrict", "RSTR", Answer(0, leap=3, reference="RSTR")),
        Row("kiss code RATE", "kiss-rate", "less often", Answer(0, leap=3, reference="RATE")),
        Row("no transmit time", "reply-invalid", "time stamp", Answer(zero=True)),
        Row("impossible dispersion", "reply-invalid", "header field", Answer(dispersion=20)),
        Row("loop", "loop", "follows this machine", Answer(3, reference=HOME)),
        Row("myself", "myself", "this is myself", address=HOME),
        Row("IPv6 disabled", "family-disabled", "IPv6 is disabled", address="fd08::1"),
        Row("source interface unknown", "interface-unknown", "eth40 does not exist", Answer(),
            options="source-interface eth40"),
        Row("source interface down", "interface-down", "eth4 is down", Answer(), options="source-interface eth4"),
        Row("source interface without address", "interface-without-address", "no IPv4 address", Answer(),
            options="source-interface eth5"),
        Row("source interface in another VPN instance", "interface-in-other-vpn", f"but in VPN instance {blue}",
            Answer(), options="source-interface eth0"),
        Row("a source interface of two", "interface-ambiguous", "uplink is the name of several", Answer(),
            options="source-interface uplink"),
        Row("a broadcast address", "address-refused", "broadcast", address="10.44.0.255"),
        Row("none, in its VPN instance", "system-peer", "the clock follows", address="10.9.0.1", vpn=blue),
    ]


def disturb(home):
    """What the machine does once the lines are committed."""
    home.ip("link", "set", "dev", "eth6", "alias", "uplink")
    home.address("eth6", "10.44.0.1/24")


def selecting_clients():
    """Faults that selection finds: each with a client of its own."""
    auth = [*keys(7), "ntp-service authentication enable"]
    good = ("system-peer", "survivor")
    return [
        Client("followed", [Row("none", "system-peer", "the clock follows", Answer())]),
        Client("chain", [Row("none, far from the reference clock", "system-peer", "the clock follows",
                             Answer(3, reference=NEAR_THE_REFERENCE))]),
        Client("keyless", [Row("line without key", "key-missing", "no key", Answer())], auth),
        Client("unreliable", [Row("key not reliable", "key-not-reliable", "key 7 is not reliable", Answer(sign=SIGNED),
                                  options=KEY)], auth),
        Client("liar", [Row("falseticker", "falseticker", "disagrees with that of the majority", Answer(offset=5)),
                        Row("with the majority", good, "", Answer()), Row("with the majority", good, "", Answer())]),
        Client("undecided", [Row("no majority", "no-majority", "no majority agrees", Answer(offset=-3)),
                             Row("no majority", "no-majority", "disagree", Answer(offset=3))]),
        Client("outlier", [Row("outlier", "outlier", "agree more closely", Answer(offset=0.15, delay=0.5))] +
               [Row("with the majority", good, "", Answer()) for _ in range(3)]),
        Client("limited", [Row("offset limit", "offset-limit", "beyond the offset-limit of 5 s", Answer(offset=100))],
               ["ntp-service offset-limit 5"]),
        Client("forbidden", [Row("step refused", "step-refused", "needs a step that ntp-service step-policy forbids",
                                 Answer(offset=100_000))], ["ntp-service step-policy never"]),
        Client("old", [Row("before the build date", "before-build-date", "not believed", Answer(offset=-800_000_000))]),
        Client("far", [Row("distance", "distance-exceeded", "exceeds max-distance 1 s", Answer(dispersion=3))]),
        Client("master", [Row("local clock", "local-clock-preferred", "stratum 2 is preferred", Answer(3))],
               ["ntp-service refclock-master 2", "ntp-service server disable"]),
        Client("moved", [Row("a server that jumps", "stepping-soon", "must persist", Answer())]),
    ]


def file_client():
    """Lines that a commit refuses, but not --config."""
    return Client("file", [
        Row("link-local without interface", "scope-unknown", "needs a source interface", address="fe80::77"),
        Row("a key that is not there", "key-unusable", "key 42", address="10.8.0.1",
            options="authentication-keyid 42")], from_file=True)


def bare_client():
    """A machine that has no address to send from."""
    return Client("bare", [Row("no source address", "source-address-gone", "nothing to send from",
                               address="fd99::1")])


# --- carrying them out

class Lab:
    def __init__(self, test):
        self.test = test
        self.home, self.hub, self.real, self.blue, self.bare = (
            test.namespace(name) for name in ("home", "hub", "real", "blue", "bare"))
        self.next_address = 20
        self._join()
        self.servers = Servers(self.hub, "10.8.0.9")
        self.servers.add("10.9.0.1", Answer())
        self.servers.add(NEAR_THE_REFERENCE, Answer(1, reference="GPS"))

    def _join(self):
        noonmark.connect(self.home, "eth1", self.hub, "eth0")
        for number in (4, 5, 6):
            noonmark.connect(self.home, f"eth{number}", self.hub, f"peer{number}")
        self.home.address("eth1", f"{HOME}/24")
        self.home.address("eth4", "10.4.0.2/24")
        self.home.ip("link", "set", "eth4", "down")
        self.home.ip("link", "set", "dev", "eth5", "alias", "uplink")
        self.hub.address("eth0", "10.8.0.1/24", "10.8.0.3/24", "10.8.0.9/24")
        noonmark.connect(self.blue, "eth0", self.hub, "eth9")
        self.blue.address("eth0", "10.9.0.2/24")
        self.hub.address("eth9", "10.9.0.1/24")
        noonmark.connect(self.home, "eth7", self.real, "eth0")
        self.home.address("eth7", "10.7.0.2/24")
        self.real.address("eth0", "10.7.0.1/24")
        real = self.test.noonmarkd("real", "--clock", "observe", namespace=self.real)
        real.configure("ntp-service refclock-master 3")
        self.hub.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.hub.ip("route", "add", "unreachable", "10.66.0.0/16")
        self.home.ip("route", "add", "10.66.0.0/16", "via", "10.8.0.1")
        self.home.ip("route", "add", "prohibit", "10.67.0.0/16")
        noonmark.connect(self.bare, "eth0", self.hub, "bare0")
        self.bare.ip("address", "flush", "dev", "eth0")
        self.bare.ip("-6", "address", "flush", "dev", "lo")
        self.bare.ip("-6", "route", "add", "fd99::/64", "dev", "eth0")

    def serve(self, row):
        if row.answer is None:
            return
        row.address = f"10.8.0.{self.next_address}"
        self.next_address += 1
        self.hub.address("eth0", f"{row.address}/24")
        self.servers.add(row.address, row.answer)

    def start(self, client):
        for row in client.rows:
            self.serve(row)
        lines = [*client.lines, *(row.server_line() for row in client.rows)]
        namespace = self.bare if client.name == "bare" else self.home
        options = ["--clock", "virtual:offset=0.0,frequency=0"]
        if client.from_file:
            file = self.test.directory / "faults.cfg"
            file.write_text("".join(f"{line}\n" for line in lines))
            options += ["--config", file]
        client.daemon = self.test.noonmarkd(client.name, *options, namespace=namespace)
        if not client.from_file:
            client.daemon.configure(*lines)
        if client.then:
            client.then()


def look(client):
    """Notes which rows explain names as they must be named. What was right once may pass."""
    sessions = client.daemon.display("display ntp-service explain")
    text = client.daemon.text("display ntp-service explain")
    for row in client.rows:
        session = noonmark.session_of(sessions, row.address, row.vpn)
        if session is None or row.seen is True:
            continue
        codes = (row.code,) if isinstance(row.code, str) else row.code
        row.seen = f"{session['code']}: {session['reason']}"
        if session["code"] in codes and row.words in session["reason"]:
            name = f"{row.address}({row.vpn})" if row.vpn else row.address
            shown = re.search(rf"^ {re.escape(name)}: (.*)\n code: (.*)$", text, re.M)
            row.seen = bool(shown and shown[2] in codes and row.words in shown[1]) or f"in text: {text}"


def check(clients, seconds):
    end = time.monotonic() + seconds
    waiting = list(clients)
    while waiting and time.monotonic() < end:
        for client in waiting:
            look(client)
        waiting = [c for c in waiting if any(row.seen is not True for row in c.rows)]
        time.sleep(0.3)
    wrong = [f"{client.name}: {row.fault}: {row.code} ({row.words!r}) is expected, not {row.seen}"
             for client in waiting for row in client.rows if row.seen is not True]
    if wrong:
        raise noonmark.Failure("\n".join(wrong))


def check_jump(clients):
    """A server that jumps after it was followed."""
    moved = next(c for c in clients if c.name == "moved")
    moved.daemon.wait_synchronized(30)
    moved.rows[0].answer.offset = 20.0  # more than a slew removes soon


def check_probes(daemon, blue):
    """`test` names the same reasons, and reaches into the VPN instance."""
    done = daemon.shell(f"test ntp-service unicast-server 10.9.0.1 vpn-instance {blue}", json_output=True)
    if '"code": "usable"' not in done.stdout or done.returncode != 0:
        raise noonmark.Failure(f"test: {done.stdout}{done.stderr}")
    done = daemon.shell(f"test ntp-service unicast-server {NEAR_THE_REFERENCE} port 5123", json_output=True)
    if '"code": "port-unreachable"' not in done.stdout or done.returncode == 0:
        raise noonmark.Failure(f"test: {done.stdout}{done.stderr}")


def check_trace(clients):
    """The chain of servers goes up to the reference clock."""
    chain = next(c for c in clients if c.name == "chain")
    chain.daemon.wait_synchronized(30)
    trace = chain.daemon.display("display ntp-service trace")
    servers = [hop["server"] for hop in trace["hops"]]
    if servers != ["127.0.0.1", chain.rows[0].address, NEAR_THE_REFERENCE] or trace["reference_id"] != "GPS":
        raise noonmark.Failure(f"trace: {trace}")
    if not chain.daemon.text("display ntp-service trace").endswith("refid GPS\n"):
        raise noonmark.Failure("trace: the text does not end with the reference clock")


def check_clock_without_rights(test):
    """The kernel's clock without the right to steer it: the daemon says what is missing and does not start."""
    state = test.directory / "unable"
    daemon = test.process("unable", *noonmark.WITHOUT_SYS_TIME, noonmark.BIN / "noonmarkd", "--clock", "system",
                          "--state-dir", state, "--run-dir", state)
    noonmark.wait_until(lambda: not daemon.is_running(), 10, "noonmarkd without CAP_SYS_TIME ends")
    if daemon.process.returncode == 0 or "CAP_SYS_TIME" not in daemon.log():
        raise noonmark.Failure(f"status {daemon.process.returncode}: {daemon.log()}")


def all_clients(blue, home=None):
    packets = Client("packets", packet_rows(blue), [
        *keys(7),
        "ntp-service authentication-keyid 8 authentication-mode aes-128-cmac 0123456789abcdef",
        "undo ntp-service server disable", "ntp-service ipv6 disable"], then=home and (lambda: disturb(home)))
    return [packets, *selecting_clients(), file_client(), bare_client()]


def check_complete():
    """Each code of src/core/reason.cc has a row here or a unit test of that name."""
    source = (noonmark.ROOT / "src/core/reason.cc").read_text()
    table = re.search(r"kReasonCodes\{(.*?)\};", source, re.S)
    codes = set(re.findall(r'"([a-z-]+)"', table[1]))
    rows = [row for client in all_clients("blue") for row in client.rows]
    produced = {row.code for row in rows if isinstance(row.code, str)} | {"usable"}
    tests = "".join(path.read_text() for path in (noonmark.ROOT / "src").glob("*/*_test.cc"))
    for code, (suite, name) in UNIT_TESTS.items():
        if not re.search(rf"TEST(_F)?\({suite}, {name}\)", tests):
            raise noonmark.Failure(f"{code}: there is no unit test {suite}.{name}")
    if codes != produced | set(UNIT_TESTS):
        raise noonmark.Failure(f"without a row or unit test: {sorted(codes - produced - set(UNIT_TESTS))}, "
                               f"unknown: {sorted((produced | set(UNIT_TESTS)) - codes)}")
    if len(rows) < 25:
        raise noonmark.Failure(f"only {len(rows)} rows")


def main():
    if "--complete" in sys.argv:
        return check_complete()
    noonmark.need_root()
    with noonmark.test(180) as test:
        lab = Lab(test)
        clients = all_clients(lab.blue.name, lab.home)
        for client in clients:
            lab.start(client)
        lab.servers.start()
        check_clock_without_rights(test)
        check_jump(clients)
        check_trace(clients)
        check_probes(clients[0].daemon, lab.blue.name)
        check(clients, 60)
        rows = sum(len(client.rows) for client in clients)
        print(f"ok: {rows} sessions are named as what they are")


if __name__ == "__main__":
    main()
