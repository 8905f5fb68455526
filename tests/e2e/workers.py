#!/usr/bin/env python3
"""A server with worker threads: clients are spread over them, and nothing else shows that they are there."""

import contextlib
import pathlib
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark  # noqa: E402
from noonmark import expect  # noqa: E402

WORKERS = 2
CLIENTS = 40  # addresses; all of them on one worker: a chance of 2^-39
SERVER, FIRST_CLIENT = "10.30.0.1", 10
TOO_LATE = 3.5  # s that requests wait in vain


def request(mark, version=4, mode=3):
    return bytes([version << 3 | mode]) + bytes(39) + struct.pack("!Q", mark)


class Clients:
    """Sockets at many addresses of a namespace."""

    def __init__(self, namespace, server, port=123):
        self.to = (server, port)
        with namespace.entered():
            self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(CLIENTS)]
        for number, client in enumerate(self.sockets):
            client.bind((f"10.30.0.{FIRST_CLIENT + number}", 0))
            client.settimeout(5)

    def send(self, mark, **kind):
        for client in self.sockets:
            client.sendto(request(mark, **kind), self.to)

    def answers(self):
        """The strata of the replies; a Failure if one is missing or is another client's."""
        strata = []
        for client in self.sockets:
            try:
                reply = client.recv(2048)
            except TimeoutError as error:
                raise noonmark.Failure(f"no reply to {client.getsockname()}") from error
            strata.append(reply[1])
        return strata

    def ask(self, mark):
        self.send(mark)
        return self.answers()


def threads(daemon):
    """The main one and the workers; a sanitizer has one of its own."""
    tasks = pathlib.Path(f"/proc/{daemon.pid}/task").iterdir()
    return sorted(int(task.name) for task in tasks
                  if task.name == str(daemon.pid) or (task / "comm").read_text().startswith("server "))


def on_cpu_ns(daemon, thread):
    return int(pathlib.Path(f"/proc/{daemon.pid}/task/{thread}/schedstat").read_text().split()[0])


def counters(daemon, interface=""):
    return daemon.display(f"display ntp-service statistics packet{interface}")


def check_sharing(daemon, clients):
    """Every worker answers some, the main thread none, and displays count them all."""
    before = [on_cpu_ns(daemon, thread) for thread in threads(daemon)]
    received = counters(daemon)["received"]
    for mark in range(1, 51):
        clients.ask(mark)
    expect(counters(daemon)["received"] - received == 50 * CLIENTS, f"all are counted: {counters(daemon)}")
    work = [on_cpu_ns(daemon, thread) - start for thread, start in zip(threads(daemon), before)]
    expect(all(part > 1e6 for part in work[1:]), f"each worker works: {work} ns")
    print(f"ok: CPU time of the main thread and the workers: {work} ns")


def check_reset(daemon, clients):
    done = daemon.shell("reset ntp-service statistics packet")
    expect(done.returncode == 0, f"reset: {done.stdout}{done.stderr}")
    expect(counters(daemon)["received"] == 0, f"all are reset: {counters(daemon)}")
    clients.ask(7)
    expect(counters(daemon)["received"] == CLIENTS, f"and count again: {counters(daemon)}")
    print("ok: counters of all threads are reset")


def check_changes(daemon, clients):
    """The configuration reaches all threads: stratum, switched off and on, another port."""
    daemon.configure("ntp-service refclock-master 5")
    expect(set(clients.ask(1)) == {5}, "all say stratum 5")
    daemon.configure("ntp-service server disable")
    clients.send(2)
    for client in clients.sockets:
        client.settimeout(0.05)
        with contextlib.suppress(TimeoutError, ConnectionRefusedError):
            client.recv(2048)
            raise noonmark.Failure("a server that is switched off answers")
    daemon.configure("undo ntp-service server disable", "ntp-service port 1230")
    moved = Clients.__new__(Clients)
    moved.to, moved.sockets = (SERVER, 1230), clients.sockets
    for client in clients.sockets:
        client.settimeout(5)
    expect(set(moved.ask(3)) == {5}, "all answer on the new port")
    daemon.configure("undo ntp-service port")
    expect(set(clients.ask(4)) == {5}, "and on the old one again")
    print("ok: workers follow the configuration")


def check_others(daemon, clients):
    """Packets that are no requests are the engine's, whoever sends them, and none is lost."""
    before = counters(daemon)["drop_reasons"].get("no-association", 0)
    clients.send(5, mode=5)
    noonmark.wait_until(lambda: counters(daemon)["drop_reasons"].get("no-association", 0) - before == CLIENTS, 5,
                        lambda: f"all broadcasts are the engine's: {counters(daemon)['drop_reasons']}")
    print("ok: what is no request goes to the engine")


def check_late(daemon, clients):
    """Requests that waited for seconds are not answered; later ones are."""
    with noonmark.stopped(daemon):
        time.sleep(0.2)  # the signal reaches all threads
        clients.send(6)
        time.sleep(TOO_LATE)
    noonmark.wait_until(lambda: counters(daemon)["drop_reasons"].get("too-late") == CLIENTS, 5,
                        lambda: f"all are too late: {counters(daemon)['drop_reasons']}")
    clients.ask(7)
    print("ok: requests that are too late are dropped")


def check_vpn(test, daemon):
    """A VPN instance that goes and comes again is served again by all."""
    for _ in range(2):
        vpn, far = test.namespace("vpn"), test.namespace("far")
        noonmark.connect(vpn, "eth0", far, "eth0")
        vpn.address("eth0", "10.30.0.1/24")
        far.address("eth0", *(f"10.30.0.{FIRST_CLIENT + number}/24" for number in range(CLIENTS)))
        daemon.configure(f"ntp-service ipv6 server source-address fd30::1 vpn-instance {vpn.name}")
        vpn.address("eth0", "fd30::1/64")
        far.address("eth0", "fd30::2/64")
        with far.entered():
            client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        client.settimeout(0.2)

        def is_answered():
            client.sendto(request(9), ("fd30::1", 123))
            with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                return client.recv(2048)[1] == 5

        noonmark.wait_until(is_answered, 15, "the VPN instance is served")
        client.close()
        vpn.delete()
        far.delete()
        time.sleep(0.5)
    print("ok: a VPN instance comes, goes, and comes again")


def check_rights(daemon):
    """The workers have dropped what the main thread has dropped."""
    rights = set()
    for thread in threads(daemon):
        status = pathlib.Path(f"/proc/{daemon.pid}/task/{thread}/status").read_text()
        rights.add(tuple(line for line in status.splitlines() if line.startswith(("Cap", "NoNewPrivs"))))
    expect(len(rights) == 1, f"all threads have the same rights: {rights}")
    expect("NoNewPrivs:\t1" in next(iter(rights)), f"which are few: {rights}")
    print("ok: capabilities of all threads")


def main():
    noonmark.need_root()
    with noonmark.test(200) as test:
        home, outside = test.namespace("home"), test.namespace("out")
        noonmark.connect(home, "eth0", outside, "eth0")
        home.address("eth0", f"{SERVER}/24")
        outside.address("eth0", *(f"10.30.0.{FIRST_CLIENT + number}/24" for number in range(CLIENTS)))
        daemon = test.noonmarkd("server", "--clock", "virtual", "--server-workers", WORKERS, namespace=home)
        daemon.configure("ntp-service refclock-master 3")
        expect(len(threads(daemon)) == 1 + WORKERS, f"threads: {threads(daemon)}")
        clients = Clients(outside, SERVER)
        expect(set(clients.ask(1)) == {3}, "all are answered")
        check_rights(daemon)
        check_sharing(daemon, clients)
        check_reset(daemon, clients)
        check_others(daemon, clients)
        check_changes(daemon, clients)
        check_late(daemon, clients)
        check_vpn(test, daemon)
        start = time.monotonic()
        status = daemon.stop()
        expect(status == 0 and time.monotonic() - start < 2, f"a clean end: status {status}\n{daemon.log()}")
        expect("warning" not in daemon.log().lower(), f"no warnings:\n{daemon.log()}")
        print("ok: the end")


if __name__ == "__main__":
    main()
