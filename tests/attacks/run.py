"""Attacks over the wire against the real daemon: what an attacker sends changes nothing but one counter.

A row is an attack and the association modes that it is tried in. For each of them the victim has an association of its
own; when it waits for a reply (or right after one), its state is read, the packets are sent, and its state is read
again: the same, but for exactly one counter, which has moved by exactly the number of packets, and at most one line in
the log. Then the honest reply must still be accepted, and the next request must come when it is due.

Beside the table, trials.py has what takes a while (delays, lies, restarts) and service.py what a server meets.

    tests/attacks/run.py            # all
    tests/attacks/run.py --list     # the rows
    tests/attacks/run.py A4 A10     # these only
"""

import dataclasses
import os
import pathlib
import random
import socket
import struct
import sys
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import lab as world
import noonmark
import packets
import service
import trials
from packets import Key, kiss

PASSWORD = "Noonmark-under-attack-0123456789"  # 32 octets: it could be an AES key
HMAC, OTHER_HMAC = Key(7, "hmac-sha256", PASSWORD), Key(8, "hmac-sha256", "Another-key-of-ours-9")
MD5, OTHER_MD5 = Key(5, "md5", PASSWORD), Key(6, "md5", "Another-key-of-ours-9")
AES128, AES256 = Key(3, "aes-128-cmac", "0123456789abcdef"), Key(4, "aes-256-cmac", "0123456789abcdef" * 2)
KISSES = ("DENY", "RSTR", "RATE")

MODES = {mode.name: mode for mode in (
    world.ClientMode("client"),
    world.ClientMode("client-ipv6", family=6),
    world.ClientMode("client-vpn", vpns=(True,)),
    world.ClientMode("client-two-vpns", vpns=(False, True), port=1124),
    world.ClientMode("client-port", port=1123),
    world.ClientMode("client-link-local", family=6, device="eth1"),
    world.ClientMode("client-hmac", key=HMAC, others=(OTHER_HMAC,)),
    world.ClientMode("client-hmac-port", key=HMAC, port=1125),
    world.ClientMode("client-md5", key=MD5, others=(OTHER_MD5,), options="version 3"),
    world.ClientMode("client-aes128", key=AES128),
    world.ClientMode("client-aes256", key=AES256),
    world.PeerMode("peer", port=1126),
    world.PeerMode("peer-hmac", port=1127, key=HMAC, others=(OTHER_HMAC,)),
    world.PassiveMode("passive", port=1128, key=HMAC, others=(OTHER_HMAC,)),
    world.GroupMode("broadcast", "255.255.255.255", port=1129),
    world.GroupMode("broadcast-hmac", "255.255.255.255", port=1130, key=HMAC, others=(OTHER_HMAC,)),
    world.GroupMode("multicast", world.GROUP4, port=1131, key=AES128),
    world.ManycastMode("manycast"),
    world.InterleavedMode("interleaved"),
)}
PLAIN = ("client", "client-ipv6", "client-vpn", "client-port")
SIGNED_PEERS = ("peer-hmac", "passive")
SIGNED_GROUPS = ("broadcast-hmac", "multicast")
SIGNED = ("client-hmac", "client-md5", "client-aes128", "client-aes256")


@dataclasses.dataclass
class Row:
    attack: str
    title: str
    modes: tuple
    counter: str  # of display ntp-service statistics packet; empty: nothing reaches the daemon
    strike: typing.Callable  # sends the packets; gives their number, or the counters that must move
    after: bool = False  # right after an accepted reply instead of before it
    answered: bool = True  # the honest reply is accepted afterwards
    replies: int = 5  # so many are heard before
    silent: bool = False  # the other side never answers; the victim follows others
    moves: tuple = ()  # fields of the state that the row may change, for its check to judge
    check: typing.Callable = None


# --- strikes: they take the other side of the association under attack

def lie(target, **fields):
    """A reply that would move the clock by a quarter of an hour."""
    later = packets.timestamp(time.time_ns() + 900_000_000_000)
    return target.reply(**{"receive": later, "transmit": later, **fields}).octets()


def send_all(target, datagrams, **where):
    datagrams = list(datagrams)
    for datagram in datagrams:
        target.send(datagram, **where)
    return len(datagrams)


def random_origins(target):
    return send_all(target, (lie(target, origin=os.urandom(8)) for _ in range(100)))


def zero_origin(target):
    return send_all(target, (lie(target, origin=packets.ZERO) for _ in range(10)))


def zero_origin_kisses(target):
    return send_all(target, (lie(target, origin=packets.ZERO, **kiss(code)) for code in KISSES))


def zero_stamps(target):
    return send_all(target, (lie(target, receive=packets.ZERO), lie(target, transmit=packets.ZERO)))


def last_reply(target):
    return send_all(target, target.earlier[-1:] * 5)


def older_replies(target):
    return send_all(target, target.earlier[:-1])


def others_reply(target):
    """What another session of the same victim was answered."""
    other = next(t for t in target.hub.servers.values()
                 if t is not target and getattr(t, "victim", None) is target.victim and t.earlier)
    return send_all(target, other.earlier[-1:])


def from_another_address(target):
    other = target.hub.new_address(target.mode.family)
    return send_all(target, [target.honest()], source=other)


def from_another_port(target):
    return send_all(target, [target.honest()], port=1230)


def own_request(target):
    return send_all(target, [target.request] * 5)


def own_reply(target):
    """The victim's service answers the victim's request, which is well signed, and so is its reply."""
    with target.hub.namespace.entered():
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with asking:
        asking.settimeout(1)
        asking.sendto(target.request, (world.HOME4, target.mode.port))
        target.send(asking.recv(2048))
    return {"processed": 1, "myself": 1}


def kisses_of_strangers(target):
    return send_all(target, (lie(target, origin=os.urandom(8), **kiss(code)) for code in KISSES * 3))


def kisses_without_mac(target):
    return send_all(target, (lie(target, **kiss(code)) for code in KISSES))


def rate_of_17(target):
    return send_all(target, [lie(target, poll=17, **kiss("RATE"))])


def is_still_polled(sessions):
    noonmark.expect(sessions[0]["poll_s"] <= 1 << 13, f"polled every {sessions[0]['poll_s']} s")


def crypto_naks_of_strangers(target):
    return send_all(target, (lie(target, origin=os.urandom(8)) + bytes(4) for _ in range(10)))


def crypto_nak(target):
    return send_all(target, [lie(target) + bytes(4)])


def alternating_faults(target):
    """Each is another fault, which explain would name."""
    faults = (lie(target), lie(target) + bytes(4), lie(target) + key_id(target) + bytes(20))
    return send_all(target, faults * 30)


def complain(target, *codes):
    """ICMP errors about the request, in the name of the server's host."""
    source = target.client[:2]
    for code in codes:
        message = packets.unreachable(code, source, (target.address, packets.NTP_PORT), target.request)
        target.hub.raw4.sendto(message, (source[0], 0))
    time.sleep(0.05)


def port_unreachable(target):
    complain(target, *[3] * 20)
    return 0


def host_unreachable(target):
    complain(target, *[1, 10] * 10)
    return {"send_failures": 20}


def alternating_complaints(target):
    complain(target, *[3, 1, 13] * 10)
    return {"send_failures": 20}


def no_mac(target):
    return send_all(target, [lie(target)])


def key_id_0(target):
    signed = target.honest()
    return send_all(target, [signed[:48] + bytes(4) + signed[52:72]])


def skeleton_key(target):
    """A right MAC with another key of the victim's."""
    header = lie(target)
    return send_all(target, [header + key.mac(header) for key in target.mode.others])


def unknown_key(target):
    header = lie(target)
    return send_all(target, [header + dataclasses.replace(target.mode.key, id=4711, algorithm="md5").mac(header)])


def other_algorithms(target):
    """The right id and password, another algorithm; with digests of the right length too."""
    header, length, own = lie(target), len(target.honest()) - 52, target.mode.key
    keys = [dataclasses.replace(own, algorithm=algorithm)
            for algorithm in packets.DIGESTS if algorithm != own.algorithm]
    macs = [key.mac(header) for key in keys if key.is_usable()]
    return send_all(target, [header + mac[:4 + length] for mac in macs if len(mac) >= 4 + length])


def key_id(target):
    return struct.pack("!I", target.mode.key.id)


def guessed_macs(target):
    """Digests of zeros, of ones, one bit wrong."""
    signed, length = target.honest(), len(target.honest()) - 52
    return send_all(target, [lie(target) + key_id(target) + bytes([octet]) * length for octet in (0, 255)] +
                    [signed[:-1] + bytes([signed[-1] ^ 1])])


def changed_header(target):
    """A signed reply with one octet changed, each in turn."""
    signed = target.honest()
    kept = {0, *range(24, 32)}  # mode and version, origin
    return send_all(target, [signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1:]
                             for at in range(48) if at not in kept])


def mac_of_another_reply(target):
    return send_all(target, [lie(target) + reply[48:] for reply in target.earlier[-2:]])


def mac_lengths(target):
    """MACs of 4, 20, 24, 36 octets with the right key id: none is the right MAC."""
    return send_all(target, [lie(target) + key_id(target) + bytes(size - 4) for size in (4, 20, 24)])


def impossible_mac_lengths(target):
    """What can be neither a MAC nor an extension field."""
    version = packets.Header.of(target.request).version
    expected = {}
    for size in (1, 2, 3, 5, 8, 12, 16, 19, 21, 23, 25, 35, 52, 68):
        # Version 4 may have extension fields, from 28 octets: the key id is no field's type and length.
        is_field = version == 4 and size % 4 == 0 and size >= packets.LAST_FIELD
        is_whole_digest = version < 4 and size in (52, 68)  # of SHA-384 and SHA-512
        reason = "authentication" if is_whole_digest else "bad-extension" if is_field else "bad-length"
        expected[reason] = expected.get(reason, 0) + 1
        target.send(lie(target) + key_id(target) + bytes(size - 4) if size >= 4 else lie(target) + bytes(size))
    return expected


def truncated_macs(target):
    """The right MAC, cut off; 20 octets of HMAC-SHA256 are its short form."""
    signed = target.honest()
    expected = {}
    for size in range(4, len(signed) - 48, 4):
        if size == 24 and target.mode.key.algorithm == "hmac-sha256":
            continue
        is_mac = size in (4, 20, 24)
        is_field = not is_mac and packets.Header.of(target.request).version == 4 and size >= packets.LAST_FIELD
        reason = "authentication" if is_mac else "bad-extension" if is_field else "bad-length"
        expected[reason] = expected.get(reason, 0) + 1
        target.send(signed[:48 + size])
    return expected


def extended_md5(target):
    """A longer packet with a right MAC, without the key; the padding would have to pass as an extension field."""
    signed = target.honest()
    tail = packets.field(0x2005, 16)
    return send_all(target, [packets.extend_md5(signed[:48], signed[48:], len(target.mode.key.password), tail)])


def short_and_odd(target):
    """Lengths that are no packet's, right origin."""
    full = lie(target) + bytes(64)
    short = send_all(target, (full[:size] for size in range(1, 48)))
    odd = send_all(target, (full[:size] for size in range(49, 60) if size % 4))
    return {"too-short": short, "bad-length": odd}


def huge(target):
    """Up to the largest datagram of IP, most of them in fragments."""
    largest = 65507 if target.mode.family == 4 else 65487
    sizes = (548, 1472, 2048, 2052, 9000, 32768, largest - 1, largest)
    for size in sizes:
        target.send(lie(target) + bytes(size - 48))
        time.sleep(0.005)
    return len(sizes)


def many_replies(target):
    """Faster than they are read; all that get through are counted as what they are."""
    before = target.victim.counters(target.mode.family)
    for _ in range(40):
        for code in (*KISSES, "X"):
            fields = kiss(code) if code != "X" else {}
            send_all(target, (lie(target, origin=os.urandom(8), **fields) for _ in range(50)))
        time.sleep(0.002)
    time.sleep(0.2)
    arrived = target.victim.counters(target.mode.family)["received"] - before["received"]
    noonmark.expect(arrived > 1000, f"only {arrived} arrived")
    return arrived


def mapped_source(target):
    """From an IPv4-mapped address, which no IPv6 packet may have as its source: some kernels drop it themselves."""
    before = target.victim.counters(6)["received"]
    target.hub.spoof(lie(target), ("::ffff:10.40.1.1", 123), target.client[:2])
    time.sleep(0.05)
    return target.victim.counters(6)["received"] - before


def other_link(target):
    """From the same link-local address, on another link."""
    scope = target.mode.lab.scope("eth2")
    target.hub.send(target.honest(), (world.HOME_LINK, target.client[1], 0, scope), target.address)
    return 0


def to_public_instance(target):
    """The right answer to a request from a VPN instance, to the same port in the public instance."""
    target.hub.send(target.honest(), (world.HOME4, target.client[1]), target.address)
    return int(target.mode.port != 0)


def overlapping_fragments(target):
    """A right reply in two fragments, and one between them that lies over both."""
    good, bad = (packets.udp((target.address, 123), target.client, data) for data in (target.honest(), lie(target)))
    identity = random.randrange(1, 65536)
    for offset, end, more, datagram in ((0, 32, True, good), (16, 48, True, bad), (32, len(good), False, good)):
        fragment = packets.ipv4(target.address, target.client[0], datagram[offset:end], identity, offset, more)
        target.hub.raw4.sendto(fragment, (target.client[0], 0))
    return 0


def is_minimal(target):
    """Nothing of the victim's clock or servers is in a request (RFC 5905 section 9 would tell all of it)."""
    asked = packets.Header.of(target.request)
    told = (asked.transmit,)
    if asked.origin in (packets.Header.of(reply).receive for reply in target.earlier):  # interleaved: the server's own
        told = asked.transmit, asked.receive
        asked = dataclasses.replace(asked, origin=packets.ZERO, receive=packets.ZERO)
    empty = dataclasses.replace(packets.request(asked.version, transmit=asked.transmit), poll=asked.poll)
    noonmark.expect(asked == empty, f"the request tells {asked}")
    seconds = [struct.unpack("!I", stamp[:4])[0] for stamp in (packets.timestamp(target.received), *told)]
    noonmark.expect(all(abs(one - seconds[0]) > 60 for one in seconds[1:]), "a timestamp of the request is a time")
    return 0


def learnt_origins(target):
    """Timestamps that can be asked or overheard instead of the random ones: none is an origin (CVE-2016-1548)."""
    asked, told = packets.Header.of(target.request), packets.Header.of(target.earlier[-1])
    known = {asked.origin, told.receive, told.transmit, told.reference, told.origin} - {asked.receive, asked.transmit}
    return send_all(target, (lie(target, origin=origin) for origin in known))


def signed_lie(target, key, **fields):
    header = lie(target, **fields)
    return header + key.mac(header)


def no_mac_or_wrong(target):
    """What would end the association of RFC 5905's text: no MAC, a crypto-NAK, a wrong digest (CVE-2015-7979)."""
    return send_all(target, [lie(target), lie(target) + bytes(4), lie(target) + key_id(target) + bytes(16),
                             signed_lie(target, dataclasses.replace(target.mode.key, password=PASSWORD[::-1][:len(
                                 target.mode.key.password)]))] * 5)


def future_stamps(target):
    """Unsigned; a replayed newer time would shut out the honest ones that follow."""
    year = packets.timestamp(time.time_ns() + 31_536_000_000_000_000)
    return send_all(target, [lie(target, transmit=year, reference=packets.ZERO)])


def group_kisses(target):
    return send_all(target, (lie(target, **kiss(code)) for code in KISSES * 3))


def from_a_stranger(target):
    """With authentication, who has no key starts no session."""
    return send_all(target, [lie(target)] * 3 + [lie(target) + bytes(4)], source=target.hub.new_address(4))


def strangers_to_a_search(target):
    return send_all(target, (lie(target, origin=os.urandom(8)) for _ in range(20)), source=target.hub.new_address(4))


ROWS = [
    Row("A1", "off-path replies, random origin", (*PLAIN, *SIGNED, "manycast", "interleaved", "peer"), "bogus",
        random_origins),
    Row("A1", "off-path packets, random origin, no MAC", SIGNED_PEERS, "authentication", random_origins),
    Row("A1", "off-path answers to a search, random origin: no session", ("manycast",), "no-association",
        strangers_to_a_search),
    Row("A1", "ICMP port unreachable forged", ("client", "client-vpn"), "", port_unreachable),
    Row("A1", "ICMP host unreachable, prohibited forged", ("client", "client-hmac"), "send_failures", host_unreachable),
    Row("A2", "origin zero, a request waits", (*PLAIN, "client-hmac", "peer", "manycast", "interleaved"), "bogus",
        zero_origin),
    Row("A2", "origin zero, no request waits: the port is closed", ("client", "client-ipv6", "client-vpn"), "",
        lambda target: 0 * zero_origin(target), after=True),
    Row("A2", "origin zero, no request waits", ("client-port",), "bogus", zero_origin, after=True),
    Row("A2", "receive or transmit time zero", ("client", "client-ipv6", "peer", "manycast"), "zero-timestamp",
        zero_stamps),
    Row("A2", "transmit time zero in a broadcast", ("broadcast",), "zero-timestamp",
        lambda target: send_all(target, [lie(target, transmit=packets.ZERO)])),
    Row("A3", "origin zero with a kiss code", (*PLAIN, "client-hmac", "peer", "manycast", "interleaved"), "bogus",
        zero_origin_kisses),
    Row("A4", "replay of the last reply", (*PLAIN, *SIGNED, "peer", *SIGNED_PEERS, "manycast", "interleaved"),
        "duplicate",
        last_reply),
    Row("A4", "replay of the last reply, no request waits", ("client-port",), "duplicate", last_reply, after=True),
    Row("A4", "replay of older replies", (*PLAIN, *SIGNED, "manycast", "interleaved"), "bogus", older_replies),
    Row("A4", "replay of another session's reply", (*PLAIN, "client-hmac", "peer", *SIGNED_PEERS), "bogus",
        others_reply),
    Row("A4", "the right packet from another address or port: no session", ("peer", "peer-hmac"), "no-association",
        lambda target: from_another_address(target) + from_another_port(target)),
    Row("A4", "the right reply from another address", (*PLAIN, "client-hmac"), "wrong-source", from_another_address),
    Row("A4", "the right reply from another port", (*PLAIN, "client-hmac"), "wrong-source", from_another_port),
    Row("A5", "its own request comes back", ("client", "client-ipv6", "client-vpn", "client-hmac"), "bad-mode",
        own_request),
    Row("A5", "its own packet comes back", ("peer", "peer-hmac"), "myself", own_request),
    Row("A5", "its own request comes back to the service: served as anybody's", ("client-port",), "processed",
        own_request),
    Row("A5", "its own service's reply to its own request, well signed", ("client-hmac-port",), "processed, myself",
        own_reply, replies=7),
    Row("A6", "kiss codes, random origin", (*PLAIN, "client-hmac"), "bogus", kisses_of_strangers),
    Row("A6", "kiss codes, right origin, no MAC", SIGNED, "authentication", kisses_without_mac),
    Row("A6", "RATE with poll 17: obeyed, at most 2^13 s", ("client",), "kiss", rate_of_17, answered=False,
        moves=("poll_s", "code", "reference_id", "status["), check=is_still_polled),
    Row("A8", "crypto-NAK, random origin", SIGNED, "bogus", crypto_naks_of_strangers),
    Row("A6", "kiss codes in a peer's packets, random origin", ("peer",), "bogus", kisses_of_strangers),
    Row("A6", "kiss codes in a peer's packets, right origin, no MAC", SIGNED_PEERS, "authentication",
        kisses_without_mac),
    Row("A6", "kiss codes in broadcasts", ("broadcast",), "unsynchronized", group_kisses),
    Row("A6", "kiss codes in broadcasts, no MAC", SIGNED_GROUPS, "authentication", group_kisses),
    Row("A8", "crypto-NAK, right origin", (*SIGNED, *SIGNED_PEERS, *SIGNED_GROUPS), "authentication", crypto_nak),
    Row("A9", "replays against peers: newer and older ones (CVE-2015-1799)", ("peer", *SIGNED_PEERS), "bogus",
        older_replies),
    Row("A9", "denial of a peer: spoofed, no MAC or wrong (CVE-2015-1799)", SIGNED_PEERS, "authentication",
        no_mac_or_wrong),
    Row("A9", "denial of a peer: times of next year", ("peer",), "bogus",
        lambda target: send_all(target, [lie(target, origin=os.urandom(8), transmit=packets.timestamp(
            time.time_ns() + 31_536_000_000_000_000))])),
    Row("A9", "broadcast tear-down: no MAC or wrong (CVE-2015-7979)", SIGNED_GROUPS, "authentication", no_mac_or_wrong),
    Row("A9", "broadcast tear-down: times of next year, no MAC", SIGNED_GROUPS, "authentication", future_stamps),
    Row("A9", "broadcast deja vu: the last one (CVE-2015-7973)", ("broadcast", *SIGNED_GROUPS), "not-newer",
        last_reply),
    Row("A9", "broadcast deja vu: older ones (CVE-2015-7973)", ("broadcast", *SIGNED_GROUPS), "not-newer",
        older_replies),
    Row("A9", "broadcasts of a stranger without the key: no session", SIGNED_GROUPS, "authentication", from_a_stranger),
    Row("A9", "interleave pivot: origins that can be learnt (CVE-2016-1548)", ("interleaved", "peer"), "bogus",
        learnt_origins),
    Row("A10", "no MAC although a key is configured", (*SIGNED, *SIGNED_PEERS, *SIGNED_GROUPS), "authentication",
        no_mac),
    Row("A10", "key id 0", ("client-hmac", "client-md5"), "authentication", key_id_0),
    Row("A10", "another key of the victim", ("client-hmac", "client-md5", *SIGNED_PEERS, "broadcast-hmac"),
        "authentication", skeleton_key),
    Row("A10", "an unknown key", SIGNED, "authentication", unknown_key),
    Row("A10", "same id and password, other algorithm", SIGNED, "authentication", other_algorithms),
    Row("A10", "guessed digests", SIGNED, "authentication", guessed_macs),
    Row("A10", "signed, then changed", (*SIGNED, *SIGNED_PEERS), "authentication", changed_header),
    Row("A10", "the MAC of another reply", (*SIGNED, *SIGNED_PEERS), "authentication", mac_of_another_reply),
    Row("A10", "MACs of 4, 20, 24 octets", SIGNED, "authentication", mac_lengths),
    Row("A10", "impossible MAC lengths", SIGNED, "bad-length, bad-extension", impossible_mac_lengths),
    Row("A10", "truncated MACs", SIGNED, "by length", truncated_macs),
    Row("A10", "MD5 length extension", ("client-md5",), "bad-length", extended_md5),
    Row("A16", "too short, odd lengths", ("client", "client-ipv6"), "too-short, bad-length", short_and_odd),
    Row("A16", "up to the largest datagram", ("client", "client-ipv6"), "bad-extension", huge),
    Row("A16", "forged overlapping fragments", ("client",), "", overlapping_fragments),
    Row("A18", "requests tell nothing", (*PLAIN, "client-link-local"), "", is_minimal),
    Row("A20", "8000 replies and kisses at once", ("client", "client-hmac"), "bogus", many_replies),
    Row("A20", "90 faults in turn, right origin, server silent", ("client-hmac",), "authentication", alternating_faults,
        answered=False, silent=True, moves=("code",)),
    Row("A20", "30 ICMP errors in turn, server silent", ("client",), "send_failures", alternating_complaints,
        answered=False, silent=True, moves=("code",)),
    Row("A21", "an IPv4-mapped source", ("client-ipv6",), "wrong-source", mapped_source),
    Row("A21", "the same link-local address on another link", ("client-link-local",), "", other_link),
    Row("A22", "the right reply in the other of its VPN instances", ("client-two-vpns",), "wrong-source",
        to_public_instance),
    Row("A22", "the right reply in another VPN instance", ("client-vpn",), "", to_public_instance),
]


# --- carrying them out

def chosen(attacks):
    return [row for row in ROWS if not attacks or row.attack in attacks]


class Campaign:
    """All rows of the table, side by side: each association is struck when it is at work."""

    PATIENCE = 180  # s

    def __init__(self, lab, rows):
        self.lab, self.targets, self.victims = lab, [], []
        for mode in MODES.values():
            here = [row for row in rows if mode.name in row.modes]
            if not here:
                continue
            targets = [mode.target(lab, row) for row in here]
            victim = lab.victim(mode.name, *mode.lines(), *(line for target in targets for line in target.lines()))
            for target in targets:
                target.victim = victim
            self.victims.append(victim)
            self.targets += targets

    def is_done(self):
        return all(target.is_over() for target in self.targets)

    def look(self):
        """Lets a target be struck once its victim follows and it has been heard several times."""
        following = {victim: victim.status()["synchronized"] for victim in self.victims}
        for target in self.targets:
            target.ready = following[target.victim] and target.is_at_work()

    def result(self, target):
        if target.result is None:
            return f"not struck: {target.requests} requests, {target.victim.code(target.address)}"
        pause = target.mode.pause
        if target.row.answered and target.result == "ok" and pause:
            if target.pause is None:
                return "no further request came"
            if not pause[0] <= target.pause <= pause[1]:
                return f"the next request came after {target.pause:.1f} s"
        return target.result

    def end(self):
        for victim in self.victims:
            victim.daemon.stop()

    def rows(self):
        for target in self.targets:
            row = target.row
            yield row.attack, target.mode.name, row.title, row.counter or "none", self.result(target)


def report(rows):
    """Prints the table; True if all is well."""
    rows = sorted(rows, key=lambda row: int(row[0][1:]))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)) + "  " + row[4])
    wrong = [row for row in rows if row[4] != "ok"]
    print(f"{len(rows)} rows, {len(wrong)} failed")
    return not wrong


def list_rows():
    for row in ROWS:
        print(f"{row.attack:4} {row.title} [{', '.join(row.modes)}]: {row.counter or 'none'}")
    for attack, mode, title in (*trials.titles(), *service.titles()):
        print(f"{attack:4} {title} [{mode}]")


def main():
    arguments = sys.argv[1:]
    if "--list" in arguments:
        return list_rows()
    noonmark.need_root()
    with noonmark.test(480) as test:
        lab = world.Lab(test)
        with lab.hub.in_background():
            campaign = Campaign(lab, chosen(arguments))
            long_ones = trials.start(lab, arguments)
        end = time.monotonic() + campaign.PATIENCE
        while time.monotonic() < end and not (campaign.is_done() and all(trial.result for trial in long_ones)):
            lab.hub.serve(0.5)
            campaign.look()
            for trial in long_ones:
                trial.look()
        results = [*campaign.rows(), *(trial.row() for trial in long_ones)]
        campaign.end()
        results += service.carry_out(lab, arguments)
        if not report(results):
            raise noonmark.Failure("attacks that change something")


if __name__ == "__main__":
    main()
