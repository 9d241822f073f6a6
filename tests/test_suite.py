#!/usr/bin/env python3
"""test_suite.py KSHOT: a suite runs its lines, goes on where it was stopped, reports what its evaluations say, and finds out whatever was
changed behind its back."""

import csv
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

from kshot_cli import CONFIGS, Kshot, content, rows

SUITE = """\
suite: tiny-1
seeds: [1, 2]
set: {tasks: 3}
evaluate: {tasks: 4, steps: 2, best: true}
domains:
  point:
    config: point.yaml
    set: {env_steps: 2500, iterations: 50, trajectories: 4, horizon: 20}
    methods:
      maml: {set: {inner.lr: 0.2}, evaluate: {search-lr: "0.1,0.2", search-each: true}}
      pretrained:
      random: {evaluate: {steps: 1, tasks: false, goals: goals/three.csv}}
  sinusoid:
    config: sinusoid.yaml
    set: {iterations: 20}
    methods: {maml: }
methods:
  maml: {set: {policy.hidden: [20, 20]}}
  pretrained: {set: {method: pretrain}}
  random: {set: {iterations: 0}, evaluate: {best: false}}
"""
LINES = [f"point/{method}/{seed}" for method in ("maml", "pretrained", "random") for seed in (1, 2)] + ["sinusoid/maml/1", "sinusoid/maml/2"]


def write(folder, text, name="tiny.yaml"):
    for config in ("point.yaml", "sinusoid.yaml"):
        shutil.copy(f"{CONFIGS}/{config}", folder)
    os.makedirs(f"{folder}/goals", exist_ok=True)
    with open(f"{folder}/goals/three.csv", "w") as file:
        file.write("0.1,0.2\n0.3,0.4\n-0.5,0.5\n")
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)
    return f"{folder}/{name}"


def runs(kshot, folder):
    suite, out = write(folder, SUITE), f"{folder}/out"
    listed = kshot.done("suite", "plan", suite, "-o", out).splitlines()
    assert [line.split()[0] for line in listed[:-1]] == LINES and listed[-1] == "tiny-1: 8 lines, 0 done", listed
    measured = kshot.done("suite", "plan", suite, "-o", out, "--measure", "--only", "point", "-j", 1)
    assert " 6 iterations " in measured.splitlines()[0] and " 11 iterations " in measured.splitlines()[2], measured
    # two shares are all lines, each once
    first = kshot.done("suite", "run", suite, "-o", out, "--share", "1/2", "-j", 1).split()[::2]
    second = kshot.done("suite", "run", suite, "-o", out, "--share", "2/2", "-j", 1).split()[::2]
    assert sorted(first + second) == sorted(LINES) and abs(len(first) - len(second)) <= 1
    assert kshot.done("suite", "run", suite, "-o", out) == ""
    # a line is what its two commands are by hand
    kshot.done("train", f"{folder}/point.yaml", *[w for s in ("tasks=3", "env_steps=2500", "iterations=50", "trajectories=4", "horizon=20",
               "policy.hidden=[20,20]", "inner.lr=0.2", "seed=2") for w in ("-s", s)], "-o", f"{folder}/hand")
    kshot.done("eval", f"{folder}/hand", "--tasks", 4, "--steps", 2, "--best", "--search-lr", "0.1,0.2", "--search-each", "--label", "maml",
               "-o", f"{folder}/hand.csv")
    for name in ("policy.safetensors", "config.yaml"):
        assert content(f"{folder}/hand/{name}") == content(f"{out}/point/maml/2/{name}"), name
    assert content(f"{folder}/hand.csv") == content(f"{out}/point/maml/2/eval.csv")
    assert [len(rows(f"{out}/point/{m}/1/progress.csv")) for m in ("maml", "pretrained", "random")] == [6, 11, 0]


def reports(kshot, folder):
    out = f"{folder}/out"
    kshot.done("suite", "report", f"{folder}/tiny.yaml", "-o", out)
    with open(f"{out}/results.csv") as file:
        results = list(csv.DictReader(file))
    assert len(results) == 2 * (3 + 3 + 2 + 3)
    for r in results:
        own = [float(row[r["metric"]]) for row in rows(f"{out}/{r['domain']}/{r['method']}/{r['seed']}/eval.csv") if row["gradient_step"] == r["gradient_step"]]
        assert abs(statistics.fmean(own) - float(r["mean"])) < 1e-6 * abs(float(r["mean"]))
    with open(f"{out}/table.md") as file:
        table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in file if line.startswith("| ")][1:]
    assert len(table) == 3 + 3 + 2 + 3
    for domain, method, count, step, mean, _ in table:
        means = [float(r["mean"]) for r in results if (r["domain"], r["method"], r["gradient_step"]) == (domain, method, step)]
        low, high = mean.split("(")[1].rstrip(")").split(" to ")
        assert count == "2" and abs(float(mean.split()[0]) - statistics.fmean(means)) < 0.06 and float(low) <= float(mean.split()[0]) <= float(high)
    assert os.path.getsize(f"{out}/point.png") > 5000 and os.path.getsize(f"{out}/sinusoid.png") > 5000


IMAGES = """\
suite: images
seeds: [1]
set: {images.size: 14, images.train_classes: 60, images.validation_classes: 20, policy.filters: 4, iterations: 0}
evaluate: {tasks: 2, steps: 1}
domains: {letters: {config: strokes.yaml}}
methods: {maml: {evaluate: {nearest: true}}}
"""


def figures_have_the_tables_rows(kshot, folder):
    """The domain is the title, and what stands in eval.csv beside the suite's methods is drawn as little as it is in the table. What
    gnuplot is told goes through a file."""
    out, real = f"{folder}/images", shutil.which("gnuplot")
    shutil.copy(f"{CONFIGS}/strokes.yaml", folder)
    os.mkdir(f"{folder}/bin")
    with open(f"{folder}/bin/gnuplot", "w") as file:
        file.write(f'#!/bin/sh\ntee {folder}/script | {real} "$@"\n')
    os.chmod(f"{folder}/bin/gnuplot", 0o755)
    suite = write(folder, IMAGES, "images.yaml")
    kshot.done("suite", "run", suite, "-o", out, "-j", 1)
    kshot.done("suite", "report", suite, "-o", out, env=dict(os.environ, PATH=f"{folder}/bin:{os.environ['PATH']}"))
    with open(f"{folder}/script") as file:
        script = file.read()
    with open(f"{out}/table.md") as file:
        table = {line.split("|")[2].strip() for line in file if line.startswith("| letters")}
    labels = {row["label"] for row in rows(f"{out}/letters/maml/1/eval.csv")}
    assert table == {"maml", "maml (nearest)"} and labels == table | {"maml (inductive)", "pixels (nearest)"}, (table, labels)
    assert "set title 'letters'" in script, script
    assert {label for label in labels if f" title '{label}'" in script} == table, script
    assert os.path.getsize(f"{out}/letters.png") > 5000


def checks(kshot, folder):
    suite, out = f"{folder}/tiny.yaml", f"{folder}/out"
    said = kshot.done("suite", "check", suite, "-o", out, "--again", "-j", 2)
    assert said.count("the same") == len(LINES), said
    assert sorted(os.listdir(out)) == ["point", "point.png", "results.csv", "sinusoid", "sinusoid.png", "table.md"]
    # a digit of an evaluation, a policy, a setting of the suite
    path = f"{out}/point/maml/1/eval.csv"
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(text[:-3] + ("1" if text[-3] != "1" else "2") + text[-2:])
    kshot.refused(1, ["1 of 8 lines"], "suite", "check", suite, "-o", out)
    with open(path, "w") as file:
        file.write(text)
    best = f"{out}/point/random/1/policy.safetensors"
    shutil.copy(best, f"{folder}/kept")
    shutil.copy(f"{out}/point/random/2/policy.safetensors", best)
    done = kshot("suite", "check", suite, "-o", out, "--only", "*/random", "--again")
    assert done.returncode == 1 and "another" in done.stdout, done
    shutil.copy(f"{folder}/kept", best)
    other = write(folder, SUITE.replace("inner.lr: 0.2", "inner.lr: 0.3"), "other.yaml")
    done = kshot("suite", "check", other, "-o", out, "--only", "point/maml/2")
    assert done.returncode == 1 and "inner.lr" in done.stdout, done


def other_configs(kshot, folder):
    """A method with a config of its own, in the domains that have one for it."""
    text = SUITE.replace("    config: point.yaml\n", "    config: point.yaml\n    configs: {plain: plain.yaml}\n").replace("      pretrained:\n", "      pretrained:\n      plain:\n")
    suite = write(folder, text.replace("  random: {set: {iterations: 0},", "  plain: {config: plain}\n  random: {set: {iterations: 0},"), "other.yaml")
    with open(f"{folder}/plain.yaml", "w") as file:
        file.write("env: point\ngamma: 0.5\n")
    listed = [line.split()[0] for line in kshot.done("suite", "plan", suite, "-o", f"{folder}/others").splitlines()[:-1]]
    assert [name for name in listed if "plain" in name] == ["point/plain/1", "point/plain/2"] and len(listed) == len(LINES) + 2, listed
    kshot.done("suite", "run", suite, "-o", f"{folder}/others", "--only", "point/plain/1")
    with open(f"{folder}/others/point/plain/1/config.yaml") as file:
        config = file.read()
    assert "gamma: 0.5 " in config and "horizon: 20 " in config
    for old, new, mentions in (("{config: plain}", "{config: plane}", ["plain", "no method has"]), ("{config: plain}", "{config: [plain]}", ["config"]), ("    configs: {plain: plain.yaml}\n", "", ["plain", "needs a config"]), ("configs: {plain: plain.yaml}", "configs: plain.yaml", ["configs"]),
                               ("configs: {plain: plain.yaml}", "configs: {plain: none.yaml}", ["none.yaml"])):
        with open(suite) as file:
            text = file.read()
        kshot.refused(2, mentions, "suite", "plan", write(folder, text.replace(old, new), "bad.yaml"))


def stopped(kshot, folder):
    def suite(iterations):
        path = write(folder, SUITE.replace("env_steps: 2500, iterations: 50", f"iterations: {iterations}"), "long.yaml")
        return ("suite", "run", path, "-o", f"{folder}/stopped", "--only", "point/maml/1", "-j", 1)

    words = suite(1000000)
    for how in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(kshot.command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = ""
        while not line.startswith("iteration "):  # not the head, which has "iterations"
            line = process.stderr.readline()
            assert line, "it ended"
        process.send_signal(how)
        error = process.stderr.read()
        assert process.wait() == 130, error
        done = len(rows(f"{folder}/stopped/point/maml/1/progress.csv"))
        assert 0 < done < 1000000
    kshot.done(*suite(done + 20))
    assert len(rows(f"{folder}/stopped/point/maml/1/progress.csv")) == done + 20


def refused(kshot, folder):
    for old, new, mentions in (
        ("goals/three.csv", "goals/four.csv", ["point/random/1: goals", "goals/four.csv", "relative to the suite's file"]),
        ("suite: tiny-1", "suit: x", ["1", "suit", "unknown"]), ("seeds: [1, 2]", "seeds: 1", ["seeds", "list"]), ("seeds: [1, 2]", "seeds: [-1]", ["seeds"]), ("seeds: [1, 2]", "seeds: [1, 1]", [":2: seeds", "twice"]),
        ("  random: {set: {iterations: 0}", "  maml: {set: {iterations: 0}", ["maml", "twice"]), ("suite: tiny-1", "suite: a, b", ["suite", "letters"]),
        ("      pretrained:\n", "      pretraind:\n", ["pretraind", "none of"]), ("inner.lr: 0.2", "inner.l: 0.2", ["point/maml/1", "inner.lr"]),
        ("config: point.yaml", "confi: point.yaml", ["confi", "unknown"]), ("config: point.yaml", "config: pint.yaml", ["pint.yaml"]),
        ("  point:\n", "  ../point:\n", ["../point", "letters"]), ("{method: pretrain}", "pretrain", ["set", "keys"]),
        ("steps: 2,", "step: 2,", [":4", "step", "option of `kshot eval`"])):
        kshot.refused(2, mentions, "suite", "plan", write(folder, SUITE.replace(old, new), "bad.yaml"))
    suite = f"{folder}/tiny.yaml"
    kshot.refused(2, ["SUITE.yaml"], "suite", "run")
    kshot.refused(2, ["plna", "plan"], "suite", "plna", suite)
    kshot.refused(2, ["--share", "3/2"], "suite", "run", suite, "--share", "3/2")
    kshot.refused(2, ["point/maml/1", "not done"], "suite", "check", suite, "-o", f"{folder}/nowhere")
    shutil.copytree(f"{folder}/out/point/maml/2", f"{folder}/some/point/maml/2")
    done = kshot("suite", "check", suite, "-o", f"{folder}/some")
    assert done.returncode == 0 and done.stdout.split() == ["point/maml/2", "the", "same"] and "7 lines are left out" in done.stderr, done
    kshot.refused(2, ["no line"], "suite", "report", suite, "-o", f"{folder}/nowhere")
    kshot.refused(2, ["pont", "no line"], "suite", "plan", suite, "--only", "pont")
    kshot.refused(2, ["report", "all lines"], "suite", "report", suite, "--only", "point")
    kshot.refused(2, ["--measure", "plan"], "suite", "run", suite, "--measure")
    kshot.refused(2, ["-o", "empty"], "suite", "plan", suite, "-o", "")
    # told before the training
    bad = write(folder, SUITE.replace("{tasks: 4, steps: 2,", "{tasks: 4, steps: many,"), "bad.yaml")
    kshot.refused(2, ["--steps", "many"], "suite", "run", bad, "-o", f"{folder}/bad", "-q")
    assert not os.path.exists(f"{folder}/bad")


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (runs, reports, figures_have_the_tables_rows, checks, other_configs, stopped, refused):
            test(kshot, folder)


if __name__ == "__main__":
    main()
