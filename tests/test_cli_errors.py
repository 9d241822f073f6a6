#!/usr/bin/env python3
"""test_cli_errors.py KSHOT: whatever is wrong is said in one line that names it, with the right exit code, and nothing is lost."""

import json
import os
import struct
import sys
import tempfile

from kshot_cli import CONFIGS, SMALL, Kshot, content, settings

BAD, FAILED = 2, 1
POINT = f"{CONFIGS}/point.yaml"


def write(path, text):
    with open(path, "wb" if isinstance(text, bytes) else "w") as file:
        file.write(text)
    return path


def configs(kshot, folder):
    out = f"{folder}/config-run"

    def refused(text, line, *mentions):
        path = write(f"{folder}/bad.yaml", text)
        kshot.refused(BAD, [f"{path}:{line}:", *mentions], "train", path, "-o", out)
        assert not os.path.exists(out), "a refused config leaves no run directory"

    refused("env: point\ntaks: 3\n", 2, "taks", "tasks")
    refused("env: point\ntrpo:\n  max_lk: 1\n", 3, "trpo.max_lk", "trpo.max_kl")
    refused("env: point\ntasks: many\n", 2, "tasks", "many")
    refused("env: point\ntasks: 0\n", 2, "tasks", "1 to")
    refused("env: point\ninner:\n  lr: .nan\n", 3, "inner.lr")
    refused("env: point\ntasks: [1, 2]\n", 2, "tasks")
    refused("env: point\ntasks: 1\ntasks: 2\n", 3, "tasks")
    refused("env: point\n  tasks: 1\n", 2)
    path = write(f"{folder}/env.yaml", "env: half-cheeta-vel\n")
    kshot.refused(BAD, ["half-cheeta-vel", "half-cheetah-vel"], "train", path, "-o", out)
    for setting, mention in [("taks=3", "tasks"), ("tasks", "KEY=VALUE"), ("inner.first_order=2", "inner.first_order")]:
        kshot.refused(BAD, [mention], "train", POINT, "-s", setting, "-o", out)
    kshot.refused(BAD, [f"{folder}/none.yaml"], "train", f"{folder}/none.yaml", "-o", out)
    kshot.refused(BAD, [folder], "train", folder, "-o", out)


def command_lines(kshot, policy):
    kshot.refused(BAD, ["trian"], "trian")
    kshot.refused(BAD, ["--colour"], "eval", "--colour", policy)
    kshot.refused(BAD, ["-o"], "audit", POINT)
    kshot.refused(BAD, ["CONFIG"], "train")
    kshot.refused(BAD, ["POLICY"], "eval")
    kshot.refused(BAD, ["more"], "eval", policy, "more")
    kshot.refused(BAD, ["-j"], "eval", policy, "-j", "0")
    kshot.refused(BAD, ["--lr"], "eval", policy, "--lr", "fast")
    kshot.refused(BAD, ["--tasks"], "eval", policy, "--tasks", "-3")
    kshot.refused(BAD, ["--task"], "rollout", policy, "--task", "1,2,3", "-o", f"{policy}.rollout")
    kshot.refused(BAD, ["-o -"], "rollout", policy, "-o", "-")
    kshot.refused(BAD, ["-o -"], "audit", POINT, "-o", "-")
    kshot.refused(BAD, ["warp"], "bench", "warp")


def files(kshot, folder, policy):
    good = content(policy)
    header = struct.unpack("<Q", good[:8])[0]
    meta = json.loads(good[8 : 8 + header])
    assert meta["__metadata__"]["format"] == "kshot.policy.1"
    damaged = {
        "empty": b"",
        "short": good[: len(good) // 2],
        "headless": good[:6],
        "lying": struct.pack("<Q", 1 << 62) + good[8:],
        "text": b"a policy should be here, but is not\n" * 10,
        "flipped": good[:20] + bytes([good[20] ^ 1]) + good[21:],
        "foreign": struct.pack("<Q", 2) + b"{}",
    }
    for name, data in damaged.items():
        path = write(f"{folder}/{name}.safetensors", data)
        kshot.refused(BAD, [path], "eval", path)
        kshot.refused(BAD, [path], "audit", POINT, "--from", path, "-o", f"{folder}/audit.safetensors")
    kshot.refused(BAD, [f"{folder}/none"], "eval", f"{folder}/none")
    kshot.refused(BAD, ["half-cheetah-vel"], "eval", policy, "-e", "half-cheetah-vel")
    kshot.refused(BAD, ["pint", "point"], "eval", policy, "-e", "pint")

    goals = write(f"{folder}/goals.csv", "0.1,0.2\n0.3\n")
    kshot.refused(BAD, [f"{goals}:2"], "eval", policy, "--goals", goals)
    goals = write(f"{folder}/goals.csv", "0.1,0.2\n0.3,x\n")
    kshot.refused(BAD, [f"{goals}:2"], "eval", policy, "--goals", goals)
    kshot.refused(BAD, ["none.csv"], "eval", policy, "--goals", f"{folder}/none.csv")


def nothing_is_lost(kshot, folder, run, policy):
    before = content(policy)
    kshot.refused(BAD, [run, "--resume", "--force"], "train", POINT, *SMALL, "-o", run)
    kshot.refused(BAD, ["tasks"], "train", POINT, *SMALL, "-s", "tasks=5", "-o", run, "--resume")
    kshot.refused(BAD, [f"{folder}/new"], "train", POINT, *SMALL, "-o", f"{folder}/new", "--resume")
    assert content(policy) == before
    path = write(f"{folder}/mine.csv", "mine")
    kshot.refused(BAD, [path, "--force"], "eval", policy, "-o", path)
    kshot.refused(BAD, [path, "--force"], "rollout", policy, "-o", path)
    kshot.refused(BAD, [path, "--force"], "audit", POINT, "-o", path)
    assert content(path) == b"mine"
    # places that cannot be written to, for root as well: below a file
    kshot.refused(FAILED, [path], "train", POINT, *SMALL, "-o", f"{path}/run")
    kshot.refused(FAILED, [path], "rollout", policy, "--trajectories", 1, "-o", f"{path}/rollout.safetensors")
    # a damaged checkpoint is not resumed from, nor replaced
    checkpoint = f"{run}/checkpoint.safetensors"
    good = content(checkpoint)
    bad = good[:-3] + bytes([good[-3] ^ 4]) + good[-2:]
    write(checkpoint, bad)
    kshot.refused(BAD, [checkpoint], "train", POINT, *SMALL, "-s", "iterations=9", "-o", run, "--resume")
    assert content(checkpoint) == bad
    write(checkpoint, good)


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        run = f"{folder}/run"
        kshot.done("train", POINT, *SMALL, *settings(iterations=4), "-o", run)
        policy = f"{run}/policy.safetensors"
        configs(kshot, folder)
        command_lines(kshot, policy)
        files(kshot, folder, policy)
        nothing_is_lost(kshot, folder, run, policy)


main()
