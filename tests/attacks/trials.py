"""Attacks that take a while: delays, time shifters, lying majorities, leap seconds, restarts. The victims are clients;
their virtual clocks know how wrong they are."""

import dataclasses
import datetime
import time
import typing

import control
import lab as world
from noonmark import Failure, expect

START = 0.02  # s: how wrong a victim's clock is before it follows anybody
SMALL = 0.02  # s: the error of one that does, on a busy machine
HOUR = 3600.0


@dataclasses.dataclass
class Trial:
    attack: str
    title: str
    script: typing.Callable  # a generator, from the lab; resumed now and then, until it ends or fails
    steps: typing.Any = None
    result: str = ""

    def look(self):
        if self.result:
            return
        try:
            next(self.steps)
        except StopIteration:
            self.result = "ok"
        except (Failure, control.Closed) as failure:
            self.result = f"{failure or 'the daemon is gone'}"

    def row(self):
        return self.attack, "client", self.title, "state", self.result or "not finished"


TRIALS = []


def trial(attack, title, **arguments):
    def add(script):
        TRIALS.append(Trial(attack, title, lambda lab: script(lab, **arguments)))
        return script
    return add


def titles():
    return [(t.attack, "client", t.title) for t in TRIALS]


def start(lab, attacks):
    begun = [t for t in TRIALS if not attacks or t.attack in attacks]
    for t in begun:
        t.steps = t.script(lab)
        t.look()
    return begun


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what() if callable(what) else what}")
        yield


def client_of(lab, servers, *lines, **options):
    """A victim of its own that follows these."""
    count = client_of.count = getattr(client_of, "count", 0) + 1
    server_lines = (f"ntp-service unicast-server {server.address} version 4 {world.FAST}" for server in servers)
    return lab.victim(f"trial{count}", *lines, *server_lines, **options)


def new_servers(lab, count):
    return [world.Server(lab.hub, lab.hub.new_address(4)) for _ in range(count)]


def heard(servers, replies):
    """Until each server has been asked that often from now on, and the answers have been judged."""
    wanted = {server: server.requests + replies for server in servers}
    yield from until(lambda: all(server.requests >= number for server, number in wanted.items()), 90,
                     lambda: f"{replies} more requests")
    yield


def codes(victim, servers):
    return [victim.code(server.address) for server in servers]


def expect_true(victim, bound=SMALL):
    error = abs(victim.true_offset())
    expect(error <= bound, f"the clock is {error * 1e3:.3f} ms wrong, more than {bound * 1e3:.3f} ms")


def expect_untouched(victim):
    """Neither stepped nor slewed."""
    error = victim.true_offset()
    expect(abs(error - START) < 0.002, f"the clock has moved: it was {START} s wrong and is {error} s wrong")


# --- A11: delay

@trial("A11", "all replies of the only server delayed by 1 ms", delay=0.001)
@trial("A11", "all replies of the only server delayed by 10 ms", delay=0.01)
@trial("A11", "all replies of the only server delayed by 100 ms", delay=0.1)
@trial("A11", "all replies of the only server delayed by 0.9 s", delay=0.9)
def delayed(lab, delay):
    """The bound that is shown covers the error, and is half the delay, but for what the machine adds."""
    servers = new_servers(lab, 1)
    servers[0].delay = lambda: delay
    victim = client_of(lab, servers)
    yield from heard(servers, 6)
    expect(victim.status()["synchronized"], "not synchronized")
    bound = victim.quality()["error_bound_s"]
    expect_true(victim, bound)
    expect(bound <= delay / 2 + 5 * SMALL, f"the bound shown is {bound} s")


@trial("A11", "every other reply of the only server delayed by 100 ms")
def delayed_now_and_then(lab):
    servers = new_servers(lab, 1)
    servers[0].delay = lambda: 0.1 * (servers[0].requests % 2)
    victim = client_of(lab, servers)
    yield from heard(servers, 7)
    expect_true(victim)


@trial("A11", "one of four servers delayed by 0.9 s")
def one_delayed(lab):
    servers = new_servers(lab, 4)
    servers[0].delay = lambda: 0.9
    victim = client_of(lab, servers)
    yield from heard(servers, 6)
    expect(victim.code(servers[0].address) != "system-peer", "the delayed server is followed")
    expect_true(victim)


# --- A12: time shifters

def seconds_to(year):
    return datetime.datetime(year, 3, 1, tzinfo=datetime.timezone.utc).timestamp() - time.time()


@trial("A12", "the only server jumps by an hour (offset-limit 5)", jump=HOUR, held=("offset-limit",))
@trial("A12", "the only server jumps back by an hour (offset-limit 5)", jump=-HOUR, held=("offset-limit",))
@trial("A12", "the only server jumps to 1970 (offset-limit 5)", jump=seconds_to(1970),
       held=("offset-limit", "before-build-date"))
@trial("A12", "the only server jumps into the next era, 2036 (offset-limit 5)", jump=seconds_to(2036),
       held=("offset-limit",))
@trial("A12", "the only server jumps to 2106 (offset-limit 5)", jump=seconds_to(2106),
       held=("offset-limit", "before-build-date"))
def jumping(lab, jump, held):
    """What is beyond the limit is not taken, however often it is said."""
    servers = new_servers(lab, 1)
    victim = client_of(lab, servers, "ntp-service offset-limit 5")
    yield from until(lambda: victim.status()["synchronized"], 30, "synchronized")
    servers[0].offset = jump
    yield from until(lambda: victim.code(servers[0].address) in held, 60,
                     lambda: f"{held}, not {codes(victim, servers)}")
    yield from heard(servers, 3)
    expect_true(victim)
    expect(victim.code(servers[0].address) in held, f"{codes(victim, servers)}")


@trial("A12", "the only server jumps by an hour (no limit): not before 900 s", jump=HOUR)
def jumping_without_limit(lab, jump):
    servers = new_servers(lab, 1)
    victim = client_of(lab, servers)
    yield from until(lambda: victim.status()["synchronized"], 30, "synchronized")
    servers[0].offset = jump
    yield from until(lambda: victim.code(servers[0].address) == "stepping-soon", 60,
                     lambda: f"stepping-soon, not {codes(victim, servers)}")
    yield from heard(servers, 3)
    expect_true(victim)


@trial("A12", "one of four drags the time by 50 ms a reply")
def dragging(lab):
    """Each shift is below the step threshold; only the others show it."""
    servers = new_servers(lab, 4)
    victim = client_of(lab, servers)
    yield from until(lambda: victim.status()["synchronized"], 30, "synchronized")

    def drag():
        servers[0].offset += 0.05
        return 0.0

    servers[0].delay = drag
    yield from heard(servers, 4)
    expect(victim.code(servers[0].address) in ("falseticker", "collecting-samples"), f"{codes(victim, servers)}")
    expect_true(victim)


@trial("A12", "from before the build date")
def before_the_build(lab):
    servers = new_servers(lab, 1)
    servers[0].offset = seconds_to(1999)
    victim = client_of(lab, servers)
    yield from heard(servers, 5)
    expect(victim.code(servers[0].address) == "before-build-date", f"{codes(victim, servers)}")
    expect_untouched(victim)


# --- A13: majorities

@trial("A13", "1 of 2 lies: nobody is followed", honest=1, liars=1, lie=10.0, follows=None)
@trial("A13", "2 of 4 lie: nobody is followed", honest=2, liars=2, lie=10.0, follows=None)
@trial("A13", "1 of 3 lies: the majority is followed", honest=2, liars=1, lie=10.0, follows=0.0)
@trial("A13", "2 of 5 lie: the majority is followed", honest=3, liars=2, lie=10.0, follows=0.0)
@trial("A13", "3 of 5 lie: the bound of the method", honest=2, liars=3, lie=10.0, follows=10.0)
@trial("A14", "1 of 3 smears by half a second", honest=2, liars=1, lie=0.5, follows=0.0)
def collusion(lab, honest, liars, lie, follows):
    servers = new_servers(lab, honest + liars)
    for server in servers[honest:]:
        server.offset = lie
    victim = client_of(lab, servers)
    yield from heard(servers, 7)
    if follows is None:
        expect(set(codes(victim, servers)) == {"no-majority"}, f"{codes(victim, servers)}")
        expect(not victim.status()["synchronized"], "synchronized")
        expect_untouched(victim)
        return
    error = victim.true_offset() - follows
    expect(abs(error) <= SMALL, f"the clock is {error} s from those that it should follow: {codes(victim, servers)}")
    losers = servers[honest:] if follows == 0 else servers[:honest]
    expect(set(codes(victim, losers)) == {"falseticker"}, f"{codes(victim, servers)}")


# --- A14: leap seconds

def seconds_to_december():
    """To a day of a month that may end with a leap second."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now.replace(month=12, day=10) - now).total_seconds()


@trial("A14", "1 of 3 announces a leap second", liars=1, leap="none")
@trial("A14", "2 of 3 announce a leap second: believed", liars=2, leap="insert")
def leap_flags(lab, liars, leap):
    servers = new_servers(lab, 3)
    for number, server in enumerate(servers):
        server.offset = seconds_to_december()
        server.fields = {"leap": 1 if number < liars else 0}
    victim = client_of(lab, servers, clock=f"virtual:offset={servers[0].offset + START},frequency=5")
    yield from heard(servers, 7)
    expect(victim.status()["synchronized"], "not synchronized")
    told = victim.quality()["leap"]
    expect(told == leap, f"the leap second told is {told!r}, not {leap!r}")


# --- A17: restarts

@trial("A17", "restarts do not let a server beyond the limit move the clock")
def restarts(lab):
    """There is no panic that a supervisor's restart could overcome: what is beyond the limit is held, each time."""
    servers = new_servers(lab, 1)
    servers[0].offset = HOUR
    victim = client_of(lab, servers, "ntp-service offset-limit 5")
    for end in ("kill", "stop", "kill", None):
        yield from until(lambda: victim.code(servers[0].address) == "offset-limit", 30,
                         lambda: f"offset-limit, not {codes(victim, servers)}")
        expect_untouched(victim)
        if end:
            getattr(victim.daemon, end)()
            victim.start()
    expect(b"NTP_CLOCK_STEPPED" not in victim.daemon.log_path.read_bytes(), "the clock was stepped")
