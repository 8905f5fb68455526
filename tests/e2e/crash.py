"""kill -9 of the daemon at random instants of commits, trials, confirmations, aborts and rollbacks.

    crash.py [--kills N] [--seed S]

After each restart the configuration is exactly the old or the new one, and the new one if the shell was told so; trials
that were not confirmed are rolled back, and the list of commits is whole.
"""

import argparse
import collections
import contextlib
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import control
import noonmark
from noonmark import expect

LISTENERS = 30


def lines_of(number):
    """A configuration of many lines that all tell its number."""
    return [f"sysname S{number}", *(f"ntp-service server source-interface c{number}-{i}" for i in range(LISTENERS))]


def commands_from(old, new):
    """What turns one numbered configuration into another; 0 is the empty one."""
    undo = [f"undo {line}" for line in lines_of(old)[1:]] if old else []
    return [*undo, *lines_of(new)]


def number_of(shell):
    """The number of the running configuration; a Failure if it is a mixture."""
    rows = [row["line"] for row in shell.display("display current-configuration")["configuration"]]
    if not rows:
        return 0
    number = int(rows[0].removeprefix("sysname S"))
    expect(sorted(rows) == sorted(lines_of(number)), f"a mixture: {rows}")
    return number


class Crash:
    """A daemon that is killed and started anew; knows which configurations it may come back with."""

    def __init__(self, test, seed):
        self.test = test
        self.random = random.Random(seed)
        self.number = 0  # the configuration that a restart has to load
        self.newest = 0  # the last number that was used
        self.commit_time = 0.02  # s, as measured last
        self.seen = collections.Counter()
        self.start()

    def start(self):
        self.daemon = self.test.noonmarkd("crash", "--clock", "observe")
        self.shell = control.Shell(self.daemon)
        self.shell.execute("screen-length 0 temporary")

    def enter(self, new):
        output, refused = self.shell.execute("system-view", *commands_from(self.number, new))
        expect(not refused, output)

    def commit_now(self, line):
        before = time.monotonic()
        output, refused = self.shell.execute(line)
        self.commit_time = time.monotonic() - before
        expect(not refused, output)

    def kill_during(self, *requests):
        """Sends the requests and kills the daemon in the meantime, or shortly after. Whether all were answered."""
        self.shell.send(*requests)
        time.sleep(self.random.uniform(0, self.random.choice((0.2, 1, 3)) * self.commit_time))
        self.daemon.kill()
        answered = 0
        with contextlib.suppress(control.Closed):
            while True:
                answered += "status" in self.shell.read()
        self.shell.close()
        return answered == len(requests)

    @staticmethod
    def line(text):
        return {"op": "execute", "line": text}

    def commit(self, new):
        self.enter(new)
        return {new} if self.kill_during(self.line("commit")) else {self.number, new}

    def trial(self, new):
        self.enter(new)
        self.kill_during(self.line("commit trial"))
        return {self.number}

    def confirmation(self, new):
        self.enter(new)
        self.commit_now("commit trial")
        return {new} if self.kill_during(self.line("commit")) else {self.number, new}

    def abort(self, new):
        self.enter(new)
        self.commit_now("commit trial")
        self.kill_during(self.line("abort trial"), {"op": "answer", "text": "y"})
        return {self.number}

    def rollback(self, new):
        self.enter(new)
        self.commit_now("commit")
        self.shell.execute("return")
        done = self.kill_during(self.line("rollback configuration last 1"), {"op": "answer", "text": "y"})
        return {self.number} if done else {self.number, new}

    def check(self, action, allowed):
        running = number_of(self.shell)
        expect(running in allowed, f"after {action} configuration {running} is there, not one of {allowed}")
        self.seen[action, "new" if running == self.newest else "old"] += 1
        self.number = running
        points = self.shell.display("display configuration commit list")["commits"]
        ids = [point["commit_id"] for point in points]
        expect(ids == sorted(set(ids), reverse=True), f"the ids do not fall: {ids}")
        pending = [p for p in points if p["trial"] and p["trial"]["outcome"] == "pending"]
        expect(not pending, f"trials that did not end: {pending}")
        kept = [p for p in points if not (p["trial"] and p["trial"]["outcome"] == "rolled back")]
        if kept:
            rows = self.shell.display(f"display configuration commit at {kept[0]['commit_id']}")["configuration"]
            expect(sorted(row["line"] for row in rows) == sorted(lines_of(running) if running else []),
                   f"the newest commit is not the running configuration {running}: {rows}")
        expect("damaged" not in self.daemon.log() and "left out" not in self.daemon.log(), self.daemon.log())

    def one(self):
        action = self.random.choice((self.commit, self.trial, self.confirmation, self.abort, self.rollback))
        self.newest += 1
        allowed = action(self.newest)
        self.start()
        self.check(action.__name__, allowed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    with noonmark.test(seconds=60 + 3 * options.kills) as test:
        crash = Crash(test, options.seed)
        for _ in range(options.kills):
            crash.one()
        for (action, state), times in sorted(crash.seen.items()):
            print(f"  {action}: {times} times the {state} configuration")
        print(f"ok: {options.kills} times kill -9; each time exactly the old or the new configuration")


main()
