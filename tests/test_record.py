#!/usr/bin/env python3
"""test_record.py KSHOT: pictures and videos without a display show what they ought to: the ball goes where the policy takes it,
panes differ if adaptation changes something, files have the length and size that was asked for, and what cannot be is said
in one line.

Policies are made by hand: for `point`, a linear one that always pushes the same way."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
from kshot_cli import CONFIGS, Kshot, children, content, rows, settings
from safetensors import safe_open
from safetensors.numpy import save_file

BAD, FAILED, INTERRUPTED = 2, 1, 130
GREY, ORANGE = np.array([0.47, 0.52, 0.58]), np.array([0.95, 0.61, 0.18])  # of 0 and 1 gradient steps


def linear_point_policy(kshot, folder, name, push, std):
    """A policy file whose mean action is `push` everywhere."""
    run = f"{folder}/{name}-run"
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, policy__hidden="[]"), "-o", run)
    with safe_open(f"{run}/policy.safetensors", "numpy") as file:
        meta = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    tensors["mlp.0.weight"] = np.zeros((2, 2), np.float32)
    tensors["mlp.0.bias"] = np.array(push, np.float32)
    tensors["log_std"] = np.full(2, np.log(std), np.float32)
    path = f"{folder}/{name}.safetensors"
    save_file(tensors, path, metadata=meta)
    return path


def frames(path, width, height):
    """All pictures of a file (frames x height x width x 3), read back by ffmpeg."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode", "passthrough", "-"],
        stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=100,
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3).astype(float) / 255


def coloured(picture, colour):
    """Where a picture has this hue, more or less lit."""
    lit = picture.sum(-1, keepdims=True) / colour.sum()
    close = np.abs(picture - lit * colour).max(-1) < 0.07 * lit[..., 0]
    return close & (lit[..., 0] > 0.35)


def middle(mask):
    """Mean column and row of what is set."""
    y, x = np.nonzero(mask)
    assert len(x) > 15, f"only {len(x)} pixels belong to the ball"
    return x.mean(), y.mean()


def changed(picture, before):
    return np.abs(picture - before).max(-1) > 0.15


def the_ball_goes_where_it_is_pushed(kshot, folder):
    size = (320, 240)
    for name, push, direction in [("right", (0.05, 0), +1), ("left", (-0.05, 0), -1)]:
        policy = linear_point_policy(kshot, folder, name, push, 0.01)
        out = f"{folder}/{name}.mp4"
        kshot.done("record", policy, "-o", out, "--steps", 0, "--task", "0,0.45", "--length", 80, "--fps", 5, "--ghosts", 0,
                   "--no-charts", "--size", "%dx%d" % size, "--deterministic")
        pictures = frames(out, *size)
        # the last picture stays a second
        assert len(pictures) == 1 + round((80 * 0.06 + 1) * 5), f"{len(pictures)} frames"
        start = pictures[0]
        ways = [middle(changed(p, start)[60:-20])[0] for p in pictures[4:-6:4]]
        print(f"{name}: middle of what changed, by time: {np.round(ways)}")
        assert all(direction * (b - a) > 2 for a, b in zip(ways, ways[1:])), "the ball must go the way it is pushed"


def panes_differ_after_adaptation(kshot, folder):
    """A policy that tries everything, two panes; with step size 0 both show the same, with another they do not."""
    policy = linear_point_policy(kshot, folder, "tries", (-0.03, 0), 1)
    width, height = 640, 320
    shifts = {}
    for lr in ("0", "0.5"):
        out = f"{folder}/panes{lr}.mp4"
        kshot.done("record", policy, "-o", out, "--steps", 1, "--lr", lr, "--task", "0.4,0.3", "--fps", 1, "--speed", 2,
                   "--length", 60, "--size", f"{width}x{height}", "--no-charts", "--ghosts", 0, "--deterministic")
        pictures = frames(out, width, height)[:, 80:-24]
        moved = changed(pictures[-1], pictures[0])
        a, b = middle(moved[:, 4 : width // 2 - 4]), middle(moved[:, width // 2 + 4 : -4])
        shifts[lr] = (b[0] - a[0], a[1] - b[1])
    print(f"ball after a step, relative to before, in pixels to the right and up, by step size: {shifts}")
    assert np.abs(shifts["0"]).max() < 12, "without a change of parameters both panes show the same"
    assert shifts["0.5"][0] > 20 and shifts["0.5"][1] > 5, "the gradient step leads toward the goal, right and up"


def a_walker_is_drawn(kshot, folder):
    """Contact sheet of an untrained half-cheetah: a row per step, the same bytes for any number of threads, and the returns
    that are printed are those of eval."""
    run = f"{folder}/cheetah"
    kshot.done("train", f"{CONFIGS}/half-cheetah-vel.yaml", *settings(iterations=0, horizon=40, policy__hidden="[8]"), "-o", run)
    common = ["--steps", 1, "--trajectories", 4, "--lr", 0.3]
    out = [kshot.done("record", run, "-o", f"{folder}/sheet{j}.png", "--task", 1.5, "--frames", 3, "--size", "480x300", "-j", j,
                      *common) for j in (1, 2)]
    assert content(f"{folder}/sheet1.png") == content(f"{folder}/sheet2.png"), "the threads change nothing"
    (picture,) = frames(f"{folder}/sheet1.png", 480, 300)
    for row, colour in enumerate((GREY, ORANGE)):
        for column in range(3):
            top, left = 24 + 138 * row + 22, 160 * column
            cell = picture[top : top + 110, left + 4 : left + 156]
            share = coloured(cell, colour).mean()
            assert share > 0.008, f"row {row}, column {column}: {100 * share:.2f} % are in the actor's colour"
    first, last = picture[50:150, 4:156], picture[50:150, 324:476]
    assert changed(first, last).mean() > 0.02, "time passes from left to right"

    goals = f"{folder}/goals.csv"
    with open(goals, "w") as file:
        file.write("1.5\n")
    kshot.done("eval", run, "--goals", goals, *common, "-o", f"{folder}/eval.csv")
    evaluated = [f"{float(row['mean_return']):.2f}" for row in rows(f"{folder}/eval.csv")]
    printed = out[0].splitlines()[1].split(":")[-1].split()
    assert printed == evaluated, f"record says {printed}, eval {evaluated}"
    return run


def captions_stand_below_pictures(kshot, folder, walker):
    """The arrow of the goal is above a strip as pale as paper, in which the caption is."""
    out = f"{folder}/captions.png"
    run = f"{folder}/runner"
    kshot.done("train", f"{CONFIGS}/half-cheetah-dir.yaml", *settings(iterations=0, horizon=40, policy__hidden="[8]"), "-o", run)
    kshot.done("record", run, "-o", out, "--task", 1, "--steps", 0, "--frames", 2, "--trajectories", 4, "--size", "640x248",
               "--ghosts", 0)
    (picture,) = frames(out, 640, 248)
    strip = picture[-18:, 4:316]
    assert (strip.min(-1) > 0.9).mean() > 0.6, "a strip as pale as paper"
    assert (strip.max(-1) < 0.5).mean() > 0.01, "with letters"
    green = (picture[..., 1] > 1.4 * picture[..., 0]) & (picture[..., 1] > 1.15 * picture[..., 2])
    assert green[:-22].sum() > 60 and not green[-20:].any(), "the arrow is above it"


def a_sheet_begins_when_something_has_happened(kshot, folder, policy):
    """The ball is pushed at the same speed all the time: it has gone in the first column as far as from there to the second."""
    out = f"{folder}/begins.png"
    kshot.done("record", policy, "-o", out, "--task", "0,0.45", "--steps", 1, "--lr", 0, "--frames", 3, "--length", 60, "--ghosts", 0,
               "--deterministic", "--size", "900x500")
    (picture,) = frames(out, 900, 500)
    second = picture[-205:-24]
    ways = [np.flatnonzero(coloured(second[:, 300 * c + 6 : 300 * c + 294], ORANGE).any(0)).max() - 144 for c in range(3)]
    print(f"ball and its way, to the right of the board's middle, by column: {ways}")
    assert ways[0] > 12 and ways[1] > ways[0] + 7 and ways[2] > ways[1] + 7


def policies_have_charts_of_their_own(kshot, folder, policy):
    """Early in a video, curves have begun at the left of each of two charts, in the colours of the steps."""
    out = f"{folder}/charts.mp4"
    kshot.done("record", policy, policy, "-o", out, "--label", "one", "--label", "two", "--steps", 1, "--length", 60, "--fps", 2,
               "--speed", 1, "--task", "0.3,0.3", "--size", "960x600")
    picture = frames(out, 960, 600)[2]  # 1 of 3.6 seconds
    curves = picture[-150:, 380:]
    drawn = [coloured(curves[:, at : at + 290], ORANGE) & (curves[:, at : at + 290].max(-1) - curves[:, at : at + 290].min(-1) > 0.3) for at in (0, 290)]
    for chart in drawn:
        columns = np.flatnonzero(chart.any(0))
        assert len(columns) > 3 and columns.max() < 200, f"begun at the left: {columns}"


def files_are_as_asked(kshot, folder, policy):
    out = f"{folder}/small.gif"
    kshot.done("record", policy, policy, "-o", out, "--label", "one", "--label", "two", "--steps", 0, "--length", 10, "--speed", 1,
               "--fps", 10, "--size", "161x121")
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0", out],
        capture_output=True, text=True, check=True).stdout.strip()
    assert shown.startswith("gif,161,121,"), shown
    assert 10 <= int(shown.split(",")[-1]) <= 17, shown  # equal pictures may be joined
    mp4 = f"{folder}/small.mp4"
    kshot.done("record", policy, "-o", mp4, "--steps", 9, "--length", 12, "--speed", 1, "--fps", 25, "--size", "200x140")
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height,r_frame_rate,nb_frames", "-of", "csv=p=0", mp4],
        capture_output=True, text=True, check=True).stdout.strip()
    assert shown == "h264,200,140,25/1,44", shown  # 1 + (12 * 0.06 + 1) * 25 frames


def bad_luck(kshot, folder, policy, walker):
    out = f"{folder}/never.mp4"
    tiny = ["--length", 5, "--steps", 0]

    def refused(code, mentions, *words, **options):
        kshot.refused(code, mentions, "record", *words, **options)
        assert not os.path.exists(out)
        assert not [name for name in os.listdir(folder) if name.endswith(".tmp")], "nothing half-written is left"

    refused(BAD, ["-o"], policy)
    refused(BAD, ["POLICY"], "-o", out)
    refused(BAD, ["4"], *[policy] * 5, "-o", out)
    refused(BAD, [".mp4", ".gif", ".png"], policy, "-o", f"{folder}/never.avi")
    refused(BAD, ["-o -"], policy, "-o", "-")
    for size in ("640", "640x", "0x0", "640x48000", "640x480x3", "axb", "63x64"):
        refused(BAD, ["--size", size], policy, "-o", out, "--size", size)
    refused(BAD, ["even", "641x480"], policy, "-o", out, "--size", "641x480", *tiny)
    refused(BAD, ["--task", "2"], policy, "-o", out, "--task", "1")
    refused(BAD, ["--steps", "9"], policy, "-o", out, "--steps", "10")
    refused(BAD, ["--fps"], policy, "-o", out, "--fps", "1000")
    refused(BAD, ["--speed"], policy, "-o", out, "--speed", "0")
    refused(BAD, ["--label"], policy, "-o", out, "--label", "π")
    refused(BAD, ["point", "half-cheetah-vel"], policy, walker, "-o", out, *tiny)
    refused(BAD, ["none.safetensors"], f"{folder}/none.safetensors", "-o", out)
    refused(BAD, ["pint", "point"], policy, "-e", "pint", "-o", out)
    with open(f"{folder}/mine.png", "w") as file:
        file.write("mine")
    refused(BAD, ["mine.png", "--force"], policy, "-o", f"{folder}/mine.png")
    for name in ("a.png", "a.mp4"):  # below a file, where root cannot write either
        refused(FAILED, ["mine.png"], policy, "-o", f"{folder}/mine.png/{name}", "--size", "64x64", *tiny)
    environment = dict(os.environ, __EGL_VENDOR_LIBRARY_FILENAMES="/none")
    refused(FAILED, ["EGL"], policy, "-o", f"{folder}/no-egl.png", *tiny, env=environment)
    refused(FAILED, ["ffmpeg", "not installed"], policy, "-o", out, *tiny, env=dict(os.environ, PATH="/none"))
    fake = f"{folder}/fake"
    os.mkdir(fake)
    with open(f"{fake}/ffmpeg", "w") as file:
        file.write('#!/bin/sh\n[ "$1" = -version ] && exit 0\necho first >&2\necho "no room for the film" >&2\nexit 1\n')
    os.chmod(f"{fake}/ffmpeg", 0o755)
    refused(FAILED, ["never.mp4", "no room for the film"], policy, "-o", out, "--size", "64x64", *tiny,
            env=dict(os.environ, PATH=f"{fake}:{os.environ['PATH']}"))
    # a policy that has gone wrong
    with safe_open(policy, "numpy") as file:
        meta = dict(file.metadata(), env="no-such-world")
        save_file({key: file.get_tensor(key) for key in file.keys()}, f"{folder}/lost.safetensors", metadata=meta)
    refused(BAD, ["lost.safetensors", "no-such-world", "kshot envs"], f"{folder}/lost.safetensors", "-o", out)


def interrupted(kshot, folder, policy):
    """Ctrl-C while ffmpeg is at work: neither it nor anything that it has written is left."""
    out = f"{folder}/long.mp4"
    before = sorted(os.listdir(folder))
    process = subprocess.Popen(kshot.command("record", policy, "-o", out, "--steps", 0, "--speed", 0.01, "--size", "64x64"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not (at_work := children(process.pid, "-hide_banner")):  # not the one that is asked for its version
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=100)
    assert process.returncode == INTERRUPTED and said.count("\n") == 1, (process.returncode, said)
    assert sorted(os.listdir(folder)) == before, "nothing half-written is left"
    assert not any(os.path.exists(f"/proc/{child}") for child in at_work), "no ffmpeg is left"


def speed_is_measured(kshot):
    sizes = settings(trajectories=4, horizon=20, policy__hidden="[8]")
    found = json.loads(kshot.done("bench", "view", "-e", "point", *sizes, "--rounds", 1, "--json"))["view"]
    assert (found["width"], found["height"], found["panes"]) == (640, 480, 4), found
    assert found["frames_per_s"] > 0 and found["adapt_s"] > 0, found


def main():
    kshot = Kshot(sys.argv[1])
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        speed_is_measured(kshot)
        the_ball_goes_where_it_is_pushed(kshot, folder)
        panes_differ_after_adaptation(kshot, folder)
        walker = a_walker_is_drawn(kshot, folder)
        captions_stand_below_pictures(kshot, folder, walker)
        a_sheet_begins_when_something_has_happened(kshot, folder, linear_point_policy(kshot, folder, "slow", (0.05, 0), 0.01))
        policies_have_charts_of_their_own(kshot, folder, linear_point_policy(kshot, folder, "wild", (0, 0), 0.3))
        policy = linear_point_policy(kshot, folder, "any", (0.02, 0.01), 0.5)
        files_are_as_asked(kshot, folder, policy)
        bad_luck(kshot, folder, policy, walker)
        interrupted(kshot, folder, policy)


if __name__ == "__main__":
    main()
