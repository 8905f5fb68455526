"""Keyed digests with chronyd and with NTPsec's ntpd, as their client and as their server.

Every digest over IPv4 in versions 3 and 4 and over IPv6. With the right key each pair synchronizes; with another password,
or another algorithm under the same id, it does not. chronyd has whole digests before version 4; NTPsec has 20 octets in
every version, so its keys are here with `mac-length 20`.
"""

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
import peers
import run

ALGORITHMS = ["digest-sha1", "digest-sha256", "digest-sha384", "digest-sha512"]
PASSWORD = "Clock-of-digests-77"
OTHER_PASSWORD = "Clock-of-digests-78"
OTHER_ALGORITHM = {"digest-sha256": "digest-sha384", "digest-sha512": "digest-sha256"}

# By algorithm: the same on both sides; another password on their side; another algorithm there.
RIGHT_ID = {a: 1 + i for i, a in enumerate(ALGORITHMS)}
PASSWORD_ID = {a: 11 + i for i, a in enumerate(ALGORITHMS)}
ALGORITHM_ID = {a: 21 + i for i, a in enumerate(OTHER_ALGORITHM)}
THEIR_KEYS = [*((id, a, PASSWORD) for a, id in RIGHT_ID.items()),
              *((id, a, OTHER_PASSWORD) for a, id in PASSWORD_ID.items()),
              *((id, OTHER_ALGORITHM[a], PASSWORD) for a, id in ALGORITHM_ID.items())]

FOLLOWED = {"system-peer", "survivor", "outlier"}
MAC_LENGTH_20 = {peers.Chronyd: False, peers.Ntpd: True}


class Case(run.Case):
    def __init__(self, number, transport, algorithm, ids):
        super().__init__(number, transport, "none", True)
        self.algorithm = algorithm
        self.is_right = ids is RIGHT_ID
        self.key = ids[algorithm]
        self.ids = ids

    def __str__(self):
        other = {id(RIGHT_ID): "", id(PASSWORD_ID): " (another password)", id(ALGORITHM_ID): " (another algorithm)"}
        version = f" version {self.version}" if self.version else ""
        return f"{self.family}{version}, {self.algorithm}{other[id(self.ids)]}"


CASES = [Case(number, transport, algorithm, ids) for number, (transport, (algorithm, ids)) in enumerate(itertools.product(
    run.TRANSPORTS, [(a, ids) for ids in (RIGHT_ID, PASSWORD_ID, ALGORITHM_ID) for a in ids]))]


def key_lines(kind):
    def line(id, algorithm):
        is_cut = MAC_LENGTH_20[kind] and algorithm != "digest-sha1"
        return (f"ntp-service authentication-keyid {id} authentication-mode {algorithm} {PASSWORD}"
                + (" mac-length 20" if is_cut else ""))
    return ["undo crypto weak-algorithm disable",
            *(line(id, a) for ids in (RIGHT_ID, PASSWORD_ID, ALGORITHM_ID) for a, id in ids.items())]


class Pair:
    """One of their daemons as a server of ours, and one as a client of ours."""

    def __init__(self, test, kind):
        self.kind = kind
        network = run.Network(test, CASES, f"o{kind.name[0]}")
        self.link, namespace = network.add(f"{kind.name[0]}s")
        self.their_server = kind(test, namespace, THEIR_KEYS)
        self.our_client = test.noonmarkd(f"{kind.name}-client", "--clock", run.CLIENT_CLOCK, namespace=network.ours)
        self.our_server = test.noonmarkd(f"{kind.name}-server", "--clock",
                                         f"virtual:offset={run.SERVED_OFFSET},frequency=0", namespace=network.ours)
        self.our_server.configure(*key_lines(kind), "ntp-service refclock-master 3")
        self.their_client = run.TheirClient(test, network, kind, THEIR_KEYS)

    def start(self):
        noonmark.wait_until(self.their_server.is_serving, 60, lambda: f"{self.kind.name} serves", 0.5)
        self.our_client.configure(*key_lines(self.kind), *(run.server_line(case, self.link) for case in CASES))

    def check(self):
        for case in CASES:
            self.our_client.wait_code(FOLLOWED if case.is_right else run.WRONG_KEY_CODE,
                                      case.address(self.link, run.THEIRS), seconds=60)
            print(f"ok: client of {self.kind.name}, {case}")
        self.their_client.check()
        run.check_drops(self.our_server)


def main():
    noonmark.need_root()
    peers.fetch()
    with noonmark.test() as test:
        pairs = [Pair(test, kind) for kind in (peers.Chronyd, peers.Ntpd)]
        for pair in pairs:
            pair.start()
        for pair in pairs:
            pair.check()


if __name__ == "__main__":
    main()
