#!/usr/bin/env python3
"""test_python_wheel.py CMAKE BUILD: a wheel, of the libraries that are built already, works in a virtual environment that knows nothing of
the sources. WHEEL=build builds them anew, as pip does, which takes minutes and needs the network."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CODE = """
import kshot, numpy as np
assert "site-packages" in kshot.__file__, kshot.__file__
envs = kshot.make_vec("half-cheetah-vel", num_envs=4)
envs.reset(seed=1)
envs.step(envs.action_space.sample())
policy = kshot.load("zoo/half-cheetah-dir", best=True)
fast = policy.adapt(task=1, trajectories=4)
assert fast.history[1] > fast.history[0]
print(kshot.__version__, round(fast.history[1]))
"""


def run(*words, **options):
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=1800, **options)
    assert result.returncode == 0, f"{' '.join(map(str, words))}: {result.stdout[-3000:]}{result.stderr[-3000:]}"
    return result.stdout


def quick(folder, cmake, build):
    """The sources of the package beside libraries that need no compiling."""
    os.makedirs(f"{folder}/source/python")
    for name in ("pyproject.toml", "README.md", "LICENSE", "CMakeLists.txt"):
        shutil.copy(f"{ROOT}/{name}", f"{folder}/source")
    shutil.copytree(f"{ROOT}/python/kshot", f"{folder}/source/python/kshot", ignore=shutil.ignore_patterns("__pycache__"))
    run(cmake, "--install", build, "--component", "python", "--prefix", f"{folder}/source/python/kshot", "--strip")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder,
        "--config-settings=wheel.cmake=false", "--config-settings=wheel.platlib=true", f"{folder}/source")


with tempfile.TemporaryDirectory() as folder:
    if os.environ.get("WHEEL") == "build":
        run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, ROOT)
    else:
        quick(folder, sys.argv[1], sys.argv[2])
    (wheel,) = glob.glob(f"{folder}/kshot-*.whl")
    assert os.path.basename(wheel).split("-")[2:4] == ["py3", "none"], wheel
    names = zipfile.ZipFile(wheel).namelist()
    assert {"kshot/py.typed", "kshot/libkshot_python.so", "kshot/_models.py"} <= set(names), names
    assert not any("mujoco" in n or n.endswith((".c", ".h")) for n in names), names
    run(sys.executable, "-m", "venv", f"{folder}/venv")
    python = f"{folder}/venv/bin/python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", wheel)
    (site,) = glob.glob(f"{folder}/venv/lib/python3*/site-packages")
    (own,) = glob.glob(f"{ROOT}/.deps/venv/lib/python3*/site-packages")
    with open(f"{site}/packages.pth", "w") as file:  # what pip would bring besides
        file.write(f"{own}\n{ROOT}/.deps/python\n")
    os.symlink(f"{ROOT}/zoo", f"{folder}/zoo")
    bare = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "KSHOT_LIBRARY", "LD_LIBRARY_PATH")}
    print(run(python, "-c", CODE, cwd=folder, env=bare).strip(), f"{os.path.getsize(wheel) / 1e6:.2f} MB")
