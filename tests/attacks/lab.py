"""The world of the attacks: victims, the other side that they trust, and an attacker who sits on the wire.

    home ---- eth1 10.8.0.0/24, fd08::/64 ---- hub     10.40.0.0/16 and fd40::/64 are all addresses of hub
    home ---- eth2, link-local only ---------- hub
    blue ---- eth0 10.9.0.0/24 --------------- hub     a VPN instance of the victims

The hub is the other side of every association and the attacker: it answers requests honestly, as a Server says, and may
send anything from any address, before or after. One thread, so that nothing moves during a strike but what is struck.
"""

import abc
import contextlib
import heapq
import itertools
import os
import select
import socket
import struct
import threading
import time

import control
import noonmark
import packets
from noonmark import Failure, expect

HOME4, HOME6, HOME_LINK = "10.8.0.2", "fd08::2", "fe80::2"
BLUE = ("10.9.0.2", "fd09::2")
GROUP4 = "224.0.1.1"
SO_TIMESTAMPNS = 35
IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_HDRINCL, IPV6_FREEBIND = 8, 49, 50, 36, 78
FAST = "iburst minpoll 3 maxpoll 4"
FRESH = 1.0  # s
SETTLE = 0.015  # s: a reply waits at most 10 ms for its request's transmit stamp
TOLERANCE = 0.05  # of numbers that pass with time: the dispersion's 15e-6 of it
SLEW = 10.0  # ms, of offsets, while the clock is still being slewed
PASSING = {"since_last_packet_s", "reason"}  # not compared: the sentence repeats offset and distance


class Server:
    """The honest other side at one address, or one that an attacker stands in front of."""

    takes = (3,)  # modes of the packets that it answers

    def __init__(self, hub, address, key=None):
        self.hub, self.address, self.key = hub, address, key
        self.offset = 0.0  # s, added to true time
        self.delay = lambda: 0.0  # s, of the next reply on its way back
        self.fields = {}  # of replies
        self.requests = 0
        self.request = self.client = self.received = None
        hub.servers[address] = self

    def reply(self, **fields):
        """A header that answers the last request."""
        asked = packets.Header.of(self.request)
        shift = int(self.offset * 1e9)
        now = time.time_ns() + shift
        received = self.received + shift
        return packets.Header(**{
            "version": asked.version, "poll": asked.poll, "origin": asked.transmit,
            "reference": packets.timestamp(received - 1_000_000_000), "receive": packets.timestamp(received),
            "transmit": packets.timestamp(now), **self.fields, **fields})

    def honest(self):
        """The octets that the victim accepts as the answer to its last request."""
        header = self.reply().octets()
        return header + (self.key.mac(header) if self.key else b"")

    def send(self, data, source=None, port=packets.NTP_PORT):
        """To where the last request came from; by default from where it went to."""
        self.hub.send(data, self.client, source or self.address, port)

    def on_request(self):
        delay = self.delay()
        if delay is None:
            return
        data, client = self.honest(), self.client
        if delay > 0:
            self.hub.later(delay, lambda: self.hub.send(data, client, self.address))
        else:
            self.send(data)


class Hub:
    def __init__(self, test):
        self.servers, self.timers, self.order = {}, [], itertools.count()
        self.namespace = test.namespace("hub")
        self.numbers = itertools.count(257)
        with self.namespace.entered():
            self.sockets = {(family, port): socket.socket(family, socket.SOCK_DGRAM)
                            for family in (socket.AF_INET, socket.AF_INET6) for port in (123, 1230)}
            self.raw4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self.raw6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.raw6.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
        for (family, port), opened in self.sockets.items():
            opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            if family == socket.AF_INET:
                opened.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            else:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                opened.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                opened.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
            opened.bind(("", port))

    def join(self, device):
        """Hears requests to the group, and may send to it and to everybody, on that link."""
        index = self.index(device)
        opened = self.sockets[socket.AF_INET, packets.NTP_PORT]
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                          struct.pack("=4s4si", socket.inet_aton(GROUP4), bytes(4), index))
        self.group_index = index

    def index(self, device):
        with self.namespace.entered():
            return socket.if_nametoindex(device)

    def send_to_group(self, data, group, port, source):
        info = struct.pack("=I4s4s", self.group_index, socket.inet_aton(source), bytes(4))
        self.sockets[socket.AF_INET, packets.NTP_PORT].sendmsg([data], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0,
                                                               (group, port))

    def new_address(self, family):
        number = next(self.numbers)
        return f"10.40.{number >> 8}.{number & 255}" if family == 4 else f"fd40::{number:x}"

    def send(self, data, target, source, port=packets.NTP_PORT):
        """`target` as the socket module has it; a scope in it chooses the link."""
        if ":" in source:
            info = socket.inet_pton(socket.AF_INET6, source) + struct.pack("=I", target[3] if len(target) > 3 else 0)
            control_message = (socket.IPPROTO_IPV6, IPV6_PKTINFO, info)
        else:
            info = struct.pack("=I4s4s", 0, socket.inet_aton(source), bytes(4))
            control_message = (socket.IPPROTO_IP, IP_PKTINFO, info)
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.sockets[family, port].sendmsg([data], [control_message], 0, target)

    def spoof(self, data, source, target):
        """From any source at all, (address, port); only packets that need no fragments."""
        datagram = packets.udp(source, target, data)
        if ":" in source[0]:
            self.raw6.sendto(packets.ipv6(source[0], target[0], datagram), (target[0], 0))
        else:
            self.raw4.sendto(packets.ipv4(source[0], target[0], datagram), (target[0], 0))

    def later(self, seconds, action):
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), action))

    def serve(self, seconds):
        """Answers requests and does what is due for that long."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            while self.timers and self.timers[0][0] <= now:
                heapq.heappop(self.timers)[2]()
            until = min(end, self.timers[0][0]) if self.timers else end
            waiting = [s for (_, port), s in self.sockets.items() if port == packets.NTP_PORT]
            for ready in select.select(waiting, [], [], max(0, until - time.monotonic()))[0]:
                self.receive(ready)

    @contextlib.contextmanager
    def in_background(self):
        """Serves while others are set up."""
        done = threading.Event()

        def serve():
            while not done.is_set():
                self.serve(0.1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def receive(self, opened):
        data, ancillary, _, client = opened.recvmsg(2048, 256)
        received, local = time.time_ns(), None
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("=qq", content[:16])
                received = seconds * 1_000_000_000 + nanoseconds
            elif (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                local = socket.inet_ntoa(content[8:12])
            elif (level, kind) == (socket.IPPROTO_IPV6, IPV6_PKTINFO):
                local = socket.inet_ntop(socket.AF_INET6, content[:16])
        server = self.servers.get(local)
        if server is None or len(data) < packets.HEADER.size or data[0] & 7 not in server.takes:
            return
        server.request, server.client, server.received = data, client, received
        server.requests += 1
        server.on_request()


class Lab:
    def __init__(self, test):
        self.test = test
        self.hub = Hub(test)
        self.home, self.blue = test.namespace("home"), test.namespace("blue")
        hub = self.hub.namespace
        for device in ("eth1", "eth2"):
            noonmark.connect(self.home, device, hub, device)
        noonmark.connect(self.blue, "eth0", hub, "eth9")
        self.home.address("eth1", f"{HOME4}/24", f"{HOME6}/64", f"{HOME_LINK}/64")
        self.home.address("eth2", f"{HOME_LINK}/64")
        hub.address("eth1", "10.8.0.1/24", "fd08::1/64")
        self.hub.join("eth1")
        self.blue.address("eth0", *(f"{address}/{64 if ':' in address else 24}" for address in BLUE))
        hub.address("eth9", "10.9.0.1/24", "fd09::1/64")
        for namespace, near in ((self.home, "8"), (self.blue, "9")):
            namespace.ip("route", "add", "10.40.0.0/16", "via", f"10.{near}.0.1")
            namespace.ip("route", "add", "fd40::/64", "via", f"fd0{near}::1")
        hub.ip("route", "add", "local", "10.40.0.0/16", "dev", "lo")
        hub.ip("route", "add", "local", "fd40::/64", "dev", "lo")
        # What is sent to spoofed sources ends here.
        self.home.ip("route", "add", "10.16.0.0/12", "via", "10.8.0.1")
        hub.ip("route", "add", "blackhole", "10.16.0.0/12")

    def scope(self, device):
        """The hub's index of a device."""
        return self.hub.index(device)

    def victim(self, name, *lines, clock="virtual:offset=0.02,frequency=5", leap_file="/nonexistent"):
        return Victim(self, name, lines, clock, leap_file)


class Victim:
    def __init__(self, lab, name, lines, clock, leap_file):
        self.lab, self.name = lab, name
        self.options = ("--clock", clock, "--leap-file", leap_file, "--log-level", "info")
        self.start()
        for at in range(0, len(lines), 20):
            self.daemon.configure(*lines[at:at + 20])

    def start(self):
        """Again, after stop() or kill() of the daemon: with what it has stored."""
        self.daemon = self.lab.test.noonmarkd(self.name, *self.options, namespace=self.lab.home)
        self.shell = control.Shell(self.daemon)

    def status(self):
        return self.shell.display("display ntp-service status")

    def true_offset(self):
        """s; the virtual clock knows."""
        return self.status()["true_offset_ms"] / 1e3

    def sessions(self, address):
        """With that server, in every VPN instance."""
        display = self.shell.display("display ntp-service sessions verbose")
        return [session for session in display["sessions"] if session["source"] == address]

    def session_count(self):
        return len(self.shell.display("display ntp-service sessions")["sessions"])

    def code(self, address):
        return self.sessions(address)[0]["code"]

    def quality(self):
        return self.shell.display("display ntp-service quality")

    def log_lines(self):
        return self.daemon.log_path.read_bytes().count(b"\n")

    def counters(self, family):
        """Of packets received, and of drops by reason."""
        display = self.shell.display(f"display ntp-service statistics packet{' ipv6' if family == 6 else ''}")
        return {"received": display["received"], "processed": display["processed"],
                "send_failures": display["send_failures"], **display["drop_reasons"]}

    def memory(self):
        """Octets that are resident."""
        with open(f"/proc/{self.daemon.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def wait_received(self, family, count, seconds=1.0):
        """Until so many packets have been counted, and what follows from them is done."""
        end = time.monotonic() + seconds
        while self.counters(family)["received"] < count and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(SETTLE)

    def wait_processed(self, family, count, what):
        noonmark.wait_until(lambda: self.counters(family)["processed"] >= count, 2, what, 0.01)


def moved(before, after):
    """The counters that are not what they were, and by how much."""
    return {name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}
            if after.get(name, 0) != before.get(name, 0)}


def differences(before, after, path=""):
    """What has changed between two displays, but for the passing of time."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after} - PASSING):
            yield from differences(before.get(name), after.get(name), f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after)):
            yield from differences(one, other, f"{path}[{index}]")
    elif isinstance(before, float) and isinstance(after, float):
        if abs(before - after) > (SLEW if "offset_ms" in path else TOLERANCE):
            yield f"{path}: {before} -> {after}"
    elif before != after:
        yield f"{path}: {before} -> {after}"


# --- association modes

class Mode(abc.ABC):
    """Where a row of the table can be tried: a victim, and the honest other side of one association for each row.

    name      as printed
    family    4 or 6
    rows      added by the table; each gets a Target
    pause     s, from the request that waited to the next one: polls of 8 and 16 s, or of a burst; none: no requests
    """

    pause = 1.5, 18

    def __init__(self, name, family=4):
        self.name, self.family, self.rows = name, family, []

    def lines(self):
        """Of the victim's system view, before those of the associations."""
        return []

    @abc.abstractmethod
    def target(self, lab, row):
        """The other side of the association that `row` strikes."""


class ClientMode(Mode):
    """The victim is a client; each row strikes a session with a server of its own.

    vpns   whether the sessions are in the public instance, in the VPN instance, or one in each; the last is struck
    port   0, or the one that requests are sent from, and served at
    """

    @property
    def target_type(self):
        return ClientTarget

    def __init__(self, name, family=4, key=None, others=(), vpns=(False,), port=0, device=None, options="version 4"):
        super().__init__(name, family)
        self.key, self.others, self.vpns, self.port = key, others, vpns, port
        self.device, self.options = device, "" if family == 6 else options
        self.lab = None

    def lines(self):
        keys = [key for key in (self.key, *self.others) if key]
        weak = ["undo crypto weak-algorithm disable"] if any(key.algorithm == "md5" for key in keys) else []
        port = [f"ntp-service port {self.port}", f"ntp-service source-port {self.port}",
                "undo ntp-service server disable"] if self.port else []
        return weak + ["undo ntp-service authentication-password complexity-check enable"] * bool(keys) + \
            [key.line() for key in keys] + port

    def is_asked_by(self, client):
        """Whether a request is one of the session that is struck."""
        return not self.vpns[-1] or client[0] in BLUE

    def target(self, lab, row):
        self.lab = lab
        address = self.new_link_local(lab) if self.device else lab.hub.new_address(self.family)
        return self.target_type(lab.hub, address, self, row)

    def new_link_local(self, lab):
        """On both links, so that the same address means two machines."""
        address = f"fe80::40:{next(lab.hub.numbers):x}"
        for device in ("eth1", "eth2"):
            lab.hub.namespace.address(device, f"{address}/64")
        return address

    def server_lines(self, address):
        for in_vpn in self.vpns:
            words = ["ntp-service unicast-server", "ipv6" if self.family == 6 else "", address, self.options,
                     f"vpn-instance {self.lab.blue.name}" if in_vpn else "",
                     f"authentication-keyid {self.key.id}" if self.key else "",
                     f"source-interface {self.device}" if self.device else "", FAST]
            yield " ".join(word for word in words if word)


class ClientTarget(Server):
    """A server whose client is struck once, while one of its requests waits for the reply or right after it."""

    fresh = FRESH  # s, how old a request may be that is struck

    def __init__(self, hub, address, mode, row):
        super().__init__(hub, address, mode.key)
        self.mode, self.row, self.victim = mode, row, None
        self.earlier = []  # replies, as sent
        self.ready = self.struck = False
        self.struck_at = None  # s, monotonic: when the request came that was waiting
        self.pause = None  # s, from there to the next request
        self.result = None

    def lines(self):
        return self.mode.server_lines(self.address)

    def is_over(self):
        needs_pause = self.result == "ok" and self.row.answered and self.mode.pause
        return self.result and not (needs_pause and self.pause is None)

    def is_at_work(self):
        return self.requests >= 8 if self.row.silent else len(self.earlier) >= self.row.replies

    def on_request(self):
        age = (time.time_ns() - self.received) / 1e9
        if self.struck_at and not self.pause:
            self.pause = time.monotonic() - age - self.struck_at
        # A strike must end before the request is given up.
        if not self.ready or self.struck or age > self.fresh or not self.mode.is_asked_by(self.client):
            self.answer()
            return
        self.struck, self.struck_at = True, time.monotonic() - age
        try:
            self.strike()
        except (Failure, control.Closed) as failure:
            self.result = f"{failure or 'the daemon is gone'}"

    def answer(self):
        if self.row.silent:
            return
        self.earlier.append(self.honest())
        self.send(self.earlier[-1])

    def answer_and_see(self):
        processed = self.victim.counters(self.mode.family)["processed"]
        self.answer()
        self.victim.wait_processed(self.mode.family, processed + 1, "the honest reply is not accepted any more")
        time.sleep(SETTLE)

    def look(self):
        return {"sessions": self.victim.sessions(self.address), "all": self.victim.session_count(),
                "status": self.victim.status()}, \
            self.victim.counters(self.mode.family), self.victim.log_lines()

    def strike(self):
        if self.row.after:
            self.answer_and_see()
        time.sleep(SETTLE)
        state, counters, lines = self.look()
        expected = self.row.strike(self)
        if isinstance(expected, int):
            expected = {self.row.counter: expected} if self.row.counter else {}
        received = sum(expected.values()) - expected.get("send_failures", 0)
        self.victim.wait_received(self.mode.family, counters["received"] + received)
        state_after, counters_after, lines_after = self.look()
        changes = [c for c in differences(state, state_after) if not any(word in c for word in self.row.moves)]
        expect(not changes, f"the state has changed: {'; '.join(changes)}")
        counted = moved(counters, counters_after)
        wanted = {**expected, "received": received} if received else expected
        expect(counted == wanted, f"the counters moved by {counted} instead of {wanted}")
        expect(lines_after - lines <= 1, f"{lines_after - lines} log lines")
        if self.row.check:
            self.row.check(state_after["sessions"])
        if self.row.answered and not self.row.after:
            self.answer_and_see()
        self.result = "ok"


# --- symmetric peers

class PeerMode(ClientMode):
    """The victim is a symmetric active peer; the other side answers at once."""

    target_type = property(lambda self: PeerTarget)

    def server_lines(self, address):
        yield (f"ntp-service unicast-peer {address} version 4 minpoll 3 maxpoll 4"
               + (f" authentication-keyid {self.key.id}" if self.key else ""))


class PeerTarget(ClientTarget):
    takes = (1, 2)

    def __init__(self, hub, address, mode, row):
        super().__init__(hub, address, mode, row)
        self.fields = {"mode": 2}


class PassiveMode(ClientMode):
    """The victim is a symmetric passive peer: the other side's packets have started the sessions."""

    target_type = property(lambda self: PassiveTarget)
    pause = 0, 18  # it answers at once

    def lines(self):
        return [*super().lines(), f"ntp-service reliable authentication-keyid {self.key.id}"]

    def server_lines(self, address):
        return ()


class PassiveTarget(PeerTarget):
    """Sends some seconds after each packet of the victim, for the victim answers at once."""

    INTERVAL = 3.0  # s
    fresh = 8.0  # its packets wait for no time

    def __init__(self, hub, address, mode, row):
        super().__init__(hub, address, mode, row)
        self.fields = {"mode": 1}
        self.client = (HOME4, mode.port)
        hub.later(self.INTERVAL, self.begin)

    def begin(self):
        """Until the first answer."""
        if self.requests == 0:
            now = packets.timestamp(time.time_ns())
            header = packets.Header(mode=1, reference=now, transmit=now).octets()
            self.send(header + self.key.mac(header))
            self.hub.later(self.INTERVAL, self.begin)

    def on_request(self):
        if self.ready and not self.struck:
            super().on_request()
            return
        if self.struck_at and not self.pause:
            self.pause = time.monotonic() - self.struck_at
        request = self.request
        self.hub.later(self.INTERVAL, lambda: self.request is request and self.answer())


# --- groups

class GroupMode(ClientMode):
    """The victim is a broadcast or multicast client, which has measured the delay and only listens."""

    target_type = property(lambda self: GroupTarget)
    pause = None

    def __init__(self, name, group, **options):
        super().__init__(name, **options)
        self.group = group

    def lines(self):
        listen = "broadcast-client" if self.group == "255.255.255.255" else f"multicast-client {self.group}"
        reliable = [f"ntp-service reliable authentication-keyid {key.id}" for key in (self.key, *self.others) if key]
        return [*super().lines(), *reliable, *["ntp-service authentication enable"] * bool(self.key),
                "interface eth1", f"ntp-service {listen}", "quit"]

    def server_lines(self, address):
        return ()


class GroupTarget(ClientTarget):
    """Sends to the group every few seconds; is struck before one of its packets."""

    INTERVAL, QUIET = 3.0, 7.0  # s
    asked_at = 0.0

    def __init__(self, hub, address, mode, row):
        super().__init__(hub, address, mode, row)
        self.client = (HOME4, mode.port)
        hub.later(self.INTERVAL, self.tick)

    def reply(self, **fields):
        """What the strikes change: a broadcast of this moment; what asks the victim's requests is Server's."""
        if self.is_asked:
            return super().reply(**fields)
        now = packets.timestamp(time.time_ns())
        return packets.Header(**{"mode": 5, "reference": packets.timestamp(time.time_ns() - 1_000_000_000),
                                 "transmit": now, **fields})

    is_asked = False

    def send(self, data, source=None, port=packets.NTP_PORT):
        if self.is_asked:
            super().send(data, source, port)
        else:
            self.hub.send_to_group(data, self.mode.group, self.mode.port, source or self.address)

    def is_at_work(self):
        """It has measured the delay, for it asks no more."""
        return self.requests >= 4 and time.monotonic() - self.asked_at > self.QUIET

    def on_request(self):
        self.is_asked, self.asked_at = True, time.monotonic()
        self.send(self.honest())
        self.is_asked = False
        self.client = (HOME4, self.mode.port)

    def tick(self):
        self.hub.later(self.INTERVAL, self.tick)
        if not self.ready or self.struck:
            self.answer()
            return
        self.struck = True
        try:
            self.strike()
        except (Failure, control.Closed) as failure:
            self.result = f"{failure or 'the daemon is gone'}"


class ManycastMode(ClientMode):
    """The victim has found its servers by a request to the group."""

    pause = 1.5, 70  # s: of a burst, then every 64 s

    def lines(self):
        with_key = f" authentication-keyid {self.key.id}" if self.key else ""
        return [*super().lines(), "interface eth1", f"ntp-service manycast-client {GROUP4}{with_key}", "quit"]

    def target(self, lab, row):
        finder = lab.hub.servers.get(GROUP4) or Finder(lab.hub)
        target = super().target(lab, row)
        finder.targets.append(target)
        return target

    def server_lines(self, address):
        return ()


class Finder(Server):
    """Answers requests to the group in the name of all the manycast servers."""

    def __init__(self, hub):
        super().__init__(hub, GROUP4)
        self.targets = []

    def on_request(self):
        for target in self.targets:
            target.request, target.client, target.received = self.request, self.client, self.received
            target.send(target.honest())


# --- the interleaved mode

class InterleavedMode(ClientMode):
    """The victim asks a server that answers in the interleaved mode (RFC 9769)."""

    target_type = property(lambda self: InterleavedTarget)


class InterleavedTarget(ClientTarget):
    last_receive = last_transmit = packets.ZERO

    def is_interleaved(self):
        """Whether the victim asks for it in the last request."""
        asked = packets.Header.of(self.request)
        return asked.origin == self.last_receive != packets.ZERO and asked.receive != asked.transmit

    def reply(self, **fields):
        if not self.is_interleaved():
            return super().reply(**fields)
        asked = packets.Header.of(self.request)
        return super().reply(**{"origin": asked.receive, "transmit": self.last_transmit, **fields})

    def is_at_work(self):
        """It has asked in the interleaved mode, and will do so once more."""
        return len(self.earlier) >= self.row.replies and packets.Header.of(self.request).origin != packets.ZERO

    def answer(self):
        departed = packets.timestamp(time.time_ns())
        super().answer()
        self.last_receive, self.last_transmit = packets.Header.of(self.earlier[-1]).receive, departed
