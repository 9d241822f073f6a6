#!/usr/bin/env python3
"""test_memory.py KSHOT: with little memory (a limit on addresses, as batch systems set) a command works or says in a line why it
does not; it never hangs, nor is ended by a signal. The same for settings that no machine has the memory for."""

import os
import resource
import subprocess
import sys

from kshot_cli import CONFIGS, SMALL, Kshot, memory_folder, settings

MIB = 1 << 20
TIME = 60  # s; a command takes one
LOADER = 127  # the dynamic loader's own exit code, where not even the libraries fit


def limited(kshot, mebibytes, *words):
    limit = mebibytes * MIB
    try:
        return subprocess.run(kshot.command(*words), capture_output=True, text=True, timeout=TIME, stdin=subprocess.DEVNULL,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{mebibytes} MiB: kshot {' '.join(map(str, words))} hangs") from None


def check(result, mebibytes, words):
    said = f"{mebibytes} MiB: kshot {' '.join(map(str, words))}: exit code {result.returncode}, {result.stderr[-300:]!r}"
    errors = [line for line in result.stderr.splitlines() if "kshot: " in line]
    if result.returncode == LOADER:
        assert "shared libraries" in result.stderr, said
    else:
        assert result.returncode in (0, 1), said
        assert len(errors) == result.returncode, said


def small_address_space(kshot, folder):
    """From what the loader cannot do with to what is enough."""
    point, ant = [f"{CONFIGS}/point.yaml", *SMALL], [f"{CONFIGS}/ant-vel.yaml", *SMALL]
    once = settings(iterations=1)
    kshot.done("train", *point, *once, "-o", f"{folder}/policy")
    worked = 0
    for number, mebibytes in enumerate((64, 96, 128, 160, 192, 224, 256, 293, 320, 352, 400, 448, 512, 640, 1024)):
        for words in (["--version"], ["info", f"{folder}/policy"], ["eval", f"{folder}/policy", "--tasks", 2, "-j", 2],
                      ["train", *ant, *once, "-o", f"{folder}/run{number}", "-j", 2]):
            result = limited(kshot, mebibytes, *words)
            check(result, mebibytes, words)
            worked += result.returncode == 0
    assert worked >= 8, f"a gibibyte is enough, and only {worked} commands worked"


def drawing(kshot, folder):
    """Drivers do not look whether they got the memory that they asked for."""
    kshot.done("train", f"{CONFIGS}/point.yaml", *SMALL, *settings(iterations=0), "-o", f"{folder}/policy")
    for mebibytes in range(225, 500, 25):
        words = ["record", f"{folder}/policy", "--trajectories", 2, "--steps", 1, "-o", f"{folder}/sheet.png", "--force", "-j", 1]
        check(limited(kshot, mebibytes, *words), mebibytes, words)


def too_large(kshot, folder):
    """Nothing of these fits, whatever is allocated first; and nothing is left of a run that could not begin."""
    most = 4096
    huge = [settings(policy__hidden="[65536,65536]"), settings(policy__hidden="[65536,65536,65536,65536]", trpo__kfac_damping=0.1),
            settings(tasks=1000000, trajectories=1000, horizon=1), settings(tasks=1, trajectories=1000000, horizon=1000),
            settings(tasks=1000000, trajectories=1, horizon=1000, inner__steps=16),
            settings(tasks=1000000, trajectories=1, horizon=1, policy__hidden="[65536,65536]", inner__steps=16)]
    for config in ("point", "half-cheetah-vel"):
        for words in huge:
            run = f"{folder}/huge"
            result = limited(kshot, most, "train", f"{CONFIGS}/{config}.yaml", *words, "-o", run, "-j", 2)
            if "too many" in result.stderr:  # a layer of more parameters than any may have
                assert result.returncode == 2 and "network: layer" in result.stderr, f"{words}: {result.stderr}"
            else:
                check(result, most, words)
                assert result.returncode == 1 and "not enough memory" in result.stderr, f"{words}: {result.stderr}"
            assert not os.path.exists(f"{run}/config.yaml"), f"{words}: a run was begun"


def main():
    kshot = Kshot(sys.argv[1])
    draws = "record" in kshot.done("--help")
    for test in (small_address_space, *([drawing] if draws else []), too_large):
        with memory_folder() as folder:
            test(kshot, folder)
            print("ok", test.__name__)


main()
