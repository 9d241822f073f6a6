#!/usr/bin/env python3
"""test_record_examples.py KSHOT: pictures and videos of models that learn from examples: the curve, the examples and what the model
predicts are where NumPy has them, errors are those of eval, a video goes from step to step, and what cannot be is said."""

import os
import sys
import tempfile

import numpy as np
from kshot_cli import CONFIGS, Kshot, content, rows, settings
from test_predictions import Network, model
from test_record import frames

BAD = 2
TRUTH, NOW, BEFORE = (0.55, 0.80, 0.94), (0.84, 0.37, 0), (0.47, 0.47, 0.47)
HEADER, LEGEND, STRIP = 32, 30, 26


class Pane:
    """Where x and y are in a picture of one model, from the top left; `height`: y at the upper edge."""

    def __init__(self, width, height, top):
        self.left, self.right, self.top, self.bottom = 34, width - 12, HEADER + STRIP + 8, height - LEGEND - 26
        self.y_at_top = top

    def column(self, x):
        return self.left + (np.asarray(x) + 5) / 10 * (self.right - self.left)

    def row(self, y):
        return self.top + (1 - np.asarray(y) / self.y_at_top) / 2 * (self.bottom - self.top)

    def has(self, picture, x, y, colour):
        """The share of the points, within the pane, that are of a colour, give or take a pixel."""
        inside = (self.row(y) > self.top + 2) & (self.row(y) < self.bottom - 2)
        columns, lines = np.rint(self.column(x[inside]) - 0.5).astype(int), np.rint(self.row(y[inside]) - 0.5).astype(int)
        close = [np.abs(picture[np.clip(lines + i, 0, None), columns] - colour).max(-1) < 0.06 for i in (-1, 0, 1)]
        return np.any(close, axis=0).mean()


def errors(said):
    """label, curve: error a b c"""
    return [float(x) for x in said.splitlines()[1].split("error")[1].split()]


def the_still_is_what_numpy_says(kshot, folder):
    run, size = model(kshot, folder, "maml"), (800, 500)
    still, x = f"{folder}/still.png", np.linspace(-4.9, 4.9, 300)
    common = ["--task", "2.5,1", "--size", "%dx%d" % size, "-s", "sinusoid.shots=5"]
    kshot.done("record", run, *common, "-o", still, "--steps", 0)
    (picture,) = frames(still, *size)
    pane, network = Pane(*size, 1.4 * 2.5), Network(run)
    assert pane.has(picture, x, 2.5 * np.sin(x - 1), TRUTH) > 0.8, "the true curve"
    assert pane.has(picture, x, network(x), NOW) > 0.8, "the model before adaptation"
    assert pane.has(picture, x, 2.5 * np.sin(x - 2), TRUTH) < 0.2, "and no other"
    black = (picture.max(-1) < 0.05)[pane.top : pane.bottom, pane.left : pane.right]
    assert 5 * 40 < black.sum() < 5 * 110, f"{black.sum()} pixels of 5 examples"
    kshot.done("record", run, *common, "-o", f"{folder}/steps.png", "--steps", 8, "--lr", 0.05)
    (steps,) = frames(f"{folder}/steps.png", *size)
    assert pane.has(steps, x, network(x), NOW) < 0.5 < pane.has(steps, x, network(x), BEFORE) + 0.25, "it has moved; before is dashed"
    kshot.done("record", run, *common, "-o", f"{folder}/again.png", "--steps", 0, "-j", 2)
    assert content(still) == content(f"{folder}/again.png"), "the same picture again"
    return run


def errors_are_those_of_eval(kshot, folder, run):
    common = ["--seed", 3, "--steps", 6, "-s", "sinusoid.shots=5"]
    for lr in ([], ["--lr", "0.01,0.003"]):
        said = kshot.done("record", run, *common, *lr, "-o", f"{folder}/errors.png", "--size", "200x150", )
        kshot.done("eval", run, *common, *lr, "--tasks", 2, "-o", f"{folder}/errors.csv", "--force")
        wanted = [float(row["mse"]) for row in rows(f"{folder}/errors.csv") if row["task"] == "0"]
        assert np.allclose(errors(said), wanted, rtol=1e-3), (errors(said), wanted)
        os.remove(f"{folder}/errors.png")
    learned = model(kshot, folder, "learned", inner__learned="parameter", inner__lr=0.01)
    kshot.done("eval", learned, *common, "--tasks", 1, "-o", f"{folder}/learned.csv")
    wanted = [float(row["mse"]) for row in rows(f"{folder}/learned.csv")]
    assert np.allclose(errors(kshot.done("record", learned, *common, "-o", f"{folder}/learned.png")), wanted, rtol=1e-3)
    return learned


def a_video_goes_from_step_to_step(kshot, folder, run):
    size, out, x = (400, 300), f"{folder}/steps.mp4", np.linspace(-4.9, 4.9, 300)
    kshot.done("record", run, "-o", out, "--task", "3,0.5", "--steps", 2, "--lr", 0.02, "--fps", 10, "--size", "%dx%d" % size)
    pictures = frames(out, *size)
    assert len(pictures) == 1 + np.ceil((0.6 + 2 * 0.45 + 1) * 10), f"{len(pictures)} frames: it waits, goes, and stays"
    first, last = pictures[0], pictures[-1]
    assert np.abs(first - pictures[4]).max() < 0.3, "it waits"
    assert (np.abs(first - last)[60:].max(-1) > 0.3).sum() > 200, "it has moved"
    assert np.abs(last - pictures[-8]).max() < 0.3, "and stays"
    kshot.done("record", run, run, run, run, "-o", f"{folder}/four.gif", "--steps", 1, "--fps", 2, "--size", "161x121")
    assert frames(f"{folder}/four.gif", 161, 121).shape[0] >= 3


def what_cannot_be_is_said(kshot, folder, run, learned):
    out, policy = f"{folder}/never.png", f"{folder}/point"
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, policy__hidden="[4]"), "-o", policy)

    def refused(mentions, *words):
        for command in (["record", "-o", out], ["view"]):
            kshot.refused(BAD, mentions, command[0], *words, *command[1:])
        assert not os.path.exists(out)

    refused(["sinusoid", "rl", "point"], run, policy)
    refused(["sinusoid", "rl", "point"], policy, run)
    refused(["--task", "3 numbers", "2"], run, "--task", "1,2,3")
    refused(["--task", "b"], run, "--task", "1,b")
    refused(["--steps", "64"], run, "--steps", 65)
    refused(["--ghosts", "sinusoid"], run, "--ghosts", 3)
    refused(["--trajectories", "sinusoid"], run, "--trajectories", 3)
    refused(["-e", "sinusoid"], run, "-e", "point")
    refused(["-s", "inner.lr"], run, "-s", "inner.lr=3")
    refused(["-s", "policy"], policy, "-s", "sinusoid.shots=3")
    refused(["4"], *[run] * 5)
    other = model(kshot, folder, "other", sinusoid__shots=4)
    refused(["10", "4", "sinusoid.shots=10"], learned, other)
    refused(["--steps", "9"], policy, "--steps", 10)
    kshot.refused(BAD, ["--frames", "sinusoid"], "record", run, "-o", out, "--frames", 3)
    kshot.refused(BAD, ["--no-charts", "sinusoid"], "record", run, "-o", out, "--no-charts")
    kshot.refused(BAD, ["even"], "record", run, "-o", f"{folder}/odd.mp4", "--size", "101x100")
    kshot.refused(1, ["EGL"], "record", run, "-o", out, env=dict(os.environ, __EGL_VENDOR_LIBRARY_FILENAMES="/none"))
    # a step that is much too long is shown as what it is
    said = kshot.done("record", run, "-o", f"{folder}/far.png", "--lr", 1e30, "--steps", 2)
    assert "nan" in said or "inf" in said or errors(said)[-1] > 1e6, said


def main():
    kshot = Kshot(sys.argv[1])
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        run = the_still_is_what_numpy_says(kshot, folder)
        learned = errors_are_those_of_eval(kshot, folder, run)
        a_video_goes_from_step_to_step(kshot, folder, run)
        what_cannot_be_is_said(kshot, folder, run, learned)


if __name__ == "__main__":
    main()
