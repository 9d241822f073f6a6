#!/usr/bin/env python3
"""test_install.py CMAKE BUILD: what `cmake --install` installs is whole. The prefix is moved, and from an empty folder
examples/library.c is built against it in every way that docs/library.md shows, with the page's own lines. All programs, and the
installed command, come to the same numbers. examples/blobs.c, a problem that the library does not know, is built likewise and
learns; examples/corridor.c compiles, and examples/plugin.c becomes a plug-in that the installed command opens. kshot.h compiles by
itself, as C and as C++, and the library has no other names than its own."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from kshot_cli import HERE, Kshot, rows

ROOT = pathlib.Path(HERE).parent
CMAKE, BUILD = sys.argv[1], sys.argv[2]
POLICY = ROOT / "zoo/point/policy.safetensors"
TASK = ["0.3", "-0.2"]
INSTALLED_TO = "as-installed"
WHOLE = "-Wl,-u,ks_train,-u,ks_config_read"  # whatever a program calls of a static library, everything that it needs must be named
PAGE = (ROOT / "docs/library.md").read_text()
# as nobody has set anything
BARE = {k: v for k, v in os.environ.items() if not k.startswith(("LD_", "PKG_CONFIG", "CMAKE", "KSHOT"))}


ALONE = """#include <kshot/kshot.h>
typedef char floats[sizeof(ks_real) == sizeof(float) ? 1 : -1];
int main(void) { ks_config config; ks_config_default(&config); return config.iterations < 0 || sizeof(floats) != 1; }
"""
# the page's lines of C, with what they take from outside
HEART = """void heart(const ks_env_model* env, ks_eval_model model, const double* task, ks_rl_eval_settings settings, ks_error* err);
void heart(const ks_env_model* env, ks_eval_model model, const double* task, ks_rl_eval_settings settings, ks_error* err) {
""" + "".join(re.findall(r"```c\n(.*?)```", PAGE, re.S)) + "}\n"


def run(*words, fails=False, env=BARE, **options):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, env=env, **options)
    assert (result.returncode != 0) == fails, f"{words}: {result.returncode}: {result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def install(folder):
    """An installed prefix that was moved after it was installed."""
    run(CMAKE, "--install", BUILD, "--prefix", folder / INSTALLED_TO)
    return (folder / INSTALLED_TO).rename(folder / "moved here")


def empty_folder(folder, name):
    (folder / name).mkdir()
    shutil.copy(ROOT / "examples/library.c", folder / name)
    return folder / name


def knows_nothing(prefix):
    """No text names the sources or the prefix that was installed to; the programs look beside themselves."""
    for path in [*prefix.rglob("*.cmake"), *prefix.rglob("*.pc"), *prefix.rglob("*.h")]:
        for place in (str(ROOT), BUILD, INSTALLED_TO, ".deps"):
            assert place not in path.read_text(), f"{path} names {place}"
    for binary in ("bin/kshot", "lib/libkshot.so"):
        paths = re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", run("readelf", "-d", prefix / binary))
        assert len(paths) == 1 and paths[0].startswith("$ORIGIN"), f"{binary}: {paths}"


def names(prefix):
    """Only ks_ leaves the library; nothing that draws is in it."""
    for options, file in ((["-D"], "libkshot.so"), ([], "libkshot.a")):
        table = run("nm", "--defined-only", "-g", *options, prefix / "lib" / file)
        found = {line.split()[2] for line in table.splitlines() if len(line.split()) == 3}
        assert {"ks_train", "ks_policy_load", "ks_maml_iterate"} <= found, f"{file} is not whole"
        assert all(name.startswith("ks_") for name in found), f"{file}: {[n for n in found if not n.startswith('ks_')]}"
    needed = run("readelf", "-d", prefix / "lib/libkshot.so")
    assert "libkshot.so.0.1" in re.search(r"SONAME.*", needed).group(0)
    assert not re.search(r"NEEDED.*(EGL|glfw)", needed)


def headers(prefix, folder):
    """kshot.h alone, strictly, in two languages; and no header of another project's is asked for, however the user's are called."""
    include = prefix / "include"
    outer = set(re.findall(r"#include <(.*)>", (include / "kshot/kshot.h").read_text()))
    for path in include.rglob("*.h"):
        asked = set(re.findall(r"#include <(.*)>", path.read_text()))
        assert asked <= outer, f'{path.name}: kshot.h must include {asked - outer} before extern "C"'
    rooms = {path.name for path in (include / "kshot").iterdir() if path.is_dir()}
    assert not rooms & {"cli", "viewer", "figures", "bench", "mujoco"}, rooms
    (folder / "base").mkdir()
    (folder / "base/error.h").write_text("#error another header of that name\n")
    for compiler, suffix in (("gcc -std=c99", "c"), ("gcc -std=c17", "c"), ("g++ -std=c++11", "cc"), ("g++ -std=c++20", "cc")):
        source = folder / f"alone.{suffix}"
        source.write_text(ALONE + (HEART if suffix == "c" else ""))
        run(*compiler.split(), *"-Wall -Wextra -Wshadow -Werror -pedantic -I.".split(), f"-I{include}", source, "-o", folder / "alone",
            f"-L{prefix}/lib", "-lkshot", f"-Wl,-rpath,{prefix}/lib", cwd=folder)
        run(folder / "alone")


def tables(prefix):
    """The page's functions are declared where it says."""
    lines = re.findall(r"^\|[^|]*\| (`ks_.*`) \| (`.*\.h`) \|$", PAGE, re.M)
    assert len(lines) > 5
    for functions, files in lines:
        text = "".join((prefix / "include/kshot" / file).read_text() for file in re.findall("`(.*?)`", files))
        for function in re.findall("`(.*?)`", functions):
            assert re.search(rf"\b{function}\(", text), f"{function} is not in {files}"


def by_cmake(prefix, folder, static):
    here = empty_folder(folder, f"cmake {'static' if static else 'shared'}")
    (lists,) = blocks("cmake")
    if static:
        lists = lists.replace("0.1 REQUIRED", "0.1 REQUIRED COMPONENTS static").replace("kshot::kshot", "kshot::kshot_static")
    (here / "CMakeLists.txt").write_text(lists)
    run(CMAKE, "-G", "Ninja", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_EXE_LINKER_FLAGS={WHOLE}", cwd=here)
    run(CMAKE, "--build", "build", cwd=here)
    return here / "build/library"


def by_pkg_config(prefix, folder):
    """The lines of the page, in a folder of their own; and kshot's own flags for the static library where the shared one is gone."""
    here = empty_folder(folder, "pkg-config")
    lines = next(block for block in blocks("sh") if "pkg-config" in block)
    link = folder / "prefix"  # unquoted words in a shell have no blanks
    link.symlink_to(prefix)
    run("sh", "-ec", lines.replace("PREFIX", str(link)).replace("cc library.c", f"cc library.c {WHOLE}"), cwd=here)
    only = shutil.copytree(prefix, folder / "static-only", symlinks=True)
    for path in (only / "lib").glob("libkshot.so*"):
        path.unlink()
    line = f'cc library.c {WHOLE} -o only $(pkg-config --static --cflags --libs kshot) -Wl,-rpath,"$1/lib"'
    run("sh", "-ec", line, "sh", only, cwd=here, env={**BARE, "PKG_CONFIG_PATH": f"{only}/lib/pkgconfig"})
    return [here / "shared", here / "static", here / "only"]


def is_static(program):
    return "[libkshot.so" not in run("readelf", "-d", program)


def refused(prefix, folder):
    """A version that is not there, and a component without what it needs."""
    for name, line, says in (("version", "find_package(kshot 0.2 REQUIRED)", "0.1.0"),
                             ("component", "find_package(kshot REQUIRED COMPONENTS fast)", "no component fast"),
                             ("missing", "find_package(kshot REQUIRED COMPONENTS static)", "needs yaml-0.1")):
        here = empty_folder(folder, name)
        (here / "CMakeLists.txt").write_text(f"cmake_minimum_required(VERSION 3.16)\nproject(mine C)\n{line}\n")
        env = {**BARE, "PKG_CONFIG_LIBDIR": str(folder)} if name == "missing" else BARE
        said = run(CMAKE, "-G", "Ninja", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=here, fails=True, env=env)
        assert says in said, said


def command_says(prefix, folder):
    """The same two numbers from the installed command."""
    (folder / "goal.csv").write_text(",".join(TASK) + "\n")
    kshot = Kshot(str(prefix / "bin/kshot"))
    kshot.done("eval", POLICY, "--goals", "goal.csv", "--trajectories", 20, "--steps", 1, "-j", 1, "-o", "eval.csv", env=BARE,
               cwd=folder)
    before, after = (row["mean_return"] for row in rows(folder / "eval.csv"))
    return f"before  {before}\nafter   {after}\n"


def another_problem(prefix, folder):
    """It learns, and says what docs/problems.md shows; its file can be read, and commands that know no such problem say so."""
    here = folder / "blobs"
    here.mkdir()
    shutil.copy(ROOT / "examples/blobs.c", here)
    corridor = (ROOT / "examples/corridor.c").read_text().replace('"envs/env.h"', "<kshot/kshot.h>")
    (here / "corridor.c").write_text(corridor)
    strict = "-std=c17 -Wall -Wextra -Wshadow -Wconversion -Werror -pedantic".split()
    run("gcc", *strict, f"-I{prefix}/include", "-c", "corridor.c", cwd=here)
    boat = here / "libboat.so"  # the line of docs/environments.md
    run("gcc", *strict, "-shared", "-fPIC", "-O2", f"-I{prefix}/include/kshot", ROOT / "examples/plugin.c", "-o", boat, "-lm")
    assert "fine" in Kshot(str(prefix / "bin/kshot")).done("check", boat, env=BARE)
    run("gcc", *strict, "-O2", "blobs.c", "-o", "blobs", f"-I{prefix}/include", f"-L{prefix}/lib", "-lkshot",
        f"-Wl,-rpath,{prefix}/lib", cwd=here)
    said = run(here / "blobs", cwd=here)
    assert said in (ROOT / "docs/problems.md").read_text(), f"docs/problems.md shows something else than\n{said}"
    untrained, trained = (re.findall(r"loss (\S+)  accuracy (\S+)", half) for half in said.split("\ntrained"))
    loss, accuracy = zip(*((float(a), float(b)) for a, b in untrained + trained))
    assert len(loss) == 6 and accuracy[5] > 0.85 > accuracy[2] and loss[5] < 0.5 < loss[2], said
    assert max(accuracy[0], accuracy[3]) < 0.45, said  # nobody can know before the examples
    assert run(here / "blobs", cwd=here) == said, "another run has other numbers"
    assert "no number" in run(here / "blobs", "x", cwd=here, fails=True)
    kshot = Kshot(str(prefix / "bin/kshot"))
    assert re.search(r"problem +blobs\n", kshot.done("info", here / "blobs.safetensors", env=BARE))
    for words in (["eval"], ["view"], ["rollout", "-o", "x"], ["record", "-o", "x.png"], ["plot", "--predictions", "-o", "x.png"]):
        kshot.refused(2, ["'blobs', is not one"], *words, here / "blobs.safetensors", env=BARE, cwd=folder)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    prefix = install(folder)
    knows_nothing(prefix)
    names(prefix)
    tables(prefix)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(job, prefix, folder) for job in (headers, refused, another_problem)]
        cmake = [pool.submit(by_cmake, prefix, folder, static) for static in (False, True)]
        programs = by_pkg_config(prefix, folder) + [job.result() for job in cmake]
        for job in waiting:
            job.result()
    assert [is_static(program) for program in programs] == [False, True, True, False, True]

    expected = command_says(prefix, folder)
    assert expected in PAGE, f"docs/library.md shows other numbers than\n{expected}"
    for program in programs:
        assert run(program, POLICY, *TASK, cwd=folder) == expected, program
    for words, says in (([], "POLICY"), ([POLICY, "0.3"], "2 numbers"), ([POLICY, "0.3", "x"], "'x'"), (["none"], "none")):
        assert says in run(programs[0], *words, fails=True)
