#!/usr/bin/env python3
"""test_validate.py KSHOT: a policy in training is validated on tasks of its own, by which the best is kept; what that costs counts
as environment steps; threads, kills and resumes change nothing, and a run may begin to be validated, or cease to be."""

import random
import subprocess
import sys
import tempfile
import time

from kshot_cli import CONFIGS, Kshot, content, rows, same_run, settings
from safetensors import safe_open

POINT = f"{CONFIGS}/point.yaml"
SMALL = {"tasks": 4, "trajectories": 5, "horizon": 20, "policy__hidden": "[8]", "iterations": 24, "checkpoint_every": 5, "gae_lambda": 1, "trpo__max_kl": 1}
VALIDATED = {**SMALL, "validate_every": 4, "validation_tasks": 30}
OTHERS = ("return_0", "return_1", "kl", "mean_std")  # which validation does not change


def train(kshot, folder, name, *words, **values):
    kshot.done("train", POINT, *settings(**values), "-o", f"{folder}/{name}", "-j", 1, *words)
    return f"{folder}/{name}"


def note(path, key):
    with safe_open(path, "np") as file:
        return file.metadata()[key]


def found_in(run):
    """validated return by iterations done"""
    return {int(row["iteration"]) + 1: float(row["validation_return"]) for row in rows(f"{run}/progress.csv") if row["validation_return"]}


def the_best_is_kept(kshot, folder):
    """Of what was validated, the best.safetensors is the best, as it was after that iteration."""
    chosen = set()
    for seed in (1, 2, 3):
        run = train(kshot, folder, f"seed-{seed}", seed=seed, **VALIDATED)
        found = found_in(run)
        assert sorted(found) == list(range(4, 25, 4)) and list(rows(f"{run}/progress.csv")[0])[-1] == "validation_return"
        best = int(note(f"{run}/best.safetensors", "iteration"))
        assert best == max(found, key=lambda i: (found[i], -i)), (best, found)
        short = train(kshot, folder, f"short-{seed}", seed=seed, **{**VALIDATED, "iterations": best})
        assert content(f"{short}/policy.safetensors") == content(f"{run}/best.safetensors")
        chosen.add(best == 24)
    print(f"the best is the last one: {chosen}")
    assert False in chosen, "seeds of which one does best before its end"


def training_is_as_without(kshot, folder):
    run, never = f"{folder}/seed-1", train(kshot, folder, "never", **SMALL)
    assert content(f"{run}/policy.safetensors") == content(f"{never}/policy.safetensors")
    table, plain = rows(f"{run}/progress.csv"), rows(f"{never}/progress.csv")
    assert "validation_return" not in plain[0], "who does not validate has no column for it"
    cost = 0
    for row, other in zip(table, plain):
        assert all(row[key] == other[key] for key in OTHERS)
        more = int(row["env_steps"]) - int(other["env_steps"]) - cost
        # 30 tasks, before and after a step, in 5 trajectories of 20 timesteps at most
        assert 1000 < more <= 30 * 2 * 5 * 20 if row["validation_return"] else more == 0, (row, other)
        cost += more
    limit = train(kshot, folder, "limit", **{**VALIDATED, "iterations": 1000, "env_steps": int(table[11]["env_steps"])})
    assert len(rows(f"{limit}/progress.csv")) == 12, "a budget is of all environment steps"
    assert content(f"{limit}/policy.safetensors") == content(f"{train(kshot, folder, 'twelve', **{**VALIDATED, 'iterations': 12})}/policy.safetensors")


def threads_change_nothing(kshot, folder):
    for count in (2, 3):
        kshot.done("train", f"{folder}/seed-1/config.yaml", "-o", f"{folder}/threads{count}", "-j", count)
        same_run(f"{folder}/seed-1", f"{folder}/threads{count}")


def resumed(kshot, folder):
    words = [POINT, *settings(**VALIDATED), "-o", f"{folder}/parts"]
    random.seed(3)
    for _ in range(5):
        process = subprocess.Popen(kshot.command("train", *words, "--resume=auto", "-j", 1), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(random.uniform(0.01, 0.1))
        process.kill()
        process.wait()
    kshot.done("train", *words, "--resume=auto", "-j", 2)
    same_run(f"{folder}/seed-1", f"{folder}/parts")
    # it begins to be validated: then it has the column, and what was not validated is no longer the best
    late = train(kshot, folder, "late", **{**SMALL, "iterations": 10})
    train(kshot, folder, "late", "--resume", **VALIDATED)
    whole = found_in(f"{folder}/seed-1")
    assert found_in(late) == {i: value for i, value in whole.items() if i > 10}
    assert int(note(f"{late}/best.safetensors", "iteration")) in found_in(late)
    assert content(f"{late}/policy.safetensors") == content(f"{folder}/seed-1/policy.safetensors")
    # it ceases to be: what was the best stays so, and so does the column
    early = train(kshot, folder, "early", **{**VALIDATED, "iterations": 10})
    train(kshot, folder, "early", "--resume", **SMALL)
    assert found_in(early) == {i: value for i, value in whole.items() if i <= 10} and len(rows(f"{early}/progress.csv")) == 24
    assert int(note(f"{early}/best.safetensors", "iteration")) == max(found_in(early), key=found_in(early).get)
    kshot.refused(2, ["progress.csv", "line 1"], "train", POINT, *settings(**VALIDATED), "-o", other_column(early), "--resume", "-j", 1)


def other_column(run):
    with open(f"{run}/progress.csv") as file:
        text = file.read().replace("validation_return", "validation_error", 1)
    with open(f"{run}/progress.csv", "w") as file:
        file.write(text)
    return run


def every_method(kshot, folder):
    """The two directions of half-cheetah-dir are all there is; who does not adapt is validated without a step."""
    for method in ("maml", "pretrain", "oracle"):
        run = f"{folder}/{method}"
        result = kshot("train", f"{CONFIGS}/half-cheetah-dir.yaml", *settings(method=method, tasks=2, trajectories=2, horizon=10, policy__hidden="[4]",
                       iterations=2, validate_every=1, validation_tasks=2), "-o", run, "-j", 1)
        assert result.returncode == 0 and len(found_in(run)) == 2 and "  validation -" in result.stderr.splitlines()[-1], result.stderr
        costs = [int(row["env_steps"]) for row in rows(f"{run}/progress.csv")]
        assert costs == ([160, 320] if method == "maml" else [80, 160]), (method, costs)
        assert "every 1 iterations, 2 tasks" in result.stderr


def steps_that_are_too_long(kshot, folder):
    """They end no run: what cannot be validated is told of, and is never the best."""
    run = f"{folder}/long"
    result = kshot("train", POINT, *settings(**{**VALIDATED, "inner__lr": 1000, "iterations": 6, "validate_every": 2}), "-o", run, "-j", 1)
    assert result.returncode == 0, result.stderr
    told = [line for line in result.stderr.splitlines() if "not validated" in line]
    assert told and "inner.lr: 1000" in told[0] and "of 30 validation tasks" in told[0], result.stderr
    assert len(found_in(run)) == 3 - len(told)


def patience(kshot, folder):
    """Training stops once as many looks found nothing better; it is a run like any that ended there, and can be gone on with."""
    words = ["train", POINT, *settings(**{**VALIDATED, "iterations": 1000, "validate_patience": 3}), "-o", f"{folder}/patience", "-j", 1, "--resume=auto"]
    result = kshot(*words)
    assert result.returncode == 0, result.stderr
    found = found_in(f"{folder}/patience")
    best, last = max(found, key=found.get), max(found)
    assert last == best + 12 < 1000 and len(rows(f"{folder}/patience/progress.csv")) == last, found
    so_far = [max(list(found.values())[: i + 1]) for i in range(len(found))]
    assert all(so_far[i] > so_far[i - 3] for i in range(3, len(found) - 1)), "nor did it stop too late"
    said = [line for line in result.stderr.splitlines() if "training stops" in line]
    assert len(said) == 1 and f"iteration {last}:" in said[0] and f"iteration {best} (validate_patience: 3)" in said[0], result.stderr
    assert f": {last} iterations " in result.stdout
    train(kshot, folder, "ended", **{**VALIDATED, "iterations": last})
    same_run(f"{folder}/ended", f"{folder}/patience")
    again = kshot(*words)
    assert again.returncode == 0 and "training stops" in again.stderr
    same_run(f"{folder}/ended", f"{folder}/patience")
    kshot.done(*words, *settings(validate_patience=4, iterations=last + 4))
    assert len(rows(f"{folder}/patience/progress.csv")) == last + 4


def tensors(path):
    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name).tolist() for name in file.keys()}


def recoveries(kshot, folder):
    """When patience is over, training goes back to its best model and on with half the limit, as often as it may, and then stops."""
    values = {**VALIDATED, "iterations": 1000, "validate_patience": 2, "validate_recoveries": 2}
    words = ["train", POINT, *settings(**values), "-o", f"{folder}/recovers", "-j", 1]
    result = kshot(*words)
    assert result.returncode == 0, result.stderr
    said = [[int(word.strip(",")) for word in line.split() if word.strip(",").isdigit()] for line in result.stderr.splitlines() if "goes back" in line]
    assert len(said) == 2 and [line[2] for line in said] == [1, 2] and "training stops" in result.stderr, result.stderr
    table, found = rows(f"{folder}/recovers/progress.csv"), found_in(f"{folder}/recovers")
    since, limit = 0, 1.0
    for now, best, _ in said:
        so_far = {i: value for i, value in found.items() if i <= now}
        assert best == max(so_far, key=so_far.get) and now == max(since, best) + 8, (said, found)
        assert all(float(row["kl"]) <= limit for row in table[since:now] if row["accepted"] == "1")
        assert any(float(row["kl"]) > limit / 2 for row in table[since:now]), "the limit is what ends a step"
        since, limit = now, limit / 2
    assert all(float(row["kl"]) <= limit for row in table[since:] if row["accepted"] == "1")
    assert len(table) == max(since, max(found, key=found.get)) + 8
    # it is the best model, and the outer step begins anew
    first, best, _ = said[0]
    train(kshot, folder, "back", "--force", **{**values, "iterations": first})
    now, kept = tensors(f"{folder}/back/checkpoint.safetensors"), tensors(f"{folder}/back/best.safetensors")
    assert all(now[name] == kept[name] for name in kept) and not any(now["run.cg_start"]) and now["run.recoveries"] == [1, first]
    kshot.done("audit", f"{folder}/back/config.yaml", "--from", f"{folder}/back", "-o", f"{folder}/back.safetensors", "-j", 1)
    assert float(note(f"{folder}/back.safetensors", "max_kl")) == 0.5, "as the next iteration has it"
    # stopped before and after it, and gone on with
    for iterations in (first - 1, first, first + 1, said[1][0], 1000):
        kshot.done(*words[:-4], *settings(iterations=iterations), "-o", f"{folder}/by-and-by", "-j", 2, "--resume=auto")
    same_run(f"{folder}/recovers", f"{folder}/by-and-by")
    kshot.refused(2, ["validate_recoveries", "validate_patience"], "train", POINT, "-s", "validate_recoveries=1", "-o", f"{folder}/no")


def others(kshot, folder):
    kshot.refused(2, ["validate_every", "sinusoid"], "train", f"{CONFIGS}/sinusoid.yaml", "-s", "validate_every=5", "-o", f"{folder}/sinusoid")
    text = kshot.done("plot", *(f"{folder}/seed-{seed}" for seed in (1, 2, 3)), "-o", f"{folder}/curves.svg")
    assert "maml, validation" in content(f"{folder}/curves.svg").decode(), text
    text = content(f"{folder}/seed-1/config.yaml").decode()
    assert "validate_every: 4" in text and "validation_tasks: 30" in text


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (the_best_is_kept, training_is_as_without, threads_change_nothing, resumed, every_method, steps_that_are_too_long, patience, recoveries, others):
            test(kshot, folder)


main()
