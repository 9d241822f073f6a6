#!/usr/bin/env python3
"""test_suite_tune.py KSHOT: a suite whose settings are searched for: each method by a search of its own, with which all of its seeds are trained."""

import os
import shutil
import subprocess
import sys
import tempfile

from kshot_cli import CONFIGS, Kshot, content, rows, settings, states

TUNED = """\
suite: tuned-1
seeds: [1, 2]
set: {tasks: 3, trajectories: 4, horizon: 20, iterations: 8}
evaluate: {tasks: 4, steps: 2, best: true}
tune: {trials: 4, halvings: 1, tasks: 5, search: {inner.lr: log:0.05..1, gae_lambda: [0.9, 1], policy.hidden: "[8,8],[20]"}}
methods:
  maml:
  first: {set: {inner.first_order: true}, tune: {trials: 2, search: {gae_lambda: false}}}
  random: {set: {iterations: 0}, tune: false}
domains:
  point: {config: point.yaml}
"""
LINES = [f"point/{method}/{seed}" for method in ("maml", "first", "random") for seed in (1, 2)]
SEARCHES = ["point/maml/tune", "point/first/tune"]


def write(folder, text, name="tuned.yaml"):
    shutil.copy(f"{CONFIGS}/point.yaml", folder)
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)
    return f"{folder}/{name}"


def searches(kshot, folder):
    suite, out = write(folder, TUNED), f"{folder}/out"
    assert list(states(kshot, suite, out)) == [SEARCHES[0], *LINES[:2], SEARCHES[1], *LINES[2:]]
    # 4 trials to 4 iterations, and 2 of them to 8; and so on
    measured = states(kshot, suite, out, "--measure", "-j", 1)
    assert [measured[name].split(" iterations")[0] for name in (*SEARCHES, LINES[0])] == ["24", "12", "8"], measured
    said = kshot.done("suite", "run", suite, "-o", out, "-j", 1).split()[::2]
    assert said == SEARCHES + LINES, said
    assert set(states(kshot, suite, out).values()) == {"done"} and kshot.done("suite", "run", suite, "-o", out) == ""
    # a search is its command by hand, and its best is what all seeds are trained with
    kshot.done("tune", f"{folder}/point.yaml", *settings(tasks=3, trajectories=4, horizon=20, iterations=8, inner__first_order="true"), "--trials", 2, "--halvings", 1,
               "--tasks", 5, "--search", "inner.lr=log:0.05..1", "--search", "policy.hidden=[8,8],[20]", "-o", f"{folder}/hand", "-j", 1)
    assert content(f"{folder}/hand/trials.csv") == content(f"{out}/point/first/tune/trials.csv")
    for method in ("maml", "first"):
        best = rows(f"{out}/point/{method}/tune/trials.csv")[0]
        chosen = {key: value for key, value in best.items() if key != "trial" and not key.startswith("score_")}
        assert sorted(chosen) == (["gae_lambda"] if method == "maml" else []) + ["inner.lr", "policy.hidden"]
        values = settings(tasks=3, trajectories=4, horizon=20, iterations=8, seed=2, **({"inner.first_order": "true"} if method == "first" else {}), **chosen)
        kshot.done("train", f"{folder}/point.yaml", *values, "-o", f"{folder}/hand-{method}")
        assert content(f"{folder}/hand-{method}/policy.safetensors") == content(f"{out}/point/{method}/2/policy.safetensors")
    assert kshot.done("suite", "check", suite, "-o", out, "--again").count("the same") == len(LINES)
    kshot.done("suite", "report", suite, "-o", out)
    assert {row["method"] for row in rows(f"{out}/results.csv")} == {"maml", "first", "random"}


def changes(kshot, folder):
    """What belongs to another search is not taken for this one's."""
    out = f"{folder}/out"
    # a copy without the trials is as good
    shutil.copytree(out, f"{folder}/copy", ignore=lambda _, names: [name for name in names if name.startswith("trial-")])
    suite = write(folder, TUNED)
    assert set(states(kshot, suite, f"{folder}/copy").values()) == {"done"}
    for old, new in (("trials: 2,", "trials: 3,"), ("inner.lr: log:0.05..1, gae_lambda: [0.9, 1], policy.hidden: \"[8,8],[20]\"", "policy.hidden: \"[8,8],[20]\", inner.lr: log:0.05..1"),
                     ("set: {tasks: 3,", "set: {validate_every: 4, validation_tasks: 2, tasks: 3,"), ("log:0.05..1", "log:0.05..2"), ("inner.first_order: true", "inner.first_order: true, gamma: 0.9"), ("horizon: 20", "horizon: 21")):
        other = write(folder, TUNED.replace(old, new), "other.yaml")
        there = states(kshot, other, out)
        assert there["point/first/tune"] == "" and there["point/first/1"] == "", there
        done = kshot("suite", "check", other, "-o", out, "--only", "point/first")
        assert done.returncode == 1 and done.stdout.count("the search for its settings is not there") == 2, done
    # more trials go on from those that are there, since each is drawn by its number
    kept = os.stat(f"{out}/point/first/tune/trial-000/policy.safetensors").st_mtime_ns
    more = write(folder, TUNED.replace("trials: 2,", "trials: 3,"), "more.yaml")
    shutil.rmtree(f"{out}/point/first/1")  # which may have been trained with another best
    kshot.done("suite", "run", more, "-o", out, "-q", "--only", "point/first/1", "-j", 1)
    assert len(rows(f"{out}/point/first/tune/trials.csv")) == 3 and os.stat(f"{out}/point/first/tune/trial-000/policy.safetensors").st_mtime_ns == kept
    # another search in its folder says so, and its lines are left
    other = write(folder, TUNED.replace("log:0.05..1", "log:0.05..2"), "other.yaml")
    done = kshot("suite", "run", other, "-o", out, "--only", "point/maml")
    assert done.returncode == 2 and "is of another search (inner.lr)" in done.stderr and "1 of 1 searches and lines failed: point/maml/tune" in done.stderr and not done.stdout, done
    assert "2 lines were not begun: their search failed" in done.stderr, done
    # so do validation and budget, which may change when a run is resumed
    steps = write(folder, TUNED.replace("iterations: 8}", "iterations: 1000, env_steps: 2000}").replace("seeds: [1, 2]", "seeds: [1]"), "steps.yaml")
    kshot.done("suite", "run", steps, "-o", f"{folder}/steps", "-q", "--only", "point/first", "-j", 1)
    for old, new, key in (("env_steps: 2000", "env_steps: 3000", "env_steps"), ("env_steps: 2000", "env_steps: 2000, validate_every: 2, validation_tasks: 3", "validate_every")):
        with open(steps) as file:
            other = write(folder, file.read().replace(old, new), "other.yaml")
        shutil.rmtree(f"{folder}/steps/point/first/1", ignore_errors=True)
        done = kshot("suite", "run", other, "-o", f"{folder}/steps", "-q", "--only", "point/first")
        assert done.returncode == 2 and f"is of another search ({key})" in done.stderr, done


def one_fails(kshot, folder):
    """A search without an outcome: the other methods go on."""
    suite = write(folder, TUNED.replace("  maml:\n", "  maml: {set: {outer: adam, adam.lr: 1000}, tune: {trials: 2, search: {inner.lr: [1000]}}}\n"), "bad.yaml")
    done = kshot("suite", "run", suite, "-o", f"{folder}/bad", "-j", 1)
    assert done.returncode == 1 and done.stdout.split()[::2] == [SEARCHES[1], *LINES[2:]] and done.stderr.splitlines()[-1].endswith("1 of 6 searches and lines failed: point/maml/tune"), done
    assert "2 lines were not begun" in done.stderr.splitlines()[-2], done


def side_by_side(kshot, folder):
    suite, out = write(folder, TUNED), f"{folder}/both"
    command = kshot.command("suite", "run", suite, "-o", out, "-j", 1, "-q")
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=200) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    kshot.done("suite", "run", suite, "-o", out, "-q", "-j", 1)  # lines that both passed over, while the other one was at their search
    for name in [f"{search}/trials.csv" for search in SEARCHES] + [f"{line}/policy.safetensors" for line in LINES]:
        assert os.path.exists(f"{out}/{name}"), name
    assert content(f"{out}/point/first/1/policy.safetensors") and not [name for _, _, files in os.walk(out) for name in files if name.endswith("lock")]


def refused(kshot, folder):
    for old, new, mentions in (
        ("trials: 4", "trails: 4", [":5: trails", "option of `kshot tune`"]), ("inner.lr: log", "inner.l: log", ["point/maml/1", "inner.lr"]), ("log:0.05..1", "log:1..0.05", ["point/maml/1", "--search"]),
        ("gae_lambda: [0.9, 1]", "gae_lambda: {a: 1}", ["gae_lambda", "value"]), ("search: {gae_lambda: false}", "search: 3", ["search", "keys"]), ("tune: false", "tune: some", ["tune", "keys"]),
        ("[0.9, 1]", "[0.9, x]", ["x"]), ("seeds: [1, 2]", "seeds: [1, 1000]", ["seeds", "1000", "search"]), ("tune: {trials: 4,", "tune: {trials: 4, set: gamma=0.9,", ["set", "option of `kshot tune` for a suite"]),
        ("search: {inner.lr", "serach: {inner.lr", ["serach"]), ("evaluate: {tasks: 4, steps: 2, best: true}", "evaluate: false", ["evaluate", "keys"])):
        kshot.refused(2, mentions, "suite", "plan", write(folder, TUNED.replace(old, new), "bad.yaml"))
    done = kshot("suite", "run", write(folder, TUNED.replace("trials: 4", "trials: many"), "bad.yaml"), "-o", f"{folder}/none", "-q")
    assert done.returncode == 2 and "--trials" in done.stderr and not os.path.exists(f"{folder}/none"), done


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (searches, changes, one_fails, side_by_side, refused):
            test(kshot, folder)


if __name__ == "__main__":
    main()
