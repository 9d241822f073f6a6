#!/usr/bin/env python3
"""test_resume.py KSHOT [TIMES]: a run is the same, byte for byte, on any number of threads, and however often it was stopped: by
SIGKILL, by Ctrl-C, by a full disk. TIMES: how often it is killed (by hand: 100)."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from kshot_cli import CONFIGS, SMALL, Kshot, content, rows, same_run, settings

POINT = f"{CONFIGS}/point.yaml"
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 12
RUN = [POINT, *SMALL, *settings(iterations=40, inner__steps=2, trpo__cg_warm_start=0.9, trpo__kfac_damping=0.01)]


def threads(kshot, folder, reference):
    for count in (2, 3):
        kshot.done("train", *RUN, "-o", f"{folder}/threads{count}", "-j", count)
        same_run(reference, f"{folder}/threads{count}")
    ant = [f"{CONFIGS}/ant-vel.yaml", *SMALL, *settings(iterations=2, horizon=60)]
    for count in (1, 3):
        kshot.done("train", *ant, "-o", f"{folder}/ant{count}", "-j", count)
    same_run(f"{folder}/ant1", f"{folder}/ant3")


def killed(kshot, folder, reference):
    random.seed(5)
    run = f"{folder}/killed"
    for _ in range(TIMES):
        process = subprocess.Popen(kshot.command("train", *RUN, "-o", run, "--resume=auto", "-s", "checkpoint_every=1"),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:  # it was done: from the start again
            same_run(reference, run)
            shutil.rmtree(run)
    kshot.done("train", *RUN, "-o", run, "--resume=auto")
    same_run(reference, run)


def budget(kshot, folder, reference):
    """env_steps ends a run with the iteration that comes to it; the same run goes on with more of them."""
    steps = [int(row["env_steps"]) for row in rows(f"{reference}/progress.csv")]
    run = f"{folder}/budget"
    for limit, done in ((steps[6], 7), (steps[6], 7), (steps[6] + 1, 8), (0, 40)):
        said = kshot.done("train", *RUN, "-s", f"env_steps={limit}", "-o", run, "--resume=auto")
        assert len(rows(f"{run}/progress.csv")) == done and f": {done} iterations " in said, said
    same_run(reference, run)


def interrupted(kshot, folder, reference):
    run = f"{folder}/interrupted"
    process = subprocess.Popen(kshot.command("train", *RUN, "-s", "iterations=100000", "-o", run),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()  # one iteration is done
    process.send_signal(signal.SIGINT)
    error = process.stderr.read().splitlines()[-1]
    assert process.wait() == 130 and error.startswith("kshot: "), error
    done = len(rows(f"{run}/progress.csv"))
    some_more = ["-s", f"iterations={done + 5}"]
    kshot.done("train", *RUN, *some_more, "-o", run, "--resume")
    kshot.done("train", *RUN, *some_more, "-o", f"{folder}/through")
    same_run(f"{folder}/through", run)


def raised(kshot, folder, reference):
    """More iterations than were planned at first; and a run from the config that a run has saved."""
    run = f"{folder}/raised"
    kshot.done("train", *RUN, "-s", "iterations=7", "-o", run)
    kshot.done("train", *RUN, "-o", run, "--resume")
    same_run(reference, run)
    kshot.done("train", f"{reference}/config.yaml", "-o", f"{folder}/fed-back")
    same_run(reference, f"{folder}/fed-back")


def full_disk(kshot, folder, reference):
    """A limit on the size of files makes write fail as a full disk does."""
    run = f"{folder}/full"
    kshot.done("train", *RUN, "-s", "iterations=6", "-o", run)
    names = sorted(os.listdir(run))
    checkpoint = content(f"{run}/checkpoint.safetensors")
    limit = os.path.getsize(f"{run}/checkpoint.safetensors") - 100
    result = kshot("train", *RUN, "-s", "iterations=9", "-o", run, "--resume",
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    error = result.stderr.splitlines()[-1]
    assert result.returncode == 1 and error.startswith(f"kshot: cannot write {run}/checkpoint.safetensors: "), error
    assert content(f"{run}/checkpoint.safetensors") == checkpoint, "the earlier checkpoint is gone"
    assert sorted(os.listdir(run)) == names, "something was left behind"
    kshot.done("train", *RUN, "-o", run, "--resume")
    same_run(reference, run)


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        reference = f"{folder}/reference"
        kshot.done("train", *RUN, "-o", reference, "-j", 1)
        assert len(rows(f"{reference}/progress.csv")) == 40
        for test in (threads, budget, killed, interrupted, raised, full_disk):
            test(kshot, folder, reference)
            print("ok", test.__name__)


main()
