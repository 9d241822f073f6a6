#!/usr/bin/env python3
"""test_one_writer.py KSHOT [TIMES]: a run directory has one writer; who comes second is told whose it is, and changes nothing. What is
wrong with a directory is said of the directory. TIMES: how often two are let loose on one directory (by hand: 100)."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from kshot_cli import CONFIGS, SMALL, Kshot, content, rows, same_run, settings

POINT = f"{CONFIGS}/point.yaml"
RUN = [POINT, *SMALL, "-j", 1]
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 3


def start(kshot, run, *words):
    """A training that has just begun."""
    process = subprocess.Popen(kshot.command("train", *RUN, "-o", run, *words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()
    return process


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    said = process.communicate()[1]
    return process.returncode, said


def refused(kshot, folder, reference):
    run = f"{folder}/refused"
    os.symlink(run, f"{folder}/link")
    process = start(kshot, run, "-s", "iterations=100000")
    while not os.path.exists(f"{run}/checkpoint.safetensors"):
        time.sleep(0.01)
    for words in ([], ["--resume"], ["--resume=auto"], ["--force"], ["--force", "-s", "seed=3"]):
        for name in (run, f"{folder}/link", f"{run}/."):
            kshot.refused(2, [name, f"process {process.pid} "], "train", *RUN, "-o", name, *words)
    kshot.done("eval", run, "--tasks", 2, "-o", f"{run}/eval.csv")
    code, said = end(process)
    assert code == 130 and said.splitlines()[-1].startswith("kshot: interrupted"), said
    assert sorted(os.listdir(run)) == sorted([*os.listdir(reference), "eval.csv"]), "a lock was left"
    goal = ["-s", f"iterations={len(rows(f'{run}/progress.csv')) + 3}"]
    kshot.done("train", *RUN, "-o", run, "--resume", *goal)
    kshot.done("train", *RUN, "-o", f"{folder}/through", *goal)
    same_run(f"{folder}/through", run)


def killed(kshot, folder, reference):
    """A killed process holds nothing, though its file is still there."""
    run = f"{folder}/killed"
    end(start(kshot, run, "-s", "iterations=100000"), signal.SIGKILL)
    assert os.path.exists(f"{run}/.kshot.lock")
    kshot.done("train", *RUN, "-o", run, "--force", "-s", "iterations=12")
    same_run(reference, run)
    assert sorted(os.listdir(run)) == sorted(os.listdir(reference))


def let_loose(kshot, folder, reference):
    """Two or three at the same moment, one of them killed perhaps: the directory is always one run's."""
    random.seed(3)
    for attempt in range(TIMES):
        run = f"{folder}/loose"
        shutil.rmtree(run, ignore_errors=True)
        crowd = [subprocess.Popen(kshot.command("train", *RUN, "-o", run, "--resume=auto", "-s", "iterations=12"),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        time.sleep(random.uniform(0, 0.1))
        random.choice(crowd).kill()
        codes = []
        for process in crowd:
            said = process.communicate()[1]
            codes.append(process.returncode)
            assert process.returncode in (0, 2, -9), said
            assert process.returncode != 2 or "is writing it" in said, said
        kshot.done("train", *RUN, "-o", run, "--resume=auto", "-s", "iterations=12")
        same_run(reference, run)


def made_anew(kshot, folder, reference):
    """The directory is removed under a run, and another one begins in its place: the first leaves it alone."""
    run = f"{folder}/anew"
    first = start(kshot, run, "-s", "iterations=1000000", "-s", "checkpoint_every=1000000")
    shutil.rmtree(run)
    kshot.done("train", *RUN, "-o", run, "-s", "iterations=12")
    code, said = end(first)
    assert code == 1 and run in said.splitlines()[-1], said
    same_run(reference, run)


def moved(kshot, folder, reference):
    """The directory gets another name under a run: the run goes on in it, and whatever stands at the old name is left alone."""
    run, there = f"{folder}/moved", f"{folder}/elsewhere"
    first = start(kshot, run, "-s", "iterations=1000000", "-s", "checkpoint_every=1000000")
    os.rename(run, there)
    kshot.refused(2, [there, f"process {first.pid} "], "train", *RUN, "-o", there, "--force")
    kshot.done("train", *RUN, "-o", run, "-s", "iterations=12")
    code, said = end(first)
    assert code == 130 and f"{run} was moved to {there}" in said and f"{there} can be resumed" in said, said
    same_run(reference, run)
    goal = ["-s", f"iterations={len(rows(f'{there}/progress.csv')) + 3}"]
    kshot.done("train", *RUN, "-o", there, "--resume", *goal)
    kshot.done("train", *RUN, "-o", f"{folder}/not-moved", *goal)
    same_run(f"{folder}/not-moved", there)
    assert sorted(os.listdir(there)) == sorted(os.listdir(reference))


def lost_checkpoint(kshot, folder, reference):
    """Policies without their checkpoint are not trained over; without either, there was nothing yet."""
    run = f"{folder}/lost"
    for name in ("policy.safetensors", "best.safetensors"):
        shutil.copytree(reference, run)
        os.remove(f"{run}/checkpoint.safetensors")
        os.remove(f"{run}/{name}")
        before = {file: content(f"{run}/{file}") for file in os.listdir(run)}
        for words in ("--resume", "--resume=auto"):
            kshot.refused(2, [run, "checkpoint.safetensors is missing"], "train", *RUN, "-o", run, "-s", "iterations=12", words)
        assert before == {file: content(f"{run}/{file}") for file in os.listdir(run)}
        shutil.rmtree(run)
    shutil.copytree(reference, run, ignore=shutil.ignore_patterns("*.safetensors"))
    kshot.done("train", *RUN, "-o", run, "-s", "iterations=12", "--resume")
    same_run(reference, run)


def directories(kshot, folder, reference):
    path = f"{folder}/notes.txt"
    with open(path, "w") as file:
        file.write("precious")
    os.symlink("nowhere", f"{folder}/dangling")
    for name in (path, f"{folder}/dangling"):
        for words in ([], ["--force"], ["--resume=auto"]):
            kshot.refused(2, [name], "train", *RUN, "-o", name, *words)
    assert content(path) == b"precious" and os.readlink(f"{folder}/dangling") == "nowhere"
    kshot.refused(2, ["--resume=auto", f"{folder}/none"], "train", *RUN, "-o", f"{folder}/none", "--resume")
    assert not os.path.exists(f"{folder}/none")
    kshot.refused(2, ["--resume=maybe"], "train", *RUN, "-o", f"{folder}/none", "--resume=maybe")


def again_and_again(kshot, folder, reference):
    """What a scheduler does: the same line, whether there is a run or not, and whether it is done or not."""
    run = f"{folder}/again"
    for iterations in (5, 9, 12, 12):
        kshot.done("train", *RUN, "-o", run, "--resume=auto", "-s", f"iterations={iterations}")
    same_run(reference, run)
    kshot.refused(2, ["config.yaml", "tasks"], "train", *RUN, "-o", run, "--resume=auto", "-s", "iterations=12", "-s", "tasks=7")


def missing(kshot, folder, reference):
    """Files of a run that are gone: named if they are needed, and otherwise done without."""
    run = f"{folder}/missing"
    kshot.done("train", *RUN, "-o", run, "-s", "iterations=6")
    os.remove(f"{run}/progress.csv")
    result = kshot("train", *RUN, "-o", run, "-s", "iterations=9", "--resume")
    assert result.returncode == 0 and "no rows before iteration 6" in result.stderr, result.stderr
    kshot.done("train", *RUN, "-o", run, "-s", "iterations=12", "--resume")
    assert [row["iteration"] for row in rows(f"{run}/progress.csv")] == [str(i) for i in range(6, 12)]
    assert content(f"{run}/checkpoint.safetensors") == content(f"{reference}/checkpoint.safetensors")
    lines = content(f"{run}/progress.csv").splitlines(keepends=True)
    with open(f"{run}/progress.csv", "wb") as file:  # a hole is no run of ours
        file.writelines(lines[:3] + lines[4:])
    kshot.refused(2, [f"{run}/progress.csv", "line 4"], "train", *RUN, "-o", run, "-s", "iterations=13", "--resume")
    with open(f"{run}/progress.csv", "wb"):  # nothing at all: killed as the file was begun
        pass
    kshot.done("train", *RUN, "-o", run, "-s", "iterations=13", "--resume")
    os.remove(f"{run}/config.yaml")
    before = content(f"{run}/checkpoint.safetensors")
    for words in ("--resume", "--resume=auto"):
        kshot.refused(2, ["config.yaml", run], "train", *RUN, "-o", run, "-s", "iterations=14", words)
    assert content(f"{run}/checkpoint.safetensors") == before


def mixed(kshot, folder, reference):
    """Rows that were saved by a spreadsheet are rows; files of different runs are not taken for one run's."""
    run = f"{folder}/mixed"
    goal = ["-s", "iterations=14"]
    text = content(f"{reference}/progress.csv").decode()
    kshot.done("train", *RUN, "-o", f"{folder}/unmixed", *goal)
    for as_saved in ("\ufeff" + text.replace("\n", "\r\n"), text.replace("\n", "\n\n"), text + "\n\n"):
        shutil.copytree(reference, run)
        with open(f"{run}/progress.csv", "w", newline="", encoding="utf-8") as file:
            file.write(as_saved)
        kshot.done("train", *RUN, "-o", run, "--resume", *goal)
        with open(f"{run}/progress.csv", encoding="utf-8-sig") as file:
            lines = [line.strip() for line in file if line.strip()]
        assert "\n".join(lines).startswith(text.strip()) and len(lines) == 15, lines
        assert content(f"{run}/checkpoint.safetensors") == content(f"{folder}/unmixed/checkpoint.safetensors")
        shutil.rmtree(run)
    others = {"a": ["-s", "trpo.max_kl=0.02"], "b": ["-s", "inner.lr=0.2"], "c": ["-s", "gamma=0.9"], "d": ["-s", "policy.activation=tanh"]}
    for name, words in others.items():
        kshot.done("train", *RUN, "-o", f"{folder}/other-{name}", *words, "-s", "iterations=12")
        shutil.copytree(reference, run)
        shutil.copy(f"{folder}/other-{name}/checkpoint.safetensors", run)
        before = content(f"{run}/progress.csv")
        kshot.refused(2, [run], "train", *RUN, "-o", run, "--resume", *goal)
        assert content(f"{run}/progress.csv") == before
        shutil.rmtree(run)
    for not_ours in ("notes", "notes\n", "iteration,mine", text[:40] + "\n"):
        shutil.copytree(reference, run)
        with open(f"{run}/progress.csv", "w") as file:
            file.write(not_ours)
        kshot.refused(2, [f"{run}/progress.csv", "line 1"], "train", *RUN, "-o", run, "--resume", *goal)
        assert content(f"{run}/progress.csv").decode() == not_ours
        shutil.rmtree(run)


def launched(kshot, folder, reference):
    """A build for one process that was started as several does not train several times; one of a job of many is alone."""
    run = f"{folder}/launched"
    for variables in ({"OMPI_COMM_WORLD_SIZE": "2"}, {"PMI_SIZE": "2"}, {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1"},
                      {"PMIX_NAMESPACE": "job.1", "PMIX_RANK": "1"},
                      {"PMIX_NAMESPACE": "job.1", "PMIX_RANK": "0", "SLURM_NTASKS": "2"}):
        kshot.refused(1, ["2 processes", "MPI"], "train", *RUN, "-o", run, env={**os.environ, **variables})
        assert not os.path.exists(run)
    for variables in ({"SLURM_NTASKS": "2", "SLURM_PROCID": "0"}, {"SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "1"},
                      {"OMPI_COMM_WORLD_SIZE": "1", "SLURM_STEP_NUM_TASKS": "2", "PMIX_RANK": "0", "PMIX_NAMESPACE": "j"}):
        kshot.done("train", *RUN, "-o", run, "--force", "-s", "iterations=1", env={**os.environ, **variables})


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        reference = f"{folder}/reference"
        kshot.done("train", *RUN, "-o", reference, "-s", "iterations=12")
        for test in (refused, killed, let_loose, made_anew, moved, lost_checkpoint, directories, again_and_again, missing, mixed, launched):
            test(kshot, folder, reference)
            print("ok", test.__name__)


main()
