#!/usr/bin/env python3
"""test_view.py KSHOT: the window, on a display of its own, moved by keys and mouse: another task is adapted to at once, pause
pauses, F1 helps, it can be made larger and smaller, and however it is closed, nothing is left behind.

Nothing here waits for a fixed time: a step is over when what it must lead to is there."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
from kshot_cli import CONFIGS, Kshot, settings

WIDTH, HEIGHT, PATIENCE = 800, 560, 120


class Display:
    """An X server without a screen."""

    def __init__(self):
        read, write = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
            pass_fds=[write], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            self.name = f":{pipe.readline().strip()}"
        self.environment = {**os.environ, "DISPLAY": self.name}

    def tell(self, *words):
        """xdotool's output."""
        command = ["xdotool", *map(str, words)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE).stdout

    def picture(self):
        """What is on the screen (height x width x 3)."""
        raw = subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "x11grab", "-draw_mouse", "0", "-video_size", "1280x800", "-i", self.name,
             "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
            stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=PATIENCE,
        ).stdout
        return np.frombuffer(raw, np.uint8).reshape(800, 1280, 3).astype(int)

    def close(self):
        self.server.terminate()
        self.server.wait()


class Window:
    def __init__(self, kshot, display, *words):
        self.display = display
        self.process = subprocess.Popen(
            kshot.command("view", *words, "--size", f"{WIDTH}x{HEIGHT}"), env=display.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.line()  # the first adaptation
        self.id = wait_for(lambda: display.tell("search", "--onlyvisible", "--name", "^kshot: ").split()[:1])[0]
        display.tell("windowmove", self.id, 0, 0)

    def line(self):
        """The next line that it prints."""
        assert select.select([self.process.stdout], [], [], PATIENCE)[0], "no adaptation came"
        line = self.process.stdout.readline()
        assert line, f"it ended: {self.process.communicate()[1]}"
        return line

    def is_silent(self):
        return not select.select([self.process.stdout], [], [], 0)[0]

    def key(self, name):
        self.display.tell("mousemove", WIDTH - 20, HEIGHT - 20, "windowfocus", self.id, "key", "--clearmodifiers", name)

    def click(self, x, y):
        self.display.tell("mousemove", x, y, "click", 1)

    def ends(self, code):
        rest, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == code, f"{self.process.returncode}: {errors}"
        assert errors == "", errors
        assert "pictures" in rest, rest


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError("what was to happen did not")


def differ(a, b):
    return (np.abs(a - b).max(-1) > 40).mean()


def panel_is_there(display):
    return display.picture()[100:HEIGHT, 2:100].max(-1).mean() < 110  # it is darker than any picture


def work(process):
    """Seconds that a process has computed, and whether a thread of it would compute now if it was let."""
    seconds, wants = 0, False
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/schedstat") as schedstat, open(f"/proc/{process}/task/{thread}/stat") as stat:
            seconds += int(schedstat.read().split()[0]) / 1e9
            wants = wants or stat.read().rsplit(")", 1)[1].split()[0] in "RD"
    return seconds, wants


def still(window):
    """The picture once all keys are answered and nothing moves: the window and its display have nothing to do for a while. That a
    picture stays the same is no sign of it: on a busy machine each of them takes long."""
    def at_rest():
        processes = (window.process.pid, window.display.server.pid)
        before = [work(process)[0] for process in processes]
        for _ in range(20):
            time.sleep(0.02)
            if any(work(process)[1] for process in processes):
                return False
        return all(work(process)[0] - seconds < 0.01 for process, seconds in zip(processes, before))
    wait_for(at_rest)
    return window.display.picture()


def policy(kshot, folder, env):
    run = f"{folder}/{env}"
    small = settings(iterations=0, policy__hidden="[8]")
    kshot.done("train", f"{CONFIGS}/{env}.yaml", *small, "-o", run)
    return run


def keys_do_what_help_says(kshot, folder, display):
    run = policy(kshot, folder, "half-cheetah-dir")
    window = Window(kshot, display, run, "--task", 1, "--length", 60, "--trajectories", 4, "--steps", 1)
    playing = display.picture()
    wait_for(lambda: differ(playing, display.picture()) > 0)  # it moves
    window.key("space")
    window.key("BackSpace")  # from the start
    paused = still(window)
    assert differ(paused, display.picture()) == 0, "it does not move"
    for _ in range(20):
        window.key("Right")  # one step
    stepped = still(window)
    assert differ(paused, stepped) > 0
    window.key("F1")
    assert differ(stepped, still(window)) > 0.1
    window.key("F1")
    assert differ(stepped, still(window)) < 0.05  # on a slow machine shadows may have gone meanwhile
    assert window.is_silent(), "only a task or what belongs to learning leads to a new adaptation"
    window.key("Down")
    assert "go backward" in window.line()
    window.key("n")
    assert "go backward" in window.line()
    window.key("Tab")  # the panel goes: the picture takes its place
    wait_for(lambda: not panel_is_there(display))
    window.key("Tab")
    wait_for(lambda: panel_is_there(display))
    window.key("Escape")
    window.ends(0)


def row_of(picture, y, colour):
    """Where a colour is in the header."""
    return (np.abs(picture[y, 330 : WIDTH - 5] - colour).max(-1) < 40).mean()


def what_it_adapts_to_is_announced(kshot, folder, display):
    """An adaptation of a second or more: until it is ready the header is green, and the old panes are pale."""
    window = Window(kshot, display, f"{folder}/half-cheetah-dir", "--task", 1, "--trajectories", 600, "--steps", 1, "-j", 1)
    window.key("space")
    dark, green = np.array([36, 43, 54]), np.array([26, 117, 69])
    before = still(window)
    assert row_of(before, 4, dark) > 0.9, "the header is as always"
    window.key("Down")
    (announced,) = wait_for(lambda: row_of(picture := display.picture(), 4, green) > 0.5 and [picture])
    old, pale = before[70:300, 330:], announced[70:300, 330:]
    assert pale[:, : WIDTH - 340].mean() > old[:, : WIDTH - 340].mean() + 15, "what is shown still is pale"
    assert "go backward" in window.line()
    wait_for(lambda: row_of(display.picture(), 4, dark) > 0.9)
    window.key("Escape")
    window.ends(0)


def find_body(picture):
    """A pixel in the middle of the cheetah's trunk: of the greys of no adaptation, high above the floor."""
    pane = picture[70:300, 320 : WIDTH - 10]
    lit = pane.sum(-1, keepdims=True) / (0.47 + 0.52 + 0.58)
    grey = (np.abs(pane - lit * np.array([0.47, 0.52, 0.58])).max(-1) < 0.05 * lit[..., 0]) & (lit[..., 0] < 230) & (lit[..., 0] > 90)
    column = grey.shape[1] // 2
    rows_ = np.flatnonzero(grey[:, column])
    assert len(rows_) > 4, "there is a trunk in the middle"
    return 320 + column, 70 + int(np.median(rows_))


def bodies_can_be_pulled_at(kshot, folder, display):
    """Double click and Ctrl + drag: the pane goes on live, past the end of what was recorded; Backspace shows the recording again."""
    kept = f"{folder}/kept"
    os.mkdir(kept)
    here = os.getcwd()
    os.chdir(kept)
    window = Window(kshot, display, f"{folder}/half-cheetah-dir", "--task", 1, "--length", 20, "--trajectories", 4, "--steps", 0, "--ghosts", 0,
                    "--speed", 1)
    os.chdir(here)
    window.key("space")
    window.key("s")
    window.key("BackSpace")
    first = still(window)
    x, y = find_body(first)
    display.tell("mousemove", x, y, "click", "--repeat", 2, "--delay", 40, 1)
    selected = still(window)
    yellow = (selected[y - 12 : y + 12, x - 12 : x + 12, 0] > 150) & (selected[y - 12 : y + 12, x - 12 : x + 12, 2] < 90)
    assert yellow.sum() > 10, "a mark where it is selected"
    display.tell("keydown", "ctrl", "mousemove", x, y, "mousedown", 3, "mousemove", x + 40, y - 60, "mousemove", x + 60, y - 90)
    wait_for(lambda: differ(selected, display.picture()) > 0.02)
    display.tell("mouseup", 3, "keyup", "ctrl")
    time.sleep(2.5)  # far more than the 20 timesteps that were recorded
    for _ in range(25):
        window.key("Left")  # of a recording this would be its start
    assert differ(first[70:300, 320 : WIDTH - 10], still(window)[70:300, 320 : WIDTH - 10]) > 0.01, "past the recorded end"
    window.key("BackSpace")
    again = still(window)
    assert differ(first[70:300, 320 : WIDTH - 10], again[70:300, 320 : WIDTH - 10]) < 0.01, "as it was recorded"
    window.key("j")
    assert differ(again[70:300, 320 : WIDTH - 10], still(window)[70:300, 320 : WIDTH - 10]) > 0.0005, "joints"
    window.key("ctrl+p")
    assert window.line() == "kshot-1.png\n"
    window.key("ctrl+r")
    wait_for(lambda: display.tell("search", "--onlyvisible", "--name", "recording").split())
    window.key("space")
    time.sleep(1.5)
    window.key("ctrl+r")
    assert window.line() == "kshot-2.mp4\n"
    window.key("Escape")
    window.ends(0)
    size = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=width,height,codec_name", "-of", "csv=p=0", f"{kept}/kshot-1.png",],
                          capture_output=True, text=True, check=True).stdout.strip()
    assert size == f"png,{WIDTH},{HEIGHT}", size
    video = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=width,height,codec_name,nb_frames", "-of", "csv=p=0",
                            f"{kept}/kshot-2.mp4"], capture_output=True, text=True, check=True).stdout.strip()
    assert video.startswith(f"h264,{WIDTH},{HEIGHT},") and int(video.split(",")[-1]) >= 3, video


def the_goal_is_where_one_clicks(kshot, folder, display):
    run = policy(kshot, folder, "point")
    window = Window(kshot, display, run, "--task", "0,0", "--trajectories", 4, "--steps", 0, "--deterministic")
    window.key("c")
    window.key("Tab")  # one pane as large as the window
    wait_for(lambda: not panel_is_there(display))
    window.click(WIDTH // 2 + 60, HEIGHT // 2 - 40)
    place = [float(x) for x in window.line().split("(")[1].split(")")[0].split(",")]
    assert place[0] > 0.05 and place[1] > 0.05, f"right and up of the middle: {place}"
    window.click(WIDTH // 2 - 60, HEIGHT // 2 + 100)
    place = [float(x) for x in window.line().split("(")[1].split(")")[0].split(",")]
    assert place[0] < 0 and place[1] < -0.05, f"left and down: {place}"
    window.process.send_signal(signal.SIGINT)
    window.ends(0)


def it_can_have_any_size(kshot, folder, display):
    window = Window(kshot, display, f"{folder}/point", "--steps", 1, "--trajectories", 4)
    for width, height in [(1100, 700), (200, 160), (640, 480)]:
        display.tell("windowsize", window.id, width, height)
        # the last pixels of the window are drawn, and behind it there is nothing
        wait_for(lambda: display.picture()[height - 3, width - 3].max() > 0 and display.picture()[height + 3, width // 2].max() == 0)
    window.process.send_signal(signal.SIGTERM)
    window.ends(0)


def it_may_be_closed_at_any_moment(kshot, folder, display):
    for delay in (0, 0.05, 0.3, 0.6):
        process = subprocess.Popen(kshot.command("view", f"{folder}/point"), env=display.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT]))
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=PATIENCE)[1]
        assert errors == "" and process.returncode in (0, -signal.SIGTERM), f"{process.returncode}: {errors}"


def what_cannot_be_is_said(kshot, folder):
    no_display = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    kshot.refused(1, ["record"], "view", f"{folder}/point", env=no_display)
    kshot.refused(2, ["POLICY"], "view")
    kshot.refused(2, ["--size", "10x10"], "view", f"{folder}/point", "--size", "10x10")
    kshot.refused(2, ["--speed", "fast"], "view", f"{folder}/point", "--speed", "fast")
    kshot.refused(2, [f"{folder}/none"], "view", f"{folder}/none")


def main():
    kshot = Kshot(sys.argv[1])
    missing = [tool for tool in ("Xvfb", "xdotool", "ffmpeg") if not shutil.which(tool)]
    assert not missing, f"scripts/setup.sh installs what is missing: {missing}"
    display = Display()
    try:
        with tempfile.TemporaryDirectory() as folder:
            keys_do_what_help_says(kshot, folder, display)
            what_it_adapts_to_is_announced(kshot, folder, display)
            bodies_can_be_pulled_at(kshot, folder, display)
            the_goal_is_where_one_clicks(kshot, folder, display)
            it_can_have_any_size(kshot, folder, display)
            it_may_be_closed_at_any_moment(kshot, folder, display)
            what_cannot_be_is_said(kshot, folder)
    finally:
        display.close()


if __name__ == "__main__":
    main()
