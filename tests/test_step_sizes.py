#!/usr/bin/env python3
"""test_step_sizes.py KSHOT: eval adapts by the step sizes of the paper's protocol, or by the best of a list, which it finds on
tasks that are not those that it reports."""

import re
import sys
import tempfile

import numpy as np
from kshot_cli import CONFIGS, Kshot, content, rows, settings
from safetensors import safe_open
from safetensors.numpy import save_file

BAD, FAILED = 2, 1
QUICK = ("--tasks", 1, "--horizon", 2, "-j", 1)


def untrained(kshot, folder, env, **values):
    run = f"{folder}/{env}"
    kshot.done("train", f"{CONFIGS}/{env}.yaml", *settings(iterations=0, policy__hidden="[8]", **values), "-o", run)
    return f"{run}/policy.safetensors"


def changed(path, out, tensors=None, **meta):
    """A copy of a policy file with other tensors and metadata."""
    with safe_open(path, "numpy") as file:
        values = {key: file.get_tensor(key) for key in file.keys()}
        meta = dict(file.metadata(), **meta)
    save_file({**values, **(tensors(values) if tensors else {})}, out, metadata=meta)
    return out


def table(text):
    """Of eval's output: trajectories, and (step size, mean, interval) per number of gradient steps."""
    trajectories = int(re.search(r"(\d+) trajectories each", text).group(1))
    lines = text[text.index("gradient steps    step size") :].splitlines()[1:]
    return trajectories, [tuple(float(x) for x in line.replace("+-", " ").split()[-4:-1]) for line in lines]


def search(text):
    """step size -> return, and the chosen one"""
    tried = re.findall(r"^ +([\d.e+-]+) +(-?[\d.]+|breaks down)(  the best.*)?$", text[: text.index("gradient steps    ")], re.M)
    chosen = [float(lr) for lr, _, best in tried if best]
    return {float(lr): float(value) if value != "breaks down" else None for lr, value, _ in tried}, chosen


def defaults_are_the_papers(kshot, folder):
    """env, trajectories, first step size of a pretrained and of a random policy, factor of later steps"""
    for env, trajectories, pretrained, random, later in (
        ("point", 40, 0.5, 0.5, 0.5),
        ("half-cheetah-vel", 20, 0.02, 0.1, 0.5),
        ("half-cheetah-dir", 20, 0.2, 0.5, 0.5),
        ("ant-vel", 20, 0.2, 1, 0.5),
        ("ant-dir", 40, 0.2, 1, 0.01),
    ):
        policy = untrained(kshot, folder, env, inner__lr=0.3)
        of_method = {
            "random": (policy, random),
            "maml": (changed(policy, f"{folder}/a.safetensors", iteration="7"), 0.3),
            "pretrain": (changed(policy, f"{folder}/b.safetensors", iteration="7", method="pretrain"), pretrained),
        }
        for method, (path, first) in of_method.items():
            n, stages = table(kshot.done("eval", path, *QUICK, "--steps", 4))
            wanted = [first] + 3 * [first * later]
            assert n == trajectories and np.allclose([s[0] for s in stages[1:]], wanted), (env, method, n, stages)
    own = table(kshot.done("eval", policy, *QUICK, "--trajectories", 3, "--lr", "0.7,0.6", "--steps", 3))
    assert own[0] == 3 and [s[0] for s in own[1][1:]] == [0.7, 0.6, 0.6], "and everything can be said otherwise"


def intervals_are_of_the_mean_over_tasks(kshot, folder, policy):
    out = f"{folder}/eval.csv"
    _, stages = table(kshot.done("eval", policy, "--tasks", 7, "--trajectories", 3, "-o", out))
    for step, (*_, mean, interval) in enumerate(stages):
        x = np.array([float(row["mean_return"]) for row in rows(out) if int(row["gradient_step"]) == step])
        assert len(x) == 7 and abs(x.mean() - mean) < 0.006, (step, mean)
        assert abs(1.96 * x.std(ddof=1) / np.sqrt(7) - interval) < 0.006, (step, interval)


def the_better_step_is_taken(kshot, folder, policy):
    common = ("eval", policy, "--tasks", 5, "--horizon", 40, "--seed", 3)
    outputs = []
    for name, lrs, threads in (("a", "0.6,1e30,20", 1), ("b", "0.6,1e30,20", 2), ("c", "20,1e30,0.6", 1)):
        text = kshot.done(*common, "--search-lr", lrs, "-j", threads, "-o", f"{folder}/{name}.csv")
        tried, chosen = search(text)
        outputs.append((tried, text if name != "c" else None))
        assert chosen == [0.6] and tried[0.6] > tried[20] + 20 and tried[1e30] is None, text
        assert [stage[0] for stage in table(text)[1][1:]] == [0.6, 0.3, 0.3], "later steps are half of it"
    assert outputs[0] == outputs[1], "threads change nothing"
    assert outputs[0][0] == outputs[2][0], "nor does the order"
    kshot.done(*common, "-j", 1, "--lr", "0.6,0.3", "-o", f"{folder}/said.csv")
    assert content(f"{folder}/a.csv") == content(f"{folder}/b.csv") == content(f"{folder}/c.csv") == content(f"{folder}/said.csv"), (
        "what is reported is as if the step had been given")
    tried, _ = search(kshot.done(*common, "-j", 1, "--search-lr", "default"))
    assert {1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2} == set(tried), tried
    own = changed(policy, f"{folder}/own.safetensors", iteration="1", inner_lr="0.37")
    assert 0.37 in search(kshot.done("eval", own, *QUICK, "--search-lr", "default"))[0], "the policy's own step is tried too"


def the_tasks_are_others(kshot, folder, policy):
    """A policy that stays where it is: its return is the goals' distance, and nothing but the tasks makes a difference."""
    still = changed(policy, f"{folder}/still.safetensors",
                    lambda old: {**{k: 0 * v for k, v in old.items()}, "log_std": np.full(2, -13, np.float32)})
    common = ("eval", still, "--search-lr", "1e-20", "--horizon", 1000, "--trajectories", 1, "-j", 1)
    searched, reported = [], []
    for seed in (1, 2, 3):
        text = kshot.done(*common, "--seed", seed)
        searched.append(search(text)[0][1e-20])
        reported.append(table(text)[1][0][1])
    distances = sorted(searched + reported)
    print(f"mean return of standing still, searched {searched}, reported {reported}")
    assert np.diff(distances).min() > 0.02, "six sets of tasks"
    with open(f"{folder}/goals.csv", "w") as file:
        file.write("0.1,0.1\n")
    text = kshot.done(*common, "--seed", 3, "--goals", f"{folder}/goals.csv")
    assert search(text)[0][1e-20] == searched[2], "goals that are given are not searched on"


def bad_lists(kshot, policy):
    for words, mentions in (
        (["--search-lr", ""], ["--search-lr"]),
        (["--search-lr", "0.1,,1"], ["--search-lr", "0.1,,1"]),
        (["--search-lr", "0.1,fast"], ["--search-lr", "fast"]),
        (["--search-lr", "0.1,0"], ["--search-lr", "above 0"]),
        (["--search-lr=-1"], ["--search-lr", "above 0"]),
        (["--search-lr", "inf"], ["--search-lr"]),
        (["--search-lr", ",".join(["1"] * 33)], ["--search-lr", "32"]),
        (["--search-lr", "0.1", "--lr", "0.1"], ["--search-lr", "--lr"]),
        (["--search-lr", "0.1", "--steps", "0"], ["--search-lr", "--steps"]),
        (["--search-lr"], ["--search-lr"]),
    ):
        kshot.refused(BAD, mentions, "eval", policy, *words)
    kshot.refused(FAILED, ["--search-lr", "physics"], "eval", policy, "--search-lr", "1e30,1e31")


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        defaults_are_the_papers(kshot, folder)
        policy = f"{folder}/point/policy.safetensors"
        intervals_are_of_the_mean_over_tasks(kshot, folder, policy)
        the_better_step_is_taken(kshot, folder, policy)
        the_tasks_are_others(kshot, folder, policy)
        bad_lists(kshot, policy)


main()
