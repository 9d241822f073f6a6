#!/usr/bin/env python3
"""test_promp.py KSHOT: outer: ppo, inner.loss: ratio and inner.emaml. A run is the same, byte for byte, on any number of threads and however often it was
stopped; its columns say what it did; what it cannot be combined with is refused in one line."""

import signal
import subprocess
import sys
import tempfile
import time

from kshot_cli import CONFIGS, SMALL, Kshot, content, rows, same_run, settings

POINT = f"{CONFIGS}/point.yaml"
RUN = [POINT, *SMALL, *settings(outer="ppo", iterations=12, inner__steps=2, inner__loss="ratio", inner__emaml=0.5, inner__sweep=0.5)]
COLUMNS = ["surrogate_before", "surrogate_after", "kl", "epochs", "gradient_norm"]


def threads_and_kills(kshot, folder):
    reference, killed = f"{folder}/reference", f"{folder}/killed"
    kshot.done("train", *RUN, "-o", reference, "-j", 1)
    kshot.done("train", *RUN, "-o", f"{folder}/threads", "-j", 2)
    same_run(reference, f"{folder}/threads")
    for delay in (0.02, 0.05, 0.08):
        process = subprocess.Popen(kshot.command("train", *RUN, "-o", killed, "--resume=auto", "-s", "checkpoint_every=1"),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    kshot.done("train", *RUN, "-o", killed, "--resume=auto")
    same_run(reference, killed)
    kshot.done("train", *RUN, "-s", "iterations=5", "-o", f"{folder}/raised")
    kshot.done("train", *RUN, "-o", f"{folder}/raised", "--resume")
    same_run(reference, f"{folder}/raised")
    kshot.done("train", f"{reference}/config.yaml", "-o", f"{folder}/fed-back")
    same_run(reference, f"{folder}/fed-back")


def columns(kshot, folder):
    every = rows(f"{folder}/reference/progress.csv")
    names = list(every[0])
    assert names[names.index("return_2") + 1 :][: len(COLUMNS)] == COLUMNS, names
    for row in every:
        assert int(float(row["epochs"])) == 5 and float(row["kl"]) > 0 and float(row["gradient_norm"]) > 0, row
        assert abs(float(row["surrogate_before"])) < 1e-5, row  # advantages have mean 0
    # a limit of the KL divergence that the first update is above
    kshot.done("train", *RUN, *settings(ppo__max_kl=1e-12), "-o", f"{folder}/limit")
    assert all(float(row["epochs"]) == 1 for row in rows(f"{folder}/limit/progress.csv"))


def with_trpo(kshot, folder):
    """Each setting makes another run, and none of them depends on threads; with a share of the timesteps, too."""
    base = [POINT, *SMALL, *settings(iterations=3, inner__steps=2, trpo__curvature_fraction=0.3)]
    seen = set()
    for name, words in (
        ("score", []),
        ("ratio", settings(inner__loss="ratio")),
        ("emaml", settings(inner__emaml=0.5)),
        ("both", settings(inner__loss="ratio", inner__emaml=0.5)),
    ):
        for count in (1, 2):
            kshot.done("train", *base, *words, "-o", f"{folder}/{name}{count}", "-j", count)
        same_run(f"{folder}/{name}1", f"{folder}/{name}2")
        seen.add(content(f"{folder}/{name}1/policy.safetensors"))
    assert len(seen) == 4


def other_methods(kshot, folder):
    """Without adaptation it is plain PPO."""
    kshot.done("train", *RUN, *settings(method="oracle", iterations=3), "-o", f"{folder}/oracle")
    assert all(float(row["epochs"]) == 5 for row in rows(f"{folder}/oracle/progress.csv"))


def settings_of_another_outer_step(kshot, folder):
    """What stands ready for TRPO counts for nothing, as the saved config does not have it."""
    kshot.done("train", *RUN, *settings(trpo__gae_lambda=0.2), "-o", f"{folder}/ready")
    same_run(f"{folder}/reference", f"{folder}/ready")


def refused(kshot, folder):
    run = f"{folder}/refused"
    sinusoid = settings(problem="sinusoid")
    for mentions, words in (
        (["outer: ppo", "sinusoid", "adam"], [*sinusoid, *settings(outer="ppo")]),
        (["ppo.clip", "0"], settings(outer="ppo", ppo__clip=0)),
        (["ppo.epochs", "1 to"], settings(outer="ppo", ppo__epochs=0)),
        (["ppo.max_kl"], settings(outer="ppo", ppo__max_kl=-1)),
        (["inner.loss", "problem: rl", "sinusoid"], [*sinusoid, *settings(inner__loss="ratio")]),
        (["inner.emaml", "problem: rl", "sinusoid"], [*sinusoid, *settings(inner__emaml=1)]),
        (["inner.loss", "score", "ratio"], settings(inner__loss="clipped")),
        (["inner.emaml"], settings(inner__emaml=-1)),
        (["ppo.epoch", "ppo.epochs"], settings(outer="ppo", ppo__epoch=3)),
    ):
        config = f"{folder}/empty.yaml"
        with open(config, "w") as file:
            file.write("{}\n")
        kshot.refused(2, mentions, "train", config, *words, "-o", run)


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (threads_and_kills, columns, with_trpo, other_methods, settings_of_another_outer_step, refused):
            test(kshot, folder)
            print("ok", test.__name__)


main()
