"""noonmark-sim end to end: every example is right, results have their form, and the same seed gives the same octets."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = pathlib.Path(os.environ["NOONMARK_BIN"]) / "noonmark-sim"
EXAMPLES = sorted(pathlib.Path("examples").glob("*.scenario"))
SHORT = ["--set", "world.duration=6h", "--set", "world.warm-up=2h", "--seeds", "2"]
FIGURES = ["rms", "p50", "p99", "max", "first-hour", "frequency-error", "synchronized", "holdover", "mean-bound",
           "bound-use"]
COUNTS = ["members", "bound-violations", "never-synchronized", "requests-sent", "requests-received", "steps", "losses"]


def run(*arguments, status=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=100)
    assert done.returncode == status, f"{arguments}: status {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def check_figures(figures):
    for name in FIGURES:
        assert isinstance(figures[name], float) and figures[name] >= 0, (name, figures)
    for name in COUNTS:
        assert isinstance(figures[name], int) and figures[name] >= 0, (name, figures)
    assert figures["p50"] <= figures["p99"] <= figures["max"] * 1.000001, figures


def check_result(path, clients):
    result = json.loads(path.read_text())
    assert result["format"] == "noonmark-sim 1"
    for scenario in result["scenarios"]:
        for variant in scenario["variants"]:
            assert variant["seeds"] == [1, 2] and variant["duration"] == 21600
            assert [c["name"] for c in variant["clients"]] == clients, variant["clients"]
            for client in variant["clients"]:
                check_figures(client)
                assert len(client["seeds"]) == 2
                for figures in client["seeds"]:
                    check_figures(figures)
            for stratum in variant["strata"]:
                assert 1 <= stratum["stratum"] <= 16 and stratum["received-per-second"] >= 0
    return result["scenarios"][0]["variants"]


def two_examples(folder):
    first, second = folder / "1.json", folder / "2.json"
    table = run("run", "examples/poll.scenario", *SHORT, "--json", first, "--jobs", 1).stdout
    assert table == run("run", "examples/poll.scenario", *SHORT, "--json", second, "--jobs", 2).stdout
    assert first.read_bytes() == second.read_bytes(), "the same seed gives the same octets"
    assert "violations" in table and "adaptive" in table
    (variant,) = check_result(first, ["fixed", "adaptive"])
    for client in variant["clients"]:
        assert client["rms"] < 5e-3 and client["bound-violations"] == 0 and client["synchronized"] > 0.9, client

    run("run", "examples/falseticker.scenario", *SHORT, "--json", first, "--what-if", "liar.step=at 3h 1s", "--strict")
    variants = check_result(first, ["router"])
    assert len(variants) == 2 and all(v["clients"][0]["rms"] < 5e-3 for v in variants), "one of four is not followed"


def another_configuration(folder):
    configuration = folder / "other.cfg"
    configuration.write_text("sysname R1\n#\nntp-service unicast-server 192.0.2.1 iburst minpoll 9 maxpoll 9\n#\nreturn\n")
    result = folder / "config.json"
    run("run", "examples/wan-exp1ms.scenario", *SHORT, "--config", configuration, "--json", result)
    ours, theirs = check_result(result, ["router"])
    assert theirs["clients"][0]["requests-sent"] * 4 < ours["clients"][0]["requests-sent"]


def drawings(folder):
    for name, beginning in (("plot.svg", b"<?xml"), ("plot.png", b"\x89PNG")):
        run("run", "examples/quiet-lan.scenario", *SHORT, "--plot", folder / name, "--trace", folder / "trace.tsv")
        assert (folder / name).read_bytes().startswith(beginning), name
    lines = (folder / "trace.tsv").read_text().splitlines()
    documented = re.findall(r"^\| `([a-z]+)` \|", run("--help-format").stdout.split("### A trace")[1], re.M)
    assert lines[0].split("\t") == documented[:8] and len(lines) > 10000, documented
    plot = folder / "many.svg"
    run("run", "examples/data-centre.scenario", "--set", "world.duration=2h", "--set", "world.warm-up=1h", "--plot", plot)
    names = set(re.findall(r">((?:spine|leaf)/\d+)<", plot.read_text()))
    assert len(names) == 8 and "36 more are not shown" in plot.read_text(), names
    wide_drawings(folder)


def texts_of(plot):
    return [t.strip() for t in re.findall(r">([^<>]+)</?(?:tspan|text)", plot.read_text()) if t.strip()]


def wide_drawings(folder):
    """Axes keep their labels and short numbers at errors of hours; masters, whose error is 0, are drawn last."""
    world, plot = folder / "wide.scenario", folder / "wide.svg"
    example = pathlib.Path("examples/wan-exp1ms.scenario").read_text()
    world.write_text(example + " event pause at 10h 30m unannounced\n")
    run("run", world, "--seeds", 1, "--plot", plot)
    texts = texts_of(plot)
    assert "error, s" in texts and any("bound (line), s" in t for t in texts), texts
    numbers = [t for t in texts if re.fullmatch(r"[-+.0-9e]+", t)]
    assert len(numbers) > 15 and max(map(len, numbers)) <= 6, numbers
    masters = ("world\n duration 1h\n warm-up 1m\npath p\n delay 1ms\n"
               "client master\n count 9\n path p\n ntp-service refclock-master 1\n")
    world.write_text(masters)
    run("run", world, "--plot", plot)
    assert "master/7" in texts_of(plot)
    world.write_text(masters + "client leaf\n count 7\n path p\n follow master 2 iburst\n")
    run("run", world, "--plot", plot)
    assert {t for t in texts_of(plot) if "/" in t} == {"master/0", *(f"leaf/{i}" for i in range(7))}, texts_of(plot)


def a_tree(folder):
    run("tree", "--nodes", 60, "--fan-out", 6, "--hours", 1, "--json", folder / "tree.json")
    (scenario,) = json.loads((folder / "tree.json").read_text())["scenarios"]
    strata = {s["stratum"]: s for s in scenario["variants"][0]["strata"]}
    assert strata[1]["members"] == 4 and strata[3]["members"] > 40, strata
    sent, received = strata[3]["sent-per-second"], strata[2]["received-per-second"]
    assert 0.8 * sent < received <= sent, "what one stratum sends the other gets, once its servers are up"
    printed = folder / "tree.scenario"
    printed.write_text(run("tree", "--nodes", 60, "--print").stdout)
    run("check", printed)
    assert "`noonmark-sim tree --print` with the same options" in run("tree", "--options", "no", status=2).stderr


def who_never_synchronizes(folder):
    """Is named, has no bound, and is a failure where one is asked for."""
    configuration = folder / "elsewhere.cfg"
    configuration.write_text("ntp-service unicast-server 192.0.2.1 source-interface GigabitEthernet0/0/1\n")
    result = folder / "never-synchronized.json"
    asked = ("run", "examples/wan-exp1ms.scenario", *SHORT, "--config", configuration, "--json", result)
    sentence = "B: client router never synchronized (2 of 2 seeds): 192.0.2.1 interface-unknown"
    assert sentence in run(*asked).stderr
    assert sentence in run(*asked, "--strict", status=1).stderr
    figures = json.loads(result.read_text())["scenarios"][0]["variants"][1]["clients"][0]
    assert figures["mean-bound"] is None and figures["bound-use"] is None and figures["never-synchronized"] == 2, figures


def what_cannot_be(folder):
    """A server that is nowhere is an error, wherever it is named; what never happens gets a warning."""
    example = pathlib.Path("examples/wan-exp1ms.scenario")
    there = "nobody in this world has the address 192.0.2.9; there are far 192.0.2.1, router 10.0.0.1"
    wrong = folder / "nowhere.scenario"
    wrong.write_text(example.read_text().replace("unicast-server 192.0.2.1", "unicast-server 192.0.2.9"))
    for command in ("run", "check"):
        assert f"{wrong}:23: {there}" in run(command, wrong, status=2).stderr
    option = "router.ntp-service=unicast-server 192.0.2.9"
    assert f"--what-if {option}: {there}" in run("run", example, "--what-if", option, status=2).stderr
    configuration = folder / "nowhere.cfg"
    configuration.write_text("sysname R1\n#\nntp-service unicast-server 192.0.2.9\n")
    assert f"{configuration}:3: {there}" in run("run", example, "--config", configuration, status=2).stderr
    late = folder / "late.scenario"
    late.write_text(example.read_text() + " event restart at 50h\n")
    warning = f"warning: {late}:24: this never happens: the world ends after 48h"
    assert warning in run("check", late).stderr
    assert run("run", late, "--seeds", 1, "--what-if", "wan.loss=1%").stderr.count(warning) == 1


def failures(folder):
    wrong = folder / "wrong.scenario"
    wrong.write_text("world\n duraton 6h\n")
    assert f"{wrong.name}:2: duraton is unknown here; perhaps duration" in run("run", wrong, status=2).stderr
    run("run", folder / "missing", status=2)
    run("run", status=2)
    run(status=2)
    for arguments, message in (
            (("run", "examples/poll.scenario", "--seeds", 0), "--seeds: Value 0 not in range 1 to 1000"),
            (("run", "examples/poll.scenario", "--seed", -1), "--seed: Value -1 not in range"),
            (("tree", "--nodes", 0), "--nodes: Value 0 not in range 1 to 90000"),
            (("rnu", "examples/poll.scenario"), "rnu is no command; the commands are run, tree, check"),
            (("check", wrong, folder / "missing"), f"there is no file {folder / 'missing'}"),
            (("run", "examples/poll.scenario", "--json", "-"), "--json -: give a file's name; /dev/stdout "),
            (("run", "examples/poll.scenario", "--trace", "-"), "--trace -: give a file's name; /dev/stdout "),
            (("run", "examples/poll.scenario", "--plot", "-"), "--plot -: give a file's name"),
            (("run", "examples/poll.scenario", "--set", "wan"), "--set wan: a setting is NAME.KEY=VALUE")):
        assert message in run(*arguments, status=2).stderr, arguments
    run("run", "examples/poll.scenario", *SHORT, "--json", folder / "no" / "such" / "folder", status=1)
    twice = run("run", "examples/poll.scenario", *SHORT, "--trace", folder / "x", "--json", folder / "x", status=2)
    assert "each needs a file of its own" in twice.stderr and not (folder / "x").exists()
    assert "is a directory" in run("run", "examples/poll.scenario", *SHORT, "--trace", folder, status=1).stderr
    nowhere = run("run", "examples/poll.scenario", *SHORT, "--plot", folder / "none" / "a.svg", status=1)
    assert "there is no directory" in nowhere.stderr and len(nowhere.stdout) < 5000
    link = folder / "link.json"
    link.symlink_to(folder / "target.json")
    run("run", "examples/poll.scenario", *SHORT, "--json", link)
    assert link.is_symlink() and json.loads((folder / "target.json").read_text())
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0):
        run("run", "examples/poll.scenario", *SHORT, "--json", pipe)
        assert pipe.is_fifo(), "what is no file is written to, not replaced"
    asleep = folder / "laptop.scenario"
    asleep.write_text(pathlib.Path("examples/wan-exp1ms.scenario").read_text() + " event pause at 4h 30m\n")
    run("run", asleep, *SHORT, "--strict")
    assert '"format": "noonmark-sim 1"' in run("run", "examples/poll.scenario", *SHORT, "--json", "/dev/stdout").stdout
    beyond = run("run", "examples/quiet-lan.scenario", *SHORT, "--set", "near.offset=1s", "--strict", status=1)
    assert "client host was beyond its published error bound in " in beyond.stderr


def trace_of(scenario, folder, *options):
    """Rows of numbers: (client, time) -> (error, stratum)."""
    run("run", scenario, "--seeds", 1, "--trace", folder / "trace.tsv", *options)
    lines = (folder / "trace.tsv").read_text().splitlines()
    names = lines[0].split("\t")
    rows = (dict(zip(names, line.split("\t"))) for line in lines[1:])
    return {(int(row["client"]), float(row["time"])): (float(row["error"]), int(row["stratum"])) for row in rows}


def symmetric_peers(folder):
    """Without their servers they stay together; each by itself would go its own way. Forged and replayed packets are
    tried in core/association_modes_test.cc and, over the wire, in tests/attacks."""
    scenario = "examples/two-peers-lose-their-servers.scenario"

    def apart(trace):
        return max(abs(error - trace[1, time][0]) for (client, time), (error, _) in trace.items()
                   if client == 0 and time >= 16 * 3600)

    together = apart(trace_of(scenario, folder))
    alone = apart(trace_of(scenario, folder, "--set", "left.peer=right minpoll 17 maxpoll 17",
                           "--set", "right.peer=left minpoll 17 maxpoll 17"))
    print(f"two peers: {together:.2e} s apart, alone {alone:.2e} s")
    assert together < 1e-3 and together < alone / 2, (together, alone)


def a_passive_peer(folder):
    """One side is configured; the other follows it by a reliable key, and only then."""
    scenario = folder / "passive.scenario"
    key = " ntp-service authentication-keyid 1 authentication-mode hmac-sha256 Example-Password-1\n"
    trusted = " ntp-service reliable authentication-keyid 1\n"
    world = ("world\n duration 2h\n warm-up 1h\noscillator quartz\n offset 5ms\n frequency 5ppm\npath lan\n delay 1ms\n"
             "server far\nclient left\n oscillator quartz\n path lan\n peer right authentication-keyid 1 minpoll 4\n"
             " ntp-service unicast-server 192.0.2.1 iburst\n" + key + trusted +
             "client right\n oscillator quartz\n path lan\n" + key)
    result = folder / "passive.json"
    for more, synchronized in ((trusted, True), ("", False)):
        scenario.write_text(world + more)
        run("run", scenario, "--json", result)
        right = json.loads(result.read_text())["scenarios"][0]["variants"][0]["clients"][1]
        assert (right["synchronized"] > 0.9) == synchronized, right


def a_loop(folder):
    """Its time only comes round: strata rise to where nobody can follow, which takes minutes, and stay there; in the end
    nobody claims to be synchronized."""
    gone, counted = 12 * 3600, 13 * 3600
    trace = trace_of("examples/loop-of-three.scenario", folder)
    end = max(time for _, time in trace)
    for client in range(3):
        strata = {time: stratum for (who, time), (_, stratum) in sorted(trace.items()) if who == client}
        assert strata[gone] < 5 and strata[end] == 16, (client, strata[gone], strata[end])
        later = {stratum for time, stratum in strata.items() if time > counted}
        assert len(later) == 2 and 16 in later, (client, later)


def a_configuration_of_peers(folder):
    """Access lists, limits and peers are carried out; groups are named as what is not."""
    configuration = folder / "router.cfg"
    configuration.write_text(
        "sysname R1\n#\nacl number 2000\n rule 5 permit source 192.0.2.0 0.0.0.255\n#\nntp-service access peer 2000\n"
        "ntp-service kod-enable\nntp-service discard min-interval 4\nntp-service max-dynamic-sessions 10\n"
        "ntp-service unicast-peer 192.0.2.1 minpoll 6 maxpoll 6\n#\ninterface eth0\n ntp-service broadcast-server\n#\nreturn\n")
    result = folder / "peer.json"
    asked = ("run", "examples/wan-exp1ms.scenario", *SHORT, "--config", configuration, "--json", result)
    assert "broadcast, multicast and manycast are not simulated" in run(*asked).stderr
    assert check_result(result, ["router"])[1]["clients"][0]["synchronized"] > 0.9
    configuration.write_text(configuration.read_text().replace("permit", "deny"))
    assert "B: client router never synchronized (2 of 2 seeds): 192.0.2.1 access-denied" in run(*asked).stderr


def an_interruption(folder):
    result = folder / "never.json"
    process = subprocess.Popen([PROGRAM, "run", "examples/poll.scenario", "--seeds", "1000", "--json", result],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1 and out == "" and "interrupted" in err, (process.returncode, out, err)
    assert not result.exists()


def published_bounds():
    """No clock is ever beyond what it publishes, where servers are honest and nobody else sets the clock."""
    beyond = []
    for example in EXAMPLES:
        if example.stem in ("clock-jump", "leap-second", "drifting-server"):
            continue
        done = subprocess.run([PROGRAM, "run", example, "--seeds", "3", "--strict"], capture_output=True, text=True)
        if done.returncode != 0:
            beyond.append(f"{done.stdout}{done.stderr}")
    return "\n".join(beyond) or None


def main():
    if sys.argv[1:] == ["--bounds"]:
        return published_bounds()
    assert len(EXAMPLES) >= 8
    run("check", *EXAMPLES)
    with tempfile.TemporaryDirectory() as name:
        for part in (two_examples, another_configuration, drawings, a_tree, who_never_synchronizes, what_cannot_be,
                     failures, symmetric_peers, a_passive_peer, a_loop, a_configuration_of_peers, an_interruption):
            part(pathlib.Path(name))
            print(f"{part.__name__}: right")


sys.exit(main())
