#!/usr/bin/env python3
"""test_watch.py KSHOT: the page of `kshot watch` in a terminal of our own: frames, other sizes, keys, what it leaves behind; and
without a terminal, once or line by line."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from kshot_cli import CONFIGS, SMALL, Kshot, memory_folder, settings

ENVIRONMENT = {**{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES", "LC_ALL", "LC_CTYPE")},
               "TERM": "xterm", "LANG": "C.UTF-8"}
HEAD = "iteration,mse_0,mse_1,outer_loss,gradient_norm,sampling_s,update_s\n"
LONG = 300000  # rows that take more than a tenth of a second to read
BRAILLE = re.compile("[\u2801-\u28ff]")


class Terminal:
    def __init__(self, words, rows=24, columns=80, **environment):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        self.text = ""
        self.size(rows, columns)
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env={**ENVIRONMENT, **environment},
                                        start_new_session=True)

    def size(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def key(self, letters):
        os.write(self.master, letters)

    def until(self, accepts):
        """Reads until a whole frame, without escape sequences, is as wanted."""
        deadline = time.time() + 30
        while time.time() < deadline:
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 65536).decode(errors="replace")
            frames = self.text.split("\x1b[H")[1:]
            whole = [f for f in frames if "\x1b[J" in f]
            if whole:
                frame = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", whole[-1].split("\x1b[J")[0]).replace("\r", "")
                if accepts(frame):
                    return frame
        raise AssertionError(f"no such frame: {self.text[-2000:]}")

    def left(self):
        """It has ended in good order, and the terminal is as it was."""
        assert self.process.wait(timeout=30) == 0
        while select.select([self.master], [], [], 0.2)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace")
        assert self.text.rstrip().endswith("\x1b[?25h\x1b[?1049l"), self.text[-100:]
        assert termios.tcgetattr(self.slave) == self.before
        os.close(self.master)
        os.close(self.slave)


def fits(frame, rows, columns):
    lines = frame.rstrip("\n").split("\n")
    assert len(lines) < rows and max(map(len, lines)) <= columns, (rows, columns, frame)


def page(kshot, run, waiting):
    terminal = Terminal(kshot.command("watch", run, waiting))
    frame = terminal.until(lambda f: "waiting" in f)
    fits(frame, 24, 80)
    assert "q leaves" in frame and "done" in frame and "40/40" in frame and "mse" in frame and BRAILLE.search(frame), frame
    assert re.search(r"[\u2801-\u28ff] *1$", frame, re.M), f"the curve has its number: {frame}"
    assert "\x1b[36m" in terminal.text
    for rows, columns in ((40, 120), (10, 40), (3, 12), (2, 5)):
        terminal.size(rows, columns)
        fits(terminal.until(lambda f: len(f.split("\n")[0]) <= columns if columns < 80 else len(f.split("\n")[0]) == columns), rows, columns)
    terminal.size(24, 80)
    os.mkdir(waiting)  # the second run begins, with half a line, then goes on
    with open(f"{waiting}/progress.csv", "w") as file:
        file.write(HEAD[:20])
        file.flush()
        file.write(HEAD[20:] + "0,4,3,3,1,0,0.1\n1,4,nan,3")
        file.flush()
        terminal.until(lambda f: re.search(r"^2 .*stopped +1 ", f, re.M))
        file.write(",1,0,0.1\n2,inf,2,2,1,0,0.1\n")
        file.flush()
        terminal.until(lambda f: re.search(r"^2 .*stopped +3 +mse inf -> 2", f, re.M))
        file.write("3,a,2\n")
    terminal.until(lambda f: "damaged" in f and "progress.csv:5" in f)
    terminal.key(b"x")
    assert terminal.process.poll() is None
    terminal.key(b"q")
    terminal.left()


def leaving(kshot, run):
    for way in (b"\x03", b"Q", signal.SIGTERM, signal.SIGINT):
        terminal = Terminal(kshot.command("watch", run), NO_COLOR="1")
        terminal.until(lambda f: "done" in f)
        assert not re.search(r"\x1b\[3\dm", terminal.text), "colours"
        if isinstance(way, bytes):
            terminal.key(way)
        else:
            terminal.process.send_signal(way)
        terminal.left()


def alive(kshot, folder):
    run = f"{folder}/alive"
    words = [f"{CONFIGS}/point.yaml", *SMALL, *settings(iterations=100000, checkpoint_every=100000), "-j", 1]
    training = subprocess.Popen(kshot.command("train", *words, "-o", run), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    terminal = Terminal(kshot.command("watch", run), columns=120)
    frame = terminal.until(lambda f: "running" in f and "return" in f and " left" in f)
    done = int(re.search(r"(\d+)/100000", frame).group(1))
    terminal.until(lambda f: int(re.search(r"(\d+)/?", f.split("running")[1]).group(1)) > done)
    training.kill()
    training.wait()
    terminal.until(lambda f: "killed" in f)
    terminal.key(b"q")
    terminal.left()


def without(kshot, run, folder):
    env = {**ENVIRONMENT, "COLUMNS": "60", "LINES": "12"}
    frame = kshot.done("watch", "--once", run, env=env)
    fits(frame, 12, 60)
    assert "\x1b" not in frame and BRAILLE.search(frame) and "q leaves" not in frame, frame
    plain = kshot.done("watch", "--once", run, env={**env, "LANG": "C"})
    assert not BRAILLE.search(plain) and "|" in plain and plain.isascii(), plain
    lines = kshot.done("watch", run, env=env)
    assert re.fullmatch(rf"{run}  done  40/40  mse \S+ -> \S+  .*maml on sinusoid, seed 1\n", lines), lines
    dumb = Terminal(kshot.command("watch", run), TERM="dumb")
    assert dumb.process.wait(timeout=30) == 0
    assert os.read(dumb.master, 65536).decode().replace("\r", "") == lines
    assert "waiting" in kshot.done("watch", "--once", f"{folder}/nowhere", env=env)
    reader = subprocess.Popen(kshot.command("watch", f"{folder}/nowhere"), stdout=subprocess.PIPE, env=env)
    assert b"waiting" in reader.stdout.readline()
    reader.stdout.close()
    reader.wait(timeout=30)  # nobody reads it any more
    kshot.refused(2, ["config.yaml", "run directories"], "watch", f"{run}/config.yaml", env=env)
    kshot.refused(2, ["RUN"], "watch", env=env)


def ended(kshot, run):
    """A run that ends while a long file is not read again is done all the same, not stopped. Its lock is ours."""
    kshot.done("train", f"{CONFIGS}/sinusoid.yaml", *settings(iterations=1), "-j", 1, "-o", run)
    with open(f"{run}/config.yaml") as file:
        config = file.read()
    with open(f"{run}/config.yaml", "w") as file:
        file.write(config.replace("iterations: 1 ", f"iterations: {LONG} "))
    with open(f"{run}/progress.csv", "w") as file:
        file.write(HEAD + "".join(f"{i},4,3,3,1,0,0.1\n" for i in range(LONG - 1)))
    with open(f"{run}/.kshot.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # AddressSanitizer's strict checks measure the rest of the file for every number
        env = {**ENVIRONMENT, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:strict_string_checks=0"}
        watch = subprocess.Popen(kshot.command("watch", run), stdout=subprocess.PIPE, text=True, env=env)
        first = watch.stdout.readline()
        with open(f"{run}/progress.csv", "a") as file:
            file.write(f"{LONG - 1},4,3,3,1,0,0.1\n")
        os.remove(lock.name)
    rest = watch.communicate(timeout=60)[0].splitlines()
    assert f"  running  {LONG - 1}/{LONG}  " in first and len(rest) == 1 and f"  done  {LONG}/{LONG}  " in rest[0], (first, rest)


def odd(kshot, folder):
    """Ten runs, letters of several bytes, and numbers that no training writes."""
    runs = [f"{folder}/läuft-{i}" for i in range(11)]
    for run in runs:
        os.mkdir(run)
        with open(f"{run}/progress.csv", "w") as file:
            file.write(HEAD + "0,4,3,3,1,0,0.1\n")
    for text, count in (("1e300,4,3,3,1,0,0.1", r"\d+"), ("-1e300,4,3,3,1,0,0.1", "0")):
        with open(f"{runs[0]}/progress.csv", "w") as file:
            file.write(f"{HEAD}{text}\n")
        shown = kshot.done("watch", "--once", runs[0], env=ENVIRONMENT)
        assert re.search(rf"stopped  {count}  ", shown), shown
    with open(f"{runs[0]}/progress.csv", "w") as file:
        file.write(HEAD + "nothing\n")
    for columns in range(12, 60):
        frame = kshot.done("watch", "--once", *runs, env={**ENVIRONMENT, "LINES": "40", "COLUMNS": str(columns)})
        fits(frame, 40, columns)
    assert re.search(r"^9  \S*läuft-8 .*\n10 \S*läuft-9 ", frame, re.M), frame


def main():
    kshot = Kshot(sys.argv[1])
    with memory_folder() as folder:
        run = f"{folder}/sinusoid"
        kshot.done("train", f"{CONFIGS}/sinusoid.yaml", *settings(iterations=40), "-j", 1, "-o", run)
        page(kshot, run, f"{folder}/later")
        leaving(kshot, run)
        alive(kshot, folder)
        without(kshot, run, folder)
        ended(kshot, f"{folder}/ended")
        odd(kshot, folder)


main()
