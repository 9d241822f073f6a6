#!/usr/bin/env python3
"""test_faults.py KSHOT FAULTS.so: whatever allocation or system call fails, a command ends by itself with an exit code of the
interface and one line that says why, leaves no temporary file, and loses nothing: outputs are the old or the new ones, whole, and
a training run can be resumed to the same bytes.

Allocations fail through the preloaded faults.c, system calls through strace. Tried is a sample, another one for each FAULTS=NUMBER
in the environment; FAULTS=all tries every one, which takes an hour."""

import collections
import concurrent.futures
import os
import random
import re
import shutil
import signal
import subprocess
import sys

from image_patterns import Patterns, linear_model
from kshot_cli import CONFIGS, HERE, Kshot, content, memory_folder, same_run, settings

CODES = (0, 1, 2, 130)
TIME = 60  # s that a command, which takes a second at most, may work, or do nothing at all
LOOK = 2  # s between looks at what it does
LONGEST = 1800  # s, on however busy a machine
SAMPLE = 12  # faults of a kind and a command
SMALL = settings(tasks=2, trajectories=2, horizon=10, policy__hidden="[4]", checkpoint_every=1)
SAMPLING = ["--trajectories", 2, "--horizon", 10, "-j", 1]

# what a system call may fail with; calls that are not here cannot fail, or nobody would notice
ERRORS = {
    "openat": ["EACCES", "EMFILE"], "read": ["EIO"], "pread64": ["EIO"], "write": ["ENOSPC"], "writev": ["ENOSPC"],
    "pwrite64": ["ENOSPC"], "fsync": ["EIO"], "close": ["EIO"], "rename": ["EACCES"], "renameat2": ["EACCES"],
    "linkat": ["EPERM"], "mkdir": ["ENOSPC"], "ftruncate": ["EIO"], "lseek": ["EIO"], "newfstatat": ["EACCES"],
    "fchmod": ["EPERM"], "fchmodat": ["EPERM"], "unlink": ["EACCES"], "unlinkat": ["EACCES"], "getdents64": ["EIO"],
    "flock": ["ENOLCK"], "access": ["EACCES"], "readlink": ["EACCES"], "pipe2": ["EMFILE"], "clone": ["EAGAIN"],
    "clone3": ["EAGAIN"], "vfork": ["EAGAIN"], "wait4": ["EINTR"], "poll": ["EINTR"], "mmap": ["ENOMEM"],
}
# not a call of the command's, and: a descriptor whose closing only seems to fail stays open, and its reader would wait for ever
EXCEPT = r"/faults/main|^close\(.*(pipe|socket):"
# a driver's files, threads and memory, which it does not ask for twice
DRIVERS = r"CLONE_THREAD|^mmap|/(usr|lib|dev|sys|proc|etc)/|drirc|mesa|memfd|shader_cache"
LOCK = ".kshot.lock"  # of a run that came to no orderly end: nobody holds it, and it does no harm
REMOVES = ("unlink", "unlinkat")  # where these fail, a temporary file may stay


class Case:
    """A command, started in a copy of the folder `template`, and the files that it writes. With `run`, it trains into that."""

    def __init__(self, name, template, arguments, outputs=(), run=None, draws=False):
        self.name, self.template, self.arguments, self.outputs, self.run = name, template, arguments, outputs, run
        self.draws = draws  # by a driver of OpenGL, whose own faults are not ours
        self.reference = None  # the folder after the command has done its work


Fault = collections.namedtuple("Fault", "case environment inject text memory")


def files(folder):
    return {os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names}


def templates(kshot, folder):
    """Folders with what the commands need, old outputs among it."""
    empty, made = f"{folder}/empty", f"{folder}/made"
    os.makedirs(empty)
    kshot.done("train", f"{CONFIGS}/point.yaml", *SMALL, *settings(iterations=2), "-o", f"{made}/point", "-j", 1)
    kshot.done("train", f"{CONFIGS}/half-cheetah-vel.yaml", *SMALL, *settings(iterations=1), "-o", f"{made}/cheetah", "-j", 1)
    kshot.done("eval", f"{made}/point", "--tasks", 3, "--steps", 1, *SAMPLING, "-o", f"{made}/in.csv")
    for name in ("out.csv", "out.svg", "out.png", "out.mp4", "out.safetensors", "out.md"):
        with open(f"{made}/{name}", "w") as file:
            file.write("old\n")
    with open(f"{made}/goals.csv", "w") as file:
        file.write("0.1,0.2\n-0.3,0.4\n")
    for name, image in (("train/a/1.png", "image/rgba.png"), ("train/b/1.jpg", "image/colour.jpg"), ("test/c/1.png", "image/bits.png")):
        os.makedirs(os.path.dirname(f"{made}/set/{name}"), exist_ok=True)
        shutil.copy(f"{HERE}/fuzz/corpus/{image}", f"{made}/set/{name}")
    shutil.make_archive(f"{made}/set", "zip", f"{made}/set")
    return empty, made


def make_cases(kshot, folder):
    empty, made = templates(kshot, folder)
    point = [f"{CONFIGS}/point.yaml", *SMALL, "-j", 1, "-s", "iterations=3"]
    cases = [
        Case("train", empty, ["train", *point, "-o", "new/run"], run="new/run"),
        Case("train --resume", made, ["train", *point, "-o", "point", "--resume"], run="point"),
        Case("train --force", made, ["train", *point, "-o", "point", "--force"], run="point"),
        Case("eval", made, ["eval", "point", "--goals", "goals.csv", "--steps", 1, *SAMPLING, "-o", "out.csv", "--force"], ["out.csv"]),
        Case("eval, physics", made, ["eval", "cheetah", "--tasks", 2, "--steps", 1, *SAMPLING]),
        Case("rollout", made, ["rollout", "cheetah", *SAMPLING, "-o", "out.safetensors", "--force"], ["out.safetensors"]),
        Case("info", made, ["info", "cheetah/checkpoint.safetensors"]),
        Case("info, zip file", made, ["info", "set.zip"]),
        Case("info, images", made, ["info", "--json", "set"]),
        Case("plot", made, ["plot", "in.csv", "-o", "out.svg", "--force"], ["out.svg"]),
        Case("plot, runs", made, ["plot", "point", "-o", "out.svg", "--force"], ["out.svg"]),
        Case("plot, table", made, ["plot", "in.csv", "--paper", "point", "-o", "out.md", "--force"], ["out.md"]),
    ]
    if "record" in kshot.done("--help"):
        show = ["--trajectories", 2, "--length", 4, "--steps", 1, "-j", 1, "--size", "160x120", "--force"]
        patterns = Patterns(f"{made}/patterns", 8, classes=2, images=2)
        linear_model(kshot, patterns, f"{made}/linear", images__ways=2)
        images = ["linear/policy.safetensors", "--data", "patterns", "--steps", 1, "--size", "160x120", "--force"]
        cases += [
            Case("record, images", made, ["record", *images, "-o", "out.png"], ["out.png"], draws=True),
            Case("record, sheet", made, ["record", "point", *show, "-o", "out.png"], ["out.png"], draws=True),
            Case("record, video", made, ["record", "point", *show, "--fps", 4, "-o", "out.mp4"], ["out.mp4"], draws=True),
        ]
    return cases


def start(kshot, case, work, prefix=(), **environment):
    shutil.copytree(case.template, work)
    process = subprocess.Popen([*prefix, *kshot.command(*case.arguments)], cwd=work, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                               env={**os.environ, **environment}, start_new_session=True)
    errors = ended(process)
    return subprocess.CompletedProcess(process.args, process.returncode, stderr=errors)


def activity(session):
    """Seconds of processor time that a session's processes have used, and whether one of them could use more just now."""
    seconds, ready = 0, False
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[3]) == session:
            seconds += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # its own, and its children's that have ended
            ready = ready or fields[0] == "R"
    return seconds, ready


def ended(process):
    """What it says on stderr, as soon as it has ended. It hangs if it works without end, or waits and nothing comes; not if a busy
    machine lets it wait for a processor."""
    idle, before, looks = 0, -1, 0
    while True:
        try:
            return process.communicate(timeout=LOOK)[1]
        except subprocess.TimeoutExpired:
            worked, ready = activity(process.pid)
            idle = 0 if ready or worked > before else idle + LOOK
            before, looks = worked, looks + 1
            if worked > TIME or idle > TIME or looks * LOOK > LONGEST:
                os.killpg(process.pid, signal.SIGKILL)  # not strace alone
                process.communicate()
                raise


# ---- what can fail ---------------------------------------------------------------------------------------------------------------


def pick(chance, sample, everything):
    """A part of them: the first few, which are rare kinds often, and some of the rest."""
    if sample is None or len(everything) <= sample:
        return everything
    first = everything[: sample // 4]
    return first + chance.sample(everything[sample // 4 :], sample - len(first))


def memory_faults(kshot, case, folder, preload, chance, sample):
    count_file = f"{folder}/count"
    case.reference = f"{folder}/reference-{case.name}"
    environment = {"LD_PRELOAD": preload, **({"FAULTS_CALLERS": kshot.path} if case.draws else {})}
    result = start(kshot, case, case.reference, FAULTS_COUNT=count_file, **environment)
    assert result.returncode == 0, f"{case.name}: {result.stderr}"
    numbers = list(range(1, int(content(count_file)) + 1))
    for name, part in (("FAULTS_AT", sample), ("FAULTS_FROM", sample and sample // 2)):
        for n in pick(chance, part, numbers):
            text = f"allocation {n}{' and all after it' if name == 'FAULTS_FROM' else ''} of {len(numbers)}"
            yield Fault(case, {**environment, name: str(n)}, None, text, True)


def call_faults(kshot, case, folder, preload, chance, sample):
    """System calls of the main thread since main began; strace counts each kind from the start of the process."""
    trace = f"{folder}/trace"
    names = ",".join(ERRORS)
    result = start(kshot, case, f"{folder}/traced-{case.name}", ["strace", "-qq", "-y", "-o", trace, "-e", f"trace={names}",
                                                               "-E", f"LD_PRELOAD={preload}"])
    assert result.returncode == 0, f"{case.name} under strace: {result.stderr}"
    counts, seen, begun = collections.Counter(), collections.defaultdict(list), False
    for line in content(trace).decode(errors="replace").splitlines():
        name = re.match(r"\w+", line)
        if name:
            counts[name.group()] += 1
            begun = begun or "/faults/main" in line
            if begun and not re.search(EXCEPT, line) and not (case.draws and re.search(DRIVERS, line)):
                seen[name.group()].append((counts[name.group()], line))
    for name, calls in seen.items():
        for number, line in pick(chance, sample and max(2, sample // 3), calls):
            for error in ERRORS[name]:
                yield Fault(case, {"LD_PRELOAD": preload}, f"inject={name}:error={error}:when={number}",
                            f"{error} of {line[:100]}", False)


# ---- what must hold --------------------------------------------------------------------------------------------------------------


def errors_of(result):
    return [line for line in result.stderr.splitlines() if line.startswith("kshot: ") and not line.startswith("kshot: warning: ")]


def check_said(fault, result):
    assert result.returncode in CODES, f"exit code {result.returncode}: {result.stderr[-300:]!r}"
    said = errors_of(result)
    if fault.inject and "write(2" in fault.text:
        return
    assert len(said) == (result.returncode != 0), f"exit code {result.returncode}, {len(said)} errors: {result.stderr[-300:]!r}"
    if fault.memory and said:
        assert "memory" in said[0].lower(), f"exit code {result.returncode}: {said[0]!r}"


def check_files(fault, result, work):
    case = fault.case
    removing = fault.inject and fault.inject.split("=")[1].split(":")[0] in REMOVES
    surplus = {name for name in files(work) - files(case.template) - files(case.reference) if os.path.basename(name) != LOCK}
    surplus = {name for name in surplus if f"what was to go there is in {name}" not in result.stderr}
    assert not surplus or removing, f"left behind: {surplus}"
    for name in case.outputs:
        now, new = content(f"{work}/{name}"), content(f"{case.reference}/{name}")
        assert now == new or (result.returncode != 0 and now == content(f"{case.template}/{name}")), f"{name} is lost"


def check_run(kshot, fault, work):
    """What is left of a run goes on to the same end; if it had not begun yet, from the start."""
    case = fault.case
    again = [word for word in case.arguments if word not in ("--resume", "--force")]
    begun = os.path.exists(f"{work}/{case.run}/config.yaml")
    kshot.done(*again, "--resume" if begun else "--force", cwd=work)
    same_run(f"{case.reference}/{case.run}", f"{work}/{case.run}")


def attempt(kshot, folder, number, fault):
    work = f"{folder}/work{number}"
    trace = f"{work}.trace"
    prefix = []
    environment = fault.environment
    if fault.inject:
        prefix = ["strace", "-qq", "-y", "-o", trace, "-e", fault.inject, "-E", f"LD_PRELOAD={environment['LD_PRELOAD']}"]
        environment = {}
    try:
        result = start(kshot, fault.case, work, prefix, **environment)
        check_said(fault, result)
        check_files(fault, result, work)
        if fault.case.run:
            check_run(kshot, fault, work)
        return None
    except subprocess.TimeoutExpired:
        return f"{fault.case.name}: {fault.text}: hangs"
    except AssertionError as error:
        return f"{fault.case.name}: {fault.text}: {error}"
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if os.path.exists(trace):
            os.remove(trace)


def main():
    kshot, preload = Kshot(os.path.abspath(sys.argv[1])), os.path.abspath(sys.argv[2])
    wanted = os.environ.get("FAULTS", "1")
    only = os.environ.get("FAULTS_CASE", "")
    sample = None if wanted == "all" else SAMPLE
    chance = random.Random(wanted)
    with memory_folder() as folder:
        faults = []
        for case in make_cases(kshot, folder):
            if only in case.name:
                faults += memory_faults(kshot, case, folder, preload, chance, sample)
                faults += call_faults(kshot, case, folder, preload, chance, sample)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = [text for text in pool.map(lambda pair: attempt(kshot, folder, *pair), enumerate(faults)) if text]
    print("\n".join(found))
    print(f"{len(faults)} faults, {len(found)} with a finding")
    sys.exit(bool(found))


main()
