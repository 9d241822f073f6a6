#!/usr/bin/env python3
"""test_signals.py KSHOT [TIMES]: whatever asks a training to end leaves a run that goes on to the same bytes; and whether its progress
can be told is nothing to it. TIMES: of each signal, at moments of chance (by hand: 100)."""

import fcntl
import os
import pty
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

from kshot_cli import CONFIGS, SMALL, Kshot, rows, same_run, settings

POINT = f"{CONFIGS}/point.yaml"
RUN = [POINT, *SMALL, "-j", 1]
ENDLESS = settings(iterations=1000000, checkpoint_every=1000000)
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU]
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 2


def reset(ignored=()):
    """For the child: signals as a terminal has them."""
    for number in [*SIGNALS, signal.SIGPIPE]:
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)


def start(kshot, run, *words, ignored=(), **streams):
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen(kshot.command("train", *RUN, "-o", run, *words), text=True, preexec_fn=lambda: reset(ignored), **streams)


def await_rows(run, count):
    """Until so many iterations are done; progress.csv says so, whatever becomes of stderr."""
    for _ in range(3000):
        if os.path.exists(f"{run}/progress.csv") and len(rows(f"{run}/progress.csv")) >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{run}: no {count} iterations in half a minute")


def goes_on(kshot, folder, run):
    """The run has a checkpoint of all that it has done, and goes on to what an uninterrupted one comes to."""
    assert os.path.exists(f"{run}/checkpoint.safetensors"), os.listdir(run)
    goal = settings(iterations=len(rows(f"{run}/progress.csv")) + 2, checkpoint_every=1000000)
    result = kshot("train", *RUN, "-o", run, "--resume", *goal)
    assert result.returncode == 0 and sum(line.startswith("iteration ") for line in result.stderr.splitlines()) == 2, result.stderr
    shutil.rmtree(f"{folder}/through", ignore_errors=True)
    kshot.done("train", *RUN, "-o", f"{folder}/through", *goal)
    same_run(f"{folder}/through", run)
    shutil.rmtree(run)


def each(kshot, folder):
    random.seed(7)
    run = f"{folder}/each"
    for number in SIGNALS:
        for _ in range(TIMES):
            process = start(kshot, run, *ENDLESS)
            process.stderr.readline()  # the header: it has begun
            time.sleep(random.uniform(0, 0.1))
            for _ in range(1 if number == signal.SIGINT else random.choice((1, 2, 5))):  # schedulers insist
                process.send_signal(number)
            said = process.communicate(timeout=60)[1].splitlines()
            assert process.returncode == 130 and said[-1].startswith("kshot: interrupted after "), (number, process.returncode, said[-1:])
            goes_on(kshot, folder, run)


def twice(kshot, folder):
    """A second Ctrl-C ends at once; one that came with the first, as timeout(1) sends them, does not. As SIGKILL does, it leaves the
    last checkpoint."""
    run = f"{folder}/twice"
    process = start(kshot, run, *ENDLESS)
    await_rows(run, 1)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)  # or the kernel makes one of them
    assert process.wait(60) == 130
    process.stderr.close()
    goes_on(kshot, folder, run)
    long = settings(tasks=400, trajectories=100, horizon=200)
    process = start(kshot, run, *ENDLESS, *long)
    process.stderr.readline()
    time.sleep(0.3)  # the first iteration is under way
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(2) == -signal.SIGINT, "within an iteration of some seconds"
    process.stderr.close()
    shutil.rmtree(run)


def ignored(kshot, folder):
    """What was ignored when it began, as nohup and shells in the background have it, stays so."""
    run = f"{folder}/ignored"
    process = start(kshot, run, *settings(iterations=60, checkpoint_every=1000000), ignored=SIGNALS)
    await_rows(run, 1)
    for number in SIGNALS:
        process.send_signal(number)
    assert process.wait(60) == 0, process.stderr.read()
    process.stderr.close()
    goes_on(kshot, folder, run)


def closed_streams(kshot, folder):
    """Closed descriptors become nobody else's: no message lands in a file."""
    for closed in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-", "<&-", "<&- 2>&-"):
        run = f"{folder}/closed"
        line = f'exec "$@" {closed}'
        words = kshot.command("train", *RUN, "-o", run, *settings(iterations=5, checkpoint_every=2))
        result = subprocess.run(["sh", "-c", line, "sh", *words], capture_output=True, timeout=60)
        assert result.returncode == 0, (closed, result)
        goes_on(kshot, folder, run)
        for command in (["envs"], ["train", "--bogus"]):
            result = subprocess.run(["sh", "-c", line, "sh", *kshot.command(*command)], timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert result.returncode == (0 if command == ["envs"] else 2), (closed, command, result)


def readers_gone(kshot, folder):
    """Nobody reads stderr any more, or stdout, or the disk behind them is full: the run goes on to its end."""
    for streams in ("stderr", "stdout", "both", "full"):
        run = f"{folder}/gone"
        read, write = os.pipe()
        out = {"stderr": {"stderr": write}, "stdout": {"stdout": write, "stderr": subprocess.DEVNULL},
               "both": {"stdout": write, "stderr": write}, "full": {"stderr": open("/dev/full", "w")}}[streams]
        process = start(kshot, run, *settings(iterations=30, checkpoint_every=1000000), **out)
        os.close(write)
        os.close(read)
        assert process.wait(60) == 0, streams
        goes_on(kshot, folder, run)


def nobody_reads(kshot, folder):
    """A reader that has stopped reading, as a pager does, does not stop the training; and what it stops at last is not lost."""
    run = f"{folder}/pager"
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    process = start(kshot, run, *ENDLESS, stderr=write)
    os.close(write)
    await_rows(run, 200)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    os.close(read)  # the last message of all is waited for
    assert process.wait(60) == 130
    goes_on(kshot, folder, run)


def tee(kshot, folder):
    """Ctrl-C in a terminal goes to the whole pipeline, and tee is dead before we say our last."""
    run = f"{folder}/tee"
    words = kshot.command("train", *RUN, "-o", run, *ENDLESS)
    process = subprocess.Popen(["bash", "-c", '"$@" 2>&1 | tee /dev/null | head -3 > /dev/null', "bash", *words],
                               preexec_fn=lambda: (os.setsid(), reset()))
    await_rows(run, 20)  # head has long gone
    os.killpg(process.pid, signal.SIGINT)
    process.wait()
    for _ in range(1000):
        if os.path.exists(f"{run}/checkpoint.safetensors") and not os.path.exists(f"{run}/.kshot.lock"):
            break
        time.sleep(0.01)
    goes_on(kshot, folder, run)


def short_output(kshot, folder):
    """`| head` on the other commands: no hanging, no message, and the file of -o is whole."""
    run, csv = f"{folder}/short", f"{folder}/eval.csv"
    kshot.done("train", *RUN, "-o", run, "-s", "iterations=1")
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(kshot.command("eval", run, "--tasks", 3, "-o", csv), stdout=write, stderr=subprocess.PIPE, text=True,
                            timeout=60, preexec_fn=reset)
    os.close(write)
    assert result.returncode == 1 and result.stderr == "", result
    kshot.done("eval", run, "--tasks", 3, "-o", f"{folder}/whole.csv")
    assert rows(csv) == rows(f"{folder}/whole.csv")
    with open("/dev/full", "w") as full:
        result = subprocess.run(kshot.command("envs"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 1 and result.stderr == "kshot: cannot write to standard output\n", result


def on_terminal(kshot, folder, columns=80, **variables):
    """What a training says on a terminal."""
    shutil.rmtree(f"{folder}/terminal", ignore_errors=True)
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {k: v for k, v in {**os.environ, "TERM": "xterm", "NO_COLOR": "", **variables}.items() if v is not None}
    process = subprocess.Popen(kshot.command("train", *RUN, "-o", f"{folder}/terminal", *settings(iterations=4, inner__steps=6)),
                               stdin=other, stdout=other, stderr=other, env=environment)
    os.close(other)
    said = b""
    try:
        while part := os.read(main, 65536):
            said += part
    except OSError:
        pass  # the other side is closed
    os.close(main)
    assert process.wait() == 0, said
    return said.decode()


def terminals(kshot, folder):
    for columns in (40, 80, 200):
        said = on_terminal(kshot, folder, columns)
        drawn = [part.split("\r")[0].split("\n")[0] for part in said.split("\r\033[K")[1:]]
        assert len(drawn) == 4 and all(0 < len(part) < columns for part in drawn), said
    for plain in ({"TERM": "dumb"}, {"TERM": None}, {"NO_COLOR": "1"}):
        said = on_terminal(kshot, folder, **plain)
        lines = [line for line in said.split("\r\n") if line.startswith("iteration ")]
        assert "\033" not in said and len(lines) == 4 and all(len(line) < 80 for line in lines), said
    result = kshot("train", *RUN, "-o", f"{folder}/plain", *settings(iterations=4, inner__steps=6))
    assert "\033" not in result.stderr and all(len(line) < 80 for line in result.stderr.splitlines() if line.startswith("iteration "))


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (each, twice, ignored, closed_streams, readers_gone, nobody_reads, tee, short_output, terminals):
            test(kshot, folder)
            print("ok", test.__name__, flush=True)


main()
