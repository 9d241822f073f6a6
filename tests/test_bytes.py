#!/usr/bin/env python3
"""test_bytes.py KSHOT SOURCE [--no-emulator]: results are the same bytes on every processor with AVX2 and FMA: under an emulated one that has no
AVX-512 (if qemu-x86_64 is here), and with what libraries choose by the processor switched by hand."""

import os
import shutil
import subprocess
import sys
import tempfile

from kshot_cli import Kshot, same_run, settings

SOURCE = sys.argv[2]
# every kind of number: both activations, K-FAC's eigenvectors, the baseline's solution, the sweep, discrete steps of point
RUNS = {
    "half-cheetah": [f"{SOURCE}/configs/half-cheetah-vel.yaml",
                     *settings(tasks=2, trajectories=3, horizon=12, iterations=2, policy__hidden="[100,20]")],
    "point": [f"{SOURCE}/configs/point.yaml", *settings(tasks=3, trajectories=4, horizon=20, iterations=2, policy__activation="tanh",
                                                        trpo__kfac_damping=0.01, policy__hidden="[37,16]")],
}
SWITCHES = (
    {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512DQ"},
    {"OPENBLAS_CORETYPE": "Prescott", "LIBXSMM_TARGET": "generic"},
)
EMULATOR = ["qemu-x86_64", "-cpu", "Haswell"]
EMULATES = "--no-emulator" not in sys.argv and shutil.which(EMULATOR[0])


def train(kshot, name, out, environment=(), emulator=()):
    command = [*emulator, *kshot.command("train", *RUNS[name], "-o", out, "-j", 2)]
    subprocess.run(command, check=True, capture_output=True, timeout=600, env={**os.environ, **dict(environment)})


def every_processor(kshot, folder):
    for name in RUNS:
        train(kshot, name, f"{folder}/{name}")
        for i, switch in enumerate(SWITCHES):
            train(kshot, name, f"{folder}/{name}-{i}", switch)
            same_run(f"{folder}/{name}", f"{folder}/{name}-{i}")
        if EMULATES:
            train(kshot, name, f"{folder}/{name}-emulated", emulator=EMULATOR)
            same_run(f"{folder}/{name}", f"{folder}/{name}-emulated")
    if not EMULATES:
        print("skipped: an emulated processor (there is no qemu-x86_64, or this is a build with sanitizers)")


def main():
    kshot = Kshot(sys.argv[1])
    for test in (every_processor,):
        with tempfile.TemporaryDirectory() as folder:
            test(kshot, folder)
            print(f"{test.__name__}: ok")


main()
