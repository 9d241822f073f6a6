#!/usr/bin/env python3
"""test_quiet.py KSHOT [viewer]: with --quiet commands write the same files and say nothing but errors and warnings, on a terminal too;
eval --json prints one object, which has what the CSV has."""

import json
import os
import pty
import statistics
import subprocess
import sys
import tempfile

from kshot_cli import CONFIGS, Kshot, content, rows, settings

BAD = 2
POINT, SINUSOID = f"{CONFIGS}/point.yaml", f"{CONFIGS}/sinusoid.yaml"
SMALL = settings(tasks=2, trajectories=2, horizon=10, policy__hidden="[4]")
FEW = ["--tasks", 3, "--trajectories", 2, "--steps", 1, "-j", 1]
FAR = ["--task", "5,5"]  # of which there is a note: training never went there
SUITE = f"""
suite: s
seeds: [1]
domains:
  point: {{config: {POINT}, set: {{iterations: 1, tasks: 4, trajectories: 8, horizon: 10, policy.hidden: [4]}}, evaluate: {{tasks: 2, trajectories: 2}}}}
methods:
  plain:
"""


def on_terminal(command):
    """What a command writes on a terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=dict(os.environ, TERM="xterm"))
    os.close(its)
    said = b""
    try:
        while more := os.read(ours, 4096):
            said += more
    except OSError:  # it has ended
        pass
    os.close(ours)
    assert process.wait() == 0, (command, said)
    return said


def quiet(kshot, folder, viewer):
    run = f"{folder}/run"
    kshot.done("train", POINT, *SMALL, "-s", "iterations=1", "-o", run, "-j", 1)
    with open(f"{folder}/goals.csv", "w") as file:
        file.write("5,5\n")
    with open(f"{folder}/suite.yaml", "w") as file:
        file.write(SUITE)
    kshot.done("eval", run, *FEW, "-o", f"{folder}/few.csv")
    commands = [("csv", ["eval", run, "--goals", f"{folder}/goals.csv", "--steps", 1, "--trajectories", 2, "--search-lr", "0.1,0.2"]),
                ("safetensors", ["adapt", run, *FAR]), ("safetensors", ["rollout", run, *FAR, "--trajectories", 2]),
                ("safetensors", ["audit", POINT, *SMALL]), ("svg", ["plot", f"{folder}/few.csv"]),
                ("svg", ["plot", "--trajectories", run, *FAR]),
                ("html", ["export", run, "--html", *FAR, "--steps", 0, "--trajectories", 1])]
    if viewer:
        commands += [("gif", ["record", run, *FAR, "--steps", 0, "--trajectories", 1, "--length", 2, "--size", "64x64", "--fps", 2])]
    for i, (suffix, words) in enumerate(commands):
        loud, soft = f"{folder}/loud{i}.{suffix}", f"{folder}/soft{i}.{suffix}"
        result = kshot(*words, "-o", loud)
        assert result.returncode == 0 and (result.stdout or words[0] == "plot") and (result.stdout or result.stderr or "few.csv" in words[1]), result
        assert on_terminal(kshot.command(*words, "-o", soft, "-q")) == b"", words
        if suffix != "safetensors":  # one of these has its own name in it
            assert content(loud) == content(soft), words
    for words in (["train", POINT, *SMALL, "-s", "iterations=2", "-o", f"{folder}/other"],
                  ["tune", POINT, *SMALL, "-s", "iterations=1", "--search", "inner.lr=0.1,0.2", "--trials", 2, "--tasks", 2, "-o", f"{folder}/tune"],
                  ["suite", "run", f"{folder}/suite.yaml", "-o", f"{folder}/suite"],
                  ["suite", "check", f"{folder}/suite.yaml", "-o", f"{folder}/suite"]):
        said = on_terminal(kshot.command(*words, "--quiet", "-j", 1))
        assert said == b"", (words, said)
    assert os.path.exists(f"{folder}/other/policy.safetensors") and os.path.exists(f"{folder}/tune/best.yaml")
    assert os.path.exists(f"{folder}/suite/point/plain/1/eval.csv")


def what_is_still_said(kshot, folder):
    run = f"{folder}/run"
    kshot.refused(BAD, ["--steps"], "eval", run, "-q", "--steps", "many")
    kshot.refused(BAD, ["POLICY"], "eval", "-q")
    assert "usage" in kshot.done("eval", "--help", "-q") and "usage" in kshot.done("eval", "-q", "--help")
    os.unlink(f"{run}/progress.csv")
    result = kshot("train", POINT, *SMALL, "-s", "iterations=2", "-o", run, "--resume", "-q", "-j", 1)
    assert result.returncode == 0 and not result.stdout, result
    assert result.stderr.startswith(f"kshot: warning: {run}/progress.csv ") and result.stderr.count("\n") == 1, result.stderr
    lost = kshot("train", POINT, *SMALL, "-s", "iterations=1", "-s", "trpo.backtrack_steps=1", "-s", "trpo.max_kl=1000", "-o", f"{folder}/lost", "-q", "-j", 1)
    assert lost.returncode == 0 and lost.stderr.startswith(f"kshot: warning: {folder}/lost: iteration 0: no step: "), lost.stderr


def one_object(kshot, folder):
    """Everything that is printed, read strictly: NaN and Infinity are no JSON."""
    def refuse(word):
        raise ValueError(word)

    def evaluate(model, *words):
        result = kshot("eval", model, *words, "--json", "-o", f"{folder}/both.csv", "--force", "-j", 1)
        assert result.returncode == 0, result
        object_, table = json.loads(result.stdout, parse_constant=refuse), rows(f"{folder}/both.csv")
        assert (object_["policy"], object_["label"]) == (f"{model}/policy.safetensors", table[0]["label"]), object_
        for one in object_["results"]:
            for step in one["gradient_steps"]:
                mine = [row for row in table if row["label"] == one["label"] and int(row["gradient_step"]) == step["gradient_step"]]
                column = {"return": "mean_return"}.get(object_["metric"], object_["metric"])
                values = [float(row[column]) for row in mine]
                assert len(values) == object_["tasks"], (one, step)
                yield object_, one, step, values, mine, result.stderr

    def near(a, b):
        return abs(a - b) <= 1e-6 * max(1, abs(b))

    def told(model, *words):
        found = list(evaluate(model, *words))
        for _, _, step, values, _, _ in found:
            mean, low, high = step["mean"], *step["interval"]
            assert near(mean, statistics.mean(values)) and near(step["median"], statistics.median(values)), step
            assert near((low + high) / 2, mean) and near(high - mean, 1.96 * statistics.stdev(values) / len(values)**0.5), step
        return found

    found = told(f"{folder}/run", "--tasks", 3, "--trajectories", 2, "--steps", 2, "--lr", "0.3,0.2", "--seed", 2**60 + 1, "--gae-lambda", 0.5)
    object_ = found[0][0]
    assert {key: object_[key] for key in ("problem", "env", "method", "tasks", "trajectories", "steps", "seed", "gae_lambda", "horizon", "broken_trajectories")} == {
        "problem": "rl", "env": "point", "method": "maml", "tasks": 3, "trajectories": 2, "steps": 2, "seed": 2**60 + 1, "gae_lambda": 0.5, "horizon": 10,
        "broken_trajectories": 0}, object_
    assert [step["lr"] for _, _, step, *_ in found] == [None, 0.3, 0.2]
    assert all(near(step["mean_length"], statistics.mean(float(row["mean_length"]) for row in mine)) for _, _, step, _, mine, _ in found)
    assert "lr" not in found[0][5]
    # the search is told beside it, or not at all
    assert "0.01" in told(f"{folder}/run", *FEW, "--search-lr", "0.01,0.02")[0][5]
    assert told(f"{folder}/run", *FEW, "--search-lr", "0.01,0.02", "-q")[0][5] == ""
    # of examples; and what has diverged is null
    curves = f"{folder}/curves"
    kshot.done("train", SINUSOID, *settings(iterations=1, tasks=2, policy__hidden="[4]"), "-o", curves, "-j", 1)
    object_ = told(curves, "--tasks", 5, "--steps", 2, "-s", "sinusoid.shots=3")[0][0]
    assert object_["metric"] == "mse" and object_["shots"] == 3 and "env" not in object_, object_
    last = list(evaluate(curves, "--tasks", 5, "--steps", 9, "--lr", "1e9"))[-1][2]
    assert last["mean"] is None and last["interval"] == [None, None] and last["diverged"] == 5, last
    # of images: both norms, and neighbours
    images = f"{folder}/images"
    small = settings(iterations=1, tasks=2, policy__filters=4, images__ways=2, images__cache="none", validate_every=0)
    kshot.done("train", f"{CONFIGS}/omniglot.yaml", "-s", "images.data=strokes", *small, "-o", images, "-j", 1)
    found = told(images, "--tasks", 4, "--steps", 1, "--nearest")
    assert [one.get("norm") for one in found[0][0]["results"]] == ["transductive", "inductive", None, None], found[0][0]
    assert (found[0][0]["ways"], found[0][0]["split"]) == (2, "test")
    assert all(near(step["mean_loss"], statistics.mean(float(row["loss"]) for row in mine)) for _, one, step, _, mine, _ in found if "norm" in one)


with tempfile.TemporaryDirectory() as name:
    quiet(Kshot(sys.argv[1]), name, "viewer" in sys.argv[2:])
    one_object(Kshot(sys.argv[1]), name)
    what_is_still_said(Kshot(sys.argv[1]), name)
