#!/usr/bin/env python3
"""What operators see of peers, broadcast, manycast and interleaved sessions, and of a server's clients.

    router ---- eth1 10.71.0.0/24 ---- peer        server and peer of one address; passive on the router
    router ---- eth2 10.72.0.0/24 ---- listener    broadcast client
    router ---- eth3 10.73.0.0/24 ---- seeker      manycast client

    NOONMARK_BIN=build/release/bin tests/e2e/modes.py
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark  # noqa: E402
from noonmark import expect, wait_until  # noqa: E402

KEY = ("ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Example-Password-1",
       "ntp-service reliable authentication-keyid 1")
MANYCAST = "239.1.1.1"


class Lab:
    def __init__(self, test):
        home = test.namespace("router")
        self.router = None
        self.clients = {}
        for number, name in enumerate(("peer", "listener", "seeker"), 1):
            there = test.namespace(name)
            noonmark.connect(home, f"eth{number}", there, "eth0")
            home.address(f"eth{number}", f"10.7{number}.0.1/24")
            there.address("eth0", f"10.7{number}.0.2/24")
            there.ip("route", "add", "default", "via", f"10.7{number}.0.1")
            self.clients[name] = test.noonmarkd(name, "--clock", "virtual:offset=0.02", namespace=there)
        self.home = home
        self.router = test.noonmarkd("router", "--clock", "observe", "--server-workers", "2", namespace=home)

    def configure(self):
        self.clients["listener"].configure("interface eth0", "ntp-service broadcast-client")
        self.router.configure(
            *KEY, "ntp-service refclock-master 3",
            "interface eth2", "ntp-service broadcast-server", "quit",
            "interface eth3", f"ntp-service manycast-server {MANYCAST}", "quit",
            "interface eth9", "ntp-service multicast-server")
        self.clients["peer"].configure(
            *KEY, "ntp-service unicast-server 10.71.0.1 iburst minpoll 3 maxpoll 3 version 4",
            "ntp-service unicast-peer 10.71.0.1 authentication-keyid 1 minpoll 3 maxpoll 3 version 4 interleaved")
        self.clients["seeker"].configure("interface eth0", f"ntp-service manycast-client {MANYCAST}")


def sessions(daemon, mode):
    return [s for s in daemon.display("display ntp-service sessions verbose")["sessions"] if s["local_mode"] == mode]


def answered(daemon, mode):
    return [s for s in sessions(daemon, mode) if s["peer_mode"] != "unspecified"]


def check_peers(lab):
    peer = lab.clients["peer"]
    wait_until(lambda: answered(peer, "active") and answered(peer, "client"), 40,
               lambda: "server and peer answer\n" + peer.text("display ntp-service sessions verbose"))
    active = answered(peer, "active")[0]
    expect({"configured", "peer"} <= set(active["status"]), f"an active peer is {active['status']}")
    expect(active["peer_mode"] in ("active", "passive"), f"its peer is {active['peer_mode']}")
    explained = peer.display("display ntp-service explain 10.71.0.1")["sessions"]
    expect([s["local_mode"] for s in explained] == ["client", "active"], f"both of one address: {explained}")
    expect(" 10.71.0.1, peer: " in peer.text("display ntp-service explain"), "the peer is called a peer")
    wait_until(lambda: [one["processed"] > 0 for one in peer.display(
        "display ntp-service statistics packet peer 10.71.0.1")["peers"]] == [True, True], 40, "counters of both")
    passive = wait_until(lambda: sessions(lab.router, "passive"), 10, "a passive session on the router")[0]
    expect({"dynamic", "peer"} <= set(passive["status"]), f"a passive peer is {passive['status']}")
    wait_until(lambda: sessions(lab.router, "passive")[0]["peer_interface"] == "eth1", 40, "it comes in by eth1")
    wait_until(lambda: any(s["interleaved"] for s in answered(peer, "active")), 60, "the peers interleave", 1)
    trace = peer.display("display ntp-service trace")
    expect([hop["server"] for hop in trace["hops"]][:2] == ["127.0.0.1", "10.71.0.1"], f"the trace: {trace}")


def check_listener(lab):
    listener = lab.clients["listener"]
    heard = wait_until(lambda: answered(listener, "broadcast client"), 90,
                       lambda: "a broadcast is heard\n" + listener.text("display ntp-service explain"), 1)[0]
    expect("dynamic" in heard["status"] and heard["source"] == "10.72.0.1", f"a broadcast session: {heard}")
    expect(heard["peer_interface"] == "eth0", f"it came in by {heard['peer_interface']}")
    expect("broadcast server" in listener.text("display ntp-service explain"), "it is called a broadcast server")
    line = "NTP_DYNAMIC_SESSION: A packet mobilized a session. (SourceAddress = 10.72.0.1, VpnInstance = _public_, " \
           "Mode = broadcast client, Interface = eth0)"
    expect(listener.log().count(line) == 1, f"one line of the log tells of it:\n{listener.log()}")
    listener.configure("ntp-service max-distance 2")
    expect(sessions(listener, "broadcast client"), "the session outlives a commit of something else")
    wait_until(listener.is_synchronized, 30, lambda: listener.text("display ntp-service explain"), 1)
    listener.configure("interface eth0", "undo ntp-service broadcast-client")
    expect("(Interface: eth0)" in listener.text("display ntp-service event clock-unsync"), "the event names the interface")


def check_seeker(lab):
    seeker = lab.clients["seeker"]
    found = wait_until(lambda: seeker.display("display ntp-service explain")["sessions"], 90, "a server is found", 1)
    expect(found[0]["source"] == "10.73.0.1", f"found: {found}")
    group = seeker.display("display ntp-service groups")["groups"][0]
    expect((group["code"], group["sessions"]) == ("searching", 1), f"the group: {group}")


def check_groups(lab):
    """What a line does, or why it is silent."""
    def codes():
        return {g["interface"]: g["code"] for g in lab.router.display("display ntp-service groups")["groups"]}
    expected = {"eth2": "sending", "eth3": "answering", "eth9": "interface-unknown"}
    expect(codes() == expected, f"groups: {codes()}")
    lab.home.ip("link", "set", "eth2", "down")
    wait_until(lambda: codes()["eth2"] == "interface-down", 10, "the interface that is down is noticed")
    lab.router.configure("undo ntp-service refclock-master")
    wait_until(lambda: codes()["eth3"] in ("server-disabled", "unsynchronized"), 10, "silence without a reference")


def check_clients(lab):
    """The workers' tables are one."""
    output = lab.router.display("display ntp-service clients")
    rows = {c["source"]: c for c in output["clients"]}
    expect({"10.71.0.2", "10.72.0.2", "10.73.0.2"} <= set(rows), f"clients: {sorted(rows)}")
    expect(rows["10.71.0.2"]["version"] == 4 and rows["10.71.0.2"]["access"] == "peer", f"a row: {rows['10.71.0.2']}")
    expect(output["totals"]["records"] >= 3, f"totals: {output['totals']}")
    one = lab.router.display("display ntp-service clients 10.71.0.2")["clients"]
    expect(one and one[0]["requests"] >= rows["10.71.0.2"]["requests"], f"one client: {one}")
    expect(not lab.router.display("display ntp-service clients 10.71.0.99")["clients"], "nobody is made up")
    lab.router.shell("reset ntp-service clients")
    expect(lab.router.display("display ntp-service clients 10.72.0.2")["clients"] == [], "they are forgotten")


def main():
    noonmark.need_root()
    with noonmark.test(140) as test:
        lab = Lab(test)
        lab.configure()
        for check in (check_peers, check_listener, check_seeker, check_clients, check_groups):
            check(lab)
            print(f"{check.__name__[6:]}: as it should be", flush=True)


if __name__ == "__main__":
    main()
