"""The daemon keeps to the rules that let it run, unmodified, under simulators of clocks and networks.

A noonmarkd runs with a preload that reports every call such a simulator would answer wrongly, as the client of another
noonmarkd: it must synchronize without a report. Before that, the preload proves on a small offender that it sees each
kind of fault.
"""

import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark

PRELOAD = noonmark.BIN / "simulator_rules.so"
OFFENDER = noonmark.BIN / "simulator_offender"
KEY_LINE = "ntp-service authentication-keyid 5 authentication-mode hmac-sha256 Simulated-time-7"
SECONDS = 15  # of which the daemon needs some to synchronize: the rest are polls


def preloaded(report):
    return {"LD_PRELOAD": str(PRELOAD), "NOONMARK_SIMULATOR_REPORT": str(report),
            "ASAN_OPTIONS": "verify_asan_link_order=0"}


def check_offender(test):
    listed = subprocess.run([OFFENDER], capture_output=True, text=True, check=True).stdout
    offences = [line.split("\t") for line in listed.splitlines()]
    for name, expected in offences:
        report = test.directory / f"offence-{name}"
        done = subprocess.run([OFFENDER, name], env={**os.environ, **preloaded(report)}, capture_output=True, text=True)
        found = report.read_text()
        faults = found.count("simulator-rules: ")
        if done.returncode != 0 or expected not in found or faults != (1 if expected else 0) or found != done.stderr:
            raise noonmark.Failure(f"offender {name}: status {done.returncode}, reported {found!r} {done.stderr!r}, "
                                   f"expected {expected!r}")
    print(f"ok: {len(offences)} offences")


def start_server(test, port):
    server = test.noonmarkd("server", "--clock", "observe")
    server.configure(f"ntp-service port {port}", KEY_LINE, "ntp-service refclock-master 2")


def check_daemon(test):
    port = noonmark.free_port()
    start_server(test, port)
    configuration = test.directory / "client.cfg"
    configuration.write_text(f"{KEY_LINE}\nntp-service unicast-server 127.0.0.1 port {port} authentication-keyid 5 "
                             "iburst minpoll 3 maxpoll 3\n")
    report = test.directory / "report"
    end = time.monotonic() + SECONDS
    client = test.noonmarkd("client", "--no-control", "--no-sandbox", "--config", configuration,
                            "--clock", "virtual:offset=0.5,frequency=20", environment=preloaded(report))
    noonmark.wait_until(lambda: "hwNtpState=synchronized" in client.log(), SECONDS,
                        lambda: f"the client synchronizes; its log:\n{client.log()}")
    time.sleep(max(0, end - time.monotonic()))
    # A statically linked program would ignore the preload, and pass.
    if not report.exists():
        raise noonmark.Failure("the client runs without the preload")
    status = client.stop()
    if status != 0 or report.read_text():
        raise noonmark.Failure(f"status {status}, calls that a simulator cannot answer:\n{report.read_text()}")
    if (client.run_dir / "quality.json").exists():
        raise noonmark.Failure("a daemon without control socket leaves its run directory alone")
    print("ok: the daemon synchronized and keeps to the rules")


def main():
    with noonmark.test(100) as test:
        check_offender(test)
        check_daemon(test)


if __name__ == "__main__":
    main()
