"""Trials against real servers and real ends of sessions: what proves itself stays, what loses its session or its daemon does
not."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import control
import noonmark
from noonmark import expect


def execute(shell, *lines):
    output, refused = shell.execute(*lines)
    expect(not refused, output)
    return output


def distance(daemon):
    """ntp-service max-distance of the running configuration; 1 if there is no such line."""
    rows = daemon.display("display current-configuration")["configuration"]
    values = [row["line"].split()[-1] for row in rows if "max-distance" in row["line"]]
    return int(values[0]) if values else 1


def last_trial(daemon):
    return next(c["trial"] for c in daemon.display("display configuration commit list")["commits"] if c["trial"])


def proves_itself(test):
    """commit trial synchronized is confirmed by itself, tells so, and is what a restart loads"""
    port = noonmark.free_port()
    master = test.noonmarkd("master", "--clock", "observe")
    master.configure("ntp-service refclock-master 2", f"ntp-service port {port}")
    client = test.noonmarkd("client", "--clock", "observe")
    with control.Shell(client) as shell:
        output = execute(shell, "system-view", f"ntp-service unicast-server 127.0.0.1 port {port} iburst minpoll 3",
                         "commit trial 120 synchronized")
        expect("when 1 server is usable" in output, output)
        noonmark.wait_until(lambda: shell.display("display configuration trial status")["status"] == "inactive", 60,
                            "the trial is confirmed")
        news = execute(shell, "commit")
        expect(news == "Info: The trial configuration was confirmed: 1 server is usable: 127.0.0.1.\n", news)
    expect("The trial of commit 1000000001 is confirmed" in client.log(), client.log())
    client.kill()
    client = test.noonmarkd("client", "--clock", "observe")
    expect(client.session("127.0.0.1"), "the server of the trial is gone after a restart")
    expect(last_trial(client)["outcome"] == "confirmed", "the list does not know that the trial was confirmed")


def loses_its_session(test):
    """a connection that breaks takes its trial along, unless that is persistent"""
    daemon = test.noonmarkd("session", "--clock", "observe")
    with control.Shell(daemon) as shell:
        execute(shell, "system-view", "ntp-service max-distance 4", "commit trial")
        expect(distance(daemon) == 4, "the trial is not in force")
    noonmark.wait_until(lambda: distance(daemon) == 1, 5, "the trial is rolled back with its session")
    expect(last_trial(daemon)["reason"] == "the session ended", last_trial(daemon))
    with control.Shell(daemon) as shell:
        execute(shell, "system-view", "ntp-service max-distance 5", "commit trial persist night")
    with control.Shell(daemon) as shell:
        refused = shell.execute("system-view", "commit persist day")[0]
        expect("no trial with the persist ID day" in refused, refused)
        execute(shell, "commit persist night")
    expect(distance(daemon) == 5, "the persistent trial is gone")
    expect(last_trial(daemon)["outcome"] == "confirmed", last_trial(daemon))


def loses_its_daemon(test):
    """a trial that the daemon does not survive is rolled back at the next start, which says so"""
    daemon = test.noonmarkd("daemon", "--clock", "observe")
    daemon.configure("ntp-service max-distance 2")
    for number in (signal.SIGKILL, signal.SIGTERM):
        with control.Shell(daemon) as shell:
            execute(shell, "system-view", "ntp-service max-distance 4", "commit trial persist night")
            daemon.process.send_signal(number)
            daemon.process.wait(10)
        daemon = test.noonmarkd("daemon", "--clock", "observe")
        expect(distance(daemon) == 2, "the trial is in force after a restart")
        expect(last_trial(daemon) == {"outcome": "rolled back", "reason": "noonmarkd ended during the trial",
                                      "unusable_servers": []}, last_trial(daemon))
        expect("noonmarkd ended during the trial" in daemon.log(), daemon.log())


def main():
    with noonmark.test(seconds=150) as test:
        for scenario in (proves_itself, loses_its_session, loses_its_daemon):
            scenario(test)
            print(f"ok: {scenario.__doc__}")


main()
