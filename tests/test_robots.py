#!/usr/bin/env python3
"""test_robots.py KSHOT ROOT: trainings on environments that are files: those that are written in C as well give the same numbers, threads
change nothing, and a run directory finds its environment after both were moved, or says what is missing."""

import importlib.util
import os
import re
import shlex
import shutil
import sys

from kshot_cli import CONFIGS, Kshot, memory_folder, rows, same_run, settings, without_times
from safetensors import safe_open

ROOT = sys.argv[2]
STABLE = os.path.join(sys.argv[2], "envs", "stable")
MODELS = os.path.join(sys.argv[2], "envs", "models")
SMALL = settings(tasks=3, trajectories=4, horizon=30, iterations=2, policy__hidden="[16]")
HOPPER = [f"{CONFIGS}/hopper-rand.yaml", *settings(tasks=6, trajectories=5, horizon=60, iterations=3, policy__hidden="[8]")]


def tensors(path):
    with safe_open(path, "numpy") as file:
        return {name: (t.dtype, t.shape, t.tobytes()) for name, t in ((name, file.get_tensor(name)) for name in file.keys())}


def same_numbers(a, b):
    return without_times(f"{a}/progress.csv") == without_times(f"{b}/progress.csv") and all(
        tensors(f"{a}/{name}.safetensors") == tensors(f"{b}/{name}.safetensors") for name in ("policy", "best", "checkpoint"))


def edited(folder, name, before, after):
    """A file of the stable in another folder, with its model, and with other words in one place."""
    os.makedirs(f"{folder}/stable", exist_ok=True)
    if not os.path.exists(f"{folder}/models"):
        shutil.copytree(MODELS, f"{folder}/models")
    with open(f"{STABLE}/{name}.yaml") as file:
        text = file.read()
    assert text.count(before) == 1, (name, before)
    path = f"{folder}/stable/{name}.yaml"
    with open(path, "w") as file:
        file.write(text.replace(before, after))
    return path


def twins(kshot, folder):
    """With what the configs have: scaled inputs, which follow from the sizes of observations, and a sweep, from rewards for other tasks."""
    for name, before, after in (("half-cheetah-vel", "weight: -0.05", "weight: -0.050001"), ("ant-dir", "limit: 1}", "limit: 1.01}")):
        config = f"{CONFIGS}/{name}.yaml"
        runs = {env: f"{folder}/{name}-{i}" for i, env in enumerate((name, f"{name}-file", edited(folder, f"{name}-file", before, after)))}
        for env, run in runs.items():
            kshot.done("train", config, "--env", env, *SMALL, "-o", run, "-j", 1)
            kshot.done("eval", run, "--tasks", 2, "--trajectories", 3, "--label", "x", "-o", f"{run}.csv", "-j", 1)
            kshot.done("rollout", run, "--trajectories", 2, "--steps", 1, "-o", f"{run}.safetensors", "-j", 1)
        builtin, file, changed = runs.values()
        assert same_numbers(builtin, file), f"{name} and its file"
        assert tensors(f"{builtin}.safetensors") == tensors(f"{file}.safetensors"), f"rollouts of {name} and its file"
        found = [[{k: v for k, v in row.items() if k != "env"} for row in rows(f"{run}.csv")] for run in (builtin, file)]
        assert found[0] == found[1] and len(found[0]) > 2, f"evaluations of {name} and its file"
        assert not same_numbers(builtin, changed), f"{name}: {after} in place of {before} must make a difference"


def threads(kshot, folder):
    """Each world has a model of its own, made anew for each task: whose turn it is must not matter."""
    for count in (1, 2):
        kshot.done("train", *HOPPER, "-o", f"{folder}/hopper{count}", "-j", count)
    same_run(f"{folder}/hopper1", f"{folder}/hopper2")
    assert len({row["return_0"] for row in rows(f"{folder}/hopper1/progress.csv")}) == 3


def moved(kshot, folder):
    """A project of a model, a file and a run moves as a whole."""
    os.makedirs(f"{folder}/old/robots")
    for name in ("hopper.xml", "hopper-rand.yaml"):
        shutil.copy(f"{STABLE}/{name}", f"{folder}/old/robots")
    kshot.done("train", *HOPPER, "--env", "robots/hopper-rand.yaml", "-s", "iterations=1", "-o", "runs/first", "-j", 1, cwd=f"{folder}/old")
    words = ["--tasks", 2, "--trajectories", 3, "-j", 1]
    before = kshot.done("eval", "runs/first", *words, cwd=f"{folder}/old")
    adapted = kshot.done("adapt", "runs/first", "-o", "adapted.safetensors", "-j", 1, cwd=f"{folder}/old")
    os.rename(f"{folder}/old", f"{folder}/new")
    assert kshot.done("eval", "runs/first", *words, cwd=f"{folder}/new") == before
    assert kshot.done("adapt", f"{folder}/new/runs/first", "-o", "again.safetensors", "-j", 1, cwd=folder).split(":")[1] == adapted.split(":")[1]
    kshot.done("eval", "new/adapted.safetensors", *words, cwd=folder)
    # and goes on there: the config has the file's place relative to itself
    kshot.done("train", "new/runs/first/config.yaml", "-s", "iterations=2", "-o", "new/runs/first", "--resume", "-j", 1, cwd=folder)
    assert len(rows(f"{folder}/new/runs/first/progress.csv")) == 2


def changed(kshot, folder):
    """After `moved`: a run goes on with another file, or another model, and says so; a comment in a model changes nothing."""
    words = ["train", "new/runs/first/config.yaml", "-o", "new/runs/first", "--resume", "-j", 1]
    warnings = []
    for iterations, name, old, new in ((3, "hopper.xml", "</mujoco>", "</mujoco><!-- the same -->"), (4, "hopper-rand.yaml", "weight: 1", "weight: 2"),
                                       (5, "hopper.xml", "damping=\"1\"", "damping=\"2\""), (6, "hopper.xml", "</mujoco>", "</mujoco>")):
        path = f"{folder}/new/robots/{name}"
        with open(path) as file:
            text = file.read()
        assert old in text, f"{name} has no {old}"
        with open(path, "w") as file:
            file.write(text.replace(old, new))
        done = kshot(*words, "-s", f"iterations={iterations}", cwd=folder)
        assert done.returncode == 0, done.stderr
        warnings.append("began with another environment: hopper-rand" in done.stderr)
    assert warnings == [False, True, True, False], warnings


def gone(kshot, folder):
    """After `moved`: the file is elsewhere, where -e finds it, and what is written then knows the new place."""
    run, away = f"{folder}/new/runs/first", f"{folder}/away"
    os.rename(f"{folder}/new/robots", away)
    words = ["--trajectories", 2, "-j", 1]
    for command in (["eval", run, "--tasks", 1, *words], ["rollout", run, "-o", f"{folder}/x"], ["adapt", run, "-o", f"{folder}/x"],
                    ["eval", f"{folder}/new/adapted.safetensors", "--tasks", 1]):
        kshot.refused(2, ["hopper-rand.yaml", "is not there", "-e FILE"], *command)
    assert not os.path.exists(f"{folder}/x")
    kshot.refused(2, ["hopper-rand.yaml"], "train", f"{run}/config.yaml", "-s", "iterations=3", "-o", run, "--resume")
    kshot.refused(2, ["point"], "eval", run, "--tasks", 1, "-e", "point")
    kshot.done("eval", run, "--tasks", 1, *words, "-e", f"{away}/hopper-rand.yaml")
    kshot.done("rollout", run, *words, "-o", f"{folder}/rollout.safetensors", "-e", f"{away}/hopper-rand.yaml")
    kshot.done("adapt", run, *words, "-o", f"{folder}/adapted.safetensors", "-e", f"{away}/hopper-rand.yaml")
    kshot.done("eval", f"{folder}/adapted.safetensors", "--tasks", 1, *words)
    # another name is another environment, which the adapted policy belongs to
    shutil.copy(f"{away}/hopper-rand.yaml", f"{away}/renamed.yaml")
    kshot.done("adapt", run, *words, "-o", f"{folder}/renamed.safetensors", "-e", f"{away}/renamed.yaml")
    assert "renamed, " in kshot.done("eval", f"{folder}/renamed.safetensors", "--tasks", 1, *words)
    os.remove(f"{away}/hopper.xml")
    kshot.refused(2, ["hopper-rand.yaml", "hopper.xml"], "eval", run, "--tasks", 1, "-e", f"{away}/hopper-rand.yaml")


def names(kshot, folder):
    """A name in an expression must not be able to mean two things: a number of the task, and something else."""
    shutil.copy(f"{STABLE}/hopper.xml", folder)
    path = f"{folder}/names.yaml"
    for numbers, mentions in (
        ("task: {pi: {uniform: [0, 1]}}", ["pi", "another name"]),
        ("task: {not: {uniform: [0, 1]}}", ["not", "another name"]),
        ("task: {last_action: {uniform: [0, 1]}}", ["last_action"]),
        ("task: {qvel: {uniform: [0, 1]}}", ["qvel", "quantity"]),
        ("randomize: [{mass: {name: qvel, factor: {uniform: [1, 2]}}}]", ["qvel", "quantity"]),
        ("randomize: [{mass: {name: action, factor: {uniform: [1, 2]}}}]", ["action"]),
        ("task: {heavy: {fixed: 1}}\nrandomize: [{mass: {name: heavy, factor: {uniform: [1, 2]}}}]", ["heavy", "already"]),
        ("randomize: [{mass: {name: heavy, factor: {uniform: [1, 2]}}}]", []),
    ):
        with open(path, "w") as file:
            file.write(f"model: hopper.xml\nobservations: [qpos]\nrewards: [expr: sum(qvel)]\n{numbers}\n")
        if mentions:
            kshot.refused(2, ["names.yaml:", *mentions], "check", path, "--steps", 10)
        else:
            kshot.done("check", path, "--steps", 10)


def ten_minutes(kshot, folder):
    """docs/robots.md, "In ten minutes": from a model that is not ours to a video, with the lines and files as they stand there; trainings and
    evaluations are made short, and the model comes out of the package that is installed."""
    with open(f"{ROOT}/docs/robots.md") as file:
        text = re.search(r"## In ten minutes\n(.*?)\n## ", file.read(), re.S).group(1)
    place = f"{folder}/my-robot"
    os.makedirs(place)
    found = importlib.util.find_spec("gymnasium").submodule_search_locations[0]
    shutil.copy(f"{found}/envs/mujoco/assets/walker2d_v5.xml", place)
    names = ["walker.yaml", "walker-train.yaml"]
    for name, block in zip(names, re.findall(r"```yaml\n(.*?)```", text, re.S), strict=True):
        assert f"`{name}`" in text
        with open(f"{place}/{name}", "w") as file:
            file.write(block)
    short = {"train": settings(iterations=2, tasks=2, trajectories=2, horizon=20),
             "eval": ["--tasks", 2, "--trajectories", 2], "record": ["--length", 5, "--size", "320x240"]}
    ran = []
    for line in "".join(re.findall(r"```sh\n(.*?)```", text, re.S)).splitlines():
        name, *words = shlex.split(line)
        if name == "kshot" and (words[0] != "record" or "record" in kshot.done("--help")):
            kshot.done(*words, *short.get(words[0], []), cwd=place)
            ran.append(words[0])
    assert ran[:3] == ["check", "train", "eval"], ran
    assert "record" not in ran or os.path.getsize(f"{place}/walker.mp4") > 1000
    with open(f"{place}/runs/walker-train/config.yaml") as file:
        assert "env: ../../walker.yaml" in file.read()


def urdf(kshot, folder):
    """The MJCF around a URDF that docs/robots.md shows, and what is said of the URDF alone."""
    with open(f"{ROOT}/docs/robots.md") as file:
        mjcf = re.search(r"### URDF\n.*?```xml\n(.*?)```", file.read(), re.S).group(1)
    link = '<link name="{0}"><inertial><mass value="1"/><inertia ixx="1e-2" iyy="1e-2" izz="1e-2" ixy="0" ixz="0" iyz="0"/></inertial></link>'
    arm = ('<robot name="arm">' + link.format("base") + link.format("upper") + '<joint name="shoulder" type="revolute"><parent link="base"/>'
           '<child link="upper"/><axis xyz="0 1 0"/><limit lower="-2" upper="2" effort="10" velocity="5"/></joint></robot>')
    for name, text in (("arm.urdf", arm), ("arm.xml", mjcf)):
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    for model in ("arm.xml", "arm.urdf"):
        with open(f"{folder}/{model}.yaml", "w") as file:
            file.write(f"model: {model}\nobservations: [joint_pos, joint_vel]\nrewards: [expr: -abs(joint_pos(shoulder) - angle)]\n"
                       "task: {angle: {uniform: [-1, 1]}}\n")
    assert "shoulder" in kshot.done("check", f"{folder}/arm.xml.yaml")
    kshot.refused(2, ["arm.urdf.yaml:1: model:", "attach"], "check", f"{folder}/arm.urdf.yaml")


def main():
    kshot = Kshot(os.path.abspath(sys.argv[1]))
    with memory_folder() as folder:
        for test in (twins, threads, moved, changed, gone, names, urdf, ten_minutes):
            test(kshot, folder)
            print("ok", test.__name__)


main()
