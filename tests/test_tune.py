#!/usr/bin/env python3
"""test_tune.py KSHOT: a search tries what it says, lets the better half go on, finds the same again, and its best is a config."""

import os
import shutil
import subprocess
import sys
import tempfile

from kshot_cli import CONFIGS, Kshot, content, rows, settings

POINT = f"{CONFIGS}/point.yaml"
SMALL = settings(tasks=3, trajectories=4, horizon=20, iterations=8, env_steps=2000)
SEARCH = ["--search", "inner.lr=log:0.01..2", "--search", "policy.hidden=[20,20],[8]", "--search", "gae_lambda=0.5..1"]
WORDS = ["tune", POINT, *SMALL, *SEARCH, "--trials", 5, "--halvings", 2, "--tasks", 6]


def mean(path):
    """after the step that was trained for"""
    returns = [float(row["mean_return"]) for row in rows(path) if row["gradient_step"] == "1"]
    assert len(returns) == 6
    return sum(returns) / 6


def halves(kshot, folder):
    said = kshot.done(*WORDS, "-o", f"{folder}/a", "-j", 1)
    trials = rows(f"{folder}/a/trials.csv")
    scores = ["score_2_iterations", "score_4_iterations", "score_8_iterations"]
    assert list(trials[0]) == ["trial", "inner.lr", "policy.hidden", "gae_lambda", *scores]
    reached = [sum(bool(trial[score]) for trial in trials) for score in scores]
    assert len(trials) == 5 and reached == [5, 3, 2], reached
    for rung, score in enumerate(scores):
        there = sorted((float(t[score]), t["trial"]) for t in trials if t[score])
        onward = {t["trial"] for t in trials if rung < 2 and t[scores[rung + 1]]}
        assert onward == {number for _, number in there[len(there) - len(onward):]}, "the better half goes on"
        for value, number in there:
            assert abs(mean(f"{folder}/a/trial-{int(number):03}/rung-{rung}.csv") - value) < 1e-5
    assert trials[0][scores[2]] == max((t[scores[2]] for t in trials if t[scores[2]]), key=float)
    for trial in trials:
        assert 0.01 <= float(trial["inner.lr"]) <= 2 and 0.5 <= float(trial["gae_lambda"]) <= 1 and trial["policy.hidden"] in ("[20,20]", "[8]")
        run = f"{folder}/a/trial-{int(trial['trial']):03}"
        with open(f"{run}/config.yaml") as file:
            config = file.read()
        assert f"lr: {float(trial['inner.lr']):g} " in config and "seed: 1000 " in config
    assert len({trial["inner.lr"] for trial in trials}) == 5
    # its best is a config, with the whole budget and a seed of its own
    with open(f"{folder}/a/best.yaml") as file:
        best = file.read()
    assert f"lr: {float(trials[0]['inner.lr']):g} " in best and "iterations: 8 " in best and "env_steps: 2000 " in best and "seed: 1 " in best
    assert f"trial {trials[0]['trial']}," in said
    kshot.done("train", f"{folder}/a/best.yaml", "-s", "iterations=1", "-o", f"{folder}/best")


def again(kshot, folder):
    """The same search comes to the same, at once where it has been, and also where its last rung is missing."""
    before = content(f"{folder}/a/trials.csv")
    kshot.done(*WORDS, "-o", f"{folder}/b", "-j", 2)
    assert content(f"{folder}/b/trials.csv") == before
    first = rows(f"{folder}/a/trials.csv")[0]["trial"]
    shutil.rmtree(f"{folder}/a/trial-{int(first):03}")
    kshot.done(*WORDS, "-o", f"{folder}/a", "-j", 1)
    assert content(f"{folder}/a/trials.csv") == before
    kshot.done(*WORDS, "--seed", 7, "-o", f"{folder}/c", "-j", 1)
    assert content(f"{folder}/c/trials.csv") != before
    # what another search has left is not taken for this one's
    for other in (["--seed", 7], ["--tasks", 7], ["--steps", 0], ["-s", "gamma=0.9"], ["-s", "iterations=4"]):
        kshot.refused(2, ["-o", "/a/trial-" if other[0] == "-s" and "gamma" in other[1] else "/a/"], *WORDS, *other, "-q", "-o", f"{folder}/a", "-j", 1)


def lower_is_better(kshot, folder):
    kshot.done("tune", f"{CONFIGS}/sinusoid.yaml", "-s", "iterations=30", "--search", "adam.lr=0.01,0", "--trials", 2, "--tasks", 50, "-o", f"{folder}/s")
    trials = rows(f"{folder}/s/trials.csv")
    scores = [float(trial["score_30_iterations"]) for trial in trials]
    assert scores == sorted(scores) and trials[0]["adam.lr"] == "0.01" and trials[-1]["adam.lr"] == "0"


def images_of_validation_classes(kshot, folder):
    """Settings for images are judged on classes that are not reported."""
    run = f"{folder}/i/trial-000"
    kshot.done("tune", f"{CONFIGS}/strokes.yaml", *settings(tasks=2, iterations=1, policy__filters=4), "--search", "adam.lr=0.001", "--trials", 1, "--tasks", 8, "--steps", 1,
               "-o", f"{folder}/i", "-j", 1)
    for split in ("validation", "test"):
        kshot.done("eval", run, "--split", split, "--steps", 1, "--seed", 1000, "--tasks", 8, "--label", "1 iterations", "-o", f"{folder}/{split}.csv", "-j", 1)
    assert content(f"{run}/rung-0.csv") == content(f"{folder}/validation.csv") != content(f"{folder}/test.csv")


def breaks_down(kshot, folder):
    """A trial that fails is the worst, and the search goes on."""
    kshot.done("tune", POINT, *SMALL, "--search", "inner.lr=0.1,1000", "--trials", 2, "--tasks", 6, "-o", f"{folder}/d", "-j", 1)
    # where nothing else is left, there is no best
    done = kshot("tune", POINT, *SMALL, "-s", "outer=adam", "-s", "adam.lr=1000", "-s", "gae_lambda=1", "--search", "inner.lr=1000", "--trials", 1, "--tasks", 6, "-q",
                 "-o", f"{folder}/e", "-j", 1)
    assert done.returncode == 1 and "every trial broke down" in done.stderr and not os.path.exists(f"{folder}/e/best.yaml"), done
    trials = rows(f"{folder}/d/trials.csv")
    assert {trial["inner.lr"] for trial in trials} == {"0.1", "1000"}
    assert trials[0]["inner.lr"] == "0.1" and trials[-1]["inner.lr"] == "1000"


def all_combinations(kshot, folder):
    """Where all keys have lists, no two trials are alike; paths are values, too."""
    search = ["--search", "inner.lr=0.1,0.2,0.3", "--search", f"start_from={folder}/a/best.yaml/../../p,{folder}/../x", "--search", "gamma=0.9,0.95"]
    kshot.refused(2, ["--trials 13", "12"], "tune", POINT, *SMALL, *search, "--trials", 13, "-o", f"{folder}/f")
    words = ["tune", POINT, *SMALL, "-s", "iterations=0", *search[:2], *search[4:], "--tasks", 2, "-j", 1]
    kshot.done(*words, "--trials", 6, "-o", f"{folder}/f")
    trials = rows(f"{folder}/f/trials.csv")
    assert len({(trial["inner.lr"], trial["gamma"]) for trial in trials}) == 6
    kshot.done(*words, "--trials", 3, "-o", f"{folder}/g")  # the first of them
    first = {trial["trial"]: trial for trial in rows(f"{folder}/g/trials.csv")}
    assert all(first[trial["trial"]] == trial for trial in trials if int(trial["trial"]) < 3)


def disk(kshot, folder):
    """A full disk is no broken policy: the search stops, and no trial is the worst for it."""
    command = kshot.command("tune", POINT, *SMALL, "-s", "iterations=1", "--search", "policy.hidden=[4],[300,300]", "--trials", 2, "--tasks", 2, "-j", 1,
                            "-o", f"{folder}/h")
    limited = subprocess.run(["bash", "-c", 'ulimit -f 16; exec "$@"', "bash", *command], capture_output=True, text=True, timeout=600)
    assert limited.returncode == 1 and "cannot write" in limited.stderr and not os.path.exists(f"{folder}/h/best.yaml"), limited
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    assert all(trial["score_1_iterations"] for trial in rows(f"{folder}/h/trials.csv"))


def refused(kshot, folder):
    for search, mentions in (("inner.lr", ["--search", "KEY="]), ("inner.lr=1..0", ["--search"]), ("inner.lr=log:0..1", ["above 0"]), ("inner.l=1,2", ["inner.lr"]),
                             ("inner.lr=1,x", ["inner.lr", "x"]), ("policy.hidden=[8,[8]", ["--search"]), ("inner.lr=,1", ["--search"]), ("seed=1,2", ["--search", "seed"])):
        kshot.refused(2, mentions, "tune", POINT, "--search", search, "-o", f"{folder}/none")
    kshot.refused(2, ["--search"], "tune", POINT, "-o", f"{folder}/none")
    kshot.done("tune", POINT, *SMALL, "--search", "inner.lr=1..2", "--trials", 1, "--tasks", 6, "-o", f"{folder}/whole", "-j", 1)
    assert not os.path.exists(f"{folder}/none")


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (halves, again, lower_is_better, images_of_validation_classes, breaks_down, all_combinations, disk, refused):
            test(kshot, folder)


if __name__ == "__main__":
    main()
