"""Interfaces, addresses and VPN instances for real: named network namespaces joined by veth pairs.

    home ---- eth1 10.8.0.0/24, fd08::/64 ---- hub     our server; several addresses on its interface
    home ---- eth2 10.6.0.0/24 --------------- other   our server that answers from another interface's address
    blue ---- eth0 10.9.0.0/24 --------------- far1    our servers with one and the same address, in two VPN
    red  ---- eth0 10.9.0.0/24 --------------- far2    instances that the clients in `home` reach by name

Every scenario has a client of its own in `home`, so they run side by side.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark

CLOCK = ("--clock", "virtual:offset=0.3,frequency=10")
FAST = "iburst minpoll 3 maxpoll 4"
SYNCHRONIZED = {"system-peer", "survivor"}


def add_loopback(namespace, *addresses):
    """An interface loop1 that is always up; a pair to nowhere, for not every kernel has dummy interfaces."""
    noonmark.connect(namespace, "loop1", namespace, "loop1peer")
    namespace.address("loop1", *addresses)


class Lab:
    def __init__(self, test):
        self.test = test
        self.home, self.hub, self.other = (test.namespace(name) for name in ("home", "hub", "other"))
        self.blue, self.red = test.namespace("blue"), test.namespace("red")
        self._join_home()
        for vpn, name, stratum in ((self.blue, "far1", 2), (self.red, "far2", 5)):
            self.add_far_server(vpn, name, stratum)
        self._add_servers()

    def _join_home(self):
        noonmark.connect(self.home, "eth1", self.hub, "eth0")
        self.home.ip("link", "set", "dev", "eth1", "alias", "GigabitEthernet0/0/1")
        self.home.address("eth1", "10.8.0.2/24", "fd08::2/64")
        self.hub.address("eth0", "10.8.0.1/24", "10.8.0.9/24", "fd08::1/64", "fd08::9/64", "fe80::1/64")
        # Loopback addresses of the clients, and the way back to them.
        add_loopback(self.home, "10.7.7.7/32", "fd07::7/128")
        self.hub.ip("route", "add", "10.7.7.7/32", "via", "10.8.0.2")
        self.hub.ip("route", "add", "fd07::7/128", "via", "fd08::2")
        noonmark.connect(self.home, "eth2", self.other, "eth0")
        self.home.address("eth2", "10.6.0.2/24")
        self.other.address("eth0", "10.6.0.1/24")
        add_loopback(self.other, "10.5.5.5/32")
        self.home.ip("route", "add", "10.5.5.5/32", "via", "10.6.0.1")

    def add_far_server(self, vpn, name, stratum):
        """A server at 10.9.0.1 that can be reached in that VPN instance only."""
        far = self.test.namespace(name)
        noonmark.connect(vpn, "eth0", far, "eth0")
        vpn.address("eth0", "10.9.0.2/24")
        far.address("eth0", "10.9.0.1/24")
        server = self.test.noonmarkd(name, "--clock", "observe", namespace=far)
        server.configure(f"ntp-service refclock-master {stratum}")

    def _add_servers(self):
        self.test.noonmarkd("hub", "--clock", "observe", namespace=self.hub).configure("ntp-service refclock-master 3")
        self.test.noonmarkd("other", "--clock", "observe", namespace=self.other).configure(
            "ntp-service refclock-master 3", "ntp-service source-interface loop1")

    def client(self, name, *lines):
        client = self.test.noonmarkd(name, *CLOCK, namespace=self.home)
        client.configure(*lines)
        return client


# Each scenario is a generator: up to its first yield it sets up, so that all clients measure at the same time.

def vpn_instance(lab):
    """a server that only the VPN instance reaches"""
    inside = lab.client("inside", f"ntp-service unicast-server 10.9.0.1 vpn-instance {lab.blue.name} {FAST}")
    outside = lab.client("outside", f"ntp-service unicast-server 10.9.0.1 {FAST}")
    yield
    inside.wait_synchronized()
    if inside.status()["vpn_instance"] != lab.blue.name:
        raise noonmark.Failure(f"the VPN instance is not named:\n{inside.text('display ntp-service status')}")
    outside.wait_code({"no-route", "no-reply"}, "10.9.0.1", seconds=40)


def one_address_in_two_vpns(lab):
    """the same address in two VPN instances is two sessions"""
    client = lab.client("twice", f"ntp-service unicast-server 10.9.0.1 vpn-instance {lab.blue.name} {FAST}",
                        f"ntp-service unicast-server 10.9.0.1 vpn-instance {lab.red.name} {FAST}")
    yield
    client.wait_synchronized()
    for vpn, stratum in ((lab.blue.name, 2), (lab.red.name, 5)):
        noonmark.wait_until(lambda: client.session("10.9.0.1", vpn)["reach"] != 0, 20, f"a reply in {vpn}")
        found = client.session("10.9.0.1", vpn)["stratum"]
        if found != stratum:
            raise noonmark.Failure(f"the session in {vpn} shows stratum {found} instead of {stratum}")


def unknown_vpn(lab):
    """a VPN instance that comes later, goes, and comes again"""
    name = lab.test.unique("late")
    client = lab.test.noonmarkd("late", *CLOCK, namespace=lab.home)
    printed = client.configure(f"ntp-service unicast-server 10.9.0.1 vpn-instance {name} {FAST}")
    if name not in printed:
        raise noonmark.Failure(f"the commit does not warn of an unknown VPN instance: {printed!r}")
    yield
    client.wait_code("vpn-unknown", "10.9.0.1", name)
    late = lab.test.namespace("late")
    lab.add_far_server(late, "far3", 4)
    client.wait_synchronized(30)
    late.delete()
    client.wait_code("vpn-unknown", "10.9.0.1", name)
    lab.add_far_server(lab.test.namespace("late"), "far5", 4)
    client.wait_code(SYNCHRONIZED, "10.9.0.1", name, 30)


def alias(lab):
    """a source interface by its alias"""
    client = lab.client("alias", "ntp-service unicast-server 10.8.0.1 source-interface GigabitEthernet 0/0/1 " + FAST)
    yield
    client.wait_synchronized()
    if client.session("10.8.0.1")["peer_interface"] != "GigabitEthernet0/0/1":
        raise noonmark.Failure(client.text("display ntp-service sessions verbose"))


def source_address(lab):
    """requests leave from the source interface's address"""
    # The server has no way back to the addresses that the kernel would choose.
    lab.home.address("eth1", "10.8.1.2/24", "fd81::2/64")
    lab.home.ip("route", "add", "10.8.0.8/32", "dev", "eth1", "src", "10.8.1.2")
    lab.home.ip("route", "add", "fd08::8/128", "dev", "eth1", "src", "fd81::2")
    lab.hub.address("eth0", "10.8.0.8/24", "fd08::8/64")
    chosen = lab.client("chosen", f"ntp-service unicast-server 10.8.0.8 source-interface loop1 {FAST}")
    globally = lab.client("globally", "ntp-service source-interface loop1",
                          f"ntp-service unicast-server 10.8.0.8 {FAST}")
    over_ipv6 = lab.client("over-ipv6", "ntp-service ipv6 source-interface loop1",
                           f"ntp-service unicast-server ipv6 fd08::8 {FAST}")
    left_alone = lab.client("left-alone", f"ntp-service unicast-server 10.8.0.8 {FAST}",
                            f"ntp-service unicast-server ipv6 fd08::8 {FAST}")
    yield
    for client in (chosen, globally, over_ipv6):
        client.wait_synchronized()
    for server in ("10.8.0.8", "fd08::8"):
        left_alone.wait_code("no-reply", server, seconds=40)


def other_address(lab):
    """a server that answers from another address than the client named"""
    client = lab.client("other-address", f"ntp-service unicast-server 10.6.0.1 {FAST}")
    yield
    client.wait_code("reply-from-other-address", "10.6.0.1")
    reason = client.session("10.6.0.1")["reason"]
    if "10.5.5.5" not in reason or client.is_synchronized():
        raise noonmark.Failure(f"{reason}\n{client.text('display ntp-service status')}")
    client.configure("undo ntp-service unicast-server 10.6.0.1", f"ntp-service unicast-server 10.5.5.5 {FAST}")
    client.wait_synchronized()


def secondary_addresses(lab):
    """requests to secondary addresses are answered from there"""
    clients = {address: lab.client(f"secondary{number}", f"ntp-service unicast-server {keyword}{address} {FAST}")
               for number, (keyword, address) in enumerate((("", "10.8.0.9"), ("ipv6 ", "fd08::9")))}
    yield
    for address, client in clients.items():
        client.wait_synchronized()
        client.wait_code(SYNCHRONIZED, address)


def link_local(lab):
    """an IPv6 link-local server on the link of the source interface"""
    client = lab.client("link-local", f"ntp-service unicast-server ipv6 fe80::1 source-interface eth1 {FAST}")
    done = client.shell("system-view", f"ntp-service unicast-server ipv6 fe80::2 {FAST}", "commit")
    if done.returncode == 0:
        raise noonmark.Failure(f"a link-local server without a source interface is committed:\n{done.stdout}")
    yield
    client.wait_synchronized()


def interface_down(lab):
    """a source interface that goes down and comes up again"""
    # A link of its own, for the other scenarios need theirs.
    far = lab.test.namespace("far4")
    noonmark.connect(lab.home, "eth4", far, "eth0")
    lab.home.address("eth4", "10.4.0.2/24")
    far.address("eth0", "10.4.0.1/24")
    lab.test.noonmarkd("far4", "--clock", "observe", namespace=far).configure("ntp-service refclock-master 3")
    client = lab.client("down", f"ntp-service unicast-server 10.4.0.1 source-interface eth4 {FAST}")
    absent = lab.client("absent", f"ntp-service unicast-server 10.4.0.1 source-interface eth40 {FAST}")
    yield
    client.wait_synchronized()
    lab.home.ip("link", "set", "eth4", "down")
    client.wait_code("interface-down", "10.4.0.1", seconds=10)
    lab.home.ip("link", "set", "eth4", "up")
    client.wait_code(SYNCHRONIZED, "10.4.0.1", seconds=30)
    absent.wait_code("interface-unknown", "10.4.0.1")
    lab.home.ip("link", "property", "add", "dev", "eth4", "altname", "eth40")
    absent.wait_code(SYNCHRONIZED, "10.4.0.1", seconds=30)


SCENARIOS = [vpn_instance, one_address_in_two_vpns, unknown_vpn, alias, source_address, other_address,
             secondary_addresses, link_local, interface_down]


def main():
    noonmark.need_root()
    with noonmark.test() as test:
        lab = Lab(test)
        running = [(scenario, scenario(lab)) for scenario in SCENARIOS]
        for _, steps in running:
            next(steps)
        for scenario, steps in running:
            try:
                next(steps, None)
            except noonmark.Failure as failure:
                raise noonmark.Failure(f"{scenario.__doc__}: {failure}") from failure
            print(f"ok: {scenario.__doc__}", flush=True)


if __name__ == "__main__":
    main()
