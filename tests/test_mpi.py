#!/usr/bin/env python3
"""test_mpi.py KSHOT MPIEXEC: a run on several processes is the run on one, byte for byte; it can be stopped, and go on with
another number of processes; and where one process fails, all end, with one line that says why."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

from kshot_cli import CONFIGS, SMALL, Kshot, rows, same_run, settings

POINT = f"{CONFIGS}/point.yaml"
RUN = [POINT, *SMALL, *settings(tasks=7, iterations=30, inner__steps=2, inner__sweep=1, trpo__curvature_fraction=0.5, trpo__cg_warm_start=0.9, trpo__kfac_damping=0.01), "-j", "1"]
ANT = [f"{CONFIGS}/ant-vel.yaml", *SMALL, *settings(tasks=5, iterations=2, horizon=60), "-j", "2"]
# products too wide for any kernel to keep whole, which a library cuts by the number of rows
WIDE = [f"{CONFIGS}/half-cheetah-vel.yaml",
        *settings(tasks=5, trajectories=20, horizon=25, iterations=2, policy__hidden="[512,512]", trpo__kfac_damping=0),
        "-j", "1"]
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def command(processes, *words):
    return [sys.argv[2], "--oversubscribe", "-n", str(processes), sys.argv[1], *words]


def mpirun(processes, *words):
    return subprocess.run(command(processes, *words), env=ENVIRONMENT, capture_output=True, text=True, timeout=300)


def ours(text):
    return [line for line in text.splitlines() if line.startswith("kshot: ")]


def await_iteration(process):
    while not process.stderr.readline().startswith("iteration "):  # mpirun may have something to say before
        assert process.poll() is None


def same(kshot, folder):
    for name, words in (("point", RUN), ("ant", ANT), ("wide", WIDE)):
        kshot.done("train", *words, "-o", f"{folder}/{name}1")
        for processes in (2, 3):
            result = mpirun(processes, "train", *words, "-o", f"{folder}/{name}{processes}")
            assert result.returncode == 0, result.stderr
            lines = [line for line in result.stderr.splitlines() if line.startswith("iteration ")]
            assert len(lines) == len(rows(f"{folder}/{name}1/progress.csv")), "one process alone tells of progress"
            same_run(f"{folder}/{name}1", f"{folder}/{name}{processes}")


def stopped(kshot, folder):
    run = f"{folder}/stopped"
    process = subprocess.Popen(command(2, "train", *RUN, "-s", "iterations=100000", "-o", run), env=ENVIRONMENT,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    await_iteration(process)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    some_more = ["-s", f"iterations={len(rows(f'{run}/progress.csv')) + 5}"]
    result = mpirun(3, "train", *RUN, *some_more, "-o", run, "--resume")
    assert result.returncode == 0, result.stderr
    kshot.done("train", *RUN, *some_more, "-o", f"{folder}/through")
    same_run(f"{folder}/through", run)


def refused(kshot, folder):
    for words, code, mention in (
        (["-s", "tasks=2"], 2, "processes"),
        (["-s", "method=pretrain"], 2, "maml"),
        (["-s", "tasks=0"], 2, "tasks"),
    ):
        result = mpirun(3, "train", *RUN, *words, "-o", f"{folder}/refused")
        assert result.returncode == code and ours(result.stderr) and mention in ours(result.stderr)[0], result.stderr
        assert not os.path.exists(f"{folder}/refused")


def failed(kshot, folder):
    """The first process alone cannot write any more; the others have nothing to write."""
    run = f"{folder}/failed"
    process = subprocess.Popen(command(3, "train", *RUN, "-s", "iterations=100000", "-o", run), env=ENVIRONMENT,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    await_iteration(process)
    shutil.rmtree(run)
    said = ours(process.communicate()[1])
    assert process.returncode == 1 and len(said) == 1 and run in said[0], said


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (same, stopped, refused, failed):
            test(Kshot(sys.argv[1]), folder)
            print("ok", test.__name__)


main()
