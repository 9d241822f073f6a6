#!/usr/bin/env python3
"""test_docs.py KSHOT: the Python in docs/files.md runs, and its actions are those that kshot took; the lines in docs/figures.md
make what they say; links between documents lead somewhere, files that they name exist, and lines end."""

import glob
import pathlib
import re
import shlex
import sys
import tempfile

import numpy as np
from kshot_cli import CONFIGS, HERE, SMALL, Kshot, settings

ROOT = pathlib.Path(HERE).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def example(kshot):
    text = (ROOT / "docs/files.md").read_text()
    code = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(block, code)
    with tempfile.TemporaryDirectory() as folder:
        for activation in ("relu", "tanh"):
            run = f"{folder}/{activation}"
            kshot.done("train", f"{CONFIGS}/half-cheetah-vel.yaml", *SMALL,
                       *settings(iterations=1, policy__activation=activation), "-o", run)
            kshot.done("rollout", run, "-o", f"{run}.rollout", "--deterministic", "--horizon", 10, "--trajectories", 2)
            policy, meta = code["load"](f"{run}/policy.safetensors")
            trajectories, _ = code["load"](f"{run}.rollout")
            action = code["mean_action"](policy, meta, trajectories["obs"])
            assert np.allclose(action, trajectories["act"], atol=1e-4)
            kshot.done("export", run, "--onnx", "-o", f"{run}.onnx")
            assert np.allclose(code["onnx_action"](f"{run}.onnx", trajectories["obs"]), trajectories["act"], atol=1e-4)


def figures(kshot):
    """Every line, in a folder of its own; evaluations are made short."""
    text = (ROOT / "docs/figures.md").read_text()
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "zoo").symlink_to(ROOT / "zoo")
        for line in "".join(re.findall(r"```sh\n(.*?)```", text, re.S)).splitlines():
            name, command, *words = shlex.split(line)
            assert name == "kshot", line
            short = ["--tasks", 3, "--trajectories", 2, "--horizon", 5, "-j", 1] if command == "eval" else []
            words = [name for word in words for name in (sorted(glob.glob(word, root_dir=folder)) if "*" in word else [word])]
            kshot.done(command, *words, *short, cwd=folder)
            assert (pathlib.Path(folder) / words[words.index("-o") + 1]).stat().st_size > 100, line


def anchors(path):
    """As GitHub makes them of headings."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}


def links():
    for path in PAGES:
        for target in re.findall(r"\]\(([^)]+)", path.read_text()):
            if "://" in target:
                continue
            name, _, anchor = target.partition("#")
            to = path.parent / name if name else path
            assert to.exists(), f"{path.name}: {target} does not exist"
            assert not anchor or anchor in anchors(to), f"{path.name}: no heading of {to.name} is #{anchor}"


def files():
    """What the reader is to write himself aside."""
    own = {"fewshot/blobs.c", "fewshot/blobs.h", "maml/outer_sgd.c", "nn/layer_square.c"}
    for path in PAGES:
        for name in re.findall(r"`((?:\w+/)+\w+\.(?:[chp]|py|sh|txt))`", path.read_text()):
            assert name in own or (ROOT / name).exists(), f"{path.name}: {name} does not exist"


def lines():
    for path in PAGES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            most = 160 if line.lstrip().startswith("|") else 120
            assert len(line) <= most, f"{path.name}:{number}: {len(line)} letters"


example(Kshot(sys.argv[1]))
figures(Kshot(sys.argv[1]))
links()
files()
lines()
