#!/usr/bin/env python3
"""test_record_robot.py KSHOT: pictures of somebody's robot, from files that kshot has never seen: a mesh (STL) with a texture (PNG) on
a floor of its own, in worlds whose masses and frictions differ by task. Its colours are in the picture; tasks of many numbers are told
and typed; what is missing is named in one line."""

import os
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from kshot_cli import CONFIGS, Kshot, settings

BAD = 2
WIDTH, HEIGHT, TOP = 480, 300, 60  # rows of header and label
RED, GREEN, BLUE = 0, 120, 240

ROBOT = """<mujoco model="cart">
  <compiler meshdir="parts" texturedir="parts"/>
  <asset>
    <texture name="paint" type="cube" file="paint.png"/>
    <texture name="grass" type="2d" file="grass.png"/>
    <material name="paint" texture="paint"/>
    <material name="grass" texture="grass" texuniform="true"/>
    <mesh name="hull" file="hull.stl" scale="0.5 0.5 0.5"/>
  </asset>
  <worldbody>
    <geom name="ground" type="plane" size="0 0 1" material="grass"/>
    <body name="hull" pos="0 0 0.05">
      <joint name="x" type="slide" axis="1 0 0"/>
      <joint name="y" type="slide" axis="0 1 0"/>
      <geom type="mesh" mesh="hull" material="paint" contype="0" conaffinity="0"/>
      <body name="wheel_1" pos="0.2 0.2 0"><joint name="w1" axis="0 1 0" damping="0.1"/>
        <geom type="sphere" size="0.05" contype="0" conaffinity="0"/></body>
      <body name="wheel_2" pos="-0.2 0.2 0"><joint name="w2" axis="0 1 0" damping="0.1"/>
        <geom type="sphere" size="0.05" contype="0" conaffinity="0"/></body>
    </body>
  </worldbody>
  <actuator><motor joint="x" ctrlrange="-1 1"/><motor joint="y" ctrlrange="-1 1"/></actuator>
</mujoco>
"""

CART = """summary: a cart goes somewhere, as heavy as it may be
model: cart.xml
frame_skip: 5
observations: [joint_pos, joint_vel]
rewards:
  - expr: "-abs(joint_vel(x)[0] - velocity)"
task:
  velocity: {uniform: [0, 2], unit: m/s}
randomize:
  - mass: {bodies: "*", factor: {uniform: [0.5, 2]}, each: true}
  - damping: {joints: "w*", factor: {uniform: [0.5, 2]}, each: true}
look: {goal: velocity}
"""


def write_png(path, pixels):
    """pixels (height x width x 3), bytes"""
    height, width, _ = pixels.shape
    raw = b"".join(b"\0" + row.tobytes() for row in pixels.astype(np.uint8))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def write_stl(path):
    """A pyramid, as binary STL."""
    corner = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1.2]], np.float32)
    faces = [(0, 2, 1), (0, 3, 2), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
    with open(path, "wb") as file:
        file.write(bytes(80) + struct.pack("<I", len(faces)))
        for face in faces:
            a, b, c = corner[list(face)]
            normal = np.cross(b - a, c - a)
            file.write(struct.pack("<12fH", *(normal / np.linalg.norm(normal)), *a, *b, *c, 0))


def write_robot(folder):
    os.makedirs(f"{folder}/parts", exist_ok=True)
    paint = np.zeros((32, 32, 3))
    paint[:, :] = (230, 10, 10)
    paint[:16, :16] = paint[16:, 16:] = (10, 10, 230)
    write_png(f"{folder}/parts/paint.png", paint)
    write_png(f"{folder}/parts/grass.png", np.tile([[[20, 170, 20]]], (8, 8, 1)))
    write_stl(f"{folder}/parts/hull.stl")
    for name, text in (("cart.xml", ROBOT), ("cart.yaml", CART)):
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    return f"{folder}/cart.yaml"


def picture(path):
    """(height x width x 3), read back by ffmpeg"""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                         stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=100).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)[0].astype(float)


def share(pixels, hue):
    """Part of the pixels that have this hue (degrees)."""
    high, low = pixels.max(-1), pixels.min(-1)
    span = np.maximum(high - low, 1e-9)
    r, g, b = np.moveaxis(pixels, -1, 0)
    found = np.where(high == r, (g - b) / span, np.where(high == g, 2 + (b - r) / span, 4 + (r - g) / span)) * 60 % 360
    off = np.abs(found - hue)
    return ((high - low > 40) & (np.minimum(off, 360 - off) < 20)).mean()


def its_own_colours(kshot, folder, run):
    out = f"{folder}/shot.png"
    kshot.done("record", run, "-o", out, "--steps", 0, "--frames", 1, "--length", 20, "--size", f"{WIDTH}x{HEIGHT}")
    view = picture(out)[TOP:]
    shares = {name: share(view, hue) for name, hue in (("red", RED), ("green", GREEN), ("blue", BLUE))}
    print("shares of its colours:", {name: f"{100 * value:.1f} %" for name, value in shares.items()})
    assert shares["red"] > 0.01 and shares["blue"] > 0.01, "the mesh has its texture"
    assert shares["green"] > 0.3, "it stands on its own floor"


def the_same_robot_twice(kshot, folder, run):
    """Two policies open the file twice; it is one environment nevertheless."""
    kshot.done("record", run, run, "-o", f"{folder}/twice.png", "--steps", 0, "--frames", 1, "--length", 5, "--size", f"{WIDTH}x{HEIGHT}")
    other = write_robot(f"{folder}/elsewhere")
    kshot.refused(BAD, ["cart"], "record", run, f"{folder}/other-run", "-o", f"{folder}/never.png", "--steps", 0, "--length", 5)
    return other


def tasks_of_many_numbers(kshot, folder, run):
    short = ["--steps", 0, "--frames", 1, "--length", 5, "--size", "64x64", "--force", "-o", f"{folder}/task.png"]
    numbers = [0.5] * 6
    kshot.done("record", run, "--task", ",".join(map(str, numbers)), *short)
    kshot.done("record", run, "--task", "velocity=1.5, mass wheel_1 = 0.7", *short)
    kshot.refused(BAD, ["--task", "'velcity'", "velocity"], "record", run, "--task", "velcity=1", *short)
    kshot.refused(BAD, ["--task", "5", "6"], "record", run, "--task", "1,1,1,1,1", *short)
    kshot.refused(BAD, ["--task", "NAME=VALUE"], "record", run, "--task", "velocity=1,2", *short)
    kshot.refused(BAD, ["--task", "velocity"], "record", run, "--task", "velocity=fast", *short)
    kshot.refused(BAD, ["--task", "mass wheel_1"], "record", run, "--task", "mass wheel_1=-1", *short)
    # what is typed is what is adapted to: a task of names is the same as that of all its numbers
    rollout = ["rollout", run, "--trajectories", 1, "--horizon", 20, "--force"]
    named = ",".join(f"{name}=0.75" for name in ("velocity", "mass hull", "mass wheel_1", "mass wheel_2", "damping w1", "damping w2"))
    for name, task in (("all", ",".join(["0.75"] * 6)), ("named", named), ("other", named.replace("hull=0.75", "hull=1.5"))):
        kshot.done(*rollout, "--task", task, "-o", f"{folder}/{name}.safetensors")
    read = {name: open(f"{folder}/{name}.safetensors", "rb").read() for name in ("all", "named", "other")}
    assert read["all"] == read["named"]
    assert read["all"] != read["other"], "a heavier hull moves otherwise"


def what_is_missing(kshot, folder, run):
    os.rename(f"{folder}/parts/hull.stl", f"{folder}/parts/gone.stl")
    kshot.refused(BAD, ["hull.stl"], "record", run, "-o", f"{folder}/never.png", "--steps", 0, "--length", 5)
    os.rename(f"{folder}/parts/gone.stl", f"{folder}/parts/hull.stl")
    assert not os.path.exists(f"{folder}/never.png")


def untrained(kshot, env, run):
    # goes nowhere by itself
    kshot.done("train", f"{CONFIGS}/half-cheetah-dir.yaml", *settings(env=env, iterations=0, horizon=20, policy__hidden="[8]"), "-o", run)
    return run


def main():
    kshot = Kshot(sys.argv[1])
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        run = untrained(kshot, write_robot(folder), f"{folder}/run")
        untrained(kshot, write_robot(f"{folder}/elsewhere"), f"{folder}/other-run")
        its_own_colours(kshot, folder, run)
        the_same_robot_twice(kshot, folder, run)
        tasks_of_many_numbers(kshot, folder, run)
        what_is_missing(kshot, folder, run)


if __name__ == "__main__":
    main()
