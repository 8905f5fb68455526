"""The shipped daemon beside the real chronyd, both unmodified, in the worlds of the examples.

Each runs with a preload that is a machine of the scenario (machine.cc): its clock, its servers, the paths to them, and
two days that pass in a moment. The daemon must be as accurate as its engine alone is in noonmark-sim, however the
system treats CLOCK_MONOTONIC_RAW, and better than chronyd. Prints a table; the same figures on every machine.

    NOONMARK_BIN=build/release/bin python3 tests/simulator/beside_chronyd.py [SEEDS]
"""

import json
import math
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import noonmark
import peers

MACHINE = noonmark.BIN / "simulator_machine.so"
WORLDS = ["quiet-lan", "wan-exp1ms", "congested-wan", "temperature", "falseticker", "drifting-server"]
WARM_UP = 14400  # s, of these scenarios
FIRST_HOUR = (15, 3600)  # s
CHRONYD = "port 0\ncmdport 0\nbindcmdaddress /\nmakestep 0.128 1\n"

MOST_BESIDE_CHRONYD = 0.75  # geometric mean of the ratios of the RMS
MOST_BESIDE_ENGINE = 1.1    # the same beside noonmark-sim: other packets, since the ports and moments differ
MOST_BY_RAW_CLOCK = 1.01    # each run: with a raw clock that is none, beside a good one


def root_mean_square(values):
    return math.sqrt(sum(v * v for v in values) / len(values))


class Run:
    """One daemon in one world: its errors, s."""

    def __init__(self, test, name, scenario, seed, raw, command):
        trace = test.directory / f"{name}.trace"
        noonmark.run(*noonmark.WITHOUT_SYS_TIME, "env", f"LD_PRELOAD={MACHINE}", f"NOONMARK_MACHINE={scenario}",
                     f"NOONMARK_MACHINE_SEED={seed}", f"NOONMARK_MACHINE_TRACE={trace}", f"NOONMARK_MACHINE_RAW={raw}",
                     *command)
        errors = [tuple(map(float, line.split())) for line in trace.read_text().splitlines()]
        noonmark.expect(errors, f"{name}: no time has passed")
        self.rms = root_mean_square([e for t, e in errors if t >= WARM_UP])
        self.first_hour = root_mean_square([e for t, e in errors if FIRST_HOUR[0] < t < FIRST_HOUR[1]])


def servers(scenario):
    """Address and options of each; chronyd has the same words for those that the examples use."""
    return re.findall(r"unicast-server (.*)", scenario.read_text())


def noonmarkd(test, name, scenario, seed, raw):
    configuration = test.directory / f"{name}.cfg"
    configuration.write_text("".join(f"ntp-service unicast-server {s}\n" for s in servers(scenario)))
    return Run(test, name, scenario, seed, raw,
               [noonmark.BIN / "noonmarkd", "--no-control", "--no-sandbox", "--clock", "system", "--config", configuration,
                "--state-dir", test.directory / f"{name}.state"])


def chronyd(test, name, scenario, seed):
    configuration = test.directory / f"{name}.conf"
    lines = [f"pidfile {test.directory}/{name}.pid", *(f"server {s}" for s in servers(scenario))]
    configuration.write_text(CHRONYD + "".join(f"{line}\n" for line in lines))
    return Run(test, name, scenario, seed, "free",
               ["env", *(f"{k}={v}" for k, v in peers.LIBRARIES.items()), peers.PEERS / "usr/sbin/chronyd", "-d", "-4", "-u",
                "root", "-f", configuration])


def engine_alone(test, scenario, seeds):
    result = test.directory / "engine.json"
    noonmark.run(noonmark.BIN / "noonmark-sim", "run", scenario, "--seeds", seeds, "--json", result)
    (client,) = json.loads(result.read_text())["scenarios"][0]["variants"][0]["clients"]
    return [figures["rms"] for figures in client["seeds"]]


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def compare(test, world, seeds):
    """Three lists of ratios of one world: RMS and first hour beside chronyd, RMS beside the engine alone."""
    scenario = noonmark.ROOT / f"examples/{world}.scenario"
    beside, first_hour, engine = [], [], []
    for seed, alone in zip(range(1, seeds + 1), engine_alone(test, scenario, seeds)):
        ours = noonmarkd(test, f"{world}-{seed}-free", scenario, seed, "free")
        steered = noonmarkd(test, f"{world}-{seed}-steered", scenario, seed, "steered")
        theirs = chronyd(test, f"{world}-{seed}-chronyd", scenario, seed)
        noonmark.expect(steered.rms < MOST_BY_RAW_CLOCK * ours.rms,
                        f"{world}, seed {seed}: {steered.rms:.3g} s without a raw clock, {ours.rms:.3g} s with one")
        beside.append(ours.rms / theirs.rms)
        first_hour.append(ours.first_hour / theirs.first_hour)
        engine.append(ours.rms / alone)
    return beside, first_hour, engine


def main(seeds):
    peers.fetch()
    print(f"{'world':16}{'rms':>8}{'first hour':>12}{'engine':>10}    ratios to chronyd, and to the engine alone")
    columns = [[], [], []]
    with noonmark.test() as test:
        for world in WORLDS:
            ratios = compare(test, world, seeds)
            print("{:16}{:8.2f}{:12.2f}{:10.2f}".format(world, *map(geometric_mean, ratios)), flush=True)
            for column, values in zip(columns, ratios):
                column += values
        rms, first_hour, engine = map(geometric_mean, columns)
        print(f"{'geometric mean':16}{rms:8.2f}{first_hour:12.2f}{engine:10.2f}")
        noonmark.expect(rms <= MOST_BESIDE_CHRONYD and first_hour <= 1, "not better than chronyd")
        noonmark.expect(1 / MOST_BESIDE_ENGINE <= engine <= MOST_BESIDE_ENGINE, "not what the engine alone is")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
