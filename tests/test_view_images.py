#!/usr/bin/env python3
"""test_view_images.py KSHOT: the window of models that tell images apart, on a display of its own: what is drawn with the mouse is there,
is told as it is drawn, and is learned from; keys change task, steps and their size, and put everything back."""

import os
import re
import select
import shutil
import signal
import sys
import tempfile

import numpy as np
from image_patterns import Linear, Patterns, darker, framed, is_colour, linear_model
from kshot_cli import CONFIGS, Kshot, settings
from test_view import HEIGHT, PATIENCE, WIDTH, Display, Window, differ, still, wait_for

WAYS = 4
PANEL = slice(WIDTH - 230, WIDTH)
BARS = (slice(330, HEIGHT - 34), PANEL)
SKETCH = WIDTH - 222, 62, 214  # left, top, side
GUESS = (0, 115, 178)


class Canvas(Window):
    """Two lines may come at once."""

    said = b""

    def line(self):
        while b"\n" not in self.said:
            assert select.select([self.process.stdout], [], [], PATIENCE)[0], "no adaptation came"
            more = os.read(self.process.stdout.fileno(), 4096)
            assert more, f"it ended: {self.process.communicate()[1]}"
            self.said += more
        line, self.said = self.said.split(b"\n", 1)
        return line.decode()

    def is_silent(self):
        return not self.said and super().is_silent()


def accuracies(line):
    assert ": accuracy " in line, line
    return [float(x) for x in line.split("accuracy")[1].split()]


def task(line):
    return line.split(":")[0]


def told(line):
    """drawn: A 0.25 B 0.5 …: class and probability after every step"""
    assert line.startswith("drawn: "), line
    return [(name, float(p)) for name, p in re.findall(r"(\S+) ([\d.]+)", line.split(":")[1])]


def at(place, x, y):
    """A pixel of the window, from shares of a square."""
    left, top, side = place
    return int(left + x * side), int(top + y * side)


def draw(display, place, points, button=1, leave_down=False):
    words = ["mousemove", *at(place, *points[0]), "mousedown", button]
    for point in points[1:]:
        words += ["mousemove", *at(place, *point)]
    display.tell(*words, *([] if leave_down else ["mouseup", button]))


def keys_do_what_help_says(kshot, run, display):
    window = Canvas(kshot, display, run, "--label", "model", "--steps", 3, "--lr", 0.01, "-s", "images.queries=2")
    window.key("Up")
    first = window.line()
    assert task(first) == "model, test task 0" and len(accuracies(first)) == 5, first
    window.key("Down")
    third = window.line()
    assert accuracies(third) == accuracies(first)[:4]
    window.key("plus")
    window.line()
    window.key("minus")
    assert window.line() == third, "there and back again"
    window.key("n")
    assert task(window.line()) == "model, test task 1"
    window.key("space")
    window.key("BackSpace")
    before = still(window)
    window.key("Right")
    one = still(window)
    assert differ(before, one) > 0, "a step on"
    window.key("Left")
    assert differ(before, still(window)) == 0, "and back"
    window.key("F1")
    assert differ(before, still(window)) > 0.1
    window.key("F1")
    assert differ(before, still(window)) == 0
    window.key("t")
    assert window.is_silent(), "only what is learned from leads to a line, and there is no batch norm"
    window.key("r")
    assert task(window.line()) == "model, test task 1"
    window.key("Escape")
    window.ends(0)


def a_query_is_drawn(kshot, run, display):
    """It is where the mouse was, it is told before the button is released, and it can be rubbed out, cleared, undone."""
    window = Canvas(kshot, display, run, "--steps", 2, "--lr", 0.01)
    window.key("Down")
    window.line()
    empty = still(window)
    lines = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8)]
    draw(display, SKETCH, lines[:2], leave_down=True)
    begun = still(window)
    assert differ(empty[BARS], begun[BARS]) > 0.02, "it is told as it is drawn"
    assert (is_colour(begun[BARS], GUESS)).sum() > 20, "one class is the likeliest"
    assert window.is_silent(), "the line comes when the button is released"
    display.tell("mousemove", *at(SKETCH, *lines[2]), "mouseup", 1)
    said = told(window.line())
    assert len(said) == 2, said
    drawn = still(window)
    left, top, side = SKETCH
    ink = drawn[top : top + side, left : left + side].max(-1) > 128
    y, x = np.nonzero(ink)
    assert abs(x.min() / side - 0.2) < 0.04 and abs(x.max() / side - 0.8) < 0.04, (x.min(), x.max())
    assert abs(y.min() / side - 0.2) < 0.04 and abs(y.max() / side - 0.8) < 0.04, (y.min(), y.max())
    assert abs(ink.sum() / side**2 - 1.2 * 5 / 105) < 0.02, f"{ink.sum() / side**2} of it is ink"
    draw(display, SKETCH, lines, button=3)
    window.line()
    rubbed = still(window)
    assert (rubbed[top : top + side, left : left + side].max(-1) > 128).sum() < 0.1 * ink.sum(), "rubbed out"
    window.key("u")
    assert told(window.line()) == said
    window.key("c")
    assert differ(empty, still(window)) == 0, "cleared"
    window.key("u")
    assert told(window.line()) == said
    window.key("Up")
    after = window.line()
    assert len(accuracies(after)) == 3 and told(window.line())[:2] == said
    window.key("Escape")
    window.ends(0)


def the_support_is_drawn(kshot, run, display):
    """Drawn images take the place of the task's: a model that has learned them tells one that is drawn once more."""
    window = Canvas(kshot, display, run, "--steps", 5, "--lr", 0.5)
    window.key("Up")
    start = window.line()
    window.key("x")
    cleared = window.line()
    assert "own images" in cleared, cleared
    page = still(window)
    assert len(framed(page)) == 0, "queries of the task are not there"
    shapes = [[(0.2, 0.2), (0.8, 0.2)], [(0.2, 0.8), (0.8, 0.8)], [(0.2, 0.2), (0.2, 0.8)], [(0.8, 0.2), (0.8, 0.8)]]
    black = cells(page)
    for place, shape in zip(black, shapes):
        draw(display, place, shape)
        assert "own images" in window.line()
    for way, shape in enumerate(shapes):
        draw(display, SKETCH, shape)
        assert told(window.line())[-1][0] == "ABCD"[way], "it is told as what was drawn like it"
        window.key("c")
    window.key("r")
    again = window.line()
    assert task(again) == task(start) and accuracies(again) == accuracies(start)[: len(accuracies(again))], "R puts it back"
    assert len(framed(still(window))) == WAYS
    display.tell("windowsize", window.id, 300, 200)
    wait_for(lambda: display.picture()[197, 297].max() > 0 and display.picture()[203, 150].max() == 0)
    window.process.send_signal(signal.SIGTERM)
    window.ends(0)


def cells(page):
    """Squares of paper beside the panel, in reading order."""
    mask = page[:, : WIDTH - 232].max(-1) < 3
    found = []
    for top in range(60, HEIGHT - 40):
        starts = np.flatnonzero(mask[top] & ~np.roll(mask[top], 1) & ~np.roll(mask, 1, 0)[top])
        for left in starts:
            side = next((n for n in range(1, WIDTH) if left + n >= mask.shape[1] or not mask[top, left + n]), 0)
            if side > 100:
                found.append((int(left), top, side))
    assert len(found) == WAYS, found
    return found


def a_query_of_the_task_is_taken(kshot, patterns, run, display):
    """By a click, and it is told as NumPy's model tells it; a class whose image is cleared is not learned."""
    window = Canvas(kshot, display, run, "--steps", 2, "--lr", 0.01, "-s", f"images.data={patterns.root}")
    window.key("Down")
    window.line()
    picture = still(window)
    frames = framed(picture)
    assert len(frames) == WAYS
    places = darker(picture, 4, WIDTH - 236, 54, int(frames[0].top) - 2)
    support = [patterns.find(picture, place) for place in places]
    assert len(support) == WAYS
    frame = frames[2]
    _, _, image = patterns.find(picture, frame.inside(3))
    model = Linear(run)
    before = model([image])[0]
    model.step([pixels for _, _, pixels in support], np.arange(WAYS), 0.01)
    after = model([image])[0]
    display.tell("mousemove", int(frame.left + frame.side / 2), int(frame.top + frame.side / 2), "click", 1)
    said = told(window.line())
    wanted = [("ABCD"[p.argmax()], p.max()) for p in (before, after)]
    assert [name for name, _ in said] == [name for name, _ in wanted], (said, wanted)
    assert np.allclose([p for _, p in said], [p for _, p in wanted], atol=2e-3), (said, wanted)
    display.tell("mousemove", *at(places[1], 0.5, 0.5), "windowfocus", window.id, "key", "c")
    window.line()
    said = told(window.line())
    model = Linear(run)
    model.step([support[way][2] for way in (0, 2, 3)], np.array([0, 2, 3]), 0.01)
    assert abs(said[1][1] - model([image])[0].max()) < 2e-3, "what is cleared is not learned from"
    window.key("Escape")
    window.ends(0)


def transductive_or_inductive(kshot, folder, display):
    """T changes what is said of the task's queries, of a network with batch norm, and nothing of a sketch, which is alone."""
    run = f"{folder}/conv"
    kshot.done("train", f"{CONFIGS}/omniglot.yaml", *settings(
        images__data="strokes", images__train_classes=40, images__validation_classes=20, images__ways=WAYS, policy__filters=8,
        iterations=20, tasks=4), "-o", run, "-j", 1)
    window = Canvas(kshot, display, run, "--steps", 1, "-s", "images.queries=15", "-s", "images.shots=5")
    still(window)
    draw(display, SKETCH, [(0.3, 0.2), (0.7, 0.5), (0.3, 0.8)])
    sketch = window.line()
    display.tell("mousemove", WIDTH - 20, HEIGHT - 20)
    before = still(window)
    window.key("t")
    window.line()
    assert window.line() == sketch
    inductive = still(window)
    assert differ(before[60:520, : WIDTH - 232], inductive[60:520, : WIDTH - 232]) > 0, "the queries are told otherwise"
    assert differ(before[60:, PANEL], inductive[60:, PANEL]) == 0
    window.key("t")
    window.line()
    assert window.line() == sketch and differ(before[40:], still(window)[40:]) == 0, "and back"
    window.key("Escape")
    window.ends(0)


def main():
    kshot = Kshot(sys.argv[1])
    missing = [tool for tool in ("Xvfb", "xdotool", "ffmpeg") if not shutil.which(tool)]
    assert not missing, f"scripts/setup.sh installs what is missing: {missing}"
    display = Display()
    try:
        with tempfile.TemporaryDirectory() as folder:
            patterns = Patterns(f"{folder}/set", 28)
            run = linear_model(kshot, patterns, f"{folder}/linear")
            keys_do_what_help_says(kshot, run, display)
            a_query_is_drawn(kshot, run, display)
            the_support_is_drawn(kshot, run, display)
            a_query_of_the_task_is_taken(kshot, patterns, run, display)
            transductive_or_inductive(kshot, folder, display)
    finally:
        display.close()


if __name__ == "__main__":
    main()
