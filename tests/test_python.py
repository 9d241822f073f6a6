#!/usr/bin/env python3
"""test_python.py KSHOT LIBRARIES: policies and models in Python do what the command does, to the byte; training, Ctrl-C, tasks of one's own; bad
input is refused with the command's words."""

import copy
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
import warnings

from kshot_cli import CONFIGS, SMALL, Kshot, memory_folder, rows, same_run
from python_package import ROOT, refused

import numpy as np
from safetensors.numpy import load_file

import kshot

command = Kshot(os.path.abspath(sys.argv[1]))
CHEETAH = "zoo/half-cheetah-dir"


def same(model, path):
    """Its parameters are those of a file, to the byte."""
    tensors, own = load_file(path), model.parameters()
    assert set(tensors) == set(own), (set(tensors), set(own))
    assert all(np.array_equal(tensors[k], own[k]) for k in own)


def policies(folder):
    policy = kshot.load(CHEETAH, best=True)
    same(policy, f"{CHEETAH}/best.safetensors")
    words = ["--best", "--task", "-1", "--trajectories", 6, "--steps", 2, "-j", 2]
    command.done("adapt", CHEETAH, *words, "-o", f"{folder}/adapted.safetensors")
    adapted = policy.adapt(task=-1, trajectories=6, steps=2, threads=1)
    same(adapted, f"{folder}/adapted.safetensors")
    adapted.save(f"{folder}/own.safetensors")
    assert open(f"{folder}/own.safetensors", "rb").read() == open(f"{folder}/adapted.safetensors", "rb").read()
    command.done("rollout", CHEETAH, *words, "-o", f"{folder}/rollout.safetensors")
    written = load_file(f"{folder}/rollout.safetensors")
    rollout = policy.rollout(-1, 6, steps=2)
    assert all(np.array_equal(written[k], rollout[k]) for k in written), sorted(written)
    returns = np.add.reduceat(rollout["rew"].astype(float), rollout["traj_start"][:-1]).mean()
    assert abs(returns - adapted.history[2]) < 1e-3 * abs(returns)
    # adapted in another environment, it is a policy of that one from then on
    command.done("adapt", CHEETAH, *words[:1], "-e", "half-cheetah-vel", *words[3:], "-o", f"{folder}/vel.safetensors")
    away = kshot.load(CHEETAH, best=True, env="half-cheetah-vel").adapt(trajectories=6, steps=2)
    away.copy().save(f"{folder}/vel-own.safetensors")
    assert open(f"{folder}/vel-own.safetensors", "rb").read() == open(f"{folder}/vel.safetensors", "rb").read()
    assert away.info["env"] == kshot.load(f"{folder}/vel-own.safetensors").env == "half-cheetah-vel"
    # the same steps on trajectories that were sampled before, as a robot might
    first = policy.rollout(-1, 6)
    halfway = policy.adapt(rollouts=first)
    second = policy.rollout(-1, 6, steps=1)
    same(policy.adapt(rollouts=[first, second]), f"{folder}/adapted.safetensors")
    assert not np.array_equal(halfway.parameters()["log_std"], adapted.parameters()["log_std"])


def acting():
    policy = kshot.load(CHEETAH, best=True)
    rollout = policy.rollout(1, 2, deterministic=True, horizon=30)
    assert np.array_equal(policy.act(rollout["obs"], deterministic=True), rollout["act"])
    one = policy.act(rollout["obs"][7], deterministic=True)
    assert one.shape == (6,) and np.array_equal(one, rollout["act"][7])
    many = np.repeat(rollout["obs"][:1], 4000, axis=0)
    noise = (policy.act(many, rng=1) - policy.act(many, deterministic=True)) / np.exp(policy.parameters()["log_std"])
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02
    assert np.array_equal(policy.act(many, rng=1), policy.act(many, rng=np.random.default_rng(1)))
    # parameters are views, and a copy has its own
    copy = policy.copy()
    bias = copy.parameters()["mlp.2.bias"]
    before = copy.act(rollout["obs"][0], deterministic=True)
    bias += 1
    assert np.allclose(copy.act(rollout["obs"][0], deterministic=True), before + 1, atol=1e-5)
    assert np.array_equal(policy.act(rollout["obs"][0], deterministic=True), before)
    del copy
    bias += 1  # the view keeps what it is of
    bandit = kshot.train({"env": "bandit-5", "iterations": 0}, out=f"{FOLDER}/bandit")
    env = kshot.make("bandit-5")
    obs, _ = env.reset(seed=1)
    assert bandit.act(obs).dtype == np.int64 and env.step(bandit.act(obs))[1] is not None
    assert bandit.act(np.tile(obs, (500, 1)), rng=2).max() == 4


def mistyped(mentions, call, *arguments, **keywords):
    """Of a wrong type: a TypeError that has all that is to be mentioned."""
    try:
        call(*arguments, **keywords)
    except TypeError as error:
        assert all(text in str(error) for text in mentions), repr(error)
        return
    raise AssertionError(f"{call}{arguments}{keywords}: not refused; expected {mentions}")


CHILD = """
import multiprocessing, sys
sys.path[:0] = {path!r}
import kshot, numpy as np
policy = kshot.load("zoo/half-cheetah-dir", best=True)
with multiprocessing.get_context("spawn").Pool(1) as pool:
    there = pool.apply_async(policy.act, (np.ones(20), True)).get(120)
assert np.array_equal(there, policy.act(np.ones(20), True))
"""


def copies(folder):
    """Copies have parameters of their own; what is pickled is all there, in other processes, too."""
    policy = kshot.load(CHEETAH, best=True)
    away = kshot.load(CHEETAH, best=True, env="half-cheetah-vel")
    learned, line = away.adapt(trajectories=4, horizon=20), np.linspace(-4, 4, 10)[:, None]
    with open(f"{ROOT}/envs/stable/hopper-vel.yaml") as file, open(f"{folder}/mine.yaml", "w") as mine:
        mine.write(file.read().replace("hopper-vel", "mine").replace("hopper.xml", f"{ROOT}/envs/stable/hopper.xml"))
    own = kshot.train({"env": f"{folder}/mine.yaml", "iterations": 0}, out=f"{folder}/mine")
    fitted, sinusoid = kshot.fit(sine, iterations=3), kshot.load("zoo/sinusoid-learned")
    adapted = sinusoid.adapt(line, line, steps=3)
    for model in (policy, away, learned, own, fitted, sinusoid, adapted):
        for again in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            there, here = again.parameters(), model.parameters()
            assert type(again) is type(model) and again.info == model.info and list(there) == list(here)
            assert all(np.array_equal(there[k], here[k]) and not np.shares_memory(there[k], here[k]) for k in here)
            assert (again.history is None) == (model.history is None) and np.array_equal(again.history, model.history)
            assert again.history is not model.history or model.history is None
    assert pickle.loads(pickle.dumps(away)).env == "half-cheetah-vel" and away.info["env"] == "half-cheetah-dir"
    assert np.array_equal(pickle.loads(pickle.dumps(away)).adapt(trajectories=4, horizon=20).history, learned.history)
    assert pickle.loads(pickle.dumps(own)).env == "mine"
    # of images, the run directory knows where they are
    drawn = kshot.train(f"{CONFIGS}/strokes.yaml", out=f"{folder}/drawn", settings={
        "iterations": 0, "images": {"train_classes": 20, "validation_classes": 20, "size": 14}, "policy.filters": 4})
    assert np.array_equal(kshot.evaluate(pickle.loads(pickle.dumps(drawn)), 2, 1).value, kshot.evaluate(drawn, 2, 1).value)
    done = subprocess.run([sys.executable, "-c", CHILD.format(path=sys.path[:3])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for kind in (kshot.Policy, kshot.Model):
        mistyped(["kshot.load"], kind, 0)
        mistyped(["kshot.load"], kind)


def evaluations(folder):
    policy = kshot.load(CHEETAH, best=True)
    command.done("eval", CHEETAH, "--best", "--tasks", 3, "--steps", 1, "--trajectories", 4, "-o", f"{folder}/eval.csv")
    found = kshot.evaluate(policy, tasks=3, steps=1, trajectories=4)
    assert found.metric == "return" and found.task.shape == (3, 1) and found.gradient_step.tolist() == [0, 1]
    for row in rows(f"{folder}/eval.csv"):
        cell = int(row["task"]), int(row["gradient_step"])
        assert float(row["mean_return"]) == float(f"{found.value[cell]:.9g}") and float(row["mean_length"]) == found.length[cell]
    again = kshot.evaluate(policy, tasks=found.task[1:2], steps=0, trajectories=4)
    assert again.value.shape == (1, 1) and (again.interval() == 0).all()
    # models that learn from examples
    model = kshot.load("zoo/sinusoid-learned")
    command.done("eval", "zoo/sinusoid-learned", "--tasks", 20, "--steps", 3, "-o", f"{folder}/mse.csv")
    values = kshot.evaluate(model, 20, 3).value
    assert [float(r["mse"]) for r in rows(f"{folder}/mse.csv")] == [float(f"{v:.9g}") for v in values.ravel()]


def examples(folder):
    for words, asked in ((["--seed", 3], {"seed": 3}), (["--task", "2,1", "-s", "sinusoid.shots=5", "--lr", "0.02"],
                                                         {"task": (2, 1), "settings": {"sinusoid.shots": 5}, "lr": 0.02})):
        path = f"{folder}/curve-{len(words)}.safetensors"
        command.done("adapt", "zoo/sinusoid", *words, "--steps", 4, "-o", path)
        same(kshot.load("zoo/sinusoid").adapt(steps=4, **asked), path)
    model = kshot.load("zoo/sinusoid")
    x = np.linspace(-4, 4, 10)[:, None]
    adapted = model.adapt(x, 2 * np.sin(x), steps=5)
    assert adapted.history[5] < adapted.history[0] / 5
    assert np.abs(adapted.predict(x) - 2 * np.sin(x)).mean() < np.abs(model.predict(x) - 2 * np.sin(x)).mean() / 3
    images = kshot.train(f"{CONFIGS}/strokes.yaml", out=f"{folder}/strokes", settings={
        "iterations": 1, "tasks": 2, "images": {"train_classes": 20, "validation_classes": 20, "size": 14},
        "policy.filters": 4, "validation_tasks": 2})
    command.done("adapt", f"{folder}/strokes", "--steps", 1, "-o", f"{folder}/images.safetensors")
    adapted = images.adapt(steps=1)
    same(adapted, f"{folder}/images.safetensors")
    assert images.classifies and adapted.predict(np.zeros((3, 196))).shape == (3,)
    # what was adapted can be judged by its problem, which has the settings of the file, from another working directory, too
    pretrained = kshot.train(f"{folder}/strokes/config.yaml", out=f"{folder}/pretrained", settings={"method": "pretrain"})
    curve = kshot.load("zoo/sinusoid").adapt(task=(2, 1), settings={"sinusoid": {"shots": np.int64(5)}})
    moved = kshot.load(os.path.relpath(f"{folder}/pretrained"))
    before = kshot.evaluate(pretrained.adapt(steps=1), 2, 1).value, kshot.evaluate(curve, 5, 1).value
    curve.save(f"{folder}/curve.safetensors")
    os.chdir(folder)
    assert np.array_equal(kshot.evaluate(moved.adapt(steps=1), 2, 1).value, before[0])
    assert np.array_equal(kshot.evaluate(kshot.load("curve.safetensors"), 5, 1).value, before[1])
    os.chdir(ROOT)


def training(folder):
    seen = []
    small = {"tasks": 4, "trajectories": 4, "horizon": 20, "checkpoint_every": 3, "policy": {"hidden": [8]}}
    kshot.train(f"{CONFIGS}/point.yaml", out=f"{folder}/py", settings={**small, "iterations": 4}, callback=seen.append, threads=1)
    command.done("train", f"{CONFIGS}/point.yaml", *SMALL, "-s", "iterations=4", "-o", f"{folder}/cli", "-j", 1)
    same_run(f"{folder}/py", f"{folder}/cli")
    table = rows(f"{folder}/py/progress.csv")
    assert [list(r) for r in seen] == [list(r) for r in table]
    assert all(float(f"{seen[i][k]:.9g}") == float(table[i][k]) for i in range(4) for k in table[i] if k[-2:] != "_s")
    # a stop, and on; and it is the same run
    policy = kshot.train(f"{CONFIGS}/point.yaml", out=f"{folder}/stop", settings={**small, "iterations": 4},
                         callback=lambda row: row["iteration"] == 1)
    assert policy.info["iteration"] == 2 and len(rows(f"{folder}/stop/progress.csv")) == 2
    refused(["stop holds a run already: resume=True", "force=True", "out=DIR"], kshot.train, f"{CONFIGS}/point.yaml", out=f"{folder}/stop")
    kshot.train(f"{CONFIGS}/point.yaml", out=f"{folder}/stop", settings={**small, "iterations": 4}, resume=True)
    same_run(f"{folder}/stop", f"{folder}/cli")
    try:
        kshot.train(f"{CONFIGS}/point.yaml", out=f"{folder}/fails", settings=small, callback=lambda row: 1 / 0)
        raise AssertionError("an error in the callback was lost")
    except ZeroDivisionError:
        pass


def stops(folder):
    """True of NumPy ends training, too, and nothing else that is true."""
    few = {"env": "point", "iterations": 3, "tasks": 2, "trajectories": 2, "policy.hidden": [4]}
    for value, iterations in ((True, 1), (np.float64(3) > 2, 1), (np.bool_(False), 3), (1, 3), ("on", 3), (None, 3)):
        kshot.train(few, out=f"{folder}/said", force=True, callback=lambda row, value=value: value)
        assert len(rows(f"{folder}/said/progress.csv")) == iterations, value
        assert len(kshot.fit(sine, iterations=3, callback=lambda row, value=value: value).history) == iterations, value


def ctrl_c(folder):
    threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    before = signal.getsignal(signal.SIGINT)
    try:
        kshot.train({"env": "point", "iterations": 10**6, "tasks": 4, "trajectories": 4, "policy.hidden": [8]}, out=f"{folder}/endless")
        raise AssertionError("Ctrl-C did not end it")
    except KeyboardInterrupt as stop:
        assert "can be resumed" in str(stop)
    assert signal.getsignal(signal.SIGINT) is before and os.path.exists(f"{folder}/endless/checkpoint.safetensors")
    done = len(rows(f"{folder}/endless/progress.csv"))
    policy = kshot.train(f"{folder}/endless/config.yaml", out=f"{folder}/endless", settings={"iterations": done + 1}, resume=True)
    assert policy.info["iteration"] == done + 1


def plugins(folder):
    """An environment in a shared library, from a path with letters of all kinds; first of all in training."""
    home = f"{folder}/b\u00fccher \U0001f600"
    os.mkdir(home)
    subprocess.run(["gcc", "-std=c17", "-O1", "-shared", "-fPIC", f"-I{ROOT}", f"{ROOT}/examples/plugin.c", "-lm", "-o",
                    f"{home}/libboat.so"], check=True)
    code = f"""
import sys
sys.path[:0] = {sys.path[:3]!r}
import kshot
policy = kshot.train({{"env": {home + "/libboat.so"!r}, "iterations": 1, "tasks": 2, "trajectories": 2, "policy.hidden": [4]}}, out=sys.argv[1])
assert policy.env == "boat" and kshot.load(sys.argv[1]).rollout(trajectories=2)["obs"].shape[1] == 4
"""
    done = subprocess.run([sys.executable, "-c", code, f"{folder}/boat"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def warned(folder):
    """A run's warnings are the caller's, and errors where the caller has it so."""
    few = {"env": "point", "tasks": 2, "trajectories": 2, "policy.hidden": [4]}

    def go_on(iterations):
        with open(f"{folder}/warned/progress.csv", "w"):
            pass
        return kshot.train({**few, "iterations": iterations}, out=f"{folder}/warned", resume=True)

    kshot.train({**few, "iterations": 1}, out=f"{folder}/warned")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        go_on(2)
    assert [w.filename for w in said] == [__file__] and "no rows before iteration" in str(said[0].message), said
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            go_on(3)
            raise AssertionError("a warning that is an error was lost")
        except RuntimeWarning as error:
            assert "no rows before iteration" in str(error)


def sine(rng):
    amplitude, phase = rng.uniform(0.1, 5), rng.uniform(0, np.pi)
    x = rng.uniform(-5, 5, (20, 1))
    y = amplitude * np.sin(x - phase)
    return x[:10], y[:10], x[10:], y[10:]


def fitting(folder):
    model = kshot.fit(sine, iterations=1500)
    first, last = model.history[:100].mean(axis=0), model.history[-100:].mean(axis=0)
    assert last[1] < 1.2 < 3 < first[1], (first, last)
    x, y, xq, yq = sine(np.random.default_rng(99))
    model.save(f"{folder}/sine.safetensors")
    again = kshot.load(f"{folder}/sine.safetensors")
    assert np.array_equal(again.adapt(x, y, 5).predict(xq), model.adapt(x, y, 5).predict(xq))
    assert np.array_equal(kshot.fit(sine, iterations=5, threads=1).history, kshot.fit(sine, iterations=5, threads=2).history)
    assert not np.array_equal(kshot.fit(sine, iterations=5, seed=2).history, model.history[:5])
    assert len(kshot.fit([sine(np.random.default_rng(i)) for i in range(7)], tasks_per_iteration=3).history) == 3
    learned = kshot.fit(sine, iterations=5, inner_steps=2, learn_step_sizes="tensor", per_step=True)
    assert learned.parameters()["inner.log_lr"].shape == (2, 6)

    def blobs(rng):
        """Three classes of points, of which tasks have more or fewer."""
        centre, n = rng.uniform(-2, 2, (3, 2)), int(rng.integers(9, 15))
        y = np.arange(n + 30) % 3
        x = centre[y] + 0.25 * rng.standard_normal((n + 30, 2))
        return x[:n], y[:n], x[n:], y[n:]

    model = kshot.fit(blobs, classes=3, iterations=300, inner_lr=0.3, inner_steps=3)
    assert model.history[-30:, 3].mean() > 0.8 > 0.45 > model.history[:, 0].mean(), model.history[-30:].mean(axis=0)
    x, y, xq, yq = blobs(np.random.default_rng(3))
    adapted = model.adapt(x, y)
    assert adapted.predict(xq).shape == yq.shape and np.allclose(adapted.predict_proba(xq).sum(axis=1), 1)


def refusals(folder):
    policy = kshot.load(CHEETAH, best=True)
    model = kshot.load("zoo/sinusoid")
    said = command("eval", "nowhere").stderr
    refused([said[len("kshot: "):-1]], kshot.load, "nowhere")
    said = command("train", "-e", "point", "-s", "iteration=5", "-o", f"{folder}/x").stderr
    assert said.startswith("kshot: -s iteration=5: iteration: ")
    refused([said[len("kshot: -s "):-1]], kshot.train, {"env": "point", "iteration": 5}, out=f"{folder}/x")
    refused(["obs", "(n, 20)"], policy.act, np.zeros(19))
    refused(["steps: 65"], policy.adapt, 1, steps=65)
    refused(["task", "-1 or 1"], policy.adapt, 0.5)
    refused(["lr"], policy.adapt, 1, lr=-1)
    refused(["traj_start"], policy.adapt, rollouts={**policy.rollout(1, 2, horizon=5), "traj_start": np.array([0, 3, 9])})
    own = policy.rollout(1, 2, horizon=5)
    refused(["rollouts", "terminated"], policy.adapt, rollouts={k: v for k, v in own.items() if k != "rew"})
    refused(["rollouts", "do not fit"], policy.adapt, rollouts={**own, "act": own["act"][:-1]})
    refused(["trajectories and horizon"], policy.adapt, rollouts=own, trajectories=2)
    bandit = kshot.train({"env": "bandit-5", "iterations": 0}, out=f"{folder}/discrete")
    arms = bandit.rollout(trajectories=2)
    for wrong, said in ((5, "5"), (-1, "-1"), (0.5, "0.5")):
        refused([f"act has {said}, ", "0 to 4"], bandit.adapt, rollouts={**arms, "act": np.full_like(arms["act"], wrong)})
    assert bandit.adapt(rollouts={**arms, "act": arms["act"][:, 0].astype(int)}).history is None
    for x in (1.0, [], [[1.0], [1.0, 2.0]], [["a"], ["b"]]):
        refused(["x: it is no array"], model.adapt, x, np.zeros((2, 1)))
    refused(["y: it is no array"], model.adapt, np.zeros((3, 1)), 2.0)
    refused(["x: it is no array"], kshot.fit, [([], [], [[0.0]], [0])])
    refused(["sinusoid.shots", "no value"], model.adapt, settings={"sinusoid": {"shots": {1, 2}}})
    refused(["y: an array"], model.adapt, np.zeros((3, 1)), np.zeros(4))
    refused(["not finite"], model.adapt, np.zeros((3, 1)), np.full(3, np.nan))
    refused(["2 numbers"], model.adapt, task=(1, 2, 3))
    refused(["task 3 is not"], kshot.fit, [sine(np.random.default_rng(1))] * 3 + [1])
    refused(["no class"], kshot.fit, [([[0.0]], [7], [[0.0]], [0])], classes=3)
    refused(["inner_lr"], kshot.fit, sine, inner_lr=0)


def words(folder):
    """Where the command speaks of its options, these are arguments here."""
    policy, model = kshot.load(CHEETAH, best=True), kshot.load("zoo/sinusoid")
    path = f"{folder}/there.safetensors"
    policy.save(path)
    refused(["there.safetensors exists already; force=True replaces it"], policy.save, path)
    refused(["best=True takes a run directory"], kshot.load, path, best=True)
    refused(["env: there is no environment", "kshot.environments()"], kshot.load, CHEETAH, best=True, env="half-cheetah")
    refused(["no run to resume is there; resume=\"auto\""], kshot.train, {"env": "point"}, out=f"{folder}/none", resume=True)
    try:
        model.adapt(settings={"sinusoid.shots": 0})
        raise AssertionError("no shots were taken")
    except kshot.BadInput as error:
        assert str(error).startswith("sinusoid.shots=0: sinusoid.shots"), error
    refused(["settings: ", "sinusoid.shots=5"], model.adapt, settings={"shots": 5})


def other_models(folder):
    """Arguments that only other models take are refused."""
    policy, model = kshot.load(CHEETAH, best=True), kshot.load("zoo/sinusoid")
    for name, value in (("settings", {"sinusoid.shots": 5}), ("data", "strokes"), ("split", "train")):
        refused([f"{name} is for models that learn from examples"], kshot.evaluate, policy, **{name: value})
    for name, value in (("trajectories", 2), ("horizon", 5), ("gae_lambda", 0.5)):
        refused([f"{name} is for policies"], kshot.evaluate, model, **{name: value})
    for name, value in (("data", "strokes"), ("split", "train")):
        refused([f"{name} is for models of images"], kshot.evaluate, model, **{name: value})
    mistyped(["model", "kshot.load(path)"], kshot.evaluate, "zoo/point")


def finite(folder):
    """Numbers that are none are refused, wherever they are."""
    model, point = kshot.load("zoo/sinusoid"), kshot.load("zoo/point")
    for task in ((np.nan, 1), (1, np.inf)):
        refused(["task", "not finite"], model.adapt, task=task)
    told = kshot.fit([([[0.0], [1]], [0, 1], [[0.0]], [0])], classes=2)
    for nothing in (None, [[np.nan]], [[0], [np.inf]], np.array([[None]], object)):
        for call in (model.predict, model.forward, told.predict, told.predict_proba):
            refused(["x has a number that is not finite"], call, nothing)
    refused(["norm has a number that is not finite"], told.predict, [[0]], [[np.nan]])
    for obs in (np.array([None, 1], object), [[0, 0], [np.nan, 0]], [0, -np.inf]):
        for call in (point.act, point.forward):
            refused(["obs has a number that is not finite"], call, obs)


def sizes(folder):
    """Sizes and paths are taken as they are, or not at all."""
    policy, model = kshot.load(CHEETAH, best=True), kshot.load("zoo/sinusoid")
    for name, call, wrong in (("trajectories", policy.adapt, 2.5), ("horizon", policy.rollout, "9"), ("steps", model.adapt, 1.5),
                              ("seed", policy.adapt, 1.0), ("threads", policy.adapt, 1.5)):
        mistyped([f"{name}: {wrong!r} is no whole number"], call, **{name: wrong})
        refused([f"{name}: {2**64 + 1} is not from"], call, **{name: 2**64 + 1})
    for name in ("classes", "iterations", "tasks_per_iteration", "inner_steps", "seed"):
        for wrong in (2.7, "3"):
            mistyped([f"{name}: {wrong!r} is no whole number"], kshot.fit, sine, **{name: wrong})
        refused([f"{name}: {2**64 + 1} is not from"], kshot.fit, sine, **{name: 2**64 + 1})
    refused([f"hidden: {2**32 + 40} is not from"], kshot.fit, sine, hidden=[2**32 + 40])
    mistyped(["tasks: 2.5 is no whole number"], kshot.evaluate, policy, 2.5)
    refused(["tasks: an array of (1, 3)"], kshot.evaluate, policy, [[1, 2, 3]])
    refused(["tasks: 0 is not from 1"], kshot.evaluate, policy, 0)
    refused(["out", "zero byte"], kshot.train, {"env": "point"}, out=f"{folder}/a\0b")
    refused(["path", "zero byte"], policy.save, f"{folder}/a\0b")
    assert not os.path.exists(f"{folder}/a")
    refused(["settings", "zero byte"], kshot.train, {"env\0": "point"}, out=f"{folder}/x")
    refused(["lr: an array of (0,)"], policy.adapt, 1, lr=[])
    own = policy.rollout(1, 2, horizon=5)
    refused(["rollouts: there is none"], policy.adapt, rollouts=[])
    refused(["rollouts: traj_start", "float64"], policy.adapt, rollouts={**own, "traj_start": own["traj_start"] + 0.7})
    refused(["rollouts: terminated", "float64"], policy.adapt, rollouts={**own, "terminated": np.array([0.5, 0])})


def versions():
    """One version of MuJoCo stands in four places."""
    def found(path, pattern):
        return re.search(pattern, open(f"{ROOT}/{path}").read()).group(1)

    wanted = found("scripts/setup.sh", r"\nmujoco=([0-9.]+)")
    assert wanted == found("cmake/dependencies.cmake", r"MUJOCO_VERSION ([0-9.]+)") == found("python/kshot/_library.py", r'MUJOCO = "([0-9.]+)"')
    assert set(re.findall(r'mujoco-core==([0-9.]+)"', open(f"{ROOT}/pyproject.toml").read())) == {wanted}
    assert kshot.__version__ == found("CMakeLists.txt", r"project\(kshot VERSION ([0-9.]+)")


with memory_folder() as FOLDER:
    for test in (policies, acting, copies, evaluations, examples, plugins, training, stops, warned, ctrl_c, fitting, refusals, words,
                 other_models, finite, sizes, versions):
        began = time.monotonic()
        test(FOLDER) if test not in (acting, versions) else test()
        print(f"{test.__name__}: {time.monotonic() - began:.2f} s")
