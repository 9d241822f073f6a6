#!/usr/bin/env python3
"""test_record_images.py KSHOT: pictures and videos of models that tell images apart: the images are those of the set, what is framed as
right is what NumPy's model gets right after as many steps, accuracies are those of eval, and what cannot be is said."""

import os
import sys
import tempfile

import numpy as np
from image_patterns import RIGHT, WRONG, Linear, Patterns, darker, framed, is_colour, linear_model
from kshot_cli import CONFIGS, Kshot, content, rows, settings
from test_record import frames

BAD, WAYS = 2, 4
TOP = 54  # of what is in cards


def accuracies(said):
    """file: size, then label, task: accuracy a b c"""
    return [float(x) for x in said.splitlines()[1].split("accuracy")[1].split()]


def numbers(picture):
    return np.rint(255 * picture)


def shown_task(patterns, picture, shots, queries):
    """Classes in order, images of the support, and frames and images of queries (by class)."""
    found = framed(picture)
    assert len(found) == WAYS * queries, found
    width = picture.shape[1]
    classes, support, asked = [], [], []
    for way in range(WAYS):
        low, high = width * way // WAYS, width * (way + 1) // WAYS
        mine = sorted((f for f in found if low <= f.left < high), key=lambda f: (f.top, f.left))
        cells = darker(picture, low + 4, high - 4, TOP, int(mine[0].top) - 2)
        cells = sorted(cells, key=lambda cell: (cell[1], cell[0]))
        assert len(cells) == shots and len(mine) == queries, (cells, mine)
        learned = [patterns.find(picture, cell) for cell in cells]
        asked.append([(f, patterns.find(picture, f.inside(3))) for f in mine])
        names = {name for name, _, _ in learned} | {name for _, (name, _, _) in asked[-1]}
        assert len(names) == 1 and names.pop().startswith("test"), "a card is of one class, which is one for tests"
        assert len({number for _, number, _ in learned} | {i for _, (_, i, _) in asked[-1]}) == shots + queries, "no image twice"
        classes.append(learned[0][0])
        support.append([image for _, _, image in learned])
    assert len(set(classes)) == WAYS
    return support, asked


def a_sheet_is_what_numpy_says(kshot, folder):
    for colour, side, shots, queries in ((False, 28, 1, 1), (True, 32, 3, 2)):
        patterns = Patterns(f"{folder}/set{side}", side, colour)
        run = linear_model(kshot, patterns, f"{folder}/linear{side}")
        words = ["--task", 2, "--lr", "0.05,0.02", "-s", f"images.shots={shots}", "-s", f"images.queries={queries}"]
        for steps in (0, 2):
            out = f"{folder}/{side}-{steps}.png"
            said = accuracies(kshot.done("record", run, *words, "--steps", steps, "-o", out))
            (picture,) = frames(out, 1280, 720)
            support, asked = shown_task(patterns, numbers(picture), shots, queries)
            model, labels = Linear(run), np.repeat(np.arange(WAYS), shots)
            wanted = []
            for step in range(steps + 1):
                guesses = [model([image for _, (_, _, image) in of]).argmax(1) for of in asked]
                wanted.append(np.mean([guess == way for way in range(WAYS) for guess in guesses[way]]))
                model.step(np.concatenate(support), labels, (0.05, 0.02)[min(step, 1)])
            assert np.allclose(said, wanted), (said, wanted)
            for way in range(WAYS):
                for (frame, _), guess in zip(asked[way], guesses[way]):
                    assert frame.right == (guess == way), f"class {way}: framed as {frame.right}, and NumPy says {guess}"
        assert wanted[-1] > wanted[0], "it has learned"
        kshot.done("record", run, *words, "--steps", 2, "-o", f"{folder}/again.png", "--force", "-j", 2)
        assert content(out) == content(f"{folder}/again.png"), "the same picture again"
    return run, patterns


def accuracies_are_those_of_eval(kshot, folder, run, patterns):
    words = ["--seed", 3, "--steps", 4, "-s", "images.queries=3"]
    for more in ([], ["--split", "train"], ["--lr", 0.3]):
        said = accuracies(kshot.done("record", run, *words, *more, "--task", 5, "-o", f"{folder}/a.png", "--force", "--size", "400x300"))
        kshot.done("eval", run, *words, *more, "--tasks", 6, "-o", f"{folder}/a.csv", "--force")
        wanted = [float(row["accuracy"]) for row in rows(f"{folder}/a.csv") if row["task"] == "5"]
        assert np.allclose(said, wanted, atol=1e-4), (said, wanted)
    model = f"{run}/policy.safetensors"
    kshot.refused(BAD, ["--data"], "record", model, "-o", f"{folder}/never.png")
    given = accuracies(kshot.done("record", model, "--data", patterns.root, *words, *more, "--task", 5, "-o", f"{folder}/a.png", "--force"))
    assert given == said


def a_network_with_batch_norm(kshot, folder):
    """Learns characters that are drawn by program, and is shown with as many classes and shots as there may be."""
    run = f"{folder}/conv"
    kshot.done("train", f"{CONFIGS}/omniglot.yaml", *settings(
        images__data="strokes", images__train_classes=40, images__validation_classes=20, images__ways=20, policy__filters=4,
        iterations=1, tasks=2), "-o", run, "-j", 1)
    for norm in ("transductive", "inductive"):
        words = ["--steps", 2, "-s", f"images.norm={norm}", "-s", "images.shots=5", "-s", "images.queries=5"]
        said = accuracies(kshot.done("record", run, *words, "-o", f"{folder}/{norm}.png", "--size", "1280x720"))
        kshot.done("eval", run, *words, "--norm", norm, "--tasks", 1, "-o", f"{folder}/conv.csv", "--force")
        assert np.allclose(said, [float(row["accuracy"]) for row in rows(f"{folder}/conv.csv")], atol=1e-4)
        (picture,) = frames(f"{folder}/{norm}.png", 1280, 720)
        assert len(framed(numbers(picture), 20)) >= 20 * 2, "some queries of every class"
    return run


def a_video_goes_from_step_to_step(kshot, folder, run):
    size, out = (640, 360), f"{folder}/steps.mp4"
    words = ["--task", 1, "--lr", 0.01, "-s", "images.queries=2"]
    said = accuracies(kshot.done("record", run, "-o", out, "--steps", 2, *words, "--fps", 10, "--speed", 1, "--size", "%dx%d" % size))
    assert said[0] < said[2], said
    pictures = frames(out, *size)
    assert len(pictures) == 1 + np.ceil((0.6 + 2 * 0.45 + 1) * 10), f"{len(pictures)} frames: it waits, goes, and stays"
    green = [(np.abs(p - np.array(RIGHT) / 255).max(-1) < 0.15).sum() for p in pictures]
    orange = [(np.abs(p - np.array(WRONG) / 255).max(-1) < 0.15).sum() for p in pictures]
    assert np.abs(pictures[0] - pictures[4]).max() < 0.3, "it waits"
    assert green[-1] > green[0] > 0 < orange[-1], (green, orange)
    assert np.abs(pictures[-1] - pictures[-8]).max() < 0.3, "and stays"
    ink = [(p[200:330].max(-1) < 0.9).sum() for p in pictures]
    assert ink[0] < ink[len(ink) // 2] < ink[-1] * 1.05, "lines come one after the other"
    kshot.done("record", run, "-o", f"{folder}/steps.gif", "--steps", 1, "--fps", 2, "--size", "321x201")
    assert frames(f"{folder}/steps.gif", 321, 201).shape[0] >= 3


def signs_need_no_colour(kshot, folder, run):
    """A tick and a cross in the legend are different shapes."""
    (picture,) = frames(f"{folder}/28-2.png", 1280, 720)
    strip = numbers(picture)[690:, :200]
    tick, cross = is_colour(strip, RIGHT)[:, 8:28], is_colour(strip, WRONG)[:, 74:94]
    assert tick.sum() > 15 and cross.sum() > 15 and (tick != cross).sum() > 20
    assert tick[:, tick.shape[1] // 2 :].sum() != tick[:, : tick.shape[1] // 2].sum(), "a tick leans"


def what_cannot_be_is_said(kshot, folder, run, patterns):
    out, policy = f"{folder}/never.png", f"{folder}/point"
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, policy__hidden="[4]"), "-o", policy)

    def refused(mentions, *words):
        for command in (["record", "-o", out], ["view"]):
            kshot.refused(BAD, mentions, command[0], *words, *command[1:])
        assert not os.path.exists(out)

    refused(["images", "rl", "point"], run, policy)
    refused(["one at a time", "2"], run, run)
    refused(["--task", "a"], run, "--task", "a")
    refused(["--task", "1,2"], run, "--task", "1,2")
    refused(["--task", "-1"], run, "--task", "-1")
    refused(["--steps", "64"], run, "--steps", 65)
    refused(["--split", "train, validation, test"], run, "--split", "all")
    refused(["--ghosts", "images"], run, "--ghosts", 3)
    refused(["-e", "images"], run, "-e", "point")
    refused(["--split", "policy"], policy, "--split", "test")
    refused(["--data", "policy"], policy, "--data", patterns.root)
    refused(["nowhere"], f"{run}/policy.safetensors", "--data", f"{folder}/nowhere")
    refused(["images.ways", "4 classes"], run, "-s", "images.ways=5")
    refused(["6 images", "8"], run, "-s", "images.shots=7")
    kshot.refused(BAD, ["validation"], "record", run, "-o", out, "--split", "validation")
    kshot.refused(BAD, ["--frames", "images"], "record", run, "-o", out, "--frames", 3)
    kshot.refused(BAD, ["even"], "record", run, "-o", f"{folder}/odd.mp4", "--size", "101x100")
    kshot.refused(1, ["EGL"], "record", run, "-o", out, env=dict(os.environ, __EGL_VENDOR_LIBRARY_FILENAMES="/none"))
    # a step that is much too long is shown as what it is: numbers that are none are no class's
    assert accuracies(kshot.done("record", run, "-o", f"{folder}/far.png", "--lr", 1e38, "--steps", 3))[-1] == 0
    for size in ("64x64", "160x120", "200x900", "1500x100", "4096x100"):
        kshot.done("record", run, "-o", f"{folder}/{size}.png", "--size", size)


def main():
    kshot = Kshot(sys.argv[1])
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        run, patterns = a_sheet_is_what_numpy_says(kshot, folder)
        accuracies_are_those_of_eval(kshot, folder, run, patterns)
        a_network_with_batch_norm(kshot, folder)
        a_video_goes_from_step_to_step(kshot, folder, run)
        signs_need_no_colour(kshot, folder, run)
        what_cannot_be_is_said(kshot, folder, run, patterns)


if __name__ == "__main__":
    main()
