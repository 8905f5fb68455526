"""Attacks on a server: forged and replayed requests, amplification, lengths, floods. What clients may ask changes no
state, and after each row the server still answers."""

import dataclasses
import os
import random
import socket
import struct
import time
import typing

import control
import lab as world
import noonmark
import packets
from noonmark import Failure, expect
from packets import Key, kiss

PASSWORD = "Noonmark-under-attack-0123456789"  # 32 octets: it could be an AES key
KEYS = (Key(5, "md5", PASSWORD), Key(7, "hmac-sha256", PASSWORD), Key(3, "aes-128-cmac", "0123456789abcdef"),
        Key(4, "aes-256-cmac", PASSWORD))
HUB4, HUB6 = "10.8.0.1", "fd08::1"
PORT = packets.NTP_PORT
MEMORY_BOUND = 32 << 20  # octets that a flood may make the server grow by: its table of clients, of a fixed size
FLOOD_SECONDS = 20
FLOOD_SOURCES = 1_000_000
FLOOD_ARRIVES = 150_000  # at least: more than a table of 2^17 clients holds; the rest is lost in front of a full socket


@dataclasses.dataclass
class Row:
    attack: str
    title: str
    counter: str
    strike: typing.Callable  # from the Service to the number of packets, the counters that must move, or None: any
    family: int = 4


class Client:
    """An honest one, or a dishonest one with a socket of its own."""

    def __init__(self, hub, family=4, port=0, address=None):
        self.family = family
        with hub.namespace.entered():
            self.socket = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind((address or (HUB4 if family == 4 else HUB6), port))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.target = (world.HOME4 if family == 4 else world.HOME6, PORT)

    def send(self, data):
        self.socket.sendto(data, self.target)

    def ask(self, key=None, version=4, tries=1, seconds=1.0):
        """The reply to a request of this moment, checked; None if none comes."""
        for _ in range(tries):
            asked = packets.request(version)
            octets = asked.octets()
            self.send(octets + (key.mac(octets) if key else b""))
            reply = self.wait_for(asked.transmit, seconds)
            if reply is not None:
                return reply
        return None

    def wait_for(self, origin, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(2048)
            except (TimeoutError, ConnectionError):
                continue
            if data[24:32] == origin:
                return data
        return None

    def received(self):
        """All that has come."""
        self.socket.settimeout(0)
        replies = []
        while True:
            try:
                replies.append(self.socket.recv(65536))
            except BlockingIOError:
                return replies
            except ConnectionError:
                continue


class Service:
    running = []  # all have the same port: one at a time

    def __init__(self, lab, name="server", *lines):
        self.running.append(self)
        self.lab, self.hub = lab, lab.hub
        self.victim = lab.victim(
            name, *lines, "undo crypto weak-algorithm disable",
            "undo ntp-service authentication-password complexity-check enable",
            *(key.line() for key in KEYS), "ntp-service refclock-master 3", clock="virtual:offset=0.02,frequency=0")
        self.clients = {4: Client(lab.hub), 6: Client(lab.hub, 6)}
        self.honest = {4: Client(lab.hub), 6: Client(lab.hub, 6)}

    @classmethod
    def stop_all(cls):
        while cls.running:
            cls.running.pop().victim.daemon.stop()

    def send_all(self, datagrams, family=4):
        """From a client; slowly enough that none is lost. Gives their number."""
        count = 0
        for count, datagram in enumerate(datagrams, 1):
            self.clients[family].send(datagram)
            if count % 100 == 0:
                self.catch_up(family)
        return count

    def catch_up(self, family=4):
        """Requests are answered in their order."""
        expect(self.honest[family].ask() is not None, "an honest request is not answered")
        self.own_requests[family] += 1

    def look(self):
        status = self.victim.status()
        status.pop("reference_time")  # of a local clock: now
        return {"status": status, "sessions": self.victim.shell.display("display ntp-service sessions")}

    def carry_out(self, row):
        self.own_requests = {4: 0, 6: 0}
        for client in (*self.clients.values(), *self.honest.values()):
            client.received()
        state, counters, lines = self.look(), self.victim.counters(row.family), self.victim.log_lines()
        expected = row.strike(self)
        if isinstance(expected, int):
            expected = {row.counter: expected} if row.counter else {}
        time.sleep(0.05)
        counted = world.moved(counters, self.victim.counters(row.family))
        for name in ("received", "processed"):
            counted[name] = counted.get(name, 0) - self.own_requests[row.family]
        counted = {name: number for name, number in counted.items() if number}
        changes = list(world.differences(state, self.look()))
        expect(not changes, f"the state has changed: {'; '.join(changes)}")
        if expected is None:
            received = counted.pop("received", 0)
            expect(received == sum(counted.values()), f"{received} received, but {counted}")
        else:
            wanted = {**expected, "received": sum(expected.values())} if expected else {}
            expect(counted == wanted, f"the counters moved by {counted} instead of {wanted}")
        lines = self.victim.log_lines() - lines
        expect(lines <= 1, f"{lines} log lines")
        for key in (None, *KEYS):
            reply = self.honest[row.family].ask(key)
            expect(reply is not None and reply[0] & 7 == 4, "an honest request is not answered any more")
            expect(not key or reply[48:] == key.mac(reply[:48])[:len(reply) - 48], "the reply's MAC is wrong")

    def expect_silence(self):
        time.sleep(0.05)
        replies = [reply for client in self.clients.values() for reply in client.received()]
        expect(not replies, f"{len(replies)} replies")


# --- strikes

def reply_header(**fields):
    now = packets.timestamp(time.time_ns())
    return packets.Header(**{"reference": now, "origin": os.urandom(8), "receive": now, "transmit": now,
                             **fields}).octets()


def replies_nobody_asked_for(service):
    count = service.send_all(reply_header() for _ in range(100))
    service.expect_silence()
    return count


def spoofed_replies(service):
    for number in range(100):
        service.hub.spoof(reply_header(origin=packets.ZERO), (f"10.16.7.{number}", PORT), (world.HOME4, PORT))
    return 100


def kisses(service):
    return service.send_all(reply_header(**kiss(code)) for code in ("DENY", "RSTR", "RATE") * 10)


def replayed_request(service):
    """Each is answered: a server keeps nothing."""
    octets = packets.request().octets()
    return service.send_all([octets + KEYS[1].mac(octets)] * 20)


def own_reply(service):
    """What it answered comes back: no reply to a reply, or two servers would talk for ever."""
    client = service.clients[4]
    reply = client.ask()
    service.own_requests[4] += 1
    count = service.send_all([reply] * 5)
    service.expect_silence()
    return count


def request_from_itself(service):
    """A kernel takes no packet from outside that bears its own address."""
    for _ in range(5):
        service.hub.spoof(packets.request().octets(), (world.HOME4, PORT), (world.HOME4, PORT))
    return 0


def priming_the_pump(service):
    """Requests in a client's name, from its address and port; then it asks itself, with patience for limits."""
    client = service.clients[4]
    source = client.socket.getsockname()
    for number in range(2000):
        service.hub.spoof(packets.request().octets(), source, client.target)
        if number % 50 == 49:
            time.sleep(0.002)
    expect(client.ask(tries=5, seconds=0.5) is not None, "the client is not answered any more")
    service.own_requests[4] += 1
    return 2000


def crypto_naks(service):
    count = service.send_all(packets.request().octets() + bytes(4) for _ in range(10))
    service.expect_silence()
    return count


def signed_with(service, keys):
    requests = [packets.request(version).octets() for version in (3, 4) for _ in keys]
    count = service.send_all(octets + key.mac(octets)[:24] for octets, key in zip(requests, keys * 2))
    service.expect_silence()
    return count


def unknown_keys(service):
    return signed_with(service, [dataclasses.replace(KEYS[0], id=number) for number in (0, 1, 4711, (1 << 32) - 1)])


def wrong_keys(service):
    """Another password; another algorithm of the same length under the same id."""
    return signed_with(service, [dataclasses.replace(KEYS[0], password="Another-key-of-ours-9"),
                                 dataclasses.replace(KEYS[0], algorithm="hmac-md5"),
                                 dataclasses.replace(KEYS[0], algorithm="aes-256-cmac"),
                                 dataclasses.replace(KEYS[3], algorithm="md5"),
                                 dataclasses.replace(KEYS[2], id=4), dataclasses.replace(KEYS[1], id=5),
                                 dataclasses.replace(KEYS[1], algorithm="sha1")])


def changed_requests(service):
    """A signed request with one octet changed, each in turn but the first, where version and mode are."""
    octets = packets.request().octets()
    signed = octets + KEYS[0].mac(octets)
    count = service.send_all(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1:]
                             for at in [*range(1, 48), *range(52, len(signed))])
    service.expect_silence()
    return count


def shapes(random_numbers):
    """Requests of every mode, version and length, with garbage, zeros and extension fields behind the header."""
    first_octets = range(256)
    lengths = [*range(0, 125), *range(128, 400, 4), *range(400, 1473, 61), 1471, 1472]
    for length in lengths:
        chosen = first_octets if length <= 72 else random_numbers.sample(first_octets, 24)
        for first in chosen:
            yield bytes([first]) + random_numbers.randbytes(length - 1) if length else b""
            yield bytes([first]) + bytes(length - 1) if length else b""
    for version in range(8):
        for mode in range(8):
            head = bytes([version << 3 | mode]) + bytes(47)
            for kind in (0x0104, 0x0204, 0x0304, 0x0404, 0x2005, 0xF323):
                for size in (12, 16, 20, 28, 32, 36, 40, 64, 256, 1024, 1424):
                    yield head + packets.field(kind, size)
                    yield head + packets.field(kind, size) + bytes(20)
            for opcode in range(32):  # mode 6: read, write, traps; mode 7: monlist and others
                yield bytes([version << 3 | mode, opcode]) + bytes(10)
                yield bytes([version << 3 | mode, 0, 3, opcode + 20]) + bytes(44)


def amplification(service):
    """No reply is longer than its request, and a request gets one at most: a peer's (mode 1) of mode 2, else mode 4."""
    client, lengths, modes, answers = service.clients[4], {}, {}, {}
    for number, shape in enumerate(shapes(random.Random(15))):
        mark = struct.pack("!Q", 1 << 63 | number)
        shape = shape[:40] + mark + shape[48:] if len(shape) >= 48 else shape
        lengths[mark], modes[mark] = len(shape), 2 if shape[:1] and shape[0] & 7 == 1 else 4
        client.send(shape)
        if number % 100 == 99:
            service.catch_up()
            for reply in client.received():
                origin = reply[24:32]
                expect(origin in lengths and reply[0] & 7 == modes[origin], f"a strange reply: {reply.hex()}")
                expect(len(reply) <= lengths[origin], f"{lengths[origin]} octets get {len(reply)}")
                answers[origin] = answers.get(origin, 0) + 1
    expect(max(answers.values()) == 1, "a request has several replies")
    expect(len(answers) > 200, f"only {len(answers)} of {len(lengths)} requests were answered")
    return None


def lengths_to_the_largest(service):
    """In fragments, most of them. A reply is as long as a plain one, at most."""
    client = service.clients[4]
    for size in (0, 1, 47, 49, 1473, 2047, 2048, 2049, 2052, 4096, 9000, 32767, 65000, 65506, 65507):
        client.send((packets.request().octets() + bytes(max(0, size - 48)))[:size])
        time.sleep(0.005)
    service.expect_silence()
    return {"too-short": 3, "bad-length": 3, "bad-extension": 9}


def overlapping_fragments(service):
    """The first fragment is an honest request's; those that lie over it make the kernel drop them all."""
    source = service.clients[4].socket.getsockname()
    datagram = packets.udp(source, (world.HOME4, PORT), packets.request().octets())
    for identity in range(1, 21):
        for offset, end, more in ((0, 32, True), (16, 48, True), (8, 24, True), (32, len(datagram), False)):
            fragment = packets.ipv4(source[0], world.HOME4, datagram[offset:end], identity, offset, more)
            service.hub.raw4.sendto(fragment, (world.HOME4, 0))
    service.expect_silence()
    return 0


def endless_fragments(service):
    """First fragments that are never completed, each of another datagram: the kernel bounds what it keeps."""
    datagram = packets.udp((HUB4, 1), (world.HOME4, PORT), packets.request().octets())
    for identity in range(1, 2001):
        service.hub.raw4.sendto(packets.ipv4(HUB4, world.HOME4, datagram[:32], identity, 0, True), (world.HOME4, 0))
    return 0


def reply_flood(service):
    before = service.victim.counters(4)["received"]
    for _ in range(50):
        for code in ("DENY", "RATE", "RSTR", "XXXX"):
            for _ in range(50):
                service.clients[4].send(reply_header(**kiss(code)))
        time.sleep(0.002)
    time.sleep(0.1)
    return service.victim.counters(4)["received"] - before


def mapped_source(service):
    """From ::ffff:IPV4: no reply goes to that IPv4 address."""
    listener, before = service.clients[4], service.victim.counters(6)["received"]
    port = listener.socket.getsockname()[1]
    for _ in range(5):
        service.hub.spoof(packets.request().octets(), (f"::ffff:{HUB4}", port), (world.HOME6, PORT))
    service.expect_silence()
    return service.victim.counters(6)["received"] - before


def other_vpn(service):
    """A VPN instance that nothing is configured for is not listened in."""
    service.clients[4].socket.sendto(packets.request().octets(), ("10.9.0.2", PORT))
    service.expect_silence()
    return 0


def flood(service, sources=FLOOD_SOURCES, duration=FLOOD_SECONDS, patience=10):
    """Requests from so many addresses: no more memory than the table of clients has, and a real client is answered."""
    program = noonmark.BIN / "attack_flood"
    expect(program.exists(), f"{program} is not built")
    victim, client = service.victim, service.honest[4]
    before, received = victim.memory(), victim.counters(4)["received"]
    asked, answered, half = 0, 0, None
    running = service.lab.test.process("flood", program, world.HOME4, sources, duration,
                                       namespace=service.hub.namespace)
    start = time.monotonic()
    while running.is_running():
        asked += 1
        answered += client.ask(tries=patience, seconds=0.1) is not None
        if half is None and time.monotonic() - start > duration / 2:
            half = victim.memory()
        time.sleep(0.1)
    expect(running.stop() == 0, running.log())
    sent = int(running.log().split()[-1])
    arrived, after = victim.counters(4)["received"] - received, victim.memory()
    print(f"flood: {arrived} of {sent} requests arrived in {time.monotonic() - start:.0f} s, {answered} of {asked} "
          f"honest ones answered, {(after - before) >> 10} KiB more, {(after - half) >> 10} KiB in the second half")
    is_machine_busy = sent < 0.9 * sources
    expect(is_machine_busy or arrived >= min(FLOOD_ARRIVES, sources // 7), f"only {arrived} requests arrived")
    expect(answered >= 0.9 * asked, f"{answered} of {asked} honest requests were answered")
    expect(after - before <= MEMORY_BOUND, f"{after - before} octets more")
    expect(after - half <= 1 << 20, f"{after - half} octets more in the second half")
    return None


ROWS = [
    Row("A1", "replies that nobody asked for", "no-association", replies_nobody_asked_for),
    Row("A2", "replies with origin zero, spoofed sources", "no-association", spoofed_replies),
    Row("A3", "kiss codes", "no-association", kisses),
    Row("A4", "a signed request replayed: answered, nothing kept", "processed", replayed_request),
    Row("A5", "its own reply comes back", "no-association", own_reply),
    Row("A5", "a request from its own address", "", request_from_itself),
    Row("A7", "2000 requests in a client's name", "processed", priming_the_pump),
    Row("A8", "crypto-NAK in a request", "unknown-key", crypto_naks),
    Row("A10", "unknown keys, key id 0: silence", "unknown-key", unknown_keys),
    Row("A10", "wrong passwords, algorithms, ids: silence", "authentication", wrong_keys),
    Row("A10", "signed, then changed: silence", "authentication", changed_requests),
    Row("A15", "every mode, version, length: no longer reply", "any", amplification),
    Row("A16", "0 to 65507 octets", "by length", lengths_to_the_largest),
    Row("A16", "overlapping fragments", "", overlapping_fragments),
    Row("A16", "fragments that are never completed", "", endless_fragments),
    Row("A20", "10000 kisses at once", "no-association", reply_flood),
    Row("A21", "requests from an IPv4-mapped source", "processed", mapped_source, family=6),
    Row("A22", "a request in a VPN instance without service", "", other_vpn),
    Row("A19", "requests from 10^6 addresses", "any", flood),
]


def tells_nothing(lab):
    """A server without time of its own, and one that is switched off (A18)."""
    victim = lab.victim("unsynchronized", "undo ntp-service server disable", "ntp-service port 2123")
    client = Client(lab.hub)
    client.target = (world.HOME4, 2123)
    reply = client.ask()
    expect(reply is not None, "no reply")
    told = packets.Header.of(reply)
    expect((told.leap, told.stratum, told.root_delay, told.root_dispersion, told.reference_id, told.reference) ==
           (3, 0, 0, 0, 0, packets.ZERO), f"an unsynchronized server tells {told}")
    victim.daemon.configure("ntp-service server disable")
    expect(client.ask(seconds=0.2) is None, "a disabled server answers")


def ask_groups(lab):
    """One request in a victim's name would be answered by every server on the link (A15). The kernel passes nothing of
    groups on that are not joined; a manycast server answers requests to its group, with their length."""
    service = Service(lab, "groups", "ntp-service source-interface eth1", "ntp-service ipv6 source-interface eth1",
                      "interface eth1", "ntp-service manycast-server", "quit")
    scope = lab.scope("eth1")
    groups = {4: [(address, PORT) for address in ("10.8.0.255", "255.255.255.255")], 6: []}
    unheard = {4: [("224.0.0.1", PORT)], 6: [("ff02::1", PORT, 0, scope)]}
    try:
        ask_each_group(service, groups, unheard)
    finally:
        service.victim.daemon.stop()


def ask_each_group(service, groups, unheard):
    for family, client in service.clients.items():
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth1")
        if family == 4:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        expect(client.ask() is not None, "no reply")
        before = service.victim.counters(family)
        for group in groups[family] + unheard[family]:
            client.socket.sendto(packets.request().octets(), group)
        service.expect_silence()
        counted, count = world.moved(before, service.victim.counters(family)), len(groups[family])
        expect(counted == ({"received": count, "not-listening": count} if count else {}),
               f"the counters moved by {counted}")
    asked = packets.request()
    service.clients[4].socket.sendto(asked.octets(), (world.GROUP4, PORT))
    reply = service.clients[4].wait_for(asked.transmit, 1.0)
    expect(reply is not None and len(reply) == 48, "the manycast server's answer")


def silent_peers(service):
    """Mode 1 packets that no session may come of: a crypto-NAK (CVE-2015-7871), MACs without the right key."""
    now = packets.timestamp(time.time_ns())
    header = packets.Header(mode=1, reference=now, transmit=now).octets()
    count = service.send_all([header + bytes(4)] * 5)
    service.expect_silence()
    return count


def wrong_peers(service):
    now = packets.timestamp(time.time_ns())
    header = packets.Header(mode=1, reference=now, transmit=now).octets()
    count = service.send_all([header + dataclasses.replace(KEYS[1], password="Another-key-of-ours-9").mac(header),
                              header + struct.pack("!I", KEYS[1].id) + bytes(20)] * 5)
    service.expect_silence()
    return count


def unsigned_peers(service):
    """Each gets an answer of its own length, and no session."""
    client, count = service.clients[4], 20
    for _ in range(count):
        asked = packets.Header(mode=1, transmit=os.urandom(8)).octets()
        client.send(asked)
        reply = client.wait_for(asked[40:48], 1.0)
        expect(reply is not None and len(reply) == 48 and reply[0] & 7 == 2, "no answer of mode 2")
    return count


def unsigned_groups(service):
    """Broadcasts and symmetric passive packets that nobody asked for."""
    count = service.send_all(reply_header(mode=mode) for mode in (2, 5) for _ in range(10))
    service.expect_silence()
    return count


ROWS += [
    Row("A8", "crypto-NAK in a peer's packet: no session (CVE-2015-7871)", "unknown-key", silent_peers),
    Row("A9", "peer's packets with a wrong MAC: no session", "authentication", wrong_peers),
    Row("A9", "peer's packets without MAC: answered, no session", "processed", unsigned_peers),
    Row("A9", "broadcasts and passive packets that nobody asked for", "no-association", unsigned_groups),
]

LIMITED = ("acl 2000", "rule permit", "quit", "acl ipv6 2000", "rule permit", "quit",
           "ntp-service access limited 2000 ipv6 2000", "ntp-service kod-enable")


def sybil_peers(lab):
    """Who has the key starts no more sessions than allowed, and the clock follows none of so many liars (2018-7170)."""
    limit = 5
    reliable = [f"ntp-service reliable authentication-keyid {KEYS[1].id}", f"ntp-service max-dynamic-sessions {limit}"]
    service = Service(lab, "sybil", *reliable)
    now = packets.timestamp(time.time_ns() + 900_000_000_000)
    header = packets.Header(mode=1, reference=now, transmit=now).octets()
    before, offset = service.victim.counters(4), service.victim.true_offset()
    for number in range(50):
        service.hub.spoof(header + KEYS[1].mac(header), (f"10.16.9.{number}", PORT), (world.HOME4, PORT))
    service.victim.wait_received(4, before["received"] + 50)
    sessions = service.victim.session_count()
    counted = world.moved(before, service.victim.counters(4))
    expect(sessions <= limit + 1, f"{sessions} sessions, the local clock's included")
    expect(counted.get("max-sessions") == 50 - limit, f"the counters moved by {counted}")
    expect(abs(service.victim.true_offset() - offset) < 0.001, "the clock has moved")


def primed_pump(lab):
    """Requests in a client's name at a server with limits: it is still answered, and provoked is no RATE."""
    service = Service(lab, "limited", *LIMITED)
    client = service.clients[4]
    source, kisses, answered, rounds = client.socket.getsockname(), 0, 0, 5
    last = client.ask()
    for _ in range(rounds):
        for number in range(500):
            service.hub.spoof(packets.request(origin=os.urandom(8) if number % 2 else packets.ZERO).octets(), source,
                              client.target)
            if number % 50 == 49:
                time.sleep(0.002)
        # What ntpd sends: the origin is the last reply's transmit timestamp.
        asked = packets.request(origin=last[40:48] if last else packets.ZERO)
        replies = []
        for _ in range(20):
            client.send(asked.octets())
            reply = client.wait_for(asked.transmit, 0.05)
            if reply is not None:
                replies.append(reply)
                break
        answered += bool(replies)
        kisses += sum(reply[1] == 0 for reply in [*replies, *client.received()])
        last = replies[0] if replies else last
    expect(kisses == 0, f"{kisses} kisses")
    expect(answered >= rounds - 1, f"{answered} of {rounds} honest requests were answered")
    expect(service.victim.counters(4).get("rate-limited", 0) > 100, "nothing was limited")
    flood(service, 250_000, 5, 30)


def access_lists(lab):
    """Who is not permitted is told nothing: no reply, or a kiss without times and reference; IPv4 rules hold for mapped
    addresses."""
    denied = "10.40.250.1"
    service = Service(lab, "listed", "acl 2000", f"rule deny source {denied} 0", "rule permit", "quit",
                      "acl ipv6 2000", "rule permit", "quit",
                      "ntp-service access synchronization 2000 ipv6 2000", "ntp-service query enable")
    stranger, client = Client(lab.hub, 4, 0, denied), service.clients[4]
    expect(client.ask() is not None, "a permitted source is not answered")
    before = service.victim.counters(4)
    control_query = struct.pack("!BBHHHHH", 0x16, 2, 1, 0, 0, 0, 0)
    for data in (packets.request().octets(), packets.Header(mode=1, transmit=os.urandom(8)).octets()):
        stranger.send(data)
    for asker in (stranger, client):
        asker.send(control_query)
    time.sleep(0.1)
    expect(not stranger.received() and not client.received(), "a source that is not permitted gets an answer")
    counted = world.moved(before, service.victim.counters(4))
    expect(counted == {"received": 4, "access-denied": 4}, f"the counters moved by {counted}")
    before = service.victim.counters(6)
    service.hub.spoof(packets.request().octets(), (f"::ffff:{denied}", PORT), (world.HOME6, PORT))
    time.sleep(0.1)
    counted = world.moved(before, service.victim.counters(6))
    expect(set(counted) <= {"received", "access-denied"}, f"an IPv4-mapped source: {counted}")
    service.victim.daemon.configure("ntp-service kod-enable")
    stranger.send(packets.request().octets())
    time.sleep(0.1)
    told = [packets.Header.of(reply) for reply in stranger.received()]
    expect(len(told) == 1 and told[0].reference_id == int.from_bytes(b"DENY", "big"), f"no DENY: {told}")
    expect((told[0].stratum, told[0].reference, told[0].root_delay, told[0].root_dispersion) == (0, packets.ZERO, 0, 0)
           and told[0].receive == told[0].origin, f"DENY tells {told[0]}")


ALONE = [("A7", "requests in a client's name, with limits and kisses; then 250,000 sources",
          "rate-limited", primed_pump),
         ("A9", "sybil passive peers, 50 with the key (CVE-2018-7170)", "max-sessions", sybil_peers),
         ("A18", "access lists: nothing for who is not permitted; mapped addresses", "access-denied", access_lists),
         ("A15", "requests to broadcast and multicast addresses", "not-listening", ask_groups),
         ("A18", "unsynchronized: tells nothing; disabled: silence", "none", tells_nothing)]


def titles():
    return [(row.attack, "server", row.title) for row in ROWS] + [(a, "server", title) for a, title, _, _ in ALONE]


def outcome(action, *arguments):
    try:
        action(*arguments)
    except (Failure, control.Closed) as failure:
        return f"{failure or 'the daemon is gone'}"
    return "ok"


def alone(script, lab):
    try:
        return outcome(script, lab)
    finally:
        Service.stop_all()


def carry_out(lab, attacks):
    rows = [row for row in ROWS if not attacks or row.attack in attacks]
    results = [(attack, "server", title, counter, alone(script, lab)) for attack, title, counter, script in ALONE
               if not attacks or attack in attacks]
    if rows:
        service = Service(lab)
        results += [(row.attack, "server", row.title, row.counter or "none", outcome(service.carry_out, row))
                    for row in rows]
    return results
