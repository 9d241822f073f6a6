"""kshot_cli.py: what the tests that use the command share."""

import csv
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIGS = os.path.join(os.path.dirname(HERE), "configs")
os.environ["LSAN_OPTIONS"] = f"suppressions={HERE}/drivers.supp:print_suppressions=0"


def memory_folder():
    """A folder in memory, where syncing takes no time; as tempfile.TemporaryDirectory."""
    return tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)


class Kshot:
    def __init__(self, path):
        self.path = path

    def command(self, *words):
        return [self.path, *map(str, words)]

    def __call__(self, *words, **options):
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=600, **options)

    def done(self, *words, **options):
        """Output of a call that must succeed."""
        result = self(*words, **options)
        assert result.returncode == 0, f"kshot {' '.join(map(str, words))}: {result.returncode}: {result.stderr}"
        return result.stdout

    def refused(self, code, mentions, *words, **options):
        """A call must fail with this exit code and one line on stderr that has all that is to be mentioned."""
        result = self(*words, **options)
        said = f"kshot {' '.join(map(str, words))}: exit code {result.returncode}, stderr: {result.stderr!r}"
        assert result.returncode == code, f"exit code {code} expected; {said}"
        assert result.stderr.startswith("kshot: ") and result.stderr.count("\n") == 1, f"one line expected; {said}"
        for text in mentions:
            assert str(text) in result.stderr, f"'{text}' expected; {said}"


def settings(**values):
    """-s options; a__b stands for a.b"""
    return [word for key, value in values.items() for word in ("-s", f"{key.replace('__', '.')}={value}")]


# a run of a second
SMALL = settings(tasks=4, trajectories=4, horizon=20, checkpoint_every=3, policy__hidden="[8]")


def children(parent, word):
    """Numbers of the processes that this one has started with such a word in their command line."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/stat") as stat, open(f"/proc/{number}/cmdline") as line:
                if int(stat.read().rsplit(")", 1)[1].split()[1]) == parent and word in line.read().split("\0"):
                    found.append(int(number))
        except OSError:
            pass  # it has ended meanwhile
    return found


def states(kshot, suite, out, *words):
    """What `suite plan` says of every search and line."""
    listed = kshot.done("suite", "plan", suite, "-o", out, *words).splitlines()[:-1]
    return {line.split()[0]: " ".join(line.split()[1:]) for line in listed}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def without_times(path):
    return [{k: v for k, v in row.items() if k not in ("sampling_s", "update_s")} for row in rows(path)]


def same_run(a, b):
    """What must be the same of two runs that ought to be: all but the times."""
    assert without_times(f"{a}/progress.csv") == without_times(f"{b}/progress.csv"), f"progress.csv of {a} and {b}"
    for name in ("policy.safetensors", "best.safetensors", "checkpoint.safetensors"):
        assert content(f"{a}/{name}") == content(f"{b}/{name}"), f"{name} of {a} and {b}"
