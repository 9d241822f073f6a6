#!/usr/bin/env python3
"""test_mpi_suite.py KSHOT MPIEXEC: the lines of a suite, and the trials of a search, that several processes share out among themselves come to
the files of one process; a line that fails is said once; and a signal ends all in good order."""

import os
import signal
import subprocess
import sys
import tempfile
import time

from kshot_cli import Kshot, children, content, rows, without_times
import test_suite_tune
from test_suite import LINES, SUITE, write
from test_tune import SEARCH, SMALL, POINT

ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def command(processes, *words):
    return [sys.argv[2], "--oversubscribe", "-n", str(processes), sys.argv[1], *map(str, words)]


def mpirun(processes, *words, code=0):
    """What kshot says on stdout, and its own lines on stderr."""
    result = subprocess.run(command(processes, *words), env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
    assert result.returncode == code, result
    return result.stdout, [line for line in result.stderr.splitlines() if line.startswith("kshot: ") and "warning" not in line], result.stderr


def files(root):
    """All that is in it, but for the times in it."""
    found = {os.path.relpath(f"{folder}/{name}", root): f"{folder}/{name}" for folder, _, names in os.walk(root) for name in names}
    return {name: without_times(path) if name.endswith("progress.csv") else content(path) for name, path in found.items()}


def same(kshot, folder):
    suite = write(folder, SUITE)
    kshot.done("suite", "run", suite, "-o", f"{folder}/1")
    kshot.done("suite", "report", suite, "-o", f"{folder}/1")
    for processes in (2,):
        out = f"{folder}/{processes}"
        said, errors, progress = mpirun(processes, "suite", "run", suite, "-o", out)
        assert sorted(line.split()[0] for line in said.splitlines()) == LINES and not errors, (said, errors)
        # one process alone tells of progress, and trains alone
        assert " of " not in progress.partition("threads")[2].partition("\n")[0] and 0 < progress.count("== ") < len(LINES), progress
        assert mpirun(processes, "suite", "run", suite, "-o", out)[0] == ""
        mpirun(processes, "suite", "report", suite, "-o", out)
        ours, theirs = files(f"{folder}/1"), files(out)
        assert ours == theirs, [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    said = mpirun(2, "suite", "check", suite, "-o", f"{folder}/2", "--again", "-j", 1)[0]
    assert sorted(line.split()[0] for line in said.splitlines()) == LINES and said.count("the same") == len(LINES), said
    assert mpirun(2, "suite", "plan", suite, "-o", f"{folder}/2")[0].splitlines()[-1] == "tiny-1: 8 lines, 8 done"


def searches(kshot, folder):
    """Searches for settings first, each by one process, and lines after that."""
    suite = test_suite_tune.write(folder, test_suite_tune.TUNED)
    for processes in (1, 2):
        said, errors, _ = mpirun(processes, "suite", "run", suite, "-o", f"{folder}/tuned{processes}", "-j", 1)
        names = [line.split()[0] for line in said.splitlines()]
        assert sorted(names[:2]) == sorted(test_suite_tune.SEARCHES) and sorted(names[2:]) == sorted(test_suite_tune.LINES) and not errors, (said, errors)
    ours, theirs = files(f"{folder}/tuned1"), files(f"{folder}/tuned2")
    assert ours == theirs, [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]


def one_fails(kshot, folder):
    """A line that breaks down, and one whose directory holds another run: each says so once, and the others go on."""
    bad = write(folder, SUITE.replace("{inner.lr: 0.2}", "{inner.lr: 1000, gae_lambda: 1, outer: adam, adam.lr: 1000}"), "bad.yaml")
    kshot.done("train", f"{folder}/sinusoid.yaml", "-s", "iterations=1", "-o", f"{folder}/bad/sinusoid/maml/2", "-q")
    said, errors, _ = mpirun(2, "suite", "run", bad, "-o", f"{folder}/bad", code=1)
    done = sorted(line.split()[0] for line in said.splitlines())
    assert done == [line for line in LINES if not line.startswith("point/maml") and line != "sinusoid/maml/2"], (said, errors)
    assert errors[-1].startswith("kshot: tiny-1: 3 of 8 lines failed: ") and len(errors) == 4, errors
    assert sum("/sinusoid/maml/2" in line for line in errors[:-1]) == 1 and sum("broke down in their first step" in line for line in errors) == 2, errors
    # what is wrong is found before anything begins
    bad = write(folder, SUITE.replace("{tasks: 4, steps: 2,", "{tasks: 4, steps: many,"), "bad.yaml")
    for words, mentions in (((bad,), ["--steps", "many"]), ((f"{folder}/none.yaml",), ["none.yaml"]),
                            ((write(folder, SUITE), "--share", "1/2"), ["--share", "MPI"]), ((write(folder, SUITE), "--only", "pont"), ["pont", "no line"])):
        _, errors, _ = mpirun(2, "suite", "run", *words, "-o", f"{folder}/never", code=2)
        assert len(errors) == 1 and all(text in errors[0] for text in mentions), errors
        assert not os.path.exists(f"{folder}/never")


def stopped(kshot, folder):
    """By a signal to all, and by one that reaches a single process, which the others hear of."""
    for whom, out in (("all", f"{folder}/stopped"), ("one", f"{folder}/stopped-by-one")):
        suite = write(folder, SUITE.replace("env_steps: 2500, iterations: 50", "iterations: 100000"), "long.yaml")
        process = subprocess.Popen(command(2, "suite", "run", suite, "-o", out, "--only", "point/maml", "-q", "-j", 1), env=ENVIRONMENT,
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        progress = [f"{out}/point/maml/{seed}/progress.csv" for seed in (1, 2)]
        while not all(os.path.exists(path) and len(rows(path)) > 0 for path in progress):
            time.sleep(0.05)
            assert process.poll() is None
        if whom == "all":
            process.terminate()
        else:
            os.kill(children(process.pid, "suite")[-1], signal.SIGTERM)
        said = process.communicate(timeout=100)[1]
        assert process.returncode != 0 and all(said.count(f"{out}/point/maml/{seed} can be resumed") == 1 for seed in (1, 2)), said
        done = [len(rows(path)) for path in progress]
        assert all(0 < n < 100000 for n in done) and not children(os.getpid(), "train")
        suite = write(folder, SUITE.replace("env_steps: 2500, iterations: 50", f"iterations: {max(done) + 5}"), "long.yaml")
        mpirun(2, "suite", "run", suite, "-o", out, "--only", "point/maml")
        assert [len(rows(path)) for path in progress] == [max(done) + 5] * 2


def tunes(kshot, folder):
    words = ["tune", POINT, *SMALL, *SEARCH, "--trials", 5, "--halvings", 2, "--tasks", 6]
    said = kshot.done(*words, "-o", f"{folder}/tune1")
    for processes in (3,):
        out = f"{folder}/tune{processes}"
        there = mpirun(processes, *words, "-o", out)[0]
        assert there == said.replace("/tune1/", f"/tune{processes}/"), there
        ours, theirs = files(f"{folder}/tune1"), files(out)
        assert ours == theirs, [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    # a trial that breaks down is the worst, and said once
    words = ["tune", POINT, *SMALL, "-s", "iterations=6", "--search", "inner.lr=0.1,1000", "--trials", 2, "--tasks", 6]
    kshot.done(*words, "-o", f"{folder}/broken1")
    _, errors, _ = mpirun(2, *words, "-o", f"{folder}/broken2")
    assert content(f"{folder}/broken1/trials.csv") == content(f"{folder}/broken2/trials.csv")
    broken = [row for row in rows(f"{folder}/broken1/trials.csv") if row["score_6_iterations"] == "-inf"]
    assert len(errors) == len(broken), (errors, broken)
    # another search in its folder ends all
    _, errors, _ = mpirun(2, *words, "--seed", 7, "-o", f"{folder}/broken2", code=2)
    assert len(errors) == 1 and "-o names another folder" in errors[0], errors


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (same, searches, one_fails, stopped, tunes):
            test(kshot, folder)
            print("ok", test.__name__)


if __name__ == "__main__":
    main()
