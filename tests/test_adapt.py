#!/usr/bin/env python3
"""test_adapt.py KSHOT: a model after gradient steps on a task, as a file: what `kshot eval` finds after as many steps, and nothing else
of it has changed."""

import sys

from kshot_cli import CONFIGS, SMALL, Kshot, memory_folder, rows, settings
from safetensors import safe_open

SINUSOID = f"{CONFIGS}/sinusoid.yaml"


def errors(kshot, model, folder, *words):
    kshot.done("eval", model, "--tasks", 1, *words, "-o", f"{folder}/eval.csv", "--force")
    return [float(row["mse"]) for row in rows(f"{folder}/eval.csv")]


def metadata(path):
    with safe_open(path, "np") as file:
        return file.metadata(), sorted(file.keys())


def examples(kshot, folder):
    """Their examples are the same before and after, so the error after K steps is that of the file before any."""
    for name, more in (("plain", {}), ("learned", {"inner__learned": "parameter", "inner__steps": 2, "inner__lr": 0.01})):
        run = f"{folder}/{name}"
        kshot.done("train", SINUSOID, *settings(iterations=300, **more), "-o", run, "-j", 1)
        before = errors(kshot, run, folder, "--steps", 3)
        kshot.done("adapt", run, "--steps", 3, "-o", f"{folder}/{name}.safetensors")
        after = errors(kshot, f"{folder}/{name}.safetensors", folder, "--steps", 0)
        assert after[0] == before[3] != before[0], (name, before, after)
        assert metadata(f"{run}/policy.safetensors") == metadata(f"{folder}/{name}.safetensors")
    kshot.done("adapt", f"{folder}/plain", "--steps", 0, "-o", f"{folder}/zero.safetensors")
    assert open(f"{folder}/zero.safetensors", "rb").read() == open(f"{folder}/plain/policy.safetensors", "rb").read()
    said = kshot.done("adapt", f"{folder}/plain", "--task", "2,1", "-s", "sinusoid.shots=5", "-o", f"{folder}/given.safetensors")
    assert "1 gradient step, mse" in said, said


def policies(kshot, folder):
    kshot.done("train", f"{CONFIGS}/point.yaml", *SMALL, "-s", "iterations=2", "-o", f"{folder}/point")
    words = ["--trajectories", 4, "-j", 1]
    said = kshot.done("adapt", f"{folder}/point", "--task", "0.3,-0.2", *words, "-o", f"{folder}/point.safetensors")
    with open(f"{folder}/goal.csv", "w") as file:
        file.write("0.3,-0.2\n")
    kshot.done("eval", f"{folder}/point", "--goals", f"{folder}/goal.csv", "--steps", 1, *words, "-o", f"{folder}/r.csv")
    returns = [float(row["mean_return"]) for row in rows(f"{folder}/r.csv")]
    assert f"return {returns[0]:.4g} before and {returns[1]:.4g} after" in said, (said, returns)
    kshot.done("rollout", f"{folder}/point.safetensors", "--horizon", 20, "-o", f"{folder}/rollout.safetensors")


def refusals(kshot, folder):
    plain, point = f"{folder}/plain", f"{folder}/point"
    for words, mentions in (
        ([plain, "-o", f"{folder}/given.safetensors"], ["exists already", "--force"]),
        ([plain], ["-o FILE.safetensors is missing"]),
        ([plain, "--task", "1", "-o", f"{folder}/x"], ["--task", "2 (amplitude, phase)"]),
        ([plain, "-e", "point", "-o", f"{folder}/x"], ["-e", "sinusoid"]),
        ([point, "--task", "1", "-o", f"{folder}/x"], ["--task", "point"]),
        ([point, "-s", "sinusoid.shots=5", "-o", f"{folder}/x"], ["-s", "policy"]),
        ([plain, "--force", "-o", f"{folder}/plain/policy.safetensors"], ["policy.safetensors"]),
        ([f"{folder}/nothing", "-o", f"{folder}/x"], ["nothing"]),
    ):
        kshot.refused(2, mentions, "adapt", *words)


if __name__ == "__main__":
    program = Kshot(sys.argv[1])
    with memory_folder() as place:
        for check in (examples, policies, refusals):
            check(program, place)
            print(f"ok   {check.__name__}")
