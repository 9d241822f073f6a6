#!/usr/bin/env python3
"""test_sinusoid.py KSHOT: runs on examples. On any number of threads, and however often they were killed, they are the same byte for
byte; they learn; and what does not fit is refused."""

import random
import signal
import subprocess
import sys
import time

from kshot_cli import CONFIGS, Kshot, memory_folder, rows, same_run, settings
from safetensors import safe_open
from safetensors.numpy import load_file

SINUSOID = f"{CONFIGS}/sinusoid.yaml"
SHORT = {"iterations": 400, "checkpoint_every": 100}
KINDS = {
    "plain": {},
    "learned": {"inner__learned": "parameter", "inner__steps": 2, "inner__lr": 0.01},
    "per_step": {"inner__learned": "tensor", "inner__per_step": "true", "inner__steps": 3, "inner__lr": 0.01},
    "clipped": {"adam__clip": 0.01, "inner__first_order": "true"},
    "head": {"inner__adapts": "head", "inner__learned": "one", "tasks": 7},
    "pretrain": {"method": "pretrain"},
    "oracle": {"method": "oracle"},
    "many_rows": {"sinusoid__shots": 3000, "sinusoid__queries": 200, "tasks": 3, "iterations": 20},  # of several chunks
}


def run(kind, **more):
    return [SINUSOID, *settings(**{**SHORT, **KINDS[kind], **more})]


def threads(kshot, folder):
    for kind in KINDS:
        for count in (1, 2, 3):
            kshot.done("train", *run(kind), "-o", f"{folder}/{kind}{count}", "-j", count)
            same_run(f"{folder}/{kind}1", f"{folder}/{kind}{count}")
        for name in ("policy", "checkpoint"):
            with safe_open(f"{folder}/{kind}1/{name}.safetensors", "np") as file:
                assert ("inner.log_lr" in file.keys()) == ("inner__learned" in KINDS[kind]), (kind, name)


def killed(kshot, folder):
    """Also between a checkpoint and the next: rows of progress.csv after it are written anew."""
    random.seed(7)
    for kind in ("learned", "clipped"):
        words = run(kind, iterations=3000, checkpoint_every=100)
        kshot.done("train", *words, "-o", f"{folder}/whole-{kind}", "-j", 2)
        killed_at = []
        for _ in range(6):
            process = subprocess.Popen(kshot.command("train", *words, "-o", f"{folder}/killed-{kind}", "--resume=auto", "-j", 1),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.02, 0.2))
            process.send_signal(signal.SIGKILL)
            killed_at.append(process.wait() == -signal.SIGKILL)
        assert any(killed_at), "none was killed: the runs are too short"
        kshot.done("train", *words, "-o", f"{folder}/killed-{kind}", "--resume=auto", "-j", 2)
        same_run(f"{folder}/whole-{kind}", f"{folder}/killed-{kind}")


def resumed(kshot, folder):
    """Adam's moments go on where they were: a run in two parts is the whole one, and its settings cannot change between."""
    kshot.done("train", *run("learned", iterations=250), "-o", f"{folder}/parts", "-j", 1)
    kshot.done("train", *run("learned"), "-o", f"{folder}/parts", "--resume", "-j", 1)
    same_run(f"{folder}/learned1", f"{folder}/parts")
    kshot.done("train", f"{folder}/learned1/config.yaml", "-o", f"{folder}/fed-back", "-j", 1)
    same_run(f"{folder}/learned1", f"{folder}/fed-back")
    for key, value in (("adam.lr", 0.5), ("inner.learned", "one"), ("inner.learned", "none"), ("sinusoid.shots", 3)):
        kshot.refused(2, [key], "train", *run("learned"), "-s", f"{key}={value}", "-o", f"{folder}/parts", "--resume")


def learns(kshot, folder):
    """The error after one gradient step falls, as progress.csv tells; step sizes have moved, and clipping is felt."""
    kshot.done("train", *run("learned", iterations=3000, checkpoint_every=3000), "-o", f"{folder}/long", "-j", 2)
    table = rows(f"{folder}/long/progress.csv")
    assert list(table[0]) == ["iteration", "mse_0", "mse_1", "mse_2", "outer_loss", "gradient_norm", "sampling_s", "update_s"]
    mean = lambda key, part: sum(float(row[key]) for row in part) / len(part)
    assert mean("mse_2", table[-200:]) < 0.7 * mean("mse_2", table[:200])
    assert mean("mse_2", table[-200:]) < 0.9 * mean("mse_0", table[-200:])
    assert all(row["mse_2"] == row["outer_loss"] for row in table)
    log_lr = load_file(f"{folder}/long/policy.safetensors")["inner.log_lr"]
    assert log_lr.shape == (1 * 40 + 40 + 40 * 40 + 40 + 40 + 1,) and log_lr.std() > 0.05
    kshot.done("train", *run("plain", adam__clip=1e-6, adam__epsilon=1e-6), "-o", f"{folder}/tight", "-j", 1)
    assert rows(f"{folder}/tight/progress.csv")[-1] != rows(f"{folder}/plain1/progress.csv")[-1]


def refused(kshot, folder):
    for words, mentions in (
        (["-s", "env=point"], ["env", "problem: rl", "problem: sinusoid"]),
        (["-s", "horizon=5"], ["horizon", "problem: rl"]),
        (["-s", "inner.sweep=1"], ["inner.sweep", "problem: rl"]),
        (["-s", "policy.log_std_init=0"], ["policy.log_std_init", "problem: rl"]),
        (["-s", "outer=trpo"], ["outer: trpo", "sinusoid takes adam or reptile"]),
        (["-s", "outer=sgd"], ["outer", "trpo|adam"]),
        (["-s", "problem=sinusiod"], ["problem", "rl|sinusoid"]),
        (["-s", "sinusoid.shots=0"], ["sinusoid.shots", "out of range"]),
        (["-s", "sinusoid.shot=5"], ["sinusoid.shot", "did you mean sinusoid.shots"]),
        (["-s", "inner.per_step=true"], ["inner.per_step", "inner.learned"]),
        (["-s", "inner.learned=one", "-s", "inner.steps=0"], ["inner.learned", "inner.steps"]),
        (["-s", "inner.learned=one", "-s", "inner.lr=0"], ["inner.lr", "above 0"]),
    ):
        kshot.refused(2, mentions, "train", SINUSOID, *words, "-o", f"{folder}/refused")
    kshot.refused(2, ["sinusoid.queries", "problem: sinusoid", "problem: rl"], "train", f"{CONFIGS}/point.yaml",
                  "-s", "sinusoid.queries=5", "-o", f"{folder}/refused")


def main():
    with memory_folder() as folder:
        for test in (threads, killed, resumed, learns, refused):
            test(Kshot(sys.argv[1]), folder)
            print("ok", test.__name__)


main()
