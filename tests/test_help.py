#!/usr/bin/env python3
"""test_help.py KSHOT: the tables of commands and settings, as help, manual pages and completion show them. Every command has its
page, which the roff of man takes without a word; bash completes commands, options, settings, environments and files."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from kshot_cli import Kshot

BAD = 2


def commands(kshot):
    listed = kshot.done("help").split("\n\n")[2]
    return re.findall(r"^  (\w+)", listed, re.M)


def help_text(kshot):
    names = commands(kshot)
    assert {"train", "eval", "help"} <= set(names), names
    for name in names:
        text = kshot.done("help", name)
        assert text == kshot.done(name, "--help") and text.startswith(f"usage: kshot {name} "), name
        own = text.split("Settings and their defaults")[0]
        assert all(len(line) <= 100 or line.startswith("  kshot ") for line in own.splitlines()), f"{name}: a line is too long"
    for topic in ("config", "environments", "tasks", "problems", "files", "exit-codes"):
        assert len(kshot.done("help", topic).splitlines()) > 4, topic
    assert "default 0.1" in kshot.done("help", "inner.lr") and "trpo.max_kl" in kshot.done("help", "trpo")
    kshot.refused(BAD, ["evla", "'eval'"], "help", "evla")
    kshot.refused(BAD, ["trian", "'train'"], "trian")
    kshot.refused(BAD, ["more"], "help", "eval", "more")
    kshot.refused(BAD, ["more"], "help", "--man", "/nowhere", "more")
    kshot.refused(BAD, ["more"], "help", "--completion", "bash", "more")
    kshot.refused(BAD, ["--man", "--completion"], "help", "--completion", "bash", "--man", "/nowhere")
    kshot.refused(BAD, ["--force"], "help", "--force", "eval")
    files = kshot.done("help", "files")
    assert all(name in files for name in ("events.out.tfevents", "SUITE.yaml", "OUT.html", "OUT.onnx")), files


def version(kshot):
    lines = kshot.done("--version").splitlines()
    assert re.fullmatch(r"kshot \d+\.\d+\.\d+", lines[0]), lines
    assert [line.split()[0] for line in lines[1:]] == ["commit", "instructions", "MuJoCo", "build"], lines


def pages(kshot, folder):
    kshot.done("help", "--man", folder)
    made = sorted(os.listdir(folder))
    assert made == sorted(["kshot.1", "kshot-config.5", *(f"kshot-{name}.1" for name in commands(kshot))]), made
    kshot.refused(BAD, ["kshot.1", "--force"], "help", "--man", folder)
    settings = pathlib.Path(folder, "kshot-config.5").read_text()
    assert ".B inner.lr\n" in settings and ".B trpo.max_kl\n" in settings
    for name in made:
        path = f"{folder}/{name}"
        if shutil.which("man"):
            said = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", path], capture_output=True, text=True,
                                  env=dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="80"))
            assert said.returncode == 0 and not said.stderr, f"{name}: {said.stderr}"
        if shutil.which("mandoc"):
            said = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True)
            assert "missing date" in said.stdout or not said.stdout, said.stdout


BASH = r"""
source /dev/stdin <<< "$($1 help --completion bash)"
shift
COMP_LINE=$*
read -ra COMP_WORDS <<< "$(sed 's/=/ = /g' <<< "$COMP_LINE")"   # as bash tears them
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_kshot
printf '%s\n' "${COMPREPLY[@]}"
"""


def completion(kshot, folder):
    def complete(line):
        said = subprocess.run(["bash", "-c", BASH, "bash", kshot.path, f"{kshot.path} {line}"], capture_output=True, text=True, cwd=folder)
        assert said.returncode == 0 and not said.stderr, f"{line}: {said.stderr}"
        return said.stdout.split()

    for name in ("policy.safetensors", "other.txt", "my.yaml", "table.csv"):
        pathlib.Path(folder, name).touch()
    os.mkdir(f"{folder}/polder")
    for line, wanted in [("ev", ["eval"]),
                         ("eval po", ["policy.safetensors", "polder"]),
                         ("eval o", []),
                         ("eval policy.safetensors --sp", ["--split"]),
                         ("eval policy.safetensors --split te", ["test"]),
                         ("eval policy.safetensors --split=te", ["test"]),
                         ("eval policy.safetensors -e half-cheetah-d", ["half-cheetah-dir"]),
                         ("eval policy.safetensors --goals ", ["polder", "table.csv"]),
                         ("eval policy.safetensors --nothing=", []),
                         ("train m", ["my.yaml"]),
                         ("train my.yaml -s inner.fi", ["inner.first_order="]),
                         ("train my.yaml -s inner.first_order=t", ["true"]),
                         ("train my.yaml -s problem=sin", ["sinusoid"]),
                         ("train my.yaml -o p", ["polder"]),
                         ("help exit", ["exit-codes"]),
                         ("nothing ", [])]:
        assert sorted(complete(line)) == sorted(wanted), f"{line}: {complete(line)}"
    for shell in ("bash", "zsh", "fish"):
        if shutil.which(shell):
            subprocess.run([shell, "-n"], input=kshot.done("help", "--completion", shell), text=True, check=True)


with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
    help_text(Kshot(sys.argv[1]))
    version(Kshot(sys.argv[1]))
    pages(Kshot(sys.argv[1]), one)
    completion(Kshot(sys.argv[1]), two)
