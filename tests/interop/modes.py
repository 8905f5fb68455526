"""Association modes beside others' daemons: symmetric and interleaved with chronyd, access and limits with chronyd and
NTPsec's ntpd; broadcast, multicast and manycast between our own.

All scenarios run at once, each in namespaces of its own. What went over the wire is read from the wire: a packet is
interleaved if its origin timestamp is the receive timestamp of the packet that it answers (RFC 9769). At the end stands
a table.
"""

import itertools
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark
import peers
from noonmark import Failure, expect, wait_until

KEY, OTHER_KEY = 2, 12
PASSWORD, OTHER_PASSWORD = "0123456789abcdef", "0123456789abcdeg"
THEIR_KEYS = [(KEY, "aes-128-cmac", PASSWORD), (OTHER_KEY, "aes-128-cmac", OTHER_PASSWORD)]
KEY_LINES = [f"ntp-service authentication-keyid {id} authentication-mode aes-128-cmac {PASSWORD}"
             for id in (KEY, OTHER_KEY)]
RELIABLE = [f"ntp-service reliable authentication-keyid {id}" for id in (KEY, OTHER_KEY)]
FOLLOWED = {"system-peer", "survivor", "outlier"}
TOLERANCE_MS = 20
SERVED_OFFSET = 0.25  # s, by which our servers are ahead: what their clients must see
OUR_SERVER = ("--clock", f"virtual:offset={SERVED_OFFSET},frequency=0")
OUR_CLIENT = ("--clock", "virtual:offset=0.4,frequency=15")
POLL = "minpoll 3 maxpoll 3"
ETH_P_ALL = 3


def signed(key):
    return f" authentication-keyid {key}" if key else ""


# --- the wire

class Packet:
    """An NTP packet with the addresses, the ports and the hops of its datagram."""

    def __init__(self, source, target, ttl, data):
        self.source, self.target, self.ttl, self.data = source, target, ttl, data
        self.mode = data[0] & 7
        self.origin, self.receive, self.transmit = (data[at:at + 8] for at in (24, 32, 40))

    @classmethod
    def of_frame(cls, frame):
        """None: no NTP packet."""
        kind, content = frame[12:14], frame[14:]
        if kind == b"\x08\x00" and content[9] == socket.IPPROTO_UDP:
            length, ttl = 4 * (content[0] & 15), content[8]
            ends = [socket.inet_ntop(socket.AF_INET, content[at:at + 4]) for at in (12, 16)]
        elif kind == b"\x86\xdd" and content[6] == socket.IPPROTO_UDP:
            length, ttl = 40, content[7]
            ends = [socket.inet_ntop(socket.AF_INET6, content[at:at + 16]) for at in (8, 24)]
        else:
            return None
        ports = struct.unpack("!HH", content[length:length + 4])
        data = content[length + 8:]
        return cls(*ends, ttl, data) if 123 in ports and len(data) >= 48 else None


class Wire(threading.Thread):
    """All NTP packets that come to or leave from a namespace, in their order."""

    def __init__(self, namespace):
        super().__init__(daemon=True)
        self.packets = []
        with namespace.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.start()

    def run(self):
        while True:
            packet = Packet.of_frame(self.socket.recv(4096))
            if packet:
                self.packets.append(packet)

    def between(self, one, other):
        return [p for p in self.packets if {p.source, p.target} == {one, other}]

    def interleaved(self, sender, receiver):
        """How many packets of that sender were interleaved."""
        return sum(answer.origin == asked.receive != asked.transmit
                   for asked, answer in latest_of_the_other(self.between(sender, receiver)) if answer.source == sender)

    def to(self, target):
        return [p for p in self.packets if p.target == target]


def latest_of_the_other(packets):
    """Each packet with the last one that went the other way."""
    last = {}
    for packet in packets:
        if packet.target in last:
            yield last[packet.target], packet
        last[packet.source] = packet


class Link:
    """Our namespace and another one, with a subnet of each family for each number."""

    def __init__(self, test, name, numbers, net):
        self.net = net
        self.ours, self.theirs = test.namespace(f"{name}o"), test.namespace(f"{name}t")
        noonmark.connect(self.ours, "eth0", self.theirs, "eth0")
        for namespace, host in ((self.ours, 1), (self.theirs, 2)):
            namespace.address("eth0", *(f"{address(net, number, host, family)}/{24 if family == 4 else 64}"
                                        for number, family in numbers))


def address(net, number, host, family):
    return f"10.{net}.{number}.{host}" if family == 4 else f"fd00:{net}:{number:x}::{host}"


def family_word(family):
    return "ipv6 " if family == 6 else ""


def has_the_time(daemon):
    return abs(daemon.status()["true_offset_ms"]) < TOLERANCE_MS


def wait_for_the_time(daemon, seconds=30):
    wait_until(lambda: has_the_time(daemon), seconds, lambda: f"{daemon.name} has the time\n"
               f"{daemon.text('display ntp-service status')}\n{daemon.text('display ntp-service explain')}")


def drops(daemon, reason, family=4):
    shown = daemon.display(f"display ntp-service statistics packet{' ipv6' if family == 6 else ''}")
    return shown["drop_reasons"].get(reason, 0)


def chronyd_with(test, namespace, *lines):
    chronyd = peers.Chronyd(test, namespace, THEIR_KEYS, lines=lines)
    wait_until(chronyd.is_serving, 20, lambda: f"chronyd answers\n{chronyd.process.log()}")
    return chronyd


# --- symmetric peers

class Peering:
    """chronyd's `peer` and ours: one association of each kind, each in a subnet of its own."""

    def __init__(self, number, is_passive, key, interleaves, family):
        self.number, self.is_passive, self.key = number, is_passive, key
        self.interleaves, self.family = interleaves, family

    def __str__(self):
        role = "our passive side" if self.is_passive else "unicast-peer"
        key = {0: "no key", KEY: "CMAC", OTHER_KEY: "CMAC, another password"}[self.key]
        return f"{role}, {key}{', xleave' if self.interleaves else ''}, IPv{self.family}"

    def is_right(self):
        return self.key != OTHER_KEY

    def line(self, net):
        theirs = address(net, self.number, 2, self.family)
        return (f"ntp-service unicast-peer {family_word(self.family)}{theirs} {'version 4 ' * (self.family == 4)}{POLL}"
                f"{signed(self.key)}{' interleaved' * self.interleaves}")

    def their_line(self, net, follows):
        return (f"peer {address(net, self.number, 1, self.family)} {POLL}{f' key {self.key}' * bool(self.key)}"
                f"{' xleave' * self.interleaves}{' noselect' * (not follows)}")


PEERINGS = [Peering(number, *kind) for number, kind in enumerate(
    [kind for kind in itertools.product((False, True), (0, KEY), (False, True), (4, 6)) if not kind[0] or kind[1]] +
    [(False, OTHER_KEY, False, 4), (True, OTHER_KEY, False, 4)])]


def peers_of(test, name, net, is_ours_the_source):
    """chronyd as peer"""
    link = Link(test, name, [(p.number, p.family) for p in PEERINGS], net)
    wire = Wire(link.ours)
    role = ["allow"] if is_ours_the_source else ["local stratum 2", "allow 0/0", "allow ::/0"]
    ours = test.noonmarkd(f"{name}-ours", *(OUR_SERVER if is_ours_the_source else OUR_CLIENT), namespace=link.ours)
    ours.configure(*KEY_LINES, *RELIABLE, "undo ntp-service server disable", "undo ntp-service ipv6 server disable",
                   *(["ntp-service refclock-master 3"] if is_ours_the_source else []),
                   *(p.line(net) for p in PEERINGS if not p.is_passive))
    chronyd = chronyd_with(test, link.theirs, *role, *(p.their_line(net, is_ours_the_source) for p in PEERINGS))
    yield
    for p in PEERINGS:
        here, there = (address(net, p.number, host, p.family) for host in (1, 2))
        if not p.is_right():
            session = ours.session(there)
            expect(session is None or session["reach"] == 0, f"{p}: {session}")
            expect(not chronyd.sources()[here]["reached"], f"{p}: chronyd is reached")
            yield f"{p}: neither follows"
            continue
        if is_ours_the_source:
            wait_until(lambda: chronyd.sources()[here]["selectable"], 90, lambda: f"{p}: {chronyd.sources()}", 1)
        else:
            ours.wait_code(FOLLOWED, there, seconds=90)
        session = ours.session(there)
        expect(session["local_mode"] == ("passive" if p.is_passive else "active"), f"{p}: {session['local_mode']}")
        if p.interleaves:
            wait_until(lambda: min(wire.interleaved(here, there), wire.interleaved(there, here)) >= 2, 60,
                       lambda: f"{p}: interleaved packets: {wire.interleaved(here, there)} of ours, "
                               f"{wire.interleaved(there, here)} of theirs", 1)
            wait_until(lambda: chronyd.interleaves(here), 40, f"{p}: chronyd's samples are interleaved", 1)
        else:
            expect(wire.interleaved(here, there) == 0, f"{p}: interleaved packets of ours")
        yield str(p)
    if not is_ours_the_source:
        wait_for_the_time(ours)


def peers_we_follow(test):
    """chronyd's peer, followed by us"""
    return peers_of(test, "pf", 1, False)


def peers_that_follow(test):
    """chronyd's peer, following us"""
    return peers_of(test, "pt", 2, True)


# --- client and server, interleaved

def interleaved_server(test):
    """chronyd's client of our server, xleave"""
    cases = list(enumerate(itertools.product((0, KEY), (4, 6))))
    link = Link(test, "is", [(number, family) for number, (_, family) in cases], 3)
    ours = test.noonmarkd("xleave-server", *OUR_SERVER, namespace=link.ours)
    ours.configure(*KEY_LINES, "ntp-service refclock-master 3")
    chronyd = chronyd_with(test, link.theirs, "port 0", *(
        f"server {address(3, number, 1, family)} iburst minpoll 2 maxpoll 3 xleave{f' key {key}' * bool(key)}"
        for number, (key, family) in cases))
    yield
    for number, (key, family) in cases:
        server = address(3, number, 1, family)
        wait_until(lambda: chronyd.sources()[server]["selectable"], 60, lambda: f"{chronyd.sources()}", 1)
        wait_until(lambda: chronyd.interleaves(server), 60, "chronyd's samples are interleaved", 1)
        yield f"{'CMAC' if key else 'no key'}, IPv{family}"
    ours.configure("ntp-service interleaved disable")
    server = address(3, 0, 1, 4)
    wait_until(lambda: not chronyd.interleaves(server), 60, "chronyd is back in the basic mode", 1)
    wait_until(lambda: chronyd.sources()[server]["selectable"], 30, "chronyd still follows", 1)
    yield "interleaved disable: basic again"


def interleaved_client(test):
    """our client of chronyd, interleaved where it helps"""
    cases = list(enumerate(itertools.product((0, KEY), (4, 6))))
    link = Link(test, "ic", [(number, family) for number, (_, family) in cases], 4)
    wire = Wire(link.ours)
    peers.Chronyd(test, link.theirs, THEIR_KEYS)
    ours = test.noonmarkd("xleave-client", *OUR_CLIENT, namespace=link.ours)
    ours.configure(*KEY_LINES, *(
        f"ntp-service unicast-server {family_word(family)}{address(4, number, 2, family)} "
        f"{'version 4 ' * (family == 4)}iburst {POLL}{signed(key)}" for number, (key, family) in cases))
    yield
    ours.wait_synchronized(40)
    wait_for_the_time(ours)
    for number, (key, family) in cases:
        here, there = (address(4, number, host, family) for host in (1, 2))

        def answered():
            expect(ours.code(there) in FOLLOWED, f"{there}: {ours.text('display ntp-service explain')}")
            expect(has_the_time(ours), f"the clock has moved: {ours.text('display ntp-service status')}")
            return wire.interleaved(there, here)
        wait_until(lambda: answered() >= 8, 120,
                   lambda: f"{there}: {wire.interleaved(there, here)} interleaved replies", 2)
        asked = [p for p in wire.between(here, there) if p.source == here]
        kept = asked[-1].origin != bytes(8)
        yield f"{'CMAC' if key else 'no key'}, IPv{family}: tried, {'kept' if kept else 'given up'}"
    for number, (_, family) in cases:
        expect(ours.code(address(4, number, 2, family)) in FOLLOWED, ours.text("display ntp-service explain"))
    wait_for_the_time(ours, 1)


# --- access and limits

ALLOWED = {1: "synchronization", 2: "server", 3: "limited", 4: "limited", 5: "", 6: "query", 7: "peer"}


def access(test):
    """others' clients, with access levels, limits and kiss codes"""
    home = test.namespace("acl")
    clients = {}
    for number in ALLOWED:
        clients[number] = test.namespace(f"acl{number}")
        noonmark.connect(home, f"eth{number}", clients[number], "eth0")
        for namespace, device, host in ((home, f"eth{number}", 1), (clients[number], "eth0", 2)):
            namespace.address(device, f"{address(5, number, host, 4)}/24", f"{address(5, number, host, 6)}/64")
    ours = test.noonmarkd("access", *OUR_SERVER, namespace=home)
    lines = []
    for list_number, level in enumerate(sorted({level for level in ALLOWED.values() if level}), 2000):
        here = [number for number, allowed in ALLOWED.items() if allowed == level]
        lines += [f"acl {list_number}", *(f"rule permit source {address(5, n, 0, 4)} 0.0.0.255" for n in here), "quit",
                  f"acl ipv6 {list_number}", *(f"rule permit source fd00:5:{n:x}:: 64" for n in here), "quit",
                  f"ntp-service access {level} {list_number} ipv6 {list_number}"]
    ours.configure(*lines, *KEY_LINES, "ntp-service refclock-master 3", "ntp-service kod-enable",
                   "ntp-service discard min-interval 1 avg-interval 3")
    wires = {number: Wire(namespace) for number, namespace in clients.items()}
    fast = "minpoll -2 maxpoll -2"  # four requests in a second

    def chronyd(number, options, family=4):
        return chronyd_with(test, clients[number], "port 0", f"server {address(5, number, 1, family)} {options}")

    def ntpd(number, word):
        return peers.Ntpd(test, clients[number], THEIR_KEYS, lines=[f"{word} {address(5, number, 1, 4)} {peers.POLL}"])
    their = {1: chronyd(1, peers.POLL, 6), 2: ntpd(2, "server"), 3: chronyd(3, f"{fast} xleave"), 4: ntpd(4, "server"),
             5: chronyd(5, peers.POLL), 6: ntpd(6, "server"), 7: ntpd(7, "peer")}
    yield

    def is_followed(number):
        return any(source["selectable"] for source in their[number].sources().values())
    for number in (1, 2, 7):
        wait_until(lambda: is_followed(number), 60, lambda: f"{their[number].name} {ALLOWED[number]} follows: "
                   f"{their[number].sources()}", 1)
        yield f"{their[number].name}{' peer line' if number == 7 else ''}, {ALLOWED[number]}: served"

    def kisses(number):
        return {p.data[12:16] for p in wires[number].packets if p.mode in (2, 4) and p.data[1] == 0}
    wait_until(lambda: b"RATE" in kisses(3), 60, lambda: f"RATE, got {kisses(3)}", 1)
    for number in (3, 4):
        wait_until(lambda: is_followed(number), 60, lambda: f"{their[number].name} survives its limit: "
                   f"{their[number].sources()}", 1)
        answer = "RATE, and it" if b"RATE" in kisses(number) else "no kiss, it"
        yield f"{their[number].name}, limited: {answer} follows"
    for number in (5, 6):
        expect(not is_followed(number), f"{their[number].name} {ALLOWED[number]} is served")
        replies = [p for p in wires[number].packets if p.mode == 4]
        expect(all(p.data[1] == 0 and p.data[12:16] == b"DENY" and p.data[16:24] == bytes(8) for p in replies),
               "a denied source is told more than DENY")
        wait_until(lambda: drops(ours, "access-denied") > 0, 20, "denials are counted")
        yield f"{their[number].name}, {ALLOWED[number] or 'no level'}: {len(replies)} kisses DENY, not followed"


# --- groups

class Group:
    """One way to find servers by a group, on an interface of its own."""

    def __init__(self, number, name, server, client, family, group, ttl):
        self.number, self.name, self.server, self.client = number, name, server, client
        self.family, self.group, self.ttl = family, group, ttl
        self.is_manycast = name.startswith("manycast")
        self.is_interleaved = "interleaved" in server

    def server_line(self):
        """Without options."""
        return self.server.split(" version")[0].split(" ttl")[0]


GROUPS = [
    Group(1, "broadcast", "broadcast-server version 4", "broadcast-client", 4, "255.255.255.255", None),
    Group(2, "broadcast, interleaved", "broadcast-server version 4 interleaved", "broadcast-client", 4,
          "255.255.255.255", None),
    Group(3, "multicast, ttl 5", "multicast-server 224.0.1.1 version 4 ttl 5", "multicast-client 224.0.1.1", 4,
          "224.0.1.1", 5),
    Group(4, "multicast IPv6, ttl 6", "multicast-server ipv6 ff0e::101 ttl 6", "multicast-client ipv6 ff0e::101", 6,
          "ff0e::101", 6),
    Group(5, "manycast, ttl 7", "manycast-server 224.0.1.1", "manycast-client 224.0.1.1 ttl 7", 4, "224.0.1.1", 7),
    Group(6, "manycast IPv6, ttl 8", "manycast-server ipv6 ff0e::101", "manycast-client ipv6 ff0e::101 ttl 8", 6,
          "ff0e::101", 8),
]


class Groups:
    """A server and a client of ours, an interface for each group; with or without key; in a VPN instance or not."""

    def __init__(self, test, name, net, key, in_vpn):
        self.net, self.key = net, key
        self.server_side, self.client_side = test.namespace(f"{name}s"), test.namespace(f"{name}c")
        home = test.namespace(f"{name}h") if in_vpn else self.client_side
        self.devices = {g: f"{name}{g.number}" for g in GROUPS}
        self.vpn = self.client_side.name if in_vpn else ""
        for g, device in self.devices.items():
            noonmark.connect(self.client_side, device, self.server_side, device)
            self.add_addresses(g)
        self.wire = Wire(self.client_side)
        self.client = test.noonmarkd(f"{name}-client", *OUR_CLIENT, namespace=home)
        self.server = test.noonmarkd(f"{name}-server", *OUR_SERVER, namespace=self.server_side)
        first = self.devices[GROUPS[0]]
        vpn = [f"ntp-service source-interface {first} vpn-instance {self.vpn}"] if in_vpn else []
        for daemon in (self.client, self.server):
            daemon.configure(*KEY_LINES[:1], *RELIABLE[:1], *["ntp-service authentication enable"] * bool(key),
                             *(vpn if daemon is self.client else ["ntp-service refclock-master 3"]))
        self.configure_clients()
        self.configure_servers()

    def add_addresses(self, group):
        for namespace, host in ((self.server_side, 1), (self.client_side, 2)):
            namespace.address(self.devices[group], f"{address(self.net, group.number, host, 4)}/24",
                              f"{address(self.net, group.number, host, 6)}/64")

    def server_address(self, group):
        return address(self.net, group.number, 1, group.family)

    def configure_clients(self):
        self.client.configure(*(line for g in GROUPS for line in (
            f"interface {self.devices[g]}", f"ntp-service {g.client}{signed(self.key) * g.is_manycast}", "quit")))

    def configure_servers(self, groups=GROUPS):
        self.server.configure(*(line for g in groups for line in (
            f"interface {self.devices[g]}", f"ntp-service {g.server}{signed(self.key) * (not g.is_manycast)}", "quit")))

    def restart_servers(self, groups):
        """A line that is new sends at once."""
        self.server.configure(*(line for g in groups for line in (
            f"interface {self.devices[g]}", f"undo ntp-service {g.server_line()}", "quit")))
        self.configure_servers(groups)

    def session(self, group):
        return self.client.session(self.server_address(group), self.vpn)

    def wait_followed(self, group, seconds=60):
        self.client.wait_code(FOLLOWED, self.server_address(group), self.vpn, seconds)

    def check_ttl(self, group):
        near = (f"10.{self.net}.{group.number}.", f"fd00:{self.net}:{group.number:x}:", "fe80:")
        found = {p.ttl for p in self.wire.to(group.group) if p.source.startswith(near)}
        expect(group.ttl is None or found == {group.ttl}, f"{group.name}: the packets' ttl is {found}")

    def check(self):
        for g in GROUPS:
            wait_until(lambda: self.session(g) is not None, 75,
                       lambda: f"{g.name}: a session with {self.server_address(g)}\n"
                               f"{self.client.text('display ntp-service sessions')}")
            self.wait_followed(g)
            self.check_ttl(g)
        offset = self.client.status()["true_offset_ms"]
        expect(abs(offset - SERVED_OFFSET * 1000) < TOLERANCE_MS, f"the clock is {offset} ms from true time")

    def check_listening(self):
        """Broadcast sessions live by the broadcasts alone."""
        for g in GROUPS:
            if not g.is_manycast:
                wait_until(lambda: self.session(g)["peer_mode"].startswith("b"), 80,
                           lambda: f"{g.name}: a broadcast is taken: {self.session(g)}")
                self.wait_followed(g)


def groups_of(test, name, net, key, in_vpn):
    groups = Groups(test, name, net, key, in_vpn)
    yield groups
    groups.check()
    yield from (g.name for g in GROUPS)
    # The broadcasts came while the delay was measured: these are the next ones.
    groups.restart_servers([g for g in GROUPS if not g.is_manycast and not g.is_interleaved])
    groups.check_listening()
    yield "broadcasts are followed once the delay is known"


def groups_plain(test):
    """ours to ours, no key"""
    steps = groups_of(test, "gp", 6, 0, False)
    groups = next(steps)
    yield
    yield from steps
    yield from flaps(groups)
    broadcasts = [p for p in groups.wire.packets if p.mode == 5 and p.source == address(6, 2, 1, 4)]
    pairs = list(zip(broadcasts, broadcasts[1:]))
    expect(pairs and any(later.origin != bytes(8) for _, later in pairs), "no interleaved broadcast")
    yield "an interleaved broadcast tells when the one before left"
    yield from in_interface_disable(groups)


def groups_signed(test):
    """ours to ours, CMAC, authentication enable"""
    steps = groups_of(test, "gk", 7, KEY, False)
    next(steps)
    yield
    yield from steps


def groups_in_vpn(test):
    """ours to ours in a VPN instance, CMAC"""
    steps = groups_of(test, "gv", 8, KEY, True)
    next(steps)
    yield
    yield from steps


def flaps(groups):
    """An interface that goes down and up again, an address that goes and comes: all heals without a command."""
    for g in (GROUPS[0], GROUPS[2], GROUPS[3], GROUPS[4]):
        groups.client_side.ip("link", "set", groups.devices[g], "down")
        groups.server_side.ip("address", "flush", "dev", groups.devices[g], "scope", "global")
    time.sleep(2)
    for g in (GROUPS[0], GROUPS[2], GROUPS[3], GROUPS[4]):
        groups.client_side.ip("address", "flush", "dev", groups.devices[g], "scope", "global")
        groups.client_side.ip("link", "set", groups.devices[g], "up")
        groups.add_addresses(g)
    time.sleep(3)
    groups.restart_servers([GROUPS[0], GROUPS[2], GROUPS[3]])
    for g in (GROUPS[0], GROUPS[2], GROUPS[3], GROUPS[4]):
        def is_heard():
            session = groups.session(g)
            return session and session["since_last_packet_s"] is not None and session["since_last_packet_s"] < 5
        wait_until(is_heard, 60, lambda: f"{g.name} after a flap: {groups.session(g)}\n"
                   f"{groups.client.text('display ntp-service explain')}")
        groups.wait_followed(g, 60)
    yield "interfaces down and up, addresses gone and back: healed"


def is_answered(namespace, target, seconds=0.5):
    with namespace.entered():
        asker = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
    with asker:
        asker.settimeout(seconds)
        asker.sendto(bytes([4 << 3 | 3]) + bytes(39) + struct.pack("!d", time.time()), (target, 123))
        try:
            return len(asker.recv(2048)) == 48
        except (TimeoutError, ConnectionRefusedError):
            return False


def in_interface_disable(groups):
    group, other = GROUPS[0], GROUPS[2]
    device, near = groups.devices[group], groups.client_side
    target, spared = address(6, 1, 1, 4), address(6, 3, 1, 4)
    expect(is_answered(near, target), "no answer before")
    groups.server.configure(f"interface {device}", "ntp-service in-interface disable", "quit")
    expect(not is_answered(near, target) and is_answered(near, spared), "in-interface disable")
    expect(is_answered(near, address(6, 1, 1, 6)), "IPv6 is not concerned")
    expect(drops(groups.server, "interface-disabled") >= 1, "not counted")
    groups.server.configure(f"interface {device}", "undo ntp-service in-interface disable", "quit")
    expect(is_answered(near, target), "no answer after undo")
    yield "in-interface disable: silence there, and there alone"


SCENARIOS = [peers_we_follow, peers_that_follow, interleaved_server, interleaved_client, access, groups_plain,
             groups_signed, groups_in_vpn]


def main():
    noonmark.need_root()
    peers.fetch()
    wanted = sys.argv[1:]
    scenarios = [s for s in SCENARIOS if not wanted or s.__name__ in wanted]
    with noonmark.test(235) as test:
        running = [(scenario, scenario(test)) for scenario in scenarios]
        for _, steps in running:
            next(steps)
        table, failed = [], []
        for scenario, steps in running:
            try:
                for row in steps:
                    table.append((scenario.__doc__, row, "ok"))
                    print(f"ok: {scenario.__doc__}: {row}", flush=True)
            except Failure as failure:
                table.append((scenario.__doc__, str(failure).splitlines()[0], "FAILED"))
                failed.append(f"{scenario.__doc__}: {failure}")
                print(f"failed: {failed[-1]}", flush=True)
        width = [max(len(row[column]) for row in table) for column in (0, 1)]
        for row in table:
            print(f"{row[0]:{width[0]}}  {row[1]:{width[1]}}  {row[2]}")
        expect(not failed, f"{len(failed)} scenarios failed")


if __name__ == "__main__":
    main()
