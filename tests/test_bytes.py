#!/usr/bin/env python3
"""test_bytes.py KSHOT SOURCE [--short]: results are the same bytes on every processor with AVX2 and FMA: under an emulated one that has no
AVX-512 (if qemu-x86_64 is here), with what libraries choose by the processor switched by hand, and beside what the repository
holds: some lines of the zoo's evaluations come out to the last digit, and the first iterations of some of its trainings."""

import csv
import glob
import os
import shutil
import subprocess
import sys
import tempfile

from kshot_cli import Kshot, content, rows, same_run, settings, without_times

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
TOO_OLD = ["qemu-x86_64", "-cpu", "SandyBridge"]  # it has AVX, without which MuJoCo ends the program
SHORT = "--short" in sys.argv
EMULATES = not SHORT and shutil.which(EMULATOR[0])


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


def too_old(kshot, _):
    """A processor without AVX2 is told about, whatever is typed."""
    for words in ((), ("--version",)) if EMULATES else ():
        result = subprocess.run([*TOO_OLD, *kshot.command(*words)], capture_output=True, text=True, timeout=60)
        assert result.returncode == 1 and "AVX2" in result.stderr.splitlines()[-1] and not result.stdout, result


def zoo(kshot, folder):
    """Tasks are drawn one by one, so the first ones of an evaluation come out alone, too."""
    policy, examples = ["--best", "--label", "MAML"], ["-s", "sinusoid.shots=5"]
    for name, tasks, words in (
        ("point", 40, policy),
        ("half-cheetah-dir", 6, policy),
        ("half-cheetah-vel", 6, policy),
        ("ant-dir", 1, policy),
        ("sinusoid", 600, [*examples, "--label", "maml"]),
        ("sinusoid-learned", 100, [*examples, "--label", "learned"]),
        ("sinusoid-pretrain", 100, [*examples, "--label", "pretrain"]),
    ):
        out = f"{folder}/{name}.csv"
        kshot.done("eval", f"{SOURCE}/zoo/{name}", "--tasks", tasks, *words, "-o", out, "-j", 2)
        with open(f"{SOURCE}/zoo/{name}/eval.csv", newline="") as file:
            stored = {(row["task"], row["gradient_step"]): row for row in csv.DictReader(file)}
        for row in rows(out):
            kept = stored[row["task"], row["gradient_step"]]
            assert row == kept, f"{name}: {row}, and in the zoo {kept}"


def suite(kshot, folder):
    """What zoo/suite has is what the suite asks for, and comes out to the last digit; a short name is a copy of a line."""
    words = (f"{SOURCE}/configs/suites/kshot-suite-1.yaml", "-o", f"{SOURCE}/zoo/suite")
    states = {line.split()[0]: " ".join(line.split()[1:]) for line in kshot.done("suite", "plan", *words).splitlines()[:-1]}
    there = {os.path.relpath(path, f"{SOURCE}/zoo/suite") for path in glob.glob(f"{SOURCE}/zoo/suite/*/*/*")}
    assert there and {line for line, state in states.items() if state == "done"} == there, (states, there)
    for line in ("point/maml/1", "point/oracle/2"):
        assert "the same" in kshot.done("suite", "check", *words, "--only", line, "-j", 2)
    for name in ("config.yaml", "progress.csv", "policy.safetensors", "best.safetensors"):
        for domain in ("point", "half-cheetah-vel", "half-cheetah-dir"):
            assert content(f"{SOURCE}/zoo/{domain}/{name}") == content(f"{SOURCE}/zoo/suite/{domain}/maml/1/{name}"), (domain, name)


def training(kshot, folder):
    """What the zoo says was trained by this build begins as it did."""
    for name, iterations in (("point", 3), ("half-cheetah-dir", 1), ("half-cheetah-vel", 1)):
        run = f"{folder}/{name}"
        kshot.done("train", f"{SOURCE}/zoo/{name}/config.yaml", *settings(iterations=iterations), "-o", run, "-j", 2)
        kept = without_times(f"{SOURCE}/zoo/{name}/progress.csv")[:iterations]
        now = without_times(f"{run}/progress.csv")
        assert now == kept, f"{name}: {now}, and in the zoo {kept}"


def main():
    kshot = Kshot(sys.argv[1])
    for test in (every_processor,) if SHORT else (every_processor, too_old, zoo, suite, training):
        with tempfile.TemporaryDirectory() as folder:
            test(kshot, folder)
            print(f"{test.__name__}: ok")


main()
