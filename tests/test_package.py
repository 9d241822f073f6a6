#!/usr/bin/env python3
"""test_package.py CPACK BUILD: the package for Debian has what it should and nothing else, says what it needs, and its command works
from where it was unpacked. With LINTIAN=1 in the environment, which takes three times as long, lintian finds no errors."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from kshot_cli import HERE, Kshot

ROOT = pathlib.Path(HERE).parent
CPACK, BUILD = sys.argv[1:]
BARE = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}


def run(*words):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, f"{words}: {result.stdout}{result.stderr}"
    return result.stdout


def check(folder):
    run(CPACK, "--config", f"{BUILD}/CPackConfig.cmake", "-G", "DEB", "-B", folder)
    (package,) = pathlib.Path(folder).glob("*.deb")
    control = run("dpkg-deb", "-I", package)
    needs = re.search(r"Depends: (.*)", control).group(1)
    assert all(name in needs for name in ("libc6", "libyaml-0-2", "libgomp1")) and "mujoco" not in needs, needs
    files = re.findall(r"^-\S+ root/root .* \./(\S+)$", run("dpkg-deb", "-c", package), re.M)
    for wanted in ("usr/bin/kshot", "usr/lib/kshot/libmujoco.so", "usr/share/man/man1/kshot-train.1.gz", "usr/share/man/man5/kshot-config.5.gz",
                   "usr/share/bash-completion/completions/kshot", "usr/share/doc/kshot/LICENSE.mujoco", "usr/share/doc/kshot/copyright"):
        assert any(name.startswith(wanted) for name in files), f"{wanted} is not in the package: {files}"
    assert not [name for name in files if name.endswith((".h", ".a", ".cmake"))], files
    run("dpkg-deb", "-x", package, f"{folder}/root")
    command = Kshot(f"{folder}/root/usr/bin/kshot")
    paths = run("readelf", "-d", command.path)
    assert BUILD not in paths and str(ROOT) not in paths, paths
    libraries = subprocess.run(["ldd", command.path], capture_output=True, text=True, env=BARE).stdout
    assert f"{folder}/root/usr/lib/kshot/libmujoco" in libraries.replace("bin/../", ""), libraries
    said = command.done("eval", ROOT / "zoo/point/policy.safetensors", "--tasks", 2, "--steps", 1, "-j", 1, env=BARE)
    assert "2 tasks" in said, said
    if os.environ.get("LINTIAN") == "1":
        errors = subprocess.run(["lintian", "--allow-root", package], capture_output=True, text=True).stdout
        assert not re.search(r"^E:", errors, re.M), errors


if shutil.which("dpkg-deb") and shutil.which("dpkg-shlibdeps"):
    with tempfile.TemporaryDirectory() as name:
        check(name)
else:
    print("skipped: there is no dpkg-deb with dpkg-shlibdeps here")
