#!/usr/bin/env python3
"""test_outputs.py KSHOT [viewer]: what is written, where, and with which rights; what is not touched; and what other programs
that draw for us do wrong. With `viewer`, videos too."""

import csv
import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time

from kshot_cli import CONFIGS, Kshot, children, content, settings

BAD, FAILED, INTERRUPTED = 2, 1, 130
FEW = ["--tasks", 1, "--trajectories", 2, "--steps", 0, "-j", 1]


def write(path, text="old"):
    with open(path, "w") as file:
        file.write(text)
    return path


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def program(folder, name, script):
    """PATH with a shell script of that name before everything else."""
    os.makedirs(folder, exist_ok=True)
    path = write(f"{folder}/{name}", f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)
    return dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}")


class Outputs:
    """All commands that write a file, with `output` in place of -o OUTPUT."""

    def __init__(self, kshot, folder, viewer):
        self.kshot, self.folder, self.viewer = kshot, folder, viewer
        self.run = f"{folder}/run"
        kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, horizon=10, policy__hidden="[4]"), "-o", self.run)
        kshot.done("eval", self.run, *FEW, "-o", f"{folder}/for-plot.csv")

    def commands(self):
        """Pairs of a suffix and the words of a command."""
        small = settings(tasks=2, trajectories=2, horizon=10, policy__hidden="[4]")
        yield "csv", ["eval", self.run, *FEW]
        yield "safetensors", ["rollout", self.run, "--trajectories", 1]
        yield "safetensors", ["audit", f"{CONFIGS}/point.yaml", *small, "-j", 1]
        yield "svg", ["plot", f"{self.folder}/for-plot.csv"]
        yield "md", ["plot", f"{self.folder}/for-plot.csv"]
        if self.viewer:
            show = ["record", self.run, "--steps", 0, "--trajectories", 1, "--length", 2, "--size", "64x64", "--fps", 2]
            yield "mp4", show
            yield "gif", show
            yield "png", show


def links_stay(all_, folder):
    for suffix, words in all_.commands():
        place = tempfile.mkdtemp(dir=folder)
        os.mkdir(f"{place}/store")
        target, link, chain = write(f"{place}/store/there.{suffix}"), f"{place}/link.{suffix}", f"{place}/chain.{suffix}"
        os.symlink(f"store/there.{suffix}", link)
        os.symlink(link, chain)
        os.chmod(target, 0o640)
        all_.kshot.refused(BAD, [chain, "--force"], *words, "-o", chain)
        assert content(target) == b"old"
        all_.kshot.done(*words, "-o", chain, "--force")
        assert os.path.islink(link) and os.path.islink(chain) and content(target) != b"old", words
        assert mode(target) == 0o640, f"{words}: {mode(target):o}"
        dangling = f"{place}/dangling.{suffix}"
        os.symlink(f"store/new.{suffix}", dangling)
        all_.kshot.refused(BAD, [dangling, "--force"], *words, "-o", dangling)
        assert os.path.islink(dangling) and not os.path.exists(dangling)
        all_.kshot.done(*words, "-o", dangling, "--force")
        assert os.path.islink(dangling) and content(dangling), words
        assert sorted(os.listdir(f"{place}/store")) == [f"new.{suffix}", f"there.{suffix}"], "nothing else is left"
        nowhere, circle = f"{place}/nowhere.{suffix}", f"{place}/circle.{suffix}"
        os.symlink(f"none/x.{suffix}", nowhere)
        os.symlink(circle, circle)
        for path in (nowhere, circle):
            all_.kshot.refused(FAILED, [path], *words, "-o", path, "--force")
            assert os.path.islink(path)


def rights_follow_the_umask(all_, folder):
    for mask, rights in ((0o077, 0o600), (0o002, 0o664), (0o022, 0o644)):
        place = tempfile.mkdtemp(dir=folder)
        for i, (suffix, words) in enumerate(all_.commands()):
            path = f"{place}/{i}.{suffix}"
            all_.kshot.done(*words, "-o", path, umask=mask)
            assert mode(path) == rights, f"{words}: {mode(path):o} where {rights:o} is right"
        run = f"{place}/run"
        small = settings(iterations=1, tasks=2, trajectories=2, horizon=5, policy__hidden="[4]")
        all_.kshot.done("train", f"{CONFIGS}/point.yaml", *small, "-o", run, umask=mask)
        for name in os.listdir(run):
            if not name.startswith("."):
                assert mode(f"{run}/{name}") & ~rights == 0, f"{name}: {mode(f'{run}/{name}'):o}"
    policy = f"{run}/policy.safetensors"
    os.chmod(policy, 0o600)
    all_.kshot.done("train", f"{CONFIGS}/point.yaml", *small, "-s", "iterations=2", "-o", run, "--resume", umask=0o022)
    assert mode(policy) == 0o600, "a replaced file keeps its mode"
    if os.getuid() == 0:
        path = write(f"{folder}/owned.csv")
        os.chown(path, 1234, 4321)
        all_.kshot.done("eval", all_.run, *FEW, "-o", path, "--force")
        assert (os.stat(path).st_uid, os.stat(path).st_gid) == (1234, 4321), "and its owner"


def what_is_no_file_is_not_touched(all_, folder):
    for suffix, words in all_.commands():
        place = tempfile.mkdtemp(dir=folder)
        fifo, out, null, proc = (f"{place}/{name}.{suffix}" for name in ("fifo", "out", "null", "proc"))
        os.mkfifo(fifo)
        os.symlink("/proc/self/fd/1", out)
        os.symlink("/dev/null", null)
        os.symlink(out, proc)
        os.mkdir(f"{place}/folder.{suffix}")
        before = {name: os.lstat(f"{place}/{name}") for name in os.listdir(place)}
        for force in ([], ["--force"]):
            for path in (fifo, out, null, proc, f"{place}/folder.{suffix}"):
                all_.kshot.refused(BAD, [path], *words, "-o", path, *force)
            with open(f"{folder}/seen", "w+") as seen:  # descriptor 1 is then a file with a name
                result = subprocess.run(all_.kshot.command(*words, "-o", out, *force), stdout=seen, stderr=subprocess.PIPE, text=True)
            assert result.returncode == BAD and "descriptor" in result.stderr and result.stderr.count("\n") == 1, result
        assert {name: (i.st_ino, i.st_mode) for name, i in before.items()} == {
            name: (os.lstat(f"{place}/{name}").st_ino, os.lstat(f"{place}/{name}").st_mode) for name in os.listdir(place)}


def what_is_read_is_not_written_over(all_, folder):
    """Not even with --force, and not under another name."""
    goals = write(f"{folder}/goals.csv", "0.1,0.2\n")
    policy, config = f"{all_.run}/policy.safetensors", f"{all_.run}/config.yaml"
    drawn = f"{folder}/drawn.svg"
    shutil.copy(f"{folder}/for-plot.csv", drawn)
    cases = [(policy, ["eval", all_.run, *FEW]), (policy, ["rollout", all_.run, "--trajectories", 1]),
             (goals, ["eval", all_.run, *FEW[2:], "--goals", goals]), (config, ["audit", config]),
             (f"{all_.run}/checkpoint.safetensors", ["audit", config, "--from", f"{all_.run}/checkpoint.safetensors"]),
             (drawn, ["plot", f"{folder}/for-plot.csv", drawn])]
    os.symlink(all_.run, f"{folder}/run-too")
    for path, words in cases:
        before = content(path)
        other = f"{folder}/by-another-name.svg"
        os.symlink(path, other)
        for name in (path, other, path.replace(all_.run, f"{folder}/run-too")):
            all_.kshot.refused(BAD, [name, "read"], *words, "-o", name, "--force")
        assert content(path) == before
        os.remove(other)
    if all_.viewer:
        film = f"{folder}/film.png"
        shutil.copy(policy, film)
        all_.kshot.refused(BAD, [film, "read"], "record", film, "-o", film, "--force")


def names_that_do_not_fit(all_, folder):
    suffix, words = next(all_.commands())
    longest = f"{folder}/{'ä' * 125}x.{suffix}"  # 255 bytes: no room for more beside it
    all_.kshot.done(*words, "-o", longest)
    all_.kshot.done(*words, "-o", longest, "--force")
    assert content(longest)
    all_.kshot.refused(FAILED, ["too long"], *words, "-o", f"{folder}/{'x' * 300}.{suffix}")
    all_.kshot.refused(FAILED, ["none", "no such directory"], *words, "-o", f"{folder}/none/a.{suffix}")
    all_.kshot.refused(BAD, ["name of a file"], *words, "-o", f"{folder}/")
    all_.kshot.refused(BAD, ["name of a file"], *words, "-o", "")
    deep = "/".join(["d" * 200] * 15)
    all_.kshot.refused(FAILED, ["cannot write …", "directory"], *words, "-o", f"{folder}/{deep}/a.{suffix}")
    all_.kshot.refused(BAD, ["-o -"], *words, "-o", "-")


def wait_for_work(process):
    """Until it samples, with several threads: outputs have been looked at by then."""
    while len(os.listdir(f"/proc/{process.pid}/task")) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def what_appears_meanwhile_is_kept(all_, folder):
    """Nothing of either is lost: the other's file stays, the table is told, the result is beside it."""
    for count in (1, 2):
        path = f"{folder}/race.csv"
        process = subprocess.Popen(
            all_.kshot.command("eval", all_.run, "--tasks", 500, "--steps", 1, "--horizon", 100, "-j", 2, "-o", path),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for_work(process)
        if count == 1:
            write(path, "of somebody else")
        else:
            os.symlink("none", path)
        told, errors = process.communicate(timeout=600)
        beside = f"{folder}/race.{count}.csv"
        assert process.returncode == FAILED and errors.count("\n") == 1 and beside in errors, (process.returncode, errors)
        assert "gradient steps" in told, told
        with open(beside) as file:
            assert len(list(csv.DictReader(file))) == 1000
        assert os.path.islink(path) if count == 2 else content(path) == b"of somebody else"
        os.unlink(path)


def what_may_not_be_replaced(all_, folder):
    """It is said at once; and if it comes to that while we work, the result is beside it."""
    path = f"{folder}/late.csv"
    words = ["eval", all_.run, "--tasks", 500, "--steps", 1, "--horizon", 100, "-j", 2, "-o", path, "--force"]
    process = subprocess.Popen(all_.kshot.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_work(process)
    os.mkdir(path)
    told, errors = process.communicate(timeout=600)
    assert process.returncode == FAILED and f"{folder}/late.1.csv" in errors and errors.count("\n") == 1, errors
    assert "gradient steps" in told and len(content(f"{folder}/late.1.csv").splitlines()) == 1001 and os.listdir(path) == []
    if os.geteuid() != 0:
        return
    fixed = write(f"{folder}/fixed.csv")
    if shutil.which("chattr") and subprocess.run(["chattr", "+i", fixed], capture_output=True).returncode == 0:
        try:
            all_.kshot.refused(FAILED, [fixed, "not to be changed"], "eval", all_.run, *FEW, "-o", fixed, "--force")
        finally:
            subprocess.run(["chattr", "-i", fixed], check=True)
    else:
        print("skipped: a file that nobody may change (there is no chattr, or no file system for it)")
    os.chmod(folder, 0o755)
    sticky = f"{folder}/sticky"
    os.mkdir(sticky)
    os.chmod(sticky, 0o1777)
    theirs = write(f"{sticky}/theirs.csv")
    nobody = lambda: os.setuid(65534)
    try: # may another user run this build?
        subprocess.run([all_.kshot.path, "--version"], preexec_fn=nobody, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        print("skipped: a file of another user (who cannot run this build)")
        return
    all_.kshot.refused(FAILED, [theirs, "another user"], "eval", all_.run, *FEW, "-o", theirs, "--force", preexec_fn=nobody)
    all_.kshot.done("eval", all_.run, *FEW, "-o", f"{sticky}/ours.csv", preexec_fn=nobody)
    all_.kshot.done("eval", all_.run, *FEW, "-o", f"{sticky}/ours.csv", "--force", preexec_fn=nobody)


def killed(all_, folder):
    """After SIGKILL in the middle of writing nothing of it is left, where files without a name are to be had."""
    place = tempfile.mkdtemp(dir=folder)
    try:
        os.close(os.open(place, os.O_TMPFILE | os.O_RDWR))
    except OSError:
        print("no files without a name here: not tried what is left after SIGKILL")
        return
    env = program(f"{folder}/slow", "gnuplot", "sleep 100")
    process = subprocess.Popen(all_.kshot.command("plot", f"{folder}/for-plot.csv", "-o", f"{place}/a.svg"), env=env)
    while not (helpers := children(process.pid, "/bin/sh")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    for helper in helpers:
        os.killpg(helper, signal.SIGKILL)
    assert os.listdir(place) == []


def interrupted(all_, folder):
    """Ctrl-C, and what a batch system sends, end a plot and its gnuplot."""
    place = tempfile.mkdtemp(dir=folder)
    env = program(f"{folder}/slow", "gnuplot", "sleep 100")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = subprocess.Popen(all_.kshot.command("plot", f"{folder}/for-plot.csv", "-o", f"{place}/a.svg"), env=env,
                                   stderr=subprocess.PIPE, text=True)
        while not (helpers := children(process.pid, "/bin/sh")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == INTERRUPTED and errors.count("\n") == 1, (process.returncode, errors)
        assert os.listdir(place) == [] and not any(os.path.exists(f"/proc/{helper}") for helper in helpers)


def helpers_that_fail(all_, folder):
    """gnuplot and ffmpeg: what stood there is kept, and it is said which of them failed."""
    real = {name: subprocess.run(["which", name], capture_output=True, text=True).stdout.strip() for name in ("gnuplot", "ffmpeg")}
    wrong = {
        "writes nothing": "cat >/dev/null",
        "does not listen": "exit 0",
        "dies": "cat >/dev/null; echo 'no room for it' >&2; exit 1",
        "is killed": "kill -9 $$",
    }
    for suffix, words in all_.commands():
        if suffix not in ("svg", "mp4", "gif"):
            continue
        name = "gnuplot" if suffix == "svg" else "ffmpeg"
        place = tempfile.mkdtemp(dir=folder)
        path = write(f"{place}/a.{suffix}")
        # ffmpeg gets a file, gnuplot writes to its output
        half = f"{real[name]} -d | head -c 1500" if name == "gnuplot" else (
            f"t=$(mktemp -u).{suffix}; for last; do :; done; n=$#; i=0; "
            f'for a; do i=$((i+1)); [ $i = 1 ] && set --; [ $i = $n ] || set -- "$@" "$a"; done; '
            f'{real[name]} "$@" $t; head -c $(($(stat -c %s $t) - 40)) $t > $last; rm $t')
        for what, script in {**wrong, "writes half": half}.items():
            env = program(f"{folder}/fake", name, f'[ "$1" = -version ] && exit 0\n{script}')
            all_.kshot.refused(FAILED, [path, name], *words, "-o", path, "--force", env=env)
            assert content(path) == b"old" and os.listdir(place) == [f"a.{suffix}"], f"{name} that {what}: {os.listdir(place)}"
        env = program(f"{folder}/fake", name, "exec cat") if name == "gnuplot" else program(f"{folder}/fake", name, "exit 3")
        all_.kshot.refused(FAILED, [name], *words, "-o", path, "--force", env=env)
        os.chmod(f"{folder}/fake/{name}", 0o755)
        write(f"{folder}/fake/{name}", "#!/no/such/interpreter\n")
        all_.kshot.refused(FAILED, [name], *words, "-o", path, "--force", env=dict(env, PATH=f"{folder}/fake"))
        assert content(path) == b"old"
        # and the same with the true one
        all_.kshot.done(*words, "-o", path, "--force")
        assert content(path) != b"old"
        os.unlink(f"{folder}/fake/{name}")


def helpers_that_hang(all_, folder):
    """They are ended after half a minute; all at once, so that the test does not take that long for each."""
    started = []
    for suffix, words in all_.commands():
        if suffix not in ("svg", "mp4", "gif"):
            continue
        name = "gnuplot" if suffix == "svg" else "ffmpeg"
        script = {"mp4": "while :; do sleep 1; done", "gif": "cat >/dev/null; sleep 1000", "svg": "cat >/dev/null; sleep 1000"}[suffix]
        env = program(f"{folder}/hang-{suffix}", name, f'[ "$1" = -version ] && exit 0\n{script}')
        place = tempfile.mkdtemp(dir=folder)
        process = subprocess.Popen(all_.kshot.command(*words, "-o", f"{place}/a.{suffix}"), env=env, stderr=subprocess.PIPE, text=True)
        started.append((name, place, process))
        if suffix == "mp4":  # one that does not even say what it is, for want of memory
            env = program(f"{folder}/spins", name, "while :; do :; done")
            place = tempfile.mkdtemp(dir=folder)
            process = subprocess.Popen(all_.kshot.command(*words, "-o", f"{place}/a.{suffix}"), env=env, stderr=subprocess.PIPE, text=True)
            started.append((name, place, process))
    for name, place, process in started:
        errors = process.communicate(timeout=300)[1]
        assert process.returncode == FAILED and name in errors and "hangs" in errors and errors.count("\n") == 1, errors
        assert os.listdir(place) == []


def mounted(*words):
    """False where that is not allowed, or there is no such command (a bare machine)."""
    try:
        return subprocess.run(["mount", *words], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def full_disk(all_, folder):
    """Every size of disk, up to the one on which all of it has room: the old file or the new one, nothing else."""
    disk = f"{folder}/disk"
    os.mkdir(disk)
    for suffix, words in all_.commands():
        for room in (4, 8, 16, 40, 400):  # kB
            if not mounted("-t", "tmpfs", "-o", f"size={room}k", "tmpfs", disk):
                print("no tmpfs can be mounted (not root): not tried what a full disk does")
                return
            try:
                path = write(f"{disk}/a.{suffix}")
                larger = ["--size", "320x240"] if words[0] == "record" else []
                result = all_.kshot(*words, *larger, "-o", path, "--force")
                assert os.listdir(disk) == [f"a.{suffix}"], os.listdir(disk)
                if result.returncode == FAILED:
                    assert content(path) == b"old" and path in result.stderr and result.stderr.count("\n") == 1, result.stderr
                else:
                    assert result.returncode == 0 and content(path) != b"old", result
            finally:
                subprocess.run(["umount", disk], check=True)
            if result.returncode == 0:
                break
        assert result.returncode == 0, "there was room at last"


def where_every_file_has_a_name(all_, folder):
    """The same on a file system of which it is not known that a file can get its name later: one with a name is made, and removed."""
    plain = f"{folder}/plain"
    os.mkdir(plain)
    if not mounted("-t", "ramfs", "ramfs", plain):
        print("no ramfs can be mounted (not root): not tried there")
        return
    try:
        for test in (links_stay, names_that_do_not_fit, what_appears_meanwhile_is_kept, interrupted):
            shutil.copy(f"{folder}/for-plot.csv", plain)
            test(all_, plain)
        assert not [name for _, _, names in os.walk(plain) for name in names if name.endswith(".tmp")]
    finally:
        for last in [False] * 20 + [True]:  # a process that was killed may take a moment to let go of its files
            if subprocess.run(["umount", plain], check=last, stderr=None if last else subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.5)


def nothing_drives_the_terminal(all_, folder):
    """Whatever a file holds or is called: no escape sequence gets out, and one line stays one line."""
    evil = "\x1b]0;title\x07\x9b31m\u202e\x1b[2J"
    header = {"__metadata__": {"format": evil, "a": f"{evil}\nb"}, f"t{evil}": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = f"{folder}/{evil}.safetensors"
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"x")

    def clean(result, code):
        assert result.returncode == code, result
        for said in (result.stdout, result.stderr):
            assert not set(said) & set("\x1b\x07\x9b\u202e"), repr(said)
        return result.stdout

    shown = clean(all_.kshot("info", path), 0)
    assert "\\x1b]0;title\\x07\\u009b31m\\u202e\\x1b[2J\\nb" in shown, shown
    assert len(shown.splitlines()) == 5, shown
    clean(all_.kshot("eval", path, *FEW), BAD)
    clean(all_.kshot("plot", path, "-o", f"{folder}/never.svg"), BAD)
    clean(all_.kshot("rollout", all_.run, "--trajectories", 1, "-o", f"{folder}/{evil}.out"), 0)
    clean(all_.kshot("eval", all_.run, "--goals", path), BAD)
    # a policy whose method is anything
    raw = content(f"{all_.run}/policy.safetensors")
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    header["__metadata__"].update(iteration="1", method="x'\x1b[2J\n!")
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{folder}/method.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + raw[8 + size :])
    clean(all_.kshot("eval", f"{folder}/method.safetensors", *FEW), BAD)
    clean(all_.kshot("eval", f"{folder}/method.safetensors", *FEW, "--label", "theirs"), 0)
    clean(all_.kshot("plot", "--trajectories", f"{folder}/method.safetensors", "-o", f"{folder}/method.svg"), 0)
    assert b"x1b[2J" in content(f"{folder}/method.svg")


def labels_have_one_rule(all_, folder):
    """What eval takes, plot reads."""
    for label in ("", " ", "a ", " a", "a,b", 'a"b', "a\tb", "a\nb", "x" * 128, "\udcff", "a\r", "\u0085"):
        all_.kshot.refused(BAD, ["--label"], "eval", all_.run, *FEW, "--label", label)
    for i, label in enumerate(("a", "two words", "π ≈ 'quoted'; #1", "x" * 127, "\\n", "-")):
        path = f"{folder}/label{i}.csv"
        all_.kshot.done("eval", all_.run, *FEW, "--label", label, "-o", path)
        all_.kshot.done("plot", path, "-o", f"{folder}/label{i}.md")


def numbers_have_points(all_, folder):
    """gnuplot runs in the locale C, wherever we are."""
    script = 'echo "$LC_ALL" >> "$SEEN"; exec {} "$@"'.format(subprocess.run(["which", "gnuplot"], capture_output=True, text=True).stdout.strip())
    env = program(f"{folder}/asks", "gnuplot", script)
    env.update(SEEN=f"{folder}/locale", LC_ALL="de_DE.UTF-8", LC_NUMERIC="de_DE.UTF-8")
    all_.kshot.done("plot", f"{folder}/for-plot.csv", "-o", f"{folder}/german.svg", env=env)
    all_.kshot.done("plot", f"{folder}/for-plot.csv", "-o", f"{folder}/english.svg")
    assert content(f"{folder}/locale") == b"C\n"
    assert content(f"{folder}/german.svg") == content(f"{folder}/english.svg")


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        all_ = Outputs(kshot, folder, "viewer" in sys.argv[2:])
        for test in (links_stay, rights_follow_the_umask, what_is_no_file_is_not_touched, what_is_read_is_not_written_over, names_that_do_not_fit,
                     what_appears_meanwhile_is_kept, what_may_not_be_replaced, killed, interrupted, helpers_that_fail, helpers_that_hang, full_disk, where_every_file_has_a_name,
                     nothing_drives_the_terminal, labels_have_one_rule, numbers_have_points):
            began = time.monotonic()
            test(all_, folder)
            print(f"{test.__name__}: {time.monotonic() - began:.1f} s", flush=True)


main()
