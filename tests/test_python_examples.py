#!/usr/bin/env python3
"""test_python_examples.py KSHOT LIBRARIES: the Python of docs/python.md and the notebook run, and policies run in plain MuJoCo as they do in kshot."""

import json
import os
import re
import subprocess
import sys

from kshot_cli import memory_folder
from python_package import ROOT

import numpy as np

import kshot


def notebook():
    with open(f"{ROOT}/examples/python/kshot.ipynb") as file:
        cells = json.load(file)["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            code = "".join(cell["source"]).replace("ITERATIONS = 20", "ITERATIONS = 3").replace("import matplotlib", "import no_matplotlib")
            exec(code, names)
    assert len(names["rows"]) == 3 and names["learned"].history[5] < names["learned"].history[0]


def page(folder):
    """Every block of Python, in order, in a folder of its own; what trains long is cut short."""
    os.symlink(f"{ROOT}/zoo", f"{folder}/zoo")
    os.symlink(f"{ROOT}/configs", f"{folder}/configs")
    with open(f"{ROOT}/docs/python.md") as file:
        blocks = re.findall(r"```python\n(.*?)```", file.read(), re.S)
    os.chdir(folder)
    names = {}
    for block in blocks:
        if "import torch" not in block and "stable_baselines3" not in block:
            exec(block.replace("iterations=2000", "iterations=50").replace('"iterations": 100', '"iterations": 2'), names)
    os.chdir(ROOT)
    assert len(blocks) > 5


def plain(folder):
    """Beside kshot's own world, from the same start."""
    path = f"{folder}/plain.safetensors"
    kshot.load("zoo/half-cheetah-dir", best=True).adapt(task=1).save(path)
    said = subprocess.run([sys.executable, "examples/python/plain_mujoco.py", "envs/models/half_cheetah.xml", path], text=True,
                          capture_output=True, check=True, env={**os.environ, "PYTHONPATH": f"{ROOT}/.deps/python"}).stdout
    x = float(re.search(r"x = (-?[0-9.]+) m", said).group(1))
    # of 20 random starts: half a metre a second is far from any of them, were an observation or an action wrong
    rollout = kshot.load(path).rollout(1, 20, deterministic=True)
    ends = rollout["qpos_last"][:, 0]
    assert x > 2 and ends.min() - 0.5 < x < ends.max() + 0.5, (x, ends)


with memory_folder() as temporary:
    notebook()
    page(temporary)
    plain(temporary)
