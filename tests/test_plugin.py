#!/usr/bin/env python3
"""test_plugin.py TEST_PLUGIN KSHOT: environments in shared libraries, built outside of the tree against its headers. examples/plugin.c
and examples/corridor.c are opened and played, wherever their path is taken from; what is no library, no plug-in, one of another version
or has a def without sense is refused in one line. The command trains on one that its config names, and the policy finds it again."""

import os
import pathlib
import subprocess
import sys
import tempfile

from kshot_cli import HERE, SMALL, Kshot, rows, settings

ROOT = pathlib.Path(HERE).parent
PROGRAM, KSHOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
STRICT = "-std=c17 -Wall -Wextra -Wshadow -Wpedantic -Werror -O1 -shared -fPIC".split()

# a stamp by hand: what KS_ENV_PLUGIN makes, and one number of it another
STAMP = """#include "envs/env.h"
extern const ks_env_def other;
const ks_env_def other = {{.name = "other"}};
const struct ks_env_plugin ks_env_plugin = {{{magic}, {version}, {real}, {size}, {rest}, {definition}}};
"""
RIGHT = dict(magic="KS_ENV_PLUGIN_MAGIC", version="KS_ENV_PLUGIN_VERSION", real="sizeof(ks_real)", size="sizeof(ks_env_def)",
             rest="KS_ENV_PLUGIN_REST", definition="&other")
CORRIDOR = '#include "examples/corridor.c"\n'


def build(folder, name, text, *options):
    source, library = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(text)
    subprocess.run(["gcc", *STRICT, f"-I{ROOT}", *options, str(source), "-lm", "-o",
                    str(library)], check=True)
    return library


def opened(*words, cwd):
    result = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, cwd=cwd, timeout=60)
    assert result.returncode == 0 and not result.stderr, result
    return result.stdout.splitlines()


def refused(mentions, *words, cwd):
    result = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, cwd=cwd, timeout=60)
    said = result.stdout
    assert result.returncode == 2 and said.count("\n") == 1 and not result.stderr, (words, result)
    for text in mentions:
        assert text in said, f"'{text}' expected: {said}"
    assert said.startswith(str(words[0])[:60]) or len(words) > 1, said


def good_ones(folder):
    boat = build(folder, "libboat", (ROOT / "examples/plugin.c").read_text())
    hidden = build(folder, "hidden", CORRIDOR + "KS_ENV_PLUGIN(ks_env_corridor);\n", "-fvisibility=hidden")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    for words, cwd in (([boat], "/"), (["./libboat.so"], folder), (["libboat.so"], folder), (["./libboat.so", folder], elsewhere),
                       (["../libboat.so"], elsewhere)):
        name, path, length = opened(*words, cwd=cwd)
        assert name == "boat" and length == "50 steps, return finite", (name, length)
        assert os.path.isabs(path) and os.path.samefile(path, boat), path
    name, path, length = opened(hidden, cwd=folder)
    assert name == "corridor" and path == str(hidden) and int(length.split()[0]) <= 20
    return boat


def bad_ones(folder):
    (folder / "text.so").write_text("env: point\n")
    (folder / "empty.so").write_text("")
    (folder / "folder.so").mkdir()
    refused(["no shared library", "No such file"], folder / "none.so", cwd=folder)
    refused(["no shared library"], "none.so", folder, cwd="/")
    for name in ("text", "empty", "folder"):
        refused(["no shared library that can be loaded"], folder / f"{name}.so", cwd=folder)
    refused(["more than 1023 letters"], "/" + 2000 * "x" + ".so", cwd=folder)
    refused(["more than 1023 letters"], 2000 * "x" + ".so", folder, cwd=folder)
    refused(["ks_nobody_has_this"], build(folder, "unresolved", "void ks_nobody_has_this(void);\nvoid f(void);\n"
                                          "void f(void) {\n    ks_nobody_has_this();\n}\n"), cwd=folder)
    refused(["exports no ks_env_plugin", "KS_ENV_PLUGIN"], build(folder, "forgotten", CORRIDOR), cwd=folder)
    for field, value, mentions in (
        ("magic", "7", ["not what KS_ENV_PLUGIN makes"]),
        ("version", "KS_ENV_PLUGIN_VERSION + 1", ["version 2", "this is version 1", "compile it anew"]),
        ("size", "sizeof(ks_env_def) + 8", ["headers of another version", "compile it anew"]),
        ("rest", "KS_ENV_PLUGIN_REST - 8", ["headers of another version"]),
        ("definition", "NULL", ["no def"]),
    ):
        refused(mentions, build(folder, f"wrong_{field}", STAMP.format(**RIGHT | {field: value})), cwd=folder)
    double = build(folder, "double", CORRIDOR + "KS_ENV_PLUGIN(ks_env_corridor);\n", "-DKS_DOUBLE")
    refused(["numbers of 8 bytes", "here they have 4"], double, cwd=folder)
    silly = '#include "envs/env.h"\nstatic const ks_env_def SILLY = {.name = "silly", .summary = "s", .task_summary = "t"};\n'
    refused(["its obs_dim is 0"], build(folder, "silly", silly + "KS_ENV_PLUGIN(SILLY);\n"), cwd=folder)


def trained(kshot, folder, boat):
    """A config names the library from its own folder; the policy finds it from anywhere."""
    runs = folder / "runs"
    runs.mkdir()
    (folder / "boat.yaml").write_text("env: ./libboat.so\n")
    kshot.done("train", folder / "boat.yaml", *SMALL, *settings(iterations=2), "-o", runs / "boat", "-j", 1, cwd="/")
    kshot.done("eval", runs / "boat", "--tasks", 2, "--trajectories", 2, "-j", 1, "-o", runs / "boat.csv", cwd="/")
    table = rows(runs / "boat.csv")
    assert {row["env"] for row in table} == {"boat"} and all(len(row["goal"].split()) == 3 for row in table), table
    kshot.refused(2, ["buoy x"], "rollout", runs / "boat", "--task", "200,0,0", "-o", runs / "out.safetensors")
    for name, mentions in (("none", "none.so"), ("forgotten", "KS_ENV_PLUGIN"), ("silly", "obs_dim")):
        (folder / "bad.yaml").write_text(f"env: ./{name}.so\n")
        kshot.refused(2, [mentions], "train", folder / "bad.yaml", *SMALL, "-o", runs / "bad", "-j", 1, cwd="/")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(os.path.realpath(name))
    boat = good_ones(folder)
    bad_ones(folder)
    trained(Kshot(KSHOT), folder, boat)
