#!/usr/bin/env python3
"""test_train_eval.py KSHOT: a short real meta-training must make adaptation worth something on tasks that it has not met, and
what the command writes must be what docs/files.md says."""

import json
import sys
import tempfile

import numpy as np
from kshot_cli import CONFIGS, Kshot, content, rows, settings
from safetensors import safe_open

POINT = f"{CONFIGS}/point.yaml"
SHORT = settings(tasks=20, trajectories=20, horizon=60, iterations=25, policy__hidden="[32, 32]", trpo__max_kl=0.03)
COLUMNS = "label,env,task,goal,gradient_step,mean_return,trajectories,mean_length".split(",")


def tensors(path):
    with safe_open(path, "numpy") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()


def returns(path, step):
    return np.mean([float(row["mean_return"]) for row in rows(path) if int(row["gradient_step"]) == step])


def learning(kshot, folder):
    run, out = f"{folder}/run", f"{folder}/eval.csv"
    progress = kshot("train", POINT, *SHORT, "-o", run).stderr.splitlines()
    assert sum(line.startswith("iteration ") for line in progress) == 25, progress
    header = "".join(progress[: progress.index(next(line for line in progress if line.startswith("iteration ")))])
    for part in ("maml on point", "20 tasks x 20 trajectories x 60 timesteps", "2 -> 32 -> 32 -> 2", run):
        assert part in header, header
    with open(f"{run}/config.yaml") as file:
        for line in file:
            assert "  # " in line or line.rstrip().endswith(":"), f"every setting says what it means: {line}"
    kshot.done("train", POINT, *SHORT, "-s", "iterations=0", "-o", f"{folder}/random")
    kshot.done("eval", run, "--tasks", 20, "-o", out, "--steps", 4)
    kshot.done("eval", f"{folder}/random", "--tasks", 20, "-o", f"{folder}/random.csv", "--label", "random")
    before, after, untrained = returns(out, 0), returns(out, 1), returns(f"{folder}/random.csv", 1)
    print(f"return before {before:.1f}, after one step {after:.1f}; untrained, after one step {untrained:.1f}")
    assert after > before + 5, "adaptation must help"
    assert after > untrained + 5, "meta-training must help"
    return run, out


def evaluation(kshot, folder, run, out):
    table = rows(out)
    assert list(table[0]) == COLUMNS and len(table) == 20 * 5
    assert {row["label"] for row in table} == {"maml"} and {row["env"] for row in table} == {"point"}
    # the same tasks for every policy, the same numbers for every call and number of threads
    assert [r["goal"] for r in table] == [r["goal"] for r in rows_of_steps(f"{folder}/random.csv", 5)]
    kshot.done("eval", run, "--tasks", 20, "-o", f"{folder}/again.csv", "--steps", 4, "-j", 1)
    assert content(out) == content(f"{folder}/again.csv")
    # tasks from a file are those tasks
    goals = [row["goal"] for row in table if row["gradient_step"] == "0"]
    with open(f"{folder}/goals.csv", "w") as file:
        file.writelines(goal.replace(" ", ",") + "\n" for goal in goals)
    kshot.done("eval", run, "--goals", f"{folder}/goals.csv", "-o", f"{folder}/goals-eval.csv", "--steps", 4)
    assert [r["goal"] for r in rows(f"{folder}/goals-eval.csv")] == [r["goal"] for r in table]
    directions = f"{folder}/directions"
    cheetah = settings(iterations=0, policy__hidden="[4]")
    kshot.done("train", f"{CONFIGS}/half-cheetah-dir.yaml", *cheetah, "-o", directions)
    kshot.done("eval", directions, "--trajectories", 1, "--horizon", 5, "-o", f"{folder}/dir.csv")
    goals = [float(r["goal"]) for r in rows(f"{folder}/dir.csv") if r["gradient_step"] == "0"]
    assert sorted(goals) == [-1] * 20 + [1] * 20, "half forward, half backward"


def rows_of_steps(path, steps):
    """Rows of an evaluation as if it had had this many stages."""
    return [row for row in rows(path) if row["gradient_step"] == "0" for _ in range(steps)]


def log_density(theta, obs, act):
    x = obs
    layers = sum(key.endswith("weight") for key in theta)
    for i in range(layers):
        x = x @ theta[f"mlp.{i}.weight"].T + theta[f"mlp.{i}.bias"]
        x = np.maximum(x, 0) if i < layers - 1 else x
    z = (act - x) / np.exp(theta["log_std"])
    return np.sum(-0.5 * z**2 - theta["log_std"] - 0.5 * np.log(2 * np.pi), axis=1)


def rollouts(kshot, folder, run):
    path = f"{folder}/rollout.safetensors"
    theta = {k: v.astype(np.float64) for k, v in tensors(f"{run}/policy.safetensors")[0].items()}
    kshot.done("rollout", run, "-o", path, "--trajectories", 7, "--task", "0.2,-0.3")
    t, meta = tensors(path)
    assert meta["format"] == "kshot.rollout.1" and meta["env"] == "point" and meta["gradient_steps"] == "0"
    length = int(t["traj_start"][-1])
    assert t["obs"].shape == (length, 2) and t["act"].shape == (length, 2) and t["rew"].shape == (length,)
    assert t["traj_start"].shape == (8,) and t["terminated"].shape == (7,) and np.allclose(t["task"], [0.2, -0.3])
    assert np.allclose(t["logp"], log_density(theta, t["obs"], t["act"]), atol=1e-4)
    kshot.done("rollout", run, "-o", path, "--trajectories", 2, "--deterministic", "--force")
    t, _ = tensors(path)
    norm = -np.sum(theta["log_std"]) - np.log(2 * np.pi)
    assert np.allclose(t["logp"], norm, atol=1e-4), "without noise every action is the mean"
    kshot.done("rollout", f"{folder}/directions", "-o", path, "--trajectories", 3, "--horizon", 9, "--force")
    t, _ = tensors(path)
    assert t["qpos"].shape == (27, 9) and t["qvel"].shape == (27, 9) and t["qpos_last"].shape == (3, 9)
    assert t["qpos"].dtype == np.float64 and np.allclose(t["obs"][:, :8], t["qpos"][:, 1:], atol=1e-5)


def baselines(kshot, folder):
    for method in ("pretrain", "oracle"):
        run = f"{folder}/{method}"
        kshot.done("train", POINT, *SHORT, *settings(method=method, iterations=15), "-o", run)
        kshot.done("eval", run, "--tasks", 20, "-o", f"{run}.csv")
        assert {row["label"] for row in rows(f"{run}.csv")} == {method}
    oracle, pretrained = returns(f"{folder}/oracle.csv", 0), returns(f"{folder}/pretrain.csv", 0)
    print(f"without adaptation: oracle {oracle:.1f}, pretrained {pretrained:.1f}")
    assert oracle > pretrained + 3, "who sees the goal does better than who does not"


def others(kshot, run):
    envs = json.loads(kshot.done("envs", "--json"))
    assert {"point", "half-cheetah-vel", "half-cheetah-dir", "ant-vel", "ant-dir", "ant-goal"} <= {e["name"] for e in envs}
    for name in ("", "/policy.safetensors", "/checkpoint.safetensors", "/best.safetensors"):
        assert "point" in kshot.done("info", run + name)
    small = settings(tasks=2, trajectories=2, horizon=10)
    bench = json.loads(kshot.done("bench", "--json", "--rounds", 1, "-e", "half-cheetah-vel", *small))
    keys = {
        "sampling": "env_steps_per_s mj_steps_per_s raw_mj_steps_per_s ratio",
        "update": "gflop gflops sgemm_gflops ratio",
        "iteration": "seconds sampling_s update_s peak_mib",
    }
    for part, names in keys.items():
        for name in names.split() + ["env", "threads", "tasks", "trajectories", "horizon"]:
            assert bench[part][name] is not None, (part, name)


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        run, out = learning(kshot, folder)
        evaluation(kshot, folder, run, out)
        rollouts(kshot, folder, run)
        baselines(kshot, folder)
        others(kshot, run)


main()
