#!/usr/bin/env python3
"""test_suite_run.py KSHOT: what `suite run` does when things are not as usual: the suite's evaluations have changed, a line fails, images have
to be given, another process is at it."""

import os
import shutil
import subprocess
import sys
import tempfile
import zlib

from image_patterns import Patterns
from kshot_cli import CONFIGS, Kshot, content, rows, states

SUITE = """\
suite: tiny-1
seeds: [1, 2]
set: {tasks: 3, iterations: 20}
evaluate: {tasks: 4, steps: 2, best: true}
methods:
  maml: {set: {inner.lr: 0.01}}
  random: {set: {iterations: 0}, evaluate: {best: false}}
domains:
  sinusoid: {config: sinusoid.yaml}
"""
LINES = [f"sinusoid/{method}/{seed}" for method in ("maml", "random") for seed in (1, 2)]
DATA = "  pictures:\n    config: pictures.yaml\n    data: some folder of noise\n"
PICTURES = "problem: images\nimages: {data: pictures, size: 8, ways: 3}\npolicy: {filters: 4}\nvalidate_every: 0\n"


def write(folder, text, name="tiny.yaml"):
    shutil.copy(f"{CONFIGS}/sinusoid.yaml", folder)
    with open(f"{folder}/pictures.yaml", "w") as file:
        file.write(PICTURES)
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)
    return f"{folder}/{name}"


def evaluated_again(kshot, folder):
    suite, out = write(folder, SUITE), f"{folder}/out"
    kshot.done("suite", "run", suite, "-o", out, "-q")
    with open(f"{out}/sinusoid/maml/1/eval.options") as file:
        policy = zlib.crc32(content(f"{out}/sinusoid/maml/1/policy.safetensors"))
        assert file.read() == f"--best\n--steps 2\n--tasks 4\npolicy.safetensors {policy:08x}\n"
    # a copy is as good, whatever its times
    os.utime(f"{out}/sinusoid/maml/1/policy.safetensors")
    assert set(states(kshot, suite, out).values()) == {"done"}
    # another order is no change
    assert set(states(kshot, write(folder, SUITE.replace("tasks: 4, steps: 2", "steps: 2, tasks: 4"), "order.yaml"), out).values()) == {"done"}
    changed = write(folder, SUITE.replace("tasks: 4, steps: 2", "tasks: 5, steps: 2"), "changed.yaml")
    assert set(states(kshot, changed, out).values()) == {"to be evaluated again"}
    done = kshot("suite", "check", changed, "-o", out)
    assert done.returncode == 1 and done.stdout.count("other options") == len(LINES), done
    kshot.refused(2, ["no line"], "suite", "report", changed, "-o", out)
    models = {f: (content(f), os.stat(f).st_mtime_ns) for line in LINES for f in (f"{out}/{line}/policy.safetensors", f"{out}/{line}/progress.csv")}
    kshot.done("suite", "run", changed, "-o", out, "-q", "--only", "*/maml")
    done = kshot("suite", "report", changed, "-o", out)
    assert done.returncode == 0 and "2 lines are left out" in done.stderr and len(rows(f"{out}/results.csv")) == 2 * 3, done
    # what was evaluated by hand is done once more, too, since nobody knows with what
    os.unlink(f"{out}/sinusoid/maml/1/eval.options")
    before = content(f"{out}/sinusoid/maml/1/eval.csv")
    assert states(kshot, changed, out)["sinusoid/maml/1"] == "to be evaluated again"
    assert kshot.done("suite", "check", changed, "-o", out, "--only", "*/maml").count("the same") == 2
    kshot.done("suite", "run", changed, "-o", out, "-q")
    assert set(states(kshot, changed, out).values()) == {"done"} and content(f"{out}/sinusoid/maml/1/eval.csv") == before
    assert len(rows(f"{out}/sinusoid/maml/1/eval.csv")) == 5 * 3
    assert {f: (content(f), os.stat(f).st_mtime_ns) for f in models} == models, "nothing is trained again"
    # more training is more than an evaluation
    more = write(folder, SUITE.replace("iterations: 20}", "iterations: 25}"), "more.yaml")
    assert states(kshot, more, out)["sinusoid/maml/1"] == ""


def one_fails(kshot, folder):
    """The others go on, and the code is that of what went wrong."""
    suite = write(folder, SUITE.replace("inner.lr: 0.01", "inner.lr: 1000, adam.lr: 1000"), "bad.yaml")
    done = kshot("suite", "run", suite, "-o", f"{folder}/bad", "-q")
    said = done.stderr.splitlines()
    assert done.returncode == 1 and said[-1] == "kshot: tiny-1: 2 of 4 lines failed: sinusoid/maml/1, sinusoid/maml/2", done
    assert [text for text in states(kshot, suite, f"{folder}/bad").values()] == ["", "", "done", "done"]
    # of what they were given: a directory that holds another run
    suite = write(folder, SUITE)
    kshot.done("train", f"{folder}/sinusoid.yaml", "-s", "iterations=1", "-o", f"{folder}/other/sinusoid/maml/2")
    done = kshot("suite", "run", suite, "-o", f"{folder}/other", "-q")
    assert done.returncode == 2 and "1 of 4 lines failed: sinusoid/maml/2" in done.stderr, done
    assert list(states(kshot, suite, f"{folder}/other").values()) == ["done", "", "done", "done"]


def given_data(kshot, folder):
    patterns, out = Patterns(f"{folder}/it's here", 8), f"{folder}/data"
    suite = write(folder, SUITE + DATA, "data.yaml")
    pictures, place = ("--only", "pictures"), ("--data", f"pictures={folder}/it's here")
    assert states(kshot, suite, out)["pictures/maml/1"] == "needs --data"
    kshot.refused(2, ["pictures", "--data pictures=PATH", "some folder of noise"], "suite", "run", suite, "-o", out, *pictures)
    done = kshot("suite", "run", suite, "-o", out, "-q")
    assert done.returncode == 0 and done.stderr.count("\n") == 1 and "--data pictures=PATH" in done.stderr, done
    assert list(states(kshot, suite, out).values()) == ["done"] * 4 + ["needs --data"] * 4
    done = kshot("suite", "check", suite, "-o", out)
    assert done.returncode == 0 and done.stdout.count("the same") == 4 and done.stderr.count("--data") == 1, done
    kshot.done("suite", "report", suite, "-o", out)
    measured = kshot.done("suite", "plan", suite, "-o", out, "--measure", "-j", 1)
    assert "but for those without data" in measured, measured
    assert " 20 iterations " in kshot.done("suite", "plan", suite, "-o", out, "--measure", "-j", 1, *pictures, *place)
    kshot.done("suite", "run", suite, "-o", out, "-q", *place)
    assert set(states(kshot, suite, out).values()) == {"done"}
    # afterwards it is not asked for, nor counts where it is
    os.rename(patterns.root, f"{folder}/moved")
    assert kshot.done("suite", "check", suite, "-o", out, *pictures).count("the same") == 4
    moved = ("--data", f"pictures={folder}/moved")
    assert kshot.done("suite", "check", suite, "-o", out, *pictures, *moved, "--again").count("the same") == 4
    kshot.refused(2, ["--data pictures=PATH"], "suite", "check", suite, "-o", out, *pictures, "--again")
    changed = write(folder, (SUITE + DATA).replace("steps: 2", "steps: 1"), "changed.yaml")
    kshot.done("suite", "run", changed, "-o", out, "-q", *pictures)
    assert len(rows(f"{out}/pictures/random/1/eval.csv")) >= 4 * 2
    kshot.done("suite", "report", changed, "-o", out)
    for words, mentions in ((["--data", "pictures"], ["--data", "DOMAIN="]), (["--data", f"sinusoid={folder}"], ["sinusoid"]),
                            (["--data", f"pictures={folder}/nowhere"], ["nowhere"])):
        kshot.refused(2, mentions, "suite", "run", suite, "-o", out, *words)
    kshot.refused(2, ["report", "--data"], "suite", "report", suite, "-o", out, *moved)
    for old, new, mentions in (("{config: sinusoid.yaml}", "{config: sinusoid.yaml, data: curves}", ["data", "images"]), ("some folder of noise", '""', ["data"])):
        kshot.refused(2, mentions, "suite", "plan", write(folder, (SUITE + DATA).replace(old, new), "bad.yaml"))


def side_by_side(kshot, folder):
    """Two runs of one suite in one folder: every line is done by one of them."""
    suite, out = write(folder, SUITE.replace("iterations: 20}", "iterations: 5000}")), f"{folder}/both"
    command = kshot.command("suite", "run", suite, "-o", out, "-j", 1)
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=200) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    done = [line.split()[0] for out, _ in said for line in out.splitlines()]
    assert sorted(done) == LINES and any("another process is at it" in error for _, error in said), said
    assert not [name for _, _, files in os.walk(out) for name in files if name.endswith("lock")]


def refused(kshot, folder):
    suite = write(folder, SUITE)
    kshot.refused(2, ["--only", "''"], "suite", "run", suite, "-o", f"{folder}/refused", "--only", "")
    # processes that do not find each other
    done = kshot("suite", "run", suite, "-o", f"{folder}/refused", env={**os.environ, "PMI_SIZE": "2"})
    said = [line for line in done.stderr.splitlines() if line.startswith("kshot: ")]
    assert done.returncode == 1 and len(said) == 1 and "2 processes" in said[0] and not os.path.exists(f"{folder}/refused"), done


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (evaluated_again, one_fails, given_data, side_by_side, refused):
            test(kshot, folder)


if __name__ == "__main__":
    main()
