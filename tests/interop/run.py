"""Noonmark with chronyd and with NTPsec's ntpd, as their client and as their server.

Every way to sign (none, MD5, AES-128-CMAC, AES-256-CMAC) over IPv4 in versions 3 and 4 and over IPv6. With the right
key each pair synchronizes; with another one it does not, and our side says what it can know. All pairs run at once.
"""

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
import peers

PASSWORDS = {"md5": "Clock-77-of-md5", "aes-128-cmac": "0123456789abcdef",
             "aes-256-cmac": "0123456789abcdefFEDCBA9876543210"}
OTHER_PASSWORDS = {"md5": "Clock-78-of-md5", "aes-128-cmac": "0123456789abcdeg",
                   "aes-256-cmac": "0123456789abcdefFEDCBA9876543211"}
# Ids up to 3: both sides have the same password. From 11 on: the same id and algorithm, another password.
RIGHT_KEY = {"none": None, "md5": 1, "aes-128-cmac": 2, "aes-256-cmac": 3}
WRONG_KEY = {"md5": 11, "aes-128-cmac": 12, "aes-256-cmac": 13}
OUR_KEYS = [*((RIGHT_KEY[a], a, password) for a, password in PASSWORDS.items()),
            *((WRONG_KEY[a], a, password) for a, password in PASSWORDS.items())]
THEIR_KEYS = [*((RIGHT_KEY[a], a, password) for a, password in PASSWORDS.items()),
              *((WRONG_KEY[a], a, password) for a, password in OTHER_PASSWORDS.items())]

TRANSPORTS = [("IPv4", 3), ("IPv4", 4), ("IPv6", None)]
SERVED_OFFSET = 0.25   # s, by which our server is ahead: what its clients must see
CLIENT_CLOCK = "virtual:offset=0.4,frequency=15"
TOLERANCE = 0.02       # s

# Both stay silent when a MAC is wrong: neither sends crypto-NAKs.
WRONG_KEY_CODE = "no-reply-signed"


class Case:
    def __init__(self, number, transport, algorithm, is_right):
        self.number = number
        self.family, self.version = transport
        self.algorithm = algorithm
        self.is_right = is_right
        self.key = (RIGHT_KEY if is_right else WRONG_KEY)[algorithm]

    def __str__(self):
        version = f" version {self.version}" if self.version else ""
        return f"{self.family}{version}, {self.algorithm}{'' if self.is_right else ' (another password)'}"

    def address(self, link, host):
        """Every case has an address of its own at both ends of every link."""
        if self.family == "IPv4":
            return f"10.1.{link}.{host + self.number}"
        return f"fd00:{link}::{host + self.number:x}"


CASES = [Case(number, *what) for number, what in enumerate(
    [*((t, a, True) for t, a in itertools.product(TRANSPORTS, RIGHT_KEY)),
     *((t, a, False) for t, a in itertools.product(TRANSPORTS, WRONG_KEY))])]
OURS, THEIRS = 100, 10  # host parts of the addresses


def key_lines():
    return ["undo crypto weak-algorithm disable",
            *(f"ntp-service authentication-keyid {id} authentication-mode {algorithm} {password}"
              for id, algorithm, password in OUR_KEYS)]


def server_line(case, link):
    ipv6 = "ipv6 " if case.family == "IPv6" else ""
    return (f"ntp-service unicast-server {ipv6}{case.address(link, THEIRS)} iburst minpoll 3 maxpoll 4"
            + (f" version {case.version}" if case.version else "")
            + (f" authentication-keyid {case.key}" if case.key else ""))


class Network:
    """Our namespace in the middle, one for each daemon of the others around it."""

    def __init__(self, test, cases, name="o"):
        self.test = test
        self.cases = cases
        self.ours = test.namespace(name)
        self.links = 0

    def add(self, name):
        """Returns the link's number and the namespace at its other end."""
        self.links += 1
        there = self.test.namespace(name)
        noonmark.connect(self.ours, f"eth{self.links}", there, "eth0")
        for namespace, device, host in ((self.ours, f"eth{self.links}", OURS), (there, "eth0", THEIRS)):
            # One call of ip for all of them.
            batch = "".join(f"address add {case.address(self.links, host)}/{24 if case.family == 'IPv4' else 64} "
                            f"dev {device}{' nodad' if case.family == 'IPv6' else ''}\n"
                            for case in self.cases)
            noonmark.run("ip", "-netns", namespace.name, "-batch", "-", input=batch)
        return self.links, there


class TheirServer:
    """One of their servers, a daemon of ours for every case that must work, and one for all that must not."""

    def __init__(self, test, network, kind):
        self.kind = kind
        self.link, namespace = network.add(f"{kind.name[0]}s")
        self.server = kind(test, namespace, THEIR_KEYS)
        self.clients = {case: test.noonmarkd(f"{kind.name}-client{case.number}", "--clock", CLIENT_CLOCK,
                                             namespace=network.ours)
                        for case in CASES if case.is_right}
        self.refused = test.noonmarkd(f"{kind.name}-refused", "--clock", CLIENT_CLOCK, namespace=network.ours)

    def start(self):
        noonmark.wait_until(self.server.is_serving, 60, lambda: f"{self.kind.name} serves\n{self.server.process.log()}",
                            0.5)
        for case, client in self.clients.items():
            client.configure(*key_lines(), server_line(case, self.link))
        self.refused.configure(*key_lines(), *(server_line(case, self.link) for case in CASES if not case.is_right))

    def check(self):
        for case, client in self.clients.items():
            client.wait_synchronized(40)
            noonmark.wait_until(lambda: abs(client.status()["true_offset_ms"]) < TOLERANCE * 1000, 10,
                                lambda: f"{client.name} has the time: {client.text('display ntp-service status')}")
            print(f"ok: client of {self.kind.name}, {case}")
        for case in CASES:
            if not case.is_right:
                self.refused.wait_code(WRONG_KEY_CODE, case.address(self.link, THEIRS))
                print(f"ok: client of {self.kind.name}, {case}: "
                      f"{self.refused.session(case.address(self.link, THEIRS))['reason']}")
        if self.refused.is_synchronized():
            raise noonmark.Failure("synchronized with a wrong key:\n"
                                   + self.refused.text("display ntp-service sessions"))


class TheirClient:
    """One of their clients, which has an address of our server for each case."""

    def __init__(self, test, network, kind, keys):
        self.kind = kind
        self.cases = network.cases
        self.link, namespace = network.add(f"{kind.name[0]}c")
        self.client = kind(test, namespace, keys,
                           [(case.address(self.link, OURS), case.version, case.key) for case in self.cases])

    def is_good(self, case):
        source = self.client.sources()[case.address(self.link, OURS)]
        # Under -x chronyd steers a clock of its own beside the kernel's: once that follows us the offset is gone.
        expected = [SERVED_OFFSET, 0] if self.kind is peers.Chronyd else [SERVED_OFFSET]
        return source["selectable"] and any(abs(source["offset"] - offset) < TOLERANCE for offset in expected)

    def check(self):
        for case in self.cases:
            if case.is_right:
                noonmark.wait_until(lambda: self.is_good(case), 40,
                                    lambda: f"{self.kind.name} selects us, {case}: {self.client.sources()}", 0.5)
                print(f"ok: server of {self.kind.name}, {case}")
        sources = self.client.sources()
        for case in self.cases:
            if not case.is_right:
                if sources[case.address(self.link, OURS)]["reached"]:
                    raise noonmark.Failure(f"{self.kind.name} takes our replies, {case}")
                print(f"ok: server of {self.kind.name}, {case}")


def check_drops(server):
    """Requests with a wrong MAC are counted as such."""
    for family in ("", " ipv6"):
        reasons = server.display(f"display ntp-service statistics packet{family}")["drop_reasons"]
        if reasons.get("authentication", 0) == 0:
            raise noonmark.Failure(f"requests with a wrong MAC are not counted{family}: {reasons}")


def main():
    noonmark.need_root()
    peers.fetch()
    with noonmark.test() as test:
        network = Network(test, CASES)
        kinds = (peers.Chronyd, peers.Ntpd)
        their_servers = [TheirServer(test, network, kind) for kind in kinds]
        server = test.noonmarkd("server", "--clock", f"virtual:offset={SERVED_OFFSET},frequency=0",
                                namespace=network.ours)
        server.configure(*key_lines(), "ntp-service refclock-master 3")
        their_clients = [TheirClient(test, network, kind, THEIR_KEYS) for kind in kinds]
        for pairs in their_servers:
            pairs.start()
        for pairs in (*their_clients, *their_servers):
            pairs.check()
        check_drops(server)


if __name__ == "__main__":
    main()
