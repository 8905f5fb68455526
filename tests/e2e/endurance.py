"""A server under mixed load for a long time: nothing grows, nothing is lost, every counter adds up.

    endurance.py [--seconds S] [--sanitized]      S: 600, or what NOONMARK_SOAK_SECONDS says

A daemon with two workers serves plain and signed requests of many addresses, has a symmetric peer, broadcasts and listens
to broadcasts, while each second a random valid change is committed and a display read, every five seconds the peer's
interface goes down, and a VPN instance comes and goes. What is compared, after a warm-up and at the end, each time at rest
and under the same configuration: memory, descriptors, threads, and how often the daemon wakes, which tells of timers.
--sanitized: a daemon built with a sanitizer, whose memory is not compared; its report fails the test.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import control  # noqa: E402
import noonmark  # noqa: E402
from noonmark import expect  # noqa: E402

WORKERS = 2
WARM_COMMITS = 220  # more than there are rollback points
SERVER, PEER = "10.30.0.1", "10.31.0.2"
SOURCES = ("10.16.0.0", 256)
PASSWORD = "Endurance-Password-1"
KEY = f"ntp-service authentication-keyid 1 authentication-mode hmac-sha256 {PASSWORD}"
MAX_GROWTH = 1024  # KiB
IDLE = 5  # s
BASE = ["acl number 2000", "rule 5 permit source any", "quit",
        "acl number 2001", "rule 5 permit source 10.17.0.0 0.0.255.255", "quit",
        KEY, "ntp-service reliable authentication-keyid 1", "ntp-service refclock-master 5",
        "ntp-service access peer 2000"]
DISPLAYS = ["display ntp-service status", "display ntp-service sessions verbose", "display ntp-service explain",
            "display ntp-service statistics packet", "display ntp-service quality", "display current-configuration",
            "display ntp-service statistics packet interface all", "display ntp-service statistics packet peer",
            "display configuration commit list"]
# What is said of what this test does on purpose.
EXPLAINED = ["has no key", "is not enabled", "was down", "is gone", "unreachable", "no route", "cannot be opened",
             "is not there", "does not exist"]


def changes(random_):
    """Pairs of lines, one that changes something and one that undoes it; any order of pairs is valid."""
    vpn_server = "ntp-service unicast-server 10.33.0.9 vpn-instance {vpn}"
    in_eth1 = lambda line: ["interface eth1", line, "quit"]  # noqa: E731
    in_acl = lambda line: ["acl number 2001", line, "quit"]  # noqa: E731
    plain = ["ntp-service max-distance 4", "ntp-service kod-enable", "ntp-service discard min-interval 2 avg-interval 6",
             "ntp-service access limited 2001", "ntp-service max-dynamic-sessions 3", "ntp-service max-clients 4096",
             "ntp-service query enable", "ntp-service interleaved disable", "ntp-service ipv6 disable",
             "ntp-service offset-limit 100", "ntp-service authentication enable"]
    undone = {"ntp-service max-distance 4": "ntp-service max-distance",
              "ntp-service discard min-interval 2 avg-interval 6": "ntp-service discard",
              "ntp-service access limited 2001": "ntp-service access limited",
              "ntp-service max-dynamic-sessions 3": "ntp-service max-dynamic-sessions",
              "ntp-service max-clients 4096": "ntp-service max-clients",
              "ntp-service offset-limit 100": "ntp-service offset-limit"}
    pairs = [([line], [f"undo {undone.get(line, line)}"]) for line in plain]
    pairs += [([f"ntp-service unicast-peer {PEER} authentication-keyid 1 minpoll 4"],
               [f"undo ntp-service unicast-peer {PEER}"]),
              (["ntp-service refclock-master 7"], ["ntp-service refclock-master 5"]),
              (["ntp-service authentication-keyid 9 authentication-mode hmac-sha256 Another-Password-2"],
               ["undo ntp-service authentication-keyid 9"]),
              ([vpn_server], [f"undo {vpn_server}"]),
              (in_acl("rule 10 deny source 10.18.0.0 0.0.255.255"), in_acl("undo rule 10"))]
    pairs += [(in_eth1(line), in_eth1(f"undo {undo}")) for line, undo in
              [("ntp-service broadcast-server version 4 authentication-keyid 1", "ntp-service broadcast-server"),
               ("ntp-service broadcast-client", "ntp-service broadcast-client"),
               ("ntp-service multicast-server 239.1.1.1 ttl 2", "ntp-service multicast-server 239.1.1.1"),
               ("ntp-service manycast-server 239.1.1.2", "ntp-service manycast-server 239.1.1.2"),
               ("ntp-service in-interface disable", "ntp-service in-interface disable")]]
    for number in range(1, 9):
        line = f"ntp-service unicast-server 127.9.9.{number} minpoll {random_.randint(3, 10)}"
        pairs.append(([line], [f"undo {line.rsplit(' ', 2)[0]}"]))
    return pairs


class Committer:
    """Commits random changes; knows which are in force."""

    def __init__(self, daemon, vpn):
        self.random = random.Random(7)
        self.vpn = vpn
        self.pairs = changes(self.random)
        self.on = set()
        self.count = 0
        self.daemon = daemon
        self.shell = control.Shell(daemon)
        self.execute("screen-length 0 temporary", "system-view")

    def execute(self, *lines):
        output, refused = self.shell.execute(*lines)
        expect(not refused, f"refused: {lines}: {output}")
        return output

    def toggle(self, number):
        lines = self.pairs[number][number in self.on]
        self.on ^= {number}
        self.execute(*(line.format(vpn=self.vpn) for line in lines))

    def commit(self):
        self.toggle(self.random.randrange(len(self.pairs)))
        self.execute("commit")
        self.count += 1
        if self.count % 2:
            self.execute(self.random.choice(DISPLAYS))

    def base(self):
        """The configuration that measurements are made under."""
        for number in sorted(self.on):
            self.toggle(number)
        self.execute("commit")


class Background:
    """Calls a function again and again in a thread of its own until it is told to stop; passes on its failure."""

    def __init__(self, test, function, interval):
        self.function, self.interval, self.error = function, interval, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        test.on_exit(self.over.set)

    def run(self):
        try:
            while not self.over.wait(self.interval):
                self.function()
        except Exception as error:  # a thread's failure is the test's
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(60)

    def check(self):
        if self.error:
            raise noonmark.Failure(f"{self.function.__name__}: {self.error!r}")


class Load:
    """Requests from many addresses, plain and signed in turn."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.answered = self.rounds = 0

    def run(self, seconds, rate, signed):
        command = [*self.namespace.prefix(), noonmark.BIN / "ntp_load", SERVER, "--rate", rate, "--seconds", seconds,
                   "--source", SOURCES[0], "--sources", SOURCES[1]]
        if signed:
            command += ["--key", f"hmac-sha256:1:{PASSWORD}", "--verify"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
        expect(done.stdout.startswith("{"), f"the load generator: {done.stdout}{done.stderr}")
        counts = json.loads(done.stdout)
        expect(counts["wrong"] == 0 and counts["wrong_mac"] == 0, f"wrong replies: {counts}")
        self.answered += counts["answered"]
        return counts

    def round(self):
        self.rounds += 1
        self.run(1, 4000, self.rounds % 2 == 0)


class Surroundings:
    """The interface that goes down, and the VPN instance that comes and goes."""

    def __init__(self, test, home, outside):
        self.test, self.home, self.outside = test, home, outside
        self.flaps = self.instances = 0

    def flap(self):
        self.home.ip("link", "set", "eth1", "down")
        time.sleep(0.5)
        self.home.ip("link", "set", "eth1", "up")
        self.flaps += 1

    def instance(self):
        vpn = self.test.namespace("vpn")
        # The kernel takes its time to clear the one before away.
        noonmark.connect(vpn, "eth0", self.outside, f"vpn{self.instances}")
        vpn.address("eth0", "10.33.0.1/24", "fd33::1/64")
        time.sleep(3)
        vpn.delete()
        self.instances += 1


def switches(pid):
    """How often its threads have gone to sleep."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M)[1])
    return total


def measure(daemon):
    """At rest."""
    before = switches(daemon.pid)
    time.sleep(IDLE)
    wakes = switches(daemon.pid) - before
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return {"memory": int(re.search(r"VmRSS:\s+(\d+)", status)[1]), "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]),
            "descriptors": len(os.listdir(f"/proc/{daemon.pid}/fd")), "wakes": wakes}


def rest(daemon, committer, load):
    """The same configuration and the same clients as each time before; then measures."""
    committer.base()
    for signed in (False, True):
        load.run(1, 1000, signed)
    time.sleep(6)  # requests under way are given up after 5 s
    return measure(daemon)


def check_growth(before, after, sanitized):
    print(f"   before {before}\n   after  {after}")
    expect(after["threads"] == before["threads"], "threads")
    expect(after["descriptors"] <= before["descriptors"] + 2, "descriptors grow")
    expect(after["wakes"] <= 2 * before["wakes"] + 20, "timers grow: it wakes more often")
    expect(sanitized or after["memory"] - before["memory"] <= MAX_GROWTH, "memory grows")


def check_counters(daemon, load):
    """Received is processed and dropped, of all and of each reason."""
    for command in ("display ntp-service statistics packet", "display ntp-service statistics packet ipv6"):
        counted = daemon.display(command)
        expect(counted["received"] == counted["processed"] + counted["dropped"], f"{command}: {counted}")
        expect(counted["dropped"] == sum(counted["drop_reasons"].values()), f"{command}: {counted}")
    counted = daemon.display("display ntp-service statistics packet")
    expect(counted["sent"] >= load.answered, f"{load.answered} replies came of {counted['sent']} sent")
    print(f"   counters: {counted['received']} received, {counted['processed']} processed, drops {counted['drop_reasons']}")


def check_answers(daemon, outside):
    """Whoever asks, however busy the machine is."""
    request = bytes([0x23]) + bytes(39) + b"endurant"
    with outside.entered():
        clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(40)]
    for number, client in enumerate(clients):
        client.bind((f"10.16.1.{number}", 0))
        client.settimeout(10)
        client.sendto(request, (SERVER, 123))
    for client in clients:
        reply = client.recv(2048)  # raises TimeoutError
        expect(reply[1] == 5 or reply[1] == 4, f"the stratum of the reply is {reply[1]}")
        expect(reply[24:32] == request[40:], "it is the reply to the request")
        client.close()
    expect(daemon.shell("display ntp-service status").returncode == 0, "the shell is answered")


def check_log(daemon):
    def unexplained(line):
        return re.search(r"\b(error|warning)\b", line, re.I) and not any(part in line for part in EXPLAINED)
    strange = [line for line in daemon.log().splitlines() if unexplained(line)]
    expect("Sanitizer" not in daemon.log(), f"a sanitizer's report:\n{daemon.log()[-20000:]}")
    expect(not strange, "the log has what nobody explains:\n" + "\n".join(strange[:20]))


def soak(test, daemon, committer, load, surroundings, seconds):
    tasks = [Background(test, load.round, 1), Background(test, surroundings.flap, 5),
             Background(test, surroundings.instance, 2)]
    with contextlib.ExitStack() as stack:
        for task in tasks:
            stack.enter_context(task)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            committer.commit()
            expect(daemon.is_running(), f"the daemon ended: {daemon.log()[-5000:]}")
            for task in tasks:
                task.check()
            time.sleep(1)
    for task in tasks:
        task.check()


def start(test):
    home, outside, far = test.namespace("home"), test.namespace("out"), test.namespace("peer")
    noonmark.connect(home, "eth0", outside, "eth0")
    noonmark.connect(home, "eth1", far, "eth0")
    home.address("eth0", f"{SERVER}/24")
    outside.address("eth0", "10.30.0.2/24")
    outside.ip("route", "add", "local", "10.16.0.0/12", "dev", "lo")
    home.ip("route", "add", "10.16.0.0/12", "via", "10.30.0.2")
    home.address("eth1", "10.31.0.1/24")
    far.address("eth0", f"{PEER}/24")
    daemon = test.noonmarkd("server", "--clock", "virtual", "--server-workers", WORKERS, namespace=home)
    daemon.configure(*BASE)
    peer = test.noonmarkd("peer", "--clock", "virtual:offset=0.01", namespace=far)
    peer.configure(KEY, "ntp-service reliable authentication-keyid 1", "ntp-service refclock-master 3",
                   "ntp-service unicast-peer 10.31.0.1 authentication-keyid 1 minpoll 4", "interface eth0",
                   "ntp-service broadcast-server version 4 authentication-keyid 1", "ntp-service broadcast-client",
                   "ntp-service multicast-client 239.1.1.1", "quit")
    return daemon, home, outside


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("NOONMARK_SOAK_SECONDS", 600)))
    parser.add_argument("--sanitized", action="store_true")
    options = parser.parse_args()
    noonmark.need_root()
    with noonmark.test(240 + 3 * options.seconds) as test:
        daemon, home, outside = start(test)
        load, surroundings = Load(outside), Surroundings(test, home, outside)
        committer = Committer(daemon, test.unique("vpn"))
        for _ in range(WARM_COMMITS):
            committer.commit()
        soak(test, daemon, committer, load, surroundings, max(15, options.seconds / 10))
        before = rest(daemon, committer, load)
        soak(test, daemon, committer, load, surroundings, options.seconds)
        check_growth(before, rest(daemon, committer, load), options.sanitized)
        check_answers(daemon, outside)
        check_counters(daemon, load)
        check_log(daemon)
        status = daemon.stop()
        check_log(daemon)
        expect(status == 0, f"a clean end: status {status}\n{daemon.log()[-3000:]}")
        print(f"ok: {options.seconds} s, {committer.count} commits, {surroundings.flaps} flaps, {surroundings.instances} "
              f"VPN instances, {load.answered} replies: nothing grew, nothing is missing")


main()
