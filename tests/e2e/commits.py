"""Many commits in a row: an association that none of them touches loses no sample, memory does not grow, no descriptor is
left open. Prints what the displays of commits cost.

    commits.py [--commits N] [--seconds S]      N commits, spread over S seconds
"""

import argparse
import os
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import control
import noonmark
from noonmark import expect

NTP_EPOCH = 2208988800
POLL = 8  # s
POINTS = 100
SERVERS = 1000
MAX_GROWTH = 512  # KiB


class Server:
    """A stratum 1 server that notes when requests come."""

    def __init__(self, test):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.arrivals = []
        test.on_exit(self.socket.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                request, peer = self.socket.recvfrom(1024)
            except OSError:
                return
            now = time.time()
            self.arrivals.append(now)
            stamp = struct.pack("!II", int(now) + NTP_EPOCH, int(now % 1 * 2**32))
            version = request[0] & 0x38
            head = struct.pack("!BBbbII4s", version | 4, 1, request[2], -20, 0, 0, b"TEST")
            self.socket.sendto(head + stamp + request[40:48] + stamp + stamp, peer)


def memory_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise noonmark.Failure("no VmRSS")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def commit(shell, number):
    """Turns a server that is never there on and off, and changes a value of the system."""
    other = "ntp-service unicast-server 127.9.9.9 minpoll 10"
    output, refused = shell.execute(f"ntp-service max-distance {number % 8 + 2}",
                                    other if number % 2 else f"undo {other.rsplit(' ', 2)[0]}", "commit")
    expect(not refused, output)


def milliseconds(shell, line):
    """The best of five, which is what the machine's other work disturbs least."""
    times = []
    for _ in range(5):
        before = time.monotonic()
        _, refused = shell.execute(line)
        times.append(time.monotonic() - before)
        expect(not refused, line)
    return min(times) * 1000


def steady(test, commits, seconds):
    server = Server(test)
    client = test.noonmarkd("commits", "--clock", "observe")
    with control.Shell(client) as shell:
        _, refused = shell.execute("screen-length 0 temporary", "system-view",
                                   f"ntp-service unicast-server 127.0.0.1 port {server.port} minpoll 3 maxpoll 3",
                                   "commit")
        expect(not refused, "the server line is refused")
        noonmark.wait_until(lambda: server.arrivals, 30, "the first request", 0.05)
        for number in range(1, 2 * POINTS + 1):
            commit(shell, number)
        memory, files, before = memory_kib(client.pid), descriptors(client.pid), len(server.arrivals)
        start = time.monotonic()
        for number in range(1, commits + 1):
            commit(shell, number)
            time.sleep(max(0, start + seconds * number / commits - time.monotonic()))
        growth = memory_kib(client.pid) - memory
        expect(growth <= MAX_GROWTH, f"{growth} KiB more after {commits} commits")
        opened = descriptors(client.pid) - files
        expect(abs(opened) <= 2, f"{opened} descriptors more")  # a request may be under way
        gaps = [b - a for a, b in zip(server.arrivals[before - 1:], server.arrivals[before:])]
        expect(len(gaps) >= seconds // POLL - 1, f"only {len(gaps)} requests in {seconds} s")
        expect(all(POLL / 2 < gap < 1.5 * POLL for gap in gaps), f"the polls are not steady: {gaps}")
        reach = client.session("127.0.0.1")["reach"]
        expect(bin(reach)[2:].strip("1") == "", f"replies are missing: reach {reach:b}")
        print(f"ok: {commits} commits in {seconds} s: {growth} KiB more, {len(gaps)} polls and none lost")


def figures(test):
    daemon = test.noonmarkd("figures", "--clock", "observe")
    with control.Shell(daemon) as shell:
        lines = [f"ntp-service unicast-server 127.7.{i // 250}.{i % 250 + 1} minpoll 10" for i in range(SERVERS)]
        _, refused = shell.execute("screen-length 0 temporary", "system-view", *lines, "commit")
        expect(not refused, "a server line is refused")
        for number in range(POINTS):
            shell.execute(f"ntp-service max-distance {number % 8 + 2}", "commit")
        shown = shell.display("display configuration commit list")["commits"]
        expect(len(shown) == POINTS, f"{len(shown)} rollback points")
        print(f"ok: {POINTS} rollback points of {SERVERS} servers each, in ms:")
        for line in ("display configuration commit list", "display configuration commit list verbose",
                     "display current-configuration", "display configuration commit changes",
                     "display configuration commit changes last 50"):
            print(f"  {line}: {milliseconds(shell, line):.1f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=17)
    options = parser.parse_args()
    with noonmark.test(seconds=180 + 2 * options.seconds) as test:
        steady(test, options.commits, options.seconds)
        figures(test)


main()
