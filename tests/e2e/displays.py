#!/usr/bin/env python3
"""Every display as JSON: what docs/displays.schema.json promises is what comes, whatever the daemon is doing.

    NOONMARK_BIN=build/release/bin tests/e2e/displays.py [--print]      --print: the outputs instead of a verdict
"""

import json
import pathlib
import subprocess
import sys

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark  # noqa: E402

SCHEMA = noonmark.ROOT / "docs/displays.schema.json"

# Lines beside the reference's examples, where an output has more than one shape. S and C are ports of the lab.
MORE = [
    "display ntp-service sessions",
    "display ntp-service explain",
    "display current-configuration",
    "display interface brief",
]


def displays():
    """The command table's displays: grammar and example."""
    table = json.loads(noonmark.run(noonmark.BIN / "command_reference"))
    return [(row["syntax"], row["example"].split(" | ")[0]) for row in table if row["group"] == "Displays and tests"]


def lab(test):
    """A daemon with a server that answers, one that is dead, one with a key that is not there; a history; a trial."""
    server_port = noonmark.free_port()
    server = test.noonmarkd("server", "--clock", "observe")
    server.configure("ntp-service refclock-master 3", f"ntp-service port {server_port}")
    client = test.noonmarkd("client", "--clock", "virtual:offset=0.01")
    client.configure(
        "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Example-Password-1",
        f"ntp-service unicast-server 127.0.0.1 port {server_port} iburst version 4",
        f"ntp-service unicast-server ipv6 ::1 port {noonmark.free_port()}",
        f"ntp-service unicast-server 127.0.0.2 port {server_port} authentication-keyid 1",
        "ntp-service unicast-server 127.0.0.3 vpn-instance nowhere",
        "ntp-service refclock-master 9")
    client.wait_synchronized()
    return client


def output_of(client, line):
    """The JSON of a line in whichever view takes it."""
    for lines in ((line,), ("system-view", line)):
        done = client.shell(*lines, json_output=True)
        start = done.stdout.find("{")
        if start >= 0:
            return json.JSONDecoder().raw_decode(done.stdout[start:])[0]
    raise noonmark.Failure(f"{line}: no JSON\n{done.stdout}{done.stderr}")


def main():
    with noonmark.test() as test:
        idle = test.noonmarkd("idle", "--clock", "observe")
        client = lab(test)
        outputs = [(grammar, daemon, line) for grammar, example in displays()
                   for daemon in (client, idle)
                   for line in [example] + [more for more in MORE if more.startswith(" ".join(example.split()[:3]))]]
        collected = {}
        for grammar, daemon, line in outputs:
            done = daemon.shell(line, json_output=True)
            if daemon is idle and done.stdout.startswith("Error: "):
                continue  # what the line is about does not exist there
            collected.setdefault(grammar, []).append((line, output_of(daemon, line)))
        if "--print" in sys.argv:
            print(json.dumps(collected, indent=1))
            return
        schemas = json.loads(SCHEMA.read_text())
        known = schemas["displays"]
        for grammar, results in collected.items():
            if grammar not in known:
                raise noonmark.Failure(f"{SCHEMA.name} says nothing of {grammar}")
            for line, output in results:
                check(line, output, {"$defs": schemas["$defs"], **known[grammar]})
        for grammar in set(known) - {g for g, _ in displays()}:
            raise noonmark.Failure(f"{SCHEMA.name} knows a display that does not exist: {grammar}")
        if set(collected) != {g for g, _ in displays()}:
            raise noonmark.Failure(f"never shown: {sorted({g for g, _ in displays()} - set(collected))}")
        print(f"{len(outputs)} outputs of {len(collected)} displays are as {SCHEMA.name} promises")


def check(line, output, schema):
    try:
        jsonschema.validate(output, schema)
    except jsonschema.ValidationError as error:
        raise noonmark.Failure(f"{line}: {'/'.join(map(str, error.absolute_path))}: {error.message}") from error


if __name__ == "__main__":
    main()
