#!/usr/bin/env python3
"""test_view_examples.py KSHOT: the window of models that learn from examples, on a display of its own: keys change the task, the
steps and their size, and an example that is dragged is where the mouse is, and learned from at once."""

import shutil
import signal
import sys
import tempfile

import numpy as np
from kshot_cli import Kshot
from test_predictions import model
from test_view import HEIGHT, WIDTH, Display, Window, differ, still, wait_for

TOP, BOTTOM = 70, HEIGHT - 60  # of the curves


def errors(line):
    return [float(x) for x in line.split("error")[1].split()]


def curve(line):
    return line.split(":")[0]


def keys_do_what_help_says(kshot, run, display):
    window = Window(kshot, display, run, "--label", "model", "--steps", 3, "--task", "2,1")
    begun = display.picture()
    wait_for(lambda: differ(begun, display.picture()) > 0)  # it goes from step to step
    window.key("Up")
    first = window.line()
    assert curve(first) == "model, 2.00 sin(x - 1.00)" and len(errors(first)) == 5, first
    window.key("Down")
    third = window.line()
    assert errors(third) == errors(first)[:4]
    window.key("plus")
    assert errors(window.line())[0] == errors(third)[0] and errors(third)[3] != errors(first)[4]
    window.key("minus")
    assert errors(window.line()) == errors(third), "there and back again"
    window.key("n")
    task = window.line()
    assert curve(task) != curve(third) and len(errors(task)) == 4, task
    window.key("n")
    assert curve(window.line()) not in (curve(task), curve(third))
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
    assert window.is_silent(), "only what is learned from leads to a line"
    window.key("Escape")
    window.ends(0)


def black(picture):
    return picture[TOP:BOTTOM, 40 : WIDTH - 20].max(-1) < 15


def an_example_is_dragged(kshot, run, display):
    """Its dot goes where the mouse goes, the model follows before the button is released, and R puts it back."""
    window = Window(kshot, display, run, "--task", "2,1", "--steps", 5, "--lr", 0.05, "-s", "sinusoid.shots=1")
    window.key("Down")  # the show is at its end
    start = errors(window.line())
    picture = still(window)
    y, x = np.nonzero(black(picture))
    place = int(x.mean()) + 40, int(y.mean()) + TOP
    assert len(x) > 50 and x.std() < 5 and y.std() < 5, "one dot"
    goal = 400, 150 if place[1] > 280 else 400
    display.tell("mousemove", *place, "mousedown", 1, "mousemove", 300, 300, "mousemove", *goal)
    dragged = still(window)
    held = np.abs(dragged[goal[1], goal[0]] - np.array([230, 158, 0])).max()
    assert held < 12, f"the dot is at the mouse, and bright: {dragged[goal[1], goal[0]]}"
    orange = [np.abs(a[TOP:BOTTOM] - np.array([214, 94, 0])).max(-1) < 20 for a in (picture, dragged)]
    assert (orange[0] != orange[1]).sum() > 300, "the model follows"
    assert window.is_silent(), "it is told when it is over"
    display.tell("mouseup", 1)
    there = errors(window.line())
    assert there[0] == start[0] and there[-1] != start[-1], (start, there)
    display.tell("mousemove", *goal, "mousedown", 1, "mousemove", 790, 2, "mouseup", 1)
    window.line()
    corner = still(window)[TOP - 12 : TOP + 10, WIDTH - 30 : WIDTH].reshape(-1, 3)
    assert (np.abs(corner - [230, 158, 0]).max(-1) < 12).sum() + (corner.max(-1) < 15).sum() > 20, "it stays within the pane"
    window.key("r")
    assert errors(window.line())[: len(start)] == start, "R puts it back"
    display.tell("windowsize", window.id, 300, 200)
    wait_for(lambda: display.picture()[197, 297].max() > 0 and display.picture()[203, 150].max() == 0)
    window.process.send_signal(signal.SIGTERM)
    window.ends(0)


def main():
    kshot = Kshot(sys.argv[1])
    missing = [tool for tool in ("Xvfb", "xdotool", "ffmpeg") if not shutil.which(tool)]
    assert not missing, f"scripts/setup.sh installs what is missing: {missing}"
    display = Display()
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = model(kshot, folder, "maml")
            keys_do_what_help_says(kshot, run, display)
            an_example_is_dragged(kshot, run, display)
    finally:
        display.close()


if __name__ == "__main__":
    main()
