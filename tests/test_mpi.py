#!/usr/bin/env python3
"""test_mpi.py KSHOT MPIEXEC: a run on several processes is the run on one, byte for byte; it can be stopped, and go on with
another number of processes; tasks that explode are the same for all of them; and where one process fails, all end, with one line that says why."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

from kshot_cli import CONFIGS, SMALL, Kshot, rows, same_run, settings

POINT = f"{CONFIGS}/point.yaml"
RUN = [POINT, *SMALL, *settings(tasks=7, iterations=30, inner__steps=2, inner__sweep=1, trpo__curvature_fraction=0.5, trpo__cg_warm_start=0.9, trpo__kfac_damping=0.01), "-j", "1"]
ANT = [f"{CONFIGS}/ant-vel.yaml", *SMALL, *settings(tasks=5, iterations=2, horizon=60), "-j", "2"]
PROMP = [POINT, *SMALL, *settings(tasks=7, iterations=10, outer="ppo", inner__steps=2, inner__loss="ratio", inner__emaml=0.5), "-j", "1"]
# products too wide for any kernel to keep whole, which a library cuts by the number of rows
WIDE = [f"{CONFIGS}/half-cheetah-vel.yaml",
        *settings(tasks=5, trajectories=20, horizon=25, iterations=2, policy__hidden="[512,512]", trpo__kfac_damping=0),
        "-j", "1"]
LEARNED = [POINT, *SMALL, *settings(tasks=5, iterations=6, inner__steps=2, inner__learned="tensor", inner__per_step="true"), "-j", "1"]
# the limit is of the environment steps of all, those of validation included
VALIDATED = [POINT, *SMALL, *settings(tasks=5, iterations=100, validate_every=3, validation_tasks=7, env_steps=6000), "-j", "1"]
SINUSOID = [f"{CONFIGS}/sinusoid.yaml", *settings(tasks=7, iterations=60, checkpoint_every=20, inner__learned="parameter",
                                                  inner__steps=2, inner__lr=0.01, adam__clip=0.1), "-j", "1"]
# the first one alone knows when to give up
PATIENT = [POINT, *SMALL, *settings(tasks=5, iterations=100, validate_every=2, validation_tasks=5, validate_patience=2, validate_recoveries=2,
                              trpo__max_kl=1), "-j", "1"]
IMAGES = [f"{CONFIGS}/omniglot.yaml", *settings(images__data="strokes", images__train_classes=40, images__validation_classes=20,
                                                images__size=14, policy__filters=8, tasks=7, iterations=30,
                                                checkpoint_every=10, validate_every=10, validation_tasks=30), "-j", "1"]
# an environment of a file, and a model for each world
ROBOT = [f"{CONFIGS}/hopper-rand.yaml", "--env", f"{CONFIGS}/../envs/stable/hopper-rand.yaml", *SMALL,
         *settings(tasks=5, iterations=2, horizon=60), "-j", "2"]
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def command(processes, *words):
    return [sys.argv[2], "--oversubscribe", "-n", str(processes), sys.argv[1], *words]


def mpirun(processes, *words):
    return subprocess.run(command(processes, *words), env=ENVIRONMENT, capture_output=True, text=True, timeout=300)


def ours(text):
    return [line for line in text.splitlines() if line.startswith("kshot: ")]


def await_iteration(process):
    while not process.stderr.readline().startswith("iteration "):  # mpirun may have something to say before
        assert process.poll() is None


def same(kshot, folder):
    runs = (("point", RUN), ("ant", ANT), ("robot", ROBOT), ("wide", WIDE), ("promp", PROMP), ("learned", LEARNED), ("validated", VALIDATED),
            ("patient", PATIENT), ("sinusoid", [*SINUSOID, "-s", "log=tensorboard"]), ("images", IMAGES))
    for name, words in runs:
        kshot.done("train", *words, "-o", f"{folder}/{name}1")
        for processes in (2, 3):
            result = mpirun(processes, "train", *words, "-o", f"{folder}/{name}{processes}")
            assert result.returncode == 0, result.stderr
            lines = [line for line in result.stderr.splitlines() if line.startswith("iteration ")]
            assert len(lines) == len(rows(f"{folder}/{name}1/progress.csv")), "one process alone tells of progress"
            same_run(f"{folder}/{name}1", f"{folder}/{name}{processes}")
            # the first process alone writes them
            events = [file for file in os.listdir(f"{folder}/{name}{processes}") if "tfevents" in file]
            assert len(events) == (name == "sinusoid"), events


def exploding(kshot, folder):
    """Steps that are too long for some tasks, which all processes leave out alike; and for all, which is said once."""
    words = [POINT, *SMALL, *settings(tasks=7, iterations=6, gae_lambda=1, inner__lr=1000, trpo__kfac_damping=0.01), "-j", "1"]
    alone = kshot("train", *words, "-o", f"{folder}/exploding1").stderr
    warnings = [line for line in ours(alone) if "left out" in line]
    assert warnings and all(" of 7 tasks are left out (" in line and "inner.lr: 1000" in line for line in warnings), alone
    for processes in (2, 3):
        result = mpirun(processes, "train", *words, "-o", f"{folder}/exploding{processes}")
        assert [line for line in ours(result.stderr) if "left out" in line] == warnings, result.stderr
        same_run(f"{folder}/exploding1", f"{folder}/exploding{processes}")
        result = mpirun(processes, "train", *words, "-s", "inner.steps=3", "-o", f"{folder}/all{processes}")
        said = [line for line in ours(result.stderr) if "warning" not in line]
        assert result.returncode == 1 and len(said) == 1 and "step size" in said[0] and "inner.lr: 1000" in said[0], result.stderr


def stopped(kshot, folder):
    run = f"{folder}/stopped"
    process = subprocess.Popen(command(2, "train", *RUN, "-s", "iterations=100000", "-o", run), env=ENVIRONMENT,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    await_iteration(process)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    some_more = ["-s", f"iterations={len(rows(f'{run}/progress.csv')) + 5}"]
    result = mpirun(3, "train", *RUN, *some_more, "-o", run, "--resume")
    assert result.returncode == 0, result.stderr
    kshot.done("train", *RUN, *some_more, "-o", f"{folder}/through")
    same_run(f"{folder}/through", run)


def sinusoid_in_parts(kshot, folder):
    """Two processes, stopped, then three, then one: Adam's moments go with the checkpoint."""
    run = f"{folder}/parts"
    process = subprocess.Popen(command(2, "train", *SINUSOID, "-s", "iterations=1000000", "-o", run), env=ENVIRONMENT,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    await_iteration(process)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    done = len(rows(f"{run}/progress.csv"))
    result = mpirun(3, "train", *SINUSOID, "-s", f"iterations={done + 30}", "-o", run, "--resume")
    assert result.returncode == 0, result.stderr
    some_more = ["-s", f"iterations={done + 50}"]
    kshot.done("train", *SINUSOID, *some_more, "-o", run, "--resume")
    kshot.done("train", *SINUSOID, *some_more, "-o", f"{folder}/in-one")
    same_run(f"{folder}/in-one", run)


def refused(kshot, folder):
    for words, code, mention in (
        (["-s", "tasks=2"], 2, "processes"),
        (["-s", "method=pretrain"], 2, "maml"),
        (["-s", "tasks=0"], 2, "tasks"),
    ):
        result = mpirun(3, "train", *RUN, *words, "-o", f"{folder}/refused")
        said = ours(result.stderr)
        assert result.returncode == code and len(said) == 1 and mention in said[0], result.stderr
        assert not os.path.exists(f"{folder}/refused")


def failed(kshot, folder):
    """The first process alone cannot write any more; the others have nothing to write."""
    run = f"{folder}/failed"
    process = subprocess.Popen(command(3, "train", *RUN, "-s", "iterations=100000", "-o", run), env=ENVIRONMENT,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    await_iteration(process)
    shutil.rmtree(run)
    said = ours(process.communicate()[1])
    assert process.returncode == 1 and len(said) == 1 and run in said[0], said


def different(kshot, folder):
    """What the processes are given is compared before anything is done, and said once. Where they write and on how many threads is
    the first one's business, and everyone's own."""
    run, script = f"{folder}/different", f"{folder}/process.sh"
    for words, code, mentions in (
        ("-s seed=9", 2, ["seed is 9 in process 1 and 1 in process 0"]),
        ("-s policy.hidden=[30]", 2, ["policy.hidden is [30] in process 1 and [8] in process 0"]),
        ("-s iterations=2", 2, ["iterations is 2 in process 1 and 30 in process 0"]),
        ("-s tasks=1", 2, ["tasks is 1 in process 1 and 7 in process 0"]),
        ("-s taks=1", 2, ["taks", "tasks"]),
        ("--colour", 2, ["--colour"]),
        (f"-j 2 -o {folder}/elsewhere", 0, []),
    ):
        with open(script, "w") as file:
            file.write(f'[ "$OMPI_COMM_WORLD_RANK" != 1 ] || set -- "$@" {words}\nexec {kshot.path} "$@"\n')
        line = [sys.argv[2], "--oversubscribe", "-n", "3", "sh", script, "train", *RUN, "-o", run]
        result = subprocess.run(line, env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
        said = ours(result.stderr)
        assert result.returncode == code and len(said) == (code != 0), (words, result.returncode, result.stderr)
        assert all(text in said[0] for text in mentions), (words, said)
        assert os.path.exists(run) == (code == 0) and not os.path.exists(f"{folder}/elsewhere")


def one_writer(kshot, folder):
    """A second team, and a process alone, are refused with the first team's leader; all of it ends, and it is said once."""
    run = f"{folder}/one"
    first = subprocess.Popen(command(2, "train", *RUN, "-s", "iterations=100000", "-o", run), env=ENVIRONMENT,
                             stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    await_iteration(first)
    with open(f"{run}/.kshot.lock") as file:
        leader = file.read().split()[0]
    for words in (["--force"], ["--resume"], []):
        result = mpirun(3, "train", *RUN, "-o", run, *words)
        said = ours(result.stderr)
        assert result.returncode == 2 and len(said) == 1 and f"process {leader} " in said[0], result.stderr
    kshot.refused(2, [f"process {leader} "], "train", *RUN, "-o", run, "--force")
    first.send_signal(signal.SIGTERM)
    first.communicate()
    assert mpirun(2, "train", *RUN, "-s", f"iterations={len(rows(f'{run}/progress.csv')) + 1}", "-o", run, "--resume").returncode == 0


def alone_by_mistake(kshot, folder):
    """Processes that a launcher of another kind has started do not find each other: none trains."""
    for variables in ({"PMI_SIZE": "2"}, {"SLURM_STEP_NUM_TASKS": "2"}):
        result = kshot("train", *RUN, "-o", f"{folder}/mistake", env={**ENVIRONMENT, **variables})
        said = ours(result.stderr) # Open MPI may have its own to say of a machine
        assert result.returncode == 1 and len(said) == 1 and "2 processes" in said[0], result.stderr
        assert not os.path.exists(f"{folder}/mistake")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (same, exploding, stopped, sinusoid_in_parts, refused, failed, different, one_writer, alone_by_mistake):
            test(Kshot(sys.argv[1]), folder)
            print("ok", test.__name__)


main()
