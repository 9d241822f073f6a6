#!/usr/bin/env python3
"""test_tasks.py KSHOT: tasks that an environment does not know are refused wherever they can be typed, and those that training never
met are taken and told."""

import json
import os
import sys
import tempfile

import numpy as np

from kshot_cli import CONFIGS, Kshot, rows, settings

BAD = 2
DISCRETE = ("bandit-5", "mdp", "grid")
SHORT = ("--trajectories", 1, "-j", 1)


def untrained(kshot, folder, env):
    run = f"{folder}/{env}"
    kshot.done("train", f"{CONFIGS}/{env}.yaml", *settings(iterations=0, horizon=5, policy__hidden="[4]"), "-o", run)
    return run


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path


def commands(policy, folder):
    """Every way to name one task; none of them may leave a file."""
    yield "rollout", policy, "-o", f"{folder}/out.safetensors", *SHORT
    yield "record", policy, "-o", f"{folder}/out.png", *SHORT
    yield "view", policy, *SHORT
    if "point" in policy:
        yield "plot", "--trajectories", policy, "-o", f"{folder}/out.svg", "-j", 1


def refused(kshot, folder):
    for env, task, mentions in (
        ("half-cheetah-dir", "0", ["half-cheetah-dir", "direction 0", "-1 or 1"]),
        ("ant-dir", "1.0000000001", ["direction 1.0000000001", "-1 or 1"]),
        ("ant-dir", "0.5", ["ant-dir", "direction 0.5", "-1 or 1"]),
        ("half-cheetah-vel", "1e39", ["half-cheetah-vel", "velocity 1e+39", "m/s"]),
        ("half-cheetah-vel", "nan", ["nan"]),
        ("point", "1e39,0", ["point", "goal x 1e+39"]),
        ("point", "0,-1e39", ["point", "goal y -1e+39"]),
        ("point", "0.1,inf", ["inf"]),
        ("bandit-5", "0,0.5,1.5,1,1", ["bandit-5", "p3 1.5", "0 to 1"]),
        ("bandit-5", "0.5,0.5", ["'0.5,0.5'", "5"]),
        ("mdp", ",".join(["0"] * 50 + ["-0.25"]), ["mdp", "transitions -0.25", "0 to 1"]),
        ("grid", "0.5,1", ["grid", "goal x 0.5"]),
        ("grid", "1,5", ["grid", "goal y 5"]),
    ):
        policy = f"{folder}/{env}"
        for command in commands(policy, folder):
            if command[0] in ("record", "view") and env in DISCRETE:
                continue  # there is nothing to draw, whatever the task
            if command[0] not in ("record", "view") or kshot(command[0], "--help").returncode == 0:
                kshot.refused(BAD, ["--task", *mentions], *command, "--task", task)
        good = {"half-cheetah-dir": "1", "ant-dir": "-1", "half-cheetah-vel": "1.5", "point": "0.1,0.2",
                "bandit-5": "0,0.5,1,0.5,0", "mdp": ",".join(["1"] * 50 + ["0.5"]), "grid": "4,4"}[env]
        goals = write(f"{folder}/goals.csv", f"{good}\n\n{task}\n")
        kshot.refused(BAD, [f"{goals}:3", *mentions], "eval", policy, "--goals", goals, *SHORT, "-o", f"{folder}/out.csv")
        assert not [name for name in os.listdir(folder) if name.startswith("out")]


def told(kshot, folder):
    out = f"{folder}/told.safetensors"
    for env, task, note in (
        ("half-cheetah-vel", "5", "velocity 5 is outside of the training range, 0 to 2 m/s"),
        ("half-cheetah-vel", "-0.5", "velocity -0.5 is outside"),
        ("point", "0.1,3", "goal y 3 is outside of the training range, -0.5 to 0.5"),
        ("half-cheetah-vel", "2", ""),
        ("half-cheetah-dir", "-1", ""),
    ):
        result = kshot("rollout", f"{folder}/{env}", "-o", out, "--force", *SHORT, "--task", task)
        assert result.returncode == 0 and (note in result.stderr if note else not result.stderr), (task, result.stderr)
    goals = write(f"{folder}/goals.csv", "0.5\n-1\n1\n7\n")
    result = kshot("eval", f"{folder}/half-cheetah-vel", "--goals", goals, *SHORT, "--steps", 0, "-o", f"{folder}/told.csv")
    assert result.returncode == 0 and f"{goals}: 2 of 4 tasks" in result.stderr and "velocity -1 is" in result.stderr, result.stderr
    assert [row["goal"] for row in rows(f"{folder}/told.csv")] == ["0.5", "-1", "1", "7"]


def listed(kshot):
    text = kshot.done("envs")
    envs = {env["name"]: env for env in json.loads(kshot.done("envs", "--json"))}
    for name, env in envs.items():
        assert len(env["task_numbers"]) == env["task_dim"], name
        for i, number in enumerate(env["task_numbers"]):
            if env["task_dim"] < 5 or i == 0 or i == env["task_dim"] - 1:  # of many that are alike, the first and the last are shown
                assert number["name"] in text, number
            low, high = number["trained"]
            assert number["known"][0] <= low <= high <= number["known"][1], name
    assert envs["ant-vel"]["task_numbers"][0] == {"name": "velocity", "unit": "m/s", "trained": [0, 3], "known": [-1000, 1000], "step": 0}
    assert envs["ant-dir"]["task_numbers"][0]["step"] == 2 and "direction -1 or 1" in text


def of_the_paper(kshot, folder):
    """The authors' tasks are the draws of NumPy that their page says, and eval takes them."""
    draw = lambda seed, low, high, size=40: np.random.RandomState(seed).uniform(low, high, size)
    drawn = {
        "point": draw(1, -0.5, 0.5, (40, 2)),
        "half-cheetah-vel": draw(1, 0, 2),
        "half-cheetah-dir": np.where(draw(1, 0, 2) < 1, -1, 1),
        "ant-vel": draw(1, 0, 3),
        "ant-dir": np.where(draw(2, 0, 3) < 1.295, -1, 1),
    }
    for name, tasks in drawn.items():
        assert np.array_equal(np.loadtxt(f"{CONFIGS}/paper/tasks/{name}.csv", delimiter=","), tasks), name
    assert np.sum(drawn["ant-dir"]) == 0
    kshot.done("eval", f"{folder}/point", "--goals", f"{CONFIGS}/paper/tasks/point.csv", "-o", f"{folder}/eval.csv", *SHORT)
    assert len({row["goal"] for row in rows(f"{folder}/eval.csv")}) == 40


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for env in ("point", "half-cheetah-vel", "half-cheetah-dir", "ant-dir", *DISCRETE):
            untrained(kshot, folder, env)
        refused(kshot, folder)
        told(kshot, folder)
        listed(kshot)
        of_the_paper(kshot, folder)


main()
