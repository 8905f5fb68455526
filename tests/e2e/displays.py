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

# What is typed instead of the reference's example, where that needs something of this lab, or has several shapes.
# PORT is that of the server that answers.
LINES = {
    "display acl": ["display acl all", "display acl 2000", "display acl ipv6 all"],
    "test ntp-service access": ["test ntp-service access 192.0.2.77", "test ntp-service access ipv6 2001:db8::1"],
    "display ntp-service clients [": ["display ntp-service clients", "display ntp-service clients too-often 5"],
    "display ntp-service clients {": [
        "display ntp-service clients 127.0.0.1", "display ntp-service clients ipv6 ::1 vpn-instance nowhere"],
    "display ntp-service explain": ["display ntp-service explain", "display ntp-service explain 127.0.0.2"],
    "display ntp-service sessions": ["display ntp-service sessions", "display ntp-service sessions verbose"],
    "display ntp-service statistics packet [ ipv6 ] interface": [
        "display ntp-service statistics packet interface lo", "display ntp-service statistics packet interface all"],
    "display ntp-service statistics packet peer": [
        "display ntp-service statistics packet peer", "display ntp-service statistics packet peer 127.0.0.1"],
    "display ntp-service statistics packet [ ipv6 ]": ["display ntp-service statistics packet"],
    "test ntp-service unicast-server ipv6": ["test ntp-service unicast-server ipv6 ::1 port PORT"],
    "test ntp-service unicast-server": ["test ntp-service unicast-server 127.0.0.1 port PORT"],
    "display configuration commit list": [
        "display configuration commit list", "display configuration commit list verbose"],
    "display configuration commit changes": [
        "display configuration commit changes", "display configuration commit changes last 1"],
    "display configuration commit at": ["display configuration commit at 1000000001"],
    "display configuration candidate [": [
        "display configuration candidate", "display configuration candidate merge"],
    "display saved-configuration": ["display saved-configuration first.cfg"],
    "display configuration changes": ["display configuration changes"],
}


def lines_of(grammar, example):
    """The lines of the longest key that the grammar begins with, or the example."""
    keys = [key for key in LINES if grammar.startswith(key)]
    return LINES[max(keys, key=len)] if keys else [example.split(" | ")[0]]


def displays():
    """The command table's displays: grammar and example."""
    table = json.loads(noonmark.run(noonmark.BIN / "command_reference"))
    return [(row["syntax"], row["example"]) for row in table if row["group"] == "Displays and tests"]


def lab(test, server_port):
    """A client with a server that answers, one without our key, one in a VPN that is not there; commits, trials and a rollback."""
    server = test.noonmarkd("server", "--clock", "observe")
    server.configure("ntp-service refclock-master 3", f"ntp-service port {server_port}",
                     "ntp-service ipv6 server disable", "undo ntp-service ipv6 server disable")
    client = test.noonmarkd("client", "--clock", "virtual:offset=0.01")
    client.configure(
        "ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Example-Password-1",
        f"ntp-service unicast-server 127.0.0.1 port {server_port} iburst version 4",
        f"ntp-service unicast-server 127.0.0.2 port {server_port} authentication-keyid 1",
        "ntp-service unicast-server 127.0.0.3 vpn-instance nowhere",
        "acl 2000", "rule permit source 127.0.0.0 0.255.255.255", "rule permit vpn-instance nowhere", "#",
        "acl ipv6 name all6 number 2000", "rule permit source ::/0", "#", "ntp-service access peer 2000 ipv6 2000",
        f"ntp-service port {noonmark.free_port()}", f"ntp-service unicast-peer 127.0.0.2 port {server_port}",
        "interface lo", "ntp-service broadcast-server", "#", "interface none", "ntp-service multicast-client", "#")
    client.shell("save first.cfg", "y")
    client.configure(f"ntp-service unicast-server ipv6 ::1 port {noonmark.free_port()}")
    client.shell("rollback configuration last 1", "y")
    client.shell("system-view", "ntp-service max-distance 5", "commit trial 600 persist first")
    client.shell("system-view", "abort trial persist first", "y")
    client.shell("system-view", "ntp-service max-distance 6", "commit trial 600 synchronized 3 persist second")
    noonmark.wait_until(lambda: client.code("127.0.0.1") == "system-peer", 30, "the client follows its server")
    return server, client


def output_of(daemon, line):
    """The JSON of a line in whichever view takes it; None if what it is about does not exist there."""
    for view in ((), ("system-view",)):
        done = daemon.shell(*view, line, json_output=True)
        start = done.stdout.find("{")
        if start >= 0:
            return json.JSONDecoder().raw_decode(done.stdout[start:])[0]
    return None


def main():
    with noonmark.test() as test:
        port = noonmark.free_port()
        former = test.noonmarkd("former", "--clock", "observe")
        server, client = lab(test, port)
        former.configure(f"ntp-service unicast-server 127.0.0.1 port {port} iburst")
        former.wait_synchronized()
        former.configure("undo ntp-service unicast-server 127.0.0.1")  # an event
        table = displays()
        collected, count = {}, 0
        for grammar, example in table:
            for line in lines_of(grammar, example):
                line = line.replace("PORT", str(port))
                for daemon in (client, former, *([server] if "clients" in line else [])):
                    output = output_of(daemon, line)
                    if output is not None:
                        collected.setdefault(grammar, []).append((line, output))
                        count += 1
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
        grammars = {grammar for grammar, _ in table}
        if set(known) - grammars:
            raise noonmark.Failure(f"{SCHEMA.name} knows displays that do not exist: {sorted(set(known) - grammars)}")
        if grammars - set(collected):
            raise noonmark.Failure(f"never shown: {sorted(grammars - set(collected))}")
        print(f"{count} outputs of {len(collected)} displays are as {SCHEMA.name} promises")


def check(line, output, schema):
    try:
        jsonschema.validate(output, schema)
    except jsonschema.ValidationError as error:
        raise noonmark.Failure(f"{line}: {'/'.join(map(str, error.absolute_path))}: {error.message}") from error


if __name__ == "__main__":
    main()
