#!/usr/bin/env python3
"""test_predictions.py KSHOT: the picture of a regression: the curve is the one that was asked for, the examples are on it, and what
the model predicts before and after gradient steps is what NumPy says."""

import os
import sys
import tempfile

import numpy as np
from figure_reader import Figure, check_close
from kshot_cli import CONFIGS, Kshot, content, settings
from safetensors import safe_open

BAD = 2
SMALL = settings(iterations=300, tasks=5, checkpoint_every=100, policy__hidden="[12, 12]")


def model(kshot, folder, name, **more):
    run = f"{folder}/{name}"
    kshot.done("train", f"{CONFIGS}/sinusoid.yaml", *SMALL, *settings(**more), "-o", run, "-j", 1)
    return run


class Network:
    """A model with hidden layers of ReLU in double precision, which learns by plain gradient steps of the mean squared error."""

    def __init__(self, run):
        with safe_open(f"{run}/policy.safetensors", "numpy") as file:
            names = sorted(name for name in file.keys() if name.startswith("mlp."))
            self.layers = [[file.get_tensor(name.replace("bias", "weight")).astype(float), file.get_tensor(name).astype(float)]
                           for name in names if name.endswith("bias")]

    def outputs(self, x):
        """Of every layer, the inputs first."""
        found = [x]
        for i, (weight, bias) in enumerate(self.layers):
            z = found[-1] @ weight.T + bias
            found.append(np.maximum(z, 0) if i + 1 < len(self.layers) else z)
        return found

    def __call__(self, x):
        return self.outputs(np.asarray(x, float).reshape(len(x), -1))[-1][:, 0]

    def step(self, x, y, lr):
        out = self.outputs(np.asarray(x, float).reshape(len(x), -1))
        delta = 2 * (out[-1] - np.reshape(y, (-1, 1))) / len(y)
        for i in reversed(range(len(self.layers))):
            weight, bias = self.layers[i]
            gradient = delta.T @ out[i], delta.sum(0)
            delta = (delta @ weight) * (out[i] > 0)
            self.layers[i] = [weight - lr * gradient[0], bias - lr * gradient[1]]


def curve(figure, title):
    """A line's points; the one in the legend is shorter."""
    return max(figure.strokes(figure.plot(title)), key=len)


def examples_of(figure):
    """Middles of the marks of the first panel."""
    group = figure.plot("examples")
    places = [use.get("transform") for use in group.iter("{http://www.w3.org/2000/svg}use")]
    points = np.array([[float(x) for x in place.split("(")[1].split(")")[0].split(",")] for place in places if place])
    return figure.to_units(points)[:-1]  # the last is the legend's


def the_picture_is_what_numpy_says(kshot, folder):
    run, out = model(kshot, folder, "maml"), f"{folder}/picture.svg"
    kshot.done("plot", "--predictions", run, "--task", "3,1", "--steps", 4, "--lr", "0.01,0.02", "-s", "sinusoid.shots=7", "-o", out)
    figure, network = Figure(out), Network(run)
    x = np.linspace(-5, 5, 201)
    check_close(figure, curve(figure, "true curve"), np.stack([x, 3 * np.sin(x - 1)], axis=1), "the true curve")
    points = examples_of(figure)
    assert len(points) == 7 and (np.abs(points[:, 0]) < 5.01).all(), points
    check_close(figure, points[:, 1], 3 * np.sin(points[:, 0] - 1), "examples on it")
    before, slack = network(x), 4 * figure.accuracy()  # examples are read from the picture themselves
    for title, steps in (("before adaptation", []), ("1 gradient step", [0.01]), ("4 gradient steps", [0.02] * 3)):
        for lr in steps:
            network.step(points[:, 0], points[:, 1], lr)
        off = np.abs(curve(figure, title)[:, 1] - network(x)).max()
        moved = np.abs(network(x) - before).max() if steps else 1
        print(f"{title}: off by {off:.4f}; the steps have moved it by {moved:.2f}")
        assert off < (slack if steps else figure.accuracy()) < moved, f"{title}: off by {off}, {slack} is allowed"
    for text in ("maml", "before adaptation", "1 gradient step", "4 gradient steps", "true curve", "examples"):
        assert text in figure.texts, f"'{text}' is not in {figure.texts}"
    return run


def tasks_are_those_of_eval(kshot, folder, run):
    """The first held-out task; and a picture for each model, however many steps it shows."""
    out = f"{folder}/held-out.svg"
    kshot.done("plot", "--predictions", run, run, run, "--label", "a", "--label", "b_c", "--label", "c", "--title", "T", "--seed", 5,
               "-o", out)
    texts = Figure(out).texts
    assert all(text in texts for text in ("T", "a", "b_c", "c", "10 gradient steps")), texts
    kshot.done("plot", "--predictions", run, "--steps", 0, "-o", f"{folder}/none.svg")
    assert "1 gradient step" not in Figure(f"{folder}/none.svg").texts
    oracle = model(kshot, folder, "oracle", method="oracle")
    kshot.done("plot", "--predictions", oracle, "--task", "2,0.5", "--steps", 1, "-o", f"{folder}/oracle.svg")
    figure, x = Figure(f"{folder}/oracle.svg"), np.linspace(-5, 5, 201)
    drawn = curve(figure, "before adaptation")[:, 1]
    check_close(figure, drawn, Network(oracle)(np.stack([x, np.full(201, 2), np.full(201, 0.5)], axis=1)), "an oracle sees the curve")


def what_cannot_be_is_said(kshot, folder, run):
    out = f"{folder}/never.svg"
    policy = f"{folder}/point"
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, policy__hidden="[4]"), "-o", policy)

    def refused(mentions, *words):
        kshot.refused(BAD, mentions, "plot", *words, "-o", out)
        assert not os.path.exists(out)

    refused(["MODEL"], "--predictions")
    refused(["--task", "3", "2"], "--predictions", run, "--task", "1,2,3")
    refused(["--task", "1 number"], "--predictions", run, "--task", "1")
    refused(["--task", "a"], "--predictions", run, "--task", "a,b")
    refused(["3"], "--predictions", *[run] * 4)
    refused(["sinusoid", "point"], "--predictions", policy)
    refused(["sinusoid", "--trajectories"], "--trajectories", run)
    refused(["two figures"], "--trajectories", "--predictions", run)
    refused(["--rollouts", "--trajectories"], "--predictions", run, "--rollouts", 3)
    refused(["-s", "policy.hidden"], "--predictions", run, "-s", "policy.hidden=[3]")
    refused(["sinusoid.shots"], "--predictions", run, "-s", "sinusoid.shots=0")
    refused(["sinusoid.shot"], "--predictions", run, "-s", "sinusoid.shot=5")
    refused(["-s", "--predictions"], run, "-s", "sinusoid.shots=5")
    refused(["--seed", "--predictions"], run, "--seed", 5)
    refused(["--steps", "64"], "--predictions", run, "--steps", 65)
    kshot.refused(BAD, [".md"], "plot", "--predictions", run, "-o", f"{folder}/never.md")
    # too long a step: the others are drawn
    kshot.done("plot", "--predictions", run, "--lr", 1e6, "-o", f"{folder}/far.png")
    assert content(f"{folder}/far.png").startswith(b"\x89PNG")


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        run = the_picture_is_what_numpy_says(kshot, folder)
        tasks_are_those_of_eval(kshot, folder, run)
        what_cannot_be_is_said(kshot, folder, run)


if __name__ == "__main__":
    main()
