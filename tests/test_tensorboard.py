#!/usr/bin/env python3
"""test_tensorboard.py KSHOT: event files (`log: tensorboard`) have what progress.csv has, by a reader of our own that checks every
checksum; after a stop, a kill and a resume no step counts twice, as TensorBoard reads them; and nothing else changes by them."""

import glob
import math
import os
import signal
import subprocess
import sys
import time

from event_reader import events, masked_crc, records
from kshot_cli import CONFIGS, SMALL, Kshot, memory_folder, rows, same_run, settings

LOG = ["-s", "log=tensorboard", "-j", 1]
POINT = [f"{CONFIGS}/point.yaml", *SMALL, *LOG]
SINUSOID = [f"{CONFIGS}/sinusoid.yaml", *settings(iterations=40, checkpoint_every=15), *LOG]
IMAGES = [f"{CONFIGS}/strokes.yaml", *settings(iterations=6, tasks=2, policy__filters=4, images__train_classes=20,
                                               images__validation_classes=10, images__size=14, checkpoint_every=3,
                                               validate_every=2, validation_tasks=4), *LOG]


def files(run):
    return sorted(glob.glob(f"{run}/events.out.tfevents.*"))


def read(run):
    """{tag: {step: value}} and {tag: text}, by TensorBoard's rule: a start takes away what has its step or a later one."""
    curves, texts = {}, {}
    for path in files(run):
        first, start, *rest = events(path)
        assert first["version"] == "brain.Event:2" and start["start"], path
        for curve in curves.values():
            for step in [step for step in curve if step >= start["step"]]:
                del curve[step]
        last = 0
        for event in rest:
            assert event["wall_time"] >= last and abs(event["wall_time"] - time.time()) < 3600
            last = event["wall_time"]
            texts.update(event["texts"])
            for tag, value in event["scalars"].items():
                curve = curves.setdefault(tag, {})
                assert event["step"] not in curve, f"{path}: {tag} has step {event['step']} twice"
                curve[event["step"]] = value
    return curves, texts


def tag_of(column):
    if column.endswith("_s"):
        return f"time/{column}"
    if column.startswith("validation_"):
        return f"{column[11:]}/validation"
    name, _, stage = column.rpartition("_")
    return f"{name}/{stage}" if stage.isdigit() else column


def same_numbers(run):
    table = rows(f"{run}/progress.csv")
    curves, texts = read(run)
    expected = {tag_of(column): {int(row["iteration"]): float(row[column]) for row in table if row[column]}
                for column in table[0] if column != "iteration"}
    expected = {tag: curve for tag, curve in expected.items() if curve}
    assert expected.keys() == curves.keys(), (expected.keys(), curves.keys())
    for tag, curve in expected.items():
        assert curve.keys() == curves[tag].keys(), f"{run}: steps of {tag}"
        rounding = 6e-4 if tag.startswith("time/") else 1e-30  # milliseconds are written
        for step, value in curve.items():
            assert math.isclose(value, curves[tag][step], rel_tol=2e-7, abs_tol=rounding), (run, tag, step, value, curves[tag][step])
    with open(f"{run}/config.yaml") as file:
        assert texts == {"config": f"```\n{file.read()}\n```\n"}
    return curves


def kinds(kshot, folder):
    for name, words, tags in (("point", [*POINT, "-s", "iterations=7"], {"return/0", "return/1", "kl", "env_steps", "time/update_s"}),
                              ("sinusoid", SINUSOID, {"mse/0", "mse/1", "outer_loss"}),
                              ("images", IMAGES, {"accuracy/0", "accuracy/1", "accuracy/validation"})):
        run = f"{folder}/{name}"
        kshot.done("train", *words, "-o", run)
        assert len(files(run)) == 1
        curves = same_numbers(run)
        assert tags <= curves.keys(), curves.keys()
    assert sorted(curves["accuracy/validation"]) == [1, 3, 5]


def nothing_else(kshot, folder):
    run = f"{folder}/without"
    kshot.done("train", *SINUSOID, "-s", "log=none", "-o", run)
    assert not files(run)
    same_run(run, f"{folder}/sinusoid")
    kshot.refused(2, ["log", "tensorbord", "none", "tensorboard"], "train", *SINUSOID, "-s", "log=tensorbord", "-o", f"{folder}/no")


def resumed(kshot, folder):
    """Done, and some more: a second file, and a config with the new number of iterations."""
    run = f"{folder}/resumed"
    kshot.done("train", *SINUSOID, "-o", run)
    kshot.done("train", *SINUSOID, "-s", "iterations=55", "-o", run, "--resume")
    assert len(files(run)) == 2
    assert len(same_numbers(run)["mse/1"]) == 55
    kshot.done("train", *SINUSOID, "-o", run, "--force")
    assert len(files(run)) == 1, "a run that begins anew has no files of the one before"
    same_numbers(run)
    foreign = f"{run}/events.out.tfevents.9999.of-somebody-else"
    open(foreign, "w").close()
    kshot.done("train", *SINUSOID, "-o", run, "--force")
    assert os.path.exists(foreign) and len(files(run)) == 2, "files of others stay"


def killed(kshot, folder):
    """By SIGKILL between checkpoints: what was written of the rows that are lost does not count, and half a record is passed over."""
    run = f"{folder}/killed"
    words = [*SINUSOID, "-s", "iterations=1000000", "-s", "checkpoint_every=2000"]
    process = subprocess.Popen(kshot.command("train", *words, "-o", run), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = f"{run}/checkpoint.safetensors"
    deadline = time.time() + 60
    while time.time() < deadline and not os.path.exists(path):
        time.sleep(0.01)
    time.sleep(0.4)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (file,) = files(run)
    if os.path.getsize(file) == sum(16 + len(body) for body in records(file)):  # else the kill has cut one off already
        with open(file, "ab") as half:
            half.write(b"\x40\0\0\0\0\0")
    before = len(read(run)[0]["mse/1"])
    kshot.done("train", *words, "-s", "iterations=8000", "-o", run, "--resume")
    start = list(events(files(run)[1]))[1]
    assert start["step"] % 2000 == 0 and start["step"] < before, (start, before)
    assert len(same_numbers(run)["mse/1"]) == 8000


def full_disk(kshot, folder):
    """What cannot be written ends the run, as with progress.csv."""
    run = f"{folder}/full"
    limit = "ulimit -f 100; exec \"$@\""  # kB
    result = subprocess.run(["bash", "-c", limit, "bash", *kshot.command("train", *SINUSOID, "-s", "iterations=2000", "-o", run)],
                            capture_output=True, text=True, timeout=60)
    last = result.stderr.splitlines()[-1]
    assert result.returncode == 1 and "cannot write" in last and "events.out.tfevents" in last, result.stderr


def main():
    kshot = Kshot(sys.argv[1])
    assert masked_crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF
    with memory_folder() as folder:
        kinds(kshot, folder)
        nothing_else(kshot, folder)
        resumed(kshot, folder)
        killed(kshot, folder)
        full_disk(kshot, folder)


main()
