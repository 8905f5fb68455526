#!/usr/bin/env python3
"""RUN_DIR/quality.json: what docs/quality.md promises to other software; and what is kept of the clock."""

import json
import pathlib
import stat
import sys
import time

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark  # noqa: E402
from noonmark import expect  # noqa: E402

SCHEMAS = json.loads((noonmark.ROOT / "docs/displays.schema.json").read_text())
DISPLAY = "display ntp-service quality"
SAMPLES_OF_START = 12  # before them nothing is worth keeping (core/estimator/constants.h)
STAMPS = {"at_unix_ns", "at_monotonic_ns", "pid"}
VIRTUAL = ("--clock", "virtual:offset=0.2,frequency=20")


def quality_of(daemon):
    return json.loads((daemon.run_dir / "quality.json").read_text())


def check_form(daemon):
    quality = quality_of(daemon)
    expect(STAMPS <= set(quality), f"the stamps are there: {quality}")
    jsonschema.validate({name: value for name, value in quality.items() if name not in STAMPS},
                        SCHEMAS["displays"][DISPLAY])
    mode = stat.S_IMODE((daemon.run_dir / "quality.json").stat().st_mode)
    expect(mode == 0o644, f"everybody may read it: {mode:o}")
    expect(quality["pid"] == daemon.pid and quality["clock"] == "virtual", f"whose and what it is: {quality}")
    age = time.monotonic_ns() - quality["at_monotonic_ns"]
    expect(0 <= age < 60e9, f"its age: {age} ns")


def check_changes(daemon):
    daemon.configure("ntp-service error-budget 20")
    noonmark.wait_until(lambda: (quality_of(daemon)["error_budget"] or {}).get("limit_s") == 0.02, 5,
                        "a new budget is in the file")


def check_trust(daemon):
    noonmark.wait_until(lambda: quality_of(daemon)["state"] == "synchronized", 10, "the file says synchronized")
    quality, true = quality_of(daemon), abs(daemon.status()["true_offset_ms"]) / 1e3
    bound = quality["error_bound_s"] + quality["error_growth_s_per_s"] * (
        time.monotonic_ns() - quality["at_monotonic_ns"]) / 1e9
    expect(true <= bound < 1, f"the true error {true} s is within the bound {bound} s")
    expect(quality["source"] == "127.0.0.1" and quality["last_update"], f"it names its source: {quality}")


def check_end(test, daemon):
    path = daemon.run_dir / "quality.json"
    daemon.kill()
    expect(path.exists(), "a crash leaves the file")
    again = test.noonmarkd("client", *VIRTUAL)
    expect(quality_of(again)["pid"] == again.pid, "the next start replaces it")
    expect(again.stop() == 0 and not path.exists(), "a clean end removes it")


def replies(daemon):
    return daemon.display("display ntp-service explain")["sessions"][0]["received"]["replies"]


def check_memory(test, daemon):
    """What was learned of this clock, and of none other, is used at the next start."""
    path = daemon.state_dir / "clock.json"
    noonmark.wait_until(lambda: replies(daemon) > SAMPLES_OF_START, 60, "something was learned", 1)
    daemon.stop()
    expect(path.exists() and stat.S_IMODE(path.stat().st_mode) == 0o600, "what was learned is kept")
    for clock, complaints in ((VIRTUAL, 0), (("--clock", "observe"), 1)):
        again = test.noonmarkd("client", *clock)
        expect(again.stop() == 0, f"it ends well with {clock}")
        found = again.log().count("What was learned of the clock is not used")
        expect(found == complaints, f"{clock}: {found} complaints\n{again.log()}")


def main():
    with noonmark.test(120) as test:
        port = noonmark.free_port()
        server = test.noonmarkd("server", "--clock", "observe")
        server.configure(f"ntp-service port {port}", "ntp-service refclock-master 2")
        client = test.noonmarkd("client", *VIRTUAL)
        check_form(client)
        check_changes(client)
        client.configure(f"ntp-service unicast-server 127.0.0.1 port {port} burst iburst minpoll 3 maxpoll 3")
        client.wait_synchronized()
        check_trust(client)
        check_end(test, client)
        check_memory(test, test.noonmarkd("client", *VIRTUAL))
        print("ok")


if __name__ == "__main__":
    main()
