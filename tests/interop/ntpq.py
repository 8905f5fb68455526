"""Control queries (mode 6) of NTPsec's ntpq, and ntpdig as a client, with and without keys.

A daemon of ours follows two servers, has one that is wrong and one that is silent. ntpq on its loopback shows them as
they are; a source that nothing grants gets silence; nothing can be written. ntpq speaks to port 123 only, so all of it
happens in namespaces.
"""

import os
import pathlib
import re
import socket
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
import peers
from noonmark import expect

WATCHED, STRANGER = "10.2.0.1", "10.2.0.9"
GOOD, WRONG, SILENT = ["10.2.1.1", "10.2.1.2"], "10.2.2.1", "10.2.3.1"
KEYS = {1: ("md5", "MD5", "Clock-of-md5-77"), 2: ("digest-sha1", "SHA1", "Clock-of-sha1-77"),
        3: ("digest-sha256", "SHA256", "Clock-of-sha256-77"), 4: ("digest-sha512", "SHA512", "Clock-of-sha512-77"),
        5: ("aes-128-cmac", "AES-128", "0123456789abcdef"), 6: ("digest-sha1", "SHA1", "Clock-of-sha1-78")}
NTPDIG_KEYS = [1, 2, 5]
WHOLE_DIGESTS = [3, 4]  # ntpdig sends them whole in version 4, which ntpd does not accept either
OTHER_PASSWORD_KEY, UNKNOWN_KEY = 6, 9
READ_STATUS, READ_VARIABLES, WRITE_VARIABLES, CONFIGURE, NONCE = 1, 2, 3, 8, 12
MAX_ANSWER = 480
HEADER = struct.Struct("!BBHHHHH")
POLICY_DENIES, UNKNOWN_OPCODE = 7, 3
UNSYNCHRONIZED = 3  # leap indicator

ENVIRONMENT = {**os.environ, **peers.LIBRARIES, "PYTHONPATH": str(peers.PEERS / "usr/lib/python3/dist-packages")}


def ntpq(namespace, *commands, host="127.0.0.1"):
    words = [word for command in commands for word in ("-c", command)]
    return noonmark.run(*namespace.prefix(), sys.executable, peers.PEERS / "usr/bin/ntpq", "-n", *words, host,
                        env=ENVIRONMENT)


def message(opcode, association=0, data=b"", mode=6, flags=0):
    padding = b"\0" * (-len(data) % 4)
    return HEADER.pack(2 << 3 | mode, flags | opcode, 1, 0, association, 0, len(data)) + data + padding


def ask(namespace, host, datagram, seconds=0.5):
    """The answer, or None."""
    with namespace.entered():
        asker = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    with asker:
        asker.settimeout(seconds)
        asker.connect((host, 123))
        asker.send(datagram)
        try:
            return asker.recv(2048)
        except (TimeoutError, ConnectionRefusedError):
            return None


class Lab:
    def __init__(self, test):
        self.ours, self.theirs = test.namespace("o"), test.namespace("t")
        noonmark.connect(self.ours, "eth0", self.theirs, "eth0")
        self.ours.address("eth0", f"{WATCHED}/16")
        self.theirs.address("eth0", *(f"{a}/16" for a in (STRANGER, *GOOD, WRONG, SILENT)))
        keys = [f"ntp-service authentication-keyid {id} authentication-mode {ours} {password}"
                for id, (ours, _, password) in KEYS.items()]
        good = test.noonmarkd("good", "--clock", "virtual:offset=0,frequency=0", namespace=self.theirs)
        good.configure("ntp-service refclock-master 2", "ntp-service port 10123", "undo crypto weak-algorithm disable",
                       *keys)
        wrong = test.noonmarkd("wrong", "--clock", "virtual:offset=5,frequency=0", namespace=self.theirs)
        wrong.configure("ntp-service refclock-master 2", "ntp-service port 10124")
        self.watched = test.noonmarkd("watched", "--clock", "virtual:offset=0.01,frequency=0", namespace=self.ours)
        options = "iburst minpoll 3 maxpoll 4"
        self.watched.configure(
            "undo crypto weak-algorithm disable", *keys, "undo ntp-service server disable",
            "undo ntp-service ipv6 server disable",
            f"ntp-service unicast-server {GOOD[0]} port 10123 preference authentication-keyid 3 {options}",
            f"ntp-service unicast-server {GOOD[1]} port 10123 {options}",
            f"ntp-service unicast-server {WRONG} port 10124 {options}",
            f"ntp-service unicast-server {SILENT} port 10125 {options}")
        self.watched.wait_synchronized(60)
        self.watched.wait_code("falseticker", WRONG, seconds=60)
        self.watched.wait_code({"system-peer", "survivor"}, GOOD[1], seconds=60)

    def serves(self):
        """Nobody is served before the first setting is done; until then replies say unsynchronized."""
        reply = ask(self.theirs, WATCHED, bytes([4 << 3 | 3]) + bytes(46) + b"\1")
        return reply is not None and reply[0] >> 6 != UNSYNCHRONIZED

    def drops(self, reason, family=""):
        return self.watched.display(f"display ntp-service statistics packet{family}")["drop_reasons"].get(reason, 0)


def check_off(lab):
    expect(ask(lab.ours, "127.0.0.1", message(READ_STATUS)) is None, "a query is answered without ntp-service query enable")
    lab.watched.configure("ntp-service query enable")
    expect(ask(lab.ours, "127.0.0.1", message(READ_STATUS)) is not None, "no answer with ntp-service query enable")
    print("ok: off by default")


def check_peers(lab):
    shown = ntpq(lab.ours, "peers")
    rows = {row[1:].split()[0]: row for row in shown.splitlines()[2:]}
    expect(set(rows) == {*GOOD, WRONG, SILENT}, f"the associations:\n{shown}")
    tally = {address: row[0] for address, row in rows.items()}
    expect(sorted(tally[a] for a in GOOD) in (["*", "+"], ["*", "-"]), f"the followed servers:\n{shown}")
    expect(tally[WRONG] == "x" and tally[SILENT] == " ", f"the falseticker and the silent one:\n{shown}")
    for address in GOOD:
        fields = rows[address][1:].split()
        expect(fields[2] == "2" and fields[3] == "u", f"stratum and type:\n{shown}")
        expect(int(fields[6], 8) != 0 and abs(float(fields[8])) < 50, f"reach and offset:\n{shown}")
    silent = rows[SILENT][1:].split()
    expect(silent[4] == "-" and int(silent[6], 8) == 0, f"never heard:\n{shown}")
    print(f"ok: ntpq -c peers\n{shown}")


def check_associations(lab):
    shown = ntpq(lab.ours, "associations")
    conditions = [line.split()[6] for line in shown.splitlines() if re.match(r"\s+\d+ ", line)]
    expect(sorted(conditions).count("sys.peer") == 1 and {"falsetick", "reject"} <= set(conditions), shown)
    authentic = [line.split()[5] for line in shown.splitlines() if re.match(r"\s+\d+ ", line)]
    expect(authentic.count("ok") == 1 and authentic.count("none") == 3, shown)
    print(f"ok: ntpq -c as\n{shown}")


def check_variables(lab):
    system = ntpq(lab.ours, "rv")
    for text in ("leap=00", "stratum=3", "refid=", "clock=", "frequency=", 'version="noonmark"'):
        expect(text in system, f"{text}:\n{system}")
    expect(len(ntpq(lab.ours, "rv 0 stratum,leap").splitlines()) <= 2, "two variables")
    peer = ntpq(lab.ours, "rv &1")
    expect(f"srcadr={GOOD[0]}" in peer and "reach=" in peer and f"dstadr={WATCHED}" in peer, peer)
    expect("UNKNOWNVAR" in ntpq_errors(lab, "rv 0 nothing"), "an unknown variable")
    for command in ("sysinfo", "pe", "lpeers", "rv &4 filtoffset,filtdelay"):
        ntpq(lab.ours, command)
    everything = system + peer
    expect("Linux" not in everything and all(password not in everything for _, _, password in KEYS.values()), everything)
    print(f"ok: ntpq -c rv\n{system}{peer}")


def ntpq_errors(lab, command):
    """ntpq prints errors on its standard error."""
    return noonmark.run(*lab.ours.prefix(), "sh", "-c",
                        f"exec {sys.executable} {peers.PEERS}/usr/bin/ntpq -n -c '{command}' 127.0.0.1 2>&1",
                        env=ENVIRONMENT)


def check_plugin(lab):
    """What monitoring plug-ins send: the list, then three variables of the system peer."""
    answer = ask(lab.ours, "127.0.0.1", message(READ_STATUS))
    pairs = struct.iter_unpack("!HH", answer[HEADER.size:HEADER.size + HEADER.unpack_from(answer)[6]])
    followed = [association for association, status in pairs if status >> 8 & 7 == 6]
    expect(len(followed) == 1, f"one system peer: {answer}")
    answer = ask(lab.ours, "127.0.0.1", message(READ_VARIABLES, followed[0], b"stratum,offset,jitter"))
    expect(re.fullmatch(rb"stratum=2, offset=-?[\d.]+, jitter=[\d.]+\r\n\0*", answer[HEADER.size:]), f"{answer}")
    print("ok: the variables of a monitoring plug-in")


def check_read_only(lab):
    before = lab.watched.text("display current-configuration")
    for opcode, error in ((WRITE_VARIABLES, POLICY_DENIES), (CONFIGURE, POLICY_DENIES), (NONCE, UNKNOWN_OPCODE)):
        answer = ask(lab.ours, "127.0.0.1", message(opcode, data=b"unicast-server 10.9.9.9"))
        _, flags, _, status, *_ = HEADER.unpack_from(answer)
        expect(flags == 0xC0 | opcode and status >> 8 == error, f"opcode {opcode}: {answer}")
    expect(lab.watched.text("display current-configuration") == before, "a query changed the configuration")
    for datagram in (message(READ_STATUS, flags=0x80), message(READ_STATUS, flags=0x40), message(READ_STATUS, mode=7),
                     message(READ_STATUS)[:11]):
        expect(ask(lab.ours, "127.0.0.1", datagram) is None, f"an answer to {datagram}")
    print("ok: nothing is written; responses, mode 7 and short datagrams get silence")


def check_strangers(lab):
    before = lab.drops("access-denied")
    for opcode in range(32):
        expect(ask(lab.theirs, WATCHED, message(opcode), 0.05) is None, f"opcode {opcode} answered to a stranger")
    expect(lab.drops("access-denied") == before + 32, "not counted as access-denied")
    print("ok: who is not granted gets silence")


def check_limit(lab):
    answered, total = 0, 0
    with lab.ours.entered():
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with asker:
        asker.settimeout(0.5)
        asker.connect(("127.0.0.1", 123))
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        for _ in range(500):
            asker.send(message(READ_VARIABLES))
        try:
            while True:
                total = max(total, len(asker.recv(2048)))
                answered += 1
        except TimeoutError:
            pass
    expect(0 < answered < 400, f"{answered} of 500 queries at once are answered")
    expect(total <= MAX_ANSWER, f"an answer of {total} octets")
    expect(lab.drops("rate-limited") > 0, "not counted as rate-limited")
    print(f"ok: {answered} of 500 queries at once are answered, with at most {total} octets")


def check_ntpdig(lab, test):
    key_file = test.directory / "ntpdig.keys"
    key_file.write_text("".join(f"{id} {theirs} {password if id != OTHER_PASSWORD_KEY else 'Another-password'}\n"
                                for id, (_, theirs, password) in KEYS.items()) + f"{UNKNOWN_KEY} SHA1 Another-password\n")

    def ntpdig(*options):
        done = subprocess.run([*lab.theirs.prefix(), sys.executable, peers.PEERS / "usr/bin/ntpdig", "-t", "1", *options,
                               WATCHED], capture_output=True, text=True, timeout=20, env=ENVIRONMENT)
        return done.stdout + done.stderr

    def with_key(id):
        return ntpdig("-a", str(id), "-k", str(key_file))

    def is_time(shown):
        return f" {WATCHED} s3 " in shown and "failed" not in shown
    noonmark.wait_until(lab.serves, 60, "the first setting is done and others are served")
    verdict = lab.watched.text(f"test ntp-service access {STRANGER}")
    expect(" time requests: answered\n" in verdict, f"the replies are what ntpdig takes:\n{verdict}")
    expect(is_time(ntpdig()), f"ntpdig without a key: {ntpdig()}")
    for id in NTPDIG_KEYS:
        expect(is_time(with_key(id)), f"ntpdig with {KEYS[id][0]}: {with_key(id)}")
        print(f"ok: ntpdig with {KEYS[id][0]}")
    for id in (*WHOLE_DIGESTS, OTHER_PASSWORD_KEY, UNKNOWN_KEY):
        expect("no eligible servers" in with_key(id), f"ntpdig with key {id}: {with_key(id)}")
    for reason in ("authentication", "unknown-key"):
        expect(lab.drops(reason) > 0, f"not counted as {reason}")
    print("ok: ntpdig with another password, an unknown key, and whole digests in version 4")


def main():
    noonmark.need_root()
    peers.fetch()
    with noonmark.test() as test:
        lab = Lab(test)
        check_off(lab)
        check_peers(lab)
        check_associations(lab)
        check_variables(lab)
        check_plugin(lab)
        check_read_only(lab)
        check_strangers(lab)
        check_ntpdig(lab, test)
        check_limit(lab)


if __name__ == "__main__":
    main()
