#!/usr/bin/env python3
"""test_endurance.py KSHOT: training runs that are killed, interrupted or meddled with at random moments, again and again, and are
resumed each time, end with the same bytes as one that was left alone. Some rounds of each; ROUNDS=100 in the environment makes it
a hundred, and SEED=N other moments."""

import os
import random
import signal
import subprocess
import sys
import time

from kshot_cli import CONFIGS, SMALL, Kshot, memory_folder, same_run, settings

RUN = [f"{CONFIGS}/point.yaml", *SMALL, *settings(iterations=60, inner__steps=2, trpo__cg_warm_start=0.9, checkpoint_every=2), "-j", 1]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)


def begin(kshot, run, *words):
    """Goes on with the run, or starts it if it has not come to that yet."""
    how = "--resume" if os.path.exists(f"{run}/config.yaml") else "--force"
    return subprocess.Popen(kshot.command("train", *RUN, "-o", run, *(words or [how])), stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def finish(kshot, reference, run):
    """Whatever has happened to it: it can be brought to its end, which is the same, and nothing else lies there."""
    process = begin(kshot, run)
    _, errors = process.communicate()
    assert process.returncode == 0, f"{run} cannot be finished: {errors}"
    same_run(reference, run)
    surplus = set(os.listdir(run)) - set(os.listdir(reference))
    assert not surplus, f"left behind in {run}: {surplus}"


def stop_again_and_again(kshot, folder, reference, duration, rounds, chance, choose, allowed):
    number, run = 0, f"{folder}/run0"
    for done in range(rounds):
        process = begin(kshot, run)
        time.sleep(chance.uniform(0, duration / 4))
        which = choose()
        process.send_signal(which)
        _, errors = process.communicate()
        assert process.returncode in allowed(which), f"round {done}, {which.name}: exit code {process.returncode}: {errors}"
        if process.returncode == 0:  # it was done already: another one
            finish(kshot, reference, run)
            number, run = number + 1, f"{folder}/run{number + 1}"
    finish(kshot, reference, run)


def killed(kshot, folder, reference, duration, rounds, chance):
    stop_again_and_again(kshot, folder, reference, duration, rounds, chance, lambda: signal.SIGKILL, lambda s: (0, -s))


def signalled(kshot, folder, reference, duration, rounds, chance):
    """Before the run has begun, a signal ends it as it ends any program."""
    stop_again_and_again(kshot, folder, reference, duration, rounds, chance, lambda: chance.choice(SIGNALS), lambda s: (0, 130, -s))


def two_writers(kshot, folder, reference, duration, rounds, chance):
    """A second process on the same directory, at any moment, that goes on with the run or wants another one in its place: while the
    first works it is refused, and the first does not notice."""
    other = ["-s", "seed=2", "--force"]
    kshot.done("train", *RUN, *other, "-o", f"{folder}/other")
    refused = 0
    for number in range(rounds):
        run, how = f"{folder}/two{number}", chance.choice([["--resume"], other])
        first = begin(kshot, run)
        while not os.path.exists(f"{run}/progress.csv") and first.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, duration / 2))
        second = begin(kshot, run, *how)
        told = [process.communicate()[1] for process in (second, first)]
        said = f"round {number}, {how}: exit codes {first.returncode} and {second.returncode}: {told}"
        assert first.returncode == 0 and second.returncode in (0, 1, 2), said
        refused += second.returncode != 0
        same_run(f"{folder}/other" if second.returncode == 0 and how == other else reference, run)
    assert refused > rounds / 2, f"only {refused} of {rounds} second processes were refused"


def main():
    kshot = Kshot(sys.argv[1])
    rounds, chance = int(os.environ.get("ROUNDS", "8")), random.Random(os.environ.get("SEED", "1"))
    with memory_folder() as folder:
        reference = f"{folder}/reference"
        began = time.monotonic()
        kshot.done("train", *RUN, "-o", reference)
        duration = time.monotonic() - began
        for test in (killed, signalled, two_writers):
            os.makedirs(f"{folder}/{test.__name__}")
            test(kshot, f"{folder}/{test.__name__}", reference, duration, rounds, chance)
            print(f"ok {test.__name__}, {rounds} rounds", flush=True)


main()
